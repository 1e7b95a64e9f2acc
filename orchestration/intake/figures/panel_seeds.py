"""Making the seed of how much of each HS chapter stands on the lists of the duties of 2018 and 2019.

Belongs here: which lines and lists, and writing seed_panel_coverage.csv. Does not belong here: the count (transforms/tariff_coverage.py),
the lists themselves (tariff_seeds.py, whose seed this reads), panels and families (seeds by hand).

The seed is committed; this is run again when a list changes:
`python -m orchestration.intake.figures.panel_seeds <folder of the collected files>`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import polars as pl

from orchestration.base.settings import PROJECT
from orchestration.intake.figures import tariff_seeds
from transforms.tariff_coverage import coverage

SEEDS = PROJECT / "dbt_project" / "seeds" / "panels"
#: the lists of the measures that the panels by chapter are about, and of those that stand beside them
LISTS = ("aluminium_2018", "s301_1", "s301_2", "s301_3", "s301_4a", "steel_2018")
#: the copy has 249 lines on two or more of these, most of them on lists 1 and 3; a line paid 25 % in all, from its first list on
ONE_OF = ("s301_1", "s301_2", "s301_3", "s301_4a")
#: codes of the seed have this many digits: HS chapters
DIGITS = 2


def main(source: Path, out: Path = SEEDS) -> None:
    """Write the seed below `out`; the lines are those in which anything was imported in 2024."""
    lines = pl.read_parquet(source / "product" / "us_imports_hs10_country_year_2024.parquet")[
        "hts10"
    ].unique()
    with (tariff_seeds.SEEDS / "seed_tariff_list_code.csv").open(encoding="utf-8") as file:
        codes = {row["list_id"]: row["hs_codes"].split(";") for row in csv.DictReader(file)}
    frame = coverage(lines, {name: codes[name] for name in LISTS}, DIGITS, one_of=ONE_OF)
    frame.select(
        pl.lit("HS").alias("product_system"), "product_code", "list_id", pl.col("coverage").round(6)
    ).write_csv(out / "seed_panel_coverage.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
