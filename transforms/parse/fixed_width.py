"""Text of lines that all have the same length, with a field at the same place in each: from a stream to typed columns.

Belongs here: cutting a stream into lines, checking them, turning fields into text and whole numbers; nothing of a source.
Does not belong here: which fields a file has (census_bulk_layouts.py), what they mean together (census_bulk.py), unpacking.

A month of imports is 1.4 to 2.4 GB of text of which most is zeros, so the lines are worked on in blocks of some thousand
as one array of bytes, and lines without any amount leave before they are converted. A number is converted only after each
of its bytes was seen to be a digit: a converter that takes `1e3` or `12.5` for a whole number makes figures up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from transforms.schema import FrameError

#: of a block: at 690 bytes a line its arrays stay near the processor's caches (measured: 5,000 to 20,000 within 5 %)
LINES_A_BLOCK = 20_000
#: characters of every amount
AMOUNT_WIDTH = 15
#: no real file has more lines; the size a zip declares of itself is not believed
MAX_LINES = 12_000_000

Bytes = npt.NDArray[np.uint8]

_ZERO = np.uint64(0x3030303030303030)
_NEWLINE, _RETURN, _BLANK, _DIGIT_0 = 10, 13, 32, 48


@dataclass(frozen=True)
class Field:
    """A code at a fixed place. first, last: its characters, counted from 1, both included.

    digits: whether each of them must be a digit; other codes may hold any printable character, and blanks around them
    are taken off.
    """

    name: str
    first: int
    last: int
    digits: bool = True

    @property
    def span(self) -> slice:
        """Where it stands in an array of the line's bytes."""
        return slice(self.first - 1, self.last)


@dataclass(frozen=True)
class Layout:
    """What a line holds: codes, the month it is about, and amounts of AMOUNT_WIDTH characters one after the other.

    line_bytes:    characters of a line without its end. first_amount: where the first amount begins, counted from 1.
    amounts:       names of the amounts that are read; what stands behind them (year to date) is passed over.
    """

    name: str
    line_bytes: int
    codes: tuple[Field, ...]
    year: Field
    month: Field
    first_amount: int
    amounts: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Lines as an array of bytes, one row a line, line ends left out. first_line: number of the first, counted from 1."""

    lines: Bytes
    first_line: int


@dataclass(frozen=True)
class Rows:
    """The lines of a block that are kept. frame: codes (String) and amounts (Int64) by name; line: of each, its number."""

    frame: pl.DataFrame
    line: npt.NDArray[np.int64]


def blocks(stream: BinaryIO, layout: Layout, where: str, *, lines: int = LINES_A_BLOCK) -> Iterator[Block]:
    """The lines of a stream, `lines` at a time; a stream without bytes has none. `where` names it in messages.

    Raises FrameError, which names the line, where one is not of the layout's length, and for more than MAX_LINES.
    """
    head = stream.read(layout.line_bytes + 2)
    if not head:
        return
    end = 2 if head[layout.line_bytes : layout.line_bytes + 2] == b"\r\n" else 1
    stride = layout.line_bytes + end
    number, rest = 1, head
    while True:
        content = rest + _read(stream, stride * lines - len(rest))
        whole = len(content) // stride
        table = np.frombuffer(content, np.uint8, whole * stride).reshape(whole, stride)
        ends = table[:, layout.line_bytes :]
        right = (ends == (_RETURN, _NEWLINE) if end == 2 else ends == _NEWLINE).all(axis=1)
        if not right.all():
            bad = int(np.argmin(right))
            raise _wrong_length(content[bad * stride :], layout, where, number + bad)
        if number + whole > MAX_LINES:
            raise FrameError(f"{where} has more than {MAX_LINES:,} lines")
        if whole:
            yield Block(table[:, : layout.line_bytes], number)
        number, rest = number + whole, content[whole * stride :]
        if len(content) < stride * lines:
            break
    if len(rest) == layout.line_bytes:  # the last line need not end
        yield Block(np.frombuffer(rest, np.uint8).reshape(1, -1), number)
    elif rest:
        raise _wrong_length(rest, layout, where, number)


def _read(stream: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, fewer at the end only: what unpacks may return less at a time."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _wrong_length(content: bytes, layout: Layout, where: str, number: int) -> FrameError:
    """What is wrong with the line that `content` begins with."""
    line, newline, _ = content.partition(b"\n")
    length = len(line.removesuffix(b"\r"))
    cut = "" if newline else " and no end: the file is cut, or it has another layout"
    return FrameError(
        f"{where} line {number:,} has {length:,} characters{cut}, expected {layout.line_bytes:,} ({layout.name})"
    )


def months_of(block: Block, layout: Layout) -> npt.NDArray[np.bytes_]:
    """The year and month of each line as six bytes: b'202401'."""
    both = np.concatenate([block.lines[:, layout.year.span], block.lines[:, layout.month.span]], axis=1)
    return np.ascontiguousarray(both).view("S6")[:, 0]


def typed_rows(block: Block, layout: Layout, where: str, *, keep_zeros: bool = False) -> Rows:
    """The codes and amounts of the lines that have an amount other than 0; with `keep_zeros` of all lines.

    Raises FrameError, which names the line and the field, for an amount that is no whole number of digits (blanks may
    stand before it) and for a code with characters it must not have.
    """
    count, width = len(layout.amounts), AMOUNT_WIDTH * len(layout.amounts)
    begin = layout.first_amount - 1
    text = np.full((len(block.lines), -(-width // 8) * 8), _DIGIT_0, np.uint8)
    text[:, :width] = block.lines[:, begin : begin + width]
    kept = np.arange(len(text)) if keep_zeros else np.flatnonzero((text.view(np.uint64) != _ZERO).any(axis=1))
    amounts = _whole_numbers(text[kept, :width].reshape(len(kept), count, AMOUNT_WIDTH), kept, block, layout, where)
    if not keep_zeros:  # zeros with blanks before them look like more than zeros until they are numbers
        other = (amounts != 0).any(axis=1)
        if not other.all():
            kept, amounts = kept[other], amounts[other]
    line = kept + block.first_line
    codes = [_code(block.lines[kept, code.span], code, line, where) for code in layout.codes]
    columns = [pl.Series(name, np.ascontiguousarray(amounts[:, i])) for i, name in enumerate(layout.amounts)]
    return Rows(pl.DataFrame([*codes, *columns]), line)


def _whole_numbers(
    fields: Bytes, kept: npt.NDArray[np.int64], block: Block, layout: Layout, where: str
) -> npt.NDArray[np.int64]:
    """Fields of AMOUNT_WIDTH characters (lines x amounts x characters) as numbers (lines x amounts)."""
    padded = np.full((*fields.shape[:2], 16), _DIGIT_0, np.uint8)
    padded[:, :, 1:] = fields
    words = padded.view("<u8")
    # a byte is a digit exactly if its upper half is 3 and stays 3 when 6 is added (0x3A to 0x3F would become 0x4.)
    upper = np.uint64(0xF0F0F0F0F0F0F0F0)
    wrong = ((words & upper) != _ZERO) | (((words + np.uint64(0x0606060606060606)) & upper) != _ZERO)
    if wrong.any():
        padded = _without_leading_blanks(padded, kept, block, layout, where)
        words = padded.view("<u8")
    # eight digits at once: pairs, then fours, then all eight, as described by Lemire ("Quickly parsing eight digits", 2022)
    words = (words & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    words = (words & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    words = (words & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)
    halves = words.astype(np.int64)
    return np.asarray(halves[:, :, 0] * 100_000_000 + halves[:, :, 1])


def _without_leading_blanks(
    padded: Bytes, kept: npt.NDArray[np.int64], block: Block, layout: Layout, where: str
) -> Bytes:
    """The fields with 0 for the blanks before a number. Raises FrameError for the first field that is no number."""
    text = padded[:, :, 1:]
    digit = (text >= _DIGIT_0) & (text < _DIGIT_0 + 10)
    blank = text == _BLANK
    # blanks, then digits to the end: nothing else anywhere, no blank behind a digit, a digit at the end
    good = (digit | blank).all(axis=2) & ~(blank[:, :, 1:] & digit[:, :, :-1]).any(axis=2) & digit[:, :, -1]
    if not good.all():
        row, column = np.argwhere(~good)[0]
        found = text[row, column].tobytes().decode("ascii", "replace")
        raise FrameError(
            f"{where} line {kept[row] + block.first_line:,}: {layout.amounts[column]} is {found!r}, not a whole number"
        )
    filled = padded.copy()
    filled[:, :, 1:][blank] = _DIGIT_0
    return filled


def _code(text: Bytes, code: Field, line: npt.NDArray[np.int64], where: str) -> pl.Series:
    """A code of every line as text."""
    low, high = (_DIGIT_0, _DIGIT_0 + 9) if code.digits else (_BLANK, 126)
    wrong = ((text < low) | (text > high)).any(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        found = text[row].tobytes().decode("ascii", "replace")
        what = "not all digits" if code.digits else "not printable"
        raise FrameError(f"{where} line {line[row]:,}: {code.name} is {found!r}, {what}")
    count, width = text.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))]
    series = pl.Series(code.name, pa.StringArray.from_buffers(count, buffers[1], buffers[2]))
    return series if code.digits else series.str.strip_chars(" ")
