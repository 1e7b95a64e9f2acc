"""Federal Reserve Board: industrial production, capacity utilisation and motor vehicle assemblies (G.17), exchange rates (G.5).

Belongs here: the API, two datasets, their requests, names in the packages to series.
Does not belong here: the format (transforms/parse/fed_ddp.py).

The Data Download Program gives a whole release as one zip of XML (G.17: about 8 MB), history included, so every run
asks for all of it and sees each revision. The CSV packages of the same program are read as well, but not asked for:
their ids are made by hand in its builder. The monthly rates of G.5 stand in the package of H.10, beside the daily ones.
MVA.TOTASS.S is total assemblies, of which recorded bytes are missing: its unit is that of table 3 of the release.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from orchestration.sources.agencies.series_reply import to_parsed
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response
from transforms.magnitude import refuse_other_magnitude
from transforms.parse.body import refuse_status
from transforms.parse.fed_ddp import SOURCE, parse_reply
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError
from transforms.parse.reply import SeriesReply
from transforms.schema import Parsed

#: series name in the package -> series of series.csv
G17 = {
    "IP.B50001.S": "usa_industrial_production",
    "IP.GMF.S": "usa_industrial_production_manufacturing",
    "IP.B00004.S": "usa_industrial_production_manufacturing_sic",
    "IP.G3361T3.S": "usa_industrial_production_motor_vehicles_parts",
    "CAPUTL.B50001.S": "usa_capacity_utilisation",
    "CAPUTL.G3361T3.S": "usa_capacity_utilisation_motor_vehicles_parts",
    "MVA.TOTASS.S": "usa_production_motor_vehicles",
}
#: units in the words of the package; the base year of an index is in them, so a rebasing is refused and not spliced
_G17_UNITS = {
    **{code: "Index:_2017_100" for code in G17 if code.startswith("IP.")},
    **{code: "Percentage" for code in G17 if code.startswith("CAPUTL.")},
}
_ASSEMBLIES = "MVA.TOTASS.S"
#: millions of vehicles at an annual rate (table 3: 5 to 17 since 1986, 1.0 in April 2020)
_ASSEMBLIES_USUAL = (3.0, 30.0)

#: RXI_N: units of the currency per US dollar; M: monthly means
G5 = {"RXI_N.M.CA": "fx_usd_cad", "RXI_N.M.MX": "fx_usd_mxn"}
_G5_CURRENCY = {"RXI_N.M.CA": "CAD", "RXI_N.M.MX": "MXN"}

_PACKAGE = "/datadownload/Output.aspx"


def _read_probe(response: Response) -> dict[str, str]:
    """No titles: a page is what is expected here, since the data come as whole releases only."""
    refuse_status(SOURCE, response.status, response.content[:500].decode("utf-8", "replace"))
    return {}


API = Api(
    name="FED",
    base_url="https://www.federalreserve.gov",
    seconds_between_requests=2.0,
    read_timeout=120.0,
    max_bytes=64_000_000,
    probe=Request("probe", "/datadownload/Choose.aspx", params=(("rel", "G17"),), title="the page of G.17"),
    read_probe=_read_probe,
    traps=(
        "Requests without a user agent are refused.",
        "A missing value is OBS_STATUS ND with the number -9999; only the status tells.",
        "The base year of an index is in its unit and moves with annual revisions.",
        "A package id that does not exist gives an HTML page with status 200.",
        "The time in the file's header is when it was made, before the release: it is no release time.",
    ),
)


def plan_g17(ctx: PlanContext) -> list[Request]:
    """One request for the whole release G.17."""
    return [_package("g17", "G17", "industrial production, whole release", ctx)]


def plan_g5(ctx: PlanContext) -> list[Request]:
    """One request for the whole release H.10, in which the monthly rates of G.5 stand."""
    return [_package("g5", "H10", "exchange rates, whole release", ctx)]


def _package(dataset: str, release: str, title: str, ctx: PlanContext) -> Request:
    return Request(
        dataset=dataset,
        path=_PACKAGE,
        params=(("rel", release), ("filetype", "zip")),
        title=title,
        context={"last_period": ctx.today.isoformat()},
    )


def parse_g17(content: bytes, request: Request, response: Response) -> Parsed:
    """Every month of every series in the package (zip, XML or CSV), known from the time of retrieval.

    Raises SchemaChangedError for a series in another unit (a new base year), and what `to_parsed` raises.
    """
    reply = _read(content, response, G17)
    refuse_other_magnitude(reply, {_ASSEMBLIES: _ASSEMBLIES_USUAL}, source=SOURCE)
    return to_parsed(
        reply,
        source=SOURCE,
        series=G17,
        expected=G17,
        printed_in={_ASSEMBLIES: 1_000_000},
        units=_G17_UNITS,
        retrieved_at=response.retrieved_at,
        complete=True,
    )


def parse_g5(content: bytes, request: Request, response: Response) -> Parsed:
    """Every month of both rates. Raises SchemaChangedError for a rate in another currency."""
    reply = _read(content, response, G5)
    for code, currency in _G5_CURRENCY.items():
        stated = reply.details.get(code, {}).get("currency", currency)
        if stated != currency:
            raise SchemaChangedError(SOURCE, f"{code} is in {stated}, not {currency}", unknown=[stated])
    return to_parsed(
        reply,
        source=SOURCE,
        series=G5,
        expected=G5,
        retrieved_at=response.retrieved_at,
        complete=True,
    )


def _read(content: bytes, response: Response, series: dict[str, str]) -> SeriesReply:
    """The reply without the empty periods before a series begins and after it ends: a package gives all its series the
    same first and last period."""
    try:
        reply = parse_reply(content, codes=series, status=response.status, content_type=response.media_type)
    except EmptyReplyError as error:
        # a whole release is never empty: this is another package, or the series have other names
        raise SchemaChangedError(SOURCE, error.what, missing=series) from error
    period, value = pl.col("period_start"), pl.col("value").is_not_null()
    inside = period.is_between(
        period.filter(value).min().over("source_code"), period.filter(value).max().over("source_code")
    )
    return replace(reply, frame=reply.frame.filter(inside))


DATASETS = (
    Dataset(
        name="g17",
        source_id=SOURCE,
        api=API,
        title="Industrial production and capacity utilisation, G.17",
        plan=plan_g17,
        parse=parse_g17,
        # published at 09:15 around the middle of the month
        schedule=("25 9 * * *", "America/New_York"),
        publication_lag_days=18,
        revisions="Each release revises the five months before; once a year all months and the seasonal factors are "
        "revised, from time to time with a new base year. Every run reads the whole release.",
    ),
    Dataset(
        name="g5",
        source_id=SOURCE,
        api=API,
        title="Exchange rates, monthly means, G.5",
        plan=plan_g5,
        parse=parse_g5,
        # G.5 on the first business day of the month, the package with H.10 on Mondays at 16:15
        schedule=("45 16 * * *", "America/New_York"),
        publication_lag_days=5,
        revisions="Published means are rarely revised; every run reads the whole release.",
    ),
)
