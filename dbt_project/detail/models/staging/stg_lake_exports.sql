-- One row is a line of the latest (or the asked-for) vintage of US exports: a product of ten digits, a country and a district in a month,
-- domestic goods (1) and re-exports of foreign ones (2) apart.
select
    month,
    substr(hs10, 1, 6) as hs6,
    country_code,
    district,
    domestic_foreign,
    export_value
from {{ lake('exports') }}
