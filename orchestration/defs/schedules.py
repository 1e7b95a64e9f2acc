"""When jobs run by themselves: after the agencies' releases, each in its own time zone, and once a week for the rest.

Belongs here: schedules. Does not belong here: release days (sources/release_calendar.py), what a job does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from orchestration.defs.assets.live import asset_key
from orchestration.intake.agency.keys import enabled
from orchestration.sources.release_calendar import expected
from orchestration.sources.spec import Dataset


def build_schedules(
    datasets: Iterable[Dataset],
    job: dg.UnresolvedAssetJobDefinition,
    offline: Sequence[dg.AssetKey],
) -> list[dg.ScheduleDefinition]:
    """One schedule for each source and time of day at which its datasets come out, and a weekly one for all.

    job: what they run. offline: the assets that every run goes on with after the datasets: store, models, release.
    """
    groups: dict[tuple[str, str, str], list[Dataset]] = {}
    for dataset in datasets:
        if dataset.schedule is not None:
            groups.setdefault((dataset.source_id, *dataset.schedule), []).append(dataset)
    numbered: dict[str, int] = {}
    schedules = []
    for (source_id, cron, zone), members in groups.items():
        number = numbered[source_id] = numbered.get(source_id, 0) + 1
        name = f"after_{source_id}" + (f"_{number}" if number > 1 else "")
        schedules.append(_after_release(name, cron, zone, members, job, offline))
    return [*schedules, _weekly(job)]


def _after_release(
    name: str,
    cron: str,
    zone: str,
    members: Sequence[Dataset],
    job: dg.UnresolvedAssetJobDefinition,
    offline: Sequence[dg.AssetKey],
) -> dg.ScheduleDefinition:
    titles = ", ".join(d.title for d in members)

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"After the release of: {titles}.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.date()  # in the schedule's zone
        due = {d: why for d in members if enabled(d) and (why := expected(d.source_id, d.name, day))}
        if not due:
            return dg.SkipReason(f"{day} is no release day of {members[0].source_id}")
        return dg.RunRequest(
            run_key=f"{name} {day}",
            asset_selection=[*map(asset_key, due), *offline],
            tags={"headway/release": "; ".join(dict.fromkeys(due.values()))[:200]},
        )

    return tick


def _weekly(job: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """The schedule for whatever came out late, or while this machine was off."""
    return dg.ScheduleDefinition(
        name="every_week",
        job=job,
        cron_schedule="0 10 * * 6",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Saturday: every source, for what came out late or while this machine was off.",
    )
