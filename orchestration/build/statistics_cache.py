"""Results of slow statistics, kept between builds: only what changed is computed again.

Belongs here: what identifies a piece of work, the file of a method's results.
Does not belong here: the statistics (transforms/statistics), what is worked on (the Python models of dbt_project).

A dbt Python model is a few lines around it::

    def model(dbt: Any, session: Any) -> pl.DataFrame:
        dbt.config(materialized="table")
        monthly = dbt.ref("int_series_monthly").pl()          # a DuckDB relation: polars without a copy through pandas
        version = version_of(forecasts)                        # modules whose code decides the result
        units = {fingerprint(version, series_id, 12, values): Origin(series_id, values) for ...}
        return remembered("forecasts", units, forecasts.forecast_each)

Keeping is for what takes seconds: a frame that is computed in the time it takes to read it is better computed. There is one
Parquet file for each method. It only holds what can be computed again at any time: a file that is missing, damaged or of
another shape costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import numpy as np
import polars as pl

from orchestration.base.files import replacing
from orchestration.base.settings import Settings
from orchestration.build import worker

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


#: whether a model asks for some series only
_some_series = ContextVar("some_series", default=False)


@contextmanager
def of_some_series() -> Iterator[None]:
    """Inside the block a model asks for some series only: the files are read, and stay as they are. What is computed there is computed
    again by the next whole build, and a file does not grow with every revision in between."""
    token = _some_series.set(True)
    try:
        yield
    finally:
        _some_series.reset(token)


def remembered(
    method: str, units: Mapping[str, T], compute: Compute[T], *, where: Path | None = None
) -> pl.DataFrame:
    """The rows of all `units` (fingerprint -> piece of work), computing only those that the file of `method` lacks.

    The columns are those of the frames that `compute` gives. Rows come in the order of `units`, those of a unit together.
    Units that are not in `units` leave the file. The file is replaced whole, so that a killed build leaves the old one or
    the new one. where: folder of the file, `folder()` if not given.

    In a build `compute` is called in its second process (worker.py): it must be a function of a module, or a partial of one.

    Raises what `compute` raises, WorkerEndedError where that process did not answer, and ValueError where it gives not one frame for each piece; the file is then as it was.
    Raises ValueError for empty `units`, because the columns are then not known.
    """
    if not units:
        raise ValueError(f"{method}: no piece of work, so its columns are not known")
    path = (where or folder()) / f"{method}.parquet"
    kept_keys, kept_rows = _read(path)
    if kept_rows is not None and list(kept_keys) == list(units):
        return kept_rows.drop(_KEY)  # nothing changed, and the rows of the file are in this order
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
    if not _some_series.get() and (missing or len(kept_keys) != len(units)):
        _write(path, rows, list(units))
    return rows.drop(_KEY)


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
    frames = worker.run(_frames, compute, [units[key] for key in keys])
    if len(frames) != len(keys):
        raise ValueError(f"{method}: {len(keys)} pieces of work gave {len(frames)} frames")
    return [frame.insert_column(0, pl.lit(key).alias(_KEY)) for key, frame in zip(keys, frames, strict=True)]


def _frames(compute: Compute[T], pieces: Sequence[T]) -> list[pl.DataFrame]:
    return list(compute(pieces))


def _read(path: Path) -> tuple[dict[str, None], pl.DataFrame | None]:
    """The units whose results are in the file, in the order of their rows, and these; nothing where it cannot be read."""
    try:
        keys = json.loads(pl.read_parquet_metadata(path)[_KEYS])
        return dict.fromkeys(keys), pl.read_parquet(path, hive_partitioning=False)
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError):
        return {}, None


def _write(path: Path, rows: pl.DataFrame, keys: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        # the keys are also kept beside the rows, because a unit may have no row
        rows.write_parquet(temporary, metadata={_KEYS: json.dumps(keys)})
