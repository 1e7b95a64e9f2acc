"""Interrupted time series: every number against statsmodels, known steps, and series that must be withheld.

Prevents: a vectorised estimate that differs from the textbook one, a window or dummy that is off by a month, a wrong
number or a crash for series that cannot be compared.
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from transforms.statistics import interrupted as its
from transforms.statistics.months import clean_cuts, day, monthly_series, number
from transforms.statistics.regression import FITS, Block

NO_EPISODES = pl.DataFrame(schema={"series_id": pl.String, "first_month": pl.Date, "last_month": pl.Date})
START = date(2005, 1, 1)


def frame(values, series_id="s", scale="log", start=START) -> pl.DataFrame:
    months = [day(number(start) + i) for i in range(len(values))]
    return pl.DataFrame(
        {"series_id": series_id, "period_start": months, "value": values, "scale": scale},
        schema={"series_id": pl.String, "period_start": pl.Date, "value": pl.Float64, "scale": pl.String},
        strict=False,
    )


def design(cut: date, dropped=0, joint=(), design_id="d") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "design_id": [design_id],
            "cut_month": [cut],
            "dropped_months": [dropped],
            "joint_months": [list(joint)],
        },
        schema=its.DESIGN_SCHEMA,
    )


def one(values, cut=date(2012, 1, 1), dropped=0, joint=(), episodes=NO_EPISODES, **kwargs) -> dict:
    rows = its.interrupted_time_series(frame(values, **kwargs), episodes, design(cut, dropped, joint))
    assert rows.height == 1
    assert rows.schema == its.RESULT_SCHEMA
    return rows.row(0, named=True)


def noise(months=168, rho=0.6, scale=0.03, seed=1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    u = np.zeros(months)
    for i, e in enumerate(rng.normal(0, scale, months)):
        u[i] = rho * (u[i - 1] if i else 0) + e
    return u


def plain(y, first, cut, dropped, episodes=(), joint=()):
    """The regressors written from their definition, month by month, the months left out removed."""
    rows, kept = [], []
    for i in range(len(y)):
        t = first + i
        if cut - dropped <= t < cut:
            continue
        month_effects = [float(t % 12 == m) for m in range(11)]
        rows.append(
            [
                *(float(t >= cut), (t - cut) * float(t >= cut), 1.0, float(i), *month_effects),
                *(float(a <= t <= b) for a, b in episodes),
                *(float(t >= s) for s in joint),
            ]
        )
        kept.append(y[i])
    return np.array(kept), np.array(rows)


@given(
    st.integers(0, 2**32 - 1),
    st.floats(-0.9, 0.95),
    st.integers(30, 60),
    st.integers(30, 60),
)
@settings(max_examples=25, deadline=None)
def test_block_equals_statsmodels(seed, rho, before, after):
    """All four kinds of standard error, each order of the errors."""
    y = np.column_stack([noise(before + after, rho, 1.0, seed + j) for j in range(3)])
    x = plain(y, 24000, 24000 + before, 0)[1]
    block = Block(y, x, 0)
    gls = block.autoregressive()
    lags = math.ceil(1.3 * math.sqrt(len(y)))
    newey_west, ols = block.newey_west(lags), block.ols()
    for j in range(3):
        plain_fit = sm.OLS(y[:, j], x).fit()
        hac = sm.OLS(y[:, j], x).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
        )
        np.testing.assert_allclose(ols.params[j], plain_fit.params, rtol=1e-8, atol=1e-9)
        assert ols.p[j] == pytest.approx(plain_fit.pvalues[0], rel=1e-8)
        assert newey_west.se[j] == pytest.approx(hac.bse[0], rel=1e-8)
        assert newey_west.p[j] == pytest.approx(hac.pvalues[0], rel=1e-8, abs=1e-12)
        p = int(gls.order[j])
        assert p >= 0
        fit = (
            sm.GLSAR(y[:, j], x, rho=p).iterative_fit(maxiter=FITS, rtol=0) if p else sm.GLS(y[:, j], x).fit()
        )
        np.testing.assert_allclose(gls.estimate.params[j], fit.params, rtol=1e-7, atol=1e-8)
        assert gls.estimate.se[j] == pytest.approx(fit.bse[0], rel=1e-8)
        assert gls.estimate.p[j] == pytest.approx(fit.pvalues[0], rel=1e-7, abs=1e-12)
        assert gls.estimate.df[j] == fit.df_resid == len(y) - x.shape[1] - p


@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
@settings(max_examples=20, deadline=None)
def test_ewc_equals_its_matrix_form(seed, terms):
    """Sandwich of the whole score with the averaged cosine transforms, written out."""
    y = noise(96, 0.5, 1.0, seed)[:, None]
    x = plain(y, 24000, 24048, 0)[1]
    block = Block(y, x, 0)
    n = len(y)
    residuals = y[:, 0] - x @ np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    score = x * residuals[:, None]
    omega = np.zeros((x.shape[1], x.shape[1]))
    for j in range(1, terms + 1):
        weights = [math.sqrt(2 / n) * math.cos(math.pi * j * (t + 0.5) / n) for t in range(n)]
        transform = score.T @ np.array(weights)
        omega += np.outer(transform, transform) / terms
    bread = np.linalg.inv(x.T @ x)
    se = math.sqrt(n * (bread @ omega @ bread)[0, 0])
    found = block.ewc(terms)
    assert found.se[0] == pytest.approx(se, rel=1e-6)
    assert found.p[0] == pytest.approx(2 * student.sf(abs(found.params[0, 0]) / se, terms), rel=1e-5)


def test_whole_model_equals_statsmodels_on_rows_left_out():
    """Step, slope, episode, joint step, months left out: OLS after removing the months left out gives the same."""
    y = noise(168)
    cut, dropped, joint = number(date(2012, 1, 1)), 3, date(2013, 9, 1)
    covid = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2009, 3, 1)], "last_month": [date(2009, 8, 1)]}
    )
    row = one(np.exp(y), dropped=dropped, joint=[joint], episodes=covid)
    first = number(row["first_month"])
    assert (row["first_month"], row["last_month"]) == (day(cut - dropped - 60), day(cut + 59))
    window = y[first - number(START) : number(row["last_month"]) - number(START) + 1]
    months = (number(date(2009, 3, 1)), number(date(2009, 8, 1)))
    kept, x = plain(window, first, cut, dropped, [months], [number(joint)])
    fit = sm.OLS(kept, x).fit()
    assert row["n_months"] == len(kept) == 120
    assert row["n_regressors"] == x.shape[1]
    assert row["level_change_ols"] == pytest.approx(fit.params[0], rel=1e-8)
    assert row["p_ols"] == pytest.approx(fit.pvalues[0], rel=1e-8)
    assert row["joint_events"] == 1


def test_gls_of_the_whole_model_on_real_series(warehouse):
    """The row of the warehouse's own data equals statsmodels' GLSAR fitted on the same months."""
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as con:
        found = con.execute(
            "select period_start, value from intermediate.int_series_monthly "
            "where series_id = 'usa_imports_goods_mex' order by 1"
        ).fetchall()
    values, cut = [v for _, v in found], number(date(2012, 1, 1))
    row = one(values, start=found[0][0])
    first = number(row["first_month"])
    y = np.log(values)[first - number(found[0][0]) :][:120]
    kept, x = plain(y, first, cut, 0)
    p = row["ar_order"]
    fit = sm.GLSAR(kept, x, rho=p).iterative_fit(maxiter=FITS, rtol=0) if p else sm.OLS(kept, x).fit()
    assert row["level_change"] == pytest.approx(fit.params[0], rel=1e-8)
    assert row["slope_change"] == pytest.approx(fit.params[1], rel=1e-8)
    assert row["se_gls"] == pytest.approx(fit.bse[0], rel=1e-8)
    assert row["p_gls"] == pytest.approx(fit.pvalues[0], rel=1e-8)
    for h in its.HORIZONS:
        assert row[f"effect_{h}"] == pytest.approx(fit.params[0] + h * fit.params[1], rel=1e-8)


def test_a_known_step_and_slope_are_found_beside_another_one():
    """A step of .2 with a slope of .003 at the cut, another step of -.3 twenty months later, a strike of a month."""
    t = np.arange(168)
    y = 3 + 0.002 * t + 0.05 * np.sin(2 * np.pi * t / 12) + noise(rho=0.3, scale=0.002)
    y += 0.2 * (t >= 84) + 0.003 * (t - 84) * (t >= 84) - 0.3 * (t >= 104) - 0.5 * (t == 95)
    strike = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2012, 12, 1)], "last_month": [date(2012, 12, 1)]}
    )
    row = one(np.exp(y), joint=[date(2013, 9, 1)], episodes=strike)
    assert row["level_change"] == pytest.approx(0.2, abs=5 * row["se_gls"])
    assert row["se_gls"] < 0.005
    assert row["slope_change"] == pytest.approx(0.003, abs=0.0005)
    assert row["p_gls"] < 1e-6
    assert one(np.exp(y), episodes=strike)["effect_24"] != pytest.approx(row["effect_24"], abs=0.1)


def test_a_month_left_out_may_hold_anything():
    """Month 0 mixes before and after: whatever stands there, or nothing, the result is the same."""
    y = noise(168)
    wild, missing = np.exp(y), np.exp(y)
    wild[83] = 1e6
    missing[83] = np.nan
    expected = one(np.exp(y), dropped=1)
    assert expected["reason"] is None
    for values in (wild, missing):
        found = one(values, dropped=1)
        for column in ("level_change", "se_gls", "se_ewc", "se_nw", "p_gls"):
            assert found[column] == pytest.approx(expected[column], rel=1e-7)


def test_starts_that_nothing_tells_from_the_cut_are_not_in_the_model():
    """A cluster that starts in the month of the cut or a month left out would make the step undefined."""
    y = np.exp(noise(168))
    cut = date(2012, 1, 1)
    alone = one(y, cut=cut, dropped=1)
    beside = one(y, cut=cut, dropped=1, joint=[cut, date(2011, 12, 1), date(2003, 1, 1), date(2030, 1, 1)])
    assert beside["joint_events"] == 0
    assert beside["level_change"] == pytest.approx(alone["level_change"], rel=1e-9)
    assert one(y, cut=cut, joint=[date(2012, 2, 1)])["joint_events"] == 1


@pytest.mark.parametrize("what", ["episode", "start"])
def test_what_only_the_first_months_show_begins_the_window_after_it(what):
    """Errors of order p cost the first p months: an episode or step within them had no month left, and the estimate hung on
    rounding (11 of 18,210 clean windows changed their verdict when figures were divided by a constant)."""
    values = np.exp(noise(168, 0.9))
    ends = date(2007, 3, 1)
    episode = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2006, 1, 1)], "last_month": [date(2007, 2, 1)]}
    )
    row = one(values, episodes=episode) if what == "episode" else one(values, joint=[ends])
    later = one(values[number(ends) - number(START) :], start=ends)
    assert row["first_month"] == later["first_month"] == ends
    for column in ("level_change", "se_gls", "p_gls", "p_nw", "n_months"):
        assert row[column] == pytest.approx(later[column], rel=1e-9)


@given(st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1), st.integers(-62, -40), st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_the_unit_changes_nothing_but_the_unit(factor, seed, begins, lasts):
    """The same p in millions and in cents, wherever an episode touches the window."""
    values = noise(168, 0.8, seed=seed) + 3
    cut = number(date(2012, 1, 1))
    episode = pl.DataFrame(
        {"series_id": ["s"], "first_month": [day(cut + begins)], "last_month": [day(cut + begins + lasts)]}
    )
    a = one(values, scale="level", episodes=episode, dropped=1)
    b = one(values * factor, scale="level", episodes=episode, dropped=1)
    assert a["ar_order"] == b["ar_order"]
    assert b["level_change"] == pytest.approx(a["level_change"] * factor, rel=1e-6)
    assert b["p_gls"] == pytest.approx(a["p_gls"], rel=1e-6, abs=1e-12)


GOOD = np.exp(noise(168) + 3)


@pytest.mark.parametrize(
    ("values", "kwargs", "reason"),
    [
        (GOOD[:90], {}, its.REASON_AFTER),
        (GOOD[:40], {}, its.REASON_AFTER),
        (GOOD, {"cut": date(2005, 11, 1)}, its.REASON_BEFORE),
        (GOOD, {"cut": date(2030, 1, 1)}, its.REASON_AFTER),
        (GOOD[:100], {"cut": date(2012, 1, 1), "start": date(2009, 1, 1)}, None),
        (GOOD[:55], {"cut": date(2012, 1, 1), "start": date(2010, 1, 1)}, its.REASON_SHORT),
        (np.where(np.arange(168) == 60, np.nan, GOOD), {}, its.REASON_MISSING),
        (np.where(np.arange(168) == 3, np.nan, GOOD), {}, None),
        (np.where(np.arange(168) == 60, 0.0, GOOD), {}, its.REASON_NOT_POSITIVE),
        (np.where(np.arange(168) == 60, -5.0, GOOD), {}, its.REASON_NOT_POSITIVE),
        (np.where(np.arange(168) == 60, -5.0, GOOD), {"scale": "level"}, None),
        (np.full(168, 7.0), {}, its.REASON_CONSTANT),
        (np.zeros(168), {"scale": "level"}, its.REASON_CONSTANT),
        (np.exp(0.01 * np.arange(168)), {}, its.REASON_CONSTANT),
        (np.full(168, np.nan), {}, its.REASON_SERIES),
        (np.where(np.arange(168) == 60, np.inf, GOOD), {}, its.REASON_MISSING),
    ],
)
def test_what_cannot_be_compared_is_withheld_with_its_reason(values, kwargs, reason):
    row = one(values, **kwargs)
    assert row["reason"] == reason
    assert (row["level_change"] is None) == (row["p_gls"] is None) == (reason is not None)


def test_an_episode_that_begins_with_the_cut_and_fills_the_rest_withholds_it():
    forever = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2012, 1, 1)], "last_month": [date(9999, 12, 1)]}
    )
    assert one(GOOD, episodes=forever)["reason"] == its.REASON_SAME


def test_more_regressors_than_the_months_carry_are_refused():
    joint = [date(2008 + i // 12, i % 12 + 1, 1) for i in range(0, 72, 2)]
    assert one(GOOD, joint=joint)["reason"] == its.REASON_CROWDED


def test_quarterly_figures_as_months_are_missing_months():
    values = np.where(np.arange(168) % 3 == 0, GOOD, np.nan)
    assert one(values)["reason"] == its.REASON_MISSING


def test_a_month_twice_is_an_error_that_names_the_series():
    twice = pl.concat([frame(GOOD), frame(GOOD)])
    with pytest.raises(ValueError, match="s: a month has more than one value"):
        its.interrupted_time_series(twice, NO_EPISODES, design(date(2012, 1, 1)))


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=True, allow_infinity=True, width=64),
            st.sampled_from([0.0, 1.0, 1.0, 2.0, -3.0, 1e-300, 1e300]),
        ),
        min_size=0,
        max_size=40,
    ),
    st.integers(1, 168),
    st.sampled_from(["log", "level"]),
    st.integers(0, 4),
    st.lists(st.integers(-5, 175), max_size=4),
    st.lists(st.tuples(st.integers(-5, 175), st.integers(0, 30)), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_no_series_crashes_it_or_gives_a_number_that_is_none(values, length, scale, dropped, joint, spans):
    """Patterns repeated, ties, zeros, infinities, tiny and huge values: a finite result or a reason."""
    series = np.resize(np.array(values or [np.nan]), length)
    episodes = pl.DataFrame(
        [("s", day(number(START) + a), day(number(START) + a + n)) for a, n in spans],
        schema=NO_EPISODES.schema,
        orient="row",
    )
    row = one(
        series,
        scale=scale,
        dropped=dropped,
        joint=[day(number(START) + j) for j in joint],
        episodes=episodes,
    )
    numbers = [
        row[c] for c in ("level_change", "slope_change", "se_gls", "p_gls", "se_ewc", "p_ewc", "se_nw")
    ]
    if row["reason"] is None:
        assert all(math.isfinite(n) for n in numbers)
        assert row["se_gls"] > 0
        assert 0 <= row["p_gls"] <= 1
    else:
        assert numbers == [None] * len(numbers)


def test_series_fitted_together_give_what_each_gives_alone():
    """Blocks share regressors: a series must not depend on its neighbours, nor on their order."""
    many = pl.concat([frame(np.exp(noise(168, seed=i)), f"s{i}") for i in range(5)])
    together = its.interrupted_time_series(many, NO_EPISODES, design(date(2012, 1, 1)))
    for i in range(5):
        alone = its.interrupted_time_series(
            many.filter(series_id=f"s{i}"), NO_EPISODES, design(date(2012, 1, 1))
        )
        for column in ("level_change", "se_gls", "p_ewc", "p_nw"):
            assert together.filter(series_id=f"s{i}")[column][0] == pytest.approx(alone[column][0], rel=1e-9)


def test_clean_cuts_keep_their_distance():
    """No event within 12 months, no episode month in the 24 before or the 24 from the cut on, whole windows."""
    series = monthly_series(frame(np.exp(noise(240))))["s"]
    first = series.first
    found = clean_cuts(series, {first + 200}, [(first + 100, first + 101)], before=60, after=60)
    assert min(found) == first + 60
    assert max(found) == first + 180
    assert [c - first for c in found] == [*range(60, 77), *range(126, 181)]
    assert clean_cuts(series, {first + 100}, [(0, number(date(9999, 12, 1)))], before=1, after=1) == []
    assert 112 not in [c - first for c in clean_cuts(series, {first + 100}, [], before=60, after=60)]


def test_false_alarm_rates_count_what_fired():
    results = pl.DataFrame(
        {
            "series_id": ["a"] * 4,
            "cut_month": [date(2000, 1, 1), date(2001, 1, 1), date(2003, 12, 1), date(2002, 1, 1)],
            "reason": [None, None, None, "a month of a window has no value"],
            **{p: [0.01, 0.2, 0.049, 0.001] for p in ("p_gls", "p_ewc", "p_nw", "p_ols")},
            **{c: [0.0, 1.0, 4.0, 100.0] for c in ("level_change", "level_change_ols")},
        }
    )
    rates = its.false_alarm_rates(results)
    assert rates.schema == its.CALIBRATION_SCHEMA
    row = rates.filter(method="its_gls").row(0, named=True)
    assert (row["n_pseudo_events"], row["fired"], row["n_blocks"]) == (3, 2, 0)
    assert row["false_alarm_rate"] == pytest.approx(2 / 3)
    assert row["mde95"] == pytest.approx(1 + 0.9 * 2)
    assert (row["first_cut"], row["last_cut"]) == (date(2000, 1, 1), date(2003, 12, 1))


def test_a_change_of_the_stated_size_is_found_more_often_than_none():
    """Power and size on simulated AR(1) errors: at no change the primary errs at most at about the rate on real series,
    least squares far more often; a change of four standard deviations of the errors is nearly always found."""
    many = pl.concat([frame(np.exp(noise(168, 0.8, 0.02, seed=i)), f"n{i:03}") for i in range(200)])
    step = pl.when(pl.col("period_start") >= date(2012, 1, 1)).then(math.exp(0.13)).otherwise(1.0)
    none = its.interrupted_time_series(many, NO_EPISODES, design(date(2012, 1, 1)))
    some = its.interrupted_time_series(
        many.with_columns(pl.col("value") * step), NO_EPISODES, design(date(2012, 1, 1))
    )
    size, power = (none["p_gls"] < 0.05).mean(), (some["p_gls"] < 0.05).mean()
    assert size < 0.2
    assert (none["p_ols"] < 0.05).mean() > 2 * size
    assert power > 0.9
    np.testing.assert_allclose(some["level_change"] - none["level_change"], 0.13, atol=1e-9)
