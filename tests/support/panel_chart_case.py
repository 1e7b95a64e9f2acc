"""A panel's path, cells and states with their rows of the reports, for tests of the charts.

Belongs here: the example. Does not belong here: assertions.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from orchestration.readers.charts.states import TILES

SOURCE = "Source: U.S. Census Bureau; compiled by Headway"
FAMILY = {"family_id": "lists", "compares": "goods", "title": "Lists 1 to 3", "event_id": "e"}


def panel_row(**changes: object) -> dict:
    """A row of rpt_panel_exposure, as far as the charts read it."""
    return {
        "cut_month": dt.date(2018, 10, 1),
        "window_months": 12,
        "exposure_typical": 0.1,
        "beta": -2.0,
        "se_product": 0.5,
        "n_cells": 40,
        "verdict": "exposed_goods_moved",
        "reason": None,
    } | changes


def path(leads: int = 24) -> pl.DataFrame:
    """Rows of rpt_panel_lead_lag: leads of +-0.1, a window before whose mean is zero, then -2."""
    offsets = range(-12 - leads, 12)
    return pl.DataFrame(
        {
            "month_offset": list(offsets),
            "estimate": [
                -2.0 if k >= 0 else (0.05 if k % 2 else -0.05) if k >= -12 else (0.1 if k % 2 else -0.1)
                for k in offsets
            ],
            "se": [0.2] * len(offsets),
            "n_cells": [40] * len(offsets),
            "is_reference": [-12 <= k < 0 for k in offsets],
        }
    )


def cells(n: int = 400, seed: int = 1) -> pl.DataFrame:
    """Rows of rpt_panel_cell with a slope of -2 and two changes far out."""
    rng = np.random.default_rng(seed)
    exposure = rng.normal(0, 0.03, n)
    change = -2 * exposure + rng.normal(0, 0.1, n)
    change[:2] = 5.0, -5.0
    return pl.DataFrame(
        {
            "product_code": [f"{place % 90:02d}" for place in range(n)],
            "partner_iso3": ["CHN", "MEX"] * (n // 2),
            "exposure_left": exposure,
            "change_left": change,
        }
    )


def states(n: int = 51) -> pl.DataFrame:
    """Rows of rpt_state_change: the more exposed the earlier in the alphabet."""
    codes = sorted(TILES)[:n]
    return pl.DataFrame(
        {
            "us_state_code": codes,
            "jobs_before": [1000.0] * len(codes),
            "exposure": [float(len(codes) - place) for place in range(len(codes))],
            "change_log": [-0.01 + 0.001 * place for place in range(len(codes))],
        }
    )
