"""The table of README that says of which series first releases are held and since when anything is, made from a release.

Belongs here: that table and putting it between its marks. Does not belong here: what counts as a first release (the marts),
the pages of docs/ (pages.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

START = "<!-- made by `make docs` from the release: change orchestration/documentation/vintage_table.py -->"
END = "<!-- end of what `make docs` writes -->"

#: a series with fewer first releases has no comparison of them: the shortest window of the reports compares twice 6 months
FEWEST = 12

_GROUPS = f"""
    with series as (
        select *, first_release_count >= {FEWEST} as has_history from dim_series
        where frequency = 'monthly' and observation_count > 0
    )
    select agency, measure, count(*), sum(first_release_count), sum(observation_count),
        strftime(min(first_release_from), '%Y-%m'), strftime(max(first_release_to), '%Y-%m'),
        strftime(min(oldest_known_from), '%Y-%m-%d'), strftime(max(oldest_known_from), '%Y-%m-%d')
    from series join dim_source using (source_id)
    where has_history
    group by agency, measure
    order by 4 desc, 1, 2"""

_REST = f"""
    select count(*), sum(first_release_count), sum(observation_count),
        strftime(min(oldest_known_from), '%Y-%m-%d'), strftime(max(oldest_known_from), '%Y-%m-%d'),
        strftime(quantile_disc(oldest_known_from, 0.5), '%Y-%m-%d')
    from dim_series where frequency = 'monthly' and observation_count > 0 and first_release_count < {FEWEST}"""


def vintage_table(con: duckdb.DuckDBPyConnection) -> str:
    """The table as Markdown, of a connection to a released file: a row for each agency and measure with series of which at least
    FEWEST first releases are held, and a row for all others."""
    rows = con.execute(_GROUPS).fetchall()
    parts = [
        "| monthly series | first releases held | of their months | oldest copy held |\n|---|---|---|---|\n",
    ]
    for agency, measure, n, first, months, since, until, oldest, newest in rows:
        name = f"{agency}: {measure.replace('_', ' ')} ({n} series)"
        parts.append(f"| {name} | {since} to {until} | {_share(first, months)} | {_span(oldest, newest)} |\n")
    n, first, months, oldest, newest, half = con.execute(_REST).fetchall()[0]
    if n:
        parts.append(
            f"| the other {n} series | {f'{first} months' if first else 'none'} | {_share(first, months)} "
            f"| {_span(oldest, newest)}, half of them by {half} |\n"
        )
    return "".join(parts)


def with_table(text: str, table: str) -> str:
    """`text` with `table` between the marks START and END. Raises ValueError where they are not there, once each and in order."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end or START in after or END in after:
        raise ValueError(f"the text has no place for the table: {START} ... {END}")
    return f"{before}{START}\n\n{table}\n{END}{after}"


def _share(first: int | None, months: int | None) -> str:
    """Part of the months of which the first release is held, in percent; never rounded to none or all."""
    share = 100 * (first or 0) / (months or 1)
    if 0 < share < 1:
        return "under 1 %"
    return f"{min(share, 99.4) if share < 100 else share:.0f} %"


def _span(oldest: str, newest: str) -> str:
    return oldest if oldest == newest else f"{oldest} to {newest}"
