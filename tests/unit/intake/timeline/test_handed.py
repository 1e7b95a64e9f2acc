"""Files that a person hands over: told by their columns or their sheets, with the line of everything that is unclear.

Belongs here: orchestration/intake/timeline/handed.py. Does not belong here: the rules of rows (test_rules.py).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.timeline.handed import (
    EXAMPLES,
    allowed_values,
    read_handed,
    template_csv,
    template_xlsx,
)
from orchestration.intake.timeline.own import TimelineError, put_rows, read_timelines
from transforms.timeline import TIMELINE_COLUMNS, text_of


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(project=PROJECT, home=tmp_path / "home")


def test_the_example_workbook_can_be_imported_as_it_is(home, tmp_path):
    """An example that breaks a rule would teach the wrong form."""
    file = tmp_path / "mine.xlsx"
    file.write_bytes(template_xlsx())
    assert len(put_rows(home, read_handed(file).rows).added) == 4
    for kind, (row,) in read_timelines(home).items():
        assert {c: text_of(v) for c, v in row.values.items() if v is not None} == EXAMPLES[kind]


@pytest.mark.parametrize("kind", TIMELINE_COLUMNS)
def test_the_columns_of_a_csv_tell_its_kind(kind, tmp_path):
    """Events read as positions would be refused for columns that they need not have."""
    file = tmp_path / "some name.csv"
    file.write_bytes(template_csv(kind).replace(b",", b";") if kind == "sources" else template_csv(kind))
    handed = read_handed(file)
    assert list(handed.rows) == [kind]
    assert [row.where for row in handed.rows[kind]] == ["some name.csv line 2"]


def test_days_and_numbers_of_a_workbook_are_what_they_show(home, tmp_path):
    """Excel keeps a day as a time and a code as a number; an only sheet may be called anything."""
    file, book = tmp_path / "plants.xlsx", openpyxl.Workbook()
    put_rows(home, read_handed(_written(tmp_path / "sources.csv", template_csv("sources"))).rows)
    sheet = book.active
    sheet.title = "Tabelle1"
    cells = {**EXAMPLES["measures"], "event_id": None, "no_event_because": "a test"}
    cells |= {"effective_on": dt.datetime(2024, 9, 30), "hs_codes": 8703, "rate_pct": 12.5, "in_force": True}
    sheet.append(list(cells))
    sheet.append(list(cells.values()))
    book.save(file)
    put_rows(home, read_handed(file).rows)
    (row,) = read_timelines(home)["measures"]
    assert row.values["effective_on"] == dt.date(2024, 9, 30) and row.values["hs_codes"] == "8703"
    assert row.values["rate_pct"] == 12.5 and row.values["in_force"] is True


def test_a_column_of_another_name_is_mapped(tmp_path):
    """A company's list has its own headings; one that is not named is a problem and not dropped."""
    text = "Key,What,Day,Source\nuser-a,Closes,2024-09-30,USER_A\n"
    file = _written(tmp_path / "list.csv", text.encode())
    names = {"event_id": "Key", "title": "What", "event_date": "Day"}
    (row,) = read_handed(file, names=names).rows["events"]
    assert dict(row.cells) == {
        "event_id": "user-a",
        "title": "Closes",
        "event_date": "2024-09-30",
        "source": "USER_A",
    }
    with pytest.raises(TimelineError, match="no column 'tag' to be mapped"):
        read_handed(file, names={**names, "topics": "Tag"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "the columns do not say what the rows are"),
        (b"", "file is empty"),
        (b"event_id,event_date\nuser-a\n", "line 2: 1 cells where the header has 2"),
        (b"event_id,event_date,event_id\nuser-a,,\n", "column 'event_id' is there twice"),
        (b"event_id,event_date\n\xe9,\n", "line 2: byte 0xE9 is not UTF-8"),
        (b"\xd0\xcf\x11\xe0 old", "an old .xls workbook"),
        (b"PK\x03\x04 no zip", "not a readable .xlsx workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_place(content, said, tmp_path):
    """A traceback of a library tells nobody what to mend."""
    with pytest.raises(TimelineError, match="plants"):
        read_handed(_written(tmp_path / "plants.csv", content))
    with pytest.raises(TimelineError) as error:
        read_handed(_written(tmp_path / "plants.csv", content))
    assert said in str(error.value)


def test_allowed_values_are_those_of_the_rules(home):
    """A list for people that is kept by hand would miss the next kind of event."""
    allowed = {(line["kind"], line["column"]): line["allowed"].split("; ") for line in allowed_values(home)}
    assert allowed["events", "confidence"] == ["high", "medium", "low"]
    assert "plant" in allowed["events", "event_type"] and "WLD" not in allowed["events", "parties"]
    assert "WLD" in allowed["measures", "partners"] and "INDUSTRY" in allowed["positions", "party"]
    for kind, row in EXAMPLES.items():
        for column, value in row.items():
            if (kind, column) in allowed and column != "timeline":
                assert set(str(value).split(";")) <= set(allowed[kind, column])


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
