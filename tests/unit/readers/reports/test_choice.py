"""Which series a report shows, and how a position is followed: the plain parts, without a release."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.reports.choice import MOST_SERIES, chosen, declared

AUTOS = {"topics": ["rules_of_origin_autos"], "parties": ["USA", "CAN", "MEX"]}


def test_trade_as_a_whole_has_a_place_beside_the_series_of_the_topic():
    """Five series on autos would push out the imports that the event is asked about most."""
    names = [name for group in declared(AUTOS) for name in group]
    shown, _ = chosen(AUTOS, dict.fromkeys(names, True))
    assert len(shown) == MOST_SERIES
    assert {"usa_imports_goods_mex", "usa_imports_goods_can"} <= set(shown)
    assert shown[0] == "usa_imports_hs87_mex"


def test_a_series_without_whole_windows_is_left_out_and_named():
    names = [name for group in declared(AUTOS) for name in group]
    shown, left = chosen(AUTOS, dict.fromkeys(names, True) | {"usa_imports_hs87_mex": False})
    assert "usa_imports_hs87_mex" not in shown
    assert left == ["usa_imports_hs87_mex"]


@given(
    st.lists(
        st.sampled_from(["autos_tariffs", "steel_aluminum", "china", "process", "dairy", "unknown"]),
        max_size=4,
    ),
    st.lists(st.sampled_from(["USA", "CAN", "MEX", "CHN", "WLD"]), max_size=4),
    st.sets(st.sampled_from(["usa_imports_goods_mex", "usa_imports_goods_can", "usa_duties_can"])),
)
def test_any_event_gets_each_series_once_and_only_those_that_fit(topics, parties, fitting):
    event = {"topics": topics, "parties": parties}
    shown, left = chosen(event, dict.fromkeys(fitting, True))
    assert len(shown) == len(set(shown)) <= MOST_SERIES
    assert set(shown) <= fitting and not left


def test_only_the_partners_of_an_event_are_shown():
    names = [
        name
        for group in declared({"topics": ["steel_aluminum"], "parties": ["CAN", "USA"]})
        for name in group
    ]
    assert any(name.endswith("_can") for name in names)
    assert not any(name.endswith(("_mex", "_chn")) for name in names)
