-- One row is a line of the latest (or the asked-for) vintage of US imports: a product of ten digits, a country, two districts and a rate
-- provision in a month.
select
    month,
    hs10,
    substr(hs10, 1, 6) as hs6,
    country_code,
    district_entry,
    rate_provision,
    consumption_value,
    dutiable_value,
    calculated_duty,
    general_value,
    general_cif_value
from {{ lake('imports') }}
