"""Parts of pages: a table as CSV holds every row, lists included."""

from __future__ import annotations

import datetime as dt

import polars as pl

from orchestration.base.settings import Settings
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, current_release


def test_csv_holds_every_row_and_lists(home: Settings) -> None:
    frame = current_release(home).ask(
        Query("select event_id, parties, event_date from dim_event order by event_id")
    )
    text = parts.flat(frame).write_csv()
    again = pl.read_csv(text.encode(), try_parse_dates=True)
    assert again.height == frame.height
    assert again["parties"].str.split(";").to_list() == frame["parties"].to_list()
    assert again["event_date"].dtype == pl.Date
    assert isinstance(again["event_date"][0], dt.date)
