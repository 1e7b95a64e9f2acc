"""Forecasts of a counterfactual: each model against an independent implementation, on real figures and on made-up ones.

Belongs here: transforms/statistics/{forecasts,drift_month,local_linear_trend}.py.
Does not belong here: calibration and comparison with what came (test_counterfactual.py).
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.statistics.forecasts import (
    training_lengths,
)


@examples(60)
@given(st.lists(st.booleans(), min_size=1, max_size=260))
def test_training_months_end_at_a_hole(known):
    """Against the plain count backwards."""
    values = np.where(known, 1.0, np.nan)
    for end, length in enumerate(training_lengths(values)):
        plain = 0
        while plain < 120 and end - plain >= 0 and known[end - plain]:
            plain += 1
        assert length == plain
