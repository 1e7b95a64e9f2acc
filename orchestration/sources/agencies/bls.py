"""US Bureau of Labor Statistics: the Public Data API for what is new, the LABSTAT flat files for whole histories.

Belongs here: both APIs with their limits, which file holds which series, the requests and the reading of their answers.
Does not belong here: the formats (transforms/parse/bls.py), the series (series.csv: every code of `bls` is asked for but those of the
Quarterly Census of Employment and Wages, bls_qcew.py).

Limits: https://www.bls.gov/developers/api_faqs.htm (register_1): 500 queries a day, 50 series and 20 years a query with a
key, 25, 25 and 10 without one. The flat files have no quota, but want an e-mail address as the user agent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from orchestration.sources.agencies.series_reply import declared_series, to_parsed
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response, Secret
from transforms.parse import bls
from transforms.parse.outcome import AuthError, EmptyReplyError, SchemaChangedError
from transforms.schema import Parsed

SOURCE = "bls"
_ZONE = "America/New_York"
_CONTACT = "HEADWAY_CONTACT_EMAIL"

API = Api(
    name="BLS",
    base_url="https://api.bls.gov/publicAPI",
    secret=Secret(
        variable="HEADWAY_BLS_KEY",
        place="body",
        name="registrationkey",
        pattern=r"[0-9a-f]{32}",
        where_to_get="https://data.bls.gov/registrationEngine/",
        required=False,
    ),
    budgets=(Budget(500, 86_400, _ZONE),),
    budgets_without_key=(Budget(25, 86_400, _ZONE),),
    attempts=2,
    volatile=rb'"responseTime"\s*:\s*\d+',
    traps=(
        "A refusal comes with status 200; the field `status` and the messages tell.",
        "A range of years that is too long is shortened, and an unknown series is left empty, in a successful reply.",
        "The last year asked for must not lie in the future.",
        'The value "-" with footnote X is a month that was never collected (October 2025): a gap, not a failure.',
        "Without a key the 25 queries are counted for the internet address, which others may share.",
    ),
)

FLAT_API = Api(
    name="BLS_FLAT",
    base_url="https://download.bls.gov/pub/time.series",
    contact_variable=_CONTACT,
    seconds_between_requests=1.0,
    read_timeout=120.0,
    total_timeout=1_200.0,
    max_bytes=300_000_000,
    probe=Request("probe", "/cu/cu.period", title="the list of periods"),
    traps=(
        f"Answers 403 unless the user agent is an e-mail address: set {_CONTACT}.",
        "Fields are padded with blanks, in the header too.",
    ),
)

#: which flat file holds a code, first match; file names and contents as in <survey>.txt beside the files
_FILES: tuple[tuple[str, str], ...] = (
    (r"CES\d{8}01", "/ce/ce.data.01a.CurrentSeasAE"),
    (r"CES30\d{6}0[23]", "/ce/ce.data.30b.Manufacturing.AllEmployeeHoursAndEarnings"),
    (r"CES30\d{6}0[78]", "/ce/ce.data.30c.Manufacturing.ProductionEmployeeHoursAndEarnings"),
    (r"CES31\d{6}0[23]", "/ce/ce.data.31b.ManufacturingDurableGoods.AllEmployeeHoursAndEarnings"),
    (r"CES31\d{6}0[78]", "/ce/ce.data.31c.ManufacturingDurableGoods.ProductionEmployeeHoursAndEarnings"),
    (r"CU[SU]R0000SA0", "/cu/cu.data.1.AllItems"),
    (r"CU[SU]R0000SET\w*", "/cu/cu.data.14.USTransportation"),
    (r"EIUIR\w*", "/ei/ei.data.01.BEAImport"),
    (r"EIUCO\w*", "/ei/ei.data.07.LocalityofOrigin"),
)

#: the series by which it is known whether the bundled figures hold the February benchmark of employment already
_BENCHMARKED = "usa_employment_total_nonfarm"
#: of the oldest series (employment in manufacturing)
_FIRST_YEAR = 1939
#: series whose flat files are not known; those of the states are one file of hundreds of megabytes
_API_ONLY = re.compile(r"SM[SU]|CEU|WPU")
_NO_DATA = re.compile(r"no data available for series\s+(\S+)", re.I)


def series_codes() -> list[str]:
    """The codes that these two APIs know, in the order of series.csv."""
    return [code for code in declared_series(SOURCE) if not code.startswith("QCEW ")]


def flat_file_of(code: str) -> str:
    """Path of the flat file with the whole history of a series. Raises LookupError for a code of an unknown survey."""
    for pattern, path in _FILES:
        if re.fullmatch(pattern, code):
            return path
    raise LookupError(f"no flat file is known for the series {code}: add it to _FILES")


def _plan(context: PlanContext) -> list[Request]:
    """Requests for the newest years, as many as one query holds: without any further query that covers every monthly
    revision and the five years which the benchmark of employment and the seasonal factors of prices revise each February.
    Earlier years, where they are wanted, come in further windows, newest first, so that a quota that ends costs old figures.
    """
    codes = series_codes()
    size, years = (50, 20) if context.has_key else (25, 10)
    last = _last_year(context)
    first = min(last, context.since.year) if context.since else last
    return [
        _query(context, codes[start : start + size], max(end - years + 1, _FIRST_YEAR), end)
        for end in range(last, first - 1, -years)
        for start in range(0, len(codes), size)
    ]


def _last_year(context: PlanContext) -> int:
    """The last year to ask for. BLS refuses a year that has not begun in Washington, so it is that of yesterday; nothing of
    a year is published on its first day."""
    year = (context.today - timedelta(days=1)).year
    return min(year, context.until.year) if context.until else year


def _query(context: PlanContext, codes: Sequence[str], first: int, last: int) -> Request:
    return Request(
        dataset="public_data",
        path=f"/v{2 if context.has_key else 1}/timeseries/data/",
        method="POST",
        json_body={"seriesid": list(codes), "startyear": str(first), "endyear": str(last)},
        title=f"{len(codes)} series, {first}-{last}",
        context={"codes": list(codes), "last_period": f"{last}-12-01"},
    )


def _parse(content: bytes, request: Request, response: Response) -> Parsed:
    """The observations of a reply. A series that did not come means that the reply was cut, unless BLS writes that it has
    no data of the series in these years."""
    reply = bls.parse_reply(content, status=response.status, content_type=response.media_type)
    codes = request.context["codes"]
    matches = [match for message in reply.messages if (match := _NO_DATA.search(message))]
    years_without_data = Counter(match.group(1) for match in matches)  # one message for each series and year
    messages = [message for message in reply.messages if not _NO_DATA.search(message)]
    if years_without_data:
        listed = ", ".join(f"{code} ({years})" for code, years in years_without_data.items())
        messages.append(f"no data in some of the years: {listed}")
    return to_parsed(
        replace(reply, messages=tuple(messages)),
        source=SOURCE,
        series=declared_series(SOURCE, codes),
        expected=[code for code in codes if code not in years_without_data],
        retrieved_at=response.retrieved_at,
        complete=True,
    )


def _plan_flat(context: PlanContext) -> list[Request]:
    """Requests for whole histories (--full), else only for the files of employment that were not answered since the last
    benchmark. Employment by state, employment not adjusted and producer prices come from the API alone."""
    files: dict[str, list[str]] = {}
    for code in series_codes():
        if _API_ONLY.match(code):
            continue
        files.setdefault(flat_file_of(code), []).append(code)
    requests = [
        Request(
            dataset="flat_files",
            path=path,
            title=f"{path.rsplit('/', 1)[-1]}, {len(codes)} series",
            context={"codes": codes, "last_period": context.today.isoformat()},
        )
        for path, codes in files.items()
    ]
    return [
        r for r in requests if context.full or (r.path.startswith("/ce/") and _lacks_benchmark(context, r))
    ]


def _lacks_benchmark(context: PlanContext, request: Request) -> bool:
    """Whether a file was not answered since the last benchmark, out with the January figures in early February.

    The answers to the files themselves tell, and not the newest month in the store: the Public Data API brings January a quarter of an hour
    before the files are asked for, with the years of one query only.
    """
    january = date(context.today.year - (context.today.month < 2), 1, 1)
    if _BENCHMARKED not in context.latest or context.bundled.get(_BENCHMARKED, date.min) >= january:
        return False
    return not context.answered_since_out(request, january)


def _parse_flat(content: bytes, request: Request, response: Response) -> Parsed:
    """The whole histories of the declared series in one file; a series that is no longer in it counts as refused."""
    codes = request.context["codes"]
    try:
        reply = bls.parse_data_file(
            content, codes=codes, status=response.status, content_type=response.media_type
        )
    except AuthError as refused:
        raise AuthError(
            SOURCE, f"{refused.what}, which wants an e-mail address as the user agent", f"set {_CONTACT}"
        ) from None
    except EmptyReplyError as empty:
        # a file without any of its series is another file than it was
        raise SchemaChangedError(SOURCE, empty.what, missing=codes) from empty
    in_file = set(reply.frame["source_code"].unique())
    absent = {code: f"is no longer in {request.path}" for code in codes if code not in in_file}
    return to_parsed(
        replace(reply, refused=absent),
        source=SOURCE,
        series=declared_series(SOURCE, codes),
        retrieved_at=response.retrieved_at,
        complete=True,
    )


DATASETS = (
    Dataset(
        name="public_data",
        source_id=SOURCE,
        api=API,
        title="Employment, hours, earnings; consumer and import prices",
        plan=_plan,
        parse=_parse,
        schedule=("35 8 * * *", _ZONE),
        publication_lag_days=20,
        revisions="Employment, hours and earnings of a month are preliminary, are revised in the two following months and at "
        "the benchmark in February; seasonally adjusted prices of five years are revised each February. Each refresh asks "
        "for the newest 20 years (10 without a key), the series in four queries (eight without a key).",
    ),
    Dataset(
        name="flat_files",
        source_id=SOURCE,
        api=FLAT_API,
        title="Whole histories of the BLS series",
        plan=_plan_flat,
        parse=_parse_flat,
        schedule=("50 8 * * *", _ZONE),
        publication_lag_days=20,
        revisions="Asked for with --full, and the files of employment after the benchmark of each February until they were answered.",
    ),
)
