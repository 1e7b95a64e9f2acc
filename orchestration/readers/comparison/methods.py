"""What other methods say about one event and series, each beside how often it errs where nothing happened.

Belongs here: reading the report tables of the methods into rows of one shape, control sets.
Does not belong here: computing them (transforms/statistics, dbt models), sentences (sentences.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.sentences import offered
from orchestration.readers.release_file import Record, has_table, records
from orchestration.readers.wording import month, number, percent

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class MethodResult:
    """One method's answer.

    method, variant: which and with what (control set, model); difference: log points when scale is log, else units;
    lower, upper: its 95 % range where the method has a calibrated one; rank: placebo rank, the smaller the more unusual;
    false_alarm_rate: measured share of dates without an event at which the method would have spoken up, nominal_rate
    what it promises, n_pseudo_events the dates it was measured at; verdict: of the closed list; note: what to know.
    """

    method: str
    variant: str | None = None
    difference: float | None = None
    scale: str | None = None
    lower: float | None = None
    upper: float | None = None
    rank: float | None = None
    false_alarm_rate: float | None = None
    nominal_rate: float | None = None
    n_pseudo_events: int | None = None
    verdict: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class _Question:
    con: duckdb.DuckDBPyConnection
    event: Record
    result: Mapping[str, Any]
    months: int
    gap: int

    def rows(self, table: str, where: str = "", order: str = "all") -> list[Record]:
        """Rows of a report for this event and series; `where` may name $months and $gap."""
        series = "treated_series_id" if table == "rpt_difference_in_differences" else "series_id"
        parameters: dict[str, Any] = {"event": self.event["event_id"], "series": self.result["series_id"]}
        parameters |= {name: getattr(self, name) for name in ("months", "gap") if f"${name}" in where}
        return records(
            self.con,
            f"from {table} where event_id = $event and {series} = $series {where} order by {order}",
            parameters,
        )


def every_method(
    con: duckdb.DuckDBPyConnection,
    event: Record | None,
    result: Mapping[str, Any],
    months: int,
    gap: int,
    method: str = "all",
) -> list[MethodResult]:
    """One or more rows for each method of METHODS (or for `method` alone); a method without an answer says why.

    result: the row of the comparison, which is itself the first method.
    """
    if method != "all" and method not in METHODS:
        raise UsageError(f"there is no method '{method}'; there are all, {', '.join(METHODS)}")
    found: list[MethodResult] = []
    for name, (table, ask) in METHODS.items():
        if method not in ("all", name):
            continue
        if table == "rpt_before_after":
            found.append(_before_after(con, result, months, gap))
        elif event is None:
            found.append(MethodResult(name, note="answered for events of the report, not for bare dates"))
        elif not has_table(con, table):
            found.append(MethodResult(name, note=f"this release has no {table}"))
        else:
            asked = _Question(con, event, result, months, gap)
            found += ask(asked) or [MethodResult(name, note=_nothing(asked, table))]
    return found


def _nothing(asked: _Question, table: str) -> str:
    """Why a report has no row, and the windows that it has."""
    rows = asked.rows(table)
    if rows and "window_months" in rows[0]:
        windows = sorted({(row["window_months"], row["gap_months"]) for row in rows})
        return f"not with {asked.months} months and a gap of {asked.gap}; there are {offered(windows)}"
    return f"{table} has no row for this event and series"


def _calibration(
    con: duckdb.DuckDBPyConnection,
    methods: Sequence[str],
    series_id: str,
    months: int | None = None,
    gap: int | None = None,
    control_set_id: str | None = None,
) -> dict[str, Any]:
    """What rpt_method_calibration measured for the first of `methods` that it has, as fields of MethodResult.

    months, gap: None for methods with windows of their own.
    """
    if not has_table(con, "rpt_method_calibration"):
        return {}
    rows = records(
        con,
        """from rpt_method_calibration
           where list_contains($methods::varchar[], method) and series_id = $series and n_pseudo_events >= $enough
             and ($months::integer is null or window_months = $months) and ($gap::integer is null or gap_months = $gap)
           order by list_position($methods::varchar[], method), window_months, gap_months, control_set_id""",
        {"methods": list(methods), "series": series_id, "months": months, "gap": gap, "enough": MIN_DATES},
    )
    rows = [row for row in rows if row.get("control_set_id") == control_set_id]
    return {name: rows[0][name] for name in MEASURED} if rows else {}


#: dates without an event that a rate is shown of: one of 14 dates is 7 % and says nothing
MIN_DATES = 36
#: columns of rpt_method_calibration that a result carries
MEASURED = ("false_alarm_rate", "nominal_rate", "n_pseudo_events")


# -- methods ---------------------------------------------------------------------------------------------------------


def _before_after(
    con: duckdb.DuckDBPyConnection, result: Mapping[str, Any], months: int, gap: int
) -> MethodResult:
    measured = _calibration(con, ["placebo_rank_calibrated"], result["series_id"], months, gap)
    log = result.get("scale") == "log"
    return MethodResult(
        "before_after",
        difference=result.get("d_log") if log else result.get("d_level"),
        scale=result.get("scale"),
        rank=result.get("placebo_rank"),
        verdict=result.get("verdict"),
        note=result.get("reason"),
        **measured,
    )


def _did(asked: _Question) -> list[MethodResult]:
    where = "and window_months = $months and gap_months = $gap"
    methods = ["difference_in_differences_rank_calibrated", "difference_in_differences_calibrated"]
    found = []
    for row in asked.rows("rpt_difference_in_differences", where, "control_set_id"):
        controls = row["control_set_id"]
        found.append(
            MethodResult(
                "difference_in_differences",
                variant=controls,
                difference=row["did"],
                scale="log",
                rank=row["placebo_rank"],
                verdict=row["verdict"],
                note=row["reason"],
                **_calibration(
                    asked.con, methods, asked.result["series_id"], asked.months, asked.gap, controls
                ),
            )
        )
    return found


def _interrupted(asked: _Question) -> list[MethodResult]:
    """The step at the cut by AR(p) GLS; its p stays in the table."""
    found = []
    for row in asked.rows("rpt_interrupted_time_series"):
        note = row["reason"]
        if row["level_change"] is not None:
            log = row["scale"] == "log"
            notes = [
                f"step at the cut from the line of before, {row['n_months']} months, AR({row['ar_order']})"
            ]
            if row["effect_12"] is not None:
                after = percent(row["effect_12"]) if log else number(row["effect_12"], sign=True)
                notes.append(f"12 months on {after}")
            notes.append(f"{row['joint_events']} other steps in them")
            note = "; ".join(notes)
        measured = _calibration(asked.con, ["its_gls"], asked.result["series_id"])
        if row.get("false_alarm_rate") is not None:
            measured |= {"false_alarm_rate": row["false_alarm_rate"], "nominal_rate": 0.05}
        found.append(
            MethodResult(
                "interrupted_time_series",
                difference=row["level_change"],
                scale=row["scale"],
                note=note,
                **(measured if row["level_change"] is not None else {}),
            )
        )
    return found


def _synthetic(asked: _Question) -> list[MethodResult]:
    found = []
    for row in asked.rows("rpt_synthetic_control"):
        donors = [f"{d} {w:.2f}" for d, w in zip(row["donors"] or [], row["weights"] or [], strict=False)]
        notes = [row["reason"]] if row["reason"] else []
        if row["mean_gap"] is not None:
            notes.append(
                f"gap of the 12 months after to {', '.join(donors[:3])}{' ...' if donors[3:] else ''}"
            )
        if row["rank"] is not None:
            notes.append(f"rank among {row['n_donors']} partners, at least {row['rank_floor']:.3f}")
        found.append(
            MethodResult(
                "synthetic_control",
                variant=row.get("donor_pool_id"),
                difference=row["mean_gap"],
                scale="log",
                # a rank of what does not fit the months before says nothing
                rank=row["rank"] if row["gate_passed"] else None,
                note="; ".join(notes) or None,
                **_calibration(asked.con, ["synthetic_control"], asked.result["series_id"]),
            )
        )
    return found


def _change_point(asked: _Question) -> list[MethodResult]:
    found = []
    for row in asked.rows("rpt_change_point"):
        notes = [row["reason"]] if row["reason"] else []
        if row["best_break_month"] is not None:
            away = row["months_from_cut"]
            where = (
                "at the cut"
                if away == 0
                else f"{abs(away)} months {'after' if away > 0 else 'before'} the cut"
            )
            notes.insert(0, f"clearest break within 24 months is {month(row['best_break_month'])}, {where}")
        found.append(
            MethodResult(
                "change_point",
                difference=row["break_size"],
                scale=row["scale"],
                rank=row["placebo_rank"],
                note="; ".join(notes) or None,
                **_calibration(asked.con, ["change_point"], asked.result["series_id"]),
            )
        )
    return found


def _counterfactual(asked: _Question) -> list[MethodResult]:
    """The headline model first; the range is the calibrated one, its rate what it missed at dates without an event."""
    where = "and window_months = $months and gap_months = $gap"
    found = []
    for row in asked.rows("rpt_counterfactual_effect", where, "model"):
        notes = [row["reason"]] if row["reason"] else []
        if row["outside_calibrated"] is not None:
            side = "outside" if row["outside_calibrated"] else "inside"
            notes.append(f"{side} the range that holds what comes at dates without an event")
        covered = row["coverage_measured"]
        found.append(
            MethodResult(
                "counterfactual",
                variant=row["model"],
                difference=row["effect"],
                scale=row["scale"],
                lower=row["lower95_calibrated"],
                upper=row["upper95_calibrated"],
                false_alarm_rate=1 - covered if covered is not None else None,
                nominal_rate=0.05 if covered is not None else None,
                n_pseudo_events=row["n_origins"] if covered is not None else None,
                note="; ".join(notes) or None,
            )
        )
    return found


#: name -> table it is read from and how; the order is that of the printed table
METHODS: Mapping[str, tuple[str, Callable[[_Question], list[MethodResult]]]] = {
    "before_after": ("rpt_before_after", lambda asked: []),
    "difference_in_differences": ("rpt_difference_in_differences", _did),
    "counterfactual": ("rpt_counterfactual_effect", _counterfactual),
    "interrupted_time_series": ("rpt_interrupted_time_series", _interrupted),
    "synthetic_control": ("rpt_synthetic_control", _synthetic),
    "change_point": ("rpt_change_point", _change_point),
}


# -- controls --------------------------------------------------------------------------------------------------------


def against_controls(
    con: duckdb.DuckDBPyConnection,
    event: Record | None,
    event_id: str,
    series_id: str,
    control: str,
    months: int,
    gap: int,
) -> tuple[Record, list[Record]]:
    """The row of rpt_difference_in_differences and the rows of dim_control_set of the set `control`.

    Raises UsageError for an unknown set, a series it was not declared for, and windows the report does not have.
    """
    for table in ("dim_control_set", "rpt_difference_in_differences"):
        if not has_table(con, table):
            raise UsageError(f"this release has no {table}; `headway build --force` makes one that has")
    wanted = control.strip().lower().replace("-", "_")
    controls = records(
        con,
        "from dim_control_set where control_set_id = ? and treated_series_id = ? order by control_series_id",
        [wanted, series_id],
    )
    if not controls:
        raise UsageError(_no_such_set(con, wanted, series_id))
    if event is None:
        raise UsageError(
            f"controls are compared around events of the report, not around the bare date {event_id}"
        )
    found = records(
        con,
        """from rpt_difference_in_differences where event_id = $event and treated_series_id = $series
           and control_set_id = $control order by window_months, gap_months""",
        {"event": event_id, "series": series_id, "control": wanted},
    )
    for row in found:
        if (row["window_months"], row["gap_months"]) == (months, gap):
            return row, controls
    what = f"{series_id} and {wanted} are not compared around {event_id}"
    if not found:
        raise UsageError(
            f"{what}: no window around it lies whole in the life of the series and every control"
        )
    windows = [(r["window_months"], r["gap_months"]) for r in found]
    raise UsageError(f"{what} with {months} months and a gap of {gap}; there are {offered(windows)}")


def _no_such_set(con: duckdb.DuckDBPyConnection, wanted: str, series_id: str) -> str:
    own = con.execute(
        "select distinct control_set_id from dim_control_set where treated_series_id = ? order by 1",
        [series_id],
    ).fetchall()
    if own:
        return f"{series_id} has no control set '{wanted}'; it has {', '.join(r[0] for r in own)}"
    others = con.execute(
        "select distinct treated_series_id from dim_control_set where control_set_id = ? order by 1 limit 6",
        [wanted],
    ).fetchall()
    text = f"no control set is declared for {series_id}"
    if others:
        return f"{text}; {wanted} is declared for {', '.join(r[0] for r in others)}"
    return f"{text} (`headway sql 'select distinct control_set_id, treated_series_id from dim_control_set'` lists them)"
