"""Statistics Canada: what is asked by vector, coordinate and table, and release times becoming vintages."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from orchestration.base.settings import PROJECT
from orchestration.sources.agencies import statcan
from orchestration.sources.registry import load_series_catalogue
from tests.replay.server import (
    ReplayServer,
    Reply,
    bad_gzip,
    cut,
    html_page,
    json_reply,
    no_content,
    server_error,
    too_many,
)
from tests.replay.statcan import Point, Series, Wds, failed
from tests.support.live_case import everything, home, prepared, refreshed, values, vintages
from tests.support.source_case import unpaced
from tests.support.stored import rows
from transforms.parse.outcome import NotYetReleasedError
from transforms.parse.statcan_wds import parse_changed_series

DATASETS = {d.name: d for d in unpaced(statcan.DATASETS)}
VECTORS, COORDINATES = DATASETS["vectors"], DATASETS["coordinates"]
LIVE = load_series_catalogue().filter(source_id="statcan")
MULTIPLIER = dict(LIVE.select("series_id", "unit_multiplier").rows())
MONTHS = [f"{y}-{m:02}-01" for y in (2025, 2026) for m in range(1, 13)][:22]
#: by what a plausible number of a series is
SIZE = {
    "can_sales_new_vehicles": 150_000,
    "can_sales_new_passenger_cars": 25_000,
    "can_sales_new_trucks": 125_000,
}


def scalar_of(series_id: str) -> int:
    return len(str(MULTIPLIER[series_id])) - 1


def made_up(series_id: str) -> Series:
    size = SIZE.get(series_id, 20_000)
    points = {month: Point(size + number, f"{month[:8]}28T08:30") for number, month in enumerate(MONTHS)}
    return Series(12100011, "1.1.0.0.0.0.0.0.0.0", points, scalar_of(series_id))


def bundled(series_id: str) -> dict[str, float]:
    """Month -> the newest bundled number."""
    figures = pl.read_parquet(PROJECT / "warehouse" / "figures" / "observation_statcan.parquet").sort(
        "known_from"
    )
    newest = figures.filter(series_id=series_id).group_by("period_start").last()
    return {f"{p}": v for p, v in newest.select("period_start", "value").rows()}


@pytest.fixture
def wds(replay: ReplayServer) -> Wds:
    agency = Wds({code: made_up(series_id) for code, series_id in statcan.vectors().items()})
    for number, (code, series_id) in enumerate(statcan.coordinates().items()):
        product, coordinate = code.split("/")
        one = made_up(series_id)
        agency.series[f"v{900 + number}"] = Series(int(product), coordinate, one.points, one.scalar)
    replay.serve("STATCAN", agency)
    return agency


def test_what_is_not_stored_yet_is_asked_whole_then_by_release_time(tmp_path, wds, replay):
    settings = home(tmp_path)
    outcome = refreshed(settings, VECTORS)
    assert (outcome.state, outcome.requests, outcome.appended) == ("done", 1, 22 * len(statcan.vectors()))
    again = refreshed(settings, VECTORS)
    assert (again.requests, again.appended, again.revised) == (1, 0, 0)
    first, second = replay.calls("STATCAN")
    assert (first.method, first.path.rsplit("/", 1)[1]) == ("GET", "getDataFromVectorByReferencePeriodRange")
    assert first.get("endReferencePeriod") == "2026-11-01"
    assert (second.method, second.path.rsplit("/", 1)[1]) == ("POST", "getBulkVectorDataByRange")
    assert second.json["startDataPointReleaseDate"] == "2026-10-01T00:00"


def test_numbers_are_known_from_the_agencys_release_in_utc(tmp_path, wds):
    settings = home(tmp_path)
    refreshed(settings, VECTORS)
    (july,) = vintages(settings, "can_exports_goods_usa", "2026-07")
    (january,) = vintages(settings, "can_exports_goods_usa", "2026-01")
    assert july[2:] == (datetime(2026, 7, 28, 12, 30), "release")  # 08:30 EDT
    assert january[2:] == (datetime(2026, 1, 28, 13, 30), "release")  # 08:30 EST


def test_a_revision_and_a_new_month_come_with_their_own_release(tmp_path, wds):
    settings = home(tmp_path)
    refreshed(settings, VECTORS)
    points = wds.series["v87008956"].points
    points["2026-10-01"] = Point(21_000.5, "2026-11-20T08:30", symbol=3)
    points["2026-11-01"] = Point(22_000.0, "2026-11-20T08:30", symbol=1)
    outcome = refreshed(settings, VECTORS)
    assert (outcome.appended, outcome.revised) == (2, 1)
    assert vintages(settings, "can_exports_goods_usa", "2026-10")[-1] == (
        21_000.5,
        "revised",
        datetime(2026, 11, 20, 13, 30),
        "release",
    )


def test_the_same_numbers_as_bundled_revise_nothing(tmp_path, wds):
    """The live vectors go on with the very series of the bundled figures; what differs is when a number was known."""
    for code, series_id in statcan.vectors().items():
        if figures := bundled(series_id):
            wds.series[code].points = {d: Point(v, "2026-11-20T08:30") for d, v in figures.items()}
    settings = home(tmp_path, "observation_statcan")
    outcome = refreshed(settings, VECTORS)
    assert (outcome.state, outcome.revised, outcome.withdrawn) == ("done", 0, 0)
    new = {
        s
        for (s,) in rows(
            settings, "SELECT DISTINCT series_id FROM raw.observation WHERE known_from_basis = 'release'"
        )
    }
    assert new.isdisjoint(LIVE.filter(pl.col("notes").str.contains("compilation"))["series_id"].to_list())


def test_an_agency_that_starts_to_print_units_revises_nothing(tmp_path, wds):
    settings = home(tmp_path)
    refreshed(settings, VECTORS)
    series = wds.series["v2057609"]
    series.scalar = 0
    series.points = {d: Point(p.value * 1000, "2026-11-20T08:30") for d, p in series.points.items()}
    assert refreshed(settings, VECTORS).revised == 0


def test_suppressed_missing_and_rounded_numbers_keep_their_meaning(tmp_path, wds):
    points = wds.series["v800471"].points
    points["2026-08-01"] = Point(None, security=1)
    points["2026-09-01"] = Point(None, status=1)
    points["2026-10-01"] = Point(5.0, status=7)
    settings = home(tmp_path)
    refreshed(settings, VECTORS)
    found = rows(
        settings,
        "SELECT value, status FROM raw.observation_current WHERE series_id = 'can_shipments_transportation_equipment' "
        "AND period_start >= '2026-08-01' ORDER BY period_start",
    )
    assert found == [(None, "suppressed"), (None, "missing"), (5.0, "normal")]


def test_a_vector_that_failed_is_told_and_the_others_are_loaded(tmp_path, wds):
    del wds.series["v800913"]
    settings = home(tmp_path)
    outcome = refreshed(settings, VECTORS)
    assert outcome.state == "partial" and "v800913 was refused: vector is invalid" in outcome.problems[0]
    assert values(settings, "can_orders_durable_goods") and not values(settings, "can_orders_manufacturing")


def test_nothing_released_in_the_window_is_no_failure(tmp_path, wds, replay):
    settings = home(tmp_path)
    refreshed(settings, VECTORS)
    nothing = [failed(-20010, int(v[1:]), 12100011) for v in statcan.vectors()]
    replay.fail_next("STATCAN", json_reply(nothing))
    outcome = refreshed(settings, VECTORS)
    assert (outcome.state, outcome.problems, outcome.appended) == ("done", (), 0)


def test_locked_tables_are_not_yet_released_and_not_asked_again(tmp_path, wds, replay):
    wds.locked = True
    outcome = refreshed(home(tmp_path), VECTORS)
    assert (outcome.state, outcome.problems) == ("done", ())
    assert "409" in outcome.notes[0] and len(replay.calls("STATCAN")) == 1
    wds.locked = False
    replay.fail_next("STATCAN", json_reply([failed(6, int(v[1:])) for v in statcan.vectors()]))
    assert "being published" in refreshed(home(tmp_path), VECTORS).notes[0]


def _items(wds: Wds, *without: str) -> list[dict]:
    return [
        s.item(int(v[1:]), s.points)
        for v, s in wds.series.items()
        if v in statcan.vectors() and v not in without
    ]


def _changed(wds: Wds, vector: str, **changes: object) -> Reply:
    items = _items(wds)
    for item in items:
        if item["object"]["vectorId"] == int(vector[1:]):
            for point in item["object"]["vectorDataPoint"]:
                point.update(changes)
    return json_reply(items)


FAULTS = {
    "an item is gone": (
        lambda w: json_reply(_items(w, "v800926")),
        1,
        "1 of 29 series did not come: v800926",
    ),
    "an unknown frequency": (lambda w: _changed(w, "v800913", frequencyCode=99), 1, "frequency"),
    "an unknown status": (lambda w: _changed(w, "v800913", statusCode=42), 1, "datapoint code or field"),
    "quarters in place of months": (lambda w: _changed(w, "v800913", frequencyCode=9), 1, "declared monthly"),
    "dollars in place of vehicles": (
        lambda w: _changed(w, "v1617802379", scalarFactorCode=3),
        1,
        "vehicles in multiples of 1000",
    ),
    "another size": (
        lambda w: _changed(w, "v1617802382", value=9_999_999),
        1,
        "v1617802382 was refused: comes in another size",
    ),
    "a text in place of the list": (
        lambda w: json_reply({"status": "FAILED", "object": "Internal error"}),
        1,
        "Internal error",
    ),
    "items without a status": (lambda w: json_reply([{"object": {}}]), 1, "items without a status"),
    "HTML with status 200": (lambda w: html_page(), 4, "an HTML page instead of data"),
    "maintenance": (lambda w: server_error(503), 4, "HTTP 503 after 4 attempts"),
    "too many": (lambda w: too_many(), 4, "HTTP 429 after 4 attempts"),
    "not acceptable": (lambda w: Reply(b"", 406, None), 1, "HTTP 406"),
    "nothing": (lambda w: no_content(), 4, "without any bytes"),
    "cut": (lambda w: cut(json_reply(_items(w))), 4, "cut in the middle"),
    "no gzip": (lambda w: bad_gzip(json_reply([])), 4, "not the gzip"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_or_fault_leaves_the_store_as_it_was(tmp_path, wds, replay, fault):
    settings = prepared(tmp_path, "statcan_vectors", lambda made: refreshed(made, VECTORS))
    before = everything(settings)
    make, asked, said = FAULTS[fault]
    replay.forget()
    replay.fail_next("STATCAN", make(wds), times=4)
    outcome = refreshed(settings, VECTORS)
    assert outcome.state in ("failed", "partial") and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("STATCAN")) == asked
    assert everything(settings) == before


def test_todays_list_of_changed_series_names_our_vectors(wds, replay):
    from orchestration.intake.agency.http import Client

    wds.changed = ["v87008956", "v80691319"]
    with Client(VECTORS.api, sleep=lambda _: None) as client:
        _, frame = client.fetch(
            statcan.CHANGED_SERIES,
            lambda r: parse_changed_series(r.content, status=r.status, content_type=r.media_type),
        )
        assert set(frame["vector"]) & set(statcan.codes(VECTORS)) == {"v87008956"}
        wds.locked = True
        with pytest.raises(NotYetReleasedError):
            client.fetch(statcan.CHANGED_SERIES, lambda r: parse_changed_series(r.content, status=r.status))
    assert statcan.codes(COORDINATES) == ()


@pytest.mark.recorded
def test_recorded_answers_to_other_questions_are_not_taken_for_ours(tmp_path, wds, replay, shared_data):
    settings = home(tmp_path)
    folder = shared_data / "payloads" / "statcan"
    for name in (
        "getDataFromVectorsAndLatestNPeriods",
        "getChangedSeriesDataFromVector",
        "getChangedCubeList",
    ):
        replay.forget()
        replay.fail_next("STATCAN", Reply((folder / f"{name}.json").read_bytes()))
        assert refreshed(settings, VECTORS).state == "failed"
    assert everything(settings) == []


def test_coordinates_are_those_of_the_tables_metadata(tmp_path, wds, replay):
    settings = home(tmp_path)
    outcome = refreshed(settings, COORDINATES)
    assert (outcome.state, outcome.requests, outcome.appended) == ("done", 1, 22 * 5)
    (call,) = replay.calls("STATCAN")
    assert {c["latestN"] for c in call.json} == {1200}
    refreshed(settings, COORDINATES)
    assert {c["latestN"] for c in replay.calls("STATCAN")[-1].json} == {36}
    assert values(settings, "can_employment_manufacturing_nsa")["2026-10"] == 20_021.0


def test_an_unknown_coordinate_is_told_and_the_others_are_loaded(tmp_path, wds):
    del wds.series["v900"]
    outcome = refreshed(home(tmp_path), COORDINATES)
    assert outcome.state == "partial" and "invalid table and series combination" in outcome.problems[0]
    assert outcome.appended == 22 * 4
