"""Interrupted time series of every monthly series at every cut of the report's events.

Belongs here: which series, cuts and other starts. Does not belong here: the regression (transforms/statistics).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import autoregression, interrupted, interrupted_design, months, regression


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(
        materialized="table",
        meta={"by_series": ["int_series_compared", "int_series_episode", "int_series_calendar"]},
    )
    monthly = dbt.ref("int_series_compared").pl().sort("series_id", "period_start")
    episodes = dbt.ref("int_series_episode").pl().sort("series_id", "first_month", "last_month")
    # what reaches a series has a step in its regressions; series that the same events reach share a calendar
    calendars = dict(dbt.ref("int_series_calendar").project("series_id, calendar_id").fetchall())
    starts = dbt.ref("int_joint_start").pl().sort("calendar_id", "start_month", "cluster_id")
    requests = (
        dbt.ref("int_event_design")
        .project("design_id, cut_month, dropped_months, cluster_id, is_own")
        .distinct()
    )
    wanted = requests.pl().sort("design_id")
    reaching = {
        calendar: own.rows()
        for (calendar,), own in starts.partition_by(
            "calendar_id", as_dict=True, maintain_order=True, include_key=False
        ).items()
    }
    if monthly.is_empty() or wanted.is_empty():
        return pl.DataFrame(schema=interrupted.RESULT_SCHEMA)
    # Apart from the others, because a series is worked out for all its designs at once: an event of the user's own would have the
    # regressions of all bundled events made again, for minutes.
    return pl.concat(
        _of_designs(
            kept_as, wanted.filter(is_own=own).drop("is_own").rows(), monthly, episodes, calendars, reaching
        )
        for kept_as, own in (("interrupted_time_series", False), ("interrupted_time_series_own", True))
    )


def _of_designs(
    kept_as: str,
    wanted: list[tuple[Any, ...]],
    monthly: pl.DataFrame,
    episodes: pl.DataFrame,
    calendars: dict[str, str],
    reaching: dict[Any, list[tuple[Any, ...]]],
) -> pl.DataFrame:
    """Every series at the designs of `wanted` (design_id, cut_month, dropped_months, cluster_id), kept between builds."""
    if not wanted:
        return pl.DataFrame(schema=interrupted.RESULT_SCHEMA)
    designs = {
        calendar: pl.DataFrame(
            [
                (
                    f"{design}{interrupted.OF_CALENDAR}{calendar}",
                    cut,
                    dropped,
                    [m for cluster, m in reaching.get(calendar, []) if cluster is None or cluster != own],
                )
                for design, cut, dropped, own in wanted
            ],
            schema=interrupted.DESIGN_SCHEMA,
            orient="row",
        )
        for calendar in sorted(set(calendars.values()))
    }
    touching = episodes.partition_by("series_id", as_dict=True, include_key=False)
    version = version_of(interrupted, interrupted_design, regression, autoregression, months)
    # what the series of a calendar have in common is read once
    of_calendar = {calendar: fingerprint(version, own) for calendar, own in designs.items()}
    # a series is a piece of work: a new month of it, a new event or episode changes its regressions
    units = {
        fingerprint(
            of_calendar[calendars[key[0]]],
            key[0],
            values["scale"][0],
            values["period_start"],
            values["value"],
            touching.get(key, pl.DataFrame()),
        ): key[0]
        for key, values in monthly.partition_by("series_id", as_dict=True, maintain_order=True).items()
    }

    compute = partial(interrupted.of_each, monthly, episodes, designs, calendars)
    return remembered(kept_as, units, compute)
