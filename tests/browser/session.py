"""A reader of the dashboard without a browser: one session of the server, spoken to as the page's own client does.

Belongs here: asking for a page and reading a table of it. Does not belong here: how a page looks (harness.py), what it must say.

A tab of Chromium takes 4 s of a processor to load a page, of which the server works 0.5 s; what many readers do to the server is seen as
well in sessions alone.
"""

from __future__ import annotations

import polars as pl
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.support.patience import PATIENCE


def table_of(url: str, page: str, query: str, key: str) -> pl.DataFrame:
    """The table in the container `key` of the page at `url`/`page`?`query`, as the session that asked for it was sent it.

    Raises TimeoutError where the page is not made in PATIENCE seconds, AssertionError where it has no such table.
    """
    asked = BackMsg()
    asked.rerun_script.query_string, asked.rerun_script.page_name = query, page
    address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(address, origin=url, subprotocols=["streamlit"], max_size=None) as line:  # type: ignore[arg-type]
        line.send(asked.SerializeToString())
        place: list[int] = []
        found = None
        while True:
            message = ForwardMsg()
            message.ParseFromString(line.recv(PATIENCE, decode=False))
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                assert found is not None, f"{page}?{query} has no table {key}"
                return found
            at = list(message.metadata.delta_path)
            if kind == "delta" and message.delta.add_block.id.endswith(f"-{key}"):
                place = at
            elif kind == "delta" and place and at[:-1] == place:
                element = message.delta.new_element
                if element.WhichOneof("type") == "table":
                    found = pl.read_ipc_stream(element.table.arrow_data.data)
