"""The pictures of a comparison: which rows of a release they show, for command line, reports and dashboard alike.

Belongs here: the statements behind a picture, and giving their rows to the chart. Does not belong here: how they are drawn
(readers/charts/), the comparison itself (compare.py), which of them a page shows and where.
Altair and polars are imported inside the functions: a comparison without a picture does not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.duck import frame_of
from orchestration.base.errors import UsageError
from orchestration.readers.comparison.answer import Answer
from orchestration.readers.comparison.compare import Comparison, events_between
from orchestration.readers.comparison.sentences import OtherEvent
from orchestration.readers.release_file import Query, has_macro, has_table, read
from orchestration.readers.rows import DimPanelFamily, RptPanelExposure

if TYPE_CHECKING:
    import altair as alt
    import duckdb
    import polars as pl

    from orchestration.readers.charts.theme import Mode, Width

#: the model of rpt_counterfactual that is drawn where nobody picks one: the one made for every series
MODEL = "arima_110_drift_month"

# -- the rows --------------------------------------------------------------------------------------------------------

_AS_PUBLISHED = """
    select period_start, value, coalesce(status = 'preliminary', false) as is_preliminary, status, known_from
    from {relation} where series_id = $series order by period_start"""
_FIRST_RELEASED = """
    select period_start, first_value as value, false as is_preliminary, first_known_from as known_from
    from rpt_revision semi join (from fct_observation where is_first_release) as held using (series_id, period_start)
    where series_id = $series order by period_start"""
_EXPECTED = """
    select month, actual, expected, lower95_calibrated, upper95_calibrated from rpt_counterfactual
    where event_id = $event and series_id = $series and model = $model and gap_months = $gap
        and month between $first and $last
    order by month"""

_PANEL_RUN = "where family_id = $family and panel_id = $panel and is_primary and weighting = 'none'"
_PANEL_PATH = "select * from rpt_panel_lead_lag where family_id = $family and panel_id = $panel order by all"
#: whose figures panels of goods are made of
PANEL_SOURCE = "census"


def observed(comparison: Comparison) -> Query:
    """The figures of the vintage that was compared: latest, of a day, or each month as first released.

    Rows: period_start, value, is_preliminary, known_from and, but for first releases, status.
    """
    series = {"series": comparison.series["series_id"]}
    if comparison.result["as_of_basis"] == "first_release":
        return Query(_FIRST_RELEASED, series)
    if comparison.on_date is not None:
        sql = _AS_PUBLISHED.format(relation="as_of($on_date)")
        return Query(sql, {**series, "on_date": comparison.on_date})
    return Query(_AS_PUBLISHED.format(relation="fct_observation"), series)


def expected(comparison: Comparison, model: str = MODEL) -> Query | None:
    """What `model` expected of the months after, from those before; None for a bare date and for earlier figures, because
    rpt_counterfactual holds events and latest figures only. Rows: month, actual, expected and the calibrated band."""
    result = comparison.result
    if comparison.event is None or comparison.on_date is not None or result["as_of_basis"] != "latest":
        return None
    return Query(
        _EXPECTED,
        {
            "event": comparison.event["event_id"],
            "series": comparison.series["series_id"],
            "model": model,
            "gap": result["gap_months"],
            "first": result["post_start"],
            "last": result["post_end"],
        },
    )


def panel_of(answer: Answer) -> tuple[str, str] | None:
    """Family and panel of the panel of goods that answers a question, with which its variant begins; None for other designs."""
    if answer.row["design"] != "panel":
        return None
    family_id, panel_id, *_ = (answer.row["variant"] or "").split()
    return family_id, panel_id


def panel_run(family_id: str, panel_id: str) -> Query:
    """The primary row of rpt_panel_exposure of a panel of goods."""
    return Query(f"select * from rpt_panel_exposure {_PANEL_RUN}", {"family": family_id, "panel": panel_id})


def panel_path(family_id: str, panel_id: str) -> Query:
    """Its rows of rpt_panel_lead_lag, month by month."""
    return Query(_PANEL_PATH, {"family": family_id, "panel": panel_id})


def placebos(comparison: Comparison) -> Query | None:
    """The same comparison at other dates, as of the same day (rows of the macro `placebo`); None for first releases, which
    are ranked with the figures of one day."""
    if comparison.result["as_of_basis"] == "first_release":
        return None
    return Query(
        "from placebo($series, $event, months := $months, gap := $gap, on_date := $on_date)",
        macro_parameters(comparison) | {"on_date": comparison.on_date},
    )


def macro_parameters(comparison: Comparison) -> dict[str, object]:
    """Parameters of the macros before_after and placebo: series, event, months, gap. A comparison around a bare date has no
    event; the first day of its cut month gives the same windows."""
    result = comparison.result
    return {
        "series": comparison.series["series_id"],
        "event": comparison.event["event_id"] if comparison.event else result["cut_month"].isoformat(),
        "months": result["window_months"],
        "gap": result["gap_months"],
    }


def events_shown(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> Sequence[OtherEvent]:
    """The other events that the picture marks: those beside the windows too, as far as it reaches. Raises ChartError for a
    comparison without windows."""
    from orchestration.readers.charts.comparison import shown_months

    first, last = shown_months(comparison.result)
    event_id = comparison.event["event_id"] if comparison.event else ""
    return events_between(con, event_id, first, last, comparison.result["cut_month"])


# -- the pictures ----------------------------------------------------------------------------------------------------


def plot(con: duckdb.DuckDBPyConnection, comparison: Comparison, path: Path) -> Path:
    """Draw what answers `comparison` into a .svg, .png or .html file. Raises UsageError if that cannot be drawn or written."""
    from orchestration.readers.charts.render import write
    from orchestration.readers.charts.theme import ChartError

    try:
        return write(answer_picture(con, comparison), path)
    except ChartError as error:
        raise UsageError(f"there is no picture: {error}") from error


def answer_picture(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> alt.LayerChart:
    """The path of exposed goods where a panel of goods answers, else the chart of the series: a picture of totals that says
    "not told apart" would stand against an answer that tells. Raises ChartError when there is nothing to draw."""
    panel = panel_of(comparison.answer) if comparison.answer else None
    if panel is None:
        return comparison_picture(con, comparison)
    from orchestration.readers.charts.panel import lead_lag_chart
    from orchestration.readers.charts.theme import source_line

    family = read(con, DimPanelFamily, "where compares = 'goods' and family_id = ?", [panel[0]])[0]
    result = read(con, RptPanelExposure, _PANEL_RUN, panel_run(*panel).parameters)[0]
    source = source_line(_agency(con, PANEL_SOURCE), comparison.result["as_of"])
    return lead_lag_chart(_rows(con, panel_path(*panel)), result, family, source=source)


def comparison_picture(
    con: duckdb.DuckDBPyConnection, comparison: Comparison, *, mode: Mode = "light", width: Width = 720
) -> alt.LayerChart:
    """The chart of `comparison`. Raises ChartError when there is nothing to draw."""
    from orchestration.readers.charts.comparison import comparison_chart

    path = expected(comparison) if has_table(con, "rpt_counterfactual") else None
    return comparison_chart(
        _rows(con, observed(comparison)),
        comparison.result,
        comparison.series,
        agency=_agency(con, comparison.series["source_id"]),
        event=comparison.event,
        others=events_shown(con, comparison),
        episodes=comparison.episodes,
        counterfactual=_rows(con, path) if path else None,
        mode=mode,
        width=width,
    )


def placebo_picture(
    con: duckdb.DuckDBPyConnection, comparison: Comparison, *, mode: Mode = "light", width: Width = 720
) -> alt.LayerChart | None:
    """The same comparison at dates without a known event, this one marked; None where it is not ranked among them."""
    from orchestration.readers.charts.placebo import placebo_chart

    pool = placebos(comparison)
    if pool is None or comparison.result["placebo_rank"] is None or not has_macro(con, "placebo"):
        return None
    return placebo_chart(
        _rows(con, pool),
        comparison.result,
        comparison.series,
        agency=_agency(con, comparison.series["source_id"]),
        event=comparison.event,
        mode=mode,
        width=width,
    )


def _rows(con: duckdb.DuckDBPyConnection, query: Query) -> pl.DataFrame:
    return frame_of(con, query.sql, query.parameters)


def _agency(con: duckdb.DuckDBPyConnection, source_id: str) -> str:
    rows = con.execute("select agency from dim_source where source_id = ?", [source_id]).fetchall()
    return str(rows[0][0]) if rows else source_id
