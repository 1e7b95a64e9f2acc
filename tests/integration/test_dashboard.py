"""Pages of the dashboard on the whole warehouse: they run, their numbers are the marts', bad links and releases get words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.dashboard import parts, reading
from orchestration.readers.dashboard.reading import Query, Release, current_release
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


@pytest.fixture(autouse=True)
def here(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("HEADWAY_HOME", str(home.home))
    yield home
    reading.forget()  # tests of other modules open the same file with other limits


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
    ("event", "series", "months"),
    [
        ("nafta-round6-end", "usa_imports_goods_mex", 12),
        ("usmca-entry-into-force", "usa_imports_goods_mex", 24),
        ("s232-autos-effective-2025-04", "usa_employment_motor_vehicles_parts", 12),
    ],
)
def test_numbers_of_a_comparison_are_the_marts(home: Settings, event: str, series: str, months: int) -> None:
    page = run_page("compare", event=event, series=series, months=str(months))
    table = page.table[0].value
    with current_release(home).connection() as con:
        mart = (
            con.sql(
                """from rpt_before_after where event_id = $e and series_id = $s and window_months = $m and gap_months = 0
               and as_of_basis = 'latest'""",
                params={"e": event, "s": series, "m": months},
            )
            .pl()
            .row(0, named=True)
        )
    seen = {row["Column"].replace("\\", ""): row["Value"] for _, row in table.iterrows()}
    assert {"pre_mean", "post_mean", "n_pre", "n_post", "n_other_events"} <= set(seen)
    for column, text in seen.items():
        value = float(text.removesuffix(" %").replace(",", ""))
        decimals = len(text.removesuffix(" %").partition(".")[2])
        assert value == pytest.approx(mart[column], abs=0.5000001 * 10**-decimals), column
    assert f"{mart['pct_change']:+.2f}" in texts(page).replace("\\", "")


def test_what_is_taken_away_is_what_is_drawn() -> None:
    # not the whole series: a reader averages the file and wants the numbers of the page
    page = run_page("compare", event="nafta-round6-end", series="usa_imports_goods_mex")
    table = next(d.value for d in page.dataframe if "is_preliminary" in d.value.columns)
    drawn = pl.from_pandas(table).with_columns(pl.col("period_start").cast(pl.Date))
    assert drawn["period_start"].min() > dt.date(2015, 1, 1)
    before = drawn.filter(pl.col("period_start").is_between(dt.date(2017, 2, 1), dt.date(2018, 1, 1)))[
        "value"
    ]
    assert before.len() == 12
    shown = {row["Column"].replace("\\", ""): row["Value"] for _, row in page.table[0].value.iterrows()}
    assert f"{before.mean():,.0f}" == shown["pre_mean"]


def test_a_vintage_gives_the_numbers_of_that_day(home: Settings) -> None:
    # METHODS: -2.07 % as known 2026-01-09; a page that mixes vintages shows -3.18 %
    page = run_page(
        "compare",
        event="s232-autos-effective-2025-04",
        series="usa_employment_motor_vehicles_parts",
        known="day",
        on_date="2026-01-09",
    )
    said = texts(page).replace("\\", "")
    assert "by -2.07 %" in said
    assert "as known on 2026-01-09, not as known now" in said


def test_cautions_come_before_the_first_number() -> None:
    page = run_page("compare", event="usmca-entry-into-force")
    kinds = [
        type(element).__name__ for element in page.main if type(element).__name__ in ("Warning", "Table")
    ]
    assert kinds[0] == "Warning"
    said = page.warning[0].value.replace("\\", "")
    assert "Overlap" in said
    assert "COVID-19" in said


def test_an_event_opens_with_what_became_of_its_demands() -> None:
    page = run_page("timeline", event="nafta-auto-roo-proposal-2017-10")
    said = texts(page)
    assert "US demands 85 percent regional and 50 percent domestic content in cars" in said
    assert "What became of it" in said
    path = next(f for f in (d.value for d in page.dataframe) if "what" in f.columns)
    assert {(85.0, "proposed"), (50.0, "dropped"), (75.0, "agreed")} <= set(
        zip(path["value"], path["status"], strict=True)
    )


def test_a_figure_is_traced_to_request_and_hash(home: Settings) -> None:
    page = run_page("data", section="trace", series="usa_employment_manufacturing", period="2025-04")
    with current_release(home).connection() as con:
        hashes = con.sql("select sha256 from trace('usa_employment_manufacturing', '2025-04-01')").fetchall()
    shown = " ".join(str(cell) for table in page.table for cell in table.value.to_numpy().ravel()).replace(
        "\\", ""
    )
    assert all(sha in shown for (sha,) in hashes)
    assert "US Bureau of Labor Statistics" in texts(page).replace("\\", "")


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
    ],
)
def test_a_link_that_cannot_be_shown_gets_words(page: str, query: dict, words: str) -> None:
    run = run_page(page, **query)
    assert not run.exception
    assert words in texts(run).replace("\\", "")
    assert "could not be made" not in texts(run)


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


def test_nothing_of_the_browser_becomes_sql_or_html() -> None:
    # the two ways in: SQL made of a value, and markup let through
    files = list((PROJECT / "orchestration" / "readers" / "dashboard").glob("*.py"))
    assert len(files) > 15
    for file in files:
        text = file.read_text()
        assert not re.search(r"unsafe_allow_html|st\.html\(|components\.|st\.write\(", text), file.name
        assert not re.search(r"query_params.*Query\(", text), file.name


def test_a_query_is_limited(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    release = current_release(home)
    with release.connection() as con:
        settings = dict(
            con.execute(
                "select name, value from duckdb_settings() where name in ('memory_limit', 'max_execution_time', "
                "'enable_external_access', 'lock_configuration', 'access_mode')"
            ).fetchall()
        )
    assert settings["enable_external_access"] == "false"
    assert settings["lock_configuration"] == "true"
    assert settings["access_mode"] == "read_only"
    assert int(settings["max_execution_time"]) == reading.QUERY_TIMEOUT * 1000
    monkeypatch.setattr(reading, "QUERY_TIMEOUT", 1)
    slow = "select count(*) from range(100000000) a, range(1000) b where a.range + b.range = -1"
    with pytest.raises(reading.NoReleaseError):
        Release(release.settings).ask(Query(slow))


def test_csv_holds_every_row_and_lists(home: Settings) -> None:
    frame = current_release(home).ask(
        Query("select event_id, parties, event_date from dim_event order by event_id")
    )
    text = parts.flat(frame).write_csv()
    again = pl.read_csv(text.encode(), try_parse_dates=True)
    assert again.height == frame.height
    assert again["parties"].str.split(";").to_list() == frame["parties"].to_list()
    assert again["event_date"].dtype == pl.Date
    assert isinstance(again["event_date"][0], dt.date)
