-- One row is a country of Schedule C with its ISO code. in_panel: one of the partners that the panels of the warehouse compare.
select
    country_code,
    partner_iso3,
    in_panel
from {{ lake('country') }}
