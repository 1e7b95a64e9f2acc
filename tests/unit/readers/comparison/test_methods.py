"""Constants of the methods: those that the statistics were made with."""

from __future__ import annotations

import pytest

from orchestration.readers.comparison import methods
from transforms.statistics import changepoint, forecasts


def test_what_is_said_of_a_method_is_what_it_was_made_with() -> None:
    # written down twice, because importing the statistics would slow every comparison down
    assert pytest.approx(1 - forecasts.NOMINAL) == methods.NOMINAL_RATE
    assert methods.SEARCHED_MONTHS == changepoint.SEARCH
