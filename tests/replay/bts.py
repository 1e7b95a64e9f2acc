"""BTS file server: TransBorder zips under the addresses of the list, answering from the bundled freight figures.

Belongs here: zips as the agency packs them (folders, year-to-date tables, zips in zips), 404 and 403.
Does not belong here: HTTP and its faults (server.py), assertions.

    replay.serve("BTS", FileServer())            real months 2015-01 to 2024-09, HS 84, 85 and 87
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import polars as pl

from orchestration.sources.agencies import bts
from tests.replay.server import Call, Reply, text_reply
from tests.support.bundled import read

_COLUMNS = {
    "dot1": ("TRDTYPE", "USASTATE", "DEPE", "DISAGMOT", "MEXSTATE", "CANPROV"),
    "dot2": ("TRDTYPE", "USASTATE", "COMMODITY2", "DISAGMOT", "MEXSTATE", "CANPROV"),
    "dot3": ("TRDTYPE", "DEPE", "COMMODITY2", "DISAGMOT"),
}
_AMOUNTS = ("VALUE", "SHIPWT", "FREIGHT_CHARGES")
_COUNTRY = {"CAN": "1220", "MEX": "2010"}


@cache
def _freight() -> pl.DataFrame:
    return read("freight_flow_bts")


@cache
def tables(month: date) -> Mapping[str, bytes]:
    """dot1, dot2 and dot3 of a month as CSV, empty where the figures have none. Ports and containers are not in the
    figures: one of each stands for all."""
    lines = _lines(_freight().filter(period_start=month), month)
    return {name: _csv(columns, lines) for name, columns in _COLUMNS.items()} if lines else {}


def _lines(cells: pl.DataFrame, month: date) -> list[dict[str, object]]:
    lines = []
    for cell in cells.iter_rows(named=True):
        partner, region = cell["partner_iso3"], cell["partner_region_code"]
        lines.append(
            {
                "TRDTYPE": {"exports": "1", "imports": "2"}[cell["flow"]],
                "USASTATE": cell["us_state_code"],
                "DEPE": "0101",
                "COMMODITY2": cell["hs2"],
                "DISAGMOT": cell["transport_mode"],
                "MEXSTATE": region if partner == "MEX" and region != "XX" else "",
                "CANPROV": region if partner == "CAN" else "",
                "COUNTRY": _COUNTRY[partner],
                "VALUE": cell["value_usd"],
                "SHIPWT": cell["shipping_weight_kg"],
                "FREIGHT_CHARGES": cell["freight_charges_usd"],
                "DF": "1" if cell["flow"] == "exports" else "",
                "CONTCODE": "X",
                "MONTH": f"{month.month:02}",
                "YEAR": str(month.year),
            }
        )
    return lines


def _csv(columns: tuple[str, ...], lines: Iterable[Mapping[str, object]]) -> bytes:
    names = (*columns, "COUNTRY", *_AMOUNTS, "DF", "CONTCODE", "MONTH", "YEAR")
    out = io.StringIO()
    writer = csv.DictWriter(out, names, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # a fixed time, so that the same month has the same bytes
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def month_zip(month: date, folder: str = "", names: Iterable[str] = ("dot1", "dot2", "dot3")) -> bytes:
    """A monthly zip with the year-to-date tables that lie beside the month's until 2025."""
    members = {f"{folder}{name}_{month:%m%y}.csv": tables(month)[name] for name in names}
    ytd = {f"{folder}{name}_ytd_{month:%m%y}.csv": b"TRDTYPE\r\n" for name in names if month.year < 2026}
    return zipped({**members, **ytd, f"__MACOSX/{folder}._dot2_{month:%m%y}.csv": b"\x00\x05"})


def _months(first: date, last: date) -> list[date]:
    return pl.date_range(first, last, "1mo", eager=True).to_list()


def _stand_in(month: date) -> dict[str, bytes]:
    """A month with one cell for each chapter, direction and partner, made of the newest one."""
    newest = _freight()["period_start"].max()
    of_newest = _freight().filter(period_start=newest)
    cells = of_newest.unique(["hs2", "flow", "partner_iso3"], keep="first", maintain_order=True)
    lines = _lines(cells, month)
    return {name: _csv(columns, lines) for name, columns in _COLUMNS.items()}


def _stand_in_zip(months: list[date]) -> bytes:
    return zipped(
        {f"{name}_{month:%m%y}.csv": text for month in months for name, text in _stand_in(month).items()}
    )


@dataclass
class FileServer:
    """`files`: path below the folder -> content, before the figures; `stamp`: Last-Modified of every file; `blocked`: 403
    to everybody; `page`: the list page, 404 where it is empty; `stand_ins`: whether a month that is not in the figures
    gets a few rows of another one."""

    files: dict[str, bytes] = field(default_factory=dict)
    stamp: str = "Wed, 20 Nov 2024 15:00:00 GMT"
    blocked: bool = False
    page: str = ""
    stand_ins: bool = False

    def __call__(self, call: Call) -> Reply:
        if self.blocked:
            return text_reply("<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>", 403, "text/html")
        if call.path == bts.LIST_PAGE and self.page:
            return text_reply(self.page, 200, "text/html")
        path = call.path.removeprefix(bts.FOLDER)
        content = self.files.get(path) or self._of_figures(path)
        if content is None:
            return text_reply("<!DOCTYPE html><html><title>Page not found</title></html>", 404, "text/html")
        return Reply(content, media_type="application/zip", last_modified=self.stamp)

    def _of_figures(self, path: str) -> bytes | None:
        known = _freight()["period_start"].unique().sort()
        for first, last, listed in bts.addresses():
            if f"/{listed}" == path:
                found = [month for month in known if first <= month <= last]
                if self.stand_ins and known[0] <= last and first <= known[-1]:
                    found = _months(first, last)
                if not found:
                    return None
                if first == last:
                    return (
                        month_zip(first, folder=f"{first:%B%Y}/") if tables(first) else _stand_in_zip(found)
                    )
                members = {
                    f"{month:%B %Y}/{name}_{month:%m%y}.csv": content
                    for month in found
                    for name, content in (tables(month) or _stand_in(month)).items()
                }
                return zipped(members)
        return None
