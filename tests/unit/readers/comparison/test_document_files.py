"""A document in each format: the same parts in all of them, and nothing in a text that a program would run."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import html
import re
from pathlib import Path

import openpyxl
import pytest
from markdown_it import MarkdownIt

from orchestration.base.errors import UsageError
from orchestration.readers.citation import Citation
from orchestration.readers.comparison.document import Document
from orchestration.readers.comparison.document_files import SUFFIXES, check_path, write
from tests.support import reading_case
from tests.support.command_case import command

DOCUMENT = Document(
    title="Imports <b> before & after: =1+1",
    answer=["=HYPERLINK(1)", "a *long* | paragraph_with [marks]"],
    cautions=["One <script>alert(1)</script> caution."],
    windows=[
        {"window": "before", "first_month": dt.date(2017, 2, 1), "mean": 26249.75, "unit": "million USD"},
        {"window": "after", "first_month": dt.date(2018, 2, 1), "mean": None, "unit": "million USD"},
    ],
    months=[
        {"series_id": "s_1", "month": dt.date(2017, 2, 1), "window": "before", "value": 0.1 + 0.2, "status": "normal",
         "known_from": dt.datetime(2026, 10, 10)},
        {"series_id": "s_1", "month": dt.date(2017, 3, 1), "window": "before", "value": None, "status": "missing",
         "known_from": dt.datetime(2026, 10, 10)},
    ],
    tables={"methods": [{"method": "before|after", "rank": float("nan")}], "result": [{"name": "verdict", "value": "=x"}]},
    citations=[Citation("s_1", "dataset", "An agency", "A title", dt.date(2026, 10, 10), "r1", notes=["A note."])],
)  # fmt: skip


def words(path: Path) -> str:
    """Everything that a reader of the file sees, as one text."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        return " ".join(
            str(c.value) for sheet in book for row in sheet.rows for c in row if c.value is not None
        )
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = MarkdownIt().enable("table").render(text)
    if path.suffix in (".md", ".html"):
        body = text.partition("<body>")[2] or text
        return html.unescape(re.sub(r"<[^>]*>", " ", body))
    return text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_part_is_in_every_format(tmp_path: Path, suffix: str):
    text = words(write(DOCUMENT, tmp_path / f"a{suffix}"))
    for part in (DOCUMENT.title, *DOCUMENT.answer, *DOCUMENT.cautions, "26249.75", "0.30000000000000004", "2017-02-01",
                 "before|after", "verdict", "million USD", "missing", "An agency (2026): A title"):  # fmt: skip
        assert part in text or (suffix == ".xlsx" and part in text.replace("0.3 ", "0.30000000000000004 ")), (
            part
        )


def test_a_workbook_has_dates_numbers_and_no_formulas(tmp_path: Path):
    book = openpyxl.load_workbook(write(DOCUMENT, tmp_path / "a.xlsx"))
    assert book.sheetnames == ["answer", "windows", "months", "methods", "result"]
    assert not any(
        cell.data_type == "f" or cell.hyperlink for sheet in book for row in sheet.rows for cell in row
    )
    header, first, second = book["months"].values
    assert dict(zip(header, first, strict=True))["month"] == dt.datetime(2017, 2, 1)
    assert first[3] == pytest.approx(0.3) and second[3] is None  # a workbook has 16 digits


def test_csv_has_a_row_for_each_month(tmp_path: Path):
    with write(DOCUMENT, tmp_path / "a.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    months = [row for row in rows if row["part"] == "month"]
    assert [(m["name"], m["window"], m["status"]) for m in months] == [
        ("2017-02-01", "before", "normal"),
        ("2017-03-01", "before", "missing"),
    ]
    assert float(months[0]["value"]) == 0.1 + 0.2 and months[1]["value"] == ""


def test_a_page_runs_nothing_and_asks_for_nothing(tmp_path: Path):
    page = write(DOCUMENT, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page and "<b>" not in page
    assert not re.search(r"""(src|href)\s*=""", page)


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path: Path):
    for path in (tmp_path / "a.docx", tmp_path / "no" / "a.csv", tmp_path):
        with pytest.raises(UsageError):
            check_path(path)


def test_half_a_file_is_never_left(tmp_path: Path):
    write(DOCUMENT, tmp_path / "a.md")
    before = (tmp_path / "a.md").read_text()
    broken = dataclasses.replace(DOCUMENT, months=[object()])
    with pytest.raises(TypeError):
        write(broken, tmp_path / "a.md")
    assert (tmp_path / "a.md").read_text() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_the_command_writes_it_and_says_where(tmp_path: Path):
    home = reading_case.settings(tmp_path / "home")
    reading_case.write_release(home)
    for suffix in SUFFIXES:
        file = tmp_path / f"round6{suffix}"
        done = command(home, "compare", "nafta-round6-end", "usa_imports_goods_mex", "--out", str(file))
        assert done.returncode == 0, done.stderr
        assert str(file) in done.stdout.replace("\n", "") and "28787.5" in words(file)
    assert (
        command(home, "compare", "nafta-round6-end", "usa_imports_goods_mex", "--out", "a.docx").returncode
        == 2
    )
