"""Members of zips from outside: found by name, bounded by what they really unpack to, damage said as such."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from transforms.parse.archive_member import member_lines, member_names, read_member
from transforms.schema import FrameError

TEXT = b"a,b\n1,2\n" * 1_000


def zipped(**members: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_member_comes_whole_or_by_lines() -> None:
    content = zipped(data=TEXT, other=b"")
    assert member_names(content) == ["data", "other"]
    assert read_member(content, "data", max_bytes=len(TEXT)) == TEXT
    assert b"".join(member_lines(content, "data", max_bytes=len(TEXT))) == TEXT


def test_a_member_that_unpacks_to_more_than_it_may_is_refused() -> None:
    # 8 kB in 50 bytes: the size that a zip states of itself is not believed
    content = zipped(data=TEXT)
    with pytest.raises(FrameError, match="more than 7,999 bytes"):
        read_member(content, "data", max_bytes=len(TEXT) - 1)
    with pytest.raises(FrameError, match="more than 7,999 bytes"):
        list(member_lines(content, "data", max_bytes=len(TEXT) - 1))


def test_an_absent_member_is_said_with_those_there_are() -> None:
    for read in (read_member, lambda *a, **k: list(member_lines(*a, **k))):
        with pytest.raises(FrameError, match=r"no member 'x' in the zip, which holds \['data'\]"):
            read(zipped(data=TEXT), "x", max_bytes=10)


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_bytes_that_are_no_zip_are_said_to_be_none(cut: int) -> None:
    with pytest.raises(FrameError, match="not a zip file"):
        member_names(zipped(data=TEXT)[:cut])


def test_a_damaged_member_is_refused() -> None:
    content = bytearray(zipped(data=TEXT))
    content[40] ^= 0xFF
    for read in (read_member, lambda *a, **k: list(member_lines(*a, **k))):
        with pytest.raises(FrameError, match="cannot be unpacked"):
            read(bytes(content), "data", max_bytes=100_000)
