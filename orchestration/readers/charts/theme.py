"""One look for every chart: colours for light and dark, type, and the words each chart must carry.

Belongs here: palettes, the Vega-Lite config, title, unit, source line and text alternative.
Does not belong here: what a chart shows (comparison.py), files and pages (render.py).
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Literal, TypeVar

import altair as alt

from orchestration.readers.rows import DimSeries, RptBeforeAfter
from orchestration.readers.wording import ADJUSTMENTS, unit

Mode = Literal["light", "dark"]
Width = int | Literal["container"]
#: a Vega-Lite specification, or a part of one, as Altair writes it: JSON whose shape is Vega-Lite's to define
Spec = dict[str, Any]
Chart = TypeVar("Chart", alt.Chart, alt.LayerChart)

#: rows of data in one chart, all layers together: more is slow in a browser and unreadable in a picture
MAX_ROWS = 5_000
#: a picture for a page or a slide; at 400 px (a telephone) everything still has to be readable
DEFAULT_WIDTH, DEFAULT_HEIGHT = 720, 340
#: a line under a figure
SPARK_HEIGHT = 56
#: the smallest text; 12 px is what browsers' accessibility checks take as small print
FONT_SIZE = 12
#: Liberation Sans comes with vl-convert and is as wide as Arial: pictures are the same on every machine
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
#: mean width of a letter, in parts of the font size (Liberation Sans, English text: 0.50; bold 0.55)
LETTER = 0.52
#: of a title, which is bold: where a reader has none of the fonts, DejaVu Sans Bold takes its place, and a title that is wider
#: than its picture is cut
TITLE_LETTER = 0.66


class ChartError(ValueError):
    """The data given to a chart cannot be drawn; the message says what and why."""


@dataclass(frozen=True)
class Colours:
    """What is drawn in which colour.

    series, before, after, expected, event, accent are Okabe and Ito's colours (distinguishable with red-green blindness),
    lightened in the dark, and the vermilion of `after` darkened on white (#d55e00 has 3.9 : 1 there, too little for its
    label). Text has a contrast of at least 4.5 : 1 to the background, lines at least 3 : 1.
    No two entries of one palette are equal, so that a chart can be recoloured (`recoloured`).
    """

    background: str
    ink: str
    muted: str
    grid: str
    axis: str
    series: str
    before: str
    after: str
    expected: str
    event: str
    accent: str
    episode: str
    gap: str


LIGHT = Colours(
    background="#ffffff",
    ink="#1b1b1b",
    muted="#595959",
    grid="#e6e6e6",
    axis="#9a9a9a",
    series="#3d3d3d",
    before="#0072b2",
    after="#b84f00",
    expected="#007a5a",
    event="#b0487f",
    accent="#8a6d00",
    episode="#e9dcb2",
    gap="#d9d9d9",
)
DARK = Colours(
    background="#14171c",
    ink="#f2f2f2",
    muted="#b4b8be",
    grid="#2c3138",
    axis="#6f757d",
    series="#d7dade",
    before="#56b4e9",
    after="#ff9a52",
    expected="#35c79d",
    event="#e79fc6",
    accent="#f0d442",
    episode="#4a4222",
    gap="#3b4048",
)
#: for lines of several series: Okabe and Ito's order without yellow, which is too pale on white
CATEGORIES: Mapping[Mode, tuple[str, ...]] = {
    "light": ("#0072b2", "#b84f00", "#007a5a", "#b0487f", "#8a6d00", "#3a86c8", "#3d3d3d"),
    "dark": ("#56b4e9", "#ff9a52", "#35c79d", "#e79fc6", "#f0d442", "#9ad0f2", "#d7dade"),
}


def colours(mode: Mode) -> Colours:
    """The palette of a mode. Raises ChartError for anything but light and dark."""
    if mode not in ("light", "dark"):
        raise ChartError(f"there is no theme '{mode}'; there are light and dark")
    return LIGHT if mode == "light" else DARK


def config(mode: Mode) -> Spec:
    """The Vega-Lite config of a mode, for `chart.configure(**config(mode))`."""
    c = colours(mode)
    text = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": FONT_SIZE, "titleFontSize": FONT_SIZE}
    return {
        "background": c.background,
        "font": FONT,
        "padding": {"left": 4, "top": 8, "right": 12, "bottom": 4},
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "group",
            "align": "left",
            "color": c.ink,
            "subtitleColor": c.muted,
            "fontSize": 16,
            "subtitleFontSize": 13,
            "subtitleLineHeight": 17,
            "lineHeight": 20,
            "subtitlePadding": 6,
            "offset": 10,
            "font": FONT,
            "subtitleFont": FONT,
        },
        "axis": {
            **text,
            "labelColor": c.muted,
            "titleColor": c.muted,
            "titleFontWeight": "normal",
            "gridColor": c.grid,
            "domainColor": c.axis,
            "tickColor": c.axis,
            "labelOverlap": True,
        },
        "legend": {
            **text,
            "labelColor": c.ink,
            "titleColor": c.muted,
            "orient": "top",
            "titleFontWeight": "normal",
            "labelLimit": 260,
            "columns": 2,
        },
        "header": {**text, "labelColor": c.ink, "titleColor": c.muted},
        "range": {"category": list(CATEGORIES[mode])},
    }


@dataclass(frozen=True)
class Words:
    """What every chart says beside its figures.

    title: what is shown; subtitle: lines, the first with unit and seasonal adjustment; source: agency and as-of date;
    notes: what marks mean; description: the chart in a sentence or two for those who do not see it.
    """

    title: str
    subtitle: Sequence[str]
    source: str
    description: str
    notes: Sequence[str] = ()


def dressed(
    chart: Chart,
    words: Words,
    *,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
    x_title: str | None = None,
) -> Chart:
    """`chart` with its words, sizes and theme. The source line stands below the axis, where a copied picture keeps it.

    `x_title` names the axis, when it is not one of dates. With width "container" (pages that wrap their own text) the
    text is broken for DEFAULT_WIDTH; such pages take it from `usermeta` instead (render.py).
    Raises ChartError if a text is missing.
    """
    for name in ("title", "source", "description"):
        if not getattr(words, name).strip():
            raise ChartError(f"a chart needs a {name}")
    if not words.subtitle or not words.subtitle[0].strip():
        raise ChartError("a chart needs a subtitle with unit and seasonal adjustment")
    measure = DEFAULT_WIDTH if width == "container" else width
    # of the axis, so that it moves with it; the outer margin of the y axis (about 60 px) is free for text as well
    foot: list[str] = [x_title] if x_title else []
    for text in (*words.notes, words.source):
        foot += wrapped(text, measure, FONT_SIZE)
    layers = chart.layer if isinstance(chart, alt.LayerChart) else [chart]
    _name_axis([layer for layer in layers if isinstance(layer, alt.Chart)], foot)
    title = alt.TitleParams(
        text=wrapped(words.title, measure, 16, TITLE_LETTER),
        subtitle=[line for text in words.subtitle for line in wrapped(text, measure, 13)],
    )
    complete = chart.properties(
        title=title,
        width=width,
        height=height,
        description=words.description,
        usermeta={
            "headway": {
                "title": words.title,
                "subtitle": list(words.subtitle),
                "notes": list(words.notes),
                "source": words.source,
                "x_title": x_title,
            },
            "embedOptions": {"actions": False, "renderer": "svg"},
        },
    )
    return complete.configure(**config(mode))


def _name_axis(layers: Sequence[alt.Chart], text: Sequence[str]) -> None:
    """The layer that describes its x axis gets `text` as its title; what is explicit wins over the field names of others."""
    for layer in layers:
        x = getattr(layer.encoding, "x", alt.Undefined)
        if isinstance(x, alt.X) and isinstance(x["axis"], alt.Axis):
            axis = x["axis"].to_dict()
            axis |= {"title": list(text), "titleAnchor": "start", "titleAlign": "left", "titlePadding": 12}
            x["axis"] = alt.Axis(**axis)
            return
    raise ChartError("a chart needs a described x axis")


def wrapped(text: str, width: float, font_size: float, letter: float = LETTER) -> list[str]:
    """`text` in lines of about `width` px: Vega does not break lines by itself. letter: mean width, in parts of the font size."""
    return textwrap.wrap(text, max(12, int(width / (font_size * letter))), break_long_words=False) or [""]


def source_line(agency: str, as_of: dt.date | str | None, *, first_release: bool = False) -> str:
    """'Source: US Bureau of Labor Statistics; figures as known on 2026-10-10; compiled by Headway'."""
    day = as_of.strftime("%Y-%m-%d") if isinstance(as_of, dt.date) else as_of
    known = "each month as first released" if first_release else "figures" if day else "latest figures"
    if day:
        known += f", known on {day}" if first_release else f" as known on {day}"
    return f"Source: {agency}; {known}; compiled by Headway"


def result_source(agency: str, result: RptBeforeAfter) -> str:
    """The source line of a row with the columns of rpt_before_after."""
    return source_line(
        agency, result.get("as_of"), first_release=result.get("as_of_basis") == "first_release"
    )


def unit_line(series: DimSeries) -> str:
    """'million USD, monthly, not seasonally adjusted' of a row of dim_series."""
    parts = [unit(series), series.get("frequency"), adjustment(series)]
    return ", ".join(part for part in parts if part)


def adjustment(series: DimSeries) -> str:
    """'not seasonally adjusted' of a row of dim_series."""
    code = series.get("seasonal_adjustment")
    return ADJUSTMENTS.get(code, code) if code else "seasonal adjustment unknown"


def within_limit(*lengths: int) -> None:
    """Raises ChartError if the frames of a chart have more than MAX_ROWS rows together."""
    if sum(lengths) > MAX_ROWS:
        raise ChartError(
            f"{sum(lengths):,} rows are too many for one chart (at most {MAX_ROWS:,}); show fewer months or groups"
        )


def recoloured(spec: Spec, mode: Mode) -> Spec:
    """A specification of either mode in the colours of `mode`."""
    other = DARK if mode == "light" else LIGHT
    swap = dict(zip(astuple(other), astuple(colours(mode)), strict=True))
    pairs = zip(CATEGORIES["dark" if mode == "light" else "light"], CATEGORIES[mode], strict=True)
    swap |= {old: new for old, new in pairs if old not in swap}
    recoloured_spec: Spec = _swapped(spec, swap)
    return recoloured_spec


def _swapped(value: Any, swap: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        # data are not touched: they hold titles and numbers, and none of our colours
        return {k: v if k in ("datasets", "data") else _swapped(v, swap) for k, v in value.items()}
    if isinstance(value, list):
        return [_swapped(v, swap) for v in value]
    return swap.get(value, value) if isinstance(value, str) else value
