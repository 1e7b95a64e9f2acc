"""US Treasury FiscalData: customs duties of the Monthly Treasury Statement, gross, refunds and net.

Belongs here: the API, the dataset, its request. Does not belong here: the format (transforms/parse/treasury.py).

The whole table of customs duties since March 2015 is one request of some 20 kB, so every run asks for all of it.
Its format is known from stored documentation and public clients, not from a recorded reply.
Not here: the motor-vehicle tables of the Bureau of Economic Analysis. Its API is documented (GetData, dataset
NIUnderlyingDetail, table U70205S, a key in the query string), but which of its series codes are the production and
inventories bundled here, and in which multiplier they come, could not be established.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from orchestration.sources.agencies.series_reply import declared_series, to_parsed
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response
from transforms.parse.body import read_json
from transforms.parse.outcome import EmptyReplyError
from transforms.parse.treasury import CUSTOMS, FIELDS, SOURCE, parse_customs_duties
from transforms.schema import Parsed

#: more rows than there are months for eight hundred years: the default is 100, which would cut the answer
_PAGE = 10_000
#: the Statement is printed in millions of dollars, and so are the bundled figures
_MILLION = 1e6

_TABLE = "/services/api/fiscal_service/v1/accounting/mts/mts_table_4"


def _titles(response: Response) -> dict[str, str]:
    """The classification of the newest row, which the filter asks for."""
    reply = read_json(
        response.content, source=SOURCE, status=response.status, content_type=response.media_type
    )
    rows = reply.get("data") if isinstance(reply, dict) else None
    if not rows:
        raise EmptyReplyError(SOURCE, "no row of customs duties", "check the filter")
    return {CUSTOMS: str(rows[0].get("classification_desc"))}


API = Api(
    name="TREASURY",
    base_url="https://api.fiscaldata.treasury.gov",
    seconds_between_requests=1.0,
    max_bytes=16_000_000,
    probe=Request(
        "probe",
        _TABLE,
        params=(
            ("fields", ",".join(("record_date", "classification_desc", *FIELDS))),
            ("filter", f"classification_desc:eq:{CUSTOMS}"),
            ("sort", "-record_date"),
            ("format", "json"),
            ("page[number]", "1"),
            ("page[size]", "1"),
        ),
        title="the newest month",
    ),
    read_probe=_titles,
    titles={CUSTOMS: (CUSTOMS,)},
    traps=(
        "Every number is a text; a missing one is the text null.",
        "Refunds are positive and may exceed receipts (2026-05 to 2026-07): net duties are then negative.",
        "Pages hold 100 rows unless a size is asked for.",
    ),
)


def plan(ctx: PlanContext) -> list[Request]:
    """One request for every month there is."""
    fields = ",".join(("record_date", "classification_desc", *FIELDS))
    return [
        Request(
            dataset="customs_duties",
            path=_TABLE,
            params=(
                ("fields", fields),
                ("filter", f"classification_desc:eq:{CUSTOMS}"),
                ("sort", "record_date"),
                ("format", "json"),
                ("page[number]", "1"),
                ("page[size]", str(_PAGE)),
            ),
            title="customs duties since 2015-03",
            context={"last_period": ctx.today.isoformat()},
        )
    ]


def parse(content: bytes, request: Request, response: Response) -> Parsed:
    """Three series in the millions of dollars in which the Statement is printed, known from the time of retrieval."""
    reply = parse_customs_duties(content, status=response.status, content_type=response.media_type)
    codes = list(FIELDS.values())
    millions = reply.frame.with_columns((pl.col("value") / _MILLION).round() * _MILLION)
    return to_parsed(
        replace(reply, frame=millions),
        source=SOURCE,
        series=declared_series(SOURCE, codes),
        expected=codes,
        printed_in=dict.fromkeys(codes, 1),
        retrieved_at=response.retrieved_at,
        complete=True,
    )


DATASETS = (
    Dataset(
        name="customs_duties",
        source_id=SOURCE,
        api=API,
        title="Customs duties, Monthly Treasury Statement",
        plan=plan,
        parse=parse,
        # published at 14:00 on the eighth business day of the month
        schedule=("15 14 8-16 * *", "America/New_York"),
        publication_lag_days=14,
        revisions="Later statements restate earlier months now and then; every run asks for all months.",
    ),
)
