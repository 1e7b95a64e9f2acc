-- One row is a run of months of a series and its statistics. The windows before and after a cut, the window as far before again and
-- the straight line of trend_dev are all rows of this model.
{{ config(meta={'by_series': ['int_basis_month']}) }}
{% for months in report_windows() + [trend_months()] %}
select
    series_id,
    as_of_basis,
    {{ months }} as window_months,
    month_index,
    period_start as window_start,
    count(*) over ahead as n_months,
    sum(in_episode) over ahead as n_episode_months,
    -- months of which only a later copy is held, the oldest of those copies, and months of which a later version is held
    count(copied_on) over ahead as n_copied,
    min(copied_on) over ahead as oldest_copy,
    count(case when has_later_version then 1 end) over ahead as n_revised,
    {{ window_statistics('ahead') | indent(4) }}
from {{ ref('int_basis_month') }}
window ahead as (
    partition by series_id, as_of_basis
    order by month_index
    rows between current row and {{ months - 1 }} following
)
{{ 'union all' if not loop.last }}
{% endfor %}
