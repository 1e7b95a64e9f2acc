"""What the methods of METHODS say about one event and series, each beside how often it errs where nothing happened.

Belongs here: asking a release for all methods and for their measured rates, saying why a method has no answer.
Does not belong here: what the methods are and how a row is read (methods.py), control sets (controls.py), computing the
numbers (transforms/statistics, dbt models).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.method_result import MethodResult, Rates
from orchestration.readers.comparison.methods import METHODS, AnyMethod, before_after_result
from orchestration.readers.comparison.sentences import offered
from orchestration.readers.release_file import has_table, read
from orchestration.readers.rows import DimEvent, RptBeforeAfter, RptMethodCalibration

if TYPE_CHECKING:
    import duckdb

#: dates without an event that a rate is shown of: one of 14 dates is 7 % and says nothing
MIN_DATES = 36


def every_method(
    con: duckdb.DuckDBPyConnection, event: DimEvent | None, result: RptBeforeAfter, name: str = "all"
) -> list[MethodResult]:
    """One or more results of each method of METHODS (or of the one called `name`); a method without an answer says why.

    event: the row of dim_event, None for a bare date; result: the row of the comparison, which is itself the first method
    and whose window and gap the others are asked for. Raises UsageError for a method that does not exist.
    """
    if name != "all" and name not in METHODS:
        raise UsageError(f"there is no method '{name}'; there are all, {', '.join(METHODS)}")
    names = list(METHODS) if name == "all" else [name]
    return [answer for method_name in names for answer in _answers(con, method_name, event, result)]


def _answers(
    con: duckdb.DuckDBPyConnection, name: str, event: DimEvent | None, result: RptBeforeAfter
) -> list[MethodResult]:
    method, series_id = METHODS[name], result["series_id"]
    window = (result["window_months"], result["gap_months"])
    if name == "before_after":
        return [before_after_result(result).with_rates(_rates(con, method, series_id, window))]
    if event is None:
        return [MethodResult(name, note="answered for events of the report, not for bare dates")]
    if not has_table(con, method.table):
        return [MethodResult(name, note=f"this release has no {method.table}")]
    results = method.results(con, event["event_id"], series_id, window)
    if not results:
        return [MethodResult(name, note=_no_row(con, method, event["event_id"], series_id, window))]
    return [
        answer.with_rates(
            _rates(con, method, series_id, window, answer.variant if method.calibrated_by_variant else None)
        )
        for answer in results
    ]


def _no_row(
    con: duckdb.DuckDBPyConnection, method: AnyMethod, event_id: str, series_id: str, window: tuple[int, int]
) -> str:
    """Why the report of a method has no row, and the windows for which it has one."""
    if windows := method.windows(con, event_id, series_id):
        return f"not with {window[0]} months and a gap of {window[1]}; there are {offered(windows)}"
    return f"{method.table} has no row for this event and series"


def _rates(
    con: duckdb.DuckDBPyConnection,
    method: AnyMethod,
    series_id: str,
    window: tuple[int, int],
    control_set_id: str | None = None,
) -> Rates:
    """What rpt_method_calibration measured on this series, under the first name of the method that it has."""
    if not method.calibrated_as or not has_table(con, "rpt_method_calibration"):
        return Rates()
    rows = read(
        con,
        RptMethodCalibration,
        """where list_contains($methods::varchar[], method) and series_id = $series and n_pseudo_events >= $enough
             and ($months::integer is null or window_months = $months) and ($gap::integer is null or gap_months = $gap)
             and control_set_id is not distinct from $controls
           order by list_position($methods::varchar[], method), window_months, gap_months
           limit 1""",
        {
            "methods": list(method.calibrated_as),
            "series": series_id,
            # a method without windows to choose from is measured with those that it has
            "months": window[0] if method.windowed else None,
            "gap": window[1] if method.windowed else None,
            "controls": control_set_id,
            "enough": MIN_DATES,
        },
    )
    if not rows:
        return Rates()
    return Rates(rows[0]["false_alarm_rate"], rows[0]["nominal_rate"], rows[0]["n_pseudo_events"])
