"""Documents of the feed: list and text merged, with what of the timelines cites them and what was decided.

Belongs here: which tables. Does not belong here: the merging (transforms/feed/board.py, which `headway feed list` calls as well).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.feed.board import board


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    references = dbt.ref("int_feed_reference").pl()
    told = {
        kind: references.filter(pl.col("named_by") == kind).select("row_id", "told").rows()
        for kind in ("event", "measure")
    }
    return board(
        dbt.ref("stg_feed_candidate_current").pl(),
        dbt.ref("stg_feed_review_current").pl(),
        told["event"],
        told["measure"],
    )
