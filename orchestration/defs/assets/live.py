"""One asset for each live dataset, which asks the agency, archives and loads; with two checks: was every question
answered, and is the newest period there in time.

Belongs here: the factory over the datasets, partitions, metadata, freshness.
Does not belong here: the work (intake/agency/dataset.py).

An agency that does not answer does not fail the run: what did come is released, the check `answered` turns red, and a
sensor sends a message. Only what would fail every dataset (lock, disk, store) fails the step.
"""

import warnings
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.base.duck import scalar
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.defs.assets.result import Materialized
from orchestration.defs.jobs import WAIT_SECONDS, WRITER_POOL
from orchestration.sources.spec import Dataset
from orchestration.store.opened import open_store
from transforms.periods import end_of_month, month_after

if TYPE_CHECKING:
    from orchestration.intake.agency.account import DatasetOutcome

#: an agency's usual lag may slip by a week before anyone is told
_GRACE_DAYS = 7
ANSWERED, FRESH = "answered", "fresh"


def asset_key(dataset: Dataset) -> dg.AssetKey:
    """`<source>/<dataset>`, such as bls/public_data."""
    return dg.AssetKey([dataset.source_id, dataset.name])


def build_live_assets(
    datasets: Iterable[Dataset], *, pool: str | None = WRITER_POOL
) -> list[dg.AssetsDefinition]:
    """One asset for each dataset; one that is off is there too and skips its work when it is run."""
    datasets = tuple(datasets)
    years = _partitions(datasets)
    with warnings.catch_warnings():
        # backfill policies are "beta" since 2023; one line for each of twenty datasets would bury everything else
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [_live_asset(d, datasets, years if d.first_year is not None else None, pool) for d in datasets]


def _partitions(datasets: tuple[Dataset, ...]) -> dg.TimeWindowPartitionsDefinition | None:
    """The years since the first one of any dataset that is asked by year; None where none is.

    All datasets share one definition, because Dagster puts assets of different partitions into no common job. A dataset
    that begins later has nothing to ask in the years before.
    """
    first_years = [d.first_year for d in datasets if d.first_year is not None]
    if not first_years:
        return None
    return dg.TimeWindowPartitionsDefinition(
        cron_schedule="0 0 1 1 *", start=str(min(first_years)), fmt="%Y", end_offset=1
    )


def _live_asset(
    dataset: Dataset,
    datasets: tuple[Dataset, ...],
    partitions: dg.PartitionsDefinition | None,
    pool: str | None,
) -> dg.AssetsDefinition:
    key = asset_key(dataset)

    @dg.asset(
        key=key,
        group_name=dataset.source_id,
        description=f"{dataset.title}. {dataset.revisions}".strip(),
        kinds={"api", "duckdb"},
        pool=pool,
        partitions_def=partitions,
        # one run asks for the whole range: a run for each year would build and release as many times
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        check_specs=[
            dg.AssetCheckSpec(
                ANSWERED, asset=key, description="Every question of the last run was answered."
            ),
            dg.AssetCheckSpec(
                FRESH, asset=key, description="The newest period is not later than it usually is."
            ),
        ],
    )
    def live(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> Materialized:
        # here, because these import all that asks an agency: an asset that runs needs it, the definitions do not
        from orchestration.intake.agency.dataset import refresh_dataset
        from orchestration.intake.agency.plan import plan_refresh

        since, until = _years(context)
        plan = plan_refresh(
            settings,
            sources=[dataset.source_id],
            names=[dataset.name],
            since=since,
            until=until,
            datasets=datasets,
        )
        outcome = refresh_dataset(settings, plan.datasets[0])
        for line in (*outcome.problems, *outcome.notes):
            context.log.info(line)
        return dg.MaterializeResult(
            metadata=_metadata(outcome),
            check_results=[_answered(outcome), _fresh(settings, dataset, outcome, plan.today)],
        )

    return live


def _years(context: dg.AssetExecutionContext) -> tuple[date | None, date | None]:
    """First and last day of a backfill; None for a scheduled run, which asks for what the agency may have revised."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return None, None
    window = context.partition_time_window
    return window.start.date(), (window.end - timedelta(days=1)).date()


def _metadata(outcome: "DatasetOutcome") -> dict[str, str | int | dg.MetadataValue[Any]]:
    """What Dagster shows of a run; Any, because a JSON value of Dagster is typed so."""
    counts = (
        "requests",
        "fetched",
        "unchanged",
        "appended",
        "revised",
        "withdrawn",
        "rejected",
        "quarantined",
    )
    return {
        "state": outcome.state,
        **{name: getattr(outcome, name) for name in counts},
        **({"skipped": outcome.skip} if outcome.skip else {}),
        **({"problems": dg.MetadataValue.json(list(outcome.problems))} if outcome.problems else {}),
        **({"notes": dg.MetadataValue.json(list(outcome.notes))} if outcome.notes else {}),
    }


def _answered(outcome: "DatasetOutcome") -> dg.AssetCheckResult:
    """Passed where every question was answered, or the dataset was skipped without one; else with the reasons."""
    passed = outcome.state == "done" or (outcome.state == "skipped" and not outcome.counts)
    reasons = outcome.problems or ((outcome.skip,) if outcome.skip else ())
    return dg.AssetCheckResult(
        check_name=ANSWERED,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if outcome.state == "failed" else dg.AssetCheckSeverity.WARN,
        description="; ".join(reasons)[:1000] or None,
    )


def _fresh(
    settings: Settings, dataset: Dataset, outcome: "DatasetOutcome", today: date
) -> dg.AssetCheckResult:
    """Passed where the newest period is not late, or the run asked nothing: then (a table that ended, a source that is
    off) nothing was due."""
    newest = newest_period(settings, dataset)
    late = newest is None or today > due(newest, dataset.publication_lag_days)
    return dg.AssetCheckResult(
        check_name=FRESH,
        passed=not late or not outcome.requests,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"newest period: {newest or 'none yet'}",
        metadata={"newest_period": str(newest), "publication_lag_days": dataset.publication_lag_days},
    )


def due(newest: date, lag_days: int) -> date:
    """The day by which the month after `newest` (the first day of a month) should be there.

    lag_days: usual days from the end of a month to its release; _GRACE_DAYS come on top.
    """
    return end_of_month(month_after(newest)) + timedelta(days=lag_days + _GRACE_DAYS)


def newest_period(settings: Settings, dataset: Dataset) -> date | None:
    """The newest period that any answer for the dataset showed, changed or not."""
    if not settings.store.exists():
        return None
    with writer_lock(settings, wait=WAIT_SECONDS), open_store(settings.store, read_only=True) as con:
        newest: date | None = scalar(
            con,
            """SELECT max(last_period) FROM raw.coverage JOIN raw.payload USING (payload_id)
               WHERE source_id = ? AND dataset = ?""",
            [dataset.source_id, dataset.name],
        )
    return newest
