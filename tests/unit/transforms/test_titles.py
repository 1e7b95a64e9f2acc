"""A code whose title is not that of its series is found out, and said with both titles."""

from __future__ import annotations

import pytest

from transforms.titles import other_titles

TITLE = "Canada;Employment for all employees;Manufacturing [31-33]"


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        (("Canada", "manufacturing"), True),
        (("employment for  ALL employees",), True),
        (("Canada", "Mining"), False),
        (("!Ontario",), True),
        (("!Canada",), False),
        (("Mining|Manufacturing",), True),
        (("Mining|Construction",), False),
        ((), True),
    ],
)
def test_each_expected_word_must_stand_in_the_title(words, passes):
    assert (other_titles({"v1": TITLE}, {"v1": words}) == {}) is passes


def test_both_titles_are_said_and_a_code_without_a_title_is_no_other_one():
    found = other_titles(
        {"v1": TITLE}, {"v1": ("Mining",), "v2": ("Mining",)}, {"v1": "Employment in mining"}
    )
    assert list(found) == ["v1"]
    assert (
        TITLE in found["v1"] and "Employment in mining" in found["v1"] and "(Mining expected)" in found["v1"]
    )
