"""Whether an answer holds what it should, judged by what the store holds: a cut answer must not look like withdrawals.

Belongs here: comparing a parsed answer with the rows that are current, before anything is loaded.
Does not belong here: what the answer itself says of its limits (transforms/parse), the comparison that appends vintages.

Agencies withdraw single values (suppression, a corrected cell); an answer that lost a page or a block loses many at once.
"""

from __future__ import annotations

from datetime import date

import duckdb

from orchestration.store import vintages
from transforms.checks import unit_changes
from transforms.parse.outcome import SchemaChangedError, TruncatedError
from transforms.schema import OBSERVATION, Parsed

#: more than this share of the known values of the periods shown, and more than _FEW of them: not a withdrawal.
#: Most seen withdrawn at once in the bundled vintages: 1 of 240 (a month missing in a copy)
_SHARE = 0.1
_FEW = 3


def refuse_truncated(
    con: duckdb.DuckDBPyConnection, parsed: Parsed, *, source: str, last_period: date | None = None
) -> None:
    """Raise TruncatedError if loading `parsed` would withdraw a block of what is known, or if a series ends too early.

    last_period: the last period asked for. A series whose latest known period (up to that) did not come was cut.
    """
    table = parsed.table
    frame = parsed.frame.select(*table.key)
    con.register("shown", frame)
    try:
        if parsed.complete:
            _refuse_lost_block(con, parsed, source)
        if last_period is not None:
            _refuse_early_end(con, parsed, source, last_period)
    finally:
        con.unregister("shown")


def refuse_other_unit(con: duckdb.DuckDBPyConnection, parsed: Parsed, *, source: str) -> None:
    """Raise SchemaChangedError if a series comes on another level than it is stored on: a new base of an index, thousands
    in place of units. Loaded, it would be a revision of every month."""
    if parsed.table is not OBSERVATION:
        return
    con.register("shown", parsed.frame.select("series_id", "period_start", "value", "known_from"))
    try:
        both = con.sql(
            """SELECT series_id, period_start, value, TIMESTAMP '1900-01-01' AS known_from
               FROM raw.observation_current SEMI JOIN shown USING (series_id)
               UNION ALL SELECT series_id, period_start, value, known_from FROM shown"""
        ).pl()
    finally:
        con.unregister("shown")
    for series_id, _, ratio in unit_changes(both):
        raise SchemaChangedError(
            source,
            f"{series_id} is {ratio:.3f} times what is stored for the same periods: another base or unit",
            "give the new base a series of its own in series.csv, or correct its unit",
        )


def _refuse_lost_block(con: duckdb.DuckDBPyConnection, parsed: Parsed, source: str) -> None:
    table = parsed.table
    of_slice = ", ".join(table.slice)
    # where a slice has one cell a period it covers from its first to its last period, else the periods it shows
    units = vintages.coverage(parsed, parsed.frame, complete=True).select(
        *table.slice, "first_period", "last_period"
    )
    con.register("covered", units)
    known = f"""SELECT {", ".join(f"old.{name}" for name in table.key)} FROM raw.{table.name}_current old
                JOIN covered USING ({of_slice})
                WHERE status <> 'withdrawn' AND old.period_start BETWEEN first_period AND last_period"""
    if table.key != (*table.slice, "period_start"):
        known += f" AND ({of_slice}, old.period_start) IN (SELECT ({of_slice}, period_start) FROM shown)"
    try:
        lost, total = con.execute(
            f"""SELECT count(*) FILTER (shown.period_start IS NULL), count(*)
                FROM ({known}) old LEFT JOIN shown USING ({", ".join(table.key)})"""
        ).fetchall()[0]
    finally:
        con.unregister("covered")
    if lost > max(_FEW, _SHARE * total):
        raise TruncatedError(
            source,
            f"{lost:,} of {total:,} values that are known for the same periods are not in the answer",
            "ask again; if it stays like this, see in the quarantined bytes whether the agency really withdrew them",
        )


def _refuse_early_end(con: duckdb.DuckDBPyConnection, parsed: Parsed, source: str, last_period: date) -> None:
    of_slice = ", ".join(parsed.table.slice)
    rows = con.execute(
        f"""SELECT {of_slice}, max(shown.period_start) AS shown_to, known_to
            FROM shown JOIN (
                SELECT {of_slice}, max(period_start) AS known_to FROM raw.{parsed.table.name}_current
                WHERE status <> 'withdrawn' AND period_start <= ? GROUP BY ALL) known USING ({of_slice})
            GROUP BY {of_slice}, known_to HAVING max(shown.period_start) < known_to ORDER BY ALL""",
        [last_period],
    ).fetchall()
    if rows:
        *names, shown_to, known_to = rows[0]
        raise TruncatedError(
            source,
            f"{len(rows)} series end too early, the first {'|'.join(map(str, names))} at {shown_to}, known to {known_to}",
            "ask again; the answer was cut",
        )


def latest_periods(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """Latest period in the store by series_id, and for flow tables by slice joined with '|'."""
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
