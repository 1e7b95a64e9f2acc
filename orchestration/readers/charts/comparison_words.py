"""What the picture of a comparison says beside its marks: title, unit, notes on the marks, and the picture in sentences.

Belongs here: those texts, from the very rows that are drawn. Does not belong here: marks (comparison.py), the paragraph of
a comparison (readers/comparison/sentences.py), formats of numbers (readers/wording.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from orchestration.readers.charts.theme import Words, result_source, unit_line
from orchestration.readers.rows import DimEpisode, DimEvent, DimSeries, RptBeforeAfter
from orchestration.readers.wording import day, month, number, percent, verdict


def comparison_words(
    result: RptBeforeAfter,
    series: DimSeries,
    event: DimEvent | None,
    *,
    agency: str,
    points: pl.DataFrame,
    expected: pl.DataFrame,
    n_ticks: int,
    episodes: Sequence[DimEpisode],
    shown: tuple[dt.date, dt.date],
    cut_off: bool,
    left_out: bool,
) -> Words:
    """The words of the picture.

    points: the months drawn, with is_preliminary; expected: the path drawn (lower, upper), empty without one; n_ticks: how
    many other events are marked; shown: first and last month; cut_off: whether the band of the path goes beyond the
    picture; left_out: whether a gap is drawn.
    """
    return Words(
        title=_title(result, series, event),
        subtitle=_subtitle(result, series),
        notes=_notes(points, n_ticks, episodes, expected, cut_off, left_out, result.get("months_left_out")),
        source=result_source(agency, result),
        description=_description(result, series, event, n_ticks, episodes, shown),
    )


def _title(result: RptBeforeAfter, series: DimSeries, event: DimEvent | None) -> str:
    what = event["title"] if event else month(result["cut_month"])
    return f"{series['title']}, {result['window_months']} months before and after: {what}"


def _subtitle(result: RptBeforeAfter, series: DimSeries) -> list[str]:
    lines = [unit_line(series)]
    log_points, units = result.get("d_log"), result.get("d_level")
    if log_points is not None:
        lines.append(f"After differs from before by {percent(log_points)} (means of logarithms)")
    elif units is not None:
        lines.append(f"After differs from before by {number(units, sign=True)}")
    if result.get("verdict"):
        lines[-1] += f": {verdict(result['verdict'])}" if len(lines) > 1 else ""
    return lines


def _notes(
    points: pl.DataFrame,
    n_ticks: int,
    episodes: Sequence[DimEpisode],
    expected: pl.DataFrame,
    cut_off: bool,
    left_out: bool,
    unpaired: Sequence[str] | None,
) -> list[str]:
    sentences = ["Horizontal lines: means of the windows."]
    if expected.height:
        band = "" if expected["lower"].is_null().all() else ", with its calibrated 95 % band"
        beyond = " (it goes beyond the picture)" if cut_off else ""
        sentences.append(f"Dashed: expected from the months before{band}{beyond}.")
    if left_out:
        sentences.append("Grey band: months left out.")
    if unpaired:
        sentences.append(f"In neither mean, as one of each pair has no value: {', '.join(sorted(unpaired))}.")
    if episodes:
        sentences.append(f"Sand band: {', '.join(sorted(e['title'] for e in episodes))}.")
    if n_ticks:
        sentences.append(f"Ticks: {_counted(n_ticks, 'other event')} in the months shown.")
    if points["is_preliminary"].any():
        sentences.append("Hollow dots: preliminary.")
    return [" ".join(sentences)]


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _description(
    result: RptBeforeAfter,
    series: DimSeries,
    event: DimEvent | None,
    n_ticks: int,
    episodes: Sequence[DimEpisode],
    shown: tuple[dt.date, dt.date],
) -> str:
    first, last = map(month, shown)
    parts = [f"Line chart of {series['title']}, {unit_line(series)}, {first} to {last}."]
    for name, mean, start, end in (
        ("before", result.get("pre_mean"), result["pre_start"], result["pre_end"]),
        ("after", result.get("post_mean"), result["post_start"], result["post_end"]),
    ):
        if mean is not None:
            parts.append(f"Mean {name} the cut ({month(start)} to {month(end)}): {number(mean)}.")
    at = f"{event['title']}, {day(event['event_date'])}" if event else month(result["cut_month"])
    parts.append(f"The cut is at {month(result['cut_month'])} ({at}).")
    if (log_points := result.get("d_log")) is not None:
        parts.append(f"The means of the logarithms differ by {percent(log_points)}.")
    if n_ticks:
        parts.append(f"Also marked: {_counted(n_ticks, 'other event')}.")
    if episodes:
        parts.append("Unusual months: " + "; ".join(sorted(e["title"] for e in episodes)) + ".")
    return " ".join(parts)
