-- `keys` name the rows that differ in their gap alone. Not more than one of them may answer by default, and where `complete_where` holds
-- exactly one: an event without a default row would have no answer, one with two would have two. Where the windows of the default gap reach
-- beyond the life of the series, those of the longer gaps do, too.
{% test one_default_gap(model, keys, complete_where) %}
select
    {{ keys | join(', ') }},
    count(case when is_default_gap then 1 end) as n_default
from {{ model }}
group by {{ keys | join(', ') }}
having n_default > 1
    or (n_default = 0 and bool_and({{ complete_where }}) and count(case when gap_months > 0 then 1 end) > 0)
{% endtest %}
