"""Pages of the dashboard on the whole warehouse: they run, their numbers are the marts', bad links and releases get words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from polars.testing import assert_frame_equal

from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, current_release
from tests.support.dashboard_case import PAGES, point, run_page, second_release, texts

VIEWS = [
    *((page, {}) for page in PAGES),
    ("overview", {"series": "mex_production_vehicles", "timeline": ["usmca_ratification"], "since": "1990"}),
    ("overview", {"series": "can_sales_trucks_sa", "since": "2020"}),
    ("timeline", {"event": "nafta-auto-roo-proposal-2017-10", "party": ["MEX"], "words": "content"}),
    ("timeline", {"timeline": ["section_338_canada"], "confidence": ["low"], "event": "usmca-rvc-75"}),
    ("timeline", {"words": "no event has these words"}),
    ("compare", {"event": "usmca-entry-into-force", "series": "usa_imports_goods_mex", "months": "24"}),
    ("compare", {"series": "usa_imports_hs87_mex", "control": "other_vehicle_exporters"}),
    ("compare", {"by": "date", "date": "2018-01-29", "series": "usa_balance_goods_services", "gap": "3"}),
    ("compare", {"known": "day", "on_date": "2026-01-09", "series": "usa_employment_motor_vehicles_parts"}),
    ("compare", {"known": "first", "series": "usa_employment_motor_vehicles_parts"}),
    ("compare", {"by": "date", "date": "1951-01-01"}),
    ("compare", {"event": "s301-list3-2018-09", "series": "usa_imports_goods_chn"}),
    ("answers", {}),
    ("answers", {"timeline": "us_china_301", "verdict": "outside_usual_range", "months": "12"}),
    ("answers", {"words": "employment mich", "since": "2017-01-01", "design": "placebo_rank"}),
    ("trade", {"section": "duties"}),
    ("trade", {"section": "claimed", "partner": ["CAN", "MEX"]}),
    ("trade", {"section": "measures", "all": "1"}),
    ("trade", {"section": "measures", "day": "2018-07-01"}),
    ("trade", {"section": "freight", "transport": ["6"], "flow": "exports"}),
    ("trade", {"figures": "imports-consumption-naics-3-census", "product": "336", "partner": [""]}),
    ("revisions", {"series": "mex_exports_goods", "day": "2020-01-01", "since": "1995"}),
    ("revisions", {"series": "usa_cpi_used_vehicles"}),
    ("revisions", {"series": "usa_balance_goods_services"}),
    ("data", {"section": "tables", "table": "fct_freight_flow", "words": "freight"}),
    ("data", {"section": "columns", "words": "rank"}),
    ("data", {"section": "trace", "series": "usa_employment_manufacturing", "period": "2025-04"}),
    ("data", {"section": "trace", "series": "mex_production_vehicles_annual", "period": "2018"}),
    ("data", {"words": "employment motor", "series": "can_employment_total"}),
]


@pytest.mark.parametrize(("page", "address"), VIEWS, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_every_view_runs_and_its_sql_gives_its_numbers(
    page: str, address: dict, monkeypatch: pytest.MonkeyPatch, home: Settings
) -> None:
    # the SQL under a chart is a promise: pasted into DuckDB it must give what the chart shows
    queries: list[Query] = []
    shown = parts.shown_sql
    monkeypatch.setattr(parts, "shown_sql", lambda q: queries.append(q) or shown(q))
    run = run_page(page, **address)
    assert not run.exception
    assert not run.error, [e.value for e in run.error]
    assert "cannot be shown" not in texts(run)
    release = current_release(home)
    with release.connection() as con:
        for query in queries:
            assert_frame_equal(
                con.sql(shown(query)).pl(), release.ask(query), check_row_order="order by" in query.sql
            )


@pytest.mark.parametrize(
    ("page", "query", "words"),
    [
        ("compare", {"event": "nafta-round99"}, "asked for event"),
        ("compare", {"months": "121"}, "from 1 to 120"),
        ("compare", {"series": "usa_production_vehicles_annual"}, "asked for series"),
        ("data", {"section": "trace", "period": "2018-13"}, "not a period"),
        ("data", {"section": "trace", "series": "usa_imports_goods_mex", "period": "1950"}, "has no value"),
        ("data", {"section": "tables", "table": "x; drop table dim_series"}, "asked for table"),
        ("trade", {"section": "nowhere"}, "asked for section"),
        ("revisions", {"since": "-1"}, "from 1900"),
        ("answers", {"timeline": "nowhere"}, "asked for timeline"),
    ],
)
def test_a_link_that_cannot_be_shown_gets_words(page: str, query: dict, words: str) -> None:
    run = run_page(page, **query)
    assert not run.exception
    assert words in texts(run).replace("\\", "")
    assert "could not be made" not in texts(run)


def test_a_break_in_the_trade_with_a_partner_is_said_above_its_line() -> None:
    # a step from one territory to another would be read as a change of trade
    def said(*partners: str) -> str:
        run = run_page(
            "trade", figures="exports-total_exports-total-0-census", product="00", partner=[*partners]
        )
        return " ".join(warning.value for warning in run.warning).replace("\\", "")

    assert "Panama: figures before 2013-01 are not to be compared with later ones" in said("PAN", "MEX")
    assert "Mexico" not in said("PAN", "MEX")
    assert "2013-01" not in said("MEX")


def test_a_new_release_appears_without_restart(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = "20261201T000000Z-aaaaaa", "20261202T000000Z-bbbbbb"
    settings = second_release(home, tmp_path / "two releases", first)
    second_release(home, settings.home, second)
    database = settings.releases / second / "headway.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute(
            "update dim_series set title = 'A title of the second release' where series_id = 'usa_imports_goods_mex'"
        )
    point(settings, first)
    monkeypatch.setenv("HEADWAY_HOME", str(settings.home))
    page = run_page("compare")
    assert "A title of the second release" not in texts(page)
    point(settings, second)
    page.run()
    assert "A title of the second release" in texts(page)
    assert second in texts(page).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("state", ["missing", "damaged", "empty", "other version"])
def test_a_release_that_cannot_be_shown_gets_a_friendly_page(
    page: str, state: str, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a traceback would tell paths, and a reader not what to do
    settings = Settings(project=PROJECT, home=tmp_path / "secret place")
    release = settings.releases / f"20261203T000000Z-{state[:6].replace(' ', '')}{page[:3]}"
    release.mkdir(parents=True)
    file = release / "headway.duckdb"
    if state == "damaged":
        content = bytearray(home.current_database.read_bytes()[: 3 << 20])
        content[4096 : 2 << 20] = b"\xff" * ((2 << 20) - 4096)
        file.write_bytes(content)
    elif state != "missing":
        with duckdb.connect(str(file)) as con:
            con.execute("create table dim_series (series_id varchar)")
            if state == "other version":
                con.execute("insert into dim_series values ('x')")
                for table in ("dim_source", "dim_event", "fct_observation", "rpt_freshness"):
                    con.execute(f"create table {table} as select 1 as something")
    if state != "missing":
        point(settings, release.name)
    monkeypatch.setenv("HEADWAY_HOME", str(settings.home))
    run = run_page(page)
    assert not run.exception
    assert "headway build" in texts(run)
    assert "secret place" not in texts(run)
    assert not run.table
