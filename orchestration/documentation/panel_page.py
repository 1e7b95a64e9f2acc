"""The slope that docs/panel.md prints, by its own query on a release.

Belongs here: renewing that number. Does not belong here: the prose and examples around it (docs/panel.md), fct_panel (dbt).
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.settings import PROJECT
from orchestration.documentation.answer_blocks import renewed

if TYPE_CHECKING:
    import duckdb

PAGE = PROJECT / "docs" / "panel.md"


def panel_page(con: duckdb.DuckDBPyConnection, page: Path = PAGE) -> str:
    """The page with the slope as its first block of SQL gives it. Raises ValueError where the block or the mark is missing."""
    text = page.read_text(encoding="utf-8")
    query = re.search(r"```sql\n(.*?)```", text, re.S)
    if query is None:
        raise ValueError(f"{page.name} has no query for its slope")
    slope, observations = con.execute(query[1]).fetchall()[0]
    change = 100 * math.expm1(slope)
    direction = "lower" if change < 0 else "higher"
    return renewed(
        text,
        "slope",
        f"> **{slope:.5f}** on {observations:,} observations: one more point of rate by law goes with a value {direction} by "
        f"{abs(change):.1f} %.",
    )
