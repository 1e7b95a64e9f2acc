"""Asking the Census Bureau for the bulk files of months and adding them to the lake, and freight that was archived before.

Belongs here: which months are asked for, what became of each. Does not belong here: transport (intake/agency/http.py),
addresses and what an answer means (sources/agencies/census_bulk.py), adding a file (add.py).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.errors import DetailError, SourceError, TransientSourceError, UsageError
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.agency import question
from orchestration.intake.agency.http import Client
from orchestration.intake.detail.add import Added, add_file
from orchestration.intake.detail.lake import apart
from orchestration.sources.agencies import bts, census_bulk
from orchestration.store.archive import Archive
from transforms.parse.bts_detail import months_in
from transforms.parse.outcome import NotYetReleasedError, ReplyError
from transforms.periods import month_after
from transforms.schema import FrameError

#: flows that can be asked for; freight is not asked for here: `headway refresh --source bts` archives its zips
ASKED = tuple(census_bulk.FILES)
FREIGHT = "transborder"
#: files in a row that the server could not give, after which it is left alone
_DOWN_AFTER = 3


def add_since(
    settings: Settings,
    since: date,
    *,
    flows: Sequence[str] = (*ASKED, FREIGHT),
    today: date | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Added]:
    """Add the months from `since` (first day) on, oldest first; a month that the agency has not changed is not sent again.

    What could not be had is in the result as `failed` or `absent`, with the reason; the other months are added.
    Raises UsageError for a month before the files begin and for an unknown flow.
    """
    unknown = [flow for flow in flows if flow not in (*ASKED, FREIGHT)]
    if unknown:
        raise UsageError(f"unknown flow {unknown[0]!r}: use {', '.join((*ASKED, FREIGHT))}")
    if since < census_bulk.FIRST_MONTH:
        raise UsageError(
            f"the files begin in {census_bulk.FIRST_MONTH:%Y-%m}: --since {census_bulk.FIRST_MONTH:%Y-%m}"
        )
    day = today or datetime.now(UTC).date()
    results = _archived_freight(settings, since) if FREIGHT in flows else []
    settings.detail.mkdir(parents=True, exist_ok=True)
    wanted = [
        (flow, month)
        for flow in ASKED
        if flow in flows
        for month in _months(since, census_bulk.newest_month(day))
    ]
    with Client(census_bulk.API, sleep=sleep) as client:
        failed_in_a_row = 0
        for done, (flow, month) in enumerate(wanted):
            report("download", f"{flow} {month:%Y-%m}", done, len(wanted))
            if failed_in_a_row >= _DOWN_AFTER:
                reason = f"not asked for: the server failed {_DOWN_AFTER} times in a row"
                results.append(Added("", flow, f"{month:%Y-%m}", "failed", reason=reason))
                continue
            found = _month(settings, client, flow, month, day)
            results += found
            failed_in_a_row = failed_in_a_row + 1 if any(r.state == "failed" for r in found) else 0
        report("download", "", len(wanted), len(wanted))
    return _holes_as_failures(results)


def _month(settings: Settings, client: Client, flow: str, month: date, today: date) -> list[Added]:
    """Ask for the file of a month and add it."""
    request = census_bulk.request(flow, month)
    name = census_bulk.file_name(flow, month)
    archive = Archive(apart(settings))
    url = question.request_url(census_bulk.API, request)
    last = archive.last(census_bulk.SOURCE, "detail", url)
    latest = Catalogue.load(settings.detail).vintages(flow, f"{month:%Y-%m}")[-1:]
    # only an answer whose month is visible spares the next: one that was archived by a killed run must come again
    marks = (
        question.conditional_headers(last)
        if last and latest and latest[0].source_sha256 == last.sha256
        else None
    )
    with tempfile.TemporaryDirectory(prefix="download-", dir=settings.detail) as folder:
        file = Path(folder) / name
        try:
            response, _ = client.fetch(
                request, census_bulk.reader(month, today), conditional=marks, into=file
            )
        except NotYetReleasedError as error:
            return [Added(name, flow, f"{month:%Y-%m}", "absent", reason=error.what)]
        except OSError as error:
            raise DetailError(f"cannot write {file}: {error}; free space, then run again") from error
        except (SourceError, ReplyError) as error:
            return [Added(name, flow, f"{month:%Y-%m}", "failed", reason=_hint(error))]
        if response.not_modified:
            entry = latest[0]
            return [Added(name, flow, entry.month, "held", entry.vintage, entry.rows, entry.zero_rows)]
        extra = {"headers": question.extra_of(census_bulk.API, request, response)["headers"]}
        return add_file(settings, file, request_url=url, extra=extra, returned=True)


def _hint(error: Exception) -> str:
    """What to do about a file that could not be had."""
    again = "; run the same command again: months that are here are not sent again"
    return f"{error}{again if isinstance(error, TransientSourceError) else ''}"


def _archived_freight(settings: Settings, since: date) -> list[Added]:
    """Add the zips of freight that `headway refresh --source bts` archived, where they hold a month from `since` on."""
    archive = Archive(settings)
    results: list[Added] = []
    for payload in archive.payloads(bts.SOURCE, "transborder"):
        name = payload.request_url.rsplit("/", 1)[-1]
        try:
            if max(months_in(archive.read(payload)), default=date.min) < since:
                continue
            with tempfile.TemporaryDirectory(prefix="freight-") as folder:
                file = Path(folder) / (name if name.lower().endswith(".zip") else f"{name}.zip")
                file.write_bytes(archive.read(payload))
                results += add_file(settings, file, known_on=payload.retrieved_at.date())
        except (FrameError, DetailError) as error:
            results.append(Added(name, FREIGHT, "", "failed", reason=str(error)))
    return [r for r in results if not r.month or r.month >= f"{since:%Y-%m}"]


def _holes_as_failures(results: list[Added]) -> list[Added]:
    """The results with each month that is absent although a later one is there as a failure: it must be out."""
    newest = {
        flow: max((r.month for r in results if r.flow == flow and r.state in ("added", "held")), default="")
        for flow in ASKED
    }
    return [
        replace(r, state="failed", reason=f"{r.reason}, although {newest[r.flow]} is there; ask again later")
        if r.state == "absent" and r.month < newest[r.flow]
        else r
        for r in results
    ]


def _months(first: date, last: date) -> list[date]:
    months = []
    while first <= last:
        months.append(first)
        first = month_after(first)
    return months
