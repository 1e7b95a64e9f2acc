"""What two models expected of each series after each cut, beside what came: at the cuts of events and at dates without one.

Belongs here: which series and months are forecast. Does not belong here: the models and the comparison
(transforms/statistics), intervals of the report (the SQL marts).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import (
    counterfactual,
    drift_month,
    forecasts,
    local_linear_trend,
    moving_average,
    scoring,
)

#: months between the dates without an event at which the slower model is calibrated
CALIBRATE_EVERY = 3
#: Series whose months are forecast and compared together. The forecasts of all 667 are 260 MB and the arrays of their comparison as much
#: again, of which nothing is needed once the rows are made: until the table was stored the process took 1,000 MB, and 580 with this and
#: with texts as categories.
SERIES_TOGETHER = 60


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(
        materialized="table",
        meta={"by_series": ["int_series_compared", "int_series_episode", "int_series_act"]},
    )
    monthly = (
        dbt.ref("int_series_compared")
        .project("series_id, period_start, scale, value")
        .pl()
        .with_columns(
            # a value that is not positive has no logarithm: a hole, and not a reason to model the whole series in its unit
            pl.when(pl.col("scale") == "level")
            .then("value")
            .when(pl.col("value") > 0)
            .then(pl.col("value").log())
            .alias("y")
        )
        .sort("series_id", "period_start")
    )
    episodes = dbt.ref("int_series_episode").project("series_id, first_month, last_month").pl()
    cuts = dbt.ref("int_report_cut").pl().sort("cut_month")
    acts = dbt.ref("int_series_act").project("series_id, cut_month").pl().sort("series_id", "cut_month")
    chosen = dbt.ref("stg_method_series").filter("method = 'uc_local_linear_trend'").project("series_id").pl()
    # Model -> the cuts of events that it is asked about, and those of them inside a month. The slower model is not asked about events of the
    # user's own: its origins are a sample of the months, to which their dates would be added, so that their calibration would change.
    asked = {
        drift_month.MODEL: _cuts(cuts, "default_gap_months"),
        local_linear_trend.MODEL: _cuts(cuts, "bundled_gap_months"),
    }
    series = {
        key[0]: (
            rows["period_start"].to_numpy().astype("datetime64[M]"),
            rows["y"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        )
        for key, rows in monthly.partition_by("series_id", as_dict=True, maintain_order=True).items()
    }
    of_trend = _local_linear_trend(
        {name: series[name] for name in chosen["series_id"].sort() if name in series},
        *asked[local_linear_trend.MODEL],
        acts,
    )
    unusual = _unusual(series, episodes)
    names = sorted(series)
    compared = [
        # every month of every series as origin takes two seconds, less than keeping the forecasts would
        *(
            _compared(
                drift_month.MODEL,
                drift_month.forecast({name: series[name] for name in some}, unusual),
                monthly.filter(pl.col("series_id").is_in(some)),
                episodes,
                asked,
                acts,
            )
            for first in range(0, len(names), SERIES_TOGETHER)
            for some in [names[first : first + SERIES_TOGETHER]]
        ),
        _compared(local_linear_trend.MODEL, of_trend, monthly, episodes, asked, acts),
    ]
    return pl.concat(compared, rechunk=False)


def _compared(
    name: str,
    forecasts_made: pl.DataFrame,
    monthly: pl.DataFrame,
    episodes: pl.DataFrame,
    asked: dict[str, tuple[np.ndarray, np.ndarray]],
    acts: pl.DataFrame,
) -> pl.DataFrame:
    """counterfactual.compare of one model, with its name as the first column and the scale of each series as the last one."""
    rows = counterfactual.compare(forecasts_made, monthly, episodes, *asked[name], acts)
    scales = dict(monthly.select("series_id", "scale").unique("series_id").iter_rows())
    return (
        rows.insert_column(0, pl.lit(name).alias("model"))
        .with_columns(scale=pl.col("series_id").replace_strict(scales, return_dtype=pl.String))
        .with_columns(pl.col(pl.String).cast(pl.Categorical))
    )


def _cuts(report: pl.DataFrame, gap: str) -> tuple[np.ndarray, np.ndarray]:
    """The months of int_report_cut that have this gap, and those of them at which an event inside a month cuts."""
    having = report.filter(pl.col(gap).is_not_null())
    months = having["cut_month"].to_numpy().astype("datetime64[M]")
    return months, months[having[gap].to_numpy() == forecasts.OWN_MONTH_GAP]


def _unusual(
    series: dict[str, tuple[np.ndarray, np.ndarray]], episodes: pl.DataFrame
) -> dict[str, np.ndarray]:
    """True for each month of a series that an episode touches."""
    marked = {name: np.zeros(len(months), dtype=bool) for name, (months, _) in series.items()}
    for name, first, last in episodes.select("series_id", "first_month", "last_month").iter_rows():
        if name in series:
            months = series[name][0]
            marked[name] |= (months >= np.datetime64(first, "M")) & (months <= np.datetime64(last, "M"))
    return marked


def _local_linear_trend(
    series: dict[str, tuple[np.ndarray, np.ndarray]],
    event_cuts: np.ndarray,
    own_month_cuts: np.ndarray,
    acts: pl.DataFrame,
) -> pl.DataFrame:
    """The declared series at the origins that are needed; a series is one piece of work, about half a second."""
    version = version_of(local_linear_trend, moving_average, scoring, forecasts)
    units = {}
    for name, (months, values) in series.items():
        lengths = forecasts.training_lengths(values)
        reaching = acts.filter(pl.col("series_id") == name)["cut_month"].to_numpy().astype("datetime64[M]")
        ends = counterfactual.ends_needed(months, event_cuts, own_month_cuts, reaching, CALIBRATE_EVERY)
        places = (ends - months[0]).astype(int)
        units[fingerprint(version, name, months, values, ends)] = [
            local_linear_trend.Origin(name, end, values[place + 1 - lengths[place] : place + 1])
            for end, place in zip(ends, places, strict=True)
        ]
    if not units:
        return pl.DataFrame(schema=forecasts.SCHEMA)
    return remembered(local_linear_trend.MODEL, units, local_linear_trend.forecast_each)
