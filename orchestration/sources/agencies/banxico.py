"""Banco de México SIE: the FIX exchange rate, of which the means of whole months are kept.

Belongs here: the API with its token and quotas, the dataset, which days are asked for, codes to series.
Does not belong here: the format (transforms/parse/banxico.py), the mean (transforms/means.py).

One request a run, of the 200 in five minutes that a token has for historic data. A spent quota and a wrong token both
come as HTTP 400; the first says when it renews, which is remembered, the second ends the run for this source.
"""

from __future__ import annotations

from datetime import date

from orchestration.sources.agencies import daily_rates
from orchestration.sources.agencies.series_reply import declared_series
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response, Secret
from transforms.parse.banxico import SOURCE, parse_reply
from transforms.schema import Parsed

#: SF43718: pesos per US dollar to settle obligations in foreign currency, by the date of determination (FIX)
CODES = ("SF43718",)
BEGINS = date(1991, 11, 12)
#: a request may name so many series
BATCH = 20

_PATH = "/SieAPIRest/service/v1/series"


def _titles(response: Response) -> dict[str, str]:
    """The title of each series of an answer."""
    reply = parse_reply(
        response.content,
        status=response.status,
        content_type=response.media_type,
        headers=response.headers,
    )
    return {code: detail["title"] for code, detail in reply.details.items() if "title" in detail}


API = Api(
    name="BANXICO",
    base_url="https://www.banxico.org.mx",
    secret=Secret(
        variable="HEADWAY_BANXICO_KEY",
        place="header",
        name="Bmx-Token",
        pattern=r"[0-9A-Za-z]{64}",
        where_to_get="https://www.banxico.org.mx/SieAPIRest/service/v1/token",
        required=True,
    ),
    # these are the limits for historic data; those for the newest value (80 a minute, 40,000 a day) concern the probe only
    budgets=(Budget(200, 300), Budget(10_000, 86_400, "America/Mexico_City")),
    seconds_between_requests=1.0,
    max_bytes=16_000_000,
    probe=Request(dataset="probe", path=f"{_PATH}/SF43718/datos/oportuno", title="the newest FIX rate"),
    read_probe=_titles,
    titles={"SF43718": ("Tipo de cambio", "E.U.A.", "FIX")},
    traps=(
        "Requests take ISO dates, answers write 26/11/2020.",
        "N/E is a day without a rate; numbers may carry thousands commas.",
        "A wrong token and a spent quota are both HTTP 400; only the quota says in how many seconds it renews.",
    ),
)


def plan(ctx: PlanContext) -> list[Request]:
    """One request for every 20 series, or none where no month has ended since the first one that is wanted."""
    window = daily_rates.window(ctx, declared_series(SOURCE, CODES).values(), BEGINS)
    if window is None:
        return []
    first, last = window
    return [
        Request(
            dataset="exchange_rates",
            path=f"{_PATH}/{','.join(codes)}/datos/{first.isoformat()}/{last.isoformat()}",
            title=f"daily rates, {first} to {last}",
            context=daily_rates.context(codes, last),
        )
        for codes in (CODES[start : start + BATCH] for start in range(0, len(CODES), BATCH))
    ]


def parse(content: bytes, request: Request, response: Response) -> Parsed:
    """The means of whole months, known from the time of retrieval; raises what `daily_rates.means` and the parser raise."""
    daily = parse_reply(
        content, status=response.status, content_type=response.media_type, headers=response.headers
    )
    return daily_rates.means(daily, request, response, source=SOURCE)


DATASETS = (
    Dataset(
        name="exchange_rates",
        source_id=SOURCE,
        api=API,
        title="FIX exchange rate, Mexican pesos per US dollar, monthly means of daily rates",
        plan=plan,
        parse=parse,
        # determined at noon, published in the afternoon of each bank business day
        schedule=("30 18 * * *", "America/Mexico_City"),
        publication_lag_days=1,
        revisions="The FIX rate is not revised; the months of the current year are asked for again each time.",
    ),
)
