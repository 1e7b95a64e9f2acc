"""INEGI: vehicles and merchandise trade from the indicators API (BIE), light vehicles from the open data of RAIAVL.

Belongs here: both APIs, the datasets, their requests, indicators and register totals to series.
Does not belong here: the formats (transforms/parse/inegi.py, inegi_raiavl.py).

The API gives an indicator's whole history or its newest value, no window; so a run asks for the history, one request a
group of indicators. Since 2026 the bank of economic indicators is BIE-BISE and the area of the country 00; both can be
set (HEADWAY_INEGI_BANK, HEADWAY_INEGI_AREA), because the documentation still shows BIE and 0700.
The register's models, and makers beyond those declared, stay in the archived bytes; they are no series of their own.
Not here: industrial activity (IMAI). The bundled index has the base 2013, which ended; the indicators of base 2018 seen
in public code (736407, 736418, 736511) do not tell whether they are seasonally adjusted. Heavy vehicles alone either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

import polars as pl

from orchestration.sources.agencies.series_reply import (
    declared_series,
    to_parsed,
    without_months,
)
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response, Secret
from transforms.magnitude import refuse_other_magnitude
from transforms.parse.inegi import SOURCE, parse_reply
from transforms.parse.inegi_raiavl import monthly_totals, parse_zip
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError
from transforms.parse.reply import series_reply
from transforms.schema import Parsed

#: production and sales of vehicles; trade in goods
VEHICLES = (
    *("15166", "15167", "15168"),
    *("15169", "15170", "15171", "15172", "15173", "15174"),
    *("119328", "119329", "119330"),
)
TRADE = (
    *("33860", "33861", "33862", "33863", "33864", "33865", "33866", "33867"),
    *("897", "206784", "206785", "375922"),
)
#: usual values of one series of vehicles and two in millions of US dollars, by which another unit would be noticed: the API
#: states its unit as a code whose catalogue is not recorded
_USUAL = {"15166": (50_000, 2_000_000), "33860": (5_000, 500_000), "33861": (5_000, 500_000)}

_INDICATOR = "/app/api/indicadores/desarrolladores/jsonxml/INDICATOR"
_OPEN_DATA = "/contenidos/datosprimarios/iavl/datosabiertos"

API = Api(
    name="INEGI",
    base_url="https://www.inegi.org.mx",
    secret=Secret(
        variable="HEADWAY_INEGI_KEY",
        place="path",
        name="token",
        pattern=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        where_to_get="https://www.inegi.org.mx/app/desarrolladores/generatoken/",
        required=True,
    ),
    seconds_between_requests=1.0,
    read_timeout=120.0,
    max_bytes=64_000_000,
    # consumer prices: an indicator that was there on 2026-10-01, so that a refusal is about the token
    probe=Request(
        dataset="probe",
        path=f"{_INDICATOR}/910392/es/00/true/BIE-BISE/2.0/{{token}}",
        params=(("type", "json"),),
        title="the newest consumer price index",
    ),
    traps=(
        "The token is a part of the address.",
        "HTTP 400 with the same text means a wrong token, indicator, bank or area; one retired indicator makes a request of "
        "twelve fail, which are then asked one by one, so that the retired one is named.",
        "The period of a quarter is written like a month (2026/03 is the third quarter).",
        "Production in the BIE includes heavy vehicles, 5 to 7 % more than the register of light vehicles.",
    ),
)
OPEN_DATA = Api(
    name="INEGI_OPEN_DATA",
    base_url="https://www.inegi.org.mx",
    seconds_between_requests=1.0,
    read_timeout=120.0,
    max_bytes=128_000_000,
    traps=(
        "A key may stand on several lines of a file; they are parts of one figure and are added.",
        "Negative units are corrections of earlier months.",
        "A maker has another name in production (BMW Group) than in sales (BMW), and names change.",
    ),
)


def _plan(dataset: str, codes: tuple[str, ...], title: str) -> Callable[[PlanContext], list[Request]]:
    """The `plan` of a dataset of indicators."""

    def plan(ctx: PlanContext) -> list[Request]:
        """One request for the whole history of the group: the API has no window."""
        whole = _indicators_request(dataset, codes, title, ctx)
        # one indicator that was retired makes the whole request fail, and the refusal does not name it
        parts = tuple(_indicators_request(dataset, (code,), title, ctx) for code in codes)
        return [replace(whole, instead=parts if len(codes) > 1 else ())]

    return plan


def _indicators_request(dataset: str, codes: tuple[str, ...], title: str, ctx: PlanContext) -> Request:
    bank = os.environ.get("HEADWAY_INEGI_BANK") or "BIE-BISE"
    area = os.environ.get("HEADWAY_INEGI_AREA") or "00"
    what = f"{len(codes)} indicators of {title}" if len(codes) > 1 else f"indicator {codes[0]}"
    return Request(
        dataset=dataset,
        path=f"{_INDICATOR}/{','.join(codes)}/es/{area}/false/{bank}/2.0/{{token}}",
        params=(("type", "json"),),
        title=f"{what}, bank {bank}, area {area}",
        context={"codes": list(codes), "last_period": ctx.today.isoformat()},
    )


def parse_indicators(content: bytes, request: Request, response: Response) -> Parsed:
    """The history of the indicators, known from the time of retrieval: LASTUPDATE is a day and no release time.

    The status "revised" is not kept. It stands on every month but the newest one (inferred: the catalogue of statuses is
    not recorded) and would make a new vintage of each bundled month without any new number.
    """
    codes = request.context["codes"]
    reply = parse_reply(
        content,
        frequencies=dict.fromkeys(codes, "monthly"),
        status=response.status,
        content_type=response.media_type,
    )
    # one unit holds for all of them, so that another size of one is another unit of all
    refuse_other_magnitude(reply, _USUAL, source=SOURCE)
    status = pl.col("status").replace({"revised": "normal"})
    return to_parsed(
        replace(reply, frame=reply.frame.with_columns(status)),
        source=SOURCE,
        series=declared_series(SOURCE, codes),
        expected=codes,
        retrieved_at=response.retrieved_at,
        complete=True,
    )


#: table of the register -> its name in the address, and the columns by which monthly totals are kept
_REGISTER: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "production": ("produccion", ((), ("type",), ("maker",))),
    "sales": ("venta", ((), ("type",), ("origin",))),
    "exports": ("exportacion", ((), ("type",), ("country_code",))),
}


def plan_register(ctx: PlanContext) -> list[Request]:
    """One zip a table, with all its years."""
    return [
        Request(
            dataset="light_vehicles",
            path=f"{_OPEN_DATA}/conjunto_de_datos_raiavl_mensual_{spanish}_csv.zip",
            title=f"{table} of light vehicles since 2005",
            context={"table": table, "last_period": ctx.today.isoformat()},
        )
        for table, (spanish, _) in _REGISTER.items()
    ]


def parse_register(content: bytes, request: Request, response: Response) -> Parsed:
    """Monthly totals of a table, and by type, maker, origin or destination as far as series.csv declares them.

    Known from the time of retrieval: the file states the day it was made, not the hour it came out.
    """
    table = request.context["table"]
    try:
        reply = parse_zip(content, table=table, status=response.status, content_type=response.media_type)
    except EmptyReplyError as error:  # a file of all years is never empty: it is another one
        raise SchemaChangedError(SOURCE, error.what) from error
    series = {c: s for c, s in declared_series(SOURCE).items() if c.startswith(f"raiavl/{table}")}
    parts = [monthly_totals(reply, by) for by in _REGISTER[table][1]]
    totals = pl.concat([part.frame for part in parts])
    kept = totals.filter(pl.col("source_code").is_in(list(series)))
    wrong_months = _months_that_do_not_add_up(totals, table)
    others = totals["source_code"].n_unique() - kept["source_code"].n_unique()
    parsed = to_parsed(
        series_reply(
            kept,
            source=SOURCE,
            messages=(*reply.messages, f"{others} makers or countries are no series of their own"),
        ),
        source=SOURCE,
        series=series,
        expected=series,
        retrieved_at=response.retrieved_at,
        complete=True,
    )
    return without_months(parsed, wrong_months, source=SOURCE)


def _months_that_do_not_add_up(totals: pl.DataFrame, table: str) -> dict[date, str]:
    """Month -> why, where the types do not add up to the table: a type with another name would be lost in the series by
    type."""
    by_type = totals.filter(pl.col("source_code").is_in([f"raiavl/{table}/{name}" for name in _TYPES]))
    sums = by_type.group_by("period_start").agg(pl.col("value").sum().alias("parts"))
    compared = totals.filter(source_code=f"raiavl/{table}").join(sums, on="period_start", how="left")
    wrong = compared.filter(pl.col("value") != pl.col("parts").fill_null(0)).sort("period_start")
    return {
        period: f"{table} of {period:%Y-%m} is {value:,.0f}, its types add up to {parts or 0:,.0f}"
        for period, value, parts in wrong.select("period_start", "value", "parts").rows()
    }


_TYPES = ("Automóviles", "Camiones ligeros")


def _indicators(name: str, codes: Iterable[str], title: str, short_title: str, revisions: str) -> Dataset:
    return Dataset(
        name=name,
        source_id=SOURCE,
        api=API,
        title=title,
        plan=_plan(name, tuple(codes), short_title),
        parse=parse_indicators,
        # published at 06:00 in Mexico City
        schedule=("20 6 * * *", "America/Mexico_City"),
        publication_lag_days=35,
        revisions=revisions,
    )


DATASETS = (
    _indicators(
        "vehicles",
        VEHICLES,
        "Production and sales of vehicles, Mexico (BIE)",
        "vehicles",
        "Figures are preliminary, then revised, then definitive; every run asks for the whole history.",
    ),
    _indicators(
        "trade",
        TRADE,
        "Merchandise trade of Mexico (BIE)",
        "merchandise trade",
        "The first estimate comes about 27 days after the month, revised figures with the next and once a year; every run "
        "asks for the whole history.",
    ),
    Dataset(
        name="light_vehicles",
        source_id=SOURCE,
        api=OPEN_DATA,
        title="Register of light vehicles, Mexico (RAIAVL)",
        plan=plan_register,
        parse=parse_register,
        schedule=("20 6 * * *", "America/Mexico_City"),
        publication_lag_days=12,
        revisions="Figures are preliminary in the first month, revised from the second, definitive after some years; the "
        "files hold all years, so every run sees each change.",
    ),
)
