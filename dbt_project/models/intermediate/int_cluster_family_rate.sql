-- One row is a rank that a series has among its comparisons with starts of phases of talks, and its false discovery rates within the
-- family; apart from the report for the reason that int_event_family_rate is.
{{ family_rates("(select start_month as cut_month, default_gap_months from " ~ ref('int_cluster_start') ~ ")") }}
