"""The manifest of the bundled figures: reading it, and checking that the files are the ones it lists.

Belongs here: read_manifest, verify_figures, figures_status. Does not belong here: writing the figures (make.py).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from orchestration.base.errors import FiguresError

FORMAT = 1


MANIFEST = "manifest.json"


def read_manifest(figures_dir: Path) -> dict[str, Any]:
    """The manifest: format, compiled_on, files, series, inputs. FiguresError if it is absent or of another format."""
    path = figures_dir / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FiguresError(f"no manifest of the bundled figures at {path}: {error.strerror}") from error
    except ValueError as error:
        raise FiguresError(f"{path} is not readable JSON: {error}; restore it from the repository") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise FiguresError(f"{path} is not a manifest of format {FORMAT}; restore it from the repository")
    return manifest


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
    extra = sorted(path.name for path in figures_dir.glob("*.parquet") if path.name not in listed)
    if extra:
        raise FiguresError(
            f"bundled figures: {', '.join(extra)} in {figures_dir} is not in the manifest; remove it"
        )


def figures_status(figures_dir: Path) -> dict[str, Any]:
    """Counts for a person: files, bytes, rows by table, series, vintages of observed series, compiled_on."""
    manifest = read_manifest(figures_dir)
    rows: dict[str, int] = {}
    for entry in manifest["files"]:
        rows[entry["table"]] = rows.get(entry["table"], 0) + entry["rows"]
    return {
        "files": len(manifest["files"]),
        "bytes": sum(path.stat().st_size for path in figures_dir.iterdir() if path.is_file()),
        "series": len(manifest["series"]),
        "rows": sum(rows.values()),
        "rows_by_table": rows,
        "vintages": sum(len(entry["vintages"]) for entry in manifest["series"]),
        "compiled_on": manifest["compiled_on"],
    }
