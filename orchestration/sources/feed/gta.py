"""Global Trade Alert: interventions of the United States, Canada and Mexico, with the user's own key.

Belongs here: the API, the key, the question. Does not belong here: the format (transforms/parse/gta.py).
"""

from __future__ import annotations

from datetime import timedelta

from orchestration.sources.feed.spec import Feed, entries, nothing_followed
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response, Secret
from transforms.feed.reading import Document
from transforms.parse.gta import PAGE, SOURCE, parse_interventions
from transforms.schema import Parsed

#: UN codes of the countries whose acts are asked for: Canada, Mexico, the United States
IMPLEMENTERS = (124, 484, 840)
_USUAL_DAYS = 45

API = Api(
    name="GTA",
    base_url="https://api.globaltradealert.org",
    secret=Secret(
        variable="HEADWAY_GTA_KEY",
        place="header",
        name="Authorization",
        prefix="APIKey ",
        pattern=r"[A-Za-z0-9_.\-]{16,128}",
        where_to_get="https://www.globaltradealert.org/",
        required=True,
    ),
    budgets=(Budget(50, 86_400, "UTC"),),
    seconds_between_requests=2.0,
    max_bytes=32_000_000,
    traps=(
        "Products are bare codes with basic access, and objects with the level before and after with full access.",
        "One act has several interventions, so that one announcement gives several candidates.",
    ),
)


def plan(ctx: PlanContext) -> list[Request]:
    """One question, from the first day of a month on, so that it is the same question for a month."""
    first = ctx.since or (ctx.today - timedelta(days=_USUAL_DAYS)).replace(day=1)
    body = {
        "limit": PAGE,
        "offset": 0,
        "sorting": "-date_announced",
        "request_data": {"implementer": list(IMPLEMENTERS), "submission_period": [first.isoformat(), None]},
    }
    return [
        Request(
            "interventions",
            "/api/v1/data/",
            method="POST",
            json_body=body,
            title=f"interventions from {first}",
        )
    ]


def read_list(content: bytes, _: Request, response: Response) -> list[Document]:
    """The interventions. Raises what `parse_interventions` raises."""
    return parse_interventions(content, status=response.status, content_type=response.media_type)


def parse_list(content: bytes, request: Request, response: Response) -> Parsed:
    """The interventions as candidates."""
    return entries(read_list(content, request, response), response)


FEED = Feed(
    lists=(
        Dataset(
            "interventions", SOURCE, API, "Global Trade Alert, interventions", plan, parse_list,
            schedule=("30 9 * * 1-5", "America/New_York"), publication_lag_days=7,
            revisions="Days and products are corrected now and then; every run asks for 45 days again.",
        ),
    ),
    documents=(),
    read_list=read_list,
    follow=nothing_followed,
)  # fmt: skip
