"""Statistics Canada Web Data Service: JSON replies for vectors and coordinates, changed lists, metadata, links.

Belongs here: the {status, object} envelope, datapoints with their codes, release times as UTC.
Does not belong here: full-table zips (statcan.py), requests (300 vectors each), which vectors are kept.

Format: https://www.statcan.gc.ca/en/developers/wds/user-guide and getCodeSets (scalar, status, symbol, security).
Traps: HTTP 200 with "FAILED" for single items; values carry a scalar factor (3 = thousands; in details);
releaseTime of datapoints and metadata is Eastern local time without an offset, that of getAllCubesListLite UTC;
ids come as numbers or texts; 409 or 404 on a changed list means that nothing is out today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from transforms.parse.body import JsonObject, excerpt, read_json, shape_checked
from transforms.parse.outcome import (
    BadRequestError,
    NotYetReleasedError,
    SchemaChangedError,
)
from transforms.parse.reply import Rows, SeriesReply, parse_number

SOURCE = "statcan"
_EASTERN = ZoneInfo("America/Toronto")

#: codes of getCodeSets
_FREQUENCY = {1: "daily", 6: "monthly", 9: "quarterly", 12: "annual"}
_OTHER_FREQUENCIES = {2, 4, 7, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21}
_SUPPRESSED_BY_LAW = 1  # security level x
_SCALAR = {code: str(10**code) for code in range(10)}
_SYMBOL = {0: "normal", 1: "preliminary", 3: "revised"}
_STATUS: dict[int, tuple[str | None, str | None]] = {  # statusCode -> (our status or the symbol's, note)
    0: (None, None),
    1: ("missing", ".. not available"),
    2: (None, "0s rounded to zero"),
    3: (None, "A excellent"),
    4: (None, "B very good"),
    5: (None, "C good"),
    6: (None, "D acceptable"),
    7: (None, "E use with caution"),
    8: ("suppressed", "F too unreliable to be published"),
    9: ("missing", "... not applicable"),
    10: ("missing", "<LOD below the limit of detection"),
}
_REFUSALS: dict[object, str] = {  # response code -> why; a reply may hold a code of any type
    1: "invalid date",
    2: "invalid table and series combination",
    3: "request failed",
    4: "vector is invalid",
    5: "table number is invalid",
    6: "table is being published",
    7: "table is not available",
    8: "invalid number of reference periods",
}
_BEING_PUBLISHED = 6
_NOTHING_IN_WINDOW = -20010  # undocumented; no datapoint was released in the requested window
CHANGED_SERIES_SCHEMA = {
    "vector": pl.String(),
    "product_id": pl.String(),
    "coordinate": pl.String(),
    "released_at": pl.Datetime("us"),
}


@dataclass(frozen=True)
class CubeMetadata:
    """One table.

    frequency:   one of transforms.schema.FREQUENCIES, or None for others; start, end: its first and last reference day
    released_at: naive UTC; current: whether the agency still updates the table
    dimensions:  dimension name -> member id -> member name, in the table's order (a coordinate is one member id each)
    """

    product_id: str
    title: str
    frequency: str | None
    start: date | None
    end: date | None
    released_at: datetime | None
    current: bool
    dimensions: Mapping[str, Mapping[int, str]]


@shape_checked(SOURCE)
def parse_series(
    content: bytes, *, key: str = "vector", status: int = 200, content_type: str | None = None
) -> SeriesReply:
    """Datapoints of any of the data methods (vectors, coordinates, bulk, changed series).

    source_code is 'v32164132' (key='vector') or '35100003/1.12.0.0.0.0.0.0.0.0' (key='coordinate'); value is as
    printed, in units of details: unit_multiplier (10 to the scalar factor); period_start is refPer, a second reference
    date goes to the note; released_at is releaseTime as UTC. Items that failed are in `refused` (by position where they
    name no series). details (product_id) has every other series that came, also one without a datapoint in the release
    window, which has no row in the frame.
    Raises NotYetReleasedError if the tables are locked, BadRequestError for other refusals of the whole request.
    """
    items = _read(content, status=status, content_type=content_type)
    items = items if isinstance(items, list) else [items]
    if not all(isinstance(item, dict) and "status" in item for item in items):
        raise SchemaChangedError(SOURCE, "items without a status", missing=["status"])
    rows = Rows(SOURCE)
    locked = 0
    for position, item in enumerate(items, start=1):
        series = item.get("object")
        code = _code(series, key) or f"item {position}"
        answer = series.get("responseStatusCode") if isinstance(series, dict) else None
        if answer == _NOTHING_IN_WINDOW:
            rows.messages.append(f"{code}: nothing released in the window")
            rows.details.setdefault(code, {"product_id": _text_id(series, "productId") or ""})
            continue
        if not isinstance(series, dict) or item["status"] != "SUCCESS" or answer not in (0, None):
            reason = series if isinstance(series, str) else _REFUSALS.get(answer, f"response code {answer}")
            rows.refused[code] = excerpt(str(reason))
            locked += answer == _BEING_PUBLISHED
            continue
        if "vectorDataPoint" not in series:
            raise SchemaChangedError(SOURCE, f"{code} without datapoints", missing=["vectorDataPoint"])
        rows.details.setdefault(code, {"product_id": _text_id(series, "productId") or ""})
        for point in series["vectorDataPoint"]:
            _read_point(code, point, rows)
    if items and locked == len(items):
        raise NotYetReleasedError(SOURCE, "tables are being published", "ask again after 08:30 Eastern time")
    return rows.reply()


@shape_checked(SOURCE)
def parse_titles(content: bytes, *, status: int = 200, content_type: str | None = None) -> dict[str, str]:
    """getSeriesInfoFromVector: vector -> its English title, the names of its members with `;` between them. A vector that
    failed has none. Raises what the reading of any answer of the service raises."""
    items = _read(content, status=status, content_type=content_type)
    series = [
        item.get("object")
        for item in (items if isinstance(items, list) else [items])
        if isinstance(item, dict)
    ]
    return {
        code: str(answer["SeriesTitleEn"])
        for answer in series
        if isinstance(answer, dict) and answer.get("SeriesTitleEn") and (code := _vector(answer))
    }


@shape_checked(SOURCE)
def parse_changed_series(
    content: bytes, *, status: int = 200, content_type: str | None = None
) -> pl.DataFrame:
    """getChangedSeriesList: the series released today, CHANGED_SERIES_SCHEMA; no rows if none.

    Raises NotYetReleasedError for 409 or 404 (no release today, or before 08:30) and for a text in place of the list.
    """
    return pl.DataFrame(
        [
            (
                _vector(item),
                _text_id(item, "productId"),
                item.get("coordinate"),
                to_utc(item.get("releaseTime")),
            )
            for item in _changed(content, status=status, content_type=content_type)
        ],
        schema=CHANGED_SERIES_SCHEMA,
        orient="row",
    )


@shape_checked(SOURCE)
def parse_changed_cubes(
    content: bytes, *, status: int = 200, content_type: str | None = None
) -> pl.DataFrame:
    """getChangedCubeList: product_id and released_at (naive UTC) of the tables released that day."""
    return pl.DataFrame(
        [
            (_text_id(item, "productId"), to_utc(item.get("releaseTime")))
            for item in _changed(content, status=status, content_type=content_type)
        ],
        schema={k: CHANGED_SERIES_SCHEMA[k] for k in ("product_id", "released_at")},
        orient="row",
    )


@shape_checked(SOURCE)
def parse_cube_metadata(
    content: bytes, *, status: int = 200, content_type: str | None = None
) -> list[CubeMetadata]:
    """getCubeMetadata: one CubeMetadata a table asked for. Raises BadRequestError for a table that failed."""
    items = _read(content, status=status, content_type=content_type)
    cubes = []
    for item in items if isinstance(items, list) else [items]:
        # the service wraps the metadata in an envelope; clients that store them often keep the bare object
        answer = item if isinstance(item, dict) else {}
        cube = answer.get("object", item)
        if not isinstance(cube, dict) or answer.get("status", "SUCCESS") != "SUCCESS":
            raise BadRequestError(SOURCE, f"no metadata: {excerpt(str(cube))}", "check the table number")
        try:
            cubes.append(_cube(cube))
        except KeyError as error:
            raise SchemaChangedError(
                SOURCE, "table metadata with other fields", missing=[str(error.args[0])]
            ) from error
    return cubes


@shape_checked(SOURCE)
def parse_download_link(content: bytes, *, status: int = 200, content_type: str | None = None) -> str:
    """getFullTableDownloadCSV: the https address of the zip. Raises BadRequestError for an unknown table, SchemaChangedError
    for an address that is not https."""
    reply = _read(content, status=status, content_type=content_type)
    answer = reply if isinstance(reply, dict) else {}
    link = answer.get("object")
    if not isinstance(link, str) or answer.get("status") != "SUCCESS":
        raise BadRequestError(SOURCE, f"no download address: {excerpt(str(reply))}", "check the table number")
    if not link.startswith("https://"):
        raise SchemaChangedError(SOURCE, f"download address is not https: {excerpt(link)}")
    return link


def to_utc(local: str | None) -> datetime | None:
    """Naive UTC of an Eastern local time as the service writes it ('2024-04-30T08:30'); None for None or ''."""
    if not local:
        return None
    return datetime.fromisoformat(local).replace(tzinfo=_EASTERN).astimezone(UTC).replace(tzinfo=None)


def _read(content: bytes, *, status: int, content_type: str | None) -> object:
    if status == 409:
        raise NotYetReleasedError(
            SOURCE,
            "HTTP 409, tables are locked or nothing is out today",
            "ask again after 08:30 Eastern time",
        )
    return read_json(content, source=SOURCE, status=status, content_type=content_type)


def _changed(content: bytes, *, status: int, content_type: str | None) -> list[JsonObject]:
    if status == 404:
        raise NotYetReleasedError(SOURCE, "HTTP 404, no release on that day", "ask for a release day")
    reply = _read(content, status=status, content_type=content_type)
    items = reply.get("object") if isinstance(reply, dict) else reply
    if isinstance(items, str):
        raise NotYetReleasedError(SOURCE, excerpt(items), "ask again after 08:30 Eastern time")
    if not isinstance(items, list):
        raise SchemaChangedError(SOURCE, f"changed list without a list: {excerpt(str(reply))}")
    return items


def _vector(series: JsonObject) -> str | None:
    number = str(series.get("vectorId") or "").lstrip("vV")
    return f"v{number}" if number not in ("", "0") else None


def _text_id(series: JsonObject, name: str) -> str | None:
    return str(series[name]) if series.get(name) not in (None, "") else None


def _code(series: object, key: str) -> str | None:
    if not isinstance(series, dict):
        return None
    if key == "vector":
        return _vector(series)
    product, coordinate = _text_id(series, "productId"), _text_id(series, "coordinate")
    if product is None or coordinate is None:
        return None
    parts = coordinate.split(".")
    return f"{product}/{'.'.join(parts + ['0'] * (10 - len(parts)))}"


def _read_point(code: str, point: JsonObject, rows: Rows) -> None:
    try:
        frequency_code = int(point["frequencyCode"])
        stated, note = _STATUS[int(point["statusCode"])]
        symbol = _SYMBOL[int(point["symbolCode"])]
        hidden = int(point["securityLevelCode"]) == _SUPPRESSED_BY_LAW
        multiplier = _SCALAR[int(point["scalarFactorCode"])]
    except KeyError as error:
        raise SchemaChangedError(
            SOURCE, f"{code}: datapoint code or field", unknown=[str(error.args[0])]
        ) from error
    frequency = _FREQUENCY.get(frequency_code)
    if frequency is None:
        if frequency_code not in _OTHER_FREQUENCIES:
            raise SchemaChangedError(SOURCE, f"{code}: frequency", unknown=[str(frequency_code)])
        rows.drop("observations that are not daily, monthly, quarterly or annual")
        return
    if rows.details[code].setdefault("unit_multiplier", multiplier) != multiplier:
        raise SchemaChangedError(SOURCE, f"{code} in two scalar factors", unknown=[f"x{multiplier}"])
    notes = [note] if note else []
    if hidden:
        stated, notes = "suppressed", ["x confidential"]
    try:
        text = point["value"]
        value = None if text in (None, "") else parse_number(str(text))
        start = date.fromisoformat(point["refPer"][:10])
        released_at = to_utc(point.get("releaseTime"))
    except (KeyError, TypeError, ValueError) as error:
        rows.reject(f"not readable: {error}", {"code": code, **point})
        return
    if value is None and stated is None:
        stated = "missing"
    if point.get("refPer2"):
        notes.append(f"to {point['refPer2']}")
    rows.add(
        code,
        start,
        frequency,
        value,
        stated or symbol,
        released_at=released_at,
        note="; ".join(notes) or None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _cube(cube: JsonObject) -> CubeMetadata:
    return CubeMetadata(
        product_id=str(cube["productId"]),
        title=cube["cubeTitleEn"],
        frequency=_FREQUENCY.get(int(cube["frequencyCode"])),
        start=_day(cube.get("cubeStartDate")),
        end=_day(cube.get("cubeEndDate")),
        released_at=to_utc(cube.get("releaseTime")),
        current=str(cube.get("archiveStatusCode")) == "2",
        dimensions={
            d["dimensionNameEn"]: {int(m["memberId"]): m["memberNameEn"] for m in d["member"]}
            for d in cube["dimension"]
        },
    )
