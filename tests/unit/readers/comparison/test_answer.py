"""Which rows of a release answer a question, and in which order several are shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.answer import all_answers, answer_of, answers_about, untold_about
from orchestration.readers.release_file import open_release, read
from orchestration.readers.rows import DimSeries, RptAnswer, RptAnswerDesign
from tests.support import reading_case
from tests.support.answer_case import offer, row, untold, write_tables

IMPORTS, CARS = "usa_imports_goods_mex", "usa_employment_motor_vehicles_parts"


def released(folder: Path, answers: list[RptAnswer], designs: list[RptAnswerDesign] | None = None) -> Path:
    """The file of a small release with these answers."""
    home = reading_case.settings(folder)
    file = reading_case.write_release(home)
    with duckdb.connect(str(file)) as con:
        write_tables(con, answers, designs or [])
    return file


def of_file(file: Path, act):
    home = reading_case.settings(file.parents[2])
    with open_release(home, path=file) as con:
        return act(con)


def series(con: duckdb.DuckDBPyConnection, series_id: str = IMPORTS) -> DimSeries:
    return read(con, DimSeries, "where series_id = ?", [series_id])[0]


def test_a_release_without_answers_has_none_and_says_so_when_they_are_listed(tmp_path: Path) -> None:
    home = reading_case.settings(tmp_path)
    reading_case.write_release(home)
    with open_release(home) as con:
        assert answer_of(con, "s232-steel", series(con), 12) is None
        with pytest.raises(UsageError, match="holds no answers"):
            all_answers(con)


def test_an_answer_has_its_designs_its_rivals_nearest_first_and_no_row_for_another_width(
    tmp_path: Path,
) -> None:
    answers = [
        row(rival_event_ids=["nafta-round7-end"], rivals_in_windows=["nafta-round6-end", "nafta-round7-end"])
    ]
    designs = [
        offer("placebo_rank", 5),
        offer("forecast", 4, variant="b", blockers=["history"]),
        offer("forecast", 4, variant="c", is_answer=True),
        offer("forecast", 4, variant="a"),
    ]
    file = released(tmp_path, answers, designs)

    def ask(con: duckdb.DuckDBPyConnection) -> None:
        found = answer_of(con, "s232-steel", series(con), 12)
        assert found is not None and found.is_told and found.asked is not None
        assert found.asked["title"] == "Duty on metals of Canada and Mexico"
        # of several variants the one that answers, in the order of the designs
        assert [(d["design"], d["variant"]) for d in found.designs] == [
            ("forecast", "c"),
            ("placebo_rank", "own_past"),
        ]
        assert [e["event_id"] for e in found.rivals] == ["nafta-round7-end", "nafta-round6-end"]
        assert answer_of(con, "s232-steel", series(con), 6) is None
        assert answer_of(con, "nafta-round6-end", series(con), 12) is None

    of_file(file, ask)


def test_lists_are_best_first_and_hold_only_what_is_told(tmp_path: Path) -> None:
    answers = [
        row(treatment_id="act-2018-06", usual_low=-0.10, usual_high=0.10),
        row(treatment_id="act-2018-07", series_id=CARS, usual_low=-0.02, usual_high=0.02),
        row(
            treatment_id="act-2018-08",
            verdict="outside_usual_range",
            usual_low=-0.30,
            usual_high=0.30,
            cut_month=dt.date(2018, 8, 1),
        ),
        row(treatment_id="act-2018-09", design="panel", scope="panel"),
        untold("covid", treatment_id="act-2018-10"),
    ]
    file = released(tmp_path, answers)

    def ask(con: duckdb.DuckDBPyConnection) -> None:
        found = all_answers(con)
        assert [a["treatment_id"] for a in found] == [
            "act-2018-09",
            "act-2018-08",
            "act-2018-07",
            "act-2018-06",
        ]
        assert [a["treatment_id"] for a in all_answers(con, since=dt.date(2018, 8, 1))] == ["act-2018-08"]
        assert len(all_answers(con, limit=2)) == 2
        assert all_answers(con, timeline="nafta_renegotiation") == []
        with pytest.raises(UsageError, match="section_232"):
            all_answers(con, timeline="nafta")

    of_file(file, ask)


def test_a_panel_is_listed_once_under_its_own_family(tmp_path: Path) -> None:
    """It says the same of every series that it answers for, and families of goods and of states may have one name."""
    variant = "wave us_imports_naics3 realised"
    answers = [
        row(design="panel", scope="panel", variant=variant),
        row(design="panel", scope="panel", variant=variant, series_id=CARS, treatment_id="act-2018-07"),
        row(design="state_panel", scope="panel", variant="wave us_state_manufacturing log", series_id=CARS),
    ]
    file = released(tmp_path, answers)
    with duckdb.connect(str(file)) as con:
        con.execute(
            "INSERT INTO dim_panel_family VALUES ('wave', 'Duties', 'goods'), ('wave', 'Jobs', 'states')"
        )

    def ask(con: duckdb.DuckDBPyConnection) -> None:
        assert [(a["treatment_title"], a["series_id"]) for a in all_answers(con)] == [
            ("Duties", IMPORTS),
            ("Jobs", CARS),
        ]

    of_file(file, ask)


def test_about_an_event_the_longer_width_counts_and_what_is_told_with_one_is_not_untold(
    tmp_path: Path,
) -> None:
    answers = [
        row(window_months=6),
        row(window_months=12),
        row(window_months=6, series_id=CARS),
        untold("history", "covid", window_months=12, series_id=CARS),
        untold("history", window_months=6, series_id="mex_production_vehicles_annual"),
        untold("history", "covid", window_months=12, series_id="mex_production_vehicles_annual"),
    ]
    file = released(tmp_path, answers)

    def ask(con: duckdb.DuckDBPyConnection) -> None:
        assert {(a["series_id"], a["window_months"]) for a in answers_about(con, "s232-steel")} == {
            (IMPORTS, 12),
            (CARS, 6),
        }
        number, blockers = untold_about(con, "s232-steel")
        assert number == 1
        assert blockers == [{"blocker": "covid", "n_answers": 1}, {"blocker": "history", "n_answers": 1}]
        assert answers_about(con, "nafta-round6-end") == []
        with_twelve = answer_of(con, "s232-steel", series(con, CARS), 12)
        assert with_twelve is not None and not with_twelve.is_told and with_twelve.told_with == 6

    of_file(file, ask)
