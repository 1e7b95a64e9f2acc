"""What the detail lake holds: months, holes, vintages and sizes by flow, and whether its files are what was written.

Belongs here: one row a flow, and the check of every file's digest. Does not belong here: adding, compacting, printing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.files import sha256_of
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.detail.lake import apart
from orchestration.store.archive import Archive
from transforms.detail_tables import DETAIL_TABLES
from transforms.periods import month_after


@dataclass(frozen=True)
class FlowStatus:
    """One flow of the lake. rows and bytes are of the latest vintages; missing: months between first and last without any.

    compacted: years whose compacted file holds the latest vintages.
    """

    flow: str
    title: str
    first_month: str
    last_month: str
    months: int
    missing: tuple[str, ...]
    vintages: int
    rows: int
    zero_rows: int
    bytes: int
    compacted: tuple[int, ...]


@dataclass(frozen=True)
class DetailStatus:
    """The lake as a whole. damaged: files that are not what the catalogue says, where that was asked for."""

    folder: str
    flows: tuple[FlowStatus, ...]
    quarantined: tuple[str, ...]
    damaged: tuple[str, ...] = ()


def detail_status(settings: Settings, *, verify: bool = False) -> DetailStatus:
    """What the lake holds; with `verify` every file of every vintage is read and compared with its digest."""
    catalogue = Catalogue.load(settings.detail)
    return DetailStatus(
        folder=str(settings.detail),
        flows=tuple(_flow(catalogue, flow) for flow in catalogue.flows),
        quarantined=tuple(
            f"{q.quarantined_at:%Y-%m-%d} {q.reason}" for q in Archive(apart(settings)).quarantined()
        ),
        damaged=tuple(_damaged(catalogue)) if verify else (),
    )


def _flow(catalogue: Catalogue, flow: str) -> FlowStatus:
    latest = catalogue.chosen(flow)
    held = {entry.month for entry in latest}
    years = {entry.month[:4] for entry in latest}
    return FlowStatus(
        flow=flow,
        title=DETAIL_TABLES[flow].title if flow in DETAIL_TABLES else flow,
        first_month=latest[0].month,
        last_month=latest[-1].month,
        months=len(latest),
        missing=tuple(
            month for month in _between(latest[0].month_start, latest[-1].month_start) if month not in held
        ),
        vintages=sum(entry.flow == flow for entry in catalogue.months),
        rows=sum(entry.rows for entry in latest),
        zero_rows=sum(entry.zero_rows for entry in latest),
        bytes=sum(file.bytes for entry in latest for file in entry.files),
        compacted=tuple(
            int(year)
            for year in sorted(years)
            if _is_compacted(catalogue, flow, [e.month_start for e in latest if e.month.startswith(year)])
        ),
    )


def _is_compacted(catalogue: Catalogue, flow: str, months: list[date]) -> bool:
    files = catalogue.files(flow, months=months)
    return bool(files) and all(file.is_relative_to(catalogue.compact) for file in files)


def _between(first: date, last: date) -> Iterator[str]:
    while first <= last:
        yield f"{first:%Y-%m}"
        first = month_after(first)


def _damaged(catalogue: Catalogue) -> Iterator[str]:
    """The files that are absent or have another digest than when they were written."""
    files = [file for entry in catalogue.months for file in entry.files]
    for done, file in enumerate(files):
        report("verify", file.path, done, len(files))
        path = catalogue.lake / file.path
        if not path.is_file():
            yield f"{file.path} is missing"
        elif path.stat().st_size != file.bytes or sha256_of(path) != file.sha256:
            yield f"{file.path} is not what was written"
