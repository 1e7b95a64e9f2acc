-- One row is a US state in an event's primary run: its automotive freight per job before, and what its manufacturing jobs changed by.
with places as (
    select
        family_id,
        {{ each_item('states') }} as state
    from {{ ref('int_state_result') }}
    where is_primary
)

select
    family_id,
    state.us_state_code as us_state_code,
    state.jobs_before,
    state.freight_usd,
    state.exposure,
    state.change_log
from places
order by family_id, us_state_code
