"""What the methods of METHODS say about one event and series, each beside how often it errs where nothing happened.

Belongs here: asking a release for the rows of a method and for its measured rates, saying why a method has no answer.
Does not belong here: what the methods are and how a row is read (methods.py), control sets (controls.py), computing the
numbers (transforms/statistics, dbt models).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.method_result import MethodResult, Rates
from orchestration.readers.comparison.methods import METHODS, Method
from orchestration.readers.comparison.sentences import offered
from orchestration.readers.release_file import Record, has_table, records

if TYPE_CHECKING:
    import duckdb

#: dates without an event that a rate is shown of: one of 14 dates is 7 % and says nothing
MIN_DATES = 36


def every_method(
    con: duckdb.DuckDBPyConnection,
    event: Record | None,
    result: Record,
    months: int,
    gap: int,
    method: str = "all",
) -> list[MethodResult]:
    """One or more results of each method of METHODS (or of `method` alone); a method without an answer says why.

    event: the row of dim_event, None for a bare date; result: the row of the comparison, which is itself the first
    method. Raises UsageError for a method that does not exist.
    """
    if method != "all" and method not in METHODS:
        raise UsageError(f"there is no method '{method}'; there are all, {', '.join(METHODS)}")
    names = list(METHODS) if method == "all" else [method]
    return [answer for name in names for answer in _answers(con, name, event, result, months, gap)]


def method_records(
    con: duckdb.DuckDBPyConnection,
    method: Method,
    event_id: str,
    series_id: str,
    window: tuple[int, int] | None = None,
) -> list[Record]:
    """The rows of the table of `method` for one event and series, in order of their variant.

    window: months and gap, of a method that has rows for several; None for all of them.
    """
    order = ", ".join(
        [*(["window_months", "gap_months"] if method.windowed else []), method.variant or "event_id"]
    )
    parameters: dict[str, str | int] = {"event": event_id, "series": series_id}
    condition = ""
    if method.windowed and window is not None:
        condition = "and window_months = $months and gap_months = $gap"
        parameters |= {"months": window[0], "gap": window[1]}
    return records(
        con,
        f"""from {method.table} where event_id = $event and {method.series_column} = $series {condition}
            order by {order}""",
        parameters,
    )


def _answers(
    con: duckdb.DuckDBPyConnection,
    name: str,
    event: Record | None,
    result: Record,
    months: int,
    gap: int,
) -> list[MethodResult]:
    method, series_id = METHODS[name], result["series_id"]
    if name == "before_after":
        return [method.read(result, _rates(con, method, series_id, months, gap))]
    if event is None:
        return [MethodResult(name, note="answered for events of the report, not for bare dates")]
    if not has_table(con, method.table):
        return [MethodResult(name, note=f"this release has no {method.table}")]
    rows = method_records(con, method, event["event_id"], series_id, (months, gap))
    if not rows:
        return [MethodResult(name, note=_no_row(con, method, event["event_id"], series_id, months, gap))]
    return [
        method.read(row, _rates(con, method, series_id, months, gap, row.get("control_set_id")))
        for row in rows
    ]


def _no_row(
    con: duckdb.DuckDBPyConnection, method: Method, event_id: str, series_id: str, months: int, gap: int
) -> str:
    """Why the table of a method has no row, and the windows for which it has one."""
    if method.windowed and (rows := method_records(con, method, event_id, series_id)):
        windows = sorted({(row["window_months"], row["gap_months"]) for row in rows})
        return f"not with {months} months and a gap of {gap}; there are {offered(windows)}"
    return f"{method.table} has no row for this event and series"


def _rates(
    con: duckdb.DuckDBPyConnection,
    method: Method,
    series_id: str,
    months: int,
    gap: int,
    control_set_id: str | None = None,
) -> Rates:
    """What rpt_method_calibration measured on this series, under the first name of the method that it has."""
    if not method.calibrated_as or not has_table(con, "rpt_method_calibration"):
        return Rates()
    names: Sequence[str] = method.calibrated_as
    rows = records(
        con,
        """from rpt_method_calibration
           where list_contains($methods::varchar[], method) and series_id = $series and n_pseudo_events >= $enough
             and ($months::integer is null or window_months = $months) and ($gap::integer is null or gap_months = $gap)
             and control_set_id is not distinct from $controls
           order by list_position($methods::varchar[], method), window_months, gap_months, control_set_id
           limit 1""",
        {
            "methods": list(names),
            "series": series_id,
            # a method without windows of its own choice is measured with the windows that it has
            "months": months if method.windowed else None,
            "gap": gap if method.windowed else None,
            "controls": control_set_id,
            "enough": MIN_DATES,
        },
    )
    if not rows:
        return Rates()
    measured = rows[0]
    return Rates(measured["false_alarm_rate"], measured["nominal_rate"], measured["n_pseudo_events"])
