"""What a release holds by source, basis, classification, level and partner, and which periods are missing: `headway coverage`.

Belongs here: choosing and folding rows of rpt_coverage. Does not belong here: working them out (dbt), printing them (cli/),
the page made of them (documentation/coverage_page.py).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypedDict

from orchestration.base.errors import UsageError
from orchestration.readers.lookup import period_start
from orchestration.readers.release_file import columns_of, read_as

if TYPE_CHECKING:
    import duckdb


class CoverageLine(TypedDict):
    """Figures of one kind: columns of rpt_coverage, of one partner or of all partners of the kind together.

    partner: its code, `236 partners`, or None where there is none. Of several partners, first_period and last_period span all of
    them, product_count is that of the partner with most, holes are the stretches that all of them lack, and fewest_holes and
    most_holes count missing periods of the partner with least and with most of them.
    """

    source_id: str
    held_as: str
    measure: str
    geography_iso3: str
    flow: str | None
    basis: str | None
    classification: str | None
    product_level: int | None
    partner: str | None
    frequency: str
    seasonal_adjustment: str
    product_count: int
    series_count: int
    first_period: dt.date
    last_period: dt.date
    fewest_holes: int
    most_holes: int
    holes: list[str]
    row_count: int
    zero_count: int
    duty_count: int
    zeros: str
    absent_row: str


#: what tells kinds of figures apart besides the partner
_KIND = """source_id, held_as, measure, geography_iso3, flow, basis, classification, product_level, frequency, seasonal_adjustment"""

_FOLDED = f"""
    select {columns_of(CoverageLine)}
    from (
        select {_KIND}, zeros, absent_row,
            case when count(*) = 1 then min(partner_iso3) else concat(count(*), ' partners') end as partner,
            max(product_count) as product_count, sum(series_count)::integer as series_count,
            min(first_period) as first_period, max(last_period) as last_period,
            min(hole_count) as fewest_holes, max(hole_count) as most_holes,
            list_sort(list_reduce(list(holes), lambda one, other: list_intersect(one, other))) as holes,
            sum(row_count)::bigint as row_count, sum(zero_count)::bigint as zero_count, sum(duty_count)::bigint as duty_count
        from rpt_coverage
        where (source_id = $source or $source is null)
            and (partner_iso3 = $partner or $partner is null)
            and (lower(classification) = lower($classification) or $classification is null)
            and (product_level = $level or $level is null)
            and (last_period >= $since or $since is null)
        group by {_KIND}, zeros, absent_row, case when $by_partner then partner_iso3 end
    )
    order by source_id, held_as = 'series', measure, geography_iso3, flow, basis, classification, product_level, frequency,
        seasonal_adjustment, partner"""


def coverage(
    con: duckdb.DuckDBPyConnection,
    *,
    source: str | None = None,
    partner: str | None = None,
    classification: str | None = None,
    level: int | None = None,
    since: str | None = None,
    by_partner: bool = False,
) -> list[CoverageLine]:
    """What is held, sources in order of their names and flows before series.

    partner: an ISO code or the name of a country or of the world; level: digits of the codes, 0 for all goods; since: only what
    reaches this period (2024 or 2024-06). Without `partner`, the partners of a kind are one line unless by_partner asks for
    a line each. Raises UsageError for a name that the release does not hold, with those that it does.
    """
    chosen = {
        "source": _known(con, "source_id", source, "source"),
        "partner": _partner(con, partner),
        "classification": _known(con, "classification", classification, "classification"),
        "level": level,
        "since": period_start(since) if since else None,
        "by_partner": by_partner,
    }
    return read_as(con, CoverageLine, _FOLDED, chosen)


def _known(con: duckdb.DuckDBPyConnection, column: str, text: str | None, what: str) -> str | None:
    """The value of `column` that is meant by `text`, case forgiven."""
    if text is None:
        return None
    rows = con.execute(
        f"select distinct {column} from rpt_coverage where {column} is not null order by 1"
    ).fetchall()
    known: list[str] = [row[0] for row in rows]
    found = [value for value in known if value.lower() == text.strip().lower()]
    if not found:
        raise UsageError(f"there is no {what} '{text}'; there are {', '.join(known)}")
    return found[0]


def _partner(con: duckdb.DuckDBPyConnection, text: str | None) -> str | None:
    """The ISO code of a partner with figures, from its code or name."""
    if text is None:
        return None
    found = con.execute(
        """select distinct iso3 from dim_geography where lower($text) in (lower(iso3), lower(name)) and iso3 in (
               select partner_iso3 from rpt_coverage)""",
        {"text": text.strip()},
    ).fetchall()
    if not found:
        raise UsageError(
            f"there is no partner '{text}' with figures: write a code of ISO 3166 or the name in English (CAN, Mexico, WLD)"
        )
    code: str = found[0][0]
    return code
