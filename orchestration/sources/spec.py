"""The shape of a source: who publishes, where it is asked, under which limits. Data, not behaviour.

Belongs here: frozen dataclasses that registry.py and the provider modules fill with rows.
Does not belong here: asking (intake/agency/http.py), parsing (transforms/parse), Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal

from transforms.schema import Parsed


@dataclass(frozen=True)
class Source:
    """A publisher.

    publication_lag_days: usual days from the end of a reference period to its first release.
    """

    source_id: str
    agency: str
    country_iso3: str | None
    title: str
    homepage_url: str
    licence: str
    attribution: str
    cadence: str
    publication_lag_days: int | None
    needs_key: bool = False


@dataclass(frozen=True)
class FirstRelease:
    """How soon after the end of a period a figure must be known to count as its first release.

    series:      pattern of series ids of the source (`*` any text, `?` one character); the longest that fits counts
    lag_days:    usual days from the end of a period to its first release
    margin_days: days more that a release may be late or a copy may be made, so few that the next release, which revises
                 the figure, still lies beyond them
    period:      first day of the one period that the row is about, where a release was put off; else of every period
    """

    source_id: str
    series: str
    lag_days: int
    margin_days: int
    period: date | None = None

    @property
    def within_days(self) -> int:
        """Days after the end of a period within which a figure counts as first released."""
        return self.lag_days + self.margin_days


@dataclass(frozen=True)
class Secret:
    """A key: where it comes from and where it goes. It never enters a Request, so nothing that is logged holds it."""

    variable: str  # environment variable, HEADWAY_CENSUS_KEY
    place: Literal["query", "header", "body", "path"]
    name: str  # parameter, header or body field; for a path, the placeholder `{name}` in Request.path
    pattern: str  # regular expression of a well-formed key
    where_to_get: str
    required: bool
    #: what stands before the key in its header: 'APIKey ' in `Authorization: APIKey ...`
    prefix: str = ""


@dataclass(frozen=True)
class Budget:
    """At most `requests` in any window of `seconds`; where `renews_in` is set the window is that zone's calendar day."""

    requests: int
    seconds: int
    renews_in: str | None = None  # zone name, e.g. America/New_York: the count starts again at its midnight

    @property
    def window(self) -> str:
        """The window in words, to follow a number of requests: 'a day', 'in 10 s'."""
        return "a day" if self.seconds == 86_400 else f"in {self.seconds:,} s"


@dataclass(frozen=True)
class Api:
    """One base URL with its limits. The environment variable `HEADWAY_BASE_URL_<name>` overrides `base_url`.

    Timeouts and pauses are in seconds, sizes in bytes.
    """

    name: str
    base_url: str
    secret: Secret | None = None
    #: how often may be asked with a key, and without one; where the second is empty, the first holds for both
    budgets: tuple[Budget, ...] = ()
    budgets_without_key: tuple[Budget, ...] = ()
    seconds_between_requests: float = 0.25
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    #: the whole answer must have come by then, however slowly its bytes arrive
    total_timeout: float = 300.0
    max_bytes: int = 64_000_000
    #: how often a request is sent at most while it fails in a way that may pass; each time counts against the budgets
    attempts: int = 4
    follow_redirects: bool = False
    #: HEADWAY_USER_AGENT_<name> overrides it
    user_agent: str = "headway (statistics warehouse)"
    #: environment variable that must hold an e-mail address which the agency wants as the user agent
    contact_variable: str | None = None
    #: whether the user agent names the contact of HEADWAY_CONTACT_EMAIL, where that is set: servers that turn away
    #: unknown programs let those pass that say whom to write to
    names_contact: bool = False
    #: header Referer, a page of the agency's own; HEADWAY_REFERER_<name> overrides it
    referer: str = ""
    #: regular expression of bytes that differ between two answers with the same content (a response time); they are
    #: left out when an answer is compared with the last one
    volatile: bytes = b""
    #: what separates the rows of an answer whose rows come in any order; answers are then compared without the order
    row_separator: bytes = b""
    #: the smallest question that tells whether the API answers us, for `headway doctor --online`; None: the first request
    probe: Request | None = field(default=None, hash=False)
    #: code -> title in the answer to the probe, where that holds titles; raises the outcomes of transforms.parse.outcome
    read_probe: Callable[[Response], Mapping[str, str]] | None = None
    #: code -> words that must stand in the agency's title of it (transforms.titles)
    titles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    #: for docs/sources.md: what surprises a reader of this API, one sentence each
    traps: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListPage:
    """A page of an agency that links to its files, for files whose names follow no rule.

    path: of the page, below the base URL; link: regular expression that the path of the wanted link matches as a whole.
    """

    path: str
    link: str


@dataclass(frozen=True)
class Request:
    """One question, without its key. The same method, path, params and body is the same question across runs: its last
    answer gives the conditional headers and is what the next answer is compared with, so keep them steady between runs
    where the API allows it (whole years, not a moving day)."""

    dataset: str
    path: str
    method: Literal["GET", "POST"] = "GET"
    params: tuple[tuple[str, str], ...] = ()
    json_body: object = None
    headers: tuple[tuple[str, str], ...] = ()
    title: str = ""  # for the plan: "50 series, 2017-2026"
    #: what the parser needs to know of the question (codes, first and last period). Plain JSON, hence Any (text, numbers,
    #: lists, objects; dates as ISO text), because it is kept beside the archived bytes and read back for a rebuild.
    context: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    #: requests with the same name here are pages of one answer: after a failed page the others are not asked for
    pages_of: str = ""
    #: further paths under which the same file may lie, asked one after the other as long as there is none (NoSuchFileError);
    #: then the links of `listed_on` are tried, a page that is read once in a run
    alternatives: tuple[str, ...] = ()
    listed_on: ListPage | None = None
    #: whether there may be no such file at all (a month that is not out), which is no failure then
    guessed: bool = False
    #: what is asked in its place if the agency refuses it as a bad request: its parts one by one, where one bad code makes
    #: the whole fail, or the same without what the agency may not know
    instead: tuple[Request, ...] = ()
    #: its parts, asked in its place where the server fails at the whole after every attempt (HTTP 500) and would answer less
    smaller: tuple[Request, ...] = ()


@dataclass(frozen=True)
class Response:
    """An answer as received; `content` is decoded of transfer and gzip encoding only."""

    content: bytes
    status: int
    media_type: str
    headers: Mapping[str, str]
    retrieved_at: datetime
    url: str  # scrubbed
    not_modified: bool = False


def _never(_: Request) -> datetime | None:
    """Of a request that was not answered yet."""
    return None


@dataclass(frozen=True)
class PlanContext:
    """What `Dataset.plan` decides by: the days and periods that are wanted, and what is stored already."""

    today: date
    since: date | None  # None: the agency's usual revision window
    full: bool
    has_key: bool
    #: latest period in the store: by series_id, and for flow tables by slice joined with '|' (see transforms.schema:
    #: "USA|1220|imports|general|HS|2", "imports|CAN|87"); empty where nothing is stored yet
    latest: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))
    #: last period wanted, for a backfill of some years; None: up to today
    until: date | None = None
    #: every period in the store by slice of the freight flows ("imports|CAN|87"): between the first and the last of them
    #: there may be holes, which `latest` does not show
    stored: Mapping[str, frozenset[date]] = field(default_factory=lambda: MappingProxyType({}))
    #: as `latest`, of what the bundled figures brought
    bundled: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))
    #: latest period that an answer for this dataset showed -> when the first such answer came, naive UTC
    shown: Mapping[date, datetime] = field(default_factory=lambda: MappingProxyType({}))
    #: when a request of this dataset last got an answer that is in the store, naive UTC; None where it never did
    answered_at: Callable[[Request], datetime | None] = _never

    def answered_since_out(self, request: Request, period: date) -> bool:
        """Whether a request, or what is asked in its place, was answered since the first answer for its dataset that showed `period`: then
        it was answered with what the agency revises when that period comes out.

        `latest` does not tell: another dataset, or another request of the same run, may have brought the period before this one failed.
        """
        out = min((at for newest, at in self.shown.items() if newest >= period), default=None)
        if out is None:
            return False
        own = self.answered_at(request)
        answered = own if own is not None and own >= out else self.last_answered(request)
        return answered is not None and answered >= out

    def last_answered(self, request: Request) -> datetime | None:
        """When a request, or all of what is asked in its place, was answered. A part that never was counts as one without rows: those are
        not archived."""
        ways = [self.answered_at(request)]
        for parts in (request.instead, request.smaller):
            ways.append(min((at for part in parts if (at := self.last_answered(part))), default=None))
        return max((at for at in ways if at), default=None)


@dataclass(frozen=True)
class TitleCheck:
    """How the agency's titles of codes are asked for, before a code is used for the first time.

    request:  the request for the titles of some codes; read: code -> title in its answer
    expected: code -> words that must stand in its title (transforms.titles); codes that are not here are not checked
    series:   code -> series_id of series.csv
    """

    request: Callable[[tuple[str, ...]], Request]
    read: Callable[[Response], Mapping[str, str]]
    expected: Mapping[str, tuple[str, ...]]
    series: Mapping[str, str]


@dataclass(frozen=True)
class Dataset:
    """What is asked of one API and lands in one raw table."""

    name: str
    source_id: str
    api: Api
    title: str
    plan: Callable[[PlanContext], list[Request]]
    #: pure; raises the outcomes of transforms.parse.outcome. It sees `Request.context` as JSON gives it back.
    parse: Callable[[bytes, Request, Response], Parsed]
    #: cron and zone of the agency's release, a few minutes after it
    schedule: tuple[str, str] | None = None
    publication_lag_days: int = 45
    enabled: bool = True
    #: why it is off; `HEADWAY_ENABLE_<api name>=1` turns it on
    disabled_reason: str = ""
    #: first year, where the API is paged by year: then a Dagster partition a year; `plan` gets since and until
    first_year: int | None = None
    #: for docs/sources.md: what the agency revises when, and what this dataset therefore asks for
    revisions: str = ""
    #: codes that are known from elsewhere than the agency, and how they are proven
    title_check: TitleCheck | None = field(default=None, hash=False)
