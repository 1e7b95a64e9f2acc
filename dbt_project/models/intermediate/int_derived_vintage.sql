{{ config(meta={'series_of': {'int_published_vintage': ['int_derived_input input_series_id']}}) }}
-- One row is a vintage of a derived series and period. There is one whenever what was known of an input changed, made of what was
-- known of all inputs at that moment and of nothing else. An index depends on every month of its base year as well, so a revised
-- month of that year makes a vintage of every period. Provenance is that of the input that changed last.
with vintages as (
    select
        inputs.series_id,
        inputs.role,
        inputs.place,
        inputs.base_period,
        known.period_start,
        known.value * inputs.input_multiplier as value,
        {{ status_rank('known.status') }} as status_rank,
        known.known_from,
        known.known_to,
        known.known_from_basis,
        known.adds_digits,
        known.payload_id
    from {{ ref('int_derived_input') }} as inputs
    inner join {{ ref('int_published_vintage') }} as known on inputs.input_series_id = known.series_id
),

base_months as (
    select * from vintages
    where role = 'base' and extract(year from period_start) = base_period
),

base_known as (
    select
        moments.series_id,
        moments.known_from as moment,
        months.value,
        months.status_rank,
        months.known_from_basis,
        months.known_from < moments.known_from or months.adds_digits is true as is_old,
        months.payload_id,
        row_number() over (
            partition by moments.series_id, moments.known_from order by months.known_from desc, months.period_start desc
        ) as age
    from (select distinct series_id, known_from from base_months) as moments
    inner join base_months as months
        on moments.series_id = months.series_id
        and moments.known_from >= months.known_from
        and moments.known_from < coalesce(months.known_to, {{ still_known() }})
),

bases as (
    select
        series_id,
        moment as known_from,
        lead(moment) over (partition by series_id order by moment) as known_to,
        case when {{ has_number('max(status_rank)') }} then avg(value) end as value,
        max(status_rank) as status_rank,
        max(case when age = 1 then known_from_basis end) as known_from_basis,
        count(case when not is_old then 1 end) = 0 as adds_digits,
        max(case when age = 1 then payload_id end) as payload_id
    from base_known
    group by series_id, moment
    -- the mean of eleven months would put the index on another base
    having count(*) = 12
),

terms as (
    select
        series_id, role, place, period_start, value, status_rank, known_from, known_to, known_from_basis, adds_digits, payload_id
    from vintages
    where role <> 'base'

    union all

    select
        bases.series_id, 'base', 3, periods.period_start, bases.value, bases.status_rank,
        bases.known_from, bases.known_to, bases.known_from_basis, bases.adds_digits, bases.payload_id
    from bases
    inner join (select distinct series_id, period_start from vintages where place = 1) as periods
        on bases.series_id = periods.series_id
),

known_at as (
    select
        moments.series_id,
        moments.period_start,
        moments.known_from as moment,
        terms.role,
        terms.value,
        terms.status_rank,
        terms.known_from_basis,
        terms.known_from < moments.known_from or terms.adds_digits is true as is_old,
        terms.payload_id,
        row_number() over (
            partition by moments.series_id, moments.period_start, moments.known_from order by terms.known_from desc, terms.place
        ) as age
    from (select distinct series_id, period_start, known_from from terms) as moments
    inner join terms
        on moments.series_id = terms.series_id
        and moments.period_start = terms.period_start
        and moments.known_from >= terms.known_from
        and moments.known_from < coalesce(terms.known_to, {{ still_known() }})
),

wide as (
    select
        series_id,
        period_start,
        moment,
        count(*) as n_known,
        max(status_rank) as status_rank,
        max(case when role = 'plus' then value end) as plus,
        max(case when role = 'minus' then value end) as minus,
        max(case when role = 'over' then value end) as divisor,
        max(case when role = 'times' then value end) as factor,
        max(case when role = 'base' then value end) as base,
        max(case when age = 1 then known_from_basis end) as known_from_basis,
        -- where inputs were only given with more digits, the result is, too
        count(case when not is_old then 1 end) = 0 as adds_digits,
        max(case when age = 1 then payload_id end) as payload_id
    from known_at
    group by series_id, period_start, moment
),

computed as (
    select
        wide.*,
        case
            when not {{ has_number('wide.status_rank') }} then null
            when declared.method in ('share', 'rate') then 100 * wide.plus / nullif(wide.divisor, 0)
            when declared.method = 'converted' and wide.factor is not null then wide.plus * wide.factor
            when declared.method = 'converted' then wide.plus / nullif(wide.divisor, 0)
            when declared.method = 'deflated' then wide.plus / nullif(wide.divisor, 0) * wide.base
            when declared.method = 'per_day' then wide.plus / months.weekdays
            when declared.method = 'difference' then wide.plus - wide.minus
            when declared.method = 'indexed' then 100 * wide.plus / nullif(wide.base, 0)
        end / declared.unit_multiplier as value
    from wide
    inner join {{ ref('stg_derived_series') }} as declared on wide.series_id = declared.series_id
    inner join (
        select series_id, count(*) as n_inputs from {{ ref('int_derived_input') }} group by series_id
    ) as needed on wide.series_id = needed.series_id and wide.n_known = needed.n_inputs
    left join {{ ref('int_month') }} as months on wide.period_start = months.month_start
),

stated as (
    select
        series_id,
        period_start,
        value,
        -- a division by zero gives no value
        case when value is null and {{ has_number('status_rank') }} then 'missing' else {{ status_of_rank('status_rank') }} end as status,
        moment as known_from,
        known_from_basis,
        adds_digits,
        payload_id,
        -- collapse_vintages decides by load between rows of one moment, of which there are none here
        0 as load_id,
        -- what was never known cannot be withdrawn
        max(case when status_rank < {{ rank_of('withdrawn') }} then 1 else 0 end) over (
            partition by series_id, period_start order by moment rows between unbounded preceding and current row
        ) as was_known
    from computed
),

appended as (
    select * from stated
    where was_known = 1
),

collapsed as (
    {{ collapse_vintages('appended', keys=['series_id', 'period_start'], values=['value', 'status']) }}
)

select
    collapsed.series_id,
    collapsed.period_start,
    series.frequency,
    collapsed.value,
    collapsed.status,
    collapsed.known_from,
    collapsed.known_to,
    collapsed.known_from_basis,
    cast(
        sum(case when collapsed.adds_digits and collapsed.revision_number > 0 then 0 else 1 end) over (
            partition by collapsed.series_id, collapsed.period_start order by collapsed.known_from
        ) - 1 as integer
    ) as revision_number,
    collapsed.adds_digits and collapsed.revision_number > 0 as adds_digits,
    collapsed.payload_id
from collapsed
left join {{ ref('int_derived_series') }} as series on collapsed.series_id = series.series_id
order by collapsed.series_id, collapsed.period_start, collapsed.known_from
