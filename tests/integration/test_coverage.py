"""Coverage, the ready panel and the goods of measures in the release, worked out again from its facts and lists.

Prevents: a month that is said to be held and is not, or the other way round; a panel whose zeros hide figures; a good that a
measure reaches by the bridge and not by its list.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import polars as pl
import pytest

from tests.support.read_only import reading

FLOW = ["source_id", "reporter_iso3", "flow", "basis", "classification", "product_level", "partner_iso3"]


@pytest.fixture(scope="module")
def con(home):
    with reading(home.current_database) as connection:
        yield connection


def months(first: dt.date, last: dt.date, step: int = 1) -> list[dt.date]:
    count = (last.year - first.year) * 12 + last.month - first.month
    return [
        dt.date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(0, count + 1, step)
    ]


def named(holes: list[str], step: int) -> set[dt.date]:
    """The periods of stretches like 2020-10 to 2020-12."""
    found: set[dt.date] = set()
    for stretch in holes:
        first, _, last = stretch.partition(" to ")
        ends = [dt.date.fromisoformat(f"{month}-01") for month in (first, last or first)]
        found |= set(months(ends[0], ends[1], step))
    return found


def test_the_holes_of_trade_flows_are_the_months_without_a_row(con):
    held = defaultdict(set)
    for *key, month in con.execute(
        f"select distinct {', '.join(FLOW)}, period_start from fct_trade_flow where value_usd is not null"
    ).fetchall():
        held[tuple(key)].add(month)
    rows = con.execute(
        f"""select {", ".join(FLOW)}, first_period, last_period, period_count, hole_count, holes
            from (select *, geography_iso3 as reporter_iso3 from rpt_coverage) where held_as = 'trade_flow'"""
    ).fetchall()
    assert len(rows) == len(held)
    for *key, first, last, count, n_holes, holes in rows:
        found = held[tuple(key)]
        missing = set(months(min(found), max(found))) - found
        assert (first, last, count, n_holes) == (min(found), max(found), len(found), len(missing)), key
        assert named(holes, 1) == missing, key


def test_the_holes_of_series_are_the_periods_that_one_of_them_lacks(con):
    step = {"monthly": 1, "quarterly": 3, "annual": 12}
    kind = [
        "source_id",
        "measure",
        "geography_iso3",
        "flow",
        "basis",
        "partner_iso3",
        "frequency",
        "seasonal_adjustment",
    ]
    code = "coalesce(product_system, industry_system), coalesce(product_code, industry_code)"
    missing, with_holes = defaultdict(set), defaultdict(int)
    for *key, system, text, frequency, periods, _ in con.execute(
        f"""select {", ".join(kind)}, {code}, frequency, list(period_start), series_id from dim_series
            inner join (select series_id, period_start from fct_observation where value is not null) using (series_id) group by all"""
    ).fetchall():
        level = len(text) if system in ("HS", "NAICS", "SCIAN") and "-" not in text else None
        holes = set(months(min(periods), max(periods), step[frequency])) - set(periods)
        missing[(*key, system, level)] |= holes
        with_holes[(*key, system, level)] += bool(holes)
    rows = con.execute(
        f"""select {", ".join(kind)}, classification, product_level, hole_count, holes, series_with_holes
            from rpt_coverage where held_as = 'series'"""
    ).fetchall()
    assert len(rows) == len(missing)
    assert any(row[-1] for row in rows)
    for *key, n_holes, holes, n_series in rows:
        assert n_holes == len(missing[tuple(key)]), key
        assert named(holes, step[key[kind.index("frequency")]]) == missing[tuple(key)], key
        assert n_series == with_holes[tuple(key)], key


def test_the_panel_holds_what_the_flows_hold_and_nothing_else(con):
    flows = con.sql(
        """select classification, partner_iso3, period_start, sum(value_usd)::bigint value_usd, sum(duty_usd)::bigint duty_usd, count(*) n
           from fct_trade_flow
           where basis = 'consumption' and source_id = 'census' and partner_iso3 <> 'WLD'
               and (classification = 'HS' and product_level = 2 and product_code not in ('98', '99')
                    or classification = 'NAICS' and product_level = 3 and product_code not in ('980', '990'))
           group by all"""
    ).pl()
    panel = con.sql(
        """select classification, partner_iso3, period_start, sum(value_usd)::bigint value_usd, sum(duty_usd)::bigint duty_usd,
               count(*) filter (not is_filled) n
           from fct_panel group by all"""
    ).pl()
    assert panel.sort(pl.all()).equals(flows.sort(pl.all()))
    cells = con.execute(
        """select panel_id, count(*), count(distinct (product_code, partner_iso3)) * count(distinct period_start), count(distinct partner_iso3)
           from fct_panel group by all"""
    ).fetchall()
    assert {row[0] for row in cells} == {"us_imports_hs2", "us_imports_naics3"}
    assert all(rows == full and partners == 30 for _, rows, full, partners in cells), cells


def test_no_duty_of_25_percent_was_said_to_be_due_where_none_was_collected(con):
    """Austria was taken for Australia in the days of the metals duties: by law it paid 25 % of its steel two months before it did."""
    rows = con.execute(
        """select partner_iso3, period_start, added_rate_pct, collected_rate_pct from fct_panel
           where panel_id = 'us_imports_hs2' and product_code = '72' and value_usd > 1000000
               and period_start between date '2018-03-01' and date '2018-05-01'
               and partner_iso3 in ('AUT', 'BEL', 'DEU', 'ESP', 'FRA', 'ITA', 'NLD', 'SWE', 'CAN', 'MEX')"""
    ).fetchall()
    assert len(rows) >= 25
    assert [row for row in rows if row[2] > 0] == []
    late = con.execute(
        """select count(*) from fct_panel where panel_id = 'us_imports_hs2' and product_code = '72' and partner_iso3 = 'AUT'
               and period_start = date '2018-07-01' and added_rate_pct > 15 and collected_rate_pct > 10"""
    ).fetchone()
    assert late == (1,)


def reached(bridge: dict[str, str], line: str) -> str:
    """whole or none by the longest code of a measure that a tariff line begins with; part where no longer one says more."""
    return next((bridge[line[:n]] for n in (10, 8, 6, 4, 2) if line[:n] in bridge), bridge.get("00", "none"))


@pytest.mark.parametrize(
    ("measure", "lists", "spared"),
    [
        ("usa-301-list3-10", ["s301_3"], []),
        ("usa-232-derivatives-2025-08", ["steel_derivatives_2025_08", "aluminium_derivatives_2025_08"], []),
        ("usa-ieepa-recip-base-2025", None, ["annex_2_reciprocal"]),
        ("usa-ieepa-chn-10-2025", None, []),
    ],
)
def test_the_bridge_reaches_a_line_where_the_list_does(con, measure, lists, spared):
    codes = dict(con.execute("select list_id, hs_codes from dim_tariff_list").fetchall())
    bridge = dict(
        con.execute(
            "select hs_code, coverage from bridge_measure_product where measure_id = ? and (is_declared or hs_level = 0)",
            [measure],
        ).fetchall()
    )
    every_line = {code.ljust(10, "0") for items in codes.values() for code in items}
    for line in every_line:
        on_list = lists is None or any(line.startswith(code) for name in lists for code in codes[name])
        is_spared = any(line.startswith(code) for name in spared for code in codes[name])
        said = reached(bridge, line)
        assert (said != "none") == (on_list and not is_spared), (line, said)


def test_groups_above_listed_codes_are_parts(con):
    wrong = con.execute(
        """select above.measure_id, above.hs_code from bridge_measure_product as above
           where not above.is_declared and not exists (
               from bridge_measure_product as listed
               where listed.measure_id = above.measure_id and listed.is_declared and listed.hs_level > above.hs_level
                   and starts_with(listed.hs_code, above.hs_code))"""
    ).fetchall()
    assert wrong == []


def test_measures_join_to_events_and_goods_or_say_why_not(con):
    rows = con.execute(
        """select measure.measure_id, event.event_date, measure.effective_on, no_event_because, no_products_because,
               exists (from bridge_measure_product as product where product.measure_id = measure.measure_id)
           from dim_tariff_measure as measure left join dim_event as event using (event_id)"""
    ).fetchall()
    assert all((row[1] is None) == (row[3] is not None) and row[5] == (row[4] is None) for row in rows)
    assert sum(row[1] is not None for row in rows) > 0.9 * len(rows)
    told = {row[0]: row[1] for row in rows}
    assert told["usa-301-list3-10"] == dt.date(2018, 9, 24)
    assert told["usa-232-autos-2025"] == dt.date(2025, 4, 3)
