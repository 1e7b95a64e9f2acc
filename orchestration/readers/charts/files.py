"""Where a picture may be written. It is checked before the work, without loading the libraries that draw.

Belongs here: formats and paths. Does not belong here: rendering (render.py).
"""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.base.errors import UsageError

SUFFIXES = (".svg", ".png", ".html")


def check_path(path: Path) -> None:
    """Raises UsageError if `write` (render.py) could not write to `path`."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"a picture cannot be written as '{path.suffix or path.name}'; end the name in {', '.join(SUFFIXES)}"
        )
    if path.is_dir():
        raise UsageError(f"the picture {path} cannot be written: it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"the picture {path} cannot be written: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"the picture {path} cannot be written: no permission in {path.parent}")
