"""Months left out of a comparison: the own month of an event, months without a value, and what either does to the false alarms."""

from __future__ import annotations

import datetime as dt
import random

import duckdb
import numpy as np
import pytest

from tests.oracles import plain_comparison as plain


def logarithms(con: duckdb.DuckDBPyConnection, series_id: str) -> tuple[int, np.ndarray]:
    """Number of the first month of a series, and the logarithms of all its months, nan where there is none."""
    found = con.execute(
        "SELECT period_start, CASE WHEN value > 0 THEN ln(value) END FROM intermediate.int_series_monthly "
        "WHERE series_id = ? ORDER BY period_start",
        [series_id],
    ).fetchall()
    return plain.number(found[0][0]), np.array([np.nan if y is None else y for _, y in found], dtype=float)


@pytest.mark.parametrize("width", [6, 12])
@pytest.mark.parametrize("gap", [0, 1])
def test_a_window_without_a_month_errs_no_more_often(con, width, gap):
    """The rule of the verdict, tried at the dates without an event of all long series, as if one month of each window after had no
    value: that month and its counterpart are left out, the dates it is ranked among are whole. A rate above the 7 % that a family
    may err at would make answers of holes of what is none; one far below would say that they see less."""
    dates = con.execute(
        """
        select series_id, cut_month, placebo_rank, rank_threshold, n_placebo
        from intermediate.int_cut_standing
        join intermediate.int_rank_threshold as level using (window_months, gap_months)
        where is_placebo and as_of_basis = 'latest' and n_blocks >= 6 and scale = 'log' and window_months = ? and gap_months = ?
            and comparison = 'before_after'
            and for_half = datediff('month', date '1900-01-01', cut_month) // 24 % 2
        order by series_id, cut_month""",
        [width, gap],
    ).fetchall()
    before, later = (np.array(span) for span in plain.windows(0, width, gap))
    partner = plain.counterparts(before.tolist(), later.tolist())
    draw, fired, whole = random.Random(20261129), [], []
    by_series: dict[str, list[tuple[dt.date, float, float]]] = {}
    for series_id, day, rank, threshold, _ in dates:
        by_series.setdefault(series_id, []).append((plain.number(day), rank, threshold))
    assert len(by_series) > 80
    for series_id, of_series in by_series.items():
        first, y = logarithms(con, series_id)
        cuts = np.array([cut for cut, _, _ in of_series])
        after_of, before_of = y[cuts[:, None] - first + later], y[cuts[:, None] - first + before]
        pool = after_of.mean(1) - before_of.mean(1)
        for place, (cut, rank, threshold) in enumerate(of_series):
            gone = draw.randrange(width)
            kept_after = np.delete(after_of[place], gone)
            kept_before = np.delete(before_of[place], partner[int(later[gone])] - before[0])
            difference = kept_after.mean() - kept_before.mean()
            others = pool[(abs(cuts - cut) >= 24) & ~np.isnan(pool)]
            if np.isnan(difference) or len(others) < 144:
                continue
            middle = np.median(others)
            as_far = (abs(others - middle) >= abs(difference - middle) - 1e-12).sum()
            fired.append((1 + as_far) / (1 + len(others)) <= threshold)
            whole.append(rank <= threshold)
    rate, of_whole = np.mean(fired), np.mean(whole)
    print(width, gap, len(fired), round(100 * rate, 2), round(100 * of_whole, 2))
    assert len(fired) > 15_000
    assert rate <= 0.07
    assert abs(rate - of_whole) < 0.01
