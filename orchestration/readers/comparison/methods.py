"""The methods that compare a series before and after an event: one table of what each is called, reads and shows.

Belongs here: names, titles and assumptions of the methods, the report each is read from, its columns, and how a row becomes
a MethodResult. The comparison, the pages of `headway report`, the dashboard and the command line all read this.
Does not belong here: asking a release (method.py, answers.py), computing the numbers (transforms/statistics, dbt models).
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.readers.comparison.method import Column, Method, Shown
from orchestration.readers.comparison.method_result import MethodResult
from orchestration.readers.comparison.sentences import difference_of
from orchestration.readers.rows import (
    RptBeforeAfter,
    RptChangePoint,
    RptCounterfactualEffect,
    RptDifferenceInDifferences,
    RptInterruptedTimeSeries,
    RptSyntheticControl,
)
from orchestration.readers.wording import month, number, percent

#: share of dates without an event at which a 95 % range or a test at 5 % may speak up: 1 - forecasts.NOMINAL
NOMINAL_RATE = 0.05
#: months on each side of a cut among which a break is searched: changepoint.SEARCH. A test keeps both constants equal to
#: those of transforms/statistics, whose import would load numpy and polars (0.4 s) for every comparison.
SEARCHED_MONTHS = 24
#: donors of a synthetic control that are named; the rest are hinted at
NAMED_DONORS = 3


# -- how a row is read -----------------------------------------------------------------------------------------------


def before_after_result(row: RptBeforeAfter) -> MethodResult:
    """A comparison as the first of the methods; `row`: of the report or of the macro before_after."""
    return MethodResult(
        "before_after",
        difference=difference_of(row),
        scale=row["scale"],
        rank=row["placebo_rank"],
        verdict=row["verdict"],
        note=row["reason"],
    )


def _difference_in_differences(row: RptDifferenceInDifferences) -> MethodResult:
    return MethodResult(
        "difference_in_differences",
        variant=row["control_set_id"],
        difference=row["did"],
        scale="log",
        rank=row["placebo_rank"],
        verdict=row["verdict"],
        note=row["reason"],
    )


def _counterfactual(row: RptCounterfactualEffect) -> MethodResult:
    """The range is the calibrated one. The row itself says how often it missed what came at dates without an event."""
    notes = [row["reason"]] if row["reason"] else []
    if row["outside_calibrated"] is not None:
        side = "outside" if row["outside_calibrated"] else "inside"
        notes.append(f"{side} the range that holds what comes at dates without an event")
    covered = row["coverage_measured"]
    return MethodResult(
        "counterfactual",
        variant=row["model"],
        difference=row["effect"],
        scale=row["scale"],
        lower=row["lower95_calibrated"],
        upper=row["upper95_calibrated"],
        false_alarm_rate=None if covered is None else 1 - covered,
        nominal_rate=None if covered is None else NOMINAL_RATE,
        n_pseudo_events=None if covered is None else row["n_origins"],
        note="; ".join(notes) or None,
    )


def _interrupted_time_series(row: RptInterruptedTimeSeries) -> MethodResult:
    """The step at the cut by generalised least squares. Its p-value stays in the table: it errs too often to be shown."""
    if row["level_change"] is None:
        return MethodResult("interrupted_time_series", scale=row["scale"], note=row["reason"])
    notes = [f"step at the cut from the line of before, {row['n_months']} months, AR({row['ar_order']})"]
    if row["effect_12"] is not None:
        after = percent(row["effect_12"]) if row["scale"] == "log" else number(row["effect_12"], sign=True)
        notes.append(f"12 months on {after}")
    notes.append(f"{row['joint_events']} other steps in them")
    return MethodResult(
        "interrupted_time_series",
        difference=row["level_change"],
        scale=row["scale"],
        # the row has a rate also for a series with too few dates of its own: that of all series together
        false_alarm_rate=row["false_alarm_rate"],
        nominal_rate=None if row["false_alarm_rate"] is None else NOMINAL_RATE,
        note="; ".join(notes),
    )


def _synthetic_control(row: RptSyntheticControl) -> MethodResult:
    donors = [
        f"{donor} {weight:.2f}"
        for donor, weight in zip(row["donors"] or [], row["weights"] or [], strict=False)
    ]
    notes = [row["reason"]] if row["reason"] else []
    if row["mean_gap"] is not None:
        named = ", ".join(donors[:NAMED_DONORS]) + (" ..." if len(donors) > NAMED_DONORS else "")
        notes.append(f"gap of the 12 months after to {named}")
    if row["rank"] is not None:
        notes.append(f"rank among {row['n_donors']} partners, at least {row['rank_floor']:.3f}")
    return MethodResult(
        "synthetic_control",
        variant=row["donor_pool_id"],
        difference=row["mean_gap"],
        scale="log",
        # where the donors do not follow the months before, the rank of the months after says nothing
        rank=row["rank"] if row["gate_passed"] else None,
        note="; ".join(notes) or None,
    )


def _change_point(row: RptChangePoint) -> MethodResult:
    notes = [row["reason"]] if row["reason"] else []
    away = row["months_from_cut"]
    if row["best_break_month"] is not None and away is not None:
        where = (
            "at the cut" if away == 0 else f"{abs(away)} months {'after' if away > 0 else 'before'} the cut"
        )
        notes.insert(
            0, f"clearest break within {SEARCHED_MONTHS} months is {month(row['best_break_month'])}, {where}"
        )
    return MethodResult(
        "change_point",
        difference=row["break_size"],
        scale=row["scale"],
        rank=row["placebo_rank"],
        note="; ".join(notes) or None,
    )


# -- the table -------------------------------------------------------------------------------------------------------

_REASON = Column("reason", "Reason", Shown.TEXT)
_VERDICT = Column("verdict", "Verdict", Shown.VERDICT)
_RANK = (
    Column("placebo_rank", "Placebo rank", Shown.SHARE),
    Column("n_placebo", "Other dates", Shown.COUNT),
)

AnyMethod = (
    Method[RptBeforeAfter]
    | Method[RptDifferenceInDifferences]
    | Method[RptCounterfactualEffect]
    | Method[RptInterruptedTimeSeries]
    | Method[RptSyntheticControl]
    | Method[RptChangePoint]
)
#: the methods by the name that a person asks for (`headway compare --method`), in the order in which they are shown
METHODS: Mapping[str, AnyMethod] = {
    "before_after": Method(
        title="Before and after",
        assumption="It describes two periods; everything that differs between them is in the number.",
        row=RptBeforeAfter,
        estimate="pre_mean",
        result_of=before_after_result,
        calibrated_as=["placebo_rank_calibrated"],
        windowed=True,
    ),
    "difference_in_differences": Method(
        title="Less declared controls",
        assumption="The difference belongs to the event only if series and controls would have moved together, and the "
        "controls are not themselves affected.",
        row=RptDifferenceInDifferences,
        estimate="did",
        result_of=_difference_in_differences,
        calibrated_as=["difference_in_differences_rank_calibrated", "difference_in_differences_calibrated"],
        series_column="treated_series_id",
        variant="control_set_id",
        calibrated_by_variant=True,
        windowed=True,
        columns=(
            Column("control_set_id", "Controls", Shown.NAME),
            Column("d_log_treated", "Series", Shown.DIFFERENCE),
            Column("d_log_control", "Controls", Shown.DIFFERENCE),
            Column("did", "Difference", Shown.DIFFERENCE),
            Column("pretrend_ratio", "Earlier drift / difference", Shown.SHARE),
            *_RANK,
            Column("mde95", "Usual, ±", Shown.DIFFERENCE),
            _VERDICT,
            _REASON,
        ),
    ),
    "counterfactual": Method(
        title="Against a forecast from the months before",
        assumption="The forecast assumes that the series would have gone on as its model says. The calibrated interval is "
        "as wide as it had to be at dates without an event; where there are too few of them, it is withheld.",
        row=RptCounterfactualEffect,
        estimate="effect",
        result_of=_counterfactual,
        calibrated_as=[],
        variant="model",
        windowed=True,
        columns=(
            Column("model", "Model", Shown.MODEL),
            Column("expected_mean", "Expected", Shown.VALUE),
            Column("actual_mean", "Came", Shown.VALUE),
            Column("effect", "Difference", Shown.DIFFERENCE),
            Column("lower95_calibrated", "Calibrated 95 % from", Shown.DIFFERENCE),
            Column("upper95_calibrated", "to", Shown.DIFFERENCE),
            Column("coverage_measured", "Coverage measured", Shown.SHARE),
            Column("n_origins", "Trial dates", Shown.COUNT),
            Column("outside_calibrated", "Outside", Shown.YES_OR_NO),
            _REASON,
        ),
    ),
    "interrupted_time_series": Method(
        title="Interrupted time series",
        assumption="A line with seasons, episodes and the other clusters of events, broken at the cut. It calls dates "
        "without an event unusual as often as its false-alarm rate says.",
        row=RptInterruptedTimeSeries,
        estimate="level_change",
        result_of=_interrupted_time_series,
        calibrated_as=["its_gls"],
        columns=(
            Column("level_change", "Step", Shown.DIFFERENCE),
            Column("effect_12", "After 12 months", Shown.DIFFERENCE),
            Column("n_months", "Months used", Shown.COUNT),
            Column("ar_order", "AR order", Shown.COUNT),
            Column("joint_events", "Other steps", Shown.COUNT),
            Column("false_alarm_rate", "False alarms", Shown.SHARE),
            _REASON,
        ),
    ),
    "synthetic_control": Method(
        title="Synthetic control",
        assumption="A weighted mean of series that the event did not reach, fitted to follow this one before it. Where it "
        "does not follow, the rank says nothing.",
        row=RptSyntheticControl,
        estimate="mean_gap",
        result_of=_synthetic_control,
        calibrated_as=["synthetic_control"],
        variant="donor_pool_id",
        columns=(
            Column("donors", "Made of", Shown.DONORS),
            Column("mean_gap", "Difference", Shown.DIFFERENCE),
            Column("misfit", "Misfit before", Shown.SHARE),
            Column("rmspe_ratio", "Error after / before", Shown.SHARE),
            Column("rank", "Rank", Shown.SHARE),
            Column("rank_floor", "Least possible", Shown.SHARE),
            Column("gate_passed", "Follows", Shown.YES_OR_NO),
            _REASON,
        ),
    ),
    "change_point": Method(
        title="Where it broke, were it asked to name one month",
        assumption=f"The clearest of {2 * SEARCHED_MONTHS + 1} months around the cut: large by construction, and ranked among "
        "windows without an event.",
        row=RptChangePoint,
        estimate="break_size",
        result_of=_change_point,
        calibrated_as=["change_point"],
        columns=(
            Column("best_break_month", "Month", Shown.MONTH),
            Column("months_from_cut", "Months from the cut", Shown.COUNT),
            Column("break_size", "Size", Shown.DIFFERENCE),
            *_RANK,
            _REASON,
        ),
    ),
}
#: the methods beside the comparison itself
FURTHER: Mapping[str, AnyMethod] = {
    name: method for name, method in METHODS.items() if name != "before_after"
}
