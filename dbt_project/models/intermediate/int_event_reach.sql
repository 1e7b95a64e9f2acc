-- One row says that an event could show in a series, by one of its topics. There are two ways from an event to a series. By goods: the
-- topic of the event is about goods that the series measures. By measure: the event announces, starts or ends a tariff measure
-- that reaches the goods of the series. Whether the series was alive at the event is another question (int_event_exposure).
with events as (
    select
        event.event_id,
        event.event_date,
        event.effective_on,
        event.event_type,
        event.timeline,
        {{ each_item('topics') }} as topic
    from {{ ref('stg_event') }} as event
),

parties as (
    select event_id, {{ each_item('parties') }} as party from {{ ref('stg_event') }}
),

acts as (
    select event_id, count(*) as n_parties from parties group by event_id
),

series as (
    select
        known.series_id,
        known.geography_iso3,
        known.partner_iso3,
        known.flow,
        known.product_code,
        known.industry_code,
        goods.goods
    from {{ ref('int_known_series') }} as known
    left join {{ ref('int_series_goods') }} as goods on known.series_id = goods.series_id
),

by_goods as (
    select
        events.event_id,
        series.series_id,
        events.topic,
        min(series.goods) as goods,
        min(topic_goods.reason) as reason
    from events
    inner join {{ ref('stg_topic_goods') }} as topic_goods on events.topic = topic_goods.topic
    inner join series on topic_goods.goods = series.goods
    inner join acts on events.event_id = acts.event_id
    -- The country of the series takes part in the event, and so does its partner. An act of a single country is towards all of
    -- its partners.
    inner join parties as home on events.event_id = home.event_id and series.geography_iso3 = home.party
    left join parties as away on events.event_id = away.event_id and series.partner_iso3 = away.party
    where away.party is not null
        or series.partner_iso3 is null
        or series.partner_iso3 = 'WLD'
        or acts.n_parties = 1
    group by events.event_id, series.series_id, events.topic
),

measures as (
    select *, {{ each_item('partners') }} as partner
    from {{ ref('stg_tariff_measure') }} as measure
    where in_force and not {{ is_own('measure') }}
),

-- events and the measures that they announce, start or end
started as (
    select distinct
        events.event_id,
        events.topic,
        measures.measure_id,
        measures.imposing_iso3
    from events
    inner join acts on events.event_id = acts.event_id
    inner join measures
        on (
            events.event_date in (measures.announced_on, measures.effective_on, measures.ended_on)
            or events.effective_on in (measures.announced_on, measures.effective_on, measures.ended_on)
        )
        -- retaliation on the same day is another country's measure
        and events.timeline not like 'retaliation%'
        -- a tariff event is about its tariff, whatever topic its grounds are filed under
        and (events.topic = measures.topic or events.event_type in ('tariff_announced', 'tariff_effective'))
    inner join parties as imposing on events.event_id = imposing.event_id and measures.imposing_iso3 = imposing.party
    left join parties as hit on events.event_id = hit.event_id and measures.partner = hit.party
    where measures.partner = 'WLD' or hit.party is not null or acts.n_parties = 1
),

linked as (
    select
        started.event_id,
        touched.series_id,
        started.topic,
        touched.goods,
        started.measure_id,
        'the measure reaches a part of these goods' as reason
    from started
    -- an event is not looked for in a chapter of which only lines of a public list are under its measure
    inner join {{ ref('int_tariff_scope') }} as scope
        on started.measure_id = scope.measure_id and scope.coverage <> 'unknown' and not scope.is_by_list_alone
    inner join {{ ref('int_known_series') }} as cell on scope.series_id = cell.series_id
    inner join series as touched
        on cell.geography_iso3 = touched.geography_iso3
        and cell.partner_iso3 = touched.partner_iso3
        and cell.flow = touched.flow
        and cell.product_code is not distinct from touched.product_code
        and cell.industry_code is not distinct from touched.industry_code
    union all
    -- what a measure does to goods made at home
    select
        started.event_id,
        touched.series_id,
        started.topic,
        touched.goods,
        started.measure_id,
        measure_goods.reason
    from started
    inner join {{ ref('stg_tariff_programme') }} as programme on started.measure_id = programme.measure_id
    inner join {{ ref('stg_measure_goods') }} as measure_goods on programme.programme = measure_goods.programme
    inner join series as touched
        on measure_goods.goods = touched.goods
        and started.imposing_iso3 = touched.geography_iso3
        and touched.flow is null
),

by_measure as (
    select
        event_id,
        series_id,
        topic,
        max(goods) as goods,
        {{ sorted_list('measure_id') }} as measure_ids,
        max(reason) as reason
    from (
        select event_id, series_id, topic, measure_id, max(goods) as goods, max(reason) as reason
        from linked
        group by event_id, series_id, topic, measure_id
    ) as once
    group by event_id, series_id, topic
),

positions as (
    select position.event_id, position.topic, cast(count(*) as integer) as n_positions
    from {{ ref('stg_position') }} as position
    inner join {{ ref('stg_event') }} as event on position.event_id = event.event_id
    -- what a user notes of a bundled event changes no figure of it
    where not {{ is_own('position') }} or {{ is_own('event') }}
    group by position.event_id, position.topic
),

pairs as (
    select event_id, series_id, topic from by_goods
    union distinct
    select event_id, series_id, topic from by_measure
)

select
    pairs.event_id,
    pairs.series_id,
    pairs.topic,
    case when by_measure.event_id is not null then 'measure' else 'goods' end as match_basis,
    coalesce(by_goods.goods, by_measure.goods, 'others') as goods,
    coalesce(by_measure.measure_ids, {{ empty_list() }}) as measure_ids,
    coalesce(positions.n_positions, 0) as n_positions,
    coalesce(by_goods.reason, by_measure.reason) as why
from pairs
left join by_goods
    on pairs.event_id = by_goods.event_id and pairs.series_id = by_goods.series_id and pairs.topic = by_goods.topic
left join by_measure
    on pairs.event_id = by_measure.event_id and pairs.series_id = by_measure.series_id and pairs.topic = by_measure.topic
left join positions on pairs.event_id = positions.event_id and pairs.topic = positions.topic
order by pairs.event_id, pairs.series_id, pairs.topic
