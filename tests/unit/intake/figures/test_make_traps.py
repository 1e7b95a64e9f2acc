"""Traps of the collected data that the bundled figures must not have stepped into.

They are those listed beside the collected data; each has a test here (or in test_checks, test_periods,
test_parse_bts, test_parse_statcan) that fails if it is stepped into.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from itertools import pairwise

import polars as pl
import pytest

from orchestration.intake.figures.make import derived_observations
from orchestration.sources.registry import load_series_catalogue
from tests.support.bundled import GAPS, as_of, bytes_of, read
from transforms.codes import is_country
from transforms.parse import figures as parser


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


@pytest.fixture(scope="module")
def cells() -> pl.DataFrame:
    return read("trade_flow_")


@pytest.fixture(scope="module")
def freight() -> pl.DataFrame:
    return read("freight_flow_")


def test_trap_copies_before_and_after_a_rebasing_are_two_whole_vintages_never_one_series_in_parts(
    observations,
):
    """Canadian employment in manufacturing: the copy of 2023 is up to 3.8 % from that of 2020, for months since 2002."""
    copies = observations.filter(pl.col("series_id") == "can_employment_manufacturing").partition_by(
        "known_from", as_dict=True, maintain_order=True
    )
    assert [
        (day.date(), frame.height, frame["period_start"].min()) for (day,), frame in sorted(copies.items())
    ] == [
        (date(2020, 12, 31), 539, date(1976, 1, 1)),
        (date(2023, 2, 28), 565, date(1976, 1, 1)),
    ]
    old, new = (frame for _, frame in sorted(copies.items()))
    ratio = (
        old.join(new, on="period_start")
        .select((pl.col("value_right") / pl.col("value") - 1).abs())
        .to_series()
    )
    assert ratio.max() == pytest.approx(0.038, abs=0.001)


def test_trap_a_price_index_that_changed_its_base_between_copies_is_two_series(observations):
    """Both copies call the unit 'index'; January 2020 is 118.8 in one and 100.0 in the other."""
    base_2010, base_2020 = (
        "can_producer_prices_motor_vehicles_parts_2010",
        "can_producer_prices_motor_vehicles_parts",
    )
    assert as_of(observations, base_2010)[date(2020, 1, 1)] == 118.8
    assert as_of(observations, base_2020)[date(2020, 1, 1)] == 100.0
    old = [value for period, value in as_of(observations, base_2010).items() if period.year == 2010]
    assert sum(old) / 12 == pytest.approx(100, abs=0.05)
    for series_id in (base_2010, base_2020):
        assert observations.filter(pl.col("series_id") == series_id)["known_from"].n_unique() == 1


@pytest.mark.parametrize(
    "series_id",
    ["usa_cpi_all_items", "usa_import_prices_automotive", "usa_import_prices_all", "usa_import_prices_mex"],
)
def test_trap_october_2025_does_not_exist_and_is_stated_missing_never_filled(observations, series_id):
    rows = observations.filter(
        (pl.col("series_id") == series_id) & (pl.col("period_start") == date(2025, 10, 1))
    )
    assert rows.height > 0
    assert set(rows.select("value", "status").rows()) == {(None, "missing")}
    spans = (
        observations.filter(pl.col("series_id") == series_id)
        .group_by("known_from")
        .agg(reaches=(pl.col("period_start") == date(2025, 11, 1)).any())
    )
    assert set(rows["known_from"]) == set(spans.filter("reaches")["known_from"])


def test_trap_employment_of_october_2025_was_published_later_and_is_a_number(observations):
    assert as_of(observations, "usa_employment_manufacturing")[date(2025, 10, 1)] > 12_000


def test_trap_car_production_is_named_cars_and_says_what_it_leaves_out(observations):
    row = load_series_catalogue().filter(pl.col("series_id") == "usa_production_autos").row(0, named=True)
    assert "not light trucks" in row["notes"] and "autos" in row["title"]
    total = as_of(observations, "usa_production_vehicles_annual")[date(2019, 1, 1)]
    cars = 1000 * sum(v for p, v in as_of(observations, "usa_production_autos").items() if p.year == 2019)
    assert cars < 0.3 * total  # 2.5 of 10.9 million


def test_trap_total_vehicle_sales_hold_heavy_trucks_and_say_so(observations):
    row = load_series_catalogue().filter(pl.col("series_id") == "usa_sales_light_vehicles").row(0, named=True)
    assert "heavy trucks" in row["notes"] and "total" in row["title"]
    by_year = [v for p, v in as_of(observations, "usa_sales_light_vehicles").items() if p.year == 2019]
    assert sum(by_year) / 12 == pytest.approx(17.49, abs=0.01)  # light vehicles alone: 16.96


def test_trap_import_prices_were_quarterly_at_first(observations):
    months = {
        period.month for period in as_of(observations, "usa_import_prices_automotive") if period.year < 1989
    }
    assert months == {3, 6, 9, 12}


def test_trap_compiled_exchange_rates_are_left_out_and_publishers_kept_apart(observations):
    assert "EXCAUSx" not in set(load_series_catalogue()["fred_alias"])
    assert min(as_of(observations, "fx_usd_cad")) == date(1971, 1, 1)  # the compilation goes back to 1959
    fed, boc = as_of(observations, "fx_usd_cad"), as_of(observations, "fx_usd_cad_bank_of_canada")
    shared = sorted(set(fed) & set(boc))
    assert len(shared) == 108
    assert max(abs(fed[p] / boc[p] - 1) for p in shared) < 0.003
    assert any(fed[p] != boc[p] for p in shared)


def test_trap_mexican_production_includes_heavy_vehicles_and_says_so():
    notes = load_series_catalogue().filter(pl.col("series_id") == "mex_production_vehicles")["notes"][0]
    assert "heavy vehicles" in notes


def test_trap_negative_net_duties_are_refunds_and_are_kept(observations):
    net = as_of(observations, "usa_customs_duties_net")
    assert all(net[date(2026, month, 1)] < 0 for month in (5, 6, 7))
    gross, refunds = (as_of(observations, f"usa_customs_duties_{kind}") for kind in ("gross", "refunds"))
    assert max(abs(gross[p] - refunds[p] - net[p]) for p in net) < 0.0015  # printed to the million


def test_trap_units_with_commas_do_not_shift_the_columns(observations):
    """'CAD per USD, monthly avg' is one quoted cell."""
    assert all(0.9 < value < 1.7 for value in as_of(observations, "fx_usd_cad").values())
    assert all(3 < value < 26 for value in as_of(observations, "fx_usd_mxn").values())


def test_trap_imports_for_consumption_and_general_imports_are_never_one_series(cells):
    """HS 87 from Canada 2023-24 is there as general imports, 2025-26 as imports for consumption: two bases, two series."""
    vehicles = cells.filter((pl.col("product_code") == "87") & (pl.col("partner_code") == "1220"))
    spans = vehicles.group_by("flow", "basis", "source_id").agg(pl.col("period_start").min(), pl.len())
    assert sorted(spans.rows()) == [
        ("exports", "total_exports", "bts", date(2020, 1, 1), 54),
        ("imports", "consumption", "census", date(2013, 1, 1), 205),
        ("imports", "consumption", "usitc", date(2025, 1, 1), 28),
        ("imports", "customs", "bts", date(2020, 1, 1), 54),
        ("imports", "general", "census", date(2023, 1, 1), 24),
        ("imports", "usmca_claimed", "usitc", date(2025, 1, 1), 14),
    ]
    total = cells.filter(
        (pl.col("product_level") == 0) & (pl.col("flow") == "imports") & (pl.col("partner_code") == "5700")
    )
    may = total.filter(pl.col("period_start") == date(2020, 5, 1)).select("basis", "value_usd")
    assert may["basis"].n_unique() == 2 and may["value_usd"].n_unique() == 2


def test_trap_groups_double_count_the_world_is_the_sum_of_countries_alone(cells):
    totals = cells.filter(
        pl.col("classification") == "TOTAL",
        pl.col("basis").is_in(["general", "total_exports"]),
        pl.col("known_from") == datetime(2026, 2, 28),
    )
    countries = totals.filter(pl.col("partner_code").map_elements(is_country, return_dtype=pl.Boolean))
    by_month = countries.group_by("flow", "period_start").agg(summed=pl.col("value_usd").sum())
    world = totals.filter(pl.col("partner_code") == "-")
    compared = world.join(by_month, on=["flow", "period_start"])
    assert compared.height == 288
    assert (compared["value_usd"] == compared["summed"]).all()
    assert totals["value_usd"].sum() > 3 * world["value_usd"].sum()  # what adding everything would give


@pytest.mark.parametrize("classification", ["TOTAL", "NAICS"])
def test_trap_the_usmca_group_is_canada_plus_mexico(cells, classification):
    keys = ["flow", "basis", "product_code", "period_start"]
    rows = cells.filter(
        pl.col("classification") == classification, pl.col("known_from") == datetime(2026, 2, 28)
    )
    pair = (
        rows.filter(pl.col("partner_code").is_in(["1220", "2010"]))
        .group_by(keys)
        .agg(pl.col("value_usd").sum())
    )
    compared = rows.filter(pl.col("partner_code") == "0020").join(pair, on=keys)
    assert compared.height > 280
    assert (compared["value_usd"] == compared["value_usd_right"]).all()


def test_trap_industries_add_up_to_the_total_so_none_was_lost_when_codes_changed(cells):
    """NAICS 336111 and 336112 became 336110 in 2023; three digits are not touched, and the sum must still hold."""
    keys = ["partner_code", "period_start"]
    consumption = cells.filter(
        (pl.col("basis") == "consumption") & (pl.col("known_from") == datetime(2026, 2, 28))
    )
    summed = (
        consumption.filter(pl.col("classification") == "NAICS")
        .group_by(keys)
        .agg(pl.col("value_usd", "duty_usd").sum())
    )
    compared = consumption.filter(pl.col("classification") == "TOTAL").join(summed, on=keys)
    assert compared.height == 33 * 155
    assert (compared["value_usd"] == compared["value_usd_right"]).all()
    assert (compared["duty_usd"] == compared["duty_usd_right"]).all()


def test_trap_a_vintage_with_a_month_missing_for_every_partner_withdraws_nothing(cells, tmp_path):
    kept = cells.filter(
        (pl.col("source_id") == "usitc")
        & (pl.col("product_level") == 2)
        & (pl.col("product_code") == "87")
        & (pl.col("basis") == "consumption")
        & (pl.col("known_from") == datetime(2026, 4, 25))
        & (pl.col("period_start") != date(2025, 6, 1))
    )
    parsed = parser.parse(bytes_of(kept, tmp_path), table="trade_flow")
    assert (parsed.complete, parsed.frame.height, parsed.rejected) == (False, 26, ())


def test_trap_two_copies_of_the_chapters_agree_where_both_have_a_cell(cells):
    """The copies are said to be from before and after the annual revision; they are one append-only store, unrevised."""
    chapters = cells.filter(
        (pl.col("classification") == "HS")
        & (pl.col("source_id") == "census")
        & (pl.col("basis") == "consumption")
    )
    keys = ["partner_code", "product_code", "period_start"]
    assert chapters["known_from"].unique().sort().to_list() == [datetime(2021, 8, 31), datetime(2021, 9, 30)]
    changed = chapters.group_by(keys).agg(pl.col("value_usd", "duty_usd").n_unique())
    assert changed.select(pl.max_horizontal("value_usd", "duty_usd").max()).item() == 1


def test_trap_a_month_only_copy_does_not_bring_back_older_values_as_a_revision(observations):
    """The copy '2026-01' ends with November 2025 while that of 2026-01-09 has December and a revised November."""
    for series_id in ("usa_employment_manufacturing", "usa_employment_total_nonfarm"):
        november = observations.filter(
            (pl.col("series_id") == series_id) & (pl.col("period_start") == date(2025, 11, 1))
        ).sort("known_from")
        assert date(2026, 1, 31) not in [day.date() for day in november["known_from"]]
        values = [value for value, following in pairwise([*november["value"], None]) if value != following]
        assert len(values) == len(set(values)), (series_id, values)
    reach = (
        observations.filter(pl.col("series_id") == "usa_cpi_all_items")
        .group_by("known_from")
        .agg(pl.col("period_start").max())
        .sort("known_from")
    )
    assert reach["period_start"].is_sorted()


def test_trap_no_copy_is_dated_before_its_figures_came_out(observations, cells):
    """Labelled 2020-11 but holding the labour survey of November 2020 (4 December); 2021-06 but holding June 2021 trade."""
    november = observations.filter(
        (pl.col("series_id") == "can_employment_total") & (pl.col("period_start") == date(2020, 11, 1))
    )
    assert november["known_from"].min() >= datetime(2020, 12, 4)
    lag = (
        cells.filter(pl.col("source_id") == "census")
        .select((pl.col("known_from").dt.date() - pl.col("period_start")).min())
        .item()
    )
    assert lag.days >= 31 + 28


def test_trap_a_cut_off_copy_keeps_its_date(observations):
    """'2026-08_trunc2020': pulled in August 2026, cut at 2020-12."""
    rows = observations.filter(pl.col("series_id") == "usa_earnings_manufacturing")
    assert (set(rows["known_from"]), rows["period_start"].max()) == (
        {datetime(2026, 8, 31)},
        date(2020, 12, 1),
    )


def test_trap_a_damaged_cell_is_absent_not_zero(observations):
    canada = as_of(observations, "can_production_vehicles_annual")
    assert date(2021, 1, 1) not in canada and date(2022, 1, 1) in canada
    parts = [
        as_of(observations, f"usa_production_{kind}_annual")
        for kind in ("passenger_cars", "commercial_vehicles")
    ]
    assert all(
        parts[0][p] + parts[1][p] == v
        for p, v in as_of(observations, "usa_production_vehicles_annual").items()
    )


def test_trap_freight_from_two_places_is_one_cell_and_missing_months_stay_missing(freight):
    months = set(freight["period_start"])
    assert len(months) == 55 and date(2015, 1, 1) in months
    assert not {date(2020, 10, 1), date(2020, 11, 1), date(2020, 12, 1)} & months
    key = [
        "us_state_code",
        "partner_iso3",
        "partner_region_code",
        "hs2",
        "transport_mode",
        "flow",
        "period_start",
    ]
    assert freight.select(pl.struct(key).is_unique().all()).item()
    assert set(freight["hs2"]) == {"84", "85", "87"}


def test_trap_chapter_87_of_freight_and_of_trade_are_the_same_sum(freight, cells):
    keys = ["flow", "period_start"]
    summed = (
        freight.filter((pl.col("hs2") == "87") & (pl.col("partner_iso3") == "MEX"))
        .group_by(keys)
        .agg(pl.col("value_usd").sum())
    )
    trade = cells.filter((pl.col("source_id") == "bts") & (pl.col("partner_code") == "2010")).join(
        summed, on=keys
    )
    assert trade.height == 108
    assert (trade["value_usd"] == trade["value_usd_right"]).all()


def test_a_claim_is_part_of_the_imports_and_headings_part_of_their_chapter(cells):
    usitc = cells.filter(pl.col("source_id") == "usitc", pl.col("known_from") == datetime(2026, 4, 25))
    keys = ["partner_code", "product_code", "period_start"]
    headings = usitc.filter(pl.col("product_level") == 4)
    both = headings.filter(pl.col("basis") == "consumption").join(
        headings.filter(pl.col("basis") == "usmca_claimed"), on=keys
    )
    assert both.height > 30_000
    assert (both["value_usd_right"] <= both["value_usd"]).all()
    chapter = headings.filter(
        (pl.col("basis") == "consumption") & pl.col("product_code").str.starts_with("87")
    )
    summed = chapter.group_by("partner_code", "period_start").agg(pl.col("value_usd").sum())
    chapters = usitc.filter(
        pl.col("product_level") == 2, pl.col("product_code") == "87", pl.col("basis") == "consumption"
    )
    compared = chapters.join(summed, on=["partner_code", "period_start"])
    assert compared.height == 28
    assert (compared["value_usd_right"] == compared["value_usd"]).all()


def test_balances_are_exports_less_imports(observations):
    """Exact to the rounding of the printed figures (a million; INEGI prints thousands)."""
    mexico = [as_of(observations, f"mex_{what}_goods") for what in ("exports", "imports", "balance")]
    shared = set(mexico[0]) & set(mexico[1]) & set(mexico[2])
    assert len(shared) == 378
    assert max(abs(mexico[0][p] - mexico[1][p] - mexico[2][p]) for p in shared) < 0.01
    usa = [as_of(observations, f"usa_{what}_goods_services") for what in ("exports", "imports", "balance")]
    assert max(abs(usa[0][p] - usa[1][p] - usa[2][p]) for p in usa[0]) <= 1


@pytest.mark.slow
def test_every_hole_in_a_series_is_declared_and_every_declared_gap_is_a_hole(observations, cells):
    frequency = dict(load_series_catalogue().select("series_id", "frequency").iter_rows())
    step = {"monthly": "1mo", "quarterly": "3mo", "annual": "1y"}
    known = pl.concat(
        [observations.select("series_id", "period_start", "value", "known_from"), derived_observations(cells)]
    )
    present = (
        known.filter(pl.col("value").is_not_null()).group_by("series_id").agg(pl.col("period_start").unique())
    )
    holes, last_figure = set(), {}
    for series_id, periods in present.iter_rows():
        last_figure[series_id] = max(periods)
        every = pl.date_range(min(periods), max(periods), step[frequency[series_id]], eager=True)
        assert set(periods) <= set(every), series_id
        holes |= {(series_id, period) for period in set(every) - set(periods)}
    with GAPS.open(encoding="utf-8") as file:
        gaps = [
            (r["series_id"], date.fromisoformat(r["first_period"]), date.fromisoformat(r["last_period"]))
            for r in csv.DictReader(file)
        ]
    undeclared = [h for h in holes if not any(s == h[0] and first <= h[1] <= last for s, first, last in gaps)]
    assert undeclared == []
    # a gap after the last figure is one that the live series have
    reached = [gap for gap in gaps if gap[1] <= last_figure[gap[0]]]
    assert len(reached) > 20
    assert [gap for gap in reached if (gap[0], gap[1]) not in holes or (gap[0], gap[2]) not in holes] == []
