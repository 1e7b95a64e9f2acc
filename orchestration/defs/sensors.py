"""What happens by itself because something else happened: Statistics Canada changed a series, or a run failed or was not
complete.

Belongs here: sensors. Does not belong here: schedules, sending a message (base/notify.py), asking (intake/agency/http.py).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.base import notify
from orchestration.base.errors import SourceError
from orchestration.base.settings import Settings
from orchestration.defs.assets.live import ANSWERED, asset_key
from orchestration.sources.spec import Dataset, Request
from transforms.parse.outcome import NotYetReleasedError, ReplyError
from transforms.parse.statcan_wds import parse_changed_series

_EASTERN = ZoneInfo("America/Toronto")
#: the list is filled at 08:30 Eastern on every workday; before that it answers 409
_FIRST_HOUR, _LAST_HOUR = 8.5, 18


def changed_series_sensor(
    datasets: Iterable[Dataset],
    request: Request,
    codes: Callable[[Dataset], Iterable[str]],
    job: "dg.UnresolvedAssetJobDefinition",
    offline: Sequence[dg.AssetKey],
    now: Callable[[], datetime] = lambda: datetime.now(_EASTERN),
) -> dg.SensorDefinition:
    """A sensor that runs the Statistics Canada datasets of which a vector is in today's list of changed series.

    datasets: all datasets; those of other agencies are left out. request: the question for the list (getChangedSeriesList).
    codes: gives the vectors ('v32164132') of a dataset. job, offline: the job to run, and the assets that every run goes
    on with. now: the time in Toronto, for tests. The list is read once a day.
    """
    watched = [d for d in datasets if d.source_id == "statcan"]

    @dg.sensor(
        name="statcan_changed_series",
        job=job,
        minimum_interval_seconds=1800,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for the list of series that Statistics Canada released today.",
    )
    def changed(
        context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
    ) -> dg.SensorResult | dg.SkipReason:
        moment = now()
        day = moment.date().isoformat()
        hour = moment.hour + moment.minute / 60
        if context.cursor == day:
            return dg.SkipReason(f"today's list was read already ({day})")
        if moment.weekday() > 4 or not _FIRST_HOUR <= hour < _LAST_HOUR:
            return dg.SkipReason("the list is filled at 08:30 Eastern time on workdays")
        try:
            vectors = _changed_vectors(settings, watched[0], request)
        except NotYetReleasedError as not_yet:
            return dg.SkipReason(not_yet.what)
        except (ReplyError, SourceError) as error:
            return dg.SkipReason(f"the list could not be read: {error}")
        due = [d for d in watched if vectors & set(codes(d))]
        if not due:
            return dg.SensorResult(
                cursor=day, skip_reason=dg.SkipReason(f"none of {len(vectors):,} series is ours")
            )
        run = dg.RunRequest(
            run_key=f"statcan_changed_series {day}", asset_selection=[*map(asset_key, due), *offline]
        )
        return dg.SensorResult(cursor=day, run_requests=[run])

    return changed


def _changed_vectors(settings: Settings, dataset: Dataset, request: Request) -> set[str]:
    """The vectors in the list of changed series; `dataset` gives the API that is asked."""
    from orchestration.intake.agency.clients import Clients  # only a sensor that asks needs it

    with ExitStack() as stack:
        client, _ = Clients(settings, stack).of(dataset.api, False)
        _, frame = client.fetch(
            request,
            lambda r: parse_changed_series(r.content, status=r.status, content_type=r.media_type),
        )
    return set(frame["vector"]) if frame is not None else set()


@dg.run_failure_sensor(
    name="tell_of_failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells by HEADWAY_NOTIFY_WEBHOOK or HEADWAY_NOTIFY_COMMAND that a run failed.",
)
def tell_of_failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Send a message, because the last release stays current and someone should know why."""
    run = context.dagster_run
    notify.tell(
        f"Headway: {run.job_name} failed",
        f"{context.failure_event.message}\nRun {run.run_id}; the last release stays.",
    )


@dg.run_status_sensor(
    name="tell_of_partial_refreshes",
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of agencies that did not answer in a run that went through all the same.",
)
def tell_of_partial_refreshes(context: dg.RunStatusSensorContext) -> None:
    """Send a message, because what was released is good but lacks what an agency did not answer."""
    problems = unanswered(context.instance, context.dagster_run.run_id)
    if problems:
        notify.tell("Headway: a refresh was not complete", "\n".join(problems))


def unanswered(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """One line for each dataset of a run whose check `answered` did not pass."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [record.event_log_entry.dagster_event for record in records]
    evaluations = [event.asset_check_evaluation_data for event in events if event is not None]
    return [
        f"{'/'.join(e.asset_key.path)}: {e.description}"
        for e in evaluations
        if e.check_name == ANSWERED and not e.passed
    ]
