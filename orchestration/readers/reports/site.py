"""Pages on disk: one file, or a folder of them with an index.

Belongs here: which release, paths, refusals, writing each file whole or not at all, several processes for many pages.
Does not belong here: what a page says (gather.py, render.py).

A file is replaced only if `headway report` wrote it (its <meta name="generator"> says so): a mistyped --out never costs
anybody a file. Nothing else in the folder is touched, except that pages of an earlier site whose events are gone go too.
Jinja, Altair and the SVG engine are imported inside the functions: a refused path or an unknown event does not wait for them.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base import progress
from orchestration.base.errors import HeadwayError, ReleaseError, UsageError
from orchestration.base.files import write_whole
from orchestration.base.settings import Settings
from orchestration.readers.release_file import (
    current_file,
    open_release,
    refuse_inside_releases,
    release_record,
)
from orchestration.readers.reports.gather import Edition, EventPage, all_events, event_of, gather

if TYPE_CHECKING:
    import duckdb

    from orchestration.readers.reports.figures import Picture
    from orchestration.readers.reports.render import IndexRow

INDEX = "index.html"
#: pages from which on a second process pays: starting one takes about 1.5 s, a page about 0.2 s
_MANY = 20
#: at most so many processes: each holds a connection of up to 1 GB
_PROCESSES = 4
#: charts of a page in a site, beside one of the place among other dates: each takes 0.1 s, and there are 1,300 series
_SITE_CHARTS = 4
#: bytes of a file in which the generator is looked for; it stands in the first 600
_HEAD = 2_000


@dataclass(frozen=True)
class WrittenPage:
    """A file. `event_id`: None for the index; `series`: those shown; `charts`: how many."""

    path: Path
    bytes: int
    event_id: str | None
    series: Sequence[str] = ()
    charts: int = 0


@dataclass(frozen=True)
class Report:
    """What was written, from which release; `removed`: own pages of events that are no more."""

    release: str
    files: Sequence[WrittenPage]
    removed: Sequence[Path] = ()


def report_event(
    settings: Settings, event: str, *, series: Sequence[str] = (), out: Path | None = None
) -> Report:
    """Write the page of `event` to `out` (a file ending in .html, or a folder; default <event_id>.html here).

    `series`: ids or agency codes in the order wanted; without them a few that the event touches (choice.py).
    Raises UsageError for an unknown event or series or a path that cannot be used, ReleaseError without a release.
    """
    edition = edition_of(settings)
    with open_release(settings) as con:
        event_id = event_of(con, event)
        path = _page_path(settings, out, event_id)
        page, html, charts = _page(con, edition, event_id, series, index=None)
    return Report(edition.run_id, [_written(path, html, page, charts)])


def report_all(settings: Settings, out: Path) -> Report:
    """Write a page for every event and an index to the folder `out`, which may hold other files: they stay.

    Raises UsageError if a file that `headway report` did not write has the name of a page, before anything is written.
    """
    edition = edition_of(settings)
    with open_release(settings) as con:
        events = all_events(con)
    folder = _folder(settings, out)
    pages = {folder / INDEX, *(folder / file_name(event) for event in events)}
    for path in sorted(pages):
        _replaceable(path)
    files, rows = [], []
    for number, (written, row) in enumerate(_pages(settings, edition, folder, events)):
        progress.report("pages", row["event"]["event_id"], number + 1, len(events))
        files.append(written)
        rows.append(row)
    files.append(_index(folder, edition, rows))
    return Report(edition.run_id, files, _remove_old(folder, pages))


def edition_of(settings: Settings) -> Edition:
    """The current release as its release.json states it. Raises ReleaseError if there is none or it cannot be read."""
    database = current_file(settings)
    record = release_record(database)
    try:
        return Edition(
            run_id=record["run_id"],
            made=datetime.fromisoformat(record["created_at"]),
            sha256=record["files"]["headway.duckdb"]["sha256"],
            version=record["versions"]["headway"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            f"release.json of {database.parent} does not say what it should ({error}); run `headway build --force`"
        ) from error


def file_name(event_id: str) -> str:
    """The name of an event's page; ids are slugs, anything else becomes one."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", event_id).lstrip(".") + ".html"


# -- pages -----------------------------------------------------------------------------------------------------------


def _page(
    con: duckdb.DuckDBPyConnection,
    edition: Edition,
    event_id: str,
    series: Sequence[str],
    *,
    index: str | None,
) -> tuple[EventPage, str, int]:
    """One page: its records, its HTML, the number of its charts."""
    from orchestration.readers.reports.figures import pictures
    from orchestration.readers.reports.render import event_html

    page = gather(con, edition, event_id, series)
    drawn: dict[str, Sequence[Picture]] = {}
    for number, part in enumerate(page.parts):
        if index and number >= _SITE_CHARTS:
            break
        # the distribution over other dates is asked of a macro: in a site it is drawn for one series a page
        ranked = any(len(p) > 1 for p in drawn.values())
        drawn[part.series["series_id"]] = pictures(con, part, placebo=not (index and ranked))
    return page, event_html(page, drawn, index=index), sum(map(len, drawn.values()))


def _pages(
    settings: Settings, edition: Edition, folder: Path, events: Sequence[str]
) -> Iterator[tuple[WrittenPage, IndexRow]]:
    """Every page written, in order, with its row of the index."""
    tasks = [(settings, edition, folder, event) for event in events]
    workers = min(_PROCESSES, os.cpu_count() or 1)
    if len(events) < _MANY or workers == 1:
        yield from map(_work, tasks)
        return
    # spawned, not forked: DuckDB and V8 keep threads
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_work, tasks, chunksize=4)
        except BrokenProcessPool as error:
            raise HeadwayError(
                f"a process that wrote pages ended by itself ({error}); is memory short?"
            ) from error


def _work(task: tuple[Settings, Edition, Path, str]) -> tuple[WrittenPage, IndexRow]:
    settings, edition, folder, event_id = task
    # the release of the edition also when `current` has moved on meanwhile: one site, one release
    with open_release(settings, path=settings.releases / edition.run_id / "headway.duckdb") as con:
        page, html, charts = _page(con, edition, event_id, (), index=INDEX)
    written = _written(folder / file_name(event_id), html, page, charts)
    verdicts = Counter(part.headline["verdict"] for part in page.parts)
    return written, {
        "event": page.event,
        "file": written.path.name,
        "n_series": len(page.parts),
        "n_positions": sum(len(p.parties) for t in page.topics for p in t.positions),
        "n_compared": page.n_compared,
        "charts": charts,
        "verdicts": dict(sorted(verdicts.items())),
        "refused": page.refused,
    }


def _index(folder: Path, edition: Edition, rows: Sequence[IndexRow]) -> WrittenPage:
    from orchestration.readers.reports.render import index_html

    lanes: dict[str, list[IndexRow]] = {}
    for row in rows:
        lanes.setdefault(row["event"]["timeline"], []).append(row)
    counts = {
        "events": len(rows),
        "compared": sum(row["n_series"] > 0 for row in rows),
        "comparisons": sum(row["n_series"] for row in rows),
        "charts": sum(row["charts"] for row in rows),
    }
    path = folder / INDEX
    _write(path, index_html(edition, lanes, counts))
    return WrittenPage(path, path.stat().st_size, None, (), 0)


def _written(path: Path, html: str, page: EventPage, charts: int) -> WrittenPage:
    _write(path, html)
    shown = [part.series["series_id"] for part in page.parts]
    return WrittenPage(path, path.stat().st_size, page.event["event_id"], shown, charts)


# -- paths -----------------------------------------------------------------------------------------------------------


def _page_path(settings: Settings, out: Path | None, event_id: str) -> Path:
    path = (out or Path(file_name(event_id))).expanduser().absolute()
    if path.is_dir():
        path = path / file_name(event_id)
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            f"{path} does not end in .html: a report is a page; open it in a browser and print it to make a PDF"
        )
    refuse_inside_releases(settings, path)
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}; make it first")
    _replaceable(path)
    return path


def _folder(settings: Settings, out: Path) -> Path:
    folder = out.expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the site")
    refuse_inside_releases(settings, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder {folder} cannot be made: {error.strerror or error}") from error
    return folder


def _replaceable(path: Path) -> None:
    """Raises UsageError if `path` holds something that `headway report` did not write."""
    if path.exists() and not _own(path):
        raise UsageError(
            f"{path} exists and was not written by `headway report`; name another place, or move it away"
        )


def _own(path: Path, *, of_site: bool = False) -> bool:
    """Whether `headway report` wrote `path`; `of_site`: as a page of a site."""
    from orchestration.readers.reports.render import GENERATOR, SITE_GENERATOR

    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", "replace")
    except OSError:
        return False
    names = (SITE_GENERATOR,) if of_site else (GENERATOR, SITE_GENERATOR)
    return any(f'<meta name="generator" content="{name}">' in head for name in names)


def _remove_old(folder: Path, pages: Iterable[Path]) -> list[Path]:
    """Remove pages of an earlier site in the folder that this one does not hold; pages made one by one stay."""
    candidates = set(folder.glob("*.html")) - set(pages)
    old = sorted(p for p in candidates if p.is_file() and _own(p, of_site=True))
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _write(path: Path, html: str) -> None:
    """`html` to `path`, whole or not at all."""
    try:
        write_whole(path, html.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
