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

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from transforms.parse.inflate import Readable
from transforms.schema import FrameError

#: of a block, 5 MB of imports: of 2,000 to 20,000 the ones around this were fastest, as the arrays stay near the processor
LINES_A_BLOCK = 8_000
#: characters of every amount
AMOUNT_WIDTH = 15
#: no real file has more lines; the size a zip declares of itself is not believed
MAX_LINES = 12_000_000

Bytes = npt.NDArray[np.uint8]

#: bytes that are asked of a stream at a time: a ZipExtFile puts a read together by copying what it has so far
_PIECE = 1 << 18

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


def blocks(stream: Readable, layout: Layout, where: str, *, lines: int = LINES_A_BLOCK) -> Iterator[Block]:
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


def _read(stream: Readable, size: int) -> bytes:
    """Exactly `size` bytes, fewer at the end only: what unpacks may return less at a time."""
    parts = []
    while size > 0 and (part := stream.read(min(size, _PIECE))):
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
    width = AMOUNT_WIDTH * len(layout.amounts)
    begin = layout.first_amount - 1
    # a zero in front of the first amount, so that each is the end of 16 characters, and zeros behind to whole words
    text = np.full((len(block.lines), -(-(width + 1) // 8) * 8), _DIGIT_0, np.uint8)
    text[:, 1 : 1 + width] = block.lines[:, begin : begin + width]
    kept = np.arange(len(text))
    if not keep_zeros:
        kept = np.flatnonzero((text.view(np.uint64) != _ZERO).any(axis=1))
        text = text[kept]
    amounts = _whole_numbers(text, kept, block, layout, where)
    if not keep_zeros:  # zeros with blanks before them look like more than zeros until they are numbers
        other = (amounts != 0).any(axis=1)
        if not other.all():
            kept, amounts = kept[other], amounts[other]
    line = kept + block.first_line
    # codes stand side by side at the front, so that what is taken of a line is short
    front = block.lines[kept, : max((code.last for code in layout.codes), default=0)]
    codes = [_code(np.ascontiguousarray(front[:, code.span]), code, line, where) for code in layout.codes]
    by_amount = np.ascontiguousarray(amounts.T)
    columns = [pl.Series(name, by_amount[i]) for i, name in enumerate(layout.amounts)]
    return Rows(pl.DataFrame([*codes, *columns]), line)


def _whole_numbers(
    text: Bytes, kept: npt.NDArray[np.int64], block: Block, layout: Layout, where: str
) -> npt.NDArray[np.int64]:
    """Lines of amounts, with one character before the first, as numbers (lines x amounts)."""
    if not len(text):
        return np.empty((0, len(layout.amounts)), np.int64)
    upper, lower = _digits(text, len(layout.amounts))
    # a byte is 0 to 9 exactly if neither it nor its sum with 0x76 has the highest bit
    seen = [
        np.bitwise_or.reduce(half | (half + np.uint64(0x7676767676767676)), axis=None)
        for half in (upper, lower)
    ]
    if (seen[0] | seen[1]) & np.uint64(0x8080808080808080):
        upper, lower = _digits(_without_leading_blanks(text, kept, block, layout, where), len(layout.amounts))
    numbers = _joined(upper)
    numbers *= np.uint64(100_000_000)
    numbers += _joined(lower)
    return numbers.view(np.int64)


def _digits(text: Bytes, count: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The first 7 and the last 8 characters of each amount (lines x amounts), a digit a byte."""
    shape, strides = (len(text), count), (text.shape[1], AMOUNT_WIDTH)
    upper, lower = (
        np.ndarray(shape, "<u8", text, offset, strides) ^ _ZERO for offset in (0, AMOUNT_WIDTH - 7)
    )
    upper &= np.uint64(0xFFFFFFFFFFFFFF00)  # the character before the amount is the end of another
    return upper, lower


def _joined(digits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Eight digits, a byte each and the first in the lowest byte, as one number: pairs, then fours, then all eight, as
    described by Lemire ("Quickly parsing eight digits", 2022). The argument is used up."""
    digits *= np.uint64(2561)
    digits >>= np.uint64(8)
    digits &= np.uint64(0x00FF00FF00FF00FF)
    digits *= np.uint64(6553601)
    digits >>= np.uint64(16)
    digits &= np.uint64(0x0000FFFF0000FFFF)
    digits *= np.uint64(42949672960001)
    digits >>= np.uint64(32)
    return digits


def _without_leading_blanks(
    lines: Bytes, kept: npt.NDArray[np.int64], block: Block, layout: Layout, where: str
) -> Bytes:
    """The lines with 0 for the blanks before a number. Raises FrameError for the first amount that is no number."""
    width = AMOUNT_WIDTH * len(layout.amounts)
    text = lines[:, 1 : 1 + width].reshape(len(lines), len(layout.amounts), AMOUNT_WIDTH)
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
    filled = lines.copy()
    filled[lines == _BLANK] = _DIGIT_0
    return filled


def _code(text: Bytes, code: Field, line: npt.NDArray[np.int64], where: str) -> pl.Series:
    """A code of every line as text."""
    low, high = (_DIGIT_0, _DIGIT_0 + 9) if code.digits else (_BLANK, 126)
    lowest, highest = (text.min(), text.max()) if text.size else (high, low)
    if lowest < low or highest > high:
        row = int(np.argmax(((text < low) | (text > high)).any(axis=1)))
        found = text[row].tobytes().decode("ascii", "replace")
        what = "not all digits" if code.digits else "not printable"
        raise FrameError(f"{where} line {line[row]:,}: {code.name} is {found!r}, {what}")
    count, width = text.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    series = pl.Series(code.name, pa.StringArray.from_buffers(count, buffers[1], buffers[2]))
    # few codes have blanks around them, and taking off none takes longer than all the rest
    return series.str.strip_chars(" ") if lowest == _BLANK else series
