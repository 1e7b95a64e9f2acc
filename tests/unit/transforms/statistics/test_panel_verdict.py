"""The gates in their order, and that none but the last reads the estimate.

Prevents: an estimate that opens or shuts a gate, a verdict without its reason, a threshold taken from the wrong side.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from transforms.statistics import panel_verdict as pv

CLEAR = pv.Gates(
    episodes=(),
    exposure_r2=0.1,
    effective=30,
    lead_share=0.05,
    permutation_alarm=0.05,
    permutation_rank=0.001,
    beta=-2,
    median=-0.2,
    distance=0.5,
    mde_pct=9.6,
)
#: each gate shut, in the order in which they are asked
SHUT = {
    "confounded": {"episodes": ("COVID-19", "a strike")},
    "same_measure": {"exposure_r2": 0.51},
    "too_few_products": {"effective": 9.9},
    "pretrend": {"lead_share": 0.11},
    "miscalibrated": {"permutation_alarm": 0.11},
}


def test_a_clear_panel_with_an_unusual_slope_moved():
    assert pv.verdict(CLEAR) == ("exposed_goods_moved", None)


@pytest.mark.parametrize("change", [{"permutation_rank": 0.051}, {"beta": -0.7}, {"beta": 0.2}])
def test_both_rulers_must_call_it_unusual(change):
    said, reason = pv.verdict(replace(CLEAR, **change))
    assert said == "no_difference_seen"
    assert reason is not None
    assert "10 %" in reason


def test_gates_come_in_their_order():
    """With all later gates shut as well, the first one is told."""
    names = list(SHUT)
    for place, name in enumerate(names):
        shut = {key: value for later in names[place:] for key, value in SHUT[later].items()}
        said, reason = pv.verdict(replace(CLEAR, **shut))
        assert said == name
        assert reason


@pytest.mark.parametrize("name", SHUT)
@pytest.mark.parametrize("beta", [-50.0, -2.0, 0.0, 50.0])
@pytest.mark.parametrize("rank", [0.001, 1.0])
def test_no_gate_reads_the_estimate(name, beta, rank):
    gates = replace(CLEAR, **SHUT[name])
    assert pv.verdict(replace(gates, beta=beta, permutation_rank=rank)) == pv.verdict(gates)


@pytest.mark.parametrize(
    "change",
    [
        {"exposure_r2": 0.5},
        {"effective": 10},
        {"lead_share": 0.1},
        {"permutation_alarm": 0.1},
        {"permutation_rank": 0.05},
    ],
)
def test_a_threshold_itself_passes(change):
    assert pv.verdict(replace(CLEAR, **change))[0] == "exposed_goods_moved"


def test_reasons_name_what_they_are_about():
    assert (
        pv.verdict(replace(CLEAR, effective=1.44, units="states"))[1]
        == "the exposure is that of 1.4 states in effect"
    )
    assert (
        pv.verdict(replace(CLEAR, episodes=("COVID-19", "a strike")))[1]
        == "a window holds COVID-19, a strike"
    )
