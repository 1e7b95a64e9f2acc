"""The rows of the public tables, a TypedDict each: which columns a table has, of which type, and which may be null.

Made by `make rows` from the contracts in dbt_project/models/marts: change a contract, not this file.
`release_file.read(con, DimEvent, "where event_id = ?", [event_id])` gives rows of these types.
"""

# no `from __future__ import annotations`: 600 annotations kept as text are compiled one by one, which takes 50 ms of every command

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypedDict


class BridgeEventTreatment(TypedDict):
    """A row of bridge_event_treatment."""

    event_id: str
    series_id: str
    treatment_id: str
    scope: str


class BridgeMeasureProduct(TypedDict):
    """A row of bridge_measure_product."""

    measure_id: str
    hs_code: str
    hs_level: int
    coverage: str
    is_declared: bool
    list_ids: list[str]
    bases: list[str]


class DimControlSet(TypedDict):
    """A row of dim_control_set."""

    control_set_id: str
    treated_series_id: str
    control_series_id: str
    title: str
    weight: float
    contains_treated: bool
    exposed_by: str | None
    exposed_from: dt.date | None
    reason: str
    assumption: str
    declared_on: dt.date


class DimDerivedSeries(TypedDict):
    """A row of dim_derived_series."""

    series_id: str
    method: str
    formula: str
    input_series_ids: list[str]
    base_period: str | None
    reason: str
    declared_on: dt.date


class DimDonor(TypedDict):
    """A row of dim_donor."""

    donor_pool_id: str
    title: str
    unit_id: str
    partner_iso3: str
    exposed_from: dt.date | None
    exposed_because: str | None
    reason: str
    assumption: str
    declared_on: dt.date


class DimEpisode(TypedDict):
    """A row of dim_episode."""

    episode_id: str
    title: str
    description: str | None
    starts_on: dt.date
    ends_on: dt.date | None
    applies_to: str
    source_key: str | None
    source_reference: str | None


class DimEvent(TypedDict):
    """A row of dim_event."""

    event_id: str
    timeline: str
    event_date: dt.date
    end_date: dt.date | None
    date_precision: str
    announced_on: dt.date | None
    effective_on: dt.date | None
    published_on: dt.date | None
    ended_on: dt.date | None
    event_type: str
    title: str
    description: str | None
    parties: list[str]
    topics: list[str]
    location: str | None
    source_key: str | None
    source_reference: str | None
    confidence: str
    in_force: bool
    cluster_id: str | None
    anchor_on: dt.date
    cut_month: dt.date
    own_month: dt.date | None
    default_gap_months: int
    in_report: bool
    left_out_because: str | None
    event_class: str
    origin: str


class DimEventCluster(TypedDict):
    """A row of dim_event_cluster."""

    cluster_id: str
    title: str
    description: str | None
    first_on: dt.date
    last_on: dt.date
    n_events: int
    source_key: str | None
    cut_month: dt.date | None
    own_month: dt.date | None
    default_gap_months: int | None


class DimEventSource(TypedDict):
    """A row of dim_event_source."""

    source_key: str
    kind: str
    title: str
    reference: str | None
    note: str | None
    origin: str


class DimExpectedEffect(TypedDict):
    """A row of dim_expected_effect."""

    expected_effect_id: str
    event_id: str
    series_id: str
    kind: str
    applies_to: str
    low: float
    high: float
    unit: str
    duty_from_pct: float | None
    duty_to_pct: float | None
    panel_family_id: str | None
    horizon_months: int | None
    published: str
    source_key: str
    source_title: str
    source_address: str
    source_reference: str
    confidence: str
    note: str | None


class DimFigureOrigin(TypedDict):
    """A row of dim_figure_origin."""

    dataset: str
    series_like: str
    known_on: list[str]
    agency_page: str
    agency_table: str
    copy_repository: str | None
    copy_path: str | None
    copy_commit: str | None
    note: str | None


class DimGeography(TypedDict):
    """A row of dim_geography."""

    geography_id: str
    iso3: str | None
    name: str
    kind: str
    schedule_c_code: str | None
    bts_code: str | None
    subdivision_code: str | None
    note: str | None


class DimIndustry(TypedDict):
    """A row of dim_industry."""

    industry_system: str
    industry_code: str
    title: str
    parent_code: str | None
    is_trade_only: bool
    revisions: list[str]


class DimMonth(TypedDict):
    """A row of dim_month."""

    period_start: dt.date
    period_end: dt.date
    year: int
    quarter: int
    month: int
    days: int
    weekdays: int


class DimOriginRule(TypedDict):
    """A row of dim_origin_rule."""

    rule_id: str
    agreement: str
    vehicle_class: str | None
    requirement: str
    part_class: str | None
    method: str | None
    threshold_pct: float | None
    effective_from: dt.date
    effective_to: dt.date | None
    confidence: str
    source_key: str | None
    source_reference: str | None


class DimPanelFamily(TypedDict):
    """A row of dim_panel_family."""

    family_id: str
    compares: str
    title: str
    event_id: str
    measure_ids: list[str]
    expected_verdict: str | None
    reason: str
    decided_on: dt.date


class DimPayload(TypedDict):
    """A row of dim_payload."""

    payload_id: str
    source_id: str
    dataset: str
    request_url: str
    retrieved_at: dt.datetime
    http_status: int | None
    media_type: str | None
    sha256: str
    bytes: int
    archive_path: str


class DimProduct(TypedDict):
    """A row of dim_product."""

    product_system: str
    product_code: str
    product_level: int
    title: str
    parent_code: str | None
    section: str | None
    revisions: list[str]


class DimSeries(TypedDict):
    """A row of dim_series."""

    series_id: str
    title: str
    measure: str
    geography_iso3: str
    geography_id: str
    partner_iso3: str | None
    flow: str | None
    basis: str | None
    industry_code: str | None
    industry_system: str | None
    product_code: str | None
    product_system: str | None
    unit: str
    unit_multiplier: int
    currency: str | None
    frequency: str
    seasonal_adjustment: str
    source_id: str
    source_code: str | None
    fred_alias: str | None
    notes: str | None
    break_period: dt.date | None
    break_reason: str | None
    first_period: dt.date | None
    last_period: dt.date | None
    observation_count: int
    vintage_count: int
    oldest_known_from: dt.datetime
    first_release_count: int
    first_release_from: dt.date | None
    first_release_to: dt.date | None
    first_release_within_days: int | None
    grade: str
    family_id: str | None


class DimSource(TypedDict):
    """A row of dim_source."""

    source_id: str
    agency: str
    country_iso3: str | None
    title: str
    homepage_url: str | None
    licence: str
    attribution: str
    cadence: str | None
    publication_lag_days: int | None
    needs_key: bool


class DimTariffList(TypedDict):
    """A row of dim_tariff_list."""

    list_id: str
    title: str
    hs_codes: list[str]
    measure_ids: list[str]
    sparing_measure_ids: list[str]
    source_reference: str


class DimTariffMeasure(TypedDict):
    """A row of dim_tariff_measure."""

    measure_id: str
    imposing_iso3: str
    partners: list[str]
    product_scope: str
    hs_codes: list[str]
    topic: str | None
    rate_pct: float | None
    announced_on: dt.date | None
    effective_on: dt.date | None
    published_on: dt.date | None
    ended_on: dt.date | None
    legal_instrument: str | None
    exemptions: str | None
    source_key: str | None
    source_reference: str | None
    confidence: str
    in_force: bool
    event_id: str | None
    no_event_because: str | None
    declared_code_count: int
    no_products_because: str | None
    origin: str


class FctFreightFlow(TypedDict):
    """A row of fct_freight_flow."""

    us_state_code: str
    partner_iso3: str
    partner_region_code: str
    hs2: str
    transport_mode: str
    flow: str
    period_start: dt.date
    value_usd: int | None
    shipping_weight_kg: int | None
    freight_charges_usd: int | None
    status: str
    source_id: str
    known_from: dt.datetime
    known_from_basis: str
    payload_id: str


class FctObservation(TypedDict):
    """A row of fct_observation."""

    series_id: str
    period_start: dt.date
    frequency: str
    value: float | None
    status: str
    known_from: dt.datetime
    known_from_basis: str
    grade: str
    payload_id: str
    first_known_from: dt.datetime | None
    first_known_lag_days: int | None
    is_first_release: bool | None


class FctObservationVintage(TypedDict):
    """A row of fct_observation_vintage."""

    series_id: str
    period_start: dt.date
    frequency: str
    value: float | None
    status: str
    known_from: dt.datetime
    known_to: dt.datetime | None
    known_from_basis: str
    grade: str
    revision_number: int
    adds_digits: bool
    payload_id: str


class FctPanel(TypedDict):
    """A row of fct_panel."""

    panel_id: str
    classification: str
    product_level: int
    product_code: str
    partner_iso3: str
    period_start: dt.date
    value_usd: int | None
    duty_usd: int | None
    is_filled: bool
    collected_rate_pct: float | None
    added_rate_pct: float | None
    added_rate_is_at_least: bool | None
    partner_statutory_rate_pct: float | None
    measure_count: int
    measure_ids: list[str]
    unrated_measure_ids: list[str]
    possible_measure_ids: list[str]
    is_under_measure: bool | None
    first_measure_month: dt.date | None
    months_since_first_measure: int | None
    phase: str


class FctPosition(TypedDict):
    """A row of fct_position."""

    event_id: str
    party: str
    topic: str
    position: str
    value: float | None
    unit: str | None
    status: str
    source_key: str | None
    source_reference: str | None
    origin: str


class FctTradeFlow(TypedDict):
    """A row of fct_trade_flow."""

    reporter_iso3: str
    partner_iso3: str
    flow: str
    basis: str
    classification: str
    classification_version: str | None
    product_code: str
    product_level: int
    period_start: dt.date
    value_usd: int | None
    duty_usd: int | None
    quantity: float | None
    quantity_unit: str | None
    status: str
    source_id: str
    known_from: dt.datetime
    known_from_basis: str
    payload_id: str
    break_period: dt.date | None
    break_reason: str | None


class RptAnswer(TypedDict):
    """A row of rpt_answer."""

    treatment_id: str
    series_id: str
    window_months: int
    scope: str
    event_ids: list[str]
    cut_month: dt.date
    gap_months: int
    own_month_left_out: dt.date | None
    months_left_out: list[str]
    design: str
    variant: str | None
    scale: str | None
    estimate: float | None
    range_centre: float | None
    range_first_cut: dt.date | None
    range_last_cut: dt.date | None
    usual_low: float | None
    usual_high: float | None
    estimate_pct: float | None
    range_centre_pct: float | None
    usual_low_pct: float | None
    usual_high_pct: float | None
    distance_at_threshold: float | None
    verdict: str | None
    false_alarm_rate: float | None
    false_alarm_se: float | None
    false_alarm_high: float | None
    n_blocks: int | None
    rival_event_ids: list[str]
    rivals_in_windows: list[str]
    as_of: dt.datetime | None
    first_release_estimate_pct: float | None
    expected_effect_id: str | None
    expected_low_pct: float | None
    expected_high_pct: float | None
    expected_source: str | None
    expected_horizon_months: int | None
    could_be_seen: bool | None
    could_be_excluded: bool | None
    designs_disagree: bool
    share_outside: float | None
    blockers: list[str]
    sole_blocker: str | None
    reason: str | None
    tellable_when: str | None
    other_designs: list[str]


class RptAnswerCoverage(TypedDict):
    """A row of rpt_answer_coverage."""

    windows: str
    counted: str
    item: str
    n_questions: int
    n_answers: int
    share_of_questions: float


class RptAnswerDesign(TypedDict):
    """A row of rpt_answer_design."""

    treatment_id: str
    series_id: str
    window_months: int
    gap_months: int
    is_default_gap: bool
    own_month_left_out: dt.date | None
    months_left_out: list[str]
    design: str
    variant: str
    place: int
    scope: str
    cut_month: dt.date
    scale: str | None
    estimate: float | None
    range_centre: float | None
    range_first_cut: dt.date | None
    range_last_cut: dt.date | None
    usual_low: float | None
    usual_high: float | None
    distance_at_threshold: float | None
    estimate_pct: float | None
    range_centre_pct: float | None
    usual_low_pct: float | None
    usual_high_pct: float | None
    verdict: str | None
    false_alarm_rate: float | None
    false_alarm_se: float | None
    false_alarm_high: float | None
    n_blocks: int | None
    exposure_typical: float | None
    blockers: list[str]
    is_available: bool
    is_answer: bool
    as_of: dt.datetime | None


class RptBeforeAfter(TypedDict):
    """A row of rpt_before_after."""

    event_id: str
    series_id: str
    window_months: int
    gap_months: int
    is_default_gap: bool
    as_of_basis: str
    as_of: dt.datetime | None
    cut_month: dt.date
    pre_start: dt.date
    pre_end: dt.date
    post_start: dt.date
    post_end: dt.date
    n_pre: int
    n_post: int
    months_left_out: list[str]
    scale: str | None
    pre_mean: float | None
    post_mean: float | None
    d_level: float | None
    d_log: float | None
    pct_change: float | None
    second_diff: float | None
    trend_dev: float | None
    std_diff: float | None
    welch_t: float | None
    welch_df: float | None
    placebo_rank: float | None
    n_placebo: int
    n_blocks: int
    rank_floor: float | None
    rank_threshold: float | None
    z_mad: float | None
    z_threshold: float | None
    mde95: float | None
    centre: float | None
    distance_at_threshold: float | None
    scope_of_range: str | None
    family_id: str
    family_size: int
    bh_min_hits: int | None
    q_bh: float | None
    q_by: float | None
    treatment_id: str | None
    n_other_events: int
    n_other_events_any: int
    rival_event_ids: list[str]
    rivals_in_windows: list[str]
    max_shared_post_share: float
    cluster_id: str | None
    identified: bool
    episodes_in_window: list[str]
    event_clean: bool
    preliminary_months: int
    false_alarm_rate: float | None
    family_false_alarm_rate: float | None
    family_false_alarm_se: float | None
    welch_false_alarm_rate: float | None
    revision_effect: float | None
    share_outside: float | None
    share_outside_rank: float | None
    verdict: str
    reason: str | None


class RptChangePoint(TypedDict):
    """A row of rpt_change_point."""

    event_id: str
    series_id: str
    cut_month: dt.date
    scale: str | None
    best_break_month: dt.date | None
    months_from_cut: int | None
    break_size: float | None
    sup_f: float | None
    placebo_rank: float | None
    n_placebo: int
    rank_floor: float | None
    reason: str | None


class RptClusterBeforeAfter(TypedDict):
    """A row of rpt_cluster_before_after."""

    cluster_id: str
    series_id: str
    window_months: int
    gap_months: int
    is_default_gap: bool
    as_of_basis: str
    as_of: dt.datetime | None
    cut_month: dt.date
    pre_start: dt.date
    pre_end: dt.date
    post_start: dt.date
    post_end: dt.date
    n_pre: int
    n_post: int
    months_left_out: list[str]
    scale: str | None
    pre_mean: float | None
    post_mean: float | None
    d_level: float | None
    d_log: float | None
    pct_change: float | None
    second_diff: float | None
    trend_dev: float | None
    std_diff: float | None
    welch_t: float | None
    welch_df: float | None
    placebo_rank: float | None
    n_placebo: int
    n_blocks: int
    rank_floor: float | None
    rank_threshold: float | None
    z_mad: float | None
    z_threshold: float | None
    mde95: float | None
    centre: float | None
    distance_at_threshold: float | None
    scope_of_range: str | None
    family_id: str
    family_size: int
    bh_min_hits: int | None
    q_bh: float | None
    q_by: float | None
    treatment_id: str | None
    n_other_events: int
    n_other_events_any: int
    rival_event_ids: list[str]
    rivals_in_windows: list[str]
    max_shared_post_share: float
    identified: bool
    episodes_in_window: list[str]
    event_clean: bool
    preliminary_months: int
    false_alarm_rate: float | None
    family_false_alarm_rate: float | None
    family_false_alarm_se: float | None
    welch_false_alarm_rate: float | None
    revision_effect: float | None
    share_outside: float | None
    share_outside_rank: float | None
    verdict: str
    reason: str | None


class RptCounterfactual(TypedDict):
    """A row of rpt_counterfactual."""

    series_id: str
    event_id: str
    model: str
    gap_months: int
    train_start: dt.date
    train_end: dt.date
    month: dt.date
    actual: float | None
    expected: float
    lower95: float
    upper95: float
    lower95_calibrated: float | None
    upper95_calibrated: float | None
    coverage_measured: float | None
    n_origins: int


class RptCounterfactualEffect(TypedDict):
    """A row of rpt_counterfactual_effect."""

    series_id: str
    event_id: str
    model: str
    window_months: int
    gap_months: int
    is_default_gap: bool
    cut_month: dt.date
    train_start: dt.date
    train_end: dt.date
    n_train: int
    scale: str
    actual_mean: float | None
    expected_mean: float | None
    effect: float | None
    effect_pct: float | None
    lower95: float | None
    upper95: float | None
    lower95_calibrated: float | None
    upper95_calibrated: float | None
    coverage_nominal: float | None
    coverage_measured: float | None
    n_origins: int
    n_blocks: int
    mde95: float | None
    event_clean: bool
    outside_calibrated: bool | None
    reason: str | None


class RptCoverage(TypedDict):
    """A row of rpt_coverage."""

    source_id: str
    held_as: str
    measure: str
    geography_iso3: str
    flow: str | None
    basis: str | None
    classification: str | None
    product_level: int | None
    partner_iso3: str | None
    frequency: str
    seasonal_adjustment: str
    product_count: int
    series_count: int
    first_period: dt.date
    last_period: dt.date
    period_count: int
    hole_count: int
    holes: list[str]
    series_with_holes: int | None
    row_count: int
    zero_count: int
    duty_count: int
    zeros: str
    absent_row: str
    absent_row_evidence: str | None


class RptDifferenceInDifferences(TypedDict):
    """A row of rpt_difference_in_differences."""

    event_id: str
    treated_series_id: str
    control_set_id: str
    window_months: int
    gap_months: int
    is_default_gap: bool
    months_left_out: list[str]
    d_log_treated: float | None
    d_log_control: float | None
    did: float | None
    pretrend_slope: float | None
    pretrend_bias: float | None
    pretrend_ratio: float | None
    breakdown_m: float | None
    placebo_rank: float | None
    n_placebo: int
    n_blocks: int
    mde95: float | None
    centre: float | None
    distance_at_threshold: float | None
    scope_of_range: str | None
    rank_threshold: float | None
    false_alarm_rate: float | None
    event_clean: bool
    treatment_id: str | None
    n_other_events: int
    n_other_events_any: int
    rival_event_ids: list[str]
    rivals_in_windows: list[str]
    identified: bool
    as_of: dt.datetime | None
    verdict: str
    reason: str | None


class RptEventExposure(TypedDict):
    """A row of rpt_event_exposure."""

    event_id: str
    series_id: str
    topic: str
    match_basis: str
    goods: str
    measure_ids: list[str]
    n_positions: int
    why: str


class RptEventWindow(TypedDict):
    """A row of rpt_event_window."""

    event_id: str
    series_id: str
    month_offset: int
    period_start: dt.date
    value: float | None
    log_value: float | None
    yoy_pct: float | None
    index_100: float | None
    in_episode: bool
    is_preliminary: bool


class RptExpectedEffect(TypedDict):
    """A row of rpt_expected_effect."""

    expected_effect_id: str
    window_months: int
    event_id: str
    series_id: str
    treatment_id: str | None
    design: str
    expected_low_pct: float | None
    expected_high_pct: float | None
    detectable_pct: float | None
    could_be_seen: bool | None
    could_be_excluded: bool | None
    reason: str | None


class RptFeedCandidate(TypedDict):
    """A row of rpt_feed_candidate."""

    feed_id: str
    source_id: str
    status: str
    standing: str
    standing_because: str
    kind: str | None
    document_number: str
    title: str
    signed_on: dt.date | None
    published_on: dt.date
    first_day: dt.date | None
    first_day_sentence: str | None
    first_day_rule: str | None
    first_day_note: str | None
    rate_pct: float | None
    rates_pct: list[float]
    rate_sentences: str | None
    headings: list[str]
    parties: list[str]
    topics: list[str]
    citation: str | None
    executive_order: str | None
    proclamation: str | None
    agencies: str | None
    url: str | None
    is_text_read: bool
    cited_by_events: list[str]
    cited_by_measures: list[str]
    decided_on: dt.date | None
    reason: str | None
    event_id: str | None
    measure_id: str | None
    known_from: dt.datetime


class RptFreshness(TypedDict):
    """A row of rpt_freshness."""

    source_id: str
    dataset: str
    frequency: str
    as_of: dt.date
    state: str
    n_slices: int
    n_slices_late: int
    latest_period: dt.date | None
    expected_period: dt.date | None
    days_behind: int | None
    last_known_from: dt.datetime | None
    last_retrieved_at: dt.datetime | None
    last_loaded_at: dt.datetime | None
    last_payload_id: str | None
    rows_in: int | None
    rows_loaded: int | None
    rows_unchanged: int | None
    rows_rejected: int | None


class RptInterruptedTimeSeries(TypedDict):
    """A row of rpt_interrupted_time_series."""

    event_id: str
    series_id: str
    cut_month: dt.date
    scale: str | None
    first_month: dt.date | None
    last_month: dt.date | None
    n_months: int | None
    dropped_months: int
    n_regressors: int | None
    ar_order: int | None
    level_change: float | None
    slope_change: float | None
    effect_6: float | None
    effect_12: float | None
    effect_24: float | None
    se_gls: float | None
    p_gls: float | None
    level_change_ols: float | None
    se_ewc: float | None
    p_ewc: float | None
    se_nw: float | None
    p_nw: float | None
    joint_events: int | None
    false_alarm_rate: float | None
    false_alarm_basis: str | None
    reason: str | None


class RptMethodCalibration(TypedDict):
    """A row of rpt_method_calibration."""

    method: str
    series_id: str | None
    family_id: str
    panel_id: str | None
    exposure_kind: str | None
    era: str
    control_set_id: str | None
    window_months: int
    gap_months: int
    nominal_rate: float
    n_pseudo_events: int
    n_blocks: int
    fired: int
    false_alarm_rate: float
    false_alarm_se: float | None
    false_alarm_high: float | None
    first_cut: dt.date | None
    last_cut: dt.date | None
    mde95: float | None
    rank_threshold: float | None
    z_threshold: float | None


class RptPanelCell(TypedDict):
    """A row of rpt_panel_cell."""

    family_id: str
    panel_id: str
    product_code: str
    partner_iso3: str
    exposure: float
    change_log: float
    exposure_left: float
    change_left: float


class RptPanelExposure(TypedDict):
    """A row of rpt_panel_exposure."""

    family_id: str
    panel_id: str
    product_level: int
    cut_month: dt.date
    window_months: int
    gap_months: int
    weighting: str
    n_cells: int | None
    n_products: int | None
    n_partners: int | None
    value_covered_share: float | None
    exposure_kind: str
    exposure_typical: float | None
    beta: float | None
    se_product: float | None
    effect_typical: float | None
    pct_typical: float | None
    effective_products: float | None
    exposure_r2: float | None
    lead_mean: float | None
    lead_share_sig: float | None
    n_placebo: int | None
    n_blocks: int | None
    placebo_median: float | None
    placebo_rank: float | None
    placebo_false_alarm: float | None
    perm_p: float | None
    perm_false_alarm: float | None
    mde_dates: float | None
    mde_perm: float | None
    loo_min: float | None
    loo_max: float | None
    zero_exit_share: float | None
    verdict: str
    reason: str | None
    is_primary: bool


class RptPanelLeadLag(TypedDict):
    """A row of rpt_panel_lead_lag."""

    family_id: str
    panel_id: str
    month_offset: int
    estimate: float
    se: float
    n_cells: int
    is_reference: bool


class RptRevision(TypedDict):
    """A row of rpt_revision."""

    series_id: str
    period_start: dt.date
    first_value: float
    first_known_from: dt.datetime
    latest_value: float | None
    latest_known_from: dt.datetime
    n_revisions: int
    revision: float | None
    revision_pct: float | None
    days_to_latest: int


class RptSeriesMonth(TypedDict):
    """A row of rpt_series_month."""

    series_id: str
    period_start: dt.date
    value: float | None
    log_value: float | None
    yoy_pct: float | None
    index_base: float | None
    in_episode: bool
    is_preliminary: bool


class RptStateChange(TypedDict):
    """A row of rpt_state_change."""

    family_id: str
    us_state_code: str
    jobs_before: float
    freight_usd: float
    exposure: float
    change_log: float


class RptStateExposure(TypedDict):
    """A row of rpt_state_exposure."""

    family_id: str
    panel_id: str
    cut_month: dt.date
    window_months: int
    gap_months: int
    exposure_kind: str
    as_of_basis: str
    n_states: int | None
    jobs_covered_share: float | None
    exposure_first: dt.date | None
    exposure_last: dt.date | None
    n_exposure_months: int | None
    exposure_typical: float | None
    beta: float | None
    se_state: float | None
    effect_typical: float | None
    pct_typical: float | None
    effective_states: float | None
    lead_mean: float | None
    lead_share_sig: float | None
    n_placebo: int | None
    n_blocks: int | None
    placebo_median: float | None
    placebo_rank: float | None
    placebo_false_alarm: float | None
    perm_p: float | None
    perm_false_alarm: float | None
    mde_dates: float | None
    mde_perm: float | None
    loo_min: float | None
    loo_max: float | None
    verdict: str
    reason: str | None
    is_primary: bool


class RptStatutoryRate(TypedDict):
    """A row of rpt_statutory_rate."""

    period_start: dt.date
    reporter_iso3: str
    partner_iso3: str
    ordinary_rate_pct: float
    added_rate_pct: float
    statutory_rate_pct: float
    statutory_rate_2024_claims_pct: float | None
    collected_rate_pct: float | None
    measure_ids: list[str]
    left_out_measure_ids: list[str]
    too_wide_measure_ids: list[str]
    weight_value_usd: int
    weight_year: int


class RptSyntheticControl(TypedDict):
    """A row of rpt_synthetic_control."""

    event_id: str
    series_id: str
    donor_pool_id: str
    cut_month: dt.date
    dropped_months: int
    n_pre: int | None
    n_donors: int | None
    donors: list[str] | None
    weights: list[float] | None
    mean_gap: float | None
    pre_rmspe: float | None
    post_rmspe: float | None
    rmspe_ratio: float | None
    misfit: float | None
    max_weight: float | None
    earlier_ratio: float | None
    earlier_rank: float | None
    rank: float | None
    rank_floor: float | None
    gate_passed: bool | None
    reason: str | None


class RptTariffExposure(TypedDict):
    """A row of rpt_tariff_exposure."""

    period_start: dt.date
    reporter_iso3: str
    partner_iso3: str
    product_system: str
    product_code: str
    value_series_id: str
    measure_ids: list[str]
    measure_rates_pct: list[float] | None
    measure_coverage: list[str] | None
    measure_days: list[int] | None
    exemptions: list[str] | None
    displaced_measure_ids: list[str]
    possible_measure_ids: list[str]
    statutory_rate_pct: float | None
    statutory_is_at_least: bool | None
    reason: str | None
    in_force_share: float
    customs_value_usd: int | None
    duty_usd: int | None
    collected_rate_pct: float | None
    usmca_claimed_share_pct: float | None
    share_of_partner_imports_pct: float | None
    status: str | None


#: the public table that each class describes
TABLE_OF: Mapping[type[Any], str] = {
    BridgeEventTreatment: "bridge_event_treatment",
    BridgeMeasureProduct: "bridge_measure_product",
    DimControlSet: "dim_control_set",
    DimDerivedSeries: "dim_derived_series",
    DimDonor: "dim_donor",
    DimEpisode: "dim_episode",
    DimEvent: "dim_event",
    DimEventCluster: "dim_event_cluster",
    DimEventSource: "dim_event_source",
    DimExpectedEffect: "dim_expected_effect",
    DimFigureOrigin: "dim_figure_origin",
    DimGeography: "dim_geography",
    DimIndustry: "dim_industry",
    DimMonth: "dim_month",
    DimOriginRule: "dim_origin_rule",
    DimPanelFamily: "dim_panel_family",
    DimPayload: "dim_payload",
    DimProduct: "dim_product",
    DimSeries: "dim_series",
    DimSource: "dim_source",
    DimTariffList: "dim_tariff_list",
    DimTariffMeasure: "dim_tariff_measure",
    FctFreightFlow: "fct_freight_flow",
    FctObservation: "fct_observation",
    FctObservationVintage: "fct_observation_vintage",
    FctPanel: "fct_panel",
    FctPosition: "fct_position",
    FctTradeFlow: "fct_trade_flow",
    RptAnswer: "rpt_answer",
    RptAnswerCoverage: "rpt_answer_coverage",
    RptAnswerDesign: "rpt_answer_design",
    RptBeforeAfter: "rpt_before_after",
    RptChangePoint: "rpt_change_point",
    RptClusterBeforeAfter: "rpt_cluster_before_after",
    RptCounterfactual: "rpt_counterfactual",
    RptCounterfactualEffect: "rpt_counterfactual_effect",
    RptCoverage: "rpt_coverage",
    RptDifferenceInDifferences: "rpt_difference_in_differences",
    RptEventExposure: "rpt_event_exposure",
    RptEventWindow: "rpt_event_window",
    RptExpectedEffect: "rpt_expected_effect",
    RptFeedCandidate: "rpt_feed_candidate",
    RptFreshness: "rpt_freshness",
    RptInterruptedTimeSeries: "rpt_interrupted_time_series",
    RptMethodCalibration: "rpt_method_calibration",
    RptPanelCell: "rpt_panel_cell",
    RptPanelExposure: "rpt_panel_exposure",
    RptPanelLeadLag: "rpt_panel_lead_lag",
    RptRevision: "rpt_revision",
    RptSeriesMonth: "rpt_series_month",
    RptStateChange: "rpt_state_change",
    RptStateExposure: "rpt_state_exposure",
    RptStatutoryRate: "rpt_statutory_rate",
    RptSyntheticControl: "rpt_synthetic_control",
    RptTariffExposure: "rpt_tariff_exposure",
}
