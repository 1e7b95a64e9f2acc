-- The reach of each event among the series that were alive at it: the month of the cut is not before the first number of the series and
-- not after its last. A series that begins later has nothing to compare, nor has one that ended before.
select
    reach.event_id,
    reach.series_id,
    reach.topic,
    reach.match_basis,
    reach.goods,
    reach.measure_ids,
    reach.n_positions,
    reach.why
from {{ ref('int_event_reach') }} as reach
inner join {{ ref('int_event_cut') }} as cut on reach.event_id = cut.event_id
inner join {{ ref('int_known_series') }} as series
    on reach.series_id = series.series_id
    and cut.cut_month >= series.first_period
    and cut.cut_month <= series.last_period
order by reach.event_id, reach.series_id, reach.topic
