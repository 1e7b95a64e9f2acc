"""A user's own timelines from a file to a comparison, and everything bundled as if they were not there.

Belongs here: what the public tables, macros and commands of a release with own rows in it say. Does not belong here: that release and
its rows (tests/support/own_warehouse.py), rules, files and store (tests/unit/intake/timeline).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.intake.timeline.own import TimelineError
from orchestration.operations.build import run_build
from tests.support.command_case import command
from tests.support.own_timeline_case import MEASURE
from tests.support.own_warehouse import EVENTS, FED, INSIDE, PATIENT, PLANT, TARIFF, OwnWarehouse
from tests.support.same_tables import rows_apart

pytestmark = [pytest.mark.long, pytest.mark.timeout(PATIENT)]

#: sources of own timelines, of what the user's feed fetched, and of what the user decided about it: not in the release without them
ADDED = ("own_timelines", "federal_register", "feed_review")
#: columns of rpt_freshness that say how late a source is on the day of the build
OF_THE_DAY = ("as_of", "state", "n_slices_late", "expected_period", "days_behind")


@pytest.fixture
def mine(own_warehouse: OwnWarehouse) -> Settings:
    return own_warehouse.settings


@pytest.fixture(scope="module")
def both(small_home: Settings, own_warehouse: OwnWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The release without own timelines as `bare`, the one with them as `mine`."""
    mine = own_warehouse.settings
    with duckdb.connect() as con:
        for name, settings in (("bare", small_home), ("mine", mine)):
            con.execute(f"attach '{settings.current_database.resolve()}' as {name} (read_only)")
        con.execute("use mine")  # the macros name their tables without a database
        yield con


def asked(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def test_bundled_rows_are_the_same_with_and_without_own_timelines(both):
    """One note of a user about a plant would change the rivals, ranks and false-alarm rates of everybody's events."""
    tables = [
        name
        for (name,) in asked(
            both,
            "select table_name from duckdb_tables() where database_name = 'mine' and schema_name = 'main' order by 1",
        )
    ]
    assert {"rpt_before_after", "rpt_method_calibration", "rpt_answer", "dim_event"} <= set(tables)
    ((same_day,),) = asked(
        both,
        "select (select max(as_of) from bare.rpt_freshness) = (select max(as_of) from mine.rpt_freshness)",
    )
    changed = {}
    for table in tables:
        columns = {
            name
            for (name,) in asked(
                both,
                f"select column_name from duckdb_columns() where database_name = 'mine' and table_name = '{table}'",
            )
        }
        bundled = " and ".join(
            condition
            for needed, condition in (
                ("feed_id", f"feed_id in (select feed_id from bare.main.{table})"),
                ("event_id", "coalesce(not starts_with(event_id, 'user-'), true)"),
                ("measure_id", "coalesce(not starts_with(measure_id, 'user-'), true)"),
                ("origin", "origin = 'headway'"),
                ("source_id", f"coalesce(source_id, '') not in {ADDED}"),
            )
            if needed in columns
        )
        # the store of the own timelines was made again from the archive, and so loaded later; over midnight more is of another day
        but = ["last_loaded_at", *(() if same_day else OF_THE_DAY)]
        apart = rows_apart(both, f"bare.main.{table}", f"mine.main.{table}", bundled or "true", but=but)
        if apart:
            changed[table] = apart
    assert changed == {}


def test_own_rows_are_in_the_public_tables(both):
    """What was imported and is nowhere to be seen was lost on the way."""
    assert asked(
        both, "select event_id, event_class, in_report from mine.dim_event where origin = 'user' order by 1"
    ) == [
        (FED, "act", True),
        (PLANT, "act", True),
        (INSIDE, "act", True),
        (TARIFF, "act", True),
    ]
    assert asked(both, "select source_key from mine.dim_event_source where origin = 'user' order by 1") == [
        ("USER_COMPANY_NEWS",),
        ("USER_FEED_2025_05930",),
    ]
    assert asked(both, "select measure_id, event_id from mine.dim_tariff_measure where origin = 'user'") == [
        (MEASURE["measure_id"], TARIFF)
    ]
    assert asked(
        both, "select event_id, party from mine.fct_position where origin = 'user' order by all"
    ) == [
        ("nafta-round6-end", "CAN"),
        ("nafta-round6-end", "INDUSTRY"),
        (PLANT, "CAN"),
        (PLANT, "INDUSTRY"),
    ]
    for table in (
        "rpt_before_after",
        "rpt_event_window",
        "rpt_event_exposure",
        "rpt_interrupted_time_series",
        "rpt_change_point",
        "rpt_counterfactual_effect",
        "rpt_difference_in_differences",
    ):
        ((n,),) = asked(
            both,
            f"select count(distinct event_id) from mine.{table} where event_id in ('{PLANT}', '{TARIFF}', '{INSIDE}')",
        )
        assert n == 3, table


def test_bundled_acts_and_own_other_acts_are_in_the_way_of_an_own_event(both):
    """An own event that nothing stands in the way of would be told apart from what happened in the same month."""
    series = "usa_employment_motor_vehicles_parts"
    ((in_windows, rivals, identified, treatment),) = asked(
        both,
        f"""select rivals_in_windows, rival_event_ids, identified, treatment_id from mine.rpt_before_after
            where event_id = '{PLANT}' and window_months = 12 and is_default_gap and as_of_basis = 'latest'
                and series_id = '{series}'""",
    )
    assert treatment is None and not identified
    # the shift of June 2020 cuts in July, nine months later, and shares three of twelve
    assert INSIDE in in_windows and INSIDE not in rivals and TARIFF not in in_windows
    bundled = {name for name in in_windows if not name.startswith("user-")}
    with_same_date = asked(
        both, f"select rivals_in_windows from mine.before_after('{series}', '2019-10-01', months := 12)"
    )[0][0]
    assert bundled == set(with_same_date), "as in the way of a bare date"


@pytest.mark.parametrize("event", [PLANT, TARIFF, INSIDE])
def test_the_macro_gives_the_numbers_of_the_report(both, event):
    """Two answers to one question: `headway compare` asks the report for usual windows and the macro for others."""
    columns = "cut_month, pre_mean, post_mean, n_other_events, n_other_events_any, rival_event_ids, rivals_in_windows, identified, treatment_id, verdict, event_clean"
    for series in (
        "usa_imports_goods_chn",
        "usa_employment_total_nonfarm",
        "usa_employment_motor_vehicles_parts",
    ):
        report = asked(
            both,
            f"""select {columns} from mine.rpt_before_after where event_id = '{event}' and series_id = '{series}'
                and window_months = 12 and is_default_gap and as_of_basis = 'latest'""",
        )
        macro = asked(both, f"select {columns} from mine.before_after('{series}', '{event}')")
        assert [tuple(map(_rounded, row)) for row in report] == [tuple(map(_rounded, row)) for row in macro]


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value


def test_it_is_compared_listed_cited_and_named_beside_others(mine, tmp_path):
    """An own event is used wherever an event is; and a reader of a bundled comparison is told of it, though it is not counted."""
    compared = json.loads(
        command(mine, "compare", PLANT, "usa_employment_motor_vehicles_parts", "--json").stdout
    )
    assert compared["event"]["origin"] == "user" and "of your own timelines" in compared["text"]
    assert compared["result"]["pre_mean"] > 0
    listed = json.loads(command(mine, "events", "plant", "closes", "--json").stdout)
    assert next((row["event_id"], row["origin"]) for row in listed) == (PLANT, "user")
    assert "of own timelines" in command(mine, "cite", PLANT).stdout
    beside = json.loads(
        command(
            mine, "compare", "usmca-entry-into-force", "usa_employment_motor_vehicles_parts", "--json"
        ).stdout
    )
    assert "Of your own timelines" in beside["text"] and "A shift is cut" in beside["text"]
    page = tmp_path / "plant.html"
    done = command(mine, "report", PLANT, "--out", str(page))
    assert done.returncode == 0, done.stderr
    assert "Assembly plant closes" in page.read_text(encoding="utf-8")


def test_the_same_files_are_built_once_and_a_bad_one_stops_the_build_with_its_line(mine):
    """A build that does not notice an edited file, or a broken one that takes the release down."""
    assert not run_build(mine).released
    path = mine.timelines / "events.csv"
    before, release = path.read_bytes(), mine.current.resolve()
    rows = list(csv.reader(before.decode().splitlines()))
    path.write_bytes(before.replace(b",high,", b",sure,", 1))
    try:
        with pytest.raises(TimelineError, match=r"events\.csv line 2: confidence 'sure'"):
            run_build(mine)
        assert mine.current.resolve() == release and len(rows) == 1 + len(EVENTS) + len([FED])
    finally:
        path.write_bytes(before)
