"""A line that is cut, or an amount that is no whole number, must not become a figure."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.parse.fixed_width import Field, Layout, blocks, months_of, typed_rows
from transforms.schema import FrameError

LAYOUT = Layout(
    name="test",
    line_bytes=4 + 2 + 6 + 30 + 3,
    codes=(Field("code", 1, 4), Field("word", 5, 6, digits=False)),
    year=Field("year", 7, 10),
    month=Field("month", 11, 12),
    first_amount=13,
    amounts=("a", "b"),
)


def line(a: object = 0, b: object = 0, code: str = "1220", word: str = "x ", fill: str = "0") -> str:
    return f"{code}{word}202401{a!s:{fill}>15}{b!s:{fill}>15}YTD"


def read(text: bytes, *, lines: int = 3, keep_zeros: bool = False) -> list[tuple[int, tuple[object, ...]]]:
    """(line number, values) of the rows that are kept."""
    found = []
    for block in blocks(io.BytesIO(text), LAYOUT, "x.txt", lines=lines):
        assert set(months_of(block, LAYOUT)) == {b"202401"}
        rows = typed_rows(block, LAYOUT, "x.txt", keep_zeros=keep_zeros)
        found += list(zip(rows.line.tolist(), rows.frame.rows(), strict=True))
    return found


@examples(100)
@given(
    st.lists(st.tuples(st.integers(0, 10**15 - 1), st.integers(0, 3)), max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["0", " "]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 5),
)
def test_rows_are_what_python_reads(amounts, end, fill, last_line_ends, keep_zeros, lines):
    text = end.join(line(a, b, fill=fill) for a, b in amounts) + (end if amounts and last_line_ends else "")
    expected = [
        (number, ("1220", "x", a, b)) for number, (a, b) in enumerate(amounts, 1) if keep_zeros or a or b
    ]
    assert read(text.encode(), lines=lines, keep_zeros=keep_zeros) == expected


@pytest.mark.parametrize(
    "amount", ["12.5", "1e3", "0x10", "1_0", "-5", "+5", "1 2", "5 ", "", "½", "１", ":", "/", "\t5"]
)
@pytest.mark.parametrize("fill", ["0", " "])
def test_what_is_not_all_digits_is_refused_with_its_line_and_name(amount, fill):
    raw = amount.encode("utf-8")
    field = raw.rjust(15, fill.encode())
    if amount == "" and fill == "0":
        field = b"0" * 14 + b" "
    text = [line(7).encode(), b"1220x 202401" + b"1".rjust(15, b"0") + field[-15:] + b"YTD"]
    with pytest.raises(FrameError, match=r"x\.txt line 2: b is .* not a whole number"):
        read(b"\n".join(text))


@pytest.mark.parametrize(
    ("damaged", "length"), [(line(1)[:-1], 44), (line(1) + "9", 46), ("", 0), (line(1)[:20], 20)]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_of_another_length_is_named(damaged, length, end):
    text = end.join([line(1), line(2), line(3), line(4), damaged, line(6), ""])
    with pytest.raises(FrameError, match=rf"x\.txt line 5 has {length} characters.* expected 45"):
        read(text.encode())


def test_a_file_that_ends_within_a_line_is_cut():
    with pytest.raises(FrameError, match="line 2 has 30 characters and no end: the file is cut"):
        read(f"{line(1)}\r\n{line(2)[:30]}".encode())


def test_two_lines_that_are_wrong_by_as_much_do_not_make_up_for_each_other():
    text = "\n".join([line(1)[:-1], line(2) + "9", line(3), ""])
    with pytest.raises(FrameError, match="line 1 has 44"):
        read(text.encode())


def test_a_code_with_other_characters_is_refused():
    with pytest.raises(FrameError, match="line 2: code is 'AB20', not all digits"):
        read(f"{line(1)}\n{line(1, code='AB20')}\n".encode())
    with pytest.raises(FrameError, match="line 1: word is"):
        read(line(1).replace("x ", "\x01 ").encode())
