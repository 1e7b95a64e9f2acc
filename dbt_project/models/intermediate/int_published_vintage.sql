-- One row is a value of a published series as it was known from one day to another. A figure that is the one in force rounded is no
-- row; one that gives it more digits is a row that revises nothing (adds_digits).
{{ config(meta={'by_series': ['int_observation_known']}) }}
with stated as (
    {{ collapse_vintages(
        ref('int_observation_known'),
        keys=['series_id', 'period_start'],
        values=['value', 'status'],
    ) }}
),

vintages as (
    {{ without_rounding('stated') }}
)

select
    vintages.series_id,
    vintages.period_start,
    series.frequency,
    vintages.value,
    vintages.status,
    vintages.known_from,
    vintages.known_to,
    vintages.known_from_basis,
    vintages.revision_number,
    vintages.adds_digits,
    vintages.payload_id
from vintages
-- a left join, because rows of an undeclared series must fail a test and not vanish
left join {{ ref('stg_series') }} as series on vintages.series_id = series.series_id
order by vintages.series_id, vintages.period_start, vintages.known_from
