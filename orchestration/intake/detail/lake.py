"""Writing the detail lake: a month becomes visible whole, in one step, or not at all; nothing is overwritten.

Belongs here: Parquet files of a month, the step that makes them visible, sweeping what killed runs left.
Does not belong here: reading source files (add.py), which vintage a reader sees (base/detail_catalogue.py), compaction.

A month is written to staging/ on the same file system and synced, its folder renamed to that of a new vintage, and the
catalogue replaced by one rename. A folder that the catalogue does not name was left by a killed run and is removed by
the next; until then no reader looks at it.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from orchestration.base.detail_catalogue import CATALOGUE, Catalogue, LakeFile, MonthVintage, encoded
from orchestration.base.errors import DetailError
from orchestration.base.files import sha256_of, sync, write_whole
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from transforms.detail_tables import DETAIL_TABLES, DetailTable

#: rows of a row group, the unit in which DuckDB reads with several threads and skips what a filter leaves out
ROW_GROUP = 122_880
#: of zstd: loading is bound by the processor, and 13.8 bytes a row are small enough
LEVEL = 1
#: a download of a file takes an hour at most (Api.total_timeout)
_OLDEST_DOWNLOAD_SECONDS = 86_400


@dataclass(frozen=True)
class NewMonth:
    """A month to be added. frame: codes and amounts of its flow's table. month: YYYY-MM. The rest as in MonthVintage."""

    flow: str
    month: str
    frame: pl.DataFrame
    zero_rows: int
    source_name: str
    source_sha256: str
    control_totals: dict[str, dict[str, int]] = field(default_factory=dict)


def apart(settings: Settings) -> Settings:
    """Settings whose home is the detail folder: archive, quarantine and writer lock of detail are its own, so that a build
    neither waits for a download of hours nor rebuilds its store from zips of 150 MB."""
    return replace(settings, home=settings.detail)


@contextmanager
def writing(settings: Settings, *, wait: float = 0) -> Iterator[Catalogue]:
    """Hold the lock of the lake, with what killed runs left removed; yields the catalogue as it is then.

    Raises WriterBusyError where another process writes, DetailError where the catalogue is damaged or gone.
    """
    with writer_lock(apart(settings), wait=wait):
        catalogue = Catalogue.load(settings.detail)
        if not (settings.detail / CATALOGUE).exists():
            if any(_vintage_folders(catalogue)):
                raise DetailError(
                    f"{settings.detail / CATALOGUE} is missing, and {catalogue.lake} holds months: restore it from a copy; "
                    "nothing is removed meanwhile"
                )
            _replace(catalogue)
        _sweep(catalogue)
        yield catalogue


def add_months(
    settings: Settings,
    months: Sequence[NewMonth],
    *,
    known_on: date,
    returned: bool = False,
    wait: float = 0,
) -> list[MonthVintage]:
    """Make vintages of months visible together, and return those that are new.

    A month whose bytes (source_sha256) are held already is left as it is. returned: whether bytes that were known before
    the latest vintage are news all the same (an agency went back to them), and not only a file that is added twice.
    known_on: the day the bytes were known. Raises DetailError where the disk refuses, with the lake as it was.
    """
    with writing(settings, wait=wait) as catalogue:
        new = [month for month in months if not _held(catalogue, month, returned=returned)]
        if not new:
            return []
        staging = settings.detail / "staging" / f"{os.getpid()}-{threading.get_ident()}"
        try:
            staging.mkdir(parents=True)
            entries = [
                _written(catalogue, month, staging / str(number), known_on)
                for number, month in enumerate(new)
            ]
            for number, entry in enumerate(entries):
                _into_place(staging / str(number), _folder(catalogue, entry))
            _replace(replace(catalogue, months=(*catalogue.months, *entries)))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DetailError(
                f"cannot write to {settings.detail}: {error}; nothing was added. Free space or mend permissions, then run again"
            ) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return entries


def write_parquet(frame: pl.DataFrame, path: Path) -> LakeFile:
    """Write rows as one file of the lake and wait until it is on disk. path: of the file; the entry's is its name."""
    frame.write_parquet(
        path, compression="zstd", compression_level=LEVEL, row_group_size=ROW_GROUP, statistics=True
    )
    sync(path)
    return LakeFile(path.name, frame.height, path.stat().st_size, sha256_of(path))


def in_order(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Rows sorted by some columns. Files come sorted, and to see that they are takes a tenth of the time to sort."""
    if frame.select(pl.struct(by).alias("key"))["key"].is_sorted():
        return frame
    return frame.sort(by, maintain_order=True)


def _held(catalogue: Catalogue, month: NewMonth, *, returned: bool) -> bool:
    """Whether a month's bytes are in the lake: as its latest vintage, or unless `returned` as any."""
    vintages = catalogue.vintages(month.flow, month.month)
    return any(
        entry.source_sha256 == month.source_sha256 for entry in (vintages[-1:] if returned else vintages)
    )


def _written(catalogue: Catalogue, month: NewMonth, folder: Path, known_on: date) -> MonthVintage:
    """The entry of a month whose rows are written to `folder`."""
    table = DETAIL_TABLES[month.flow]
    vintage = _next_vintage(catalogue, month, known_on)
    entry = MonthVintage(
        flow=month.flow,
        month=month.month,
        vintage=vintage,
        files=(),
        rows=month.frame.height,
        zero_rows=month.zero_rows,
        control_totals=month.control_totals,
        source_name=month.source_name,
        source_sha256=month.source_sha256,
        added_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    folder.mkdir()
    file = write_parquet(placed(month.frame, table, entry.month, vintage), folder / "part-0000.parquet")
    inside = _folder(catalogue, entry).relative_to(catalogue.lake)
    return replace(entry, files=(replace(file, path=(inside / file.path).as_posix()),))


def placed(frame: pl.DataFrame, table: DetailTable, month: str, vintage: str) -> pl.DataFrame:
    """The rows of a month as they stand in its file: flow, month (first day) and vintage first, sorted.

    Raises DetailError where the frame has not the columns and types of the table.
    """
    whole = in_order(frame, table.sorted_by).select(
        pl.lit(table.flow).alias("flow"),
        pl.lit(date.fromisoformat(f"{month}-01")).alias("month"),
        pl.lit(vintage).alias("vintage"),
        *(pl.col(name) for name in (*table.codes, *table.amounts)),
    )
    types = {"VARCHAR": pl.String(), "DATE": pl.Date(), "BIGINT": pl.Int64()}
    expected = {name: types[kind] for name, kind in table.columns.items()}
    if dict(whole.schema) != expected or frame.width != len(table.codes) + len(table.amounts):
        raise DetailError(
            f"a month of {table.flow} has the columns {dict(frame.schema)}, expected {expected}"
        )
    return whole


def _next_vintage(catalogue: Catalogue, month: NewMonth, known_on: date) -> str:
    """The name of a vintage known on a day: the day, with .2, .3 where it has one of that day already."""
    of_day = [e.order[1] for e in catalogue.vintages(month.flow, month.month) if e.known_on == known_on]
    return f"{known_on:%Y-%m-%d}" + (f".{max(of_day) + 1}" if of_day else "")


def _folder(catalogue: Catalogue, entry: MonthVintage) -> Path:
    return catalogue.lake / f"flow={entry.flow}" / f"month={entry.month}" / f"vintage={entry.vintage}"


def _into_place(staged: Path, folder: Path) -> None:
    """Rename a written folder to that of a vintage, which is not there, and wait until the name is on disk."""
    sync(staged)
    made = [parent for parent in (folder.parent, *folder.parent.parents) if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    for (
        parent
    ) in made:  # a folder whose own name is not on disk may be gone after a power cut, with all that is in it
        sync(parent.parent)
    staged.rename(folder)
    sync(folder.parent)


def _replace(catalogue: Catalogue) -> None:
    """Put a catalogue in the place of the one there is."""
    content = encoded([asdict(entry) for entry in catalogue.months])
    write_whole(catalogue.folder / CATALOGUE, content, durable=True)


def _vintage_folders(catalogue: Catalogue) -> Iterator[Path]:
    """Every folder of a vintage in the lake, named by the catalogue or not."""
    return catalogue.lake.glob("flow=*/month=*/vintage=*")


def _sweep(catalogue: Catalogue) -> None:
    """Remove what killed runs left: staged months, vintages that never became visible, a half-written catalogue."""
    named = {_folder(catalogue, entry) for entry in catalogue.months}
    left = [
        *(catalogue.folder / "staging").glob("*"),
        *(f for f in _vintage_folders(catalogue) if f not in named),
    ]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    for part in catalogue.folder.glob(f".{CATALOGUE}.*.part"):
        part.unlink(missing_ok=True)
    for folder in catalogue.folder.glob(
        "download-*"
    ):  # downloads hold no lock, so only old ones are dead for sure
        if time.time() - folder.stat().st_mtime > _OLDEST_DOWNLOAD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
