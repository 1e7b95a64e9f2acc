"""The tile map: every state once, its change and class of exposure, an empty tile where nothing is known.

Prevents: a state lost or drawn over another, a number that is not the table's, null written on a tile.
"""

from __future__ import annotations

import math

import pytest

from orchestration.readers.charts import states
from orchestration.readers.charts.theme import ChartError
from tests.support.chart_case import rows_of
from tests.support.panel_chart_case import FAMILY, SOURCE, panel_row
from tests.support.panel_chart_case import states as rows


def tiles(frame, **changes) -> tuple[dict, dict[str, dict]]:
    row = panel_row(
        verdict="no_difference_seen", reason="a difference of less than 2 % would not show", **changes
    )
    spec = states.state_tiles(frame, row, FAMILY, source=SOURCE).to_dict()
    return spec, {r["us_state_code"]: r for r in rows_of(spec, "us_state_code", "said")}


def test_there_are_fifty_states_and_the_district_each_in_a_place_of_its_own():
    assert len(states.TILES) == 51
    assert len(set(states.TILES.values())) == 51
    assert {"DC", "MI", "AK", "HI"} <= set(states.TILES)


def test_each_tile_has_its_change_and_the_fifth_of_its_exposure():
    spec, drawn = tiles(rows())
    assert len(drawn) == 51
    for code, change in rows().select("us_state_code", "change_log").iter_rows():
        assert drawn[code]["change_pct"] == pytest.approx(100 * math.expm1(change))
        assert drawn[code]["said"] == f"{100 * math.expm1(change):+.1f}"
    shades = [drawn[code]["shade"] for code in rows()["us_state_code"]]
    assert shades == sorted(shades, reverse=True)
    assert sorted({shades.count(shade) for shade in set(shades)}) in ([10, 11], [10])
    assert "MI" not in spec["description"] and "most in AK, AL, AR" in spec["description"]
    assert "no difference is seen" in " ".join(spec["usermeta"]["headway"]["subtitle"]).lower()


def test_a_state_without_a_row_is_an_empty_tile():
    _, drawn = tiles(rows(50))
    missing = sorted(states.TILES)[50]
    assert drawn[missing]["said"] == ""
    assert drawn[missing]["shade"] is None


def test_what_cannot_be_drawn_says_why():
    with pytest.raises(ChartError, match="would not show"):
        tiles(rows().clear())
    strange = rows(3).with_columns(us_state_code=rows(3)["us_state_code"].replace("AL", "XX"))
    with pytest.raises(ChartError, match="no US state: XX"):
        tiles(strange)
