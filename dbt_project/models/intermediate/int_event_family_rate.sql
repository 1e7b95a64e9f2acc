-- One row is a rank that a series has among its comparisons with events of the report, and its false discovery rates within the family.
-- What a user asks of events of their own makes a family of its own: in that of the bundled ones it would change every rate.
-- Rates depend on all series of a family, the report that shows them else on one: apart from it, a revised series costs the report no more
-- than the series of its family.
{{ family_rates(
    "(select *, " ~ is_own('cut') ~ " as is_own from " ~ ref('int_event_cut') ~ " as cut where in_report)", 'is_own'
) }}
