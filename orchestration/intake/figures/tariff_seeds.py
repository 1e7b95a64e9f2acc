"""Making the seeds of the lists of tariffed goods and of the trade on them, from the collected lists.

Belongs here: which collected file a list comes from, and writing seed_tariff_list_code.csv and seed_import_weight.csv.
Does not belong here: summing (transforms/tariff_weights.py), what a list means and where it stands (seed_tariff_list.csv, by
hand), which measure is on which list (seed_tariff_reach.csv, by hand).

The seeds are committed; this is run again when a list or the year of the trade changes:
`python -m orchestration.intake.figures.tariff_seeds <folder of the collected files>`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import polars as pl

from orchestration.base.settings import PROJECT
from transforms.tariff_weights import MONEY, shortest_prefixes, weights

SEEDS = PROJECT / "dbt_project" / "seeds" / "exposure"
MEASURES = PROJECT / "dbt_project" / "seeds" / "timeline" / "seed_tariff_measure.csv"

#: Census codes of the partners whose measures are held in full. Lines are held of the EU (0003) and not of its members.
_PARTNERS = {
    "1220": "CAN",
    "2010": "MEX",
    "5700": "CHN",
    "0003": "DEU",
    "5880": "JPN",
    "5800": "KOR",
    "4120": "GBR",
}

#: Lists that no file holds: vehicles and wood as the notes of chapter 99 name them, energy as read off EO 14156 sec. 8(a).
_BY_HAND = {
    "autos": "870322 870323 870324 870331 870332 870333 870340 870350 870360 870370 870380 870390 87042101 87043101 87044100 87045100",
    "trucks": "87012100 87012200 87012300 87012400 87012900 87041010 87041050 87042211 87042251 87042301 87043201 87044200 "
    "87044300 87045200 87046000 87049001 87054000 8705900080 87060003 8706000520 8706000575 87060025 87060050 87091100 87091900",
    "buses": "8702",
    "timber": "44031100 44032101 44032201 44032301 44032401 44032501 44032601 44039901 44061100 44069100 44071100 44071200 "
    "44071300 44071400 44071900",
    "cabinets": "9401614011 9401614031 9401616011 9401616031 9403409060 9403608093 9403910080",
    "energy_potash": "27 284410 284420 310420",
}
#: Lists of which only the measures on one partner's goods make use: the others' trade is not split by them.
_ONLY_FOR = {"s301": ("CHN",), "energy": ("CAN", "MEX"), "s338": ("CAN",)}


def collected_lists(source: Path) -> dict[str, set[str]]:
    """Name of a list -> its codes (2 to 10 digits), from the collected files below `source`."""
    product, reference = source / "product", source / "reference" / "tariff_lists"
    lists = {name: set(codes.split()) for name, codes in _BY_HAND.items()}
    for name, labels in {
        "s301_1": ["1"],
        "s301_2": ["2"],
        "s301_3": ["3", "3_addl"],
        "s301_4a": ["4A"],
        "s301_ev": ["biden_100"],
        "s301_2024_25": ["biden_25"],
    }.items():
        frame = pl.read_parquet(product / "tariff_s301_lists_hs8.parquet").filter(
            pl.col("list").is_in(labels)
        )
        lists[name] = set(frame["hts8"])
    # the measures are on vehicles and on metals; syringes, batteries and others of these lists have no measure held here
    lists["s301_ev"] = {code for code in lists["s301_ev"] if code[:2] == "87"}
    metals = lists["s301_2024_25"]
    lists["s301_metals"] = {code for code in metals if code[:2] in ("72", "73", "76")}
    del lists["s301_2024_25"]
    lists["s301_batteries_2026"] = {"250410", "250490", "850511", "850760"}
    lists |= _metal_lists(product)
    for name, file in {"auto_parts": "s232_auto_parts.txt", "truck_parts": "s232_mhd_parts.txt"}.items():
        lists[name] = set((reference / file).read_text().split())
    # computers (8471) stand on two lists as parts of vehicles or for their metal, which are a small part of them
    lists["auto_parts"].discard("8471")
    lists["metals_1b"].discard("8471")
    lists["s338_motor"] = set(pl.read_csv(reference / "canada-338-autos.csv", infer_schema=False)["HTSUS"])
    spared = pl.read_parquet(product / "tariff_ieepa_exempt_products.parquet")["hts10"]
    # one code of the copy has twelve digits, the last two of them noughts
    lists["annex_2_reciprocal"] = set(spared.str.slice(0, 10))
    lists["annex_122"] = set(pl.read_parquet(product / "tariff_s122_exempt_products.parquet")["hts8"])
    return lists


def _metal_lists(product: Path) -> dict[str, set[str]]:
    """Lists of steel, aluminium, copper and what is made of them, before and since April 2026."""
    with MEASURES.open(encoding="utf-8") as file:
        codes = {row["measure_id"]: set(row["hs_codes"].split(";")) for row in csv.DictReader(file)}
    annexes = pl.read_parquet(product / "tariff_s232_annex_products.parquet")
    derivatives = pl.read_parquet(product / "tariff_s232_derivative_products.parquet")
    lists = {
        f"metals_{annex}": set(annexes.filter(pl.col("annex") == annex)["hts_prefix"])
        for annex in ("1a", "1b", "3")
    }
    lists["steel_2018"], lists["aluminium_2018"] = codes["usa-232-steel-2018"], codes["usa-232-alu-2018"]
    # of the chapters themselves the annexes of 2026 name what was on the lists of 2025, those of annex 2 left them
    for name, metal, chapters in (
        ("steel_2025", "steel", ("72", "73")),
        ("aluminium_2025", "aluminum", ("76",)),
    ):
        own = annexes.filter(
            (pl.col("metal_type") == metal) & pl.col("hts_prefix").str.slice(0, 2).is_in(chapters)
        )
        lists[name] = set(own["hts_prefix"]) | codes[f"usa-232-{'steel' if metal == 'steel' else 'alu'}-2018"]
    lists["copper"] = set(pl.read_parquet(product / "tariff_s232_copper_products.parquet")["hts10"])
    august = pl.col("effective_date").is_not_null()
    outside = ~pl.col("hts_prefix").str.slice(0, 2).is_in(["72", "73", "76"])
    steel = pl.col("derivative_type") == "steel"
    lists["aluminium_derivatives_2025_03"] = set(derivatives.filter(~august & ~steel & outside)["hts_prefix"])
    lists["aluminium_derivatives_2025_08"] = set(derivatives.filter(august & ~steel & outside)["hts_prefix"])
    lists["steel_derivatives_2025_08"] = set(derivatives.filter(august & steel & outside)["hts_prefix"])
    lists["aluminium_2025"] |= set(derivatives.filter(~august & ~steel & ~outside)["hts_prefix"])
    return lists


def collected_trade(source: Path) -> pl.DataFrame:
    """Trade of 2024 by partner and line with the columns of MONEY: see seed_import_weight for what each holds."""
    product = source / "product"
    mfn = pl.read_parquet(product / "tariff_mfn_rates_2025.parquet").select(
        "hs8", pl.col("mfn_rate").cast(pl.Float64, strict=False), "rate_type"
    )
    metal = pl.read_parquet(product / "tariff_metal_content_shares_bea_hs10.parquet").select(
        pl.col("hs10").alias("hts10"),
        pl.col("steel_share").cast(pl.Float64, strict=False),
        pl.col("aluminum_share").cast(pl.Float64, strict=False),
    )
    claims = pl.read_parquet(product / "usmca_share_hs10_can_mex_2024.parquet")
    late = (
        pl.read_parquet(product / "us_imports_hs10_can_mex_usmca_month_2025_2026.parquet")
        .filter(pl.col("month") >= pl.date(2025, 7, 1))
        .group_by("hts10", "cty_code")
        .agg(pl.col("usmca_val_usd").sum(), pl.col("con_val_usd").sum())
        .filter(pl.col("con_val_usd") > 0)
        .select("hts10", "cty_code", (pl.col("usmca_val_usd") / pl.col("con_val_usd")).alias("late_share"))
    )
    value, share = pl.col("con_val_usd"), pl.col("usmca_share").fill_null(0)
    advalorem = value * pl.col("mfn_rate")
    # what was paid in 2024, but no more than the ordinary rate: the rest were duties on metals and on China
    ordinary = (
        pl.when(pl.col("cty_code") == "5700")
        .then(pl.when(pl.col("mfn_rate").is_not_null()).then(advalorem).otherwise(0))
        .otherwise(
            pl.when(pl.col("mfn_rate").is_not_null())
            .then(pl.min_horizontal(advalorem, "cal_dut_usd"))
            .otherwise(pl.col("cal_dut_usd"))
        )
    )
    return (
        _lines(product)
        .with_columns(pl.col("hts10").str.slice(0, 8).alias("hs8"))
        .join(mfn.unique("hs8"), on="hs8", how="left")
        .join(metal.unique("hts10"), on="hts10", how="left")
        .join(claims, on=["hts10", "cty_code"], how="left")
        .join(late, on=["hts10", "cty_code"], how="left")
        .select(
            pl.col("cty_code").replace_strict(_PARTNERS).alias("partner_iso3"),
            "hts10",
            value.alias("value_usd"),
            ordinary.alias("ordinary_usd"),
            (value * share).alias("claimed_usd"),
            (value * pl.coalesce("late_share", share)).alias("claimed_late_usd"),
            # estimated shares of mill products come out above one
            (value * pl.col("steel_share").fill_null(0).clip(0, 1)).alias("steel_usd"),
            (value * pl.col("aluminum_share").fill_null(0).clip(0, 1)).alias("aluminium_usd"),
        )
    )


def _lines(product: Path) -> pl.DataFrame:
    """Lines of 2024 of each partner; those of Germany are the EU's, brought to Germany's total of each chapter."""
    lines = pl.read_parquet(product / "us_imports_hs10_country_year_2024.parquet").filter(
        pl.col("cty_code").is_in(list(_PARTNERS))
    )
    chapter = pl.col("hts10").str.slice(0, 2).alias("hs2")
    german = (
        pl.read_parquet(product / "us_imports_hs2_allpartner_month_gen_2023_2024.parquet")
        .filter((pl.col("cty_code") == "4280") & (pl.col("month").dt.year() == 2024))
        .group_by("hs2")
        .agg(pl.col("gen_val_usd").sum())
    )
    part = (
        lines.filter(pl.col("cty_code") == "0003")
        .group_by(chapter)
        .agg(pl.col("con_val_usd").sum())
        .join(german, on="hs2", how="left")
        .select(
            "hs2", cty_code=pl.lit("0003"), part=pl.col("gen_val_usd").fill_null(0) / pl.col("con_val_usd")
        )
    )
    scale = pl.col("part").fill_null(1)
    return (
        lines.with_columns(chapter)
        .join(part, on=["cty_code", "hs2"], how="left")
        .with_columns(pl.col("con_val_usd") * scale, pl.col("cal_dut_usd") * scale)
        .drop("hs2", "part")
    )


def main(source: Path, out: Path = SEEDS) -> None:
    """Write both seeds below `out` from the collected files below `source`."""
    trade, lists = collected_trade(source), collected_lists(source)
    mfn = pl.read_parquet(source / "product" / "tariff_mfn_rates_2025.parquet")["hs8"]
    lines = [
        *pl.read_parquet(source / "product" / "us_imports_hs10_country_year_2024.parquet")["hts10"].unique(),
        *mfn,
    ]
    short = {name: shortest_prefixes(codes, lines) for name, codes in sorted(lists.items())}
    with (out / "seed_tariff_list_code.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("list_id", "hs_codes"))
        writer.writerows((name, ";".join(codes)) for name, codes in short.items())
    parts = []
    for partner in sorted(_PARTNERS.values()):
        own = {
            name: codes
            for name, codes in short.items()
            if all(partner in only for start, only in _ONLY_FOR.items() if name.startswith(start))
        }
        parts.append(weights(trade.filter(pl.col("partner_iso3") == partner), own))
    pl.concat(parts).select("partner_iso3", "lists", *MONEY).write_csv(out / "seed_import_weight.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
