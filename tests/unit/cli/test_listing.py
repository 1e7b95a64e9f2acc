"""Lists of series, events and sources. Prevents: an id that is cut and cannot be copied, rows wider than the terminal, a
list that is silently shorter than what was found."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.errors import UsageError
from orchestration.cli.listing import COVERAGE, EVENTS, FRESHNESS, SERIES, Choice, show_list
from orchestration.cli.printer import Printer
from orchestration.cli.results import show_status
from orchestration.readers import lookup
from orchestration.readers.release_file import open_release
from tests.support import reading_case
from tests.support.command_case import command
from tests.support.examples import examples

_IMPORTS = {
    "series_id": "usa_imports_goods_mex",
    "title": "Imports of goods, USA from Mexico",
    "unit": "USD",
    "unit_multiplier": 1_000_000,
    "frequency": "monthly",
    "first_period": dt.date(1985, 1, 1),
    "last_period": dt.date(2026, 8, 1),
}


def shown(rows, columns, choice, width, capsys, monkeypatch) -> list[str]:
    monkeypatch.setattr("orchestration.cli.printer._WIDTH_OF_A_PIPE", width)
    show_list(Printer(as_json=False), rows, columns, choice)
    return capsys.readouterr().out.splitlines()


def test_a_series_is_one_line_where_there_is_room_and_two_where_there_is_not(capsys, monkeypatch):
    assert shown([_IMPORTS], SERIES, Choice(), 120, capsys, monkeypatch)[1].split("  ") == [
        "usa_imports_goods_mex", "Imports of goods, USA from Mexico", "1985-2026", "USD million", "2026-08",
    ]  # fmt: skip
    assert shown([_IMPORTS], SERIES, Choice(), 70, capsys, monkeypatch)[1:] == [
        "usa_imports_goods_mex  1985-2026  2026-08",
        "    Imports of goods, USA from Mexico (USD million)",
    ]


@examples(100)
@given(
    ids=st.lists(st.text("abc_", min_size=1, max_size=50), min_size=1, max_size=5),
    titles=st.lists(st.text("Word ,é日", min_size=1, max_size=130), min_size=5, max_size=5),
)
def test_no_line_is_wider_than_the_terminal_and_no_id_is_cut(ids, titles):
    from rich.cells import cell_len

    rows = [_IMPORTS | {"series_id": i, "title": t} for i, t in zip(ids, titles, strict=False)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.cli.printer._WIDTH_OF_A_PIPE", 80)
        patch.setattr("sys.stdout", io.StringIO())
        show_list(Printer(as_json=False), rows, SERIES, Choice())
        import sys

        lines = sys.stdout.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= 80
    assert [line.split()[0] for line in lines if not line.startswith("    ")] == ["series", *ids]


def test_the_longest_ids_of_the_release_fit_80_columns(capsys, monkeypatch):
    """The longest series id has 50 characters and the longest event id 36 (2026-11-29)."""
    event = {
        "event_id": "e" * 36,
        "event_date": dt.date(2018, 1, 29),
        "date_precision": "month",
        "title": "A title of seventy characters " * 3,
    }
    (line,) = shown([event], EVENTS, Choice(), 80, capsys, monkeypatch)[1:]
    assert line.split("  ")[:2] == ["e" * 36, "2018-01"] and line.endswith("…") and len(line) <= 80
    state = {
        "source_id": "bank_of_canada",
        "dataset": "freight_flow",
        "frequency": "quarterly",
        "state": "never_loaded",
        "latest_period": dt.date(2026, 4, 1),
        "days_behind": 1511,
    }
    (line,) = shown([state], FRESHNESS, Choice(), 80, capsys, monkeypatch)[1:]
    assert line.split("  ")[3:5] == ["never loaded", "2026Q2"] and line.endswith("1,511") and len(line) <= 80


def test_rows_that_are_left_out_are_counted(capsys):
    rows = [_IMPORTS | {"series_id": f"s{n}"} for n in range(5)]
    show_list(Printer(as_json=False), rows, SERIES, Choice(limit=2))
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()] == ["series", "s0", "s1"]
    assert "2 of 5" in printed.err
    show_list(Printer(as_json=True), rows, SERIES, Choice(limit=2))
    assert [row["series_id"] for row in json.loads(capsys.readouterr().out)] == ["s0", "s1"]


def test_columns_are_chosen_by_name_and_an_unknown_one_names_the_known(capsys, monkeypatch):
    wanted = Choice(columns="last_period, series_id")
    assert shown([_IMPORTS], SERIES, wanted, 80, capsys, monkeypatch) == [
        "last_period  series_id",
        "2026-08-01   usa_imports_goods_mex",
    ]
    with pytest.raises(UsageError, match=r"no column nope; there are series_id, title"):
        show_list(Printer(as_json=False), [_IMPORTS], SERIES, Choice(columns="series_id,nope"))


def test_wide_shows_every_column_of_a_row_on_one_line(capsys, monkeypatch):
    heading, line = shown([_IMPORTS], SERIES, Choice(wide=True), 40, capsys, monkeypatch)
    assert heading.split() == list(_IMPORTS) and "Imports of goods, USA from Mexico" in line


def test_csv_has_every_column_and_keeps_what_a_spreadsheet_reads(capsys):
    rows = [_IMPORTS | {"title": 'with "quotes", and a comma', "topics": ["a", "b"], "unit": None}]
    show_list(Printer(as_json=False), rows, SERIES, Choice(csv=True))
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["title"] == 'with "quotes", and a comma' and row["first_period"] == "1985-01-01"
    assert (row["topics"], row["unit"]) == ("a;b", "")


def test_markup_and_emoji_codes_in_data_are_data(capsys):
    """`a:car:b` came out with a picture of a car, which no command takes for the id."""
    row = _IMPORTS | {"series_id": "a:car:b", "title": "[red]x[/] :smile:"}
    for choice in (Choice(), Choice(wide=True), Choice(csv=True)):
        show_list(Printer(as_json=False), [row], SERIES, choice)
        printed = capsys.readouterr().out
        assert "a:car:b" in printed and "[red]x[/] :smile:" in printed


def test_a_long_list_goes_through_the_pager_of_a_terminal_and_a_short_one_does_not(monkeypatch):
    from rich.console import Console

    paged: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", paged.append)
    out = Printer(as_json=False)
    out._console = Console(
        file=io.StringIO(), force_terminal=True, width=80, height=10, markup=False, emoji=False
    )
    rows = [_IMPORTS | {"series_id": f"s{n}"} for n in range(20)]
    show_list(out, rows[:3], SERIES, Choice())
    assert paged == []
    show_list(out, rows, SERIES, Choice())
    assert len(paged) == 1 and paged[0].count("\n") >= 21


def test_nothing_found_is_said(capsys):
    show_list(Printer(as_json=False), [], SERIES, Choice(columns="whatever"))
    assert capsys.readouterr().out == "nothing matches\n"


def test_the_commands_list_best_and_newest_first(tmp_path):
    home = reading_case.settings(tmp_path)
    reading_case.write_release(home)
    listed = command(home, "series", "mexico", "--csv").stdout
    assert [row["series_id"] for row in csv.DictReader(io.StringIO(listed))] == [
        "usa_imports_goods_mex",  # 2019; the annual ones end in 2006, the shorter id first
        "mex_production_cars_annual",
        "mex_production_vehicles_annual",
    ]
    assert command(home, "series", "vehicles", "employment").stdout.count("usa_employment") == 1
    with open_release(home) as con:
        assert [row["series_id"] for row in lookup.list_series(con, "vehicles")] == [
            "usa_employment_motor_vehicles_parts",  # 2025
            "mex_production_vehicles_annual",  # 2006
        ]
        dates = [row["event_date"] for row in lookup.list_events(con)]
        assert dates == sorted(dates, reverse=True)
        assert lookup.list_events(con, "mexico")[0]["event_id"] == "s232-steel"


def test_status_as_csv_is_one_table(capsys, tmp_path):
    home = reading_case.settings(tmp_path)
    reading_case.write_release(home)
    show_status(Printer(as_json=False), lookup.status(home), Choice(csv=True))
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == 2


def test_coverage_fits_80_columns_and_tells_flows_from_series(capsys, monkeypatch):
    """The widest of each column in the release of 2026-11-29."""
    row = {
        "source_id": "headway_derived",
        "held_as": "trade_flow",
        "measure": "trade_value",
        "geography_iso3": "USA",
        "flow": "imports",
        "basis": "balance_of_payments",
        "classification": "BEA end use",
        "product_level": None,
        "partner": "236 partners",
        "frequency": "monthly",
        "seasonal_adjustment": "SA",
        "product_count": 1236,
        "series_count": 0,
        "first_period": dt.date(1985, 1, 1),
        "last_period": dt.date(2024, 12, 1),
        "fewest_holes": 0,
        "most_holes": 88,
        "holes": [],
    }
    holed = row | {
        "held_as": "series",
        "series_count": 102,
        "classification": "HS",
        "product_level": 2,
        "fewest_holes": 9,
        "most_holes": 9,
        "holes": ["1981-07 to 1981-08", "1981-10", "1982-01"],
    }
    lines = shown([row, holed], COVERAGE, Choice(), 80, capsys, monkeypatch)
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["headway_derived", "BEA", "end", "use", "236", "partners", "1236", "codes", "1985-01", "2024-12", "0-88"]  # fmt: skip
    assert lines[2] == "    USA imports, balance of payments: trade value, SA"
    assert "  HS 2 " in lines[3] and "  102 series  " in lines[3] and lines[3].endswith("      9")
    under = " ".join(line.strip() for line in lines[4:])
    assert under.endswith("(without 1981-07 to 1981-08, 1981-10 and 1 more)")
