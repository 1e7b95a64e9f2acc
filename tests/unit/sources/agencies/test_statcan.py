"""Statistics Canada: what is asked by vector and coordinate, and since when."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest

from orchestration.sources.agencies import statcan
from orchestration.sources.agencies.statcan_tables import TABLES
from orchestration.sources.registry import load_series_catalogue
from tests.replay.statcan import Point, Series, failed
from tests.support.live_case import TODAY
from tests.support.source_case import context

LIVE = load_series_catalogue().filter(source_id="statcan")
UNIT = dict(LIVE.select("series_id", "unit").rows())


def test_three_hundred_vectors_a_request(monkeypatch):
    many = {f"v{n}": f"can_{n}" for n in range(650)}
    monkeypatch.setattr(statcan, "vectors", lambda: many)
    latest = {series: date(2026, 9, 1) for series in list(many.values())[:310]}
    requests = statcan.plan_vectors(context(TODAY, latest=latest))
    assert [len(r.context["codes"]) for r in requests] == [300, 40, 300, 10]
    assert [r.method for r in requests] == ["GET", "GET", "POST", "POST"]
    assert len(statcan.plan_vectors(context(TODAY, latest=latest, full=True))) == 3


def test_since_asks_by_reference_period():
    latest = dict.fromkeys(statcan.vectors().values(), date(2026, 9, 1))
    (request,) = statcan.plan_vectors(
        context(TODAY, since=date(2020, 1, 1), until=date(2021, 12, 31), latest=latest)
    )
    assert dict(request.params)["startRefPeriod"] == "2020-01-01"
    assert dict(request.params)["endReferencePeriod"] == "2021-12-01"


def test_the_oldest_end_decides_so_that_no_release_is_missed():
    latest = {
        **dict.fromkeys(statcan.vectors().values(), date(2026, 9, 1)),
        "can_orders_manufacturing": date(2026, 3, 1),
    }
    (request,) = statcan.plan_vectors(context(TODAY, latest=latest))
    assert request.json_body["startDataPointReleaseDate"] == "2026-03-01T00:00"


@pytest.mark.recorded
def test_the_recorded_answers_have_the_fields_of_the_replay(shared_data):
    """What the replay says of a datapoint is what the service was seen to say, field by field."""
    folder = shared_data / "payloads" / "statcan"
    ours = Series(1, "1", {"2026-01-01": Point(1.0)}).item(1, {"2026-01-01": Point(1.0)})
    for name in (
        "getDataFromVectorsAndLatestNPeriods",
        "getDataFromCubePidCoordAndLatestNPeriods",
        "getChangedSeriesDataFromVector",
    ):
        (real, *_) = json.loads((folder / f"{name}.json").read_bytes())
        assert set(real) == set(ours) and set(real["object"]) == set(ours["object"])
        assert set(real["object"]["vectorDataPoint"][0]) == set(ours["object"]["vectorDataPoint"][0])
    derived = json.loads((folder / "failed_no_release_in_window_DERIVED.json").read_bytes())
    assert set(derived[0]["object"]) == set(failed(4)["object"])


@pytest.mark.recorded
def test_the_members_of_each_coordinate_are_what_the_series_says(shared_data):
    """A coordinate is only numbers: 1.2.10.1.1 must be Canada, employment, manufacturing."""
    lines = (shared_data / "reference" / "14100022_MetaData.csv").read_text(encoding="utf-8-sig").splitlines()
    members: dict[tuple[str, str], str] = {}
    for cells in csv.reader(lines):
        if len(cells) >= 5 and cells[0].isdigit() and cells[3].isdigit():
            members[cells[0], cells[3]] = cells[1]
    said = {
        code.split("/")[1]: [
            members[str(d), m] for d, m in enumerate(code.split("/")[1].split(".")[:5], start=1)
        ]
        for code in statcan.coordinates()
    }
    everyone = ["Total - Gender", "15 years and over"]
    assert said == {
        "1.2.1.1.1.0.0.0.0.0": ["Canada", "Employment", "Total, all industries", *everyone],
        "1.2.10.1.1.0.0.0.0.0": ["Canada", "Employment", "Manufacturing", *everyone],
        "1.2.11.1.1.0.0.0.0.0": ["Canada", "Employment", "Durables", *everyone],
        "7.2.10.1.1.0.0.0.0.0": ["Ontario", "Employment", "Manufacturing", *everyone],
        "7.2.11.1.1.0.0.0.0.0": ["Ontario", "Employment", "Durables", *everyone],
    }


def test_every_live_series_of_the_publisher_is_asked_for_in_one_way():
    by_table = {s.series_id for table in TABLES.values() for s in table.series}
    asked = [
        set(statcan.vectors().values()),
        set(statcan.checked_vectors().values()),
        set(statcan.coordinates().values()),
        by_table,
    ]
    assert sum(map(len, asked)) == len(set().union(*asked)), "a series that is asked for in two ways"
    left = set(LIVE["series_id"]) - set().union(*asked)
    # the index before its rebasing, a table that was replaced, what the press quoted, and series whose vector is not known
    assert left == {
        "can_producer_prices_motor_vehicles_parts_2010",
        "can_registrations_new_vehicles_until_2024",
        "can_registrations_electric_vehicles",
        "can_sales_new_vehicles_quoted",
        "can_sales_new_vehicles_north_american_quoted",
        "can_sales_new_vehicles_overseas_quoted",
        *(
            f"can_payroll_employment_{sector}"
            for sector in (
                "total",
                "goods",
                "services",
                "mining",
                "construction",
                "transportation_warehousing",
            )
        ),
    }
