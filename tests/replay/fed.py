"""The Data Download Program as a recorded release of the same program shows it: a zip of XML, or a CSV package.

Series go in as month -> printed number; '' or a month that is absent between others is filled with ND and -9999.
"""

from __future__ import annotations

import io
import zipfile
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from tests.replay.server import Call, Reply, html_page

_ROOT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>  <message:MessageGroup '
    'xmlns:message="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message" '
    'xmlns:common="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/common" '
    'xmlns:frb="http://www.federalreserve.gov/structure/compact/common">'
)


@dataclass(frozen=True)
class Series:
    """One series as the package states it. `months` may have several lengths; the package gives all the same span."""

    name: str
    months: Mapping[str, str]
    dataset: str = "IP_MAJOR_INDUSTRY_GROUPS"
    unit: str = "Index:_2017_100"
    multiplier: str = "1"
    currency: str = "NA"
    description: str = ""


@dataclass
class Ddp:
    """releases: 'G17' -> its series. Any other request gets the page that the program shows for it, with status 200."""

    releases: dict[str, list[Series]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        if call.path == "/datadownload/Choose.aspx":
            return Reply(b"<!DOCTYPE html><html><title>Choose</title></html>", media_type="text/html")
        release = call.get("rel")
        if (
            call.path != "/datadownload/Output.aspx"
            or call.get("filetype") != "zip"
            or release not in self.releases
        ):
            return html_page("The package you requested does not exist.")
        return package(release, self.releases[release])


def package(release: str, series: Iterable[Series]) -> Reply:
    return Reply(zipped(release, data_xml(release, series)), media_type="application/x-zip-compressed")


def zipped(release: str, xml: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((f"{release}_struct.xml", b"<x/>"), (f"{release}_data.xml", xml)):
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 17, 9, 5, 0)), content)
    return buffer.getvalue()


def data_xml(release: str, series: Iterable[Series]) -> bytes:
    series = list(series)
    span = sorted({month for one in series for month in one.months})
    parts = [
        _ROOT,
        f"<message:Header><message:ID>{release}</message:ID><message:Test>false</message:Test>"
        "<message:Prepared>2026-11-17T09:05:00</message:Prepared></message:Header>",
    ]
    for dataset in dict.fromkeys(one.dataset for one in series):
        namespace = f"http://www.federalreserve.gov/structure/compact/{release}_{dataset}"
        parts.append(f'<frb:DataSet id="{dataset}" xmlns:kf="{namespace}">')
        for one in (s for s in series if s.dataset == dataset):
            parts.append(
                f'<kf:Series CURRENCY="{one.currency}" FREQ="129" SERIES_NAME={quoteattr(one.name)} '
                f'UNIT="{one.unit}" UNIT_MULT="{one.multiplier}">'
                "<frb:Annotations><common:Annotation><common:AnnotationType>Short Description</common:AnnotationType>"
                f"<common:AnnotationText>{one.description}</common:AnnotationText></common:Annotation></frb:Annotations>"
            )
            for month in span:
                year, number = map(int, month.split("-"))
                value = one.months.get(month, "")
                state, shown = ("A", value) if value else ("ND", "-9999")
                parts.append(
                    f'<frb:Obs OBS_STATUS="{state}" OBS_VALUE="{shown}" '
                    f'TIME_PERIOD="{month}-{monthrange(year, number)[1]}" />'
                )
            parts.append("</kf:Series>")
        parts.append("</frb:DataSet>")
    return ("".join(parts) + "</message:MessageGroup>").encode()


def csv_seriescolumn(release: str, series: Iterable[Series]) -> Reply:
    """The CSV layout with a column a series and six header lines, as recorded."""
    series = list(series)
    span = sorted({month for one in series for month in one.months})
    lines = [
        ["Series Description", *(f'"{s.description}"' for s in series)],
        ["Unit:", *(s.unit for s in series)],
        ["Multiplier:", *(s.multiplier for s in series)],
        ["Currency:", *(s.currency for s in series)],
        ["Unique Identifier: ", *(f"{release}/{s.dataset}/{s.name}" for s in series)],
        ["Time Period", *(s.name for s in series)],
        *([month, *(s.months.get(month, "") for s in series)] for month in span),
    ]
    return Reply("\n".join(map(",".join, lines)).encode(), media_type="text/csv")
