"""Names of public columns: a rename breaks every query written against a release, while dbt's contract, changed along
with the model, stays silent. A name may only go from this list together with an entry in CHANGELOG.md."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.base.public_table import describe
from orchestration.base.settings import PROJECT
from orchestration.release import contract

PUBLIC = {
    "dim_source": "source_id agency country_iso3 title homepage_url licence attribution cadence publication_lag_days needs_key",
    "dim_series": "series_id title measure geography_iso3 partner_iso3 flow basis industry_code industry_system product_code "
    "product_system unit unit_multiplier currency frequency seasonal_adjustment source_id source_code first_period "
    "last_period observation_count vintage_count oldest_known_from first_release_count first_release_from first_release_to "
    "first_release_within_days",
    "dim_derived_series": "series_id method formula input_series_ids base_period reason declared_on",
    "dim_event": "event_id timeline event_date end_date date_precision announced_on effective_on published_on ended_on event_type title "
    "description parties topics location source_key source_reference confidence in_force cluster_id anchor_on cut_month "
    "in_report left_out_because event_class",
    "dim_event_cluster": "cluster_id title first_on last_on n_events",
    "dim_event_source": "source_key kind title reference note",
    "dim_figure_origin": "dataset series_like known_on agency_page agency_table copy_repository copy_path copy_commit note",
    "dim_episode": "episode_id title starts_on ends_on applies_to source_reference",
    "dim_tariff_measure": "measure_id imposing_iso3 partners product_scope rate_pct announced_on effective_on published_on ended_on "
    "legal_instrument exemptions source_key source_reference confidence in_force",
    "dim_tariff_list": "list_id title hs_codes measure_ids sparing_measure_ids source_reference",
    "dim_origin_rule": "rule_id agreement vehicle_class requirement part_class effective_from effective_to threshold_pct "
    "method confidence source_key source_reference",
    "dim_control_set": "control_set_id treated_series_id control_series_id title weight contains_treated exposed_by exposed_from "
    "reason assumption declared_on",
    "dim_geography": "iso3 name kind schedule_c_code",
    "dim_product": "product_system product_code product_level title revisions",
    "dim_industry": "industry_system industry_code title revisions",
    "dim_month": "period_start period_end year quarter month",
    "dim_payload": "payload_id source_id request_url retrieved_at http_status media_type sha256 bytes archive_path",
    "fct_observation": "series_id period_start frequency value status known_from known_from_basis payload_id first_known_from "
    "first_known_lag_days is_first_release",
    "fct_observation_vintage": "series_id period_start frequency value status known_from known_from_basis payload_id known_to "
    "revision_number adds_digits",
    "fct_trade_flow": "reporter_iso3 partner_iso3 flow basis classification classification_version product_code "
    "product_level period_start value_usd duty_usd quantity quantity_unit source_id known_from payload_id",
    "fct_freight_flow": "us_state_code partner_iso3 partner_region_code hs2 transport_mode flow period_start value_usd "
    "shipping_weight_kg freight_charges_usd source_id known_from payload_id",
    "fct_position": "event_id party topic position value unit status source_key",
    "rpt_difference_in_differences": "event_id treated_series_id control_set_id window_months gap_months d_log_treated "
    "d_log_control did pretrend_slope pretrend_bias pretrend_ratio breakdown_m placebo_rank n_placebo n_blocks mde95 event_clean "
    "identified as_of verdict reason",
    "rpt_tariff_exposure": "period_start reporter_iso3 partner_iso3 product_system product_code value_series_id measure_ids "
    "measure_rates_pct measure_coverage measure_days exemptions displaced_measure_ids possible_measure_ids statutory_rate_pct statutory_is_at_least reason in_force_share "
    "customs_value_usd duty_usd collected_rate_pct usmca_claimed_share_pct share_of_partner_imports_pct status",
    "rpt_statutory_rate": "period_start reporter_iso3 partner_iso3 ordinary_rate_pct added_rate_pct statutory_rate_pct "
    "statutory_rate_2024_claims_pct collected_rate_pct measure_ids left_out_measure_ids too_wide_measure_ids weight_value_usd weight_year",
    "rpt_event_exposure": "event_id series_id topic match_basis goods measure_ids n_positions why",
    "rpt_revision": "series_id period_start first_value first_known_from latest_value latest_known_from n_revisions revision "
    "revision_pct days_to_latest",
    "rpt_freshness": "source_id dataset frequency as_of state latest_period expected_period days_behind last_known_from "
    "last_retrieved_at rows_loaded rows_unchanged rows_rejected",
}


@functools.cache  # three tests ask of each table, and PyYAML takes 10 ms a file
def declared(table: str) -> dict:
    """The entry of `table` in the dbt project."""
    (path,) = Path(PROJECT, "dbt_project", "models", "marts").rglob(f"{table}.yml")
    (model,) = [m for m in yaml.safe_load(path.read_text())["models"] if m["name"] == table]
    return model


@pytest.mark.parametrize("table", PUBLIC)
def test_public_columns_keep_their_names(table: str) -> None:
    present = {column["name"] for column in declared(table)["columns"]}
    assert set(PUBLIC[table].split()) <= present


@pytest.mark.parametrize("table", PUBLIC)
def test_codes_are_text(table: str) -> None:
    """A code read as a number loses its zeros: '0020' is a group of partners, '01' a chapter."""
    for column in declared(table)["columns"]:
        if re.search(r"(_code|_iso3|^hs2|^transport_mode)$", column["name"]):
            assert column["data_type"] == "varchar", column["name"]


# --- keys of a file that takes over what changed ---
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (None, ["3 rows with null", "2 rows that repeat"]),
        ({}, []),
        ({"fct_observation": None}, ["3 rows with null", "2 rows that repeat"]),
        ({"fct_observation": {"b"}}, ["1 rows with null", "1 rows that repeat"]),
        ({"fct_observation": {"c"}}, ["1 rows with null"]),
    ],
    ids=["whole", "nothing changed", "table changed", "series changed", "another series"],
)
def test_keys_of_rows_that_changed_are_looked_at(changes: dict | None, found: list[str]):
    """A repeated row of a revised series would be released, and every join with it would count twice."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE fct_observation (series_id VARCHAR, period_start DATE)")
        con.execute(
            "INSERT INTO fct_observation VALUES ('a', '2018-01-01'), ('a', '2018-01-01'), ('a', NULL), "
            "('b', '2018-01-01'), ('b', '2018-01-01'), ('c', '2018-01-01'), (NULL, '2018-01-01'), ('d', NULL)"
        )
        tables = describe(con, {"fct_observation": ("series_id", "period_start")})
        problems = list(contract._bad_keys(con, tables, changes))
    assert [problem for problem, said in zip(problems, found, strict=True) if said not in problem] == []
