"""Reading one member of a zip that came from outside, in memory.

Belongs here: the limits that keep a hostile or damaged zip from filling memory or writing anywhere.
Does not belong here: what the member holds (one module a provider).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from typing import cast

from transforms.schema import FrameError

#: what zipfile raises for a member that is damaged, encrypted or packed in a way it does not know
CANNOT_UNPACK = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


def member_names(content: bytes) -> list[str]:
    """Names of the files in a zip, as stored. Raises FrameError if the bytes are no zip."""
    return [info.filename for info in _open(content).infolist() if not info.is_dir()]


def read_member(content: bytes, name: str, *, max_bytes: int) -> bytes:
    """The bytes of one member, found by its exact stored name and never written to disk.

    At most `max_bytes` are unpacked: the size a zip declares of itself is not believed.
    Raises FrameError for no zip, no such member, a damaged or encrypted member, and one that is too large.
    """
    archive = _holding(content, name)
    try:
        with archive.open(name) as member:
            data = member.read(max_bytes + 1)
    except CANNOT_UNPACK as error:
        raise FrameError(f"member {name!r} cannot be unpacked: {error}") from error
    if len(data) > max_bytes:
        raise FrameError(f"member {name!r} unpacks to more than {max_bytes:,} bytes")
    return data


def member_lines(content: bytes, name: str, *, max_bytes: int) -> Iterator[bytes]:
    """The lines of one member with their line ends, unpacked one after the other: at most `max_bytes` in all.

    Raises FrameError as `read_member` does, while the lines are read.
    """
    archive = _holding(content, name)
    bytes_left = max_bytes
    try:
        # The buffer halves the time, because ZipExtFile searches the end of each line in Python. open() is annotated as
        # IO[bytes]; for reading it returns a ZipExtFile, which can fill a buffer.
        with BufferedReader(cast("zipfile.ZipExtFile", archive.open(name)), 1 << 20) as member:
            for line in member:
                bytes_left -= len(line)
                if bytes_left < 0:
                    raise FrameError(f"member {name!r} unpacks to more than {max_bytes:,} bytes")
                yield line
    except CANNOT_UNPACK as error:
        raise FrameError(f"member {name!r} cannot be unpacked: {error}") from error


def _holding(content: bytes, name: str) -> zipfile.ZipFile:
    """The zip, which has a member of this name. Raises FrameError if it has none or is no zip."""
    archive = _open(content)
    if name not in archive.namelist():
        raise FrameError(f"no member {name!r} in the zip, which holds {sorted(archive.namelist())[:10]}")
    return archive


def _open(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FrameError(f"not a zip file ({len(content):,} bytes): {error}") from error
