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
    lines = []
    for cell in _freight().filter(period_start=month).iter_rows(named=True):
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
    return {name: _csv(columns, lines) for name, columns in _COLUMNS.items()} if lines else {}


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


@dataclass
class FileServer:
    """`files`: path -> content, before the figures; `stamp`: Last-Modified of every file; `blocked`: 403 to everybody."""

    files: dict[str, bytes] = field(default_factory=dict)
    stamp: str = "Wed, 20 Nov 2024 15:00:00 GMT"
    blocked: bool = False

    def __call__(self, call: Call) -> Reply:
        if self.blocked:
            return text_reply("<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>", 403, "text/html")
        content = self.files.get(call.path) or self._of_figures(call.path)
        if content is None:
            return text_reply("<!DOCTYPE html><html><title>Page not found</title></html>", 404, "text/html")
        return Reply(content, media_type="application/zip", last_modified=self.stamp)

    @staticmethod
    def _of_figures(path: str) -> bytes | None:
        from orchestration.sources.agencies.bts import addresses

        for first, last, listed in addresses():
            if f"/{listed}" == path:
                found = [
                    month
                    for month in _freight()["period_start"].unique().sort()
                    if first <= month <= last and tables(month)
                ]
                if not found:
                    return None
                if first == last:
                    return month_zip(first, folder=f"{first:%B%Y}/")
                members = {
                    f"{month:%B %Y}/{name}_{month:%m%y}.csv": content
                    for month in found
                    for name, content in tables(month).items()
                }
                return zipped(members)
        return None
