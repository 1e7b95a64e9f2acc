"""Differences in differences of made-up series: the models from the monthly series to the report, against plain Python."""

from __future__ import annotations

import datetime as dt
import math
import random

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.oracles import plain_comparison as plain
from tests.oracles import plain_difference as plain_did
from tests.support import model_case
from tests.support.difference_case import different
from tests.support.macro_case import rows

WINDOWS, GAPS = (6, 12, 24), (0, 1, 3, 6)
MODELS = (
    "int_eventful_cut",
    "int_calendar_rival",
    "int_report_cut",
    "int_basis_month",
    "int_window_statistics",
    "int_paired_window",
    "int_balance_scale",
    "int_cut_difference",
    "int_cut_statistics",
    "int_control_difference",
    "int_cut_candidate",
    "int_cut_standing",
    "int_recent_date",
    "int_recent_standing",
    "int_difference_standing",
    "int_rank_threshold",
    "int_calibration_placebo",
    "rpt_difference_in_differences",
)
INPUTS = """
ATTACH ':memory:' AS headway;
CREATE SCHEMA headway.intermediate;
CREATE TABLE headway.intermediate.int_series_monthly (series_id VARCHAR, period_start DATE, month_index INTEGER,
    value DOUBLE, status VARCHAR, known_from TIMESTAMP);
CREATE TABLE headway.intermediate.int_observation_first (series_id VARCHAR, period_start DATE, value DOUBLE,
    status VARCHAR, known_from TIMESTAMP, is_first_release BOOLEAN, has_later_version BOOLEAN);
CREATE TABLE headway.intermediate.int_series_episode (series_id VARCHAR, episode_id VARCHAR, first_month DATE,
    last_month DATE, is_gap BOOLEAN);
CREATE TABLE headway.intermediate.int_event_cut (event_id VARCHAR, cut_month DATE, event_class VARCHAR, in_report BOOLEAN,
    default_gap_months INTEGER, origin VARCHAR);
CREATE TABLE headway.intermediate.int_own_rival (event_id VARCHAR, series_id VARCHAR, window_months INTEGER, gap_months INTEGER,
    n_other_events INTEGER, max_shared_post_share DOUBLE, rivals_in_windows VARCHAR[], rival_event_ids VARCHAR[]);
CREATE TABLE headway.intermediate.int_event_overlap (event_id VARCHAR, window_months INTEGER, gap_months INTEGER,
    n_other_events INTEGER);
CREATE SCHEMA headway.staging;
CREATE TABLE headway.staging.stg_event (event_id VARCHAR, cluster_id VARCHAR);
CREATE TABLE headway.intermediate.int_event_exposure (event_id VARCHAR, series_id VARCHAR);
CREATE TABLE headway.intermediate.int_series_calendar AS SELECT unnest(['t', 'a', 'b']) AS series_id, unnest(['k', 'none', 'of_b']) AS calendar_id;
CREATE TABLE headway.intermediate.int_calendar_event (calendar_id VARCHAR, event_id VARCHAR, cut_month DATE, event_class VARCHAR);
CREATE TABLE headway.intermediate.int_month AS SELECT CAST(unnest(generate_series(DATE '1985-01-01',
    DATE '2025-12-01', INTERVAL 1 MONTH)) AS DATE) AS month_start;
CREATE TABLE headway.intermediate.int_known_series (series_id VARCHAR, measure VARCHAR, flow VARCHAR, unit VARCHAR,
    grade VARCHAR);
CREATE TABLE headway.intermediate.int_control_set_member (control_set_id VARCHAR, treated_series_id VARCHAR, control_series_id VARCHAR,
    weight DOUBLE, contains_treated BOOLEAN);
INSERT INTO headway.intermediate.int_known_series SELECT unnest(['t', 'a', 'b']), 'production', NULL, 'vehicles', 'agency';
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[model_case.Model]:
    """The models from the monthly series to the report."""
    return model_case.compiled(tmp_path_factory.mktemp("compiled"), MODELS)


START = plain.number(dt.date(1990, 1, 1))


@st.composite
def a_series(draw, months: int) -> dict[int, float]:
    """Positive values over most of `months`; sometimes constant, with a hole or with a zero."""
    first, last = draw(st.integers(0, 12)), months - draw(st.integers(0, 12))
    one = draw(st.booleans()) and draw(st.booleans())
    noise = random.Random(draw(st.integers(0, 2**32)))
    values = {START + i: 100.0 if one else 100 * math.exp(noise.gauss(0, 0.2)) for i in range(first, last)}
    bad = draw(st.integers(first + 1, last - 2))
    match draw(st.sampled_from(["whole", "whole", "whole", "whole", "hole", "zero"])):
        case "hole":
            del values[START + bad]
        case "zero":
            values[START + bad] = 0.0
    return values


@st.composite
def cases(draw) -> tuple[plain_did.Pair, dict[str, int], set[str], dict]:
    months = draw(st.integers(40, 120) | st.integers(240, 320))
    treated, a, b = (draw(a_series(months)) for _ in range(3))
    weight = draw(st.sampled_from([0.25, 0.5, 0.875]))
    on_b = draw(st.just(set()) | st.sets(st.integers(START, START + months), max_size=2))
    # most in the last years, as in life, so that earlier cuts are left to rank among
    late = st.integers(max(0, months - 36), months)
    cuts = draw(st.lists(late, min_size=1, max_size=3)) + draw(st.lists(st.integers(0, months), max_size=1))
    named = {f"e{n}": START + c for n, c in enumerate(cuts)}
    # the others are talks, which make no date eventful and have no verdict of their own
    acts = {"e0", *draw(st.sets(st.sampled_from(sorted(named))))}
    if step := draw(st.sampled_from([0, 0, 1])):
        treated |= {m: v * math.exp(step) for m, v in treated.items() if m >= named["e0"]}
    touched = {}
    for name in draw(st.sets(st.sampled_from("tab"), max_size=1)):
        at = draw(st.integers(0, months))
        touched[name] = range(START + at, START + at + draw(st.integers(1, 6)))
    preliminary = range(START + months - draw(st.integers(0, 14)), START + months)
    pair = plain_did.Pair(
        treated,
        [(weight, a, set()), (1 - weight, b, on_b)],
        episode={m for span in touched.values() for m in span},
        preliminary=preliminary,
    )
    return pair, named, acts, touched


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_made_up_series(models, case):
    """What the bundled figures do not have: zeros, constant series, ties, holes in a control, preliminary months, events
    that stand alone with a long history, and so every verdict."""
    pair, named, acts, touched = case
    assume(all(pair.series))
    with duckdb.connect(config=model_case.SMALL) as con:
        con.execute(INPUTS)
        con.execute("USE headway")
        fill(con, pair, named, acts, touched)
        model_case.build(con, models)
        got = {
            (r["event_id"], r["window_months"], r["gap_months"]): r
            for r in rows(con, "FROM rpt_difference_in_differences")
        }
        chosen = con.execute("""
            SELECT window_months, gap_months, rank_threshold FROM intermediate.int_rank_threshold
            WHERE comparison = 'difference_in_differences' AND for_half = 2
        """).fetchall()
        threshold = {(w, g): t for w, g, t in chosen}
    wanted = {}
    for months in WINDOWS:
        for gap in GAPS:
            found = dict(plain_did.comparisons(pair, months, gap))
            for event_id, cut in named.items():
                if cut in found and (gap != 1 or falls_inside(event_id)):
                    reaching = {named[e] for e in acts}
                    shared = plain_did.largest_share(cut, reaching - {cut}, months)
                    wanted[event_id, months, gap] = plain_did.judge(
                        found,
                        cut,
                        months,
                        reaching,
                        event_id in acts and shared <= 0.5,
                        threshold.get((months, gap)),
                    )
    assert got.keys() == wanted.keys()
    assert not {k: d for k in wanted if (d := different(got[k], wanted[k]))}


def falls_inside(event_id: str) -> bool:
    """Every second of the made-up events falls inside a month, so that the report compares it without that month, too."""
    return event_id in ("e0", "e2")


def fill(con: duckdb.DuckDBPyConnection, pair: plain_did.Pair, named: dict, acts: set, touched: dict) -> None:
    known = dt.datetime(2030, 1, 1)
    spine = [
        [name, plain.month(m), m - min(values), values.get(m), status, known]
        for name, values in zip("tab", pair.series, strict=True)
        for m in range(min(values), max(values) + 1)
        for status in ["missing" if m not in values else "preliminary" if m in pair.preliminary else "normal"]
    ]
    insert(con, "intermediate.int_series_monthly", spine)
    classes = {e: "act" if e in acts else "talk" for e in named}
    insert(
        con,
        "intermediate.int_event_cut",
        [[e, plain.month(c), classes[e], True, int(falls_inside(e)), "headway"] for e, c in named.items()],
    )
    insert(con, "staging.stg_event", [[e, None] for e in named])
    insert(con, "intermediate.int_event_exposure", [[e, "t"] for e in named])
    insert(
        con,
        "intermediate.int_calendar_event",
        [
            *(["k", e, plain.month(c), classes[e]] for e, c in named.items()),
            *(["of_b", f"on b {act}", plain.month(act), "act"] for act in pair.controls[1][2]),
        ],
    )
    insert(
        con, "intermediate.int_event_overlap", [[e, w, g, 0] for e in named for w in WINDOWS for g in GAPS]
    )
    spans = [[s, "episode", plain.month(r.start), plain.month(r[-1]), False] for s, r in touched.items()]
    insert(con, "intermediate.int_series_episode", spans)
    members = [
        ["set", "t", name, weight, False] for name, (weight, *_) in zip("ab", pair.controls, strict=True)
    ]
    insert(con, "intermediate.int_control_set_member", members)


def insert(con: duckdb.DuckDBPyConnection, table: str, values: list[list]) -> None:
    if values:
        columns = ", ".join("unnest(?)" for _ in values[0])
        con.execute(
            f"INSERT INTO headway.{table} SELECT {columns}", [list(c) for c in zip(*values, strict=True)]
        )
