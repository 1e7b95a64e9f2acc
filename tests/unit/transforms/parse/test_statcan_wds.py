"""Statistics Canada Web Data Service.

The fixture holds real figures (new motor vehicle sales of spring 2020, manufacturing employment of winter 2022/23)
with planted codes: a failed item, ids as texts, a short coordinate.
"""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.parse import statcan_wds as wds
from transforms.parse.outcome import BadRequestError, NotYetReleasedError, SchemaChangedError
from transforms.parse.reply import missing_from, rescale

FIXTURES = FIXTURE_FOLDER / "statcan"
VECTORS = (FIXTURES / "vectors.json").read_bytes()


def _point(start: str = "2020-03-01", value=96147, **codes) -> dict:
    return {
        "refPer": start,
        "refPer2": "",
        "value": value,
        "decimals": 0,
        "scalarFactorCode": 0,
        "symbolCode": 0,
        "statusCode": 0,
        "securityLevelCode": 0,
        "releaseTime": "2020-06-12T08:30",
        "frequencyCode": 6,
        **codes,
    }


def _body(*points: dict, vector: int | str = 1, status: str = "SUCCESS", code: int = 0) -> bytes:
    series = {
        "responseStatusCode": code,
        "productId": 20100001,
        "coordinate": "1.1",
        "vectorId": vector,
        "vectorDataPoint": list(points),
    }
    return json.dumps([{"status": status, "object": series}]).encode()


def test_one_failed_item_does_not_take_the_others_with_it():
    reply = wds.parse_series(VECTORS)
    assert reply.refused == {"v99999999": "vector is invalid"}
    assert reply.frame["source_code"].unique().sort().to_list() == ["v2057609", "v42169911"]
    assert missing_from(reply, ["v42169911", "v99999999"], 2020, 2020).codes == ("v99999999",)


def test_thousands_are_stated_and_can_be_made_persons():
    reply = wds.parse_series(VECTORS)
    assert reply.details["v2057609"] == {"unit_multiplier": "1000", "product_id": "14100355"}
    persons = rescale(reply, {"v2057609": 1, "v42169911": 1}).frame.filter(period_start=date(2023, 1, 1))
    assert persons["value"].to_list() == [1791800.0]
    assert reply.frame.filter(period_start=date(2023, 1, 1))["value"].to_list() == [1791.8]


def test_a_series_without_a_release_in_the_window_is_told_from_one_that_did_not_come():
    """Both have no row; only the second means that the answer was cut."""
    nothing = wds.parse_series(_body(vector=7))
    undocumented = wds.parse_series(_body(vector=8, status="FAILED", code=-20010))
    assert nothing.frame.is_empty() and undocumented.frame.is_empty()
    assert (list(nothing.details), list(undocumented.details)) == (["v7"], ["v8"])
    assert not undocumented.refused


def test_release_times_are_eastern_in_summer_and_in_winter():
    released = dict(wds.parse_series(VECTORS).frame.select("source_code", "released_at").rows())
    assert released["v42169911"] == datetime(2020, 6, 12, 12, 30)  # 08:30 EDT
    assert released["v2057609"] == datetime(2023, 2, 10, 13, 30)  # 08:30 EST


@given(
    st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(second=0, microsecond=0))
)
@examples(50)
def test_release_times_follow_the_rule_of_the_time_zone(moment):
    """Second Sunday of March to first Sunday of November, counted here by hand; the hours of change are left out."""
    first = {m: date(moment.year, m, 1) for m in (3, 11)}
    begins, ends = (
        date(moment.year, 3, 14 - first[3].weekday()),
        date(moment.year, 11, 7 - first[11].weekday()),
    )
    if moment.date() in (begins, ends):
        return
    hours = 4 if begins < moment.date() < ends else 5
    offset = wds.to_utc(moment.isoformat(timespec="minutes")) - moment
    assert offset.total_seconds() == 3600 * hours


def test_revised_points_are_marked():
    sales = wds.parse_series(VECTORS).frame.filter(source_code="v42169911")
    assert sales.select("value", "status").rows() == [
        (126224.0, "revised"),
        (96147.0, "revised"),
        (47168.0, "normal"),
    ]


@pytest.mark.parametrize(
    ("codes", "status", "note"),
    [
        ({"symbolCode": 1}, "preliminary", None),
        ({"value": None, "securityLevelCode": 1}, "suppressed", "x confidential"),
        ({"value": None, "statusCode": 8}, "suppressed", "F too unreliable to be published"),
        ({"value": None, "statusCode": 1}, "missing", ".. not available"),
        ({"value": None, "statusCode": 9}, "missing", "... not applicable"),
        ({"value": None}, "missing", None),
        ({"statusCode": 7}, "normal", "E use with caution"),
        ({"statusCode": 2, "value": 0}, "normal", "0s rounded to zero"),
        ({"statusCode": 3, "symbolCode": 3}, "revised", "A excellent"),
    ],
)
def test_null_suppressed_and_zero_are_three_things(codes, status, note):
    row = wds.parse_series(_body(_point(**codes))).frame.row(0, named=True)
    assert (row["status"], row["note"]) == (status, note)
    assert row["value"] == (None if status in ("missing", "suppressed") else codes.get("value", 96147))


def test_codes_that_are_not_known_are_refused_not_guessed():
    for codes in ({"statusCode": 11}, {"symbolCode": 2}, {"frequencyCode": 5}, {"scalarFactorCode": 10**30}):
        with pytest.raises(SchemaChangedError):
            wds.parse_series(_body(_point(**codes)))
    with pytest.raises(SchemaChangedError, match="two scalar factors"):
        wds.parse_series(_body(_point(), _point("2020-04-01", scalarFactorCode=3)))
    point = _point()
    del point["scalarFactorCode"]
    with pytest.raises(SchemaChangedError, match="scalarFactorCode"):
        wds.parse_series(_body(point))


def test_the_end_of_a_fiscal_period_is_kept():
    row = wds.parse_series(_body(_point("2017-04-01", refPer2="2018-03-01", frequencyCode=12))).frame.row(
        0, named=True
    )
    assert (row["period_start"], row["frequency"], row["note"]) == (
        date(2017, 4, 1),
        "annual",
        "to 2018-03-01",
    )


def test_weekly_values_are_left_out_and_counted():
    reply = wds.parse_series(_body(_point(frequencyCode=2), _point()))
    assert (reply.frame.height, reply.left.dropped_rows) == (1, 1)


def test_values_may_come_as_texts_and_nonsense_is_rejected():
    reply = wds.parse_series(
        _body(_point(value="1,234.5"), _point("2020-04-01", value="n/a"), _point("spring"))
    )
    assert reply.frame["value"].to_list() == [1234.5]
    assert len(reply.left.rejected) == 2


@pytest.mark.parametrize("vector", [32164132, "32164132", "v32164132", "V32164132"])
def test_ids_as_numbers_or_texts_are_the_same_series(vector):
    assert wds.parse_series(_body(_point(), vector=vector)).frame["source_code"].to_list() == ["v32164132"]


def test_coordinates_are_padded_to_ten_parts():
    """A table without vectors has vectorId 0: its series can be told apart by coordinate only."""
    reply = wds.parse_series(_body(_point(), vector=0), key="coordinate")
    assert reply.frame["source_code"].to_list() == ["20100001/1.1.0.0.0.0.0.0.0.0"]


def test_nothing_released_in_the_window_is_no_failure():
    for body in (_body(status="FAILED", code=-20010), _body()):
        reply = wds.parse_series(body)
        assert (reply.frame.height, reply.refused) == (0, {})


def test_locked_tables_are_not_yet_released():
    with pytest.raises(NotYetReleasedError):
        wds.parse_series(_body(status="FAILED", code=6))
    with pytest.raises(NotYetReleasedError):
        wds.parse_series(b"", status=409, content_type="text/html")
    mixed = json.loads(_body(status="FAILED", code=6)) + json.loads(_body(_point(), vector=2))
    assert wds.parse_series(json.dumps(mixed).encode()).refused == {"v1": "table is being published"}


def test_a_failed_item_without_a_series_is_named_by_its_place():
    items = [{"status": "FAILED", "object": "Invalid input"}, *json.loads(_body(_point()))]
    reply = wds.parse_series(json.dumps(items).encode())
    assert reply.refused == {"item 1": "Invalid input"}
    assert reply.frame.height == 1


def test_a_day_without_release_is_told_from_a_broken_list():
    changed = wds.parse_changed_series((FIXTURES / "changed_series.json").read_bytes())
    assert changed.rows() == [
        ("v2057609", "14100355", "1.7.1.1.0.0.0.0.0.0", datetime(2023, 2, 10, 13, 30)),
        ("v42169911", "20100001", "1.1.1.1.1.0.0.0.0.0", datetime(2020, 6, 12, 12, 30)),
    ]
    assert wds.parse_changed_series(b"[]").is_empty()
    for status in (404, 409):
        with pytest.raises(NotYetReleasedError):
            wds.parse_changed_series(b"", status=status, content_type=None)
    with pytest.raises(NotYetReleasedError, match="No release"):
        wds.parse_changed_series(b'{"status":"FAILED","object":"No release today"}')
    with pytest.raises(SchemaChangedError):
        wds.parse_changed_cubes(b'{"status":"SUCCESS"}')


def test_an_unknown_table_has_no_address_and_no_metadata():
    with pytest.raises(BadRequestError):
        wds.parse_download_link(b'{"status":"FAILED","object":"Product not found"}')
    with pytest.raises(SchemaChangedError, match="https"):
        wds.parse_download_link(b'{"status":"SUCCESS","object":"http://elsewhere/x.zip"}')
    with pytest.raises(BadRequestError):
        wds.parse_cube_metadata(b'[{"status":"FAILED","object":{"responseStatusCode":5}}]')
    with pytest.raises(SchemaChangedError, match="productId"):
        wds.parse_cube_metadata(b'[{"status":"SUCCESS","object":{}}]')


@given(
    points=st.dictionaries(
        st.dates(date(1976, 1, 1), date(2026, 12, 1)).map(lambda d: d.replace(day=1)),
        st.one_of(st.none(), st.decimals(-(10**6), 10**6, places=1)),
        min_size=1,
        max_size=8,
    ),
    power=st.integers(0, 9),
)
@examples(50)
def test_what_the_service_writes_is_what_we_read(points, power):
    body = _body(
        *[
            _point(d.isoformat(), None if v is None else float(v), scalarFactorCode=power)
            for d, v in points.items()
        ]
    )
    reply = wds.parse_series(body)
    assert dict(reply.frame.select("period_start", "value").rows()) == {
        d: None if v is None else float(v) for d, v in points.items()
    }
    units = dict(rescale(reply, {"v1": 1}).frame.select("period_start", "value").rows())
    assert units == {d: None if v is None else float(v * 10**power) for d, v in points.items()}


@pytest.mark.recorded
def test_every_recorded_wds_payload_is_understood(shared_data):
    folder = shared_data / "payloads/statcan"
    for name in ("getDataFromVectorsAndLatestNPeriods", "getDataFromCubePidCoordAndLatestNPeriods"):
        frame = wds.parse_series((folder / f"{name}.json").read_bytes()).frame
        assert frame.select("source_code", "value").rows() == [
            ("v32164132", 33.65),
            ("v32164132", 29.09),
            ("v32164132", 19.24),
        ]
        assert frame["released_at"].to_list()[-1] == datetime(2024, 3, 19, 12, 30)
    weekly = wds.parse_series((folder / "getChangedSeriesDataFromVector.json").read_bytes())
    assert (weekly.frame.height, weekly.left.dropped_rows) == (0, 1)
    window = wds.parse_series((folder / "failed_no_release_in_window_DERIVED.json").read_bytes())
    assert (window.frame.height, window.refused) == (0, {})
    assert wds.parse_changed_series((folder / "getChangedSeriesList.json").read_bytes()).is_empty()
    cubes = wds.parse_changed_cubes((folder / "getChangedCubeList.json").read_bytes())
    assert cubes.row(0) == ("33100302", datetime(2024, 4, 30, 12, 30))
    (cube,) = wds.parse_cube_metadata((folder / "cube_metadata_object_18100204.json").read_bytes())
    assert (cube.product_id, cube.frequency, cube.released_at) == (
        "18100204",
        "monthly",
        datetime(2018, 12, 11, 13, 30),
    )
    assert cube.dimensions["Geography"][1] == "Canada"
    (cube,) = wds.parse_cube_metadata((folder / "getCubeMetadata.json").read_bytes())
    assert (cube.product_id, cube.frequency, cube.current) == ("33100302", None, True)
    link = wds.parse_download_link((folder / "getFullTableDownloadCSV.json").read_bytes())
    assert link == "https://www150.statcan.gc.ca/n1/tbl/csv/33100302-eng.zip"


@pytest.mark.recorded
def test_every_published_code_is_known(shared_data):
    """getCodeSets against the codes in the module: a code that is missing here would stop a refresh."""
    codes = json.loads((shared_data / "payloads/statcan/getCodeSets_TRIMMED.json").read_bytes())["object"]
    for code in codes["status"]:
        wds.parse_series(_body(_point(statusCode=int(code["statusCode"]))))
    for code in codes["symbol"]:
        wds.parse_series(_body(_point(symbolCode=int(code["symbolCode"]))))
    for code in codes["frequency"]:
        wds.parse_series(_body(_point(frequencyCode=int(code["frequencyCode"]))))
    for code in codes["scalar"]:
        reply = wds.parse_series(_body(_point(scalarFactorCode=int(code["scalarFactorCode"]))))
        assert reply.details["v1"]["unit_multiplier"] == str(10 ** int(code["scalarFactorCode"]))
