with measures as (
    select
        list_id,
        {{ sorted_list('measure_id') }} as measure_ids
    from {{ ref('stg_tariff_reach') }}
    where list_id <> '*'
    group by list_id
),

exceptions as (
    select
        except_list_id,
        {{ sorted_list('measure_id') }} as measure_ids
    from {{ ref('stg_tariff_reach') }}
    where except_list_id is not null
    group by except_list_id
)

select
    list.list_id,
    list.title,
    code.hs_codes,
    coalesce(measures.measure_ids, {{ empty_list() }}) as measure_ids,
    coalesce(exceptions.measure_ids, {{ empty_list() }}) as sparing_measure_ids,
    list.source_reference
from {{ ref('stg_tariff_list') }} as list
inner join {{ ref('stg_tariff_list_code') }} as code on list.list_id = code.list_id
left join measures on list.list_id = measures.list_id
left join exceptions on list.list_id = exceptions.except_list_id
order by list.list_id
