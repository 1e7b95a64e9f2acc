"""The windows of a comparison: what is compared where nobody asks for anything else, and what may be asked for.

Belongs here: those numbers, for command line, pages and dashboard. It imports nothing, so that `headway --help` can show
them. Does not belong here: which windows the reports hold (transforms/statistics/forecasts.py, dbt_project/macros).
"""

from __future__ import annotations

#: months on each side of the cut where a person asks for nothing else
WINDOW = 12
#: Months left out before the cut where nobody asks for a gap and the event falls inside a month: its own month, which lies partly
#: before and partly after. An event on the first day of a month has none. As own_month_gap() of dbt_project/macros/left_out.sql.
OWN_MONTH_GAP = 1
#: the longest window that is asked for: longer ones meet so many other events that nothing is compared with anything
MAX_MONTHS = 120
#: what `as_of` says for "each month as it was first released"
FIRST = "first"
