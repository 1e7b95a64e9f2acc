"""The report tables on the bundled figures, against plain Python that reads the same figures without the warehouse."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import math
import random
import re
import shutil
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from orchestration.base.settings import Settings
from orchestration.release.contract import CONTRACT
from orchestration.sources.registry import load_series_catalogue
from tests.oracles import plain_comparison as plain
from tests.support import bundled
from tests.support import macro_case as case
from tests.support.macro_case import rows
from tests.support.read_only import reading

#: DuckDB sums in another order than Python: a few units in the last place of the largest summand (values up to 1e12)
RELATIVE = 1e-9
#: what as_of gives of fct_observation: all but what says how early the first figure was known
LATEST = "SELECT * EXCLUDE (first_known_from, first_known_lag_days, is_first_release) FROM fct_observation"
WINDOWS, GAPS = (6, 12, 24), (0, 1, 3, 6)
#: what can go wrong differs: revised, with a declared hole, never revised, balance, negative at the end, Mexican, trade flow
SERIES = {
    "usa_employment_motor_vehicles_parts": True,
    "usa_cpi_all_items": True,
    "usa_imports_goods_mex": True,
    "usa_balance_goods_services": False,
    "usa_customs_duties_net": True,
    "mex_production_vehicles": True,
}


@cache
def observations() -> pl.DataFrame:
    return bundled.read("observation").sort("known_from")


@cache
def latest(series_id: str) -> dict[int, float]:
    return {plain.number(d): v for d, v in bundled.as_of(observations(), series_id).items()}


@cache
def first_released(series_id: str) -> dict[int, float]:
    source = load_series_catalogue().filter(pl.col("series_id") == series_id)["source_id"].item()
    return {plain.number(d): v for d, v in bundled.first_releases(observations(), series_id, source).items()}


def _date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@cache
def events() -> dict[str, int]:
    """Cuts of the events of the report, by event_id."""
    return {event_id: plain.event_cut(row) for event_id, row in reported_events().items()}


@cache
def reported_events() -> dict[str, dict]:
    """Rows of the seed of the events of the report, by event_id."""
    seed = Settings.load().dbt_project / "seeds" / "timeline" / "seed_event.csv"
    found = {}
    with seed.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            row |= {k: _date(row[k]) for k in ("event_date", "effective_on", "published_on")} | {
                "in_force": row["in_force"] == "true"
            }
            if plain.in_report(row):
                found[row["event_id"]] = row
    return found


def different(got: dict, wanted: dict) -> dict:
    out = {}
    for name in ("n_pre", "n_post", *plain.STATISTICS):
        a, b = got[name], wanted[name]
        # second differences of large numbers cancel: their rounding is that of the means
        scale = max(abs(wanted["post_mean"] or 0), 1.0) if wanted["scale"] == "level" else 1.0
        if isinstance(a, float) and isinstance(b, float):
            if not math.isclose(a, b, rel_tol=RELATIVE, abs_tol=RELATIVE * scale):
                out[name] = (a, b)
        elif a != b:
            out[name] = (a, b)
    return out


# -- worked figures of the design --------------------------------------------------------------------------------------


def test_imports_from_mexico_around_round_six(con):
    """+9.66 % and t = 3.962: a change of either means that windows, logs or figures moved."""
    (row,) = rows(
        con,
        "FROM rpt_before_after WHERE series_id = 'usa_imports_goods_mex' AND event_id = 'nafta-round6-end' "
        "AND window_months = 12 AND gap_months = 0 AND as_of_basis = 'latest'",
    )
    assert (row["pre_start"], row["cut_month"]) == (dt.date(2017, 2, 1), dt.date(2018, 2, 1))
    assert (round(row["pct_change"], 2), round(row["welch_t"], 3)) == (9.66, 3.962)
    assert row["event_clean"] is True and row["episodes_in_window"] == []


@pytest.mark.parametrize(
    ("known", "pct"), [("2026-01-09", -2.07), ("2026-02-15", -3.14), ("2026-08-09", -3.18)]
)
def test_motor_vehicle_jobs_depend_on_what_was_known(con, known, pct):
    """12 months to April 2025 against May to December: the benchmark of February 2026, not the tariff, makes the step.
    A vintage of later, or months of two vintages side by side, would not give these three numbers."""
    (row,) = rows(
        con,
        "FROM before_after('usa_employment_motor_vehicles_parts', 's232-autos-effective-2025-04', "
        f"post_months := 8, keep_event_month := true, on_date := '{known}')",
    )
    assert (row["n_pre"], row["n_post"], row["post_end"]) == (12, 8, dt.date(2025, 12, 1))
    assert round(row["pct_change"], 2) == pct
    assert row["as_of"].date() <= dt.date.fromisoformat(known)


def test_a_window_still_running_is_answered_with_its_months(con):
    (row,) = rows(
        con,
        "FROM before_after('usa_employment_motor_vehicles_parts', 's232-autos-effective-2025-04', keep_event_month := true, "
        "on_date := '2026-01-09')",
    )
    assert (row["n_pre"], row["n_post"]) == (12, 8)
    # October 2025 was published later, so that the gap in the publications is no episode of this series
    assert (
        row["reason"]
        == "window is shorter than asked; more than half of the window after is shared with another event"
    )
    assert round(row["pct_change"], 2) == -2.07


def test_entry_into_force_of_usmca_is_not_clean(con):
    """COVID lies in both windows: a rise of 17 % (18 % from a cut one month later) that must not pass as clean."""
    (row,) = rows(con, "FROM before_after('usa_imports_goods_mex', 'usmca-entry-into-force')")
    (later,) = rows(con, "FROM before_after('usa_imports_goods_mex', '2020-07-02', keep_event_month := true)")
    assert (row["cut_month"], row["event_clean"]) == (dt.date(2020, 7, 1), False)
    assert "covid_19" in row["episodes_in_window"]
    assert (round(row["pct_change"], 1), round(later["pct_change"], 1)) == (16.7, 18.0)


# -- everything against plain Python -----------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["latest", "first_release"])
@pytest.mark.parametrize("series_id", SERIES)
def test_before_after_of_every_event(con, series_id, basis):
    """Rows and numbers: a comparison that is missing, too many, off by a month or on another vintage; a comparison of first
    releases with a month that was copied years later."""
    values = latest(series_id) if basis == "latest" else first_released(series_id)
    life = latest(series_id)
    first, last = min(life), max(life)
    got = {
        (r["event_id"], r["window_months"], r["gap_months"]): r
        for r in rows(
            con, "FROM rpt_before_after WHERE series_id = ? AND as_of_basis = ?", [series_id, basis]
        )
    }
    wanted, wrong = {}, {}
    for event_id, cut in events().items():
        for months in WINDOWS:
            own = plain.own_month(plain.anchor(reported_events()[event_id]))
            for gap in GAPS:
                if gap == 1 and own is None:
                    continue
                before, after = plain.windows(cut, months, gap)
                held = basis == "latest" or any(m in values for m in (*before, *after))
                if held and before.start >= first and after.stop - 1 <= last:
                    key = (event_id, months, gap)
                    wanted[key] = plain.compare(
                        values,
                        cut,
                        months,
                        gap,
                        log_allowed=SERIES[series_id],
                        life=range(first, last + 1),
                        copied=life.keys() - values.keys(),
                    )
                    default = gap == (own is not None)
                    assert key not in got or got[key]["is_default_gap"] == default, key
                    # of whole years the default ends right before the month of the event
                    assert not default or months % 12 or before.stop == (own or cut)
                    if key in got and (found := different(got[key], wanted[key])):
                        wrong[key] = found
    assert got.keys() == wanted.keys()
    history = basis == "latest" or series_id == "usa_employment_motor_vehicles_parts"
    assert len(got) > 300 if history else len(got) < 1500
    assert not wrong
    left_out = {k: [f"{plain.month(m):%Y-%m}" for m in w["left_out"]] for k, w in wanted.items()}
    assert {k: r["months_left_out"] for k, r in got.items()} == left_out
    holed = {k for k, w in wanted.items() if w["missing"]}
    assert {k for k, r in got.items() if r["d_level"] is None} == holed
    assert all(got[k]["verdict"] == "not_computable" for k in holed)
    if basis == "latest":
        assert not holed
        assert any(left_out.values()) == (series_id == "usa_cpi_all_items")  # no CPI of October 2025 exists
    else:
        assert bool(wanted.keys() - holed) == history
        # what is withheld names the oldest copy of what is missing
        copies = [got[k]["reason"] for k in holed]
        assert all(re.search(r"oldest copy held of them is of \d{4}-\d\d-\d\d$", reason) for reason in copies)


def test_jobs_around_march_2018_as_known_then(con):
    """The question of March 2018, answered with the releases of its time: 12 months each side of the duties on metals, as known when
    March 2019 was published, against the figures of each release as the BLS gave them. The copies of later years cannot give it."""
    day = dt.date(2019, 4, 5)
    (row,) = rows(
        con,
        f"FROM before_after('usa_employment_manufacturing', '2018-03-23', gap := 0, on_date := DATE '{day}')",
    )
    known = {
        plain.number(d): v
        for d, v in bundled.as_of(observations(), "usa_employment_manufacturing", day).items()
    }
    assert (row["n_pre"], row["n_post"], row["post_end"]) == (12, 12, dt.date(2019, 3, 1))
    assert row["as_of"].date() <= day
    assert not different(row, plain.compare(known, plain.number(dt.date(2018, 4, 1)), 12, 0))
    # without March 2018, which is partly before and partly after the 23rd
    (without,) = rows(
        con, f"FROM before_after('usa_employment_manufacturing', '2018-03-23', on_date := DATE '{day}')"
    )
    assert (without["gap_months"], without["pre_end"]) == (1, dt.date(2018, 2, 1))
    assert not different(without, plain.compare(known, plain.number(dt.date(2018, 4, 1)), 12, 1))
    (now,) = rows(con, "FROM before_after('usa_employment_manufacturing', '2018-03-23', gap := 0)")
    assert row["pct_change"] != now["pct_change"]
    assert con.execute(
        "SELECT bool_and(known_from_basis = 'release') FROM as_of(?) WHERE series_id = 'usa_employment_manufacturing' "
        "AND period_start BETWEEN '2017-04-01' AND '2019-03-01'",
        [day],
    ).fetchall() == [(True,)]


def test_strict_overlap_of_every_event(con):
    """The count of all events of the report, whatever they reach: what the rule was before rivals were told apart by reach."""
    cuts = events()
    found = rows(
        con, "SELECT DISTINCT event_id, window_months, gap_months, n_other_events_any FROM rpt_before_after"
    )
    assert {r["event_id"] for r in found} <= cuts.keys()
    for r in found:
        before, after = plain.windows(cuts[r["event_id"]], r["window_months"], r["gap_months"])
        others = [c for e, c in cuts.items() if e != r["event_id"]]
        assert r["n_other_events_any"] == sum(before.start <= c < after.stop for c in others), r


def test_the_report_and_the_macro_are_one(con):
    """Two numbers for one question would make both worthless. 60 rows of all series, seed fixed."""
    pool = con.execute(
        "SELECT event_id, series_id, window_months, gap_months FROM rpt_before_after WHERE as_of_basis = 'latest' ORDER BY ALL"
    ).fetchall()
    names = ("event_id", "series_id", "window_months", "gap_months")
    sample = [dict(zip(names, key, strict=True)) for key in random.Random(6).sample(pool, 60)]
    report = (
        "(FROM rpt_before_after WHERE as_of_basis = 'latest' AND (event_id, series_id, window_months, gap_months) = "
        "(asked.event_id, asked.series_id, asked.window_months, asked.gap_months))"
    )
    arguments = "asked.series_id, asked.event_id, months := asked.window_months, gap := asked.gap_months"
    reports = case.called_for_each(con, report, sample)
    macros = case.called_for_each(con, f"before_after({arguments})", sample)
    for key, (reported,), (asked,) in zip(sample, reports, macros, strict=True):
        same_answer(asked, reported)
        if key in sample[:3]:  # as a user asks, with values in place of columns
            call = "FROM before_after($series_id, $event_id, months := $window_months, gap := $gap_months)"
            (alone,) = rows(con, call, key)
            same_answer(alone, reported)
    # as_of says on which day the row could first have been written
    dated = [
        (key | {"day": reported["as_of"].date()}, reported)
        for key, (reported,) in zip(sample, reports, strict=True)
        if reported["as_of"]
    ]
    assert dated
    on_day = case.called_for_each(
        con, f"before_after({arguments}, on_date := asked.day)", [key for key, _ in dated]
    )
    for (key, reported), (then,) in zip(dated, on_day, strict=True):
        assert not different(then, reported), key


def same_answer(asked: dict, reported: dict) -> None:
    assert asked.keys() == reported.keys()
    assert not different(asked, reported)
    for name in asked.keys() - set(plain.STATISTICS):
        if isinstance(reported[name], float):
            # differences of means of up to 1e12: their rounding is that of the means
            size = max(abs(reported["post_mean"] or 0), 1.0) if reported["scale"] == "level" else 1.0
            assert asked[name] == pytest.approx(reported[name], rel=1e-7, abs=RELATIVE * size), name
        else:
            assert asked[name] == reported[name], name


@pytest.mark.parametrize(
    "day", ["2020-12-31", "2023-02-05", "2026-01-09", "2026-02-14", "2026-02-15", "2026-11-30"]
)
@pytest.mark.parametrize(
    "series_id", ["usa_employment_motor_vehicles_parts", "usa_employment_manufacturing", "mex_exports_goods"]
)
def test_as_of_is_what_the_figures_say(con, series_id, day):
    known = bundled.as_of(observations(), series_id, dt.date.fromisoformat(day))
    shown = con.execute(
        "SELECT period_start, value FROM as_of(?) WHERE series_id = ?", [day, series_id]
    ).fetchall()
    assert dict(shown) == known


def test_as_of_today_is_the_latest(con):
    assert con.execute(
        f"SELECT count(*) FROM (FROM as_of('2100-01-01') EXCEPT ALL {LATEST})"
        f"UNION ALL SELECT count(*) FROM ({LATEST} EXCEPT ALL FROM as_of('2100-01-01'))"
    ).fetchall() == [(0,), (0,)]


@pytest.mark.parametrize("series_id", SERIES)
def test_event_window_of_every_event(con, series_id):
    """Off by a month, growth over the wrong year, or an index on a base with a hole."""
    values, wrong, seen = latest(series_id), [], 0
    first, last = min(values), max(values)
    for r in rows(con, "FROM rpt_event_window WHERE series_id = ?", [series_id]):
        cut, seen = events()[r["event_id"]], seen + 1
        month = cut + r["month_offset"]
        value, before = values.get(month), values.get(month - 12)
        base = [values.get(cut + k) for k in range(-12, 0)]
        positive = SERIES[series_id] and value is not None and value > 0
        whole = SERIES[series_id] and value is not None and None not in base and min(base) > 0
        expected = {
            "period_start": plain.month(month),
            "value": value,
            "log_value": math.log(value) if positive else None,
            "yoy_pct": 100 * (value / before - 1) if positive and before and before > 0 else None,
            "index_100": 1200 * value / math.fsum(base) if whole else None,
        }
        wrong += [
            (r["event_id"], month, k, r[k], v)
            for k, v in expected.items()
            if r[k] != pytest.approx(v, abs=1e-9)
        ]
    assert not wrong[:5]
    assert seen == sum(max(0, min(last, cut + 24) - max(first, cut - 24) + 1) for cut in events().values())


def test_event_window_macro_is_the_report(con):
    pairs = con.execute("SELECT DISTINCT event_id, series_id FROM rpt_event_window ORDER BY ALL").fetchall()
    sample = [
        {"event_id": event_id, "series_id": series_id}
        for event_id, series_id in random.Random(4).sample(pairs, 25)
    ]
    asked = case.called_for_each(con, "event_window(asked.series_id, asked.event_id)", sample)
    report = "(FROM rpt_event_window WHERE event_id = asked.event_id AND series_id = asked.series_id)"
    reports = case.called_for_each(con, report, sample)
    for answer, reported in zip(asked, reports, strict=True):
        by_month = sorted(reported, key=lambda row: row["month_offset"])
        assert sorted(answer, key=lambda row: row["month_offset"]) == [
            {k: v if not isinstance(v, float) else pytest.approx(v) for k, v in r.items()} for r in by_month
        ]
    # as a user asks, with values in place of columns: the months come in their order
    alone = rows(con, "FROM event_window($series_id, $event_id)", sample[0])
    assert [r["month_offset"] for r in alone] == sorted(r["month_offset"] for r in reports[0])
    assert alone == sorted(asked[0], key=lambda row: row["month_offset"])


def test_trace_ends_at_the_bundled_bytes(con):
    """The hash must be that of the very file the number was read from: the first release is in a file of its own."""
    found = rows(con, "FROM trace('usa_employment_motor_vehicles_parts', '2025-10')")
    *later, first = (
        hashlib.sha256((Settings.load().figures / f"{name}.parquet").read_bytes()).hexdigest()
        for name in (*["observation_bls"] * 3, "observation_bls_releases")
    )
    assert [r["value"] for r in found] == [955.6, 983.1, 987.1, 987.1]
    assert [r["sha256"] for r in found] == [*later, first]
    assert all(r["request_url"] and r["retrieved_at"] for r in found)


# -- the released file -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def released(home: Settings, tmp_path_factory) -> Path:
    """The released file under another name: what is inside must not depend on how the file is called."""
    return Path(
        shutil.copyfile(home.current_database, tmp_path_factory.mktemp("released") / "renamed.duckdb")
    )


CALLS = (
    "SELECT round(pct_change, 2), round(welch_t, 3), n_other_events, episodes_in_window FROM before_after("
    "'usa_imports_goods_mex', 'nafta-round6-end', keep_event_month := true)",
    "SELECT round(pct_change, 2), months_left_out FROM before_after('usa_cpi_all_items', '2025-06-04')",
    "SELECT n_post, round(pct_change, 2) FROM before_after('usa_employment_motor_vehicles_parts', '2025-04-03', "
    "on_date := DATE '2026-01-09')",
    "SELECT count(*), round(sum(index_100), 6) FROM event_window('usa_imports_goods_mex', 'nafta-round6-end')",
    "SELECT count(*), count(DISTINCT sha256) FROM trace('usa_employment_motor_vehicles_parts', '2025-10')",
    "SELECT count(*) FROM as_of('2026-01-09')",
)


@pytest.mark.parametrize("client", ["1.4", "1.5"])
def test_older_clients_read_the_release_alike(released, duckdb_clients, client):
    with reading(released) as con:
        wanted = [[list(row) for row in con.execute(call).fetchall()] for call in CALLS]
    assert duckdb_clients[client](released, *CALLS) == wanted


def test_every_macro_of_the_contract_says_what_it_is(released):
    """A macro without a comment is one nobody finds."""
    with reading(released) as con:
        described = dict(
            con.execute(
                "SELECT function_name, any_value(comment) FROM duckdb_functions() "
                "WHERE database_name = current_database() AND function_type = 'table_macro' GROUP BY 1"
            ).fetchall()
        )
    assert described.keys() >= CONTRACT.macros.keys()
    assert all(described.values())
