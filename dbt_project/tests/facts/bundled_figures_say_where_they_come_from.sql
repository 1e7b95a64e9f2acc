-- Every bundled figure of a series leads to the agency's own page: a bundled file that nobody described, or a series that no
-- pattern of its file fits, would end at the file in this repository.
{{ config(meta={'dagster': {'ref': {'name': 'int_published_vintage'}}}) }}
select distinct
    payload.dataset,
    vintages.series_id
from {{ ref('int_published_vintage') }} as vintages
inner join {{ ref('stg_payload') }} as payload on vintages.payload_id = payload.payload_id
left join {{ ref('stg_figure_origin') }} as origin
    on payload.dataset = origin.dataset
    and vintages.series_id like origin.series_like
    and (len(origin.known_on) = 0 or list_contains(origin.known_on, left(cast(vintages.known_from as varchar), 10)))
where payload.source_id = 'figures'
    and origin.dataset is null
