"""INEGI: vehicles and merchandise trade from the indicators API (BIE), light vehicles from the open data of RAIAVL.

Belongs here: both APIs, the datasets, their requests, indicators and register totals to series.
Does not belong here: the formats (transforms/parse/inegi.py, inegi_raiavl.py).

The API gives an indicator's whole history or its newest value, no window; so a run asks for the history, one request a
group of indicators. Since 2026 the bank of economic indicators is BIE-BISE and the area of the country 00; both can be
set (HEADWAY_INEGI_BANK, HEADWAY_INEGI_AREA), because the documentation still shows BIE and 0700.
The register's models, and makers beyond those declared, stay in the archived bytes; they are no series of their own.
Indicators that are known from public programs only (INDUSTRY of base 2018, REGISTER_TOTALS) are loaded once the catalogue
CL_INDICATOR says a fitting title; whether 736407, 736418 and 736511 are unadjusted, as taken here, is inferred. The index
of base 2013, which is bundled, ended. Heavy vehicles alone are not here.
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
from orchestration.sources.spec import (
    Api,
    Dataset,
    PlanContext,
    Request,
    Response,
    Secret,
    TitleCheck,
)
from transforms.magnitude import refuse_other_magnitude
from transforms.parse.inegi import SOURCE, parse_reply, parse_titles
from transforms.parse.inegi_raiavl import monthly_totals, parse_hybrids, parse_zip
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
_USUAL = {
    "15166": (50_000, 2_000_000),
    "33860": (5_000, 500_000),
    "33861": (5_000, 500_000),
    **dict.fromkeys(("6207131345", "6207131346", "6207131349"), (20_000, 1_000_000)),
    **dict.fromkeys(("736407", "736885", "736418", "736511"), (20, 500)),
}

#: industrial activity, base 2018: total unadjusted and adjusted, manufacturing and transport equipment unadjusted
INDUSTRY = ("736407", "736885", "736418", "736511")
#: production, sales and exports of light vehicles as INEGI's headline has them, in the bank BISE: without Foton
REGISTER_TOTALS = ("6207131345", "6207131346", "6207131349")
_BISE = "BISE"
#: indicators known from elsewhere than the agency -> words of the title that each must have
TITLES: dict[str, tuple[str, ...]] = {
    "736407": ("Total|Actividad industrial",),
    "736885": ("Total|Actividad industrial",),
    "736418": ("Manufactur",),
    "736511": ("Equipo de transporte",),
    "6207131345": ("Produc|Producidas",),
    "6207131346": ("Venta|Vendid",),
    "6207131349": ("Export",),
}

#: consumer prices: an indicator that was there on 2026-10-01
_PROBED = "910392"
_CATALOGUE = "/app/api/indicadores/desarrolladores/jsonxml/CL_INDICATOR"
_INDICATOR = "/app/api/indicadores/desarrolladores/jsonxml/INDICATOR"
_OPEN_DATA = "/contenidos/datosprimarios/iavl/datosabiertos"


def _read_probe(response: Response) -> dict[str, str]:
    """No titles; raises what a refusal means."""
    parse_reply(
        response.content,
        frequencies={_PROBED: "monthly"},
        status=response.status,
        content_type=response.media_type,
    )
    return {}


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
    # an indicator that is known to be there, so that a refusal is about the token
    probe=Request(
        dataset="probe",
        path=f"{_INDICATOR}/{_PROBED}/es/00/true/BIE-BISE/2.0/{{token}}",
        params=(("type", "json"),),
        title="the newest consumer price index",
    ),
    read_probe=_read_probe,
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
    probe=Request(
        "probe",
        f"{_OPEN_DATA}/conjunto_de_datos_raiavl_mensual_hibrido_csv.zip",
        title="electric and hybrid vehicles by state",
    ),
    traps=(
        "A key may stand on several lines of a file; they are parts of one figure and are added.",
        "Negative units are corrections of earlier months.",
        "A maker has another name in production (BMW Group) than in sales (BMW), and names change.",
    ),
)


def _plan(
    dataset: str, codes: tuple[str, ...], title: str, bank: str = ""
) -> Callable[[PlanContext], list[Request]]:
    """The `plan` of a dataset of indicators."""

    def plan(ctx: PlanContext) -> list[Request]:
        """One request for the whole history of the group: the API has no window."""
        whole = _indicators_request(dataset, codes, title, ctx, bank)
        # one indicator that was retired makes the whole request fail, and the refusal does not name it
        parts = tuple(_indicators_request(dataset, (code,), title, ctx, bank) for code in codes)
        return [replace(whole, instead=parts if len(codes) > 1 else ())]

    return plan


def _titles_request(codes: tuple[str, ...], bank: str = "") -> Request:
    """The request for the descriptions of indicators."""
    bank = bank or os.environ.get("HEADWAY_INEGI_BANK") or "BIE-BISE"
    return Request(
        dataset="titles",
        path=f"{_CATALOGUE}/{','.join(codes)}/es/{bank}/2.0/{{token}}",
        params=(("type", "json"),),
        title=f"descriptions of {len(codes)} indicators",
    )


def _read_titles(response: Response) -> dict[str, str]:
    """indicator -> description. Raises what `parse_titles` raises."""
    return parse_titles(response.content, status=response.status, content_type=response.media_type)


def _indicators_request(
    dataset: str, codes: tuple[str, ...], title: str, ctx: PlanContext, bank: str
) -> Request:
    """bank: of indicators that are in a bank of their own, whatever HEADWAY_INEGI_BANK says."""
    bank = bank or os.environ.get("HEADWAY_INEGI_BANK") or "BIE-BISE"
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
        _register_request("light_vehicles", spanish, f"{table} of light vehicles since 2005", table, ctx)
        for table, (spanish, _) in _REGISTER.items()
    ]


def plan_hybrids(ctx: PlanContext) -> list[Request]:
    """The zip of electric and hybrid vehicles by state, with all its years."""
    title = "electric and hybrid vehicles since 2016"
    return [_register_request("hybrid_vehicles", "hibrido", title, "hybrids", ctx)]


def _register_request(dataset: str, spanish: str, title: str, table: str, ctx: PlanContext) -> Request:
    return Request(
        dataset=dataset,
        path=f"{_OPEN_DATA}/conjunto_de_datos_raiavl_mensual_{spanish}_csv.zip",
        title=title,
        context={"table": table, "last_period": ctx.today.isoformat()},
    )


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


def parse_hybrid_sales(content: bytes, request: Request, response: Response) -> Parsed:
    """Sales of electric, plug-in hybrid and hybrid vehicles, the sum of the states, known from the time of retrieval."""
    try:
        reply = parse_hybrids(content, status=response.status, content_type=response.media_type)
    except EmptyReplyError as error:
        raise SchemaChangedError(SOURCE, error.what) from error
    series = {c: s for c, s in declared_series(SOURCE).items() if c.startswith("raiavl/hybrids/")}
    return to_parsed(
        reply,
        source=SOURCE,
        series=series,
        expected=series,
        retrieved_at=response.retrieved_at,
        complete=True,
    )


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


def _indicators(
    name: str, codes: Iterable[str], title: str, short_title: str, revisions: str, *, bank: str = ""
) -> Dataset:
    listed = tuple(codes)
    unproven = {code: TITLES[code] for code in listed if code in TITLES}
    check = TitleCheck(
        lambda wanted: _titles_request(wanted, bank), _read_titles, unproven, declared_series(SOURCE, listed)
    )
    return Dataset(
        name=name,
        source_id=SOURCE,
        api=API,
        title=title,
        plan=_plan(name, listed, short_title, bank),
        parse=parse_indicators,
        title_check=check if unproven else None,
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
    _indicators(
        "industry",
        INDUSTRY,
        "Industrial activity of Mexico, base 2018 (IMAI)",
        "industrial activity",
        "The month before is revised each month, several years once a year; every run asks for the whole history.",
    ),
    _indicators(
        "register_totals",
        REGISTER_TOTALS,
        "Light vehicles of Mexico as INEGI's headline counts them (BISE)",
        "light vehicles",
        "Totals of the register of light vehicles without Foton; every run asks for the whole history.",
        bank=_BISE,
    ),
    Dataset(
        name="hybrid_vehicles",
        source_id=SOURCE,
        api=OPEN_DATA,
        title="Sales of electric and hybrid light vehicles, Mexico (RAIAVL), the sum of the states",
        plan=plan_hybrids,
        parse=parse_hybrid_sales,
        schedule=("20 6 * * *", "America/Mexico_City"),
        publication_lag_days=12,
        revisions="As for the register of light vehicles.",
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
