"""US Census Bureau, monthly bulk files of trade in goods (IMDB, EXDB): addresses, limits, and what an answer means.

Belongs here: where a month's file lies and which answers are its absence. It has no DATASETS: a refresh does not ask for
these files, `headway detail add --since` does (orchestration/intake/detail/download.py).
Does not belong here: what a file holds (transforms/parse/census_bulk.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from orchestration.sources.spec import Api, Request, Response
from transforms.parse.body import is_html
from transforms.parse.outcome import HtmlInsteadError, NotYetReleasedError, UnreadableError
from transforms.periods import month_after

SOURCE = "census_bulk"
#: flow -> (folder, what the name of a file begins with)
FILES = {"imports": ("im_m", "IMDB"), "exports": ("ex_m", "EXDB")}
#: the first month whose files have the layout that is read here
FIRST_MONTH = date(2013, 1, 1)
#: days after the end of a month before which its file is not expected (FT-900 comes after 35), and by which it must be
#: there (after the lapse of 2025 September came 50 days late)
_SOONEST, _LATEST = 33, 110

API = Api(
    name="CENSUS_BULK",
    base_url="https://www.census.gov",
    names_contact=True,
    referer="https://www.census.gov/foreign-trade/data/dataproducts.html",
    seconds_between_requests=2.0,
    read_timeout=120.0,
    total_timeout=3_600.0,
    max_bytes=1_000_000_000,
    attempts=5,
    traps=(
        "Under load the server answers with other statuses than 200 for files that are there, so that an answer is taken for "
        "absence only where the month may not be out.",
    ),
)


def may_be_absent(month: date, today: date) -> bool:
    """Whether a month (first day) may not be published yet."""
    return today < month_after(month) + timedelta(days=_LATEST)


def newest_month(today: date) -> date:
    """The newest month whose file can be out."""
    return month_after((today - timedelta(days=_SOONEST)).replace(day=1), -1)


def file_name(flow: str, month: date) -> str:
    """IMDB2401.ZIP for the imports of January 2024."""
    return f"{FILES[flow][1]}{month:%y%m}.ZIP"


def request(flow: str, month: date) -> Request:
    """The question for the file of a month (first day) of a flow."""
    folder = FILES[flow][0]
    return Request(
        dataset="detail",
        path=f"/trade/downloads/{month.year}/Merch/{folder}/{file_name(flow, month)}",
        title=f"{flow} {month:%Y-%m}",
    )


def reader(month: date, today: date) -> Callable[[Response], None]:
    """What reads the answer to `request(month)`: nothing for a file that has come.

    It raises NotYetReleasedError for 404 where the month may not be out, and for every other answer than a zip an
    error after which the same is asked again.
    """

    def read(response: Response) -> None:
        if response.status == 404 and may_be_absent(month, today):
            raise NotYetReleasedError(SOURCE, f"no file of {month:%Y-%m} yet", "ask again after its release")
        if response.status != 200:
            raise UnreadableError(
                SOURCE, f"HTTP {response.status} for a file that is published", "ask again later"
            )
        if is_html(response.content):
            raise HtmlInsteadError(SOURCE, "a page where a zip was asked for", "ask again later")
        if not response.content.startswith(b"PK"):
            raise UnreadableError(SOURCE, "an answer that is no zip", "ask again later")

    return read
