"""Canada: regulations (SOR) of laws-lois.justice.gc.ca and customs notices of the CBSA, asked for by their next numbers.

Belongs here: the APIs, which numbers are asked for. Does not belong here: formats (transforms/parse/canada_law.py).

Neither has a list that could be relied on, but both count upward within a year: the numbers after the highest one that is held
are asked for until there is no such page. Regulations that amend others have no page of their own, so holes are normal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from orchestration.sources.feed.spec import Feed, FeedContext, nothing_planned
from orchestration.sources.feed.words import keywords
from orchestration.sources.spec import Api, Budget, Dataset, Request, Response
from transforms.feed.reading import Document, candidate_row, parsed
from transforms.parse import canada_law
from transforms.schema import Parsed

#: how many of each a year has, roughly: where to begin while nothing of a year is held
_REGULATIONS_A_YEAR, _NOTICES_A_YEAR = 290, 35
#: numbers tried beyond the highest one held, and holes tried again behind it
_AHEAD, _BEHIND = 20, 10
#: numbers tried on both sides of the expected one while nothing of the year is held: 119 was reached on 8 April 2025, 148 in June
_AROUND = 45


def _api(name: str, host: str) -> Api:
    return Api(
        name=name,
        base_url=f"https://{host}",
        budgets=(Budget(150, 86_400, "America/Toronto"),),
        seconds_between_requests=1.0,
        max_bytes=8_000_000,
        follow_redirects=True,
        names_contact=True,
        traps=(
            "There is no list: the next numbers are asked for, and a number without a page is no failure.",
        ),
    )


JUSTICE = _api("JUSTICE_CANADA", canada_law.HOSTS[0])
CBSA = _api("CBSA", canada_law.HOSTS[1])


def next_numbers(read: frozenset[str], prefix: str, today: date, a_year: int) -> list[int]:
    """The numbers of this year that are worth asking for. read: feed ids; prefix: of this year's ids."""
    held = {
        int(feed_id.removeprefix(prefix))
        for feed_id in read
        if re.fullmatch(re.escape(prefix) + r"\d+", feed_id)
    }
    if held:
        first, last = max(held) - _BEHIND, max(held) + _AHEAD
    else:
        expected = a_year * today.timetuple().tm_yday // 365
        around = min(_AROUND, a_year // 3)
        first, last = expected - around, expected + around
    return [number for number in range(max(1, first), last + 1) if number not in held]


def follow_regulations(ctx: FeedContext, _: int) -> list[Request]:
    """The regulations of this year with the next numbers."""
    year = ctx.today.year
    numbers = next_numbers(ctx.read, f"{canada_law.JUSTICE}:SOR-{year}-", ctx.today, _REGULATIONS_A_YEAR)
    return [
        Request(
            "regulations",
            f"/eng/regulations/SOR-{year}-{number}/FullText.html",
            title=f"SOR/{year}-{number}",
            context={"number": f"{year}-{number}"},
            guessed=True,
        )
        for number in numbers
    ]


def follow_notices(ctx: FeedContext, _: int) -> list[Request]:
    """The customs notices of this year with the next numbers."""
    year = ctx.today.year % 100
    numbers = next_numbers(ctx.read, f"{canada_law.CBSA}:CN-{year:02}-", ctx.today, _NOTICES_A_YEAR)
    return [
        Request(
            "notices",
            f"/publications/cn-ad/cn{year:02}-{number}-eng.html",
            title=f"Customs Notice {year:02}-{number}",
            context={"number": f"{year:02}-{number}"},
            guessed=True,
        )
        for number in numbers
    ]


def _reader(parse: Callable[..., tuple[Document, str]]) -> Callable[[bytes, Request, Response], Parsed]:
    def read(content: bytes, request: Request, response: Response) -> Parsed:
        document, text = parse(content, status=response.status, number=request.context["number"])
        return parsed([candidate_row(document, keywords(), text=text, retrieved_at=response.retrieved_at)])

    return read


def _no_list(_: bytes, __: Request, ___: Response) -> list[Document]:
    return []


REGULATIONS = Feed(
    lists=(),
    documents=(
        Dataset(
            "regulations", canada_law.JUSTICE, JUSTICE, "Canada, regulations (SOR)", nothing_planned,
            _reader(canada_law.parse_regulation), publication_lag_days=14,
            revisions="A page shows the regulation as amended; a regulation is read once.",
        ),
    ),
    read_list=_no_list,
    follow=follow_regulations,
)  # fmt: skip
NOTICES = Feed(
    lists=(),
    documents=(
        Dataset(
            "notices", canada_law.CBSA, CBSA, "CBSA, customs notices", nothing_planned, _reader(canada_law.parse_notice),
            publication_lag_days=1, revisions="A notice is changed in place now and then; it is read once.",
        ),
    ),
    read_list=_no_list,
    follow=follow_notices,
)  # fmt: skip
