"""Whether an answer is complete, judged by what the store holds: a cut answer must not look like withdrawn values.

Belongs here: comparing a parsed answer with the rows that are current in the store, before anything is loaded.
Does not belong here: limits that the answer itself states (transforms/parse), the comparison that appends vintages
(store/vintages.py).

Agencies withdraw single values (suppression, a corrected cell); an answer that lost a page or a block lacks many at once.
"""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from orchestration.base.duck import frame_of
from orchestration.store import vintages
from orchestration.store.opened import FIGURES
from transforms.checks import unit_changes
from transforms.parse.outcome import SchemaChangedError, TruncatedError
from transforms.schema import OBSERVATION, Parsed

#: An answer that lacks more than this share of the known values of its periods, and more than _MOST_WITHDRAWN of them, was
#: cut. The most that was withdrawn at once in the bundled vintages is 1 of 240 (a month missing in a copy).
_MOST_WITHDRAWN_SHARE = 0.1
_MOST_WITHDRAWN = 3


def refuse_truncated(
    con: duckdb.DuckDBPyConnection, parsed: Parsed, *, source: str, last_period: date | None = None
) -> None:
    """Raise TruncatedError if loading `parsed` would withdraw a block of known values, or if a series ends too early.

    source:      id for the message; last_period: the last period asked for. A series was cut if its latest known period,
                 or `last_period` where that is earlier, is not in the answer.
    """
    con.register("shown", parsed.frame.select(*parsed.table.key))
    try:
        if parsed.complete:
            _refuse_lost_block(con, parsed, source)
        if last_period is not None:
            _refuse_early_end(con, parsed, source, last_period)
    finally:
        con.unregister("shown")


def refuse_other_unit(con: duckdb.DuckDBPyConnection, parsed: Parsed, *, source: str) -> None:
    """Raise SchemaChangedError if a series comes on another level than it is stored on.

    A new base of an index, or thousands in place of units, would otherwise be loaded as a revision of every month.
    """
    if parsed.table is not OBSERVATION:
        return
    con.register("shown", parsed.frame.select("series_id", "period_start", "value", "known_from"))
    try:
        stored_and_shown = frame_of(
            con,
            """SELECT series_id, period_start, value, TIMESTAMP '1900-01-01' AS known_from
               FROM raw.observation_current SEMI JOIN shown USING (series_id)
               UNION ALL SELECT series_id, period_start, value, known_from FROM shown""",
        )
    finally:
        con.unregister("shown")
    for series_id, _, ratio in unit_changes(stored_and_shown):
        raise SchemaChangedError(
            source,
            f"{series_id} is {ratio:.3f} times what is stored for the same periods: another base or unit",
            "give the new base a series of its own in series.csv, or correct its unit",
        )


def _refuse_lost_block(con: duckdb.DuckDBPyConnection, parsed: Parsed, source: str) -> None:
    """Raise TruncatedError if too many known values of the periods that the answer covers are not in it."""
    table = parsed.table
    of_slice = ", ".join(table.slice)
    # A slice with one cell a period (a series) covers every period from its first to its last; a slice with several
    # cells a period (trade flows) covers only the periods that it shows.
    covered = vintages.coverage(parsed, parsed.frame, complete=True).select(
        *table.slice, "first_period", "last_period"
    )
    con.register("covered", covered)
    known_rows = f"""SELECT {", ".join(f"old.{name}" for name in table.key)} FROM raw.{table.name}_current old
                JOIN covered USING ({of_slice})
                WHERE status <> 'withdrawn' AND old.period_start BETWEEN first_period AND last_period"""
    if table.key != (*table.slice, "period_start"):
        known_rows += f" AND ({of_slice}, old.period_start) IN (SELECT ({of_slice}, period_start) FROM shown)"
    try:
        lost, total = con.execute(
            f"""SELECT count(*) FILTER (shown.period_start IS NULL), count(*)
                FROM ({known_rows}) old LEFT JOIN shown USING ({", ".join(table.key)})"""
        ).fetchall()[0]
    finally:
        con.unregister("covered")
    if lost > max(_MOST_WITHDRAWN, _MOST_WITHDRAWN_SHARE * total):
        raise TruncatedError(
            source,
            f"{lost:,} of {total:,} values that are known for the same periods are not in the answer",
            "ask again; if it stays like this, see in the quarantined bytes whether the agency really withdrew them",
        )


def _refuse_early_end(con: duckdb.DuckDBPyConnection, parsed: Parsed, source: str, last_period: date) -> None:
    """Raise TruncatedError if a slice of the answer ends before its latest known period up to `last_period`.

    An answer that names rows or months which cannot be used may end earlier by as many periods: they are problems of
    their own, and the good part is kept.
    """
    allowed = len(parsed.rejected) + len(parsed.refused)
    of_slice = ", ".join(parsed.table.slice)
    rows = con.execute(
        f"""WITH known AS (
                SELECT DISTINCT {of_slice}, period_start FROM raw.{parsed.table.name}_current
                WHERE status <> 'withdrawn' AND period_start <= ?),
            ends AS (SELECT {of_slice}, max(period_start) AS shown_to FROM shown GROUP BY ALL)
            SELECT {of_slice}, shown_to, max(known.period_start) AS known_to
            FROM ends JOIN known USING ({of_slice}) WHERE known.period_start > shown_to
            GROUP BY {of_slice}, shown_to HAVING count(*) > ? ORDER BY ALL""",
        [last_period, allowed],
    ).fetchall()
    if rows:
        *names, shown_to, known_to = rows[0]
        raise TruncatedError(
            source,
            f"{len(rows)} series end too early, the first {'|'.join(map(str, names))} at {shown_to}, known to {known_to}",
            "ask again; the answer was cut",
        )


def latest_periods(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """The first day of the latest period in the store, by series_id and, for flow tables, by slice joined with '|'."""
    rows = con.execute(
        """SELECT series_id, max(period_start) FROM raw.observation_current WHERE status <> 'withdrawn' GROUP BY ALL
           UNION ALL
           SELECT concat_ws('|', reporter_iso3, partner_code, flow, basis, classification, product_level), max(period_start)
           FROM raw.trade_flow_current WHERE status <> 'withdrawn' GROUP BY ALL
           UNION ALL
           SELECT concat_ws('|', flow, partner_iso3, hs2), max(period_start)
           FROM raw.freight_flow_current WHERE status <> 'withdrawn' GROUP BY ALL"""
    ).fetchall()
    return dict(rows)


def stored_months(con: duckdb.DuckDBPyConnection) -> dict[str, frozenset[date]]:
    """Every month in the store by slice of the freight flows, as in PlanContext.stored."""
    rows = con.execute(
        """SELECT concat_ws('|', flow, partner_iso3, hs2), list(DISTINCT period_start)
           FROM raw.freight_flow_current WHERE status <> 'withdrawn' GROUP BY ALL"""
    ).fetchall()
    return {slice_: frozenset(months) for slice_, months in rows}


def bundled_periods(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """As `latest_periods`, of what the bundled figures brought, whatever came later."""
    rows = con.execute(
        """SELECT slice_id, max(last_period) FROM raw.coverage JOIN raw.payload USING (payload_id)
           WHERE source_id = ? GROUP BY ALL""",
        [FIGURES],
    ).fetchall()
    return dict(rows)


def periods_shown(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[date, datetime]]:
    """(source_id, dataset) -> latest period of an answer -> when the first answer came that showed it, naive UTC."""
    rows = con.execute(
        """SELECT source_id, dataset, last_period, min(retrieved_at) FROM raw.coverage JOIN raw.payload USING (payload_id)
           WHERE source_id <> ? GROUP BY ALL""",
        [FIGURES],
    ).fetchall()
    found: dict[tuple[str, str], dict[date, datetime]] = {}
    for source_id, dataset, period, at in rows:
        found.setdefault((source_id, dataset), {})[period] = at
    return found


def loaded_payloads(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The ids of the payloads whose load ended."""
    return frozenset(name for (name,) in con.execute("SELECT DISTINCT payload_id FROM raw.load").fetchall())
