"""Adding a file of detail to the lake: kept as it came, read, checked, and visible with all its months that are right.

Belongs here: what kind of file it is, keeping and setting aside its bytes, what became of it.
Does not belong here: what the bytes mean (transforms/parse), writing months (lake.py), asking an agency (download.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from orchestration.base.detail_catalogue import Catalogue, MonthVintage
from orchestration.base.errors import DetailError
from orchestration.base.progress import listener, report
from orchestration.base.settings import Settings
from orchestration.intake.detail.lake import NewMonth, add_months, apart
from orchestration.store.archive import Archive, ArchivedPayload
from transforms.parse import bts_detail, census_bulk
from transforms.schema import FrameError

#: sources of detail, as in the folders of the archive
CENSUS_BULK, BTS = "census_bulk", "bts"
#: of a zip of freight: that of a whole year has 60 MB; it is read as a whole, as the warehouse reads it
_MAX_FREIGHT_BYTES = 400_000_000


@dataclass(frozen=True)
class Added:
    """What became of one month of a file.

    state:  added | held (its bytes are in the lake already) | refused (set aside, nothing of it is visible).
    reason: why it was refused, or what could not be compared; vintage and rows are of what is visible now.
    """

    file: str
    flow: str
    month: str
    state: str
    vintage: str = ""
    rows: int = 0
    zero_rows: int = 0
    reason: str = ""


def add_file(
    settings: Settings,
    path: Path,
    *,
    known_on: date | None = None,
    request_url: str = "",
    extra: dict[str, Any] | None = None,
    returned: bool = False,
) -> list[Added]:
    """Add the months of one zip: IMDB or EXDB of the Census Bureau, or TransBorder Freight of BTS.

    known_on:    the day its bytes were known, today where it is not given.
    request_url: where it was downloaded from; extra: headers of the answer; returned: as in `add_months`.
    A month that cannot be trusted is in the result with its reason, its bytes in detail/quarantine. Raises DetailError for
    a file that is none of these, and where the disk refuses.
    """
    retrieved_at = datetime.combine(known_on, time()) if known_on else datetime.now(UTC)
    known = retrieved_at.date()
    kind = _kind_of(path)
    report("detail", f"{path.name}: keeping its bytes")
    archive = Archive(apart(settings))
    payload = archive.put(
        path,
        source_id=kind,
        dataset="detail",
        request_url=request_url or f"file:{path.name}",
        retrieved_at=retrieved_at,
        media_type="application/zip",
        extra=extra,
    )
    read = _add_bulk if kind == CENSUS_BULK else _add_freight
    results = read(settings, archive, payload, path, known, returned)
    refused = [f"{r.flow} {r.month}: {r.reason}" for r in results if r.state == "refused"]
    if refused and len(refused) == len(results):
        archive.quarantine(payload, "; ".join(refused))
    return results


def _kind_of(path: Path) -> str:
    """Which source a file is from. Raises DetailError for a file that is of none."""
    try:
        with path.open("rb") as file:
            if census_bulk.stated_by(path.name) or census_bulk.is_bulk(file):
                return CENSUS_BULK
        if path.stat().st_size <= _MAX_FREIGHT_BYTES and bts_detail.is_freight(path.read_bytes()):
            return BTS
    except OSError as error:
        raise DetailError(f"{path} cannot be read: {error.strerror}") from error
    raise DetailError(
        f"{path.name} is no file of detail: expected a zip with IMP_DETL.TXT or EXP_DETL.TXT (Census IMDB, EXDB), "
        "or with dot1, dot2 and dot3 tables (BTS TransBorder). A zip that was cut while it was downloaded looks like this, too"
    )


def _add_bulk(
    settings: Settings, archive: Archive, payload: ArchivedPayload, path: Path, known: date, returned: bool
) -> list[Added]:
    """The one month of a bulk file of the Census Bureau."""
    flow, month = census_bulk.stated_by(path.name) or ("", "")
    if month and (held := _held(settings, flow, month, payload.sha256, returned)):
        return [_result(path, held, "held")]
    tell = listener()
    try:
        with (archive.root / payload.archive_path).open("rb") as file:
            read = census_bulk.read_month(
                file,
                path.name,
                # beside each other the lines of a month are one bar: of 1.4 million lines on average
                progress=lambda done, total: tell("detail", f"{path.name}: lines", done, total),
            )
    except FrameError as error:
        return [Added(path.name, flow, month, "refused", reason=str(error))]
    report("detail", f"{path.name}: writing {read.frame.height:,} rows")
    new = NewMonth(
        read.flow, read.month, read.frame, read.zero_rows, path.name, payload.sha256, read.controls
    )
    return _visible(settings, path, [new], known, returned)


def _add_freight(
    settings: Settings, _archive: Archive, payload: ArchivedPayload, path: Path, known: date, returned: bool
) -> list[Added]:
    """The months of a zip of freight, each with its tables together."""
    content = path.read_bytes()
    results: list[Added] = []
    try:
        for month in bts_detail.read_months(content):
            if month.refused:
                results.append(Added(path.name, "transborder", month.month, "refused", reason=month.refused))
                continue
            report("detail", f"{path.name}: {month.month}")
            new = [
                NewMonth(
                    table.flow,
                    month.month,
                    table.frame,
                    table.zero_rows,
                    path.name,
                    payload.sha256,
                    {"tables of the month": {"value": table.value_usd}},
                )
                for table in month.tables
            ]
            results += _visible(settings, path, new, known, returned, "; ".join(month.messages))
    except FrameError as error:
        results.append(Added(path.name, "transborder", "", "refused", reason=str(error)))
    return results


def _visible(
    settings: Settings, path: Path, new: list[NewMonth], known: date, returned: bool, note: str = ""
) -> list[Added]:
    """Make months visible together; what became of each."""
    added = {
        (e.flow, e.month): e for e in add_months(settings, new, known_on=known, returned=returned, wait=60)
    }
    results = []
    for month in new:
        entry = added.get((month.flow, month.month))
        if entry is not None:
            results.append(_result(path, entry, "added", note))
        elif held := _held(settings, month.flow, month.month, month.source_sha256, returned):
            results.append(_result(path, held, "held", note))
    return results


def _held(settings: Settings, flow: str, month: str, sha256: str, returned: bool) -> MonthVintage | None:
    """The vintage that has these bytes, if the lake has it: the latest, or unless `returned` any."""
    vintages = Catalogue.load(settings.detail).vintages(flow, month)
    return next((e for e in (vintages[-1:] if returned else vintages) if e.source_sha256 == sha256), None)


def _result(path: Path, entry: MonthVintage, state: str, note: str = "") -> Added:
    return Added(path.name, entry.flow, entry.month, state, entry.vintage, entry.rows, entry.zero_rows, note)


def unreadable(path: Path, error: DetailError) -> Added:
    """The result of a file that `add_file` refused as a whole, beside those of other files."""
    return Added(path.name, "", "", "failed", reason=str(error))
