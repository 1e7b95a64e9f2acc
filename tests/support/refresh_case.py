"""A small agency in the format of BLS, and datasets that ask it: the refresh without any provider's own quirks.

Belongs here: the agency, its datasets, running them, shortcuts into archive and store.
Does not belong here: assertions, fixtures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.plan import plan_refresh
from orchestration.operations.refresh import run_refresh
from orchestration.sources.agencies.series_reply import declared_series, to_parsed
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response, Secret
from tests.replay.server import Call, ReplayServer, Reply, json_reply
from tests.support.stored import rows
from transforms.parse import bls
from transforms.schema import Parsed

MANUFACTURING, VEHICLES = "CES3000000001", "CES3133600101"
SERIES = {MANUFACTURING: "usa_employment_manufacturing", VEHICLES: "usa_employment_motor_vehicles_parts"}
TODAY = date(2026, 11, 20)
LEVELS = [12_500 + i for i in range(22)]  # 2025-01 .. 2026-10

KEY = Secret("HEADWAY_BLS_KEY", "body", "registrationkey", r"[0-9a-f]{32}", "https://bls.example/key", False)
API = Api(
    "BLS",
    "https://bls.example",
    secret=KEY,
    seconds_between_requests=0.001,
    volatile=rb'"responseTime": ?\d+',
)
NEEDY = replace(API, name="CENSUS", secret=replace(KEY, variable="HEADWAY_CENSUS_KEY", required=True))


@dataclass
class Agency:
    """Answers like BLS from `values`: code -> month -> printed value. `etag`: whether it supports conditional requests."""

    values: dict[str, dict[str, str]] = field(default_factory=dict)
    etag: bool = False
    messages: list[str] = field(default_factory=list)
    _times: count = field(default_factory=count)

    def __call__(self, call: Call) -> Reply:
        series = [
            {
                "seriesID": code,
                "data": [
                    {"year": month[:4], "period": f"M{month[5:]}", "value": value, "footnotes": [{}]}
                    for month, value in sorted(self.values[code].items(), reverse=True)
                ],
            }
            for code in call.json["seriesid"]
            if code in self.values
        ]
        envelope = {"status": "REQUEST_SUCCEEDED", "message": self.messages, "Results": {"series": series}}
        # like the real one it says how long it took, so that no two answers have the same bytes
        time = {} if self.etag else {"responseTime": next(self._times)}
        return json_reply({**time, **envelope}, etag=self.etag)


def months(first: str, values: list[float]) -> dict[str, str]:
    """`values` from the month `first` on."""
    year, month = map(int, first.split("-"))
    return {
        f"{year + (month - 1 + i) // 12}-{(month - 1 + i) % 12 + 1:02}": str(value)
        for i, value in enumerate(values)
    }


def serve_agency(replay: ReplayServer) -> Agency:
    """The agency behind both APIs, with 22 months of two series."""
    agency = Agency({MANUFACTURING: months("2025-01", LEVELS), VEHICLES: months("2025-01", LEVELS)})
    for api in (API, NEEDY):
        replay.serve(api.name, agency)
    return agency


def parse(content: bytes, request: Request, response: Response) -> Parsed:
    reply = bls.parse_reply(content, status=response.status, content_type=response.media_type)
    codes = request.context["codes"]
    return to_parsed(
        reply,
        source="bls",
        series=declared_series("bls", codes),
        expected=codes,
        retrieved_at=response.retrieved_at,
        complete=True,
    )


def question(*codes: str, name: str = "ces", **more: object) -> Request:
    body = {"seriesid": list(codes), "startyear": "2025", "endyear": "2026"}
    title = ", ".join(codes)
    return Request(
        name, "/data/", method="POST", json_body=body, title=title, context={"codes": list(codes)}, **more
    )


def dataset(
    *requests: Request,
    name: str = "ces",
    api: Api = API,
    plan: Callable[[PlanContext], list[Request]] | None = None,
    **more: object,
) -> Dataset:
    requests = requests or (question(MANUFACTURING, VEHICLES),)
    return Dataset(
        name, "bls", api, f"Employment ({name})", plan or (lambda _: list(requests)), parse, **more
    )


def with_budget(requests: int, api: Api = API) -> Api:
    return replace(api, budgets_without_key=(Budget(requests, 86_400, "America/New_York"),))


def settings_at(home: Path) -> Settings:
    return Settings(project=PROJECT, home=home)


def values(settings: Settings, code: str = MANUFACTURING) -> dict[str, float | None]:
    """Month -> current value."""
    found = rows(
        settings,
        f"""SELECT strftime(period_start, '%Y-%m'), value FROM raw.observation_current
            WHERE series_id = '{SERIES[code]}' AND status <> 'withdrawn' ORDER BY 1""",
    )
    return dict(found)


def everything_written(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(settings: Settings, *datasets, **more) -> RefreshOutcome:
    plan = plan_refresh(settings, datasets=datasets or [dataset()], today=TODAY, **more)
    return run_refresh(settings, plan, build=False, sleep=lambda _: None)


def one(outcome: RefreshOutcome) -> DatasetOutcome:
    (found,) = outcome.datasets
    return found
