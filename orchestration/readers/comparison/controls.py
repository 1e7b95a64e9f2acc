"""A comparison with the control sets that were declared for a series.

Belongs here: the row of rpt_difference_in_differences of one set, and what to answer when there is none.
Does not belong here: difference in differences among the other methods (answers.py), its sentences (sentences.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.cautions import left_out_because
from orchestration.readers.comparison.sentences import offered
from orchestration.readers.release_file import has_table, read
from orchestration.readers.rows import DimControlSet, DimEvent, RptDifferenceInDifferences

if TYPE_CHECKING:
    import duckdb


def against_controls(
    con: duckdb.DuckDBPyConnection,
    event: DimEvent | None,
    event_id: str,
    series_id: str,
    control: str,
    months: int,
    gap: int,
) -> tuple[RptDifferenceInDifferences, list[DimControlSet]]:
    """The row of rpt_difference_in_differences and the rows of dim_control_set of the set `control`.

    Raises UsageError for an unknown set, a series it was not declared for, and windows the report does not have.
    """
    for table in ("dim_control_set", "rpt_difference_in_differences"):
        if not has_table(con, table):
            raise UsageError(f"this release has no {table}; `headway build --force` makes one that has")
    set_id = control.strip().lower().replace("-", "_")
    controls = read(
        con,
        DimControlSet,
        "where control_set_id = ? and treated_series_id = ? order by control_series_id",
        [set_id, series_id],
    )
    if not controls:
        raise UsageError(_no_such_set(con, set_id, series_id))
    if event is None:
        raise UsageError(
            f"controls are compared around events of the report, not around the bare date {event_id}"
        )
    if left_out := left_out_because(event):
        raise UsageError(f"{series_id} and {set_id} are not compared around {event_id}: {left_out}")
    rows = read(
        con,
        RptDifferenceInDifferences,
        """where event_id = $event and treated_series_id = $series
           and control_set_id = $control order by window_months, gap_months""",
        {"event": event_id, "series": series_id, "control": set_id},
    )
    for row in rows:
        if (row["window_months"], row["gap_months"]) == (months, gap):
            return row, controls
    what = f"{series_id} and {set_id} are not compared around {event_id}"
    if not rows:
        raise UsageError(
            f"{what}: no window around it lies whole in the life of the series and every control"
        )
    windows = [(row["window_months"], row["gap_months"]) for row in rows]
    raise UsageError(f"{what} with {months} months and a gap of {gap}; there are {offered(windows)}")


def _no_such_set(con: duckdb.DuckDBPyConnection, set_id: str, series_id: str) -> str:
    own = con.execute(
        "select distinct control_set_id from dim_control_set where treated_series_id = ? order by 1",
        [series_id],
    ).fetchall()
    if own:
        return f"{series_id} has no control set '{set_id}'; it has {', '.join(r[0] for r in own)}"
    others = con.execute(
        "select distinct treated_series_id from dim_control_set where control_set_id = ? order by 1 limit 6",
        [set_id],
    ).fetchall()
    text = f"no control set is declared for {series_id}"
    if others:
        return f"{text}; {set_id} is declared for {', '.join(r[0] for r in others)}"
    return f"{text} (`headway sql 'select distinct control_set_id, treated_series_id from dim_control_set'` lists them)"
