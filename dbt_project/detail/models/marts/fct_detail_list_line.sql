-- One row says that a line of ten digits that was imported is on a list of goods. Codes of lists have 2 to 10 digits: each line is cut to
-- every length that a code has, so that engines join on equal text and not on "begins with". A line that stands on several of the lists
-- of one measure in stages (one_of) pays once, and is told on the first of them.
with lines as (
    select distinct hs10
    from {{ ref('stg_lake_imports') }}
),

lengths as (
    select distinct length(hs_code) as digits
    from {{ ref('stg_tariff_list_code') }}
),

beginnings as (
    select
        lines.hs10,
        substr(lines.hs10, 1, lengths.digits) as beginning
    from lines
    cross join lengths
),

listed as (
    select
        beginnings.hs10,
        codes.list_id,
        coalesce(codes.one_of, codes.list_id) as one_of,
        min(codes.priority) as priority
    from beginnings
    inner join {{ ref('stg_tariff_list_code') }} as codes on beginnings.beginning = codes.hs_code
    group by beginnings.hs10, codes.list_id, coalesce(codes.one_of, codes.list_id)
),

ranked as (
    select
        list_id,
        hs10,
        row_number() over (partition by hs10, one_of order by priority) as place
    from listed
)

select
    list_id,
    hs10,
    substr(hs10, 1, 8) as hs8,
    substr(hs10, 1, 6) as hs6
from ranked
where place = 1
