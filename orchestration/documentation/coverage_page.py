"""docs/coverage.md: what is held, which periods are missing, and what a missing row means, made from a release.

Belongs here: turning rpt_coverage into that page. Does not belong here: working it out (dbt), folding partners
(readers/coverage.py), the other pages (pages.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from orchestration.readers.coverage import CoverageLine, coverage

if TYPE_CHECKING:
    import duckdb

#: stretches of missing periods that a cell names
SHOWN = 4

_OPENING = """# What is held, and what is missing

From `rpt_coverage`; `headway coverage` shows the same with filters (`headway coverage --partner Mexico --since 2025`,
`headway coverage --classification HS --by-partner`). Partners of one kind stand together here: first and last are of all of them,
holes are months that are missing between the first and the last of a partner (`0-88`: the partner with fewest and with most), and the
stretches named are missing for each of them. `rpt_coverage` has a row for each partner.

That a single product has no row in a month is no hole: see [absent rows and zeros](#absent-rows-and-zeros).
"""

_ABSENT = """
## Absent rows and zeros

A zero is written down by some sources and left out by others, and a missing row is a zero at some and unknown at others. Null is
never zero. Where a missing row means no trade, `coalesce(value_usd, 0)` is right within the months that are held; where it says *not told*,
it is not.

| source | held as | zeros | a product without a row in a month that is held | how that is known |
|---|---|---|---|---|
"""

_ZEROS = {
    "written": "written as 0",
    "left_out": "left out",
    "none_seen": "none so far",
    "not_told": "not told",
}
_ABSENT_ROW = {
    "no_trade": "had no trade",
    "not_published": "was not published",
    "not_told": "not told: no trade, or not held",
}


def coverage_page(con: duckdb.DuckDBPyConnection) -> str:
    """The page as Markdown, without the line that says that it is made, of a connection to a released file."""
    lines = coverage(con)
    flows = [line for line in lines if line["held_as"] != "series"]
    series = [line for line in lines if line["held_as"] == "series"]
    parts = [
        _OPENING,
        "\n## Trade and freight flows\n\n",
        "| source | flow | basis | codes | partner | products | first | last | holes | with duty | zeros |\n",
        "|---|---|---|---|---|---|---|---|---|---|---|\n",
    ]
    parts += [_row(_flow(line)) for line in flows]
    parts += [
        "\n## Series\n\n",
        "| source | what | basis | codes | partner | series | first | last | holes |\n|---|---|---|---|---|---|---|---|---|\n",
    ]
    parts += [_row(_series(line)) for line in series]
    parts.append(_ABSENT)
    parts += [_row(cells) for cells in _absent(con)]
    return "".join(parts)


def _flow(line: CoverageLine) -> Sequence[str]:
    kind = "freight" if line["held_as"] == "freight_flow" else "trade"
    return (
        line["source_id"],
        f"{line['geography_iso3']} {line['flow']}, {kind}",
        _words(line["basis"]),
        _codes(line),
        line["partner"] or "",
        f"{line['product_count']:,}",
        _period(line["first_period"], line["frequency"]),
        _period(line["last_period"], line["frequency"]),
        _holes(line),
        _part(line["duty_count"], line["row_count"]),
        f"{line['zero_count']:,} of {line['row_count']:,}",
    )


def _series(line: CoverageLine) -> Sequence[str]:
    flow = f" {line['flow']}:" if line["flow"] else ""
    return (
        line["source_id"],
        f"{line['geography_iso3']}{flow} {_words(line['measure'])}, {line['frequency']}, {line['seasonal_adjustment']}",
        _words(line["basis"]),
        _codes(line),
        line["partner"] or "",
        str(line["series_count"]),
        _period(line["first_period"], line["frequency"]),
        _period(line["last_period"], line["frequency"]),
        _holes(line),
    )


def _absent(con: duckdb.DuckDBPyConnection) -> Iterable[Sequence[str]]:
    """One row a source and place where it is held, of those that say something."""
    rows = con.execute(
        """select distinct source_id, held_as, zeros, absent_row, absent_row_evidence from rpt_coverage
           where absent_row_evidence is not null order by source_id, held_as = 'series', held_as"""
    ).fetchall()
    for source, held_as, zeros, absent_row, evidence in rows:
        yield source, _words(held_as), _ZEROS[zeros], _ABSENT_ROW[absent_row], evidence


def _codes(line: CoverageLine) -> str:
    """'HS, 2 digits', 'all goods', or nothing."""
    if line["classification"] == "TOTAL":
        return "all goods"
    level = f", {line['product_level']} digits" if line["product_level"] else ""
    return f"{line['classification']}{level}" if line["classification"] else ""


def _period(day: dt.date, frequency: str) -> str:
    """2022, 2026Q1 or 2026-08."""
    if frequency == "annual":
        return str(day.year)
    return f"{day.year}Q{(day.month + 2) // 3}" if frequency == "quarterly" else f"{day:%Y-%m}"


def _holes(line: CoverageLine) -> str:
    """'3: 2020-10 to 2020-12', '0-88', or '0'."""
    fewest, most = line["fewest_holes"], line["most_holes"]
    count = str(most) if fewest == most else f"{fewest}-{most}"
    named = line["holes"][:SHOWN]
    more = f" and {len(line['holes']) - SHOWN} more" if len(line["holes"]) > SHOWN else ""
    return f"{count}: {', '.join(named)}{more}" if named else count


def _part(count: int, whole: int) -> str:
    """all, none, or how many."""
    return {0: "none", whole: "all"}.get(count, f"{count:,}")


def _words(text: str | None) -> str:
    return (text or "").replace("_", " ")


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |\n"
