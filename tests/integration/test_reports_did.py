"""Differences in differences: the report on the bundled figures, against plain Python."""

from __future__ import annotations

import csv
import datetime as dt
import math
from functools import cache

import duckdb
import polars as pl
import pytest

from orchestration.base.settings import Settings
from tests.oracles import plain_comparison as plain
from tests.oracles import plain_difference as plain_did
from tests.support import bundled
from tests.support.difference_case import different
from tests.support.macro_case import rows

WINDOWS, GAPS = (6, 12, 24), (0, 1, 3, 6)
SEEDS = Settings.load().dbt_project / "seeds"


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
