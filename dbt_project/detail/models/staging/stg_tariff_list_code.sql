-- One row is a code of a list of goods under a tariff measure: 2 to 10 digits, all that begin with them are meant.
select
    list_id,
    hs_code,
    one_of,
    priority
from {{ lake('tariff_list_code') }}
