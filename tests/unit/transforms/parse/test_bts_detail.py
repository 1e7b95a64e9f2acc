"""Freight at full detail: a table that is damaged costs itself, tables that contradict each other cost their month."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from tests.replay.bts import tables, zipped
from transforms.detail_tables import DETAIL_TABLES
from transforms.parse.bts_detail import is_freight, months_in, read_months
from transforms.schema import FrameError

MONTH = date(2024, 9, 1)


def members(month: date = MONTH) -> dict[str, bytes]:
    return {f"{name}_{month:%m%y}.csv": text for name, text in tables(month).items()}


def test_rows_are_those_of_the_tables():
    (month,) = read_months(zipped(members()))
    assert (month.month, month.refused, month.messages) == ("2024-09", "", ())
    names = {
        "dot1": "transborder_port",
        "dot2": "transborder_state_commodity",
        "dot3": "transborder_port_commodity",
    }
    for name, table in zip(names, month.tables, strict=True):
        assert table.flow == names[name]
        spec = DETAIL_TABLES[table.flow]
        assert table.frame.columns == [*spec.codes, *spec.amounts]
        lines = list(csv.DictReader(io.StringIO(tables(MONTH)[name].decode())))
        amounts = [tuple(int(line[a]) for a in ("VALUE", "SHIPWT", "FREIGHT_CHARGES")) for line in lines]
        assert table.frame.select(spec.amounts).rows() == [a for a in amounts if any(a)]
        assert table.zero_rows == sum(not any(a) for a in amounts)
    assert len({table.value_usd for table in month.tables}) == 1


@pytest.mark.parametrize("damaged", ["dot1_0924.csv", "dot3_0924.csv"])
def test_a_damaged_dot1_or_dot3_costs_itself_and_is_said(damaged):
    (month,) = read_months(zipped({**members(), damaged: b"TRDTYPE,VALUE\r\n1,2\r\n"}))
    assert len(month.tables) == 2 and not month.refused
    assert damaged[:4] in month.messages[0]


def test_a_damaged_dot2_and_a_contradiction_cost_the_month_only():
    before = date(2024, 8, 1)
    good, bad = members(before), members()
    bad["dot2_0924.csv"] = b"TRDTYPE\r\n1\r\n"
    assert [(m.month, bool(m.refused)) for m in read_months(zipped({**good, **bad}))] == [
        ("2024-08", False),
        ("2024-09", True),
    ]
    bad = members()
    bad["dot3_0924.csv"] = b"\r\n".join([*bad["dot3_0924.csv"].splitlines()[:-1], b""])
    (_, month) = read_months(zipped({**good, **bad}))
    assert "the values of dot2 and dot3 differ" in month.refused


def test_another_zip_is_no_freight():
    assert is_freight(zipped(members())) and months_in(zipped(members())) == [MONTH]
    assert not is_freight(zipped({"a.csv": b"x"})) and not is_freight(b"PK")
    with pytest.raises(FrameError, match="no tables named"):
        list(read_months(zipped({"a.csv": b"x"})))
