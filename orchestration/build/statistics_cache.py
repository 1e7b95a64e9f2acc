"""Results of slow statistics, kept between builds: only what changed is computed again.

Belongs here: what identifies a piece of work, the file of a method's results, running the missing pieces in this process
or in a few others.
Does not belong here: the statistics (transforms/statistics), what is worked on (the Python models of dbt_project).

A dbt Python model is a few lines around it::

    def model(dbt: Any, session: Any) -> pl.DataFrame:
        dbt.config(materialized="table")
        monthly = dbt.ref("int_series_monthly").pl()          # a DuckDB relation: polars without a copy through pandas
        version = version_of(forecasts)                        # modules whose code decides the result
        units = {fingerprint(version, series_id, 12, values): Origin(series_id, values) for ...}
        return remembered("forecasts", units, InProcesses(forecasts.forecast))

There is one Parquet file for each method. It only holds what can be computed again at any time: a file that is missing,
damaged or of another shape costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

import numpy as np
import polars as pl

from orchestration.base.files import replacing
from orchestration.base.settings import Settings

#: a piece of work: what one call of a statistic takes
T = TypeVar("T")
#: takes pieces of work, gives a frame for each, in their order; all frames have the same columns and types
Compute = Callable[[Sequence[T]], Iterable[pl.DataFrame]]

#: column of the file that says which piece of work a row belongs to; dropped from what a model gets
_KEY = "unit_key"
_KEYS = "headway_unit_keys"
#: libraries whose version may change a result in its last digits
_LIBRARIES = ("numpy", "scipy", "polars")


def folder(settings: Settings | None = None) -> Path:
    """Where the files are: HEADWAY_STATISTICS, which several homes may share, else build/statistics of the home that the
    build runs in (dbt_runner.py sets HEADWAY_HOME while dbt runs a Python model, which gets no arguments of ours)."""
    shared = os.environ.get("HEADWAY_STATISTICS")
    return Path(shared) if shared else (settings or Settings.load()).build / "statistics"


def version_of(*modules: ModuleType) -> str:
    """A text that changes with the code of `modules` and with the numeric libraries: part of every fingerprint.

    It is made from the code itself and not a number that somebody has to raise: if that were forgotten, results of the
    older code would be taken for those of the new one.
    """
    code = [inspect.getsource(module) for module in modules]
    return fingerprint(*code, *(f"{name} {version(name)}" for name in _LIBRARIES))


def fingerprint(*parts: object) -> str:
    """sha256 over values and types of all that a piece of work reads: text, numbers, dates, arrays, frames, None, lists.

    Floats count bit by bit, and 1, 1.0 and "1" are three things. Raises TypeError for a value whose bytes are not the
    same in every process, such as a set.
    """
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def remembered(
    method: str, units: Mapping[str, T], compute: Compute[T], *, where: Path | None = None
) -> pl.DataFrame:
    """The rows of all `units` (fingerprint -> piece of work), computing only those that the file of `method` lacks.

    The columns are those of the frames that `compute` gives. Rows come in the order of `units`, those of a unit together.
    Units that are not in `units` leave the file. The file is replaced whole, so that a killed build leaves the old one or
    the new one. where: folder of the file, `folder()` if not given.

    Raises what `compute` raises, and ValueError where it gives not one frame for each piece; the file is then as it was.
    Raises ValueError for empty `units`, because the columns are then not known.
    """
    if not units:
        raise ValueError(f"{method}: no piece of work, so its columns are not known")
    path = (where or folder()) / f"{method}.parquet"
    kept_keys, kept_rows = _read(path)
    usable = [key for key in units if key in kept_keys]
    missing = [key for key in units if key not in kept_keys]
    computed = _computed(method, missing, units, compute)
    kept = kept_rows.filter(pl.col(_KEY).is_in(usable)) if kept_rows is not None and usable else None
    if kept is not None and computed and kept.schema != computed[0].schema:
        # the columns changed and the code's version did not: nothing in the file can be trusted
        computed, kept = _computed(method, list(units), units, compute), None
    order = pl.DataFrame({_KEY: list(units)}, schema={_KEY: pl.String}).with_row_index("unit_order")
    rows = (
        pl.concat([*([kept] if kept is not None else []), *computed])
        .with_row_index("row_order")
        .join(order, on=_KEY, how="left")
        .sort("unit_order", "row_order")
        .drop("unit_order", "row_order")
    )
    if missing or len(kept_keys) != len(units):
        _write(path, rows, list(units))
    return rows.drop(_KEY)


@dataclass(frozen=True)
class InProcesses(Generic[T]):
    """Runs `compute` on parts of the work in `workers` other processes, each with one thread for linear algebra.

    `compute` and the pieces must be picklable: `compute` is a function at the top of a module. A process takes about 2 s
    to start, because it imports scipy, so fewer than `at_least` pieces stay in this process.

    Each process has one thread, because on matrices of 100 x 100 the threads of OpenBLAS mostly wait for each other: on a
    busy machine they made the same 313 forecasts take 77 s instead of 7 s (2 cores, November 2026). OpenBLAS reads the
    number of threads when numpy is imported, so that it can be set for new processes only.
    """

    compute: Compute[T]
    workers: int = 2
    at_least: int = 16

    def __call__(self, units: Sequence[T]) -> list[pl.DataFrame]:
        if self.workers > 1 and len(units) >= self.at_least:
            # a process that cannot start (no memory, a main module that cannot be imported again) costs time only
            with suppress(BrokenProcessPool, OSError):
                return self._in_other_processes(units)
        return list(self.compute(units))

    def _in_other_processes(self, units: Sequence[T]) -> list[pl.DataFrame]:
        # spawn: dbt and Dagster run threads and hold open databases, neither of which survives a fork
        context = multiprocessing.get_context("spawn")
        size = -(-len(units) // (self.workers * 4))
        parts = [units[first : first + size] for first in range(0, len(units), size)]
        with _one_thread(), ProcessPoolExecutor(self.workers, mp_context=context) as pool:
            return [frame for frames in pool.map(partial(_listed, self.compute), parts) for frame in frames]


def _listed(compute: Compute[T], units: Sequence[T]) -> list[pl.DataFrame]:
    """The frames as a list, which a process can send to another one; an iterator cannot be sent."""
    return list(compute(units))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Inside the block, the environment asks for one thread: for the processes that are started there and inherit it.
    This process has read it long ago and keeps its threads."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _pieces(part: object) -> Iterable[bytes]:
    """`part` as bytes that say its type as well."""
    if isinstance(part, np.ndarray):
        yield f"array {part.dtype.str} {part.shape}".encode()
        yield from (np.ascontiguousarray(part).tobytes(),) if part.dtype != object else _pieces(part.tolist())
    elif isinstance(part, pl.DataFrame):
        yield f"frame {part.height}".encode()
        for column in part.get_columns():
            yield column.name.encode()
            yield from _pieces(column)
    elif isinstance(part, pl.Series):
        yield f"column {part.dtype}".encode()
        if (part.dtype.is_numeric() or part.dtype == pl.Date) and not part.null_count():
            # the bytes of the numbers themselves: their text takes thirty times as long
            yield part.to_numpy().tobytes()
        else:
            yield repr(part.to_list()).encode()
    elif isinstance(part, (list, tuple)):
        yield f"list {len(part)}".encode()
        for item in part:
            yield from _pieces(item)
    elif (
        part is None
        or isinstance(part, (str, bytes, bool, int, float, np.generic))
        or hasattr(part, "isoformat")
    ):
        yield f"{type(part).__name__} {part!r}".encode()
    else:
        raise TypeError(f"a {type(part).__name__} has no fixed reading to identify work by")


def _computed(
    method: str, keys: list[str], units: Mapping[str, T], compute: Compute[T]
) -> list[pl.DataFrame]:
    """One frame for each of `keys`, with the key as its first column."""
    if not keys:
        return []
    frames = list(compute([units[key] for key in keys]))
    if len(frames) != len(keys):
        raise ValueError(f"{method}: {len(keys)} pieces of work gave {len(frames)} frames")
    return [frame.insert_column(0, pl.lit(key).alias(_KEY)) for key, frame in zip(keys, frames, strict=True)]


def _read(path: Path) -> tuple[set[str], pl.DataFrame | None]:
    """The units whose results are in the file, and their rows; nothing where it cannot be read."""
    try:
        keys = json.loads(pl.read_parquet_metadata(path)[_KEYS])
        return set(keys), pl.read_parquet(path, hive_partitioning=False)
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError):
        return set(), None


def _write(path: Path, rows: pl.DataFrame, keys: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        # the keys are also kept beside the rows, because a unit may have no row
        rows.write_parquet(temporary, metadata={_KEYS: json.dumps(keys)})
