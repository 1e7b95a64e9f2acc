-- depends_on: {{ ref('int_cut_standing') }}
-- A rank among the wrong dates looks like any other rank. 161 placebo cuts with statistics 1/64 to 161/64, monthly from
-- 2002-11 to 2016-02, exactly 24 months before the event of 2018-02, and one as far after. Median 81/64; distances 0 and
-- twice each of 1/64 to 80/64, so the 95th percentile (the 153rd of 161) is 76/64 and the median distance 40/64.
{{ config(meta={'dagster': {'ref': {'name': 'int_cut_standing'}}}) }}
with cuts as (
    select
        series.key,
        cast(months.month_start as date) as cut_month,
        cast(row_number() over (partition by series.key order by months.month_start) as double) / 64 as statistic,
        true as is_placebo,
        false as is_event,
        false as is_wanted,
        true as is_judged
    from {{ ref('int_month') }} as months
    cross join (select unnest(['far', 'middle', 'few']) as key) as series
    where (months.month_start between date '2002-11-01' and date '2016-02-01' or months.month_start = date '2020-02-01')
        and (series.key <> 'few' or months.month_start >= date '2013-05-01')
    union all
    -- enormous, and none of them: a month too near on either side, and one that is no placebo
    select 'far', date '2016-03-01', 99, true, false, false, true
    union all
    select 'far', date '2020-01-01', 99, true, false, false, true
    union all
    select 'far', date '2001-01-01', 99, false, false, false, true
    union all
    -- the event itself is no placebo; another series has one at the same month
    select 'far', date '2018-02-01', 163.0 / 64, false, true, true, true
    union all
    select 'middle', date '2018-02-01', 82.0 / 64, true, true, true, true
    union all
    select 'few', date '2018-02-01', 82.0 / 64, false, true, true, true
),

found as (
    select
        *,
        -- of 161 dates 7 may be as far (.05 x 162 is 8.1), so the threshold is the distance of the eighth
        {{ threshold_distance('far_distances', '0.05', 'n_placebo') | indent(8) }} as distance_at_threshold
    from ({{ placebo_standing('cuts', ['key']) }}) as standing
),

expected as (
    -- farther out than all; as far out as 160 of 161; 35 dates give no rank
    select * from (values
        ('far', 161, 81.0 / 64, 82.0 / 64, 1.0 / 162, 76.0 / 64, 82.0 / 40 / 1.4826, 77.0 / 64),
        ('middle', 161, 81.0 / 64, 1.0 / 64, 161.0 / 162, 76.0 / 64, 1.0 / 40 / 1.4826, 77.0 / 64),
        ('few', 35, null, null, null, null, null, null)
    ) as e (key, n_placebo, middle, deviation, placebo_rank, mde95, z_mad, distance_at_threshold)
)

select
    expected.*,
    found.*
from expected
full join found on expected.key = found.key
where expected.n_placebo is distinct from found.n_placebo
    or (expected.placebo_rank is null) <> (found.placebo_rank is null)
    or abs(expected.middle - found.middle) > 1e-12
    or abs(expected.deviation - found.deviation) > 1e-12
    or abs(expected.placebo_rank - found.placebo_rank) > 1e-12
    or abs(expected.mde95 - found.mde95) > 1e-12
    or abs(expected.z_mad - found.z_mad) > 1e-12
    or (expected.distance_at_threshold is null) <> (found.distance_at_threshold is null)
    or abs(expected.distance_at_threshold - found.distance_at_threshold) > 1e-12
