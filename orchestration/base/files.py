"""One file on disk: written whole or not at all, made durable, identified by its digest.

Belongs here: what several rooms do with a file in the same way, whatever is in it.
Does not belong here: the folders of releases (release/folders.py), the addresses of the archive (store/archive.py).
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, scratch: Path | None = None, durable: bool = False) -> Iterator[Path]:
    """A temporary path for the body to write to; it takes the place of `path`, by one rename, when the body ends.

    Where the body or the rename fails, the temporary file is removed and `path` is as it was. A killed process leaves
    the temporary file behind, never half a file at `path`.

    scratch: folder of the temporary file, on the same file system; the folder of `path` where it is not given.
    durable: the content is on disk before the rename, and the rename before this returns: a power cut after that
             loses nothing. Costs two fsyncs.
    Both folders must exist. Raises OSError as the disk does.
    """
    # process and thread in the name: two writers of one file must not write into the same temporary one
    temporary = (scratch or path.parent) / f".{path.name}.{os.getpid()}-{threading.get_ident()}.part"
    try:
        yield temporary
        if durable:
            sync(temporary)
        temporary.replace(path)
        if durable:
            sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes, *, scratch: Path | None = None, durable: bool = False) -> None:
    """Put `content` at `path`, whole or not at all; folders and options as for `replacing`. Raises OSError."""
    with replacing(path, scratch=scratch, durable=durable) as temporary:
        temporary.write_bytes(content)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's entries, are on disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content, 64 hexadecimal digits; the file is read in pieces, whatever its size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
