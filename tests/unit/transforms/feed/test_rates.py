"""Rates of duty: those that a document sets are read with their sentence, every other percentage is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.feed_case import samples
from transforms.feed.rates import rates
from transforms.feed.text import plain_text, sentences


def read(text: str) -> list[float]:
    return sorted(rate.percent for rate in rates(sentences(plain_text(text))))


@pytest.mark.parametrize("of", [*samples("real"), *samples("written")], ids=lambda s: s.name)
def test_documents(of) -> None:
    stated = of.facts["rates"]
    assert read(of.text) == [float(rate) for rate in stated.split(";") if rate]


@examples(60)
@given(
    st.decimals(0, 250, places=1),
    st.sampled_from(
        ["shall be subject to an additional {} percent ad valorem rate of duty", "an additional ad valorem rate of duty of {} percent applies",
         "imposes a surtax of {}% on motor vehicles", "are subject to a surtax at a rate of {} per cent", "a {} percent tariff is imposed",
         "the duty shall be increased from 2 percent to {} percent"]
    ),
)  # fmt: skip
def test_a_rate_is_read_in_each_wording_and_quoted(rate, wording: str) -> None:
    (found,) = rates([f"Goods {wording.format(rate)}."])
    assert found.percent == float(rate) and str(rate) in found.sentence


@pytest.mark.parametrize(
    "text",
    [
        "The regional value content must be 75 percent under the tariff rules.",
        "An offset amount equal to 3.75 percent of the aggregate value of all vehicles reduces the duty.",
        "Import penetration rose to 43 percent of the market although tariffs fell.",
        "The Secretary recommended a 30 percent tariff.",
        "I imposed an additional ad valorem rate of duty of 25 percent.",
        "The law allows a surcharge up to 15 percent ad valorem.",
        "The goods deficit has grown by over 40 percent in the past 5 years, and duties did not help.",
        "The rate of duty of 10 percent in lieu of 25 percent was discussed; it is not exceeding 25 percent.",
        "Prices rose by 5 percent.",
    ],
)
def test_other_percentages_are_no_rates(text: str) -> None:
    assert 25.0 not in read(text) or text.startswith("The rate of duty of 10")
    assert read(text) in ([], [10.0])


def test_the_rate_before_is_not_the_rate() -> None:
    text = 'Heading 9903.01.10 is amended by deleting "25%" each place that it appears and by inserting "35%" in lieu thereof.'
    assert read(text) == [35.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Certain products shall not be subject to the additional ad valorem rate of duty of 40 percent.", []),
        ("The additional duty of 25 percent ad valorem shall be terminated.", []),
        ("The 25 percent tariff shall no longer apply to goods of India.", []),
        ("Goods shall be subject to a 10 percent tariff, except that goods of Chile shall not be subject to the 25 percent tariff.", [10.0]),
    ],
)  # fmt: skip
def test_the_rate_of_a_duty_that_ends_is_none_that_is_set(text: str, expected: list[float]) -> None:
    """An exemption from 40 percent became a candidate for a duty of 40 percent."""
    assert read(text) == expected
