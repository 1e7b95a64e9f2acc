"""A comparison in parts. Prevents: a file whose months are not those that were compared, a caution that is on the screen and
not in the file."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from orchestration.base.settings import Settings
from orchestration.readers.citation import cite_comparison
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.compare import Comparison, compare
from orchestration.readers.comparison.document import Document, document
from orchestration.readers.comparison.document_files import SUFFIXES, write
from orchestration.readers.release_file import open_release
from tests.support import answer_case, reading_case

SERIES = "usa_imports_goods_mex"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("home"))
    reading_case.write_release(settings)
    return settings


def made(home: Settings, event: str = "nafta-round6-end", **options) -> tuple[Comparison, Document]:
    with open_release(home) as con:
        comparison = compare(con, event, SERIES, **options)
        named = comparison.event["event_id"] if comparison.event else None
        return comparison, document(con, comparison, cite_comparison(home, con, SERIES, named))


@pytest.mark.parametrize(("months", "gap"), [(12, 0), (6, 3)])
def test_the_months_are_those_of_the_windows_and_give_their_means(home: Settings, months: int, gap: int):
    comparison, doc = made(home, months=months, gap=gap)
    values = {
        w: [r["value"] for r in doc.months if r["window"] == w] for w in ("before", "after", "left out")
    }
    assert [len(v) for v in values.values()] == [months, months, gap]
    means = [row["mean"] for row in doc.windows]
    assert means == pytest.approx([np.mean(values["before"]), np.mean(values["after"])])
    assert means == [comparison.result["pre_mean"], comparison.result["post_mean"]]
    assert [row["first_month"] for row in doc.windows] == [
        comparison.result["pre_start"],
        dt.date(2018, 2, 1),
    ]


def test_answer_cautions_and_citations_are_in_it(home: Settings):
    comparison, doc = made(home)
    assert list(doc.answer) == [comparison.brief, comparison.text]
    assert list(doc.cautions) == caution_lines(comparison) != []
    assert [c.key for c in doc.citations] == [SERIES, "nafta-round6-end", "r1"]
    assert [row["event_id"] for row in doc.tables["other_events"]] == [
        e["event_id"] for e in comparison.other_events
    ]
    names = {row["name"] for row in doc.tables["result"]}
    assert "pre_mean" in names and not any(name.startswith("welch_") for name in names)


def test_a_bare_date_has_no_event_to_cite(home: Settings):
    _, doc = made(home, event="2018-01-29")
    assert [c.key for c in doc.citations] == [SERIES, "r1"]
    assert doc.title.endswith("2018-02")


def test_what_a_comparison_learns_to_say_is_in_the_document_too(home: Settings):
    """A field of its own is a text or a table of its own: the file must not need a change for it."""

    @dataclass(frozen=True)
    class Judged(Comparison):
        learned: str = "In short."
        learnt_rows: tuple[dict[str, object], ...] = ({"design": "panel", "estimate": 0.1},)

    with open_release(home) as con:
        comparison = compare(con, "nafta-round6-end", SERIES)
        judged = Judged(**{f.name: getattr(comparison, f.name) for f in dataclasses.fields(comparison)})
        doc = document(con, judged, [])
    assert list(doc.answer) == ["In short.", comparison.brief, comparison.text]
    assert list(doc.tables["learnt_rows"]) == [{"design": "panel", "estimate": 0.1}]


def test_an_answer_is_its_row_its_designs_and_what_stands_in_the_way(home: Settings):
    """Whoever gets the file sees what the other designs said, too."""
    with open_release(home) as con:
        comparison = compare(con, "nafta-round6-end", SERIES)
        told = dataclasses.replace(comparison, answer=answer_case.answer())
        doc = document(con, told, [])
    assert [row["design"] for row in doc.tables["designs"]] == ["Against its own past"]
    assert {"name": "verdict", "value": "within_usual_range"} in list(doc.tables["answer_numbers"])
    assert doc.tables["in_the_way"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_comparison_with_an_answer_is_written_in_every_format(home: Settings, tmp_path: Path, suffix: str):
    """A workbook refused the second sheet named "answer", and the command ended with a traceback."""
    with open_release(home) as con:
        comparison = compare(con, "nafta-round6-end", SERIES)
        doc = document(con, dataclasses.replace(comparison, answer=answer_case.answer()), [])
    assert write(doc, tmp_path / f"told{suffix}").stat().st_size > 1000
