-- How old each publisher's figures are, against the day this build ran. One row a publisher, fact and frequency:
-- monthly series may be up to date while the annual ones of the same agency are late. Series read off the trade flows
-- are as old as those, and are not counted again.
with sent as (
    select
        series.source_id,
        observations.series_id,
        observations.frequency,
        observations.period_start,
        observations.known_from,
        observations.payload_id
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('stg_series') }} as series on observations.series_id = series.series_id
    where observations.series_id not in (select series_id from {{ ref('stg_series_from_trade_flow') }})
),

slices as (
    select
        source_id,
        'observation' as dataset,
        frequency,
        max(period_start) as latest_period,
        max(known_from) as last_known_from
    from sent
    group by source_id, frequency, series_id

    union all

    select
        source_id,
        'trade_flow' as dataset,
        'monthly' as frequency,
        max(period_start) as latest_period,
        max(known_from) as last_known_from
    from {{ ref('fct_trade_flow') }}
    group by source_id, reporter_iso3, partner_iso3, flow, basis, classification, product_level

    union all

    select
        source_id,
        'freight_flow' as dataset,
        'monthly' as frequency,
        max(period_start) as latest_period,
        max(known_from) as last_known_from
    from {{ ref('fct_freight_flow') }}
    group by source_id, flow, partner_iso3, hs2
),

payloads_used as (
    select distinct source_id, 'observation' as dataset, payload_id from sent
    union all
    select distinct source_id, 'trade_flow' as dataset, payload_id from {{ ref('fct_trade_flow') }}
    union all
    select distinct source_id, 'freight_flow' as dataset, payload_id from {{ ref('fct_freight_flow') }}
),

-- the datasets through which figures of a publisher came: its own, or the bundled ones
ways as (
    select distinct
        payloads_used.source_id,
        payloads_used.dataset,
        payloads.source_id as payload_source_id,
        payloads.dataset as payload_dataset
    from payloads_used
    inner join {{ ref('stg_payload') }} as payloads on payloads_used.payload_id = payloads.payload_id
),

-- every load through those datasets, also one that found nothing new and so left no row in the facts
loads as (
    select
        ways.source_id,
        ways.dataset,
        loads.load_id,
        loads.payload_id,
        payloads.retrieved_at,
        loads.loaded_at,
        loads.rows_in,
        loads.rows_appended,
        loads.rows_unchanged,
        loads.rows_rejected
    from ways
    inner join {{ ref('stg_payload') }} as payloads
        on ways.payload_source_id = payloads.source_id
        and ways.payload_dataset = payloads.dataset
    inner join {{ ref('stg_load') }} as loads
        on payloads.payload_id = loads.payload_id
        and ways.dataset = loads.table_name
),

last_load as (
    {{ latest('loads', ['source_id', 'dataset'], 'load_id') }}
),

scheduled as (
    select
        sources.source_id,
        coalesce(slices.dataset, 'none') as dataset,
        coalesce(slices.frequency, 'none') as frequency,
        sources.publication_lag_days,
        cast({{ build_timestamp() }} as date) as as_of,
        case slices.frequency when 'monthly' then 1 when 'quarterly' then 3 when 'annual' then 12 end as months_in_period,
        slices.latest_period,
        slices.last_known_from
    from {{ ref('stg_source') }} as sources
    left join slices on sources.source_id = slices.source_id
    -- a source that only carries figures of other publishers (the bundled figures) is never late itself
    where slices.source_id is not null
        or sources.source_id not in (select source_id from {{ ref('stg_payload') }})
),

expected as (
    -- the newest period whose last day is more than the lag ago; null without a lag, or for daily figures
    select
        *,
        {{ add_months(
            "date '1900-01-01'",
            "floor(" ~ months_between("date '1900-01-01'", "(as_of - publication_lag_days)") ~ " / months_in_period) * months_in_period - months_in_period",
        ) }} as expected_period
    from scheduled
),

summed as (
    select
        source_id,
        dataset,
        frequency,
        as_of,
        publication_lag_days,
        max(months_in_period) as months_in_period,
        count(latest_period) as n_slices,
        count(*) filter (where latest_period < expected_period) as n_slices_late,
        max(latest_period) as latest_period,
        max(expected_period) as expected_period,
        max(last_known_from) as last_known_from
    from expected
    group by source_id, dataset, frequency, as_of, publication_lag_days
)

select
    summed.source_id,
    summed.dataset,
    summed.frequency,
    summed.as_of,
    case
        when summed.n_slices = 0 then 'never_loaded'
        when summed.expected_period is null then 'no_schedule'
        when summed.latest_period < summed.expected_period then 'late'
        else 'fresh'
    end as state,
    summed.n_slices,
    summed.n_slices_late,
    summed.latest_period,
    summed.expected_period,
    -- days since the period after the latest one was due
    case
        when summed.expected_period is not null then cast(greatest(0, {{ days_between(
            add_months('summed.latest_period', '2 * summed.months_in_period') ~ ' - 1 + summed.publication_lag_days',
            'summed.as_of',
        ) }}) as integer)
    end as days_behind,
    summed.last_known_from,
    last_load.retrieved_at as last_retrieved_at,
    last_load.loaded_at as last_loaded_at,
    last_load.payload_id as last_payload_id,
    last_load.rows_in,
    last_load.rows_appended as rows_loaded,
    last_load.rows_unchanged,
    last_load.rows_rejected
from summed
left join last_load
    on summed.source_id = last_load.source_id
    and summed.dataset = last_load.dataset
order by summed.source_id, summed.dataset, summed.frequency
