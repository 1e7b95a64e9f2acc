"""What happened after a date, beside what a model expected from the months before it.

Belongs here: comparing forecasts with the actual values, at events and at dates without one; calibrating their intervals.
Does not belong here: the models (drift_month.py, local_linear_trend.py), the formula of the scale (conformal.py).

A cut divides the months as everywhere in the warehouse: with gap g and window w the forecast knows the months up to
cut - g - 1 and is compared over [cut, cut + w - 1]. A cut is an origin for calibration when no confounding episode touches
the w months before the gap, the gap or the w months after the cut, it is not before FIRST_ORIGIN, and no act that reaches
the series has its cut less than w months away. Single months ahead are calibrated each by itself, among the origins of the smallest window that holds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.statistics.conformal import calibrate
from transforms.statistics.forecasts import (
    GAP_WINDOWS,
    GAPS,
    NOMINAL,
    OWN_MONTH_GAP,
    WINDOWS,
    Floats,
)

REASON_HOLE = "a month of the window has no usable value"

#: The gap at which the forecast of each month is kept, and calibrated. It is only drawn, and a second gap would nearly double the
#: origins' rows. The path that leaves out an event's own month is the one from that month on, less its first month: the same origin
#: and the same number of steps ahead, so that it needs no calibration of its own.
PATH_GAP = 0

#: the first month that may be a date without an event: with older ones 5 % of alarms over all dates hide 8.4 % before 1985
FIRST_ORIGIN = np.datetime64("1985-01", "M")

#: months between the keys of two series, so that an act of one is near no cut of another (month numbers are below 2^20)
_APART = 1 << 20

#: One row for each model, series, cut, gap and span. span is "window" (the mean over the first `months` after the cut) or
#: "month" (the `months`-th month after it). actual, expected and the nominal half_width are on the model's scale.
COMPARED = {
    "series_id": pl.String,
    "cut_month": pl.Date,
    "gap_months": pl.Int32,
    "span": pl.String,
    "months": pl.Int32,
    "train_start": pl.Date,
    "train_end": pl.Date,
    "n_train": pl.Int32,
    "actual": pl.Float64,
    "expected": pl.Float64,
    "half_width": pl.Float64,
    "n_episode_months": pl.Int32,
    "is_event_cut": pl.Boolean,
    "is_origin": pl.Boolean,
    "reason": pl.String,
}
#: the fields of conformal.Calibration, and the first and last cut of the origins
CALIBRATED = {
    "n_origins": pl.Int32,
    "n_blocks": pl.Int32,
    "inside_nominal": pl.Int32,
    "scale": pl.Float64,
    "inside_calibrated": pl.Int32,
    "error95": pl.Float64,
    "first_cut": pl.Date,
    "last_cut": pl.Date,
}


def ends_needed(
    months: NDArray[np.datetime64],
    event_cuts: Sequence[np.datetime64],
    own_month_cuts: Sequence[np.datetime64],
    act_cuts: Sequence[np.datetime64],
    every: int,
) -> NDArray[np.datetime64]:
    """The last training months for which a slow model is fitted, among the months of a series (in order, datetime64[M]).

    They are those of the events at every gap (at OWN_MONTH_GAP of own_month_cuts only: the cuts of events inside a month) and, for
    calibration, those of every `every`-th calendar month from FIRST_ORIGIN on that is at least the smallest window away from each
    of act_cuts, taken as a cut. act_cuts: of the acts that reach the series. For OWN_MONTH_GAP no dates are added: where `every` is
    3, the origins of the other gaps are those of cuts a month later as well.
    """
    cuts = np.unique(np.asarray(event_cuts, dtype="datetime64[M]"))
    acts = np.unique(np.asarray(act_cuts, dtype="datetime64[M]").astype(np.int64))
    possible = np.arange(max(months[0], FIRST_ORIGIN), months[-1] + 1)
    number = possible.astype(np.int64)
    pseudo = possible[(number % every == 0) & _clear_of(acts, number, min(WINDOWS))]
    other_gaps = np.array([gap for gap in GAPS if gap != OWN_MONTH_GAP])
    own = np.unique(np.asarray(own_month_cuts, dtype="datetime64[M]")) - 1 - OWN_MONTH_GAP
    ends = np.unique(
        np.concatenate([(np.concatenate([cuts, pseudo])[:, None] - 1 - other_gaps).ravel(), own])
    )
    return ends[(ends >= months[0]) & (ends <= months[-1])]


@dataclass(frozen=True)
class _Span:
    """What is compared: months [first, last) after the cut, counted from 0.

    name, months: as in COMPARED; window: decides which cuts are origins; column: of the half width in the forecasts' arrays
    """

    name: str
    months: int
    first: int
    last: int
    window: int
    column: int


def compare(
    forecasts: pl.DataFrame,
    monthly: pl.DataFrame,
    episodes: pl.DataFrame,
    event_cuts: Sequence[np.datetime64],
    own_month_cuts: Sequence[np.datetime64],
    acts: pl.DataFrame,
) -> pl.DataFrame:
    """Forecasts of one model beside the actual values: COMPARED, at the cuts of events and at origins.

    forecasts: SCHEMA of forecasts.py
    monthly:   series_id, period_start, y (on the model's scale, null in a hole), every month of a series in order
    episodes:  series_id, first_month, last_month; event_cuts: months (datetime64)
    own_month_cuts: those of event_cuts at which an event inside a month cuts; only these are compared at OWN_MONTH_GAP, and
               single months are compared from the own months of these events on, too
    acts:      series_id, cut_month: the acts that reach each series, near which there are no origins

    There is no row where the span reaches past the last month of its series. expected and half_width depend on the
    training months only. Raises ValueError for forecasts of a series without months.
    """
    panel = _Panel.of(monthly, episodes)
    cuts, own_cuts = (
        np.unique(np.asarray(of, dtype="datetime64[M]").astype(np.int64))
        for of in (event_cuts, own_month_cuts)
    )
    known_acts = acts.filter(pl.col("series_id").is_in(list(panel.first_row)))
    starts = known_acts["series_id"].replace_strict(panel.first_row, return_dtype=pl.Int64).to_numpy()
    act_keys = np.unique(starts * _APART + _numbers(known_acts["cut_month"]))
    unknown = forecasts.filter(~pl.col("series_id").is_in(list(panel.first_row)))["series_id"]
    if len(unknown):
        raise ValueError(f"forecasts of series that have no months: {sorted(set(unknown))}")
    rows = _Rows.of(forecasts, panel)
    # the arrays are in `rows`: as long again they would lie there twice, unless the caller holds them too
    forecasts = forecasts.select("series_id", "train_start", "train_end", "n_train", "reason")
    parts = [
        _of_span(rows, panel, event_months, act_keys, gap, span)
        for gap in GAPS
        for span in _spans(gap)
        for event_months in [
            np.union1d(cuts, own_cuts - OWN_MONTH_GAP)
            if span.name == "month"
            else own_cuts
            if gap == OWN_MONTH_GAP
            else cuts
        ]
    ]
    del rows  # as long as all that follows, beside which it need not lie
    # in order of series and cut, which the calibration relies on
    start, number = (np.concatenate([part[name] for part in parts]) for name in ("start", "cut_month"))
    order = np.argsort(start.astype(np.int64) * _APART + number, kind="stable")
    columns = {name: np.concatenate([part.pop(name) for part in parts])[order] for name in list(parts[0])}
    del order, start, number
    at, holes = columns.pop("row"), columns.pop("hole")
    made = forecasts["reason"][at]
    return pl.DataFrame(
        {
            "series_id": forecasts["series_id"][at],
            "cut_month": pl.Series(
                columns.pop("cut_month").astype("datetime64[M]").astype("datetime64[D]")
            ).cast(pl.Date),
            "gap_months": columns.pop("gap_months"),
            "span": pl.Series(["window", "month"])[columns.pop("is_month")],
            "months": columns.pop("months"),
            **{name: forecasts[name][at] for name in ("train_start", "train_end", "n_train")},
            **{
                name: pl.Series(columns.pop(name)).fill_nan(None)
                for name in ("actual", "expected", "half_width")
            },
            "n_episode_months": columns.pop("n_episode_months"),
            "is_event_cut": columns.pop("is_event_cut"),
            "is_origin": columns.pop("is_origin"),
            "reason": made.zip_with(made.is_not_null() | ~pl.Series(holes), pl.Series([REASON_HOLE])),
        },
        schema_overrides=COMPARED,
    )


def calibrations(compared: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """CALIBRATED for each series, gap and span of `compared`, and for each value of the columns `by` (the model)."""
    keys = [*by, "series_id", "gap_months", "span", "months"]
    figures = ("cut_month", "actual", "expected", "half_width")
    origins = compared.lazy().filter("is_origin").select(*keys, *figures).collect()
    # rows of a group keep their order, and `compare` puts them in order of the cut
    groups = origins.group_by(keys).agg(*figures).sort(keys)
    cuts = groups["cut_month"]
    month, actual, expected, half_width = (groups[name].explode(empty_as_null=False) for name in figures)
    month_numbers = _numbers(month)
    first = np.cumsum(np.append(0, cuts.list.len().to_numpy()))[:-1].astype(np.int64)
    window = np.array([_window(months) for months in groups["months"]], dtype=np.int64)
    found = calibrate(
        (actual - expected).to_numpy(), half_width.to_numpy(), month_numbers, first, window, NOMINAL
    )
    measured = {
        name: pl.Series(name, getattr(found, name), dtype=CALIBRATED[name])
        for name in ("n_origins", "n_blocks", "inside_nominal", "scale", "inside_calibrated", "error95")
    }
    enough = pl.Series(found.enough)
    return groups.select(
        *keys,
        *(
            pl.when(enough).then(values).alias(name)
            if name in ("scale", "inside_calibrated", "error95")
            else values
            for name, values in measured.items()
        ),
        first_cut=cuts.list.first(),
        last_cut=cuts.list.last(),
    )


@dataclass(frozen=True)
class _Panel:
    """The months of all series, one series after the other.

    first_row, end: of each series, the end exclusive; months: month number of each row
    sums, holes, episodes: running sums, starting with 0, of the values, of months without a value and of months that an
                           episode touches; the sums of values begin anew with each series
    """

    first_row: dict[str, int]
    end: dict[str, int]
    months: NDArray[np.int64]
    sums: Floats
    holes: NDArray[np.int64]
    episodes: NDArray[np.int64]

    @classmethod
    def of(cls, monthly: pl.DataFrame, episodes: pl.DataFrame) -> _Panel:
        ordered = monthly.sort("series_id", "period_start", maintain_order=True)
        months, values = _numbers(ordered["period_start"]), ordered["y"].cast(pl.Float64).to_numpy()
        ids = ordered["series_id"]
        lengths = ids.rle().struct.unnest()
        ends = lengths["len"].cum_sum().to_list()
        firsts = [0, *ends[:-1]]
        names = lengths["value"].to_list()
        first_row = dict(zip(names, firsts, strict=True))
        marked = np.zeros(len(months), dtype=np.int64)
        for series_id, first, last in zip(
            episodes["series_id"],
            _numbers(episodes["first_month"]),
            _numbers(episodes["last_month"]),
            strict=True,
        ):
            if series_id in first_row:
                start, end = first_row[series_id], ends[names.index(series_id)]
                marked[start:end][(months[start:end] >= first) & (months[start:end] <= last)] = 1
        has_value = np.isfinite(values)
        sums = np.zeros(len(values) + 1)
        for start, end in zip(firsts, ends, strict=True):
            # each series starts from zero: beside a sum of billions of dollars the next series' logarithms would lose digits
            sums[start + 1 : end + 1] = np.cumsum(np.where(has_value[start:end], values[start:end], 0.0))
        return cls(
            first_row,
            dict(zip(names, ends, strict=True)),
            months,
            sums,
            _running(~has_value),
            _running(marked),
        )

    def total(self, first: NDArray[np.int64], last: NDArray[np.int64], start: NDArray[np.int64]) -> Floats:
        """Sums of values over the rows [first, last) of series that begin at the rows `start`."""
        return self.sums[last] - np.where(first > start, self.sums[first], 0.0)


@dataclass(frozen=True)
class _Rows:
    """Forecasts as arrays, a place or a row each.

    start, end: rows of the panel at which the series begins and ends; month: number of the last training month; made: whether
    there is a forecast; expected: running sums over the months ahead, starting with 0 (forecasts, STEPS + 1), and half_width
    and window_half_width as in forecasts.py, NaN where no forecast was made
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    month: NDArray[np.int64]
    made: NDArray[np.bool_]
    expected: Floats
    half_width: Floats
    window_half_width: Floats

    @classmethod
    def of(cls, forecasts: pl.DataFrame, panel: _Panel) -> _Rows:
        made = forecasts["reason"].is_null().to_numpy()
        path = _filled(forecasts["expected"], made)
        sums = np.zeros((len(path), path.shape[1] + 1))
        np.cumsum(path, axis=1, out=sums[:, 1:])
        return cls(
            forecasts["series_id"].replace_strict(panel.first_row, return_dtype=pl.Int64).to_numpy(),
            forecasts["series_id"].replace_strict(panel.end, return_dtype=pl.Int64).to_numpy(),
            _numbers(forecasts["train_end"]),
            made,
            sums,
            _filled(forecasts["half_width"], made),
            _filled(forecasts["window_half_width"], made),
        )


def _of_span(
    rows: _Rows,
    panel: _Panel,
    event_cuts: NDArray[np.int64],
    act_keys: NDArray[np.int64],
    gap: int,
    span: _Span,
) -> dict[str, np.ndarray]:
    """What COMPARED says of all forecasts at one gap and span, as arrays: for each row, its forecast (`row`), where its
    series starts in the panel (`start`), and its numbers. cut, before and after are rows of the panel.

    act_keys: _APART times the first row of the series, plus the month, of each act that reaches it, in order.
    """
    number = rows.month + gap + 1
    cut = rows.start + number - panel.months[rows.start]
    before, after = cut - gap - span.window, cut + span.window
    whole = (before >= rows.start) & (after <= rows.end)
    inside = cut + span.last <= rows.end
    is_event = np.isin(number, event_cuts) & inside
    is_quiet = (number >= FIRST_ORIGIN.astype(np.int64)) & _clear_of(
        act_keys, rows.start * _APART + number, span.window
    )
    is_calm = inside & whole & rows.made & is_quiet
    possible = np.flatnonzero(is_event | is_calm)
    cut = cut[possible]
    hole = panel.holes[cut + span.last] > panel.holes[cut + span.first]
    last, first = np.minimum(after, rows.end)[possible], np.maximum(before, rows.start)[possible]
    touched = panel.episodes[last] - panel.episodes[first]
    is_event, is_origin = is_event[possible], is_calm[possible] & (touched == 0) & ~hole
    kept = np.flatnonzero(is_event | is_origin)
    at, cut, hole = possible[kept], cut[kept], hole[kept]
    start = rows.start[at]
    length = span.last - span.first
    actual = panel.total(cut + span.first, cut + span.last, start) / length
    total = rows.expected[at, gap + span.last] - rows.expected[at, gap + span.first]
    is_window = span.name == "window"
    return {
        "row": at.astype(np.int32),
        "start": start.astype(np.int32),
        "cut_month": number[at].astype(np.int32),
        "gap_months": np.full(len(at), gap, dtype=np.int8),
        "is_month": np.full(len(at), not is_window, dtype=np.int8),
        "months": np.full(len(at), span.months, dtype=np.int8),
        "actual": np.where(hole, np.nan, actual),
        "expected": total / length,
        "half_width": (rows.window_half_width if is_window else rows.half_width)[at, span.column],
        "n_episode_months": touched[kept].astype(np.int16),
        "is_event_cut": is_event[kept],
        "is_origin": is_origin[kept],
        "hole": hole,
    }


def _spans(gap: int) -> Iterator[_Span]:
    """What is compared at a gap: every window and, at PATH_GAP, every month ahead."""
    for window in WINDOWS:
        yield _Span("window", window, 0, window, window, GAP_WINDOWS.index((gap, window)))
    if gap == PATH_GAP:
        for month in range(1, max(WINDOWS) + 1):
            yield _Span("month", month, month - 1, month, _window(month), gap + month - 1)


def _window(months: int) -> int:
    """The smallest window that holds the given month after the cut."""
    return min(window for window in WINDOWS if window >= months)


def _clear_of(events: NDArray[np.int64], cut: NDArray[np.int64], window: int) -> NDArray[np.bool_]:
    """Of each cut, whether no act has its cut less than `window` months away; `events` are sorted numbers of the same kind."""
    following = np.searchsorted(events, cut - window, side="right")
    nearest = np.append(events, np.iinfo(np.int64).max)[following]
    return nearest >= cut + window


def _running(values: NDArray[np.bool_] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Running sums that start with 0, so that the sum over the rows [a, b) is the difference of two of them."""
    return np.concatenate([[0], np.cumsum(values)])


def _filled(arrays: pl.Series, made: NDArray[np.bool_]) -> Floats:
    """The arrays of a column as one block, with rows of NaN where no forecast was made."""
    assert isinstance(arrays.dtype, pl.Array)  # a column of forecasts.SCHEMA
    block = np.full((len(arrays), arrays.dtype.shape[0]), np.nan)
    if made.any():
        block[made] = arrays.filter(pl.Series(made)).to_numpy()
    return block


def _numbers(days: pl.Series) -> NDArray[np.int64]:
    """Months of days as numpy counts them: from January 1970."""
    return days.cast(pl.Date).to_numpy().astype("datetime64[M]").astype(np.int64)
