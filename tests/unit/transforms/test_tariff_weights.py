"""Lists of tariff lines and the trade on them: nothing is lost or added when lists are shortened and trade is summed."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.tariff_weights import MONEY, lists_of_lines, shortest_prefixes, weights

LINES = ["8703220110", "8703230110", "8703230190", "8704210100", "7206100000"]


def trade(**values: list[int]) -> pl.DataFrame:
    columns = {"partner_iso3": ["CAN"] * 5, "hts10": LINES, **{name: [1, 2, 4, 8, 16] for name in MONEY}}
    return pl.DataFrame(columns | values)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        # every line of the heading is on the list, so the heading says it
        (["870322", "87032301"], ["8703"]),
        # one line of two: the subheading would reach the other one as well
        (["8703230110"], ["8703230110"]),
        # a code of a later edition, of which no line is known, stays
        (["9999"], ["9999"]),
        ([], []),
    ],
)
def test_shorter_codes_reach_the_same_lines(codes: list[str], expected: list[str]) -> None:
    """A prefix that is too short would put duties on goods that no list names."""
    short = shortest_prefixes(codes, LINES)
    assert short == expected

    def reached(prefixes: list[str]) -> set[str]:
        return {line for line in LINES if any(line.startswith(prefix) for prefix in prefixes)}

    assert reached(short) == reached(codes)


def test_a_line_stands_on_every_list_that_has_a_beginning_of_it() -> None:
    """A line that is on two lists pays by a rule for the pair; on one of them only it would pay another rate."""
    lists = {"cars": ["8703"], "large": ["87032301"], "steel": ["72"]}
    names = dict(lists_of_lines(LINES, lists).iter_rows())
    assert names["8703230110"] == "cars;large"
    assert names["8703220110"] == "cars"
    assert names["8704210100"] == ""


def test_trade_is_summed_by_set_of_lists_and_none_is_lost() -> None:
    summed = weights(trade(), {"cars": ["8703"], "steel": ["72"]})
    assert summed.select("partner_iso3", "lists", "value_usd").rows() == [
        ("CAN", "", 8),
        ("CAN", "cars", 7),
        ("CAN", "steel", 16),
    ]
    assert all(summed[name].sum() == 31 for name in MONEY)


def test_a_set_of_lists_without_trade_has_no_row() -> None:
    """A weight of zero would divide by zero where shares are made."""
    summed = weights(trade(value_usd=[0, 0, 0, 8, 16]), {"cars": ["8703"]})
    assert summed["lists"].to_list() == [""]
