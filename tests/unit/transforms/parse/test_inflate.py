"""A member unpacked piece by piece is what zipfile makes of it, and a damaged one is told as zipfile tells it.

Prevents: bytes lost or doubled where a piece ends, a cut or changed zip that passes, a member that is not deflated and cannot be read.
"""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.parse import inflate
from transforms.parse.archive_member import CANNOT_UNPACK


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    """A zip of two members, ours the second."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("first.txt", b"something else " * 20)
        archive.writestr("second.txt", content)
    return bytearray(packed.getvalue())


def read(packed: bytes, sizes: tuple[int, ...] = (1 << 20,)) -> bytes:
    """The second member, read in pieces of these sizes by turns."""
    parts, turn = [], 0
    file = io.BytesIO(packed)
    with (
        zipfile.ZipFile(file) as archive,
        inflate.unpacked(file, archive, archive.getinfo("second.txt")) as member,
    ):
        while part := member.read(sizes[turn % len(sizes)]):
            assert len(part) <= sizes[turn % len(sizes)]
            parts.append(part)
            turn += 1
        assert member.read(1) == b""
    return b"".join(parts)


@settings(deadline=None)  # the first example imports
@given(
    content=st.binary(max_size=3_000) | st.integers(0, 400_000).map(lambda n: b"000000000000123" * (n // 15)),
    sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=3),
    method=st.sampled_from([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED]),
)
# all packed bytes are taken, and some of what they unpack to does not fit into the piece any more
@example(content=bytes(528) + b"\x01\x00\x00", sizes=[530], method=zipfile.ZIP_DEFLATED)
def test_pieces_of_any_size_are_the_whole(content, sizes, method):
    # few pieces: a piece of one byte of 400,000 would only take long
    assert read(zipped(content, method), (*sizes, 50_000)) == content


def test_more_packed_bytes_than_one_piece():
    content = random.Random(1).randbytes(600_000)
    packed = zipped(content)
    assert len(packed) > 2 * inflate._PACKED_PIECE
    assert read(packed, (70_001,)) == content


CONTENT = b"".join(f"{n:015d}".encode() for n in range(20_000))


@pytest.mark.parametrize("place", [0.3, 0.6, 0.99])
def test_a_changed_byte_is_damage(place):
    """One bit of the packed bytes: either no deflate any more, or other bytes than the CRC is of."""
    packed = zipped(CONTENT)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        info = archive.getinfo("second.txt")
    begin = info.header_offset + 30 + len(info.filename)
    packed[begin + int(place * (info.compress_size - 1))] ^= 0x10
    with pytest.raises(CANNOT_UNPACK):
        read(packed)


def test_a_size_that_the_zip_does_not_keep_is_damage():
    packed = zipped(CONTENT)
    entry = packed.rindex(b"PK\x01\x02")  # the directory's entry of the second member; its size stands at 24
    packed[entry + 24 : entry + 28] = (len(CONTENT) - 1).to_bytes(4, "little")
    with pytest.raises(zipfile.BadZipFile, match=r"second\.txt"):
        read(packed)


def test_packed_bytes_that_end_early_are_damage():
    packed = zipped(CONTENT)
    file = io.BytesIO(packed)
    with zipfile.ZipFile(file) as archive:
        info = archive.getinfo("second.txt")
        info.compress_size //= 2
        with pytest.raises(EOFError), inflate.unpacked(file, archive, info) as member:
            while member.read(10_000):
                pass


def test_a_header_that_is_none_is_damage():
    packed = zipped(CONTENT)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        packed[archive.getinfo("second.txt").header_offset] = 0
    with pytest.raises(CANNOT_UNPACK):
        read(packed)


def test_an_encrypted_member_is_refused():
    packed = zipped(CONTENT)
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 8] |= 1
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        packed[archive.getinfo("second.txt").header_offset + 6] |= 1
    with pytest.raises(RuntimeError, match="encrypted"):
        read(packed)
