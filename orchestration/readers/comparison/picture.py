"""The picture of a comparison: the figures around a cut, read from a release and given to the chart.

Belongs here: which rows a chart needs. Does not belong here: how they are drawn (readers/charts/), the comparison itself.
Altair is imported inside the functions: a comparison without a picture does not wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.compare import Comparison, events_between
from orchestration.readers.release_file import has_table

if TYPE_CHECKING:
    import altair as alt
    import duckdb
    import polars as pl

    from orchestration.readers.charts.theme import Mode

#: the model of rpt_counterfactual that is drawn: the one made for every series
MODEL = "arima_110_drift_month"


def plot(con: duckdb.DuckDBPyConnection, comparison: Comparison, path: Path) -> Path:
    """Draw `comparison` into a .svg, .png or .html file. Raises UsageError if that cannot be drawn or written."""
    from orchestration.readers.charts.render import write
    from orchestration.readers.charts.theme import ChartError

    try:
        return write(comparison_picture(con, comparison), path)
    except ChartError as error:
        raise UsageError(f"there is no picture: {error}") from error


def comparison_picture(
    con: duckdb.DuckDBPyConnection, comparison: Comparison, *, mode: Mode = "light", width: int = 720
) -> alt.LayerChart:
    """The chart of `comparison`. Raises ChartError when there is nothing to draw."""
    from orchestration.readers.charts.comparison import comparison_chart, shown_months

    result, series = comparison.result, comparison.series
    first, last = shown_months(result)
    event_id = comparison.event["event_id"] if comparison.event else ""
    return comparison_chart(
        _observations(con, comparison),
        result,
        series,
        agency=_agency(con, series["source_id"]),
        event=comparison.event,
        # ticks also beside the windows, as far as the chart reaches
        others=events_between(con, event_id, first, last, result["cut_month"]),
        episodes=comparison.episodes,
        counterfactual=_counterfactual(con, comparison),
        mode=mode,
        width=width,
    )


def placebo_picture(
    con: duckdb.DuckDBPyConnection, comparison: Comparison, *, mode: Mode = "light", width: int = 720
) -> alt.LayerChart | None:
    """The same comparison at dates without a known event, this one marked; None where it is not ranked among them."""
    import polars as pl

    from orchestration.readers.charts.placebo import placebo_chart

    result = comparison.result
    macros = con.execute("select count(*) from duckdb_functions() where function_name = 'placebo'").fetchall()
    ranked = result["placebo_rank"] is not None and result["as_of_basis"] != "first_release"
    if not ranked or not macros[0][0]:
        return None
    event = comparison.event["event_id"] if comparison.event else result["event_id"]
    rows = con.execute(
        """select cut_month, difference, is_event
           from placebo($series, $event, months := $months, gap := $gap, on_date := $on_date)""",
        {
            "series": result["series_id"],
            "event": event,
            "months": result["window_months"],
            "gap": result["gap_months"],
            "on_date": comparison.on_date,
        },
    ).fetchall()
    schema = {"cut_month": pl.Date, "difference": pl.Float64, "is_event": pl.Boolean}
    return placebo_chart(
        pl.DataFrame(rows, schema=schema, orient="row"),
        result,
        comparison.series,
        agency=_agency(con, comparison.series["source_id"]),
        event=comparison.event,
        mode=mode,
        width=width,
    )


def _agency(con: duckdb.DuckDBPyConnection, source_id: str) -> str:
    rows = con.execute("select agency from dim_source where source_id = ?", [source_id]).fetchall()
    agency: str = rows[0][0] if rows else source_id
    return agency


def _observations(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> pl.DataFrame:
    """The figures of the vintage that the comparison used: latest, of a day, or each month as first released."""
    import polars as pl

    series_id, result = comparison.series["series_id"], comparison.result
    parameters: dict[str, object] = {"series": series_id}
    if result["as_of_basis"] == "first_release":
        query = "select period_start, first_value, false from rpt_revision where series_id = $series"
    elif comparison.on_date is not None:
        query = (
            "select period_start, value, status = 'preliminary' from as_of($day) where series_id = $series"
        )
        parameters["day"] = comparison.on_date
    else:
        query = "select period_start, value, status = 'preliminary' from fct_observation where series_id = $series"
    rows = con.execute(f"{query} order by 1", parameters).fetchall()
    schema = {"period_start": pl.Date, "value": pl.Float64, "is_preliminary": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _counterfactual(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> pl.DataFrame | None:
    """What the headline model expected of the window after, for a comparison of the latest figures without a gap: the
    report has no other."""
    import polars as pl

    result = comparison.result
    if comparison.event is None or result["as_of_basis"] != "latest" or result["gap_months"] != 0:
        return None
    if not has_table(con, "rpt_counterfactual"):
        return None
    rows = con.execute(
        """select month, expected, lower95_calibrated, upper95_calibrated from rpt_counterfactual
           where event_id = $event and series_id = $series and model = $model and month between $first and $last
           order by month""",
        {
            "event": comparison.event["event_id"],
            "series": result["series_id"],
            "model": MODEL,
            "first": result["post_start"],
            "last": result["post_end"],
        },
    ).fetchall()
    if not rows:
        return None
    schema = {
        "month": pl.Date,
        "expected": pl.Float64,
        "lower95_calibrated": pl.Float64,
        "upper95_calibrated": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
