"""Differences in differences: the report on the bundled figures and on made-up series, against plain Python."""

from __future__ import annotations

import csv
import datetime as dt
import math
import random
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestration.base.settings import Settings
from tests.oracles import plain_comparison as plain
from tests.oracles import plain_difference as plain_did
from tests.support import bundled, model_case
from tests.support.macro_case import rows

WINDOWS, GAPS = (6, 12, 24), (0, 1, 3, 6)
NUMBERS = (
    *("d_log_treated", "d_log_control", "did", "pretrend_slope", "pretrend_bias", "pretrend_ratio"),
    *(
        "breakdown_m",
        "placebo_rank",
        "n_placebo",
        "n_blocks",
        "mde95",
        "distance_at_threshold",
        "event_clean",
        "identified",
        "verdict",
    ),
)
SEEDS = Settings.load().dbt_project / "seeds"


def different(got: Mapping, wanted: Mapping) -> dict:
    """Columns that disagree. Differences of logs near zero carry the rounding of the logs: 1e-9 is far above it, and
    ratios of such differences are compared by their parts."""
    out = {}
    for name in NUMBERS:
        a, b = got[name], wanted[name]
        if name == "pretrend_ratio" and wanted["did"] is not None and abs(wanted["did"]) < 1e-6:
            continue
        if isinstance(a, float) and isinstance(b, float):
            if not math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-10):
                out[name] = (a, b)
        elif a != b:
            out[name] = (a, b)
    return out


# -- bundled figures ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def con(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        yield connection


@cache
def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def observations() -> pl.DataFrame:
    return bundled.read("observation").sort("known_from")


@cache
def flows() -> pl.DataFrame:
    return bundled.read("trade_flow_census_naics3").sort("known_from")


@cache
def latest(series_id: str) -> dict[int, float]:
    """Values by month number, from the trade flows where the series is read off them."""
    declared = {row["series_id"]: row for row in seed("series/seed_series_from_trade_flow.csv")}
    if series_id not in declared:
        return {plain.number(d): v for d, v in bundled.as_of(observations(), series_id).items()}
    cell = declared[series_id]
    found = flows().filter(
        pl.all_horizontal(
            pl.col(c) == cell[c] for c in ("reporter_iso3", "partner_code", "flow", "basis", "product_code")
        )
    )
    return {plain.number(d): float(v) for d, v in found.select("period_start", "value_usd").iter_rows()}


def _date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@cache
def reported() -> dict[str, dict]:
    found = {}
    for row in seed("timeline/seed_event.csv"):
        event = row | {k: _date(row[k]) for k in ("event_date", "effective_on", "published_on")}
        event["in_force"] = row["in_force"] == "true"
        if plain.in_report(event):
            found[row["event_id"]] = event
    return found


@cache
def events() -> dict[str, int]:
    return {event_id: plain.event_cut(event) for event_id, event in reported().items()}


@cache
def inside() -> set[str]:
    """The events inside a month, which are compared without it, too."""
    return {e for e, event in reported().items() if plain.own_month(plain.anchor(event)) is not None}


@cache
def is_act(event_id: str) -> bool:
    (row,) = (r for r in seed("timeline/seed_event.csv") if r["event_id"] == event_id)
    return plain.event_class(row) == "act"


#: what episodes may say they disturb that these series are
TAGS = {
    "usa_employment_motor_vehicles_parts": "autos employment usa_statistics",
    "usa_employment_manufacturing": "employment usa_statistics",
    "usa_import_prices_automotive": "autos usa_statistics",
    "usa_import_prices_all": "usa_statistics",
    "usa_imports_goods_can": "trade usa_statistics",
    "usa_imports_goods_chn": "trade usa_statistics",
    "mex_production_cars": "autos",
    "usa_production_autos_nsa": "autos usa_statistics",
    "usa_imports_naics336_mex": "autos trade usa_statistics",
    "usa_imports_naics336_deu": "autos trade usa_statistics",
    "usa_imports_naics336_jpn": "autos trade usa_statistics",
    "usa_imports_naics336_kor": "autos trade usa_statistics",
}
#: one control and several; a declared hole; exposed controls; from trade flows; units that differ by a factor
PAIRS = (
    ("manufacturing_total", "usa_employment_motor_vehicles_parts"),
    ("all_import_prices", "usa_import_prices_automotive"),
    ("china_goods", "usa_imports_goods_can"),
    ("usa_cars", "mex_production_cars"),
    ("other_vehicle_exporters", "usa_imports_naics336_mex"),
)


def acts_on(con: duckdb.DuckDBPyConnection, series_id: str) -> dict[str, int]:
    """The cuts of the acts that reach a series. Reach is what tests/integration/test_exposure.py works out again; before or after the
    life of the series it counts as well."""
    reached = {
        event
        for (event,) in con.execute(
            "SELECT DISTINCT event_id FROM intermediate.int_event_reach WHERE series_id = ?", [series_id]
        ).fetchall()
    }
    return {e: c for e, c in events().items() if e in reached and is_act(e)}


@cache
def bundled_pair(con: duckdb.DuckDBPyConnection, control_set: str, treated: str) -> plain_did.Pair:
    controls, names = [], [treated]
    on_treated = acts_on(con, treated)
    for row in seed("comparison/seed_control_set_member.csv"):
        if (row["control_set_id"], row["treated_series_id"]) == (control_set, treated):
            alone = acts_on(con, row["control_series_id"])
            if row["contains_treated"] == "true":
                alone = {event: cut for event, cut in alone.items() if event not in on_treated}
            controls.append((float(row["weight"]), latest(row["control_series_id"]), set(alone.values())))
            names.append(row["control_series_id"])
    touched = set()
    for episode in seed("timeline/seed_episode.csv"):
        reaching = [
            (name, set(episode["applies_to"].split(";")) & {"all", *TAGS[name].split()}) for name in names
        ]
        first, end = (dt.date.fromisoformat(episode[k]) for k in ("starts_on", "ends_on"))
        for _, tags in reaching:
            # a gap in the publications disturbs only the months that were never published, which are left out
            if tags and tags != {"usa_statistics"}:
                touched |= set(range(plain.number(first), plain.number(end) + 1))
    return plain_did.Pair(latest(treated), controls, episode=touched)


@pytest.mark.parametrize(("control_set", "treated"), PAIRS)
def test_every_event_of_a_pair(con, control_set, treated):
    """Rows and numbers: a wrong weight, a vintage mixed in, a window off by a month, a pool that holds the event."""
    pair = bundled_pair(con, control_set, treated)
    got = {
        (r["event_id"], r["window_months"], r["gap_months"]): r
        for r in rows(
            con,
            "FROM rpt_difference_in_differences WHERE control_set_id = ? AND treated_series_id = ?",
            [control_set, treated],
        )
    }
    wanted = {}
    reached = {
        e
        for (e,) in con.execute(
            "SELECT DISTINCT event_id FROM rpt_event_exposure WHERE series_id = ?", [treated]
        ).fetchall()
    }
    acts = {e: c for e, c in events().items() if e in reached and is_act(e)}
    threshold = {(r["window_months"], r["gap_months"]): r["rank_threshold"] for r in got.values()}
    for months in WINDOWS:
        for gap in GAPS:
            found = dict(plain_did.comparisons(pair, months, gap))
            for event_id, cut in events().items():
                if cut in found and (gap != 1 or event_id in inside()):
                    # acts of one month are one treatment
                    others = [c for c in acts.values() if c != cut or event_id not in acts]
                    identified = is_act(event_id) and plain_did.largest_share(cut, others, months) <= 0.5
                    wanted[event_id, months, gap] = plain_did.judge(
                        found, cut, months, set(acts.values()), identified, threshold[months, gap]
                    )
    assert got.keys() == wanted.keys()
    assert len(got) > 500
    assert not {k: d for k in wanted if (d := different(got[k], wanted[k]))}


def test_worked_row(con):
    """Jobs in motor vehicles and parts rose 0.0156 log points more than those in all manufacturing around round six; the
    drift of the 36 months before, carried on, would have made 0.0223."""
    (row,) = rows(
        con,
        "FROM rpt_difference_in_differences WHERE event_id = 'nafta-round6-end' AND window_months = 12 AND gap_months = 0 "
        "AND control_set_id = 'manufacturing_total' AND treated_series_id = 'usa_employment_motor_vehicles_parts'",
    )
    assert (round(row["did"], 4), round(row["pretrend_bias"], 4)) == (0.0156, 0.0223)
    assert (row["verdict"], row["reason"]) == ("overlapping", "a talk is judged as its phase (cluster_id)")
    assert row["n_placebo"] >= 120


def test_difference_is_that_of_the_before_and_after_rows(con):
    """Two reports that disagree about one change make both worthless; as_of must cover all that a row is made of."""
    wrong = con.execute("""
        WITH made AS (
            SELECT did.*, treated.d_log AS own, treated.as_of AS own_as_of, sum(members.weight * control.d_log) AS others,
                max(control.as_of) AS others_as_of
            FROM rpt_difference_in_differences AS did
            JOIN dim_control_set AS members USING (control_set_id, treated_series_id)
            JOIN rpt_before_after AS treated
                ON treated.series_id = did.treated_series_id AND treated.as_of_basis = 'latest'
                AND (treated.event_id, treated.window_months, treated.gap_months)
                    = (did.event_id, did.window_months, did.gap_months)
            JOIN rpt_before_after AS control
                ON control.series_id = members.control_series_id AND control.as_of_basis = 'latest'
                AND (control.event_id, control.window_months, control.gap_months)
                    = (did.event_id, did.window_months, did.gap_months)
            GROUP BY ALL
        )
        SELECT (SELECT count(*) FROM rpt_difference_in_differences) - count(*), count(*) FILTER (
            did IS NOT NULL AND abs(own - others - did) > 1e-12
            OR as_of IS DISTINCT FROM greatest(own_as_of, others_as_of)
        ) FROM made
    """).fetchall()
    assert wrong == [(0, 0)]


@pytest.mark.parametrize(("control_set", "treated"), [PAIRS[0], PAIRS[2]])
@pytest.mark.parametrize(("months", "gap"), [(12, 0), (12, 3), (24, 6)])
def test_difference_is_that_of_another_package(con, control_set, treated, months, gap):
    """diff-diff regresses on group, period and their product; the product's coefficient must be ours, month for month."""
    import pandas as pd
    from diff_diff import DifferenceInDifferences

    pair = bundled_pair(con, control_set, treated)
    ((weight, control, _),) = pair.controls
    assert weight == 1
    found = rows(
        con,
        "FROM rpt_difference_in_differences WHERE control_set_id = ? AND treated_series_id = ? AND window_months = ? "
        "AND gap_months = ? AND did IS NOT NULL ORDER BY event_id",
        [control_set, treated, months, gap],
    )
    for row in found[::40]:
        before, after = plain.windows(events()[row["event_id"]], months, gap)
        panel = pd.DataFrame(
            [
                {"y": math.log(values[m]), "group": int(values is pair.treated), "post": int(m in after)}
                for values in (pair.treated, control)
                for m in (*before, *after)
            ]
        )
        result = DifferenceInDifferences().fit(panel, outcome="y", treatment="group", post="post")
        assert result.att == pytest.approx(row["did"], abs=1e-10)


def test_share_of_the_world_is_what_it_says(con):
    """The difference against a total of the same goods is the change of the log share, month by month."""
    (row,) = rows(
        con,
        "FROM rpt_difference_in_differences WHERE event_id = 'nafta-round6-end' AND window_months = 12 AND gap_months = 0 "
        "AND control_set_id = 'world_same_goods' AND treated_series_id = 'usa_imports_naics336_mex'",
    )
    part, whole = latest("usa_imports_naics336_mex"), latest("usa_imports_naics336_wld")
    share = {m: math.log(part[m] / whole[m]) for m in part}
    cut = plain.number(dt.date(2018, 2, 1))
    change = sum(share[m] for m in range(cut, cut + 12)) - sum(share[m] for m in range(cut - 12, cut))
    assert row["did"] == pytest.approx(change / 12)


def test_no_event_with_covid_in_a_window_is_ranked(con):
    """July 2020 has the smallest ranks of all: a textbook false positive."""
    found = con.execute("""
        SELECT DISTINCT verdict, placebo_rank, breakdown_m FROM rpt_difference_in_differences
        WHERE event_id = 'usmca-entry-into-force' AND did IS NOT NULL
    """).fetchall()
    assert found == [("confounded", None, None)]


def test_weights_are_shares_before_the_first_event():
    """Weights that nobody can derive could have been chosen to fit."""
    for pair in {r["treated_series_id"] for r in seed("comparison/seed_control_set_member.csv")}:
        members = [
            r
            for r in seed("comparison/seed_control_set_member.csv")
            if (r["control_set_id"], r["treated_series_id"]) == ("other_vehicle_exporters", pair)
            and "naics336" in pair
        ]
        span = range(plain.number(dt.date(2013, 1, 1)), plain.number(dt.date(2017, 1, 1)))
        values = {
            r["control_series_id"]: sum(latest(r["control_series_id"])[m] for m in span) for r in members
        }
        shares = {name: round(value / sum(values.values()), 2) for name, value in values.items()}
        assert shares == {r["control_series_id"]: float(r["weight"]) for r in members}


# -- series made up ----------------------------------------------------------------------------------------------------

MODELS = (
    "int_eventful_cut",
    "int_calendar_rival",
    "int_report_cut",
    "int_basis_month",
    "int_window_statistics",
    "int_paired_window",
    "int_balance_scale",
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
