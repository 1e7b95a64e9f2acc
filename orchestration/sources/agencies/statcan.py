"""Statistics Canada: vectors and coordinates of the Web Data Service, and full tables where series are picked by name.

Belongs here: the API, the datasets, their requests, vectors, coordinates and member names to series.
Does not belong here: the formats (transforms/parse/statcan_wds.py, statcan.py).

The service tells for each number when it was released, so vectors come with true vintages: a run asks for what was
released since the oldest end of the stored series. Where the vectors of a table could not be established, the full
table is asked for once a month at most, and its series are picked by the names of their members, which are checked.
Vectors of 14-10-0223 (payrolls, adjusted) and 20-10-0025 (registrations by fuel) are known from public programs and, for
the latter, from a downloaded table: their titles are asked for before their first use (TITLES), and a vector whose title
is another one is refused with both titles, while the others are loaded.
12-10-0175 (trade by province, the successor of 12-10-0119) is read as a table; statcan_realtime.py has the real-time tables.
Table 12-10-0121 of the bundled trade in motor vehicles ended in 2023-09; 12-10-0163 succeeds it, and 12-10-0011 has its
totals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

from orchestration.sources.agencies.series_reply import to_parsed, without_series
from orchestration.sources.agencies.statcan_realtime import REAL_TIME_TABLES
from orchestration.sources.agencies.statcan_tables import TABLES, Table
from orchestration.sources.registry import load_series_catalogue
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response, TitleCheck
from transforms.magnitude import other_magnitude
from transforms.parse.outcome import TruncatedError
from transforms.parse.reply import SeriesReply
from transforms.parse.statcan_wds import SOURCE, parse_series, parse_titles
from transforms.schema import Parsed

#: vectors of series whose code in series.csv is not the one to ask for: it is shared with another series, or it ended
SUCCESSORS = {
    "v800913": "can_orders_manufacturing",
    "v800926": "can_orders_durable_goods",
    "v1230996000": "can_producer_prices_motor_vehicles_parts",
    "v87008955": "can_exports_goods",  # table 12-10-0011, all countries, balance of payments, adjusted
    "v87008839": "can_imports_goods",
}
#: a request may name so many vectors or coordinates
BATCH = 300
#: periods asked for by coordinate, newest first: the window of the labour force survey's yearly revision
_RECENT, _ALL = 36, 1200
_BEGINS = date(1914, 1, 1)
#: usual numbers of vehicles a month: a vector in dollars in their place would be a thousand times as large
_USUAL = {
    "v1617802379": (20_000, 500_000),
    "v1617802382": (2_000, 300_000),
    "v1617802385": (10_000, 450_000),
    "v1645353696": (500, 300_000),
}

_WDS = "/t1/wds/rest"
_PAYROLL, _EARNINGS = "Employment for all employees", "Average weekly earnings"
_AGGREGATE = "Industrial aggregate excluding unclassified businesses"
#: vectors known from elsewhere than the agency -> words of the title that it must have
TITLES: Mapping[str, tuple[str, ...]] = {
    "v79310776": ("Canada", _PAYROLL, _AGGREGATE),
    "v79310775": ("Canada", _PAYROLL, "Goods producing industries"),
    "v79310780": ("Canada", _PAYROLL, "Manufacturing"),
    "v79311153": ("Canada", _EARNINGS, _AGGREGATE),
    "v79311157": ("Canada", _EARNINGS, "Manufacturing"),
    "v1671330686": ("Canada", "All fuel types", "Total, vehicle type"),
    "v1277479871": ("Canada", "All zero-emission vehicles", "Total, vehicle type"),
    "v1277485216": ("Canada", "Battery electric", "Total, vehicle type"),
    "v1277490561": ("Canada", "Plug-in hybrid electric", "Total, vehicle type"),
    "v1671330691": ("Canada", "Gasoline", "Total, vehicle type"),
    "v1671330696": ("Canada", "Diesel", "Total, vehicle type"),
    "v1671330701": ("Canada", "Hybrid electric", "Total, vehicle type", "!Plug-in"),
    "v1671330706": ("Canada", "Other fuel types", "Total, vehicle type"),
    "v1671330687": ("Canada", "All fuel types", "Passenger cars"),
    "v1671330688": ("Canada", "All fuel types", "Pickup trucks"),
    "v1671330689": ("Canada", "All fuel types", "Multi-purpose vehicles"),
    "v1671330690": ("Canada", "All fuel types", "Vans"),
    "v1671380007": ("Ontario", "All fuel types", "Total, vehicle type"),
}


def titles_request(codes: Iterable[str]) -> Request:
    """The request for the titles of vectors."""
    wanted = list(codes)
    return Request(
        dataset="titles",
        path=f"{_WDS}/getSeriesInfoFromVector",
        method="POST",
        json_body=[{"vectorId": int(code.removeprefix("v"))} for code in wanted],
        title=f"titles of {len(wanted)} vectors",
    )


def read_titles(response: Response) -> Mapping[str, str]:
    """vector -> title. Raises what `parse_titles` raises."""
    return parse_titles(response.content, status=response.status, content_type=response.media_type)


API = Api(
    name="STATCAN",
    base_url="https://www150.statcan.gc.ca",
    seconds_between_requests=0.5,
    read_timeout=120.0,
    total_timeout=900.0,
    max_bytes=300_000_000,
    probe=titles_request(TITLES),
    read_probe=read_titles,
    titles=TITLES,
    traps=(
        "HTTP 200 may hold FAILED for single series.",
        "Values carry a scalar factor (3: thousands).",
        "Release times are Eastern local time without an offset, those of the list of tables UTC.",
        "HTTP 409 means that tables are locked, from midnight to 08:30 Eastern, or that nothing is out today.",
        "The base year of an index is stated nowhere in an answer.",
        "The same name may stand on two levels of a table, as [C211] and as [411]; a member is then given with its code.",
        "STATUS may hold a quality grade while SYMBOL says p or r: both count; a mark with a number costs that row.",
        "A table is closed and another one opened for a new classification; its vectors then stand still.",
    ),
)

#: the series released today; 409 before 08:30 Eastern and on days without a release
CHANGED_SERIES = Request(
    dataset="changed_series", path=f"{_WDS}/getChangedSeriesList", title="series released today"
)


@cache
def vectors() -> Mapping[str, str]:
    """vector ('v800913') -> series_id of every series that is asked for by vector, without those of `checked_vectors`."""
    rows = load_series_catalogue().filter(source_id=SOURCE).select("source_code", "series_id").rows()
    ended = {series.vector for series in TABLES["20100001"].series}
    alone = {
        code: series_id
        for code, series_id in rows
        if code and re.fullmatch(r"v\d+", code) and code not in ended and code not in (*SUCCESSORS, *TITLES)
    }
    return {**alone, **SUCCESSORS}


@cache
def checked_vectors() -> Mapping[str, str]:
    """vector -> series_id of the vectors whose titles are read before their first use."""
    rows = load_series_catalogue().filter(source_id=SOURCE).select("source_code", "series_id").rows()
    return {code: series_id for code, series_id in rows if code in TITLES}


@cache
def coordinates() -> Mapping[str, str]:
    """'14100022/1.2.10.1.1.0.0.0.0.0' -> series_id of every series that is asked for by coordinate."""
    rows = load_series_catalogue().filter(source_id=SOURCE).select("source_code", "series_id").rows()
    return {code: series_id for code, series_id in rows if code and re.fullmatch(r"\d{8}/[\d.]+", code)}


def codes(dataset: Dataset) -> tuple[str, ...]:
    """The vectors of a dataset, for the list of changed series; of coordinates and tables they are not known."""
    return tuple(vectors()) if dataset.name == "vectors" else ()


def plan_vectors(ctx: PlanContext) -> list[Request]:
    """What was released since the oldest end of the stored series, in batches of 300; the whole history of the others."""
    return _plan_vectors("vectors", vectors(), ctx)


def plan_checked_vectors(ctx: PlanContext) -> list[Request]:
    """As `plan_vectors`, for those whose titles are read before their first use."""
    return _plan_vectors("checked_vectors", checked_vectors(), ctx)


def _plan_vectors(dataset: str, wanted: Mapping[str, str], ctx: PlanContext) -> list[Request]:
    known = {code: ctx.latest[series] for code, series in wanted.items() if series in ctx.latest}
    if ctx.full or ctx.since:
        first = _BEGINS if ctx.full or ctx.since is None else ctx.since
        return [_history(dataset, batch, first, ctx.until or ctx.today) for batch in _batches(wanted)]
    unknown = [code for code in wanted if code not in known]
    requests = [_history(dataset, batch, _BEGINS, ctx.today) for batch in _batches(unknown)]
    if known:
        # every release that is not stored yet is later than the first day of the oldest newest period
        first = min(known.values())
        requests += [_released(dataset, batch, first, ctx.today) for batch in _batches(known)]
    return requests


def _released(dataset: str, batch: list[str], first: date, last: date) -> Request:
    """The request for every number of the vectors that was released from `first` to `last`, whatever its period."""
    body = {
        "vectorIds": [code.removeprefix("v") for code in batch],
        "startDataPointReleaseDate": f"{first.isoformat()}T00:00",
        "endDataPointReleaseDate": f"{last.isoformat()}T23:59",
    }
    return Request(
        dataset=dataset,
        path=f"{_WDS}/getBulkVectorDataByRange",
        method="POST",
        json_body=body,
        title=f"{len(batch)} vectors, released since {first}",
        context={"codes": batch, "every": False},
    )


def _history(dataset: str, batch: list[str], first: date, last: date) -> Request:
    """The request for the periods of the vectors from `first` to `last`, as they are known now."""
    ids = ",".join(f'"{code.removeprefix("v")}"' for code in batch)
    return Request(
        dataset=dataset,
        path=f"{_WDS}/getDataFromVectorByReferencePeriodRange",
        params=(
            ("vectorIds", ids),
            ("startRefPeriod", first.isoformat()),
            ("endReferencePeriod", last.replace(day=1).isoformat()),
        ),
        title=f"{len(batch)} vectors, periods since {first}",
        context={"codes": batch, "every": True},
    )


def plan_coordinates(ctx: PlanContext) -> list[Request]:
    """The newest periods of each coordinate; all of them where a series is not stored yet."""
    wanted = coordinates()
    everything = ctx.full or not set(wanted.values()) <= set(ctx.latest)
    periods = _ALL if everything else _RECENT
    if ctx.since and not everything:
        years = ctx.today.year - ctx.since.year + 1
        periods = max(_RECENT, 12 * years)
    return [
        Request(
            dataset="coordinates",
            path=f"{_WDS}/getDataFromCubePidCoordAndLatestNPeriods",
            method="POST",
            json_body=[
                {"productId": int(table), "coordinate": coordinate, "latestN": periods}
                for table, coordinate in (code.split("/") for code in batch)
            ],
            title=f"{len(batch)} coordinates, {periods} periods each",
            context={"codes": batch, "every": True},
        )
        for batch in _batches(wanted)
    ]


def _batches(codes: Iterable[str]) -> list[list[str]]:
    """The codes in parts of at most BATCH, in their order."""
    listed = list(codes)
    return [listed[start : start + BATCH] for start in range(0, len(listed), BATCH)]


def parse_vectors(content: bytes, request: Request, response: Response) -> Parsed:
    """Observations with their release times, for vectors."""
    return _to_parsed(content, request, response, key="vector", series=vectors())


def parse_checked_vectors(content: bytes, request: Request, response: Response) -> Parsed:
    """Observations with their release times, for vectors whose titles were read."""
    return _to_parsed(content, request, response, key="vector", series=checked_vectors())


def parse_coordinates(content: bytes, request: Request, response: Response) -> Parsed:
    """Observations with their release times, for coordinates."""
    return _to_parsed(content, request, response, key="coordinate", series=coordinates())


def _to_parsed(
    content: bytes, request: Request, response: Response, *, key: str, series: Mapping[str, str]
) -> Parsed:
    expected = request.context["codes"]
    reply = parse_series(content, key=key, status=response.status, content_type=response.media_type)
    if absent := [c for c in expected if c not in reply.details and c not in reply.refused]:
        refusals = "".join(f"; {why}" for code, why in reply.refused.items() if code not in expected)
        raise TruncatedError(
            SOURCE,
            f"{len(absent)} of {len(expected)} series did not come: {', '.join(absent[:5])}{refusals}",
            "ask again",
        )
    reply = without_series(reply, {**other_magnitude(reply, _USUAL), **_scaled_counts(reply, series)})
    return to_parsed(
        reply,
        source=SOURCE,
        series={code: series[code] for code in expected},
        expected=expected if request.context["every"] else (),
        retrieved_at=response.retrieved_at,
    )


def _scaled_counts(reply: SeriesReply, series: Mapping[str, str]) -> dict[str, str]:
    """vector -> why, for vehicles with a scalar factor: they are counted one by one, so that a factor means that the vector
    is now something else (dollars)."""
    units = dict(load_series_catalogue().select("series_id", "unit").rows())
    return {
        code: f"vehicles in multiples of {detail['unit_multiplier']}"
        for code, detail in reply.details.items()
        if units.get(series.get(code, "")) == "vehicles" and detail.get("unit_multiplier", "1") != "1"
    }


def _table_dataset(table: Table) -> Dataset:
    return Dataset(
        name=table.dataset,
        source_id=SOURCE,
        api=API,
        title=table.title,
        plan=table.plan,
        parse=table.parse,
        schedule=("50 8 * * *", "America/Toronto"),
        publication_lag_days=table.lag_days,
        revisions=table.revisions,
    )


_DAILY = ("35 8 * * *", "America/Toronto")

DATASETS = (
    Dataset(
        name="vectors",
        source_id=SOURCE,
        api=API,
        title="Employment, trade, orders, sales and prices of Canada, by vector",
        plan=plan_vectors,
        parse=parse_vectors,
        schedule=_DAILY,
        publication_lag_days=40,
        revisions="Each release tells which numbers it changed; trade revises the month before and once a year all months, "
        "the labour force survey is adjusted anew each January. A run asks by release time, so it sees every change.",
    ),
    Dataset(
        name="checked_vectors",
        source_id=SOURCE,
        api=API,
        title="Registrations of vehicles by fuel, payrolls and weekly earnings adjusted, Canada",
        plan=plan_checked_vectors,
        parse=parse_checked_vectors,
        schedule=_DAILY,
        publication_lag_days=75,
        title_check=TitleCheck(titles_request, read_titles, TITLES, checked_vectors()),
        revisions="Asked by release time like the other vectors. The title of each vector is read before its first use; one "
        "with another title is refused with both titles.",
    ),
    Dataset(
        name="coordinates",
        source_id=SOURCE,
        api=API,
        title="Employment in Canada, unadjusted, by coordinate (table 14-10-0022)",
        plan=plan_coordinates,
        parse=parse_coordinates,
        schedule=_DAILY,
        publication_lag_days=12,
        revisions="Unadjusted figures change with the yearly revision only; each run asks for the last three years.",
    ),
    *(_table_dataset(table) for table in TABLES.values()),
    *(
        Dataset(
            name=table.dataset,
            source_id=SOURCE,
            api=API,
            title=table.title,
            plan=table.plan,
            parse=table.parse,
            schedule=("50 8 * * *", "America/Toronto"),
            publication_lag_days=60,
            revisions=f"Holds each release of table {table.of}; asked for with --full only.",
        )
        for table in REAL_TIME_TABLES
    ),
)
