-- One row names the family in which the comparisons of a series are counted for the false discovery rates.
select
    series.series_id,
    case when series.source_id = 'headway_derived' then 'derived' else coalesce(family.family_id, 'other') end as family_id
from {{ ref('int_known_series') }} as series
left join {{ ref('stg_family_measure') }} as family
    on series.measure = family.measure
    and family.by_product = (series.product_code is not null or series.industry_code is not null)
where series.frequency = 'monthly'
