"""The feed by itself: on every working day the agencies are asked for new trade actions. Candidates wait for a person.

Belongs here: the job and its schedule. Does not belong here: asking (intake/feed.py), schedules of figures (schedules.py).
Nothing is built and no comparison changes: what was found is listed by `headway feed list` and by the next release.
"""

import dagster as dg

from orchestration.base import notify
from orchestration.base.settings import Settings
from orchestration.defs.jobs import EXECUTOR, WRITER_POOL

#: after the Federal Register of the day is out (08:45) and CBP's bulletins of the day before
CRON, ZONE = "45 9 * * 1-5", "America/New_York"


@dg.op(pool=WRITER_POOL, description="Ask the agencies of the feed for new documents and read them.")
def ask_feed(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    """One refresh of the feed; what could not be asked is told as after any other refresh, and does not fail the run."""
    from orchestration.intake.feed import (
        refresh_feed,
    )  # with all that asks an agency: an op that runs needs it, a page does not

    outcome = refresh_feed(settings)
    counts = {d.name: f"{d.state}, {d.appended} rows" for d in outcome.datasets}
    context.add_output_metadata({"datasets": dg.MetadataValue.json(counts)})
    for problem in outcome.problems:
        context.log.warning(problem)
    if outcome.exit_code:
        notify.tell("Headway: the feed was not read completely", outcome.in_words())


@dg.job(
    executor_def=EXECUTOR,
    description="New trade actions: ask the agencies, read their documents, wait for a person.",
)
def feed_job() -> None:
    """The job of the schedule; its op is the whole of it."""
    ask_feed()


def feed_schedule() -> dg.ScheduleDefinition:
    """Every working day, in the zone in which most of the documents appear."""
    return dg.ScheduleDefinition(
        name="feed_on_working_days",
        job=feed_job,
        cron_schedule=CRON,
        execution_timezone=ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Monday to Friday: new documents on trade actions, as candidates.",
    )
