"""Which series a report shows, and how a position is followed: the plain parts, without a release."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.reports.choice import MOST_SERIES, chosen, declared


def reaches(topic: str, goods: str, series_ids: list[str], *, basis: str = "goods") -> list[dict]:
    """Rows of rpt_event_exposure."""
    return [
        {"event_id": "e", "series_id": name, "topic": topic, "goods": goods, "match_basis": basis}
        for name in series_ids
    ]


AUTOS = {"topics": ["rules_of_origin_autos"], "parties": ["USA", "CAN", "MEX"]}
AUTOS_REACH = reaches(
    "rules_of_origin_autos",
    "autos",
    [
        "usa_imports_hs87_can",
        "usa_imports_hs87_mex",
        "usa_employment_motor_vehicles_parts",
        "mex_production_vehicles",
        "usa_import_prices_automotive",
        "usa_imports_hs8708_mex",
    ],
)
METALS = {"topics": ["steel_aluminum"], "parties": ["USA", "CAN"]}


def all_declared(event: dict, exposure: list[dict]) -> dict[str, bool]:
    """The series declared for an event, all with whole windows."""
    return {name: True for names in declared(event, exposure) for name in names}


def test_trade_as_a_whole_has_a_place_beside_the_series_of_the_topic():
    """Five series on autos would push out the imports that the event is asked about most."""
    shown, _ = chosen(AUTOS, AUTOS_REACH, all_declared(AUTOS, AUTOS_REACH))
    assert len(shown) == MOST_SERIES
    assert {"usa_imports_goods_mex", "usa_imports_goods_can"} <= set(shown)
    assert shown[:2] == ["usa_imports_hs87_mex", "usa_imports_hs87_can"]


def test_nothing_is_declared_beside_what_the_event_reaches_but_the_trade_as_a_whole():
    """A list of its own would show prices of cars at an event that the release does not connect with cars."""
    reached, whole = declared(AUTOS, AUTOS_REACH)
    assert set(reached) <= {row["series_id"] for row in AUTOS_REACH}
    assert declared(AUTOS, []) == ((), whole)
    assert declared({**AUTOS, "topics": ["ip"]}, AUTOS_REACH)[0] == ()


def test_a_tariff_on_metals_shows_metals_before_the_imports_that_they_are_a_part_of():
    exposure = [
        *reaches("steel_aluminum", "all_goods", ["usa_duties_can", "usa_imports_goods_can"], basis="measure"),
        *reaches("steel_aluminum", "metals", ["usa_imports_hs72_can"], basis="measure"),
        *reaches("steel_aluminum", "metals", ["usa_employment_primary_metals"]),
    ]
    reached, _ = declared(METALS, exposure)
    assert reached[:2] == ("usa_imports_hs72_can", "usa_employment_primary_metals")


def test_a_duty_is_shown_in_what_it_hits_and_not_in_what_it_spares():
    """The report on the duties of March 2018 showed Canada and Mexico, which were exempt until June."""
    event = {"topics": ["steel_aluminum"], "parties": ["USA"]}
    exposure = [
        *reaches(
            "steel_aluminum", "metals", ["usa_imports_hs72_wld", "usa_imports_hs72_chn"], basis="measure"
        ),
        *reaches("steel_aluminum", "all_goods", ["usa_imports_goods_chn", "usa_duties_chn"], basis="measure"),
        *reaches("steel_aluminum", "metals", ["usa_imports_hs72_can", "usa_imports_hs72_mex"]),
        *reaches("steel_aluminum", "metals", ["usa_employment_primary_metals"]),
    ]
    reached, whole = declared(event, exposure)
    assert reached[:3] == ("usa_imports_hs72_wld", "usa_employment_primary_metals", "usa_imports_hs72_chn")
    assert not {"usa_imports_hs72_can", "usa_imports_hs72_mex"} & {*reached, *whole}
    assert "usa_imports_goods_chn" in whole and "usa_imports_goods_mex" not in whole
    # talk of duties that hits nothing yet is about all who are named
    talk, everybody = declared({**event, "parties": ["USA", "MEX"]}, exposure[4:])
    assert "usa_imports_hs72_mex" in talk and "usa_imports_goods_mex" in everybody


def test_duties_come_first_where_a_measure_on_all_goods_begins_and_last_where_people_only_talk():
    event = {"topics": ["ieepa"], "parties": ["USA", "CAN"]}
    names = ["usa_duties_can", "usa_imports_goods_can"]
    exports = reaches("ieepa", "all_goods", ["usa_exports_goods_can"])
    begins, _ = declared(event, [*reaches("ieepa", "all_goods", names, basis="measure"), *exports])
    talk, _ = declared(event, [*reaches("ieepa", "all_goods", names), *exports])
    assert begins == ("usa_duties_can", "usa_imports_goods_can", "usa_exports_goods_can")
    assert talk == ("usa_imports_goods_can", "usa_exports_goods_can", "usa_duties_can")


def test_a_series_without_whole_windows_is_left_out_and_named():
    comparable = all_declared(AUTOS, AUTOS_REACH) | {"usa_imports_hs87_mex": False}
    shown, left_out = chosen(AUTOS, AUTOS_REACH, comparable)
    assert "usa_imports_hs87_mex" not in shown
    assert left_out == ["usa_imports_hs87_mex"]


TOPICS = ["autos_tariffs", "steel_aluminum", "china", "process", "dairy", "unknown"]
SERIES = ["usa_imports_goods_mex", "usa_imports_goods_can", "usa_duties_can", "usa_imports_hs87_can"]


@given(
    st.lists(st.sampled_from(TOPICS), max_size=4),
    st.lists(st.sampled_from(["USA", "CAN", "MEX", "CHN", "WLD"]), max_size=4),
    st.lists(
        st.tuples(
            st.sampled_from(TOPICS),
            st.sampled_from(["all_goods", "autos", "metals", "others"]),
            st.lists(st.sampled_from(SERIES), max_size=3),
            st.sampled_from(["goods", "measure"]),
        ),
        max_size=5,
    ),
    st.sets(st.sampled_from(SERIES)),
)
def test_any_event_gets_each_series_once_and_only_those_that_fit(topics, parties, rows, fitting):
    event = {"topics": topics, "parties": parties}
    exposure = [
        row for topic, goods, names, basis in rows for row in reaches(topic, goods, names, basis=basis)
    ]
    shown, left_out = chosen(event, exposure, dict.fromkeys(fitting, True))
    assert len(shown) == len(set(shown)) <= MOST_SERIES
    assert set(shown) <= fitting and not left_out


def test_the_trade_as_a_whole_is_that_with_the_partners_of_the_event():
    _, whole = declared(METALS, [])
    assert any(name.endswith("_can") for name in whole)
    assert not any(name.endswith(("_mex", "_chn")) for name in whole)
