"""When jobs run by themselves.

Belongs here: schedules. Does not belong here: what a job does.
"""

from __future__ import annotations

import dagster as dg

from orchestration.jobs import REFRESH

#: most US, Canadian and Mexican statistics come out at 08:30 Eastern; 09:40 leaves room for G.17 (09:15) and for late posting
WEEKDAYS = dg.ScheduleDefinition(
    name="refresh_on_weekdays",
    job=REFRESH,
    cron_schedule="40 9 * * 1-5",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
