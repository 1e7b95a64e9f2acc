"""Cells of a workbook: every value comes back from its cell. Whole exports as workbooks: test_export.py."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from orchestration.base.public_table import describe
from orchestration.readers import workbook


@pytest.mark.slow
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=40),
    number=st.one_of(st.floats(), st.floats(-1e300, 1e300)),
    big=st.integers(-(2**63), 2**63 - 1),
    day=st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    moment=st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)),
    flag=st.booleans(),
)
@example(
    " _x0041_ =1+1\r\n\x0b\ufffe", 0.1 + 0.2, 2**53 + 1, dt.date(1900, 2, 28), dt.datetime(1900, 3, 1), True
)
@settings(deadline=None, max_examples=30)
def test_any_value_comes_back_from_its_cell(text, number, big, day, moment, flag):
    """Excel reads a workbook as openpyxl does: what XML or a double cannot hold must not stop it or change on the way."""
    text = text.replace("\0", "")  # DuckDB's chr(0) cannot be told from the end of a text by every client
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        con.execute(
            "CREATE TABLE t (t VARCHAR, n DOUBLE, b BIGINT, d DATE, m TIMESTAMP, f BOOLEAN, none INTEGER)"
        )
        con.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, NULL)", [text, number, big, day, moment, flag])
        (table,) = describe(con, {})
        workbook.write_workbook(con, table, "FROM t", Path(folder) / "t.xlsx", on_rows=lambda done: None)
        sheet = openpyxl.load_workbook(Path(folder) / "t.xlsx")["t"]
        cells = dict(zip("tnbdmf", [cell.value for cell in sheet[2]], strict=False))
        assert not any(cell.data_type == "f" or cell.hyperlink for cell in sheet[2])
        assert unescape(cells["t"] or "") == text
        assert (cells["n"] == number) if math.isfinite(number) else isinstance(cells["n"], str)
        assert int(cells["b"]) == big
        if day.year < 1900:
            assert cells["d"] == day.isoformat()
        else:
            assert cells["d"] == dt.datetime.combine(day, dt.time())
        assert abs(cells["m"] - moment) <= dt.timedelta(milliseconds=1)
        assert cells["f"] is flag and sheet["G2"].value is None
