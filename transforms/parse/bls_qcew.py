"""Quarterly Census of Employment and Wages: one slice of the open data of BLS, employment by month.

Belongs here: the columns of a quarterly slice and what they mean. Does not belong here: which slices are asked for, which areas
are kept (sources/agencies/bls_qcew.py).

Format: https://data.bls.gov/cew/doc/layouts/csv_quarterly_layout.htm, and rows of area slices of 2019 to 2025 that several public
clients quote, which agree; an industry slice is said to have the same columns and was not seen. CSV with quoted names; codes are quoted, numbers mostly not. One row is an area, an ownership, an industry and a size in a quarter, with
the employment of its three months, in persons. Traps: a row that BLS withholds has disclosure_code N and zeros, or nothing, in
place of its numbers; the rows of one industry are those of nation, states, counties and metropolitan areas, told apart by the
area, so a sum over them counts everybody several times; code 0 is all owners, 5 private, and industries have no row of all owners.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from transforms.parse.body import read_text, shape_checked
from transforms.parse.outcome import SchemaChangedError
from transforms.parse.reply import Rows, SeriesReply
from transforms.periods import month_after

SOURCE = "bls"
PRIVATE = "5"
_WITHHELD = "N"
_CODES = ("area_fips", "own_code", "industry_code", "size_code", "year", "qtr", "disclosure_code")
_MONTHS = ("month1_emplvl", "month2_emplvl", "month3_emplvl")


def code_of(area: str, industry: str) -> str:
    """The code of series.csv for private employment in an area and an industry."""
    return f"QCEW {area}/{PRIVATE}/{industry}"


@shape_checked(SOURCE)
def parse_industry(
    content: bytes,
    *,
    industry: str,
    year: int,
    quarter: int,
    areas: Collection[str],
    status: int = 200,
    content_type: str | None = None,
) -> SeriesReply:
    """Private employment in an industry by area, persons, for the three months of a quarter; source_code as `code_of`.

    A withheld row has no value and the status suppressed. Raises SchemaChangedError for other columns and for a slice of another
    industry or quarter, and what `read_text` raises.
    """
    text = read_text(content, source=SOURCE, status=status, content_type=content_type)
    table = pl.read_csv(text.encode(), infer_schema=False)
    if missing := [name for name in (*_CODES, *_MONTHS) if name not in table.columns]:
        raise SchemaChangedError(SOURCE, "a slice of QCEW with other columns", missing=missing)
    of = table.select(pl.format("{} of {}Q{}", "industry_code", "year", "qtr").unique()).to_series()
    if of.to_list() != [f"{industry} of {year}Q{quarter}"]:
        said = ", ".join(of.sort().head(3).to_list()) or "no row"
        raise SchemaChangedError(SOURCE, f"asked for {industry} of {year}Q{quarter}, got {said}")
    rows = Rows(SOURCE)
    kept = table.filter(
        pl.col("area_fips").is_in(list(areas)), pl.col("own_code") == PRIVATE, pl.col("size_code") == "0"
    )
    rows.drop("other areas, owners and sizes", table.height - kept.height)
    first = pl.date(year, 3 * quarter - 2, 1)
    start = pl.select(first).item()
    for row in kept.iter_rows(named=True):
        withheld = row["disclosure_code"] == _WITHHELD
        values = [row[name] for name in _MONTHS]
        if not withheld and not all(value and value.isdigit() for value in values):
            rows.reject("employment is no number", "|".join(map(str, row.values())))
            continue
        for number, value in enumerate(values):
            rows.add(
                code_of(row["area_fips"], industry),
                month_after(start, number),
                "monthly",
                None if withheld else float(value),
                "suppressed" if withheld else "normal",
            )
    return rows.reply()
