-- One row is a product, partner and month of US imports, with what was traded, collected and due, and the measures in force. Every
-- cell that ever traded has a row in every month in which its partner has figures.
with cells as (
    select cell.*
    from {{ ref('int_panel_cell') }} as cell
    inner join {{ ref('stg_panel') }} as panel on cell.panel_id = panel.panel_id
    where panel.partners >= {{ ready_panel_partners() }}
),

grid as (
    select
        traded.panel_id,
        traded.product_code,
        traded.partner_iso3,
        months.period_start
    from (select distinct panel_id, product_code, partner_iso3 from cells) as traded
    inner join (select distinct panel_id, partner_iso3, period_start from cells) as months
        on traded.panel_id = months.panel_id and traded.partner_iso3 = months.partner_iso3
),

-- measures whose list, rate and days are held, so that they are in the rate
rated as (
    select
        measure_id,
        true as is_rated
    from {{ ref('stg_panel_measure') }}
),

-- measures begin and end seldom: few sets of them hold on all partners and months, and each is looked up once a product
partner_months as (
    select
        panel_id,
        partner_iso3,
        period_start,
        {{ sorted_list_where('measure_id', 'is_in_force') }} as in_force_ids,
        {{ sorted_list_where('measure_id', 'not is_in_force') }} as announced_ids
    from {{ ref('int_panel_measure_month') }}
    group by panel_id, partner_iso3, period_start
),

numbered as (
    select
        panel_id,
        partner_iso3,
        period_start,
        in_force_ids,
        announced_ids,
        dense_rank() over (order by panel_id, in_force_ids, announced_ids) as set_number
    from partner_months
),

set_measures as (
    select distinct panel_id, set_number, true as is_in_force, {{ each_item('in_force_ids') }} as measure_id from numbered
    union all
    select distinct panel_id, set_number, false, {{ each_item('announced_ids') }} from numbered
),

of_set as (
    select
        set_measures.set_number,
        scope.product_code,
        {{ sorted_list_where('set_measures.measure_id', "set_measures.is_in_force and scope.coverage <> 'unknown'") }} as measure_ids,
        {{ sorted_list_where('set_measures.measure_id', "set_measures.is_in_force and scope.coverage <> 'unknown' and rated.is_rated is null") }}
            as unrated_measure_ids,
        {{ sorted_list_where('set_measures.measure_id', "set_measures.is_in_force and scope.coverage = 'unknown'") }} as possible_measure_ids,
        max(case when set_measures.is_in_force and scope.coverage <> 'unknown' then 1 else 0 end) = 1 as has_known,
        max(case when set_measures.is_in_force and scope.coverage = 'unknown' and not scope.is_unverified then 1 else 0 end) = 1 as has_possible,
        max(case when not set_measures.is_in_force and scope.coverage <> 'unknown' then 1 else 0 end) = 1 as is_announced
    from set_measures
    inner join {{ ref('int_panel_scope') }} as scope
        on set_measures.panel_id = scope.panel_id and set_measures.measure_id = scope.measure_id
    left join rated on scope.measure_id = rated.measure_id
    group by set_measures.set_number, scope.product_code
),

-- the life of a cell under measures: where the first begins, and whether there are months that nothing can be said of
lives as (
    select
        numbered.panel_id,
        numbered.partner_iso3,
        of_set.product_code,
        min(case when of_set.has_known then numbered.period_start end) as first_measure_month,
        max(case when of_set.has_possible and not of_set.has_known then 1 else 0 end) = 1 as is_ever_unknown
    from numbered
    inner join of_set on numbered.set_number = of_set.set_number
    group by numbered.panel_id, numbered.partner_iso3, of_set.product_code
),

-- the measures of a family and the others are together the same in every family
rates as (
    select
        panel_id,
        product_code,
        partner_iso3,
        period_start,
        max(rate) as rate
    from (
        select family_id, panel_id, product_code, partner_iso3, period_start, sum(rate) as rate
        from {{ ref('int_panel_rate') }}
        group by family_id, panel_id, product_code, partner_iso3, period_start
    ) as of_family
    group by panel_id, product_code, partner_iso3, period_start
),

judged as (
    select
        grid.panel_id,
        panel.classification,
        panel.product_level,
        grid.product_code,
        grid.partner_iso3,
        grid.period_start,
        cells.panel_id is null as is_filled,
        case when cells.panel_id is null then 0 else cells.value_usd end as value_usd,
        case when cells.panel_id is null then 0 else cells.duty_usd end as duty_usd,
        case when with_rates.panel_id is not null then coalesce(rates.rate, 0) end as rate,
        coalesce(of_set.measure_ids, {{ empty_list() }}) as measure_ids,
        coalesce(of_set.unrated_measure_ids, {{ empty_list() }}) as unrated_measure_ids,
        coalesce(of_set.possible_measure_ids, {{ empty_list() }}) as possible_measure_ids,
        case
            when of_set.has_known then true
            when of_set.has_possible then null
            else false
        end as is_under_measure,
        coalesce(of_set.is_announced, false) as is_announced,
        lives.first_measure_month,
        coalesce(lives.is_ever_unknown, false) as is_ever_unknown
    from grid
    inner join {{ ref('stg_panel') }} as panel on grid.panel_id = panel.panel_id
    left join cells
        on grid.panel_id = cells.panel_id
        and grid.product_code = cells.product_code
        and grid.partner_iso3 = cells.partner_iso3
        and grid.period_start = cells.period_start
    left join numbered
        on grid.panel_id = numbered.panel_id
        and grid.partner_iso3 = numbered.partner_iso3
        and grid.period_start = numbered.period_start
    left join of_set on numbered.set_number = of_set.set_number and grid.product_code = of_set.product_code
    left join lives
        on grid.panel_id = lives.panel_id
        and grid.partner_iso3 = lives.partner_iso3
        and grid.product_code = lives.product_code
    left join rates
        on grid.panel_id = rates.panel_id
        and grid.product_code = rates.product_code
        and grid.partner_iso3 = rates.partner_iso3
        and grid.period_start = rates.period_start
    left join (select distinct panel_id from rates) as with_rates on grid.panel_id = with_rates.panel_id
)

select
    judged.panel_id,
    judged.classification,
    cast(judged.product_level as smallint) as product_level,
    judged.product_code,
    judged.partner_iso3,
    judged.period_start,
    judged.value_usd,
    judged.duty_usd,
    judged.is_filled,
    100.0 * judged.duty_usd / nullif(judged.value_usd, 0) as collected_rate_pct,
    case when {{ list_length('judged.unrated_measure_ids') }} = 0 then 100.0 * judged.rate end as added_rate_pct,
    case
        when judged.rate is not null and {{ list_length('judged.unrated_measure_ids') }} = 0
            then {{ list_length('judged.possible_measure_ids') }} > 0
    end as added_rate_is_at_least,
    by_law.statutory_rate_pct as partner_statutory_rate_pct,
    cast({{ list_length('judged.measure_ids') }} as smallint) as measure_count,
    judged.measure_ids,
    judged.unrated_measure_ids,
    judged.possible_measure_ids,
    judged.is_under_measure,
    judged.first_measure_month,
    cast({{ months_between('judged.first_measure_month', 'judged.period_start') }} as smallint) as months_since_first_measure,
    case
        when judged.is_under_measure then 'in_force'
        when judged.is_under_measure is null then 'unknown'
        when judged.first_measure_month is null and judged.is_ever_unknown then 'unknown'
        when judged.first_measure_month is null then 'never'
        when judged.period_start > judged.first_measure_month then 'lifted'
        when judged.is_announced then 'announced'
        else 'before'
    end as phase
from judged
left join {{ ref('rpt_statutory_rate') }} as by_law
    on judged.partner_iso3 = by_law.partner_iso3 and judged.period_start = by_law.period_start
order by judged.panel_id, judged.product_code, judged.partner_iso3, judged.period_start
