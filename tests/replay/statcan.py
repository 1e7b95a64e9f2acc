"""Statistics Canada as its user guide and recorded answers show it: the Web Data Service and full-table zips."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestration.sources.agencies.statcan import TITLES
from tests.replay.server import Call, Reply, json_reply

WDS = "/t1/wds/rest/"
_LIMIT = 300
_TABLE_COLUMNS = (
    "UOM",
    "UOM_ID",
    "SCALAR_FACTOR",
    "SCALAR_ID",
    "VECTOR",
    "COORDINATE",
    "VALUE",
    "STATUS",
    "SYMBOL",
)


@dataclass
class Point:
    """One number: `released` is Eastern local time, as the service writes it."""

    value: float | None
    released: str = "2026-11-06T08:30"
    symbol: int = 0
    status: int = 0
    security: int = 0


@dataclass
class Series:
    """One vector. points: ISO first day of the period -> Point."""

    product: int
    coordinate: str
    points: dict[str, Point] = field(default_factory=dict)
    scalar: int = 0
    decimals: int = 0
    frequency: int = 6

    def item(self, vector: int, points: Mapping[str, Point]) -> dict:
        return {
            "status": "SUCCESS",
            "object": {
                "responseStatusCode": 0,
                "productId": self.product,
                "coordinate": self.coordinate,
                "vectorId": vector,
                "vectorDataPoint": [self._point(day, p) for day, p in sorted(points.items())],
            },
        }

    def _point(self, day: str, point: Point) -> dict:
        return {
            "refPer": day,
            "refPer2": "",
            "refPerRaw": day,
            "refPerRaw2": "",
            "value": point.value,
            "decimals": self.decimals,
            "scalarFactorCode": self.scalar,
            "symbolCode": point.symbol,
            "statusCode": point.status,
            "securityLevelCode": point.security,
            "releaseTime": point.released,
            "frequencyCode": self.frequency,
        }


@dataclass
class Wds:
    """series: 'v2057603' -> Series; tables: product id -> zip; locked: tables are being published, or nothing is out."""

    series: dict[str, Series] = field(default_factory=dict)
    tables: dict[str, bytes] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    modified: str = "Fri, 06 Nov 2026 13:30:00 GMT"
    locked: bool = False
    #: vector -> title, before those that are expected of it
    titles: dict[str, str] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        if call.path.startswith("/n1/tbl/csv/"):
            product = call.path.rsplit("/", 1)[-1].removesuffix("-eng.zip")
            if product not in self.tables:
                return Reply(b"<!DOCTYPE html><html><body>Not found</body></html>", 404, "text/html")
            return Reply(self.tables[product], media_type="application/zip", last_modified=self.modified)
        if self.locked:
            return Reply(b"", 409, None)
        method = call.path.removeprefix(WDS)
        answer = {
            "getBulkVectorDataByRange": self._released,
            "getDataFromVectorByReferencePeriodRange": self._periods,
            "getDataFromCubePidCoordAndLatestNPeriods": self._latest,
            "getChangedSeriesList": self._changed,
            "getSeriesInfoFromVector": self._titles,
        }[method]
        return json_reply(answer(call))

    def _released(self, call: Call) -> list[dict]:
        asked = call.json
        first, last = asked["startDataPointReleaseDate"], asked["endDataPointReleaseDate"]
        assert all(isinstance(v, str) and v.isdigit() for v in asked["vectorIds"]), "ids are texts without v"
        return self._items(
            asked["vectorIds"], lambda s: {d: p for d, p in s.points.items() if first <= p.released <= last}
        )

    def _periods(self, call: Call) -> list[dict]:
        ids = call.get("vectorIds").split(",")
        assert all(i.startswith('"') and i.endswith('"') for i in ids), "ids are quoted"
        first, last = call.get("startRefPeriod"), call.get("endReferencePeriod")
        return self._items(
            [i.strip('"') for i in ids], lambda s: {d: p for d, p in s.points.items() if first <= d <= last}
        )

    def _latest(self, call: Call) -> list[dict]:
        assert len(call.json) <= _LIMIT
        items = []
        for asked in call.json:
            assert asked["coordinate"].count(".") == 9, "ten parts"
            found = [
                (vector, s)
                for vector, s in self.series.items()
                if (s.product, s.coordinate) == (asked["productId"], asked["coordinate"])
            ]
            if not found:
                items.append(failed(2, product=asked["productId"], coordinate=asked["coordinate"]))
                continue
            vector, series = found[0]
            newest = sorted(series.points)[-asked["latestN"] :]
            items.append(series.item(int(vector[1:]), {d: series.points[d] for d in newest}))
        return items

    def _changed(self, call: Call) -> dict:
        entries = [
            {
                "responseStatusCode": 0,
                "vectorId": int(vector[1:]),
                "productId": self.series[vector].product if vector in self.series else 10100145,
                "coordinate": "1.1.0.0.0.0.0.0.0.0",
                "releaseTime": "2026-11-06T08:30",
            }
            for vector in self.changed
        ]
        return {"status": "SUCCESS", "object": entries}

    def _titles(self, call: Call) -> list[dict]:
        items = []
        for asked in call.json:
            code = f"v{asked['vectorId']}"
            words = [word for word in TITLES.get(code, ()) if not word.startswith("!")]
            title = self.titles.get(code, ";".join(words))
            answer = {"responseStatusCode": 0, "vectorId": asked["vectorId"], "SeriesTitleEn": title}
            items.append({"status": "SUCCESS", "object": answer} if title else failed(4, asked["vectorId"]))
        return items

    def _items(self, ids: list[str], points) -> list[dict]:
        assert len(ids) <= _LIMIT
        return [
            self.series[f"v{i}"].item(int(i), points(self.series[f"v{i}"]))
            if f"v{i}" in self.series
            else failed(4, int(i))
            for i in ids
        ]


def failed(code: int, vector: int = 0, product: int = 0, coordinate: str = "") -> dict:
    """An item that failed inside an answer with status 200."""
    return {
        "status": "FAILED",
        "object": {
            "responseStatusCode": code,
            "productId": product,
            "coordinate": coordinate,
            "vectorId": vector,
            "vectorDataPoint": [],
        },
    }


def table_zip(product: str, dimensions: Iterable[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """A full table: BOM, every cell quoted, 'units ' with its blank, MetaData beside it."""
    columns = ["REF_DATE", "GEO", "DGUID", *dimensions, *_TABLE_COLUMNS, "TERMINATED", "DECIMALS"]
    usual = {"UOM": "Units", "UOM_ID": "300", "SCALAR_FACTOR": "units ", "SCALAR_ID": "0", "DECIMALS": "0"}
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**usual, **row} for row in rows)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            (f"{product}.csv", "\ufeff" + text.getvalue()),
            (f"{product}_MetaData.csv", '"Cube Title"\n'),
        ):
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 6, 8, 30, 0)), content)
    return buffer.getvalue()
