"""Exposure reports of the whole build: dates and goods against a plain reading of the measures, rates against known months."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from tests.support.read_only import reading

#: First day on which a partner pays under a measure of its own in place of the common one.
LEFT = {
    ("usa-232-autos-2025", "JPN"): dt.date(2025, 9, 16),
    ("usa-232-autos-2025", "DEU"): dt.date(2025, 8, 1),
    ("usa-232-autos-2025", "KOR"): dt.date(2025, 11, 1),
    ("usa-232-autoparts-2025", "JPN"): dt.date(2025, 9, 16),
    ("usa-232-autoparts-2025", "DEU"): dt.date(2025, 8, 1),
    ("usa-232-autoparts-2025", "KOR"): dt.date(2025, 11, 1),
    ("usa-ieepa-recip-base-2025", "CHN"): dt.date(2025, 4, 9),
    ("usa-ieepa-recip-base-2025", "JPN"): dt.date(2025, 8, 7),
    ("usa-ieepa-recip-base-2025", "DEU"): dt.date(2025, 8, 7),
    ("usa-ieepa-recip-base-2025", "KOR"): dt.date(2025, 8, 7),
}
MONTHS = [dt.date(2018, m, 1) for m in range(1, 13)] + [dt.date(2025, m, 1) for m in range(1, 12)]


@pytest.fixture(scope="module")
def released(home):
    with reading(home.current_database) as con:
        yield con


def rows(con: duckdb.DuckDBPyConnection, query: str, *params: object) -> list[dict]:
    return con.sql(query, params=list(params)).pl().to_dicts()


def test_measures_of_a_chapter_are_those_whose_codes_and_dates_say_so(released):
    """A measure that is missed, or listed in a month in which it was not in force, or on a partner it spares."""
    measures = rows(
        released, "FROM dim_tariff_measure WHERE imposing_iso3 = 'USA' AND in_force AND confidence <> 'low'"
    )
    lists = rows(released, "SELECT unnest(measure_ids) AS measure_id, hs_codes FROM dim_tariff_list")
    for measure in measures:
        measure["hs_codes"] += [
            code for row in lists if row["measure_id"] == measure["measure_id"] for code in row["hs_codes"]
        ]
    codes = {m["measure_id"]: m for m in measures if m["hs_codes"] and m["partners"] != ["MFN"]}
    found = rows(
        released,
        "FROM rpt_tariff_exposure WHERE product_system = 'HS' AND length(product_code) = 2 AND partner_iso3 <> 'WLD'",
    )
    spared = {("usa-232-steel-2018", p) for p in ("CAN", "MEX")} | {
        ("usa-232-alu-2018", p) for p in ("CAN", "MEX")
    }
    checked = 0
    for row in found:
        if row["period_start"] not in MONTHS:
            continue
        start = row["period_start"]
        after = (start + dt.timedelta(days=31)).replace(day=1)
        expected = {
            name
            for name, m in codes.items()
            if {"WLD", row["partner_iso3"]} & set(m["partners"])
            and (name, row["partner_iso3"]) not in spared
            and any(code[:2] == row["product_code"] for code in m["hs_codes"])
            and m["effective_on"] < after
            and (m["ended_on"] is None or m["ended_on"] > start)
            and LEFT.get((name, row["partner_iso3"]), after) > start
        }
        listed = set(row["measure_ids"])
        assert listed & codes.keys() == expected, (row["value_series_id"], start)
        for name, days in zip(row["measure_ids"], row["measure_days"] or [], strict=True):
            (m,) = [x for x in measures if x["measure_id"] == name]
            first, last = max(start, m["effective_on"]), min(after, m["ended_on"] or after)
            last = min(last, LEFT.get((name, row["partner_iso3"]), last))
            assert days == (last - first).days > 0
        checked += bool(expected)
    assert checked > 100


@pytest.mark.parametrize(
    ("partner", "system", "code", "month", "measures", "rate", "share", "collected"),
    [
        # Section 232 on mill products of Canada and Mexico: 1 June 2018 to 19 May 2019
        ("CAN", "HS", "72", "2018-05-01", [], None, 0, (0, 0.1)),
        ("CAN", "HS", "72", "2018-06-01", ["usa-232-steel-canmex-2018"], 25, 1, (10, 25)),
        ("MEX", "HS", "72", "2019-05-01", ["usa-232-steel-canmex-2018"], 25, 19 / 31, (5, 15)),
        ("CAN", "HS", "76", "2018-06-01", ["usa-232-alu-canmex-2018"], 10, 1, (5, 10)),
        # two duties of one rate of which one is due; most cars pay on what is not American
        (
            "MEX", "NAICS", "336", "2025-05-01",
            ["usa-232-autoparts-2025", "usa-232-autos-2025", "usa-ieepa-mex-2025"], 25, 1, (5, 15),
        ),
        ("MEX", "NAICS", "336", "2025-02-01", [], None, 0, (0, 1)),
    ],
)  # fmt: skip
def test_known_months(released, partner, system, code, month, measures, rate, share, collected):
    """A sum of 75 % for three duties of which one is due, or a chapter taxed before its duty began."""
    (row,) = rows(
        released,
        "FROM rpt_tariff_exposure WHERE (partner_iso3, product_system, product_code, period_start) = (?, ?, ?, ?::DATE)",
        *(partner, system, code, month),
    )
    assert (row["measure_ids"], row["statutory_rate_pct"]) == (measures, rate)
    assert row["in_force_share"] == pytest.approx(share)
    assert collected[0] <= row["collected_rate_pct"] <= collected[1]


def test_cars_of_canada_and_mexico_pay_the_duty_on_cars_and_not_the_emergency_duty(released):
    """EO 14289 gives a listed car one of the two: 25, and not 35, 60 or nothing known."""
    found = rows(
        released,
        "FROM rpt_tariff_exposure WHERE product_code = '8703' AND partner_iso3 IN ('CAN', 'MEX') "
        "AND period_start BETWEEN DATE '2025-05-01' AND DATE '2026-02-01' ORDER BY period_start",
    )
    assert len(found) == 20
    for row in found:
        assert row["statutory_rate_pct"] == 25, row
        assert {m[:9] for m in row["displaced_measure_ids"]} >= {"usa-ieepa"}, row


def test_the_world_has_no_rate_that_is_one_partners(released):
    """Cars of all countries were shown at China's 25 % from 2018 on, with 2 % collected."""
    found = rows(
        released,
        "FROM rpt_tariff_exposure WHERE partner_iso3 = 'WLD' AND statutory_rate_pct IS NOT NULL",
    )
    partners = {
        m["measure_id"]: m["partners"]
        for m in rows(released, "SELECT measure_id, partners FROM dim_tariff_measure")
    }
    assert all("WLD" in partners[name] for row in found for name in row["measure_ids"])


def test_the_rate_collected_is_the_derived_duty_rate(released):
    """Two paths to one number: duty and value joined in the report, and the derived series of the same goods."""
    compared = rows(
        released,
        """SELECT exposure.collected_rate_pct AS here, observed.value AS there
        FROM rpt_tariff_exposure AS exposure
        JOIN dim_derived_series AS derived ON list_contains(input_series_ids, value_series_id) AND method = 'rate'
        JOIN fct_observation AS observed USING (series_id, period_start)
        WHERE observed.value IS NOT NULL""",
    )
    assert len(compared) > 1000
    assert all(r["here"] == pytest.approx(r["there"], rel=1e-12, abs=1e-12) for r in compared)


def test_every_programme_measure_and_pair_is_declared(released, warehouse):
    """A new measure without a programme would silently reach nothing."""
    with reading(warehouse) as con:
        missing = con.sql(
            "SELECT measure_id FROM main.dim_tariff_measure WHERE imposing_iso3 = 'USA' AND NOT list_contains(partners, 'MFN') "
            "AND in_force AND measure_id NOT IN (SELECT measure_id FROM seeds.seed_tariff_programme)"
        ).fetchall()
    assert not missing


@pytest.mark.parametrize(
    ("event_id", "series_id", "measures"),
    [
        ("s232-metals-can-mex-2018-06", "usa_imports_hs72_can", ["usa-232-steel-canmex-2018"]),
        ("s232-metals-can-mex-2018-06", "usa_duty_rate_hs76_mex", ["usa-232-alu-canmex-2018"]),
        ("s232-autos-effective-2025-04", "usa_imports_naics336_mex", ["usa-232-autos-2025"]),
        ("nafta-round6-end", "mex_production_vehicles", []),
        # spared in March 2018
        ("s232-metals-effective-2018-03", "usa_imports_hs72_mex", None),
        # a subject that none of the series is about
        ("nafta-round6-end", "usa_imports_hs72_mex", None),
    ],
)
def test_events_meet_the_series_they_could_show_in(released, event_id, series_id, measures):
    found = rows(
        released, "FROM rpt_event_exposure WHERE event_id = ? AND series_id = ?", event_id, series_id
    )
    by_measure = [r["measure_ids"] for r in found if r["match_basis"] == "measure"]
    if measures is None:
        assert not by_measure
        assert event_id != "nafta-round6-end" or not found
    elif measures:
        assert by_measure == [measures]
    else:
        assert found and not by_measure
