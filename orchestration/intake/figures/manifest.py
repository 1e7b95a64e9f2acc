"""The manifest of the bundled figures: its shape, reading it, and checking that the files are the ones it lists.

Belongs here: what manifest.json holds, and what can be told from it. Does not belong here: writing the figures (make.py),
loading them (load.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict, cast

from orchestration.base.errors import FiguresError

FORMAT = 1
MANIFEST = "manifest.json"


class FileEntry(TypedDict):
    """One Parquet file. Days as ISO text; known_from: the vintages in the file, in order."""

    path: str
    sha256: str
    bytes: int
    rows: int
    table: str
    dataset: str
    title: str
    publisher: str
    complete: bool
    compiled_on: str
    first_period: str
    last_period: str
    known_from: list[str]


class SeriesEntry(TypedDict):
    """One series with at least one number in the figures. Days as ISO text; observations: periods with a number."""

    series_id: str
    title: str
    agency: str
    agency_code: str | None
    unit: str
    unit_multiplier: int
    frequency: str
    seasonal_adjustment: str
    basis: str | None
    licence: str
    attribution: str
    first_period: str
    last_period: str
    observations: int
    vintages: list[str]
    notes: str | None


class RowCount(TypedDict):
    """So many rows of a collected file were left out, or added to it, for this reason."""

    rows: int
    reason: str


class InputEntry(TypedDict):
    """The account of one collected file: rows = used + the rows left out."""

    file: str
    rows: int
    used: int
    left_out: list[RowCount]
    added: list[RowCount]


class Manifest(TypedDict):
    """manifest.json as a whole; compiled_on is the day on which the collection was complete, as ISO text."""

    format: int
    compiled_on: str
    files: list[FileEntry]
    series: list[SeriesEntry]
    inputs: list[InputEntry]


class FiguresStatus(TypedDict):
    """Counts for a person. bytes: of all files in the folder, the manifest included."""

    files: int
    bytes: int
    series: int
    rows: int
    rows_by_table: dict[str, int]
    vintages: int
    compiled_on: str


def read_manifest(figures_dir: Path) -> Manifest:
    """The manifest in `figures_dir`. Raises FiguresError if it is absent, unreadable or of another format."""
    path = figures_dir / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FiguresError(f"no manifest of the bundled figures at {path}: {error.strerror}") from error
    except ValueError as error:
        raise FiguresError(f"{path} is not readable JSON: {error}; restore it from the repository") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise FiguresError(f"{path} is not a manifest of format {FORMAT}; restore it from the repository")
    return cast("Manifest", manifest)


def rows_by_table(files: Iterable[FileEntry]) -> dict[str, int]:
    """The number of rows of each raw table, over all files."""
    rows: dict[str, int] = {}
    for entry in files:
        rows[entry["table"]] = rows.get(entry["table"], 0) + entry["rows"]
    return rows


def verify_figures(figures_dir: Path, *, only: str | None = None) -> None:
    """Raise FiguresError unless every file of the manifest is there with its size and sha256, and no other Parquet file.

    `only` names one dataset, so that a run that reads the files one by one reads each of them once.
    """
    listed = {entry["path"]: entry for entry in read_manifest(figures_dir)["files"]}
    for name, entry in listed.items():
        if only not in (None, entry["dataset"]):
            continue
        path = figures_dir / name
        if not path.is_file():
            raise FiguresError(f"bundled figures: {path} is missing; restore it from the repository")
        content = path.read_bytes()
        if len(content) != entry["bytes"] or hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise FiguresError(
                f"bundled figures: {path} is damaged ({len(content):,} bytes, expected {entry['bytes']:,}); "
                "restore it from the repository"
            )
    unlisted = sorted(path.name for path in figures_dir.glob("*.parquet") if path.name not in listed)
    if unlisted:
        raise FiguresError(
            f"bundled figures: {', '.join(unlisted)} in {figures_dir} is not in the manifest; remove it"
        )


def figures_status(figures_dir: Path) -> FiguresStatus:
    """What the figures in `figures_dir` hold, in numbers. Raises FiguresError as read_manifest does."""
    manifest = read_manifest(figures_dir)
    rows = rows_by_table(manifest["files"])
    return {
        "files": len(manifest["files"]),
        "bytes": sum(path.stat().st_size for path in figures_dir.iterdir() if path.is_file()),
        "series": len(manifest["series"]),
        "rows": sum(rows.values()),
        "rows_by_table": rows,
        "vintages": sum(len(entry["vintages"]) for entry in manifest["series"]),
        "compiled_on": manifest["compiled_on"],
    }
