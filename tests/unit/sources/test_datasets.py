"""The registry of live datasets as a whole: what every provider must have said, and what must not clash."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from orchestration.base.errors import UsageError
from orchestration.defs.assets.live import due
from orchestration.intake.agency import plan as plan_module
from orchestration.intake.agency.http import base_url
from orchestration.intake.agency.plan import plan_refresh
from orchestration.intake.agency.question import request_url
from orchestration.sources.datasets import APIS, DATASETS
from orchestration.sources.registry import SOURCES_BY_ID
from orchestration.sources.release_calendar import expected
from orchestration.sources.spec import PlanContext
from tests.support.refresh_case import settings_at

#: the APIs whose addresses can be overridden by name, as the documentation says
NAMES = "BLS BLS_FLAT BLS_QCEW CENSUS BTS STATCAN INEGI INEGI_OPEN_DATA BANXICO BANK_OF_CANADA FED COMTRADE TREASURY"
#: a well-formed key for each, so that every plan is made
KEYS = {
    "HEADWAY_BLS_KEY": "a1" * 16,
    "HEADWAY_CENSUS_KEY": "b2" * 20,
    "HEADWAY_INEGI_KEY": "c3c3c3c3-c3c3-c3c3-c3c3-c3c3c3c3c3c3",
    "HEADWAY_BANXICO_KEY": "d4" * 32,
    "HEADWAY_COMTRADE_KEY": "e5" * 16,
}
DAYS = [date(2026, 1, 1), date(2026, 2, 29 - 1), date(2026, 6, 15), date(2026, 12, 31), date(2027, 3, 1)]


def contexts():
    for today in DAYS:
        for since, full in ((None, False), (date(2024, 3, 1), False), (None, True)):
            yield PlanContext(today, since, full, has_key=True)


def test_names_are_unique_and_sources_known() -> None:
    names = [(d.source_id, d.name) for d in DATASETS]
    assert len(set(names)) == len(names)
    assert {d.source_id for d in DATASETS} <= set(SOURCES_BY_ID)
    assert set(NAMES.split()) <= set(APIS), "an address that users override has another name now"
    assert all(APIS[d.api.name] is d.api for d in DATASETS), "two APIs of one name would share an override"


def test_every_dataset_can_start_by_itself_on_some_day_of_each_month() -> None:
    """A source without a row in the release calendar can on every day; a row that never holds would silence it."""
    for d in DATASETS:
        assert d.schedule, d.name
        for month in range(1, 13):
            days = [date(2026, month, day) for day in range(1, 29)]
            assert any(expected(d.source_id, d.name, day) for day in days), (d.name, month)


def test_a_missing_key_is_said_by_the_source_as_well() -> None:
    for d in DATASETS:
        if d.api.secret and d.api.secret.required:
            assert SOURCES_BY_ID[d.source_id].needs_key, d.source_id


@pytest.mark.parametrize("variable", KEYS)
def test_keys_are_checked_by_their_real_form(variable) -> None:
    secrets = [api.secret for api in APIS.values() if api.secret and api.secret.variable == variable]
    assert secrets and all(re.fullmatch(s.pattern, KEYS[variable]) for s in secrets)
    assert not any(re.fullmatch(s.pattern, "your key here") for s in secrets)


@pytest.mark.slow
def test_every_request_belongs_to_its_dataset_and_survives_the_archive() -> None:
    """A context that JSON changes would make a rebuild parse differently; two equal requests would be asked twice."""
    for d in DATASETS:
        for context in contexts():
            urls = []
            for request in d.plan(context):
                assert request.dataset == d.name
                assert request.path.startswith("/") and "//" not in request.path
                assert json.loads(json.dumps(dict(request.context))) == dict(request.context)
                urls.append(request_url(d.api, request))
                assert urls[-1].startswith(d.api.base_url)
            assert len(set(urls)) == len(urls), d.name


def test_no_request_names_a_year_that_has_not_begun() -> None:
    """BLS refuses them; others answer with nothing, which costs a request each time."""
    for d in DATASETS:
        for context in contexts():
            for request in d.plan(context):
                said = f"{request.params} {request.json_body}"
                years = [int(y) for y in re.findall(r"\b(20[0-9]{2})-\d\d", said)]
                assert max(years, default=0) <= context.today.year, (d.name, said)


def test_a_usual_day_needs_few_requests(tmp_path, monkeypatch) -> None:
    """The plan of a warehouse whose newest months are there: what a scheduled run costs the agencies."""
    for variable, key in KEYS.items():
        monkeypatch.setenv(variable, key)
    from orchestration.sources.registry import load_series_catalogue

    month = date(2026, 9, 1)
    latest = dict.fromkeys(load_series_catalogue()["series_id"], month)
    latest |= {
        f"{f}|{p}|{c}": month
        for f in ("imports", "exports")
        for p in ("CAN", "MEX")
        for c in ("84", "85", "87", "72", "73", "76")
    }
    for flow, bases in (("imports", ("general", "consumption")), ("exports", ("total_exports",))):
        for basis in bases:
            for kind in ("TOTAL|0", "HS|2", "HS|4", "HS|6", "HS|10", "NAICS|3", "NAICS|4", "BEA end use|1"):
                latest[f"USA|-|{flow}|{basis}|{kind}"] = month
    monkeypatch.setattr(plan_module, "_known", lambda settings: plan_module._Known(latest, bundled=latest))
    plan = plan_refresh(settings_at(tmp_path), today=date(2026, 11, 21))
    requests = {}
    for d in plan.datasets:
        requests[d.dataset.source_id] = requests.get(d.dataset.source_id, 0) + len(d.requests)
    assert requests["bls"] == 4 + 10  # 184 series, 50 a query; two industries in five quarters
    assert requests["census"] == 22  # 16 tables, six of them in two parts
    assert requests["statcan"] <= 6 and requests["inegi"] <= 8 and requests["bts"] <= 8
    assert all(requests[s] <= 2 for s in ("banxico", "bank_of_canada", "fed", "treasury"))


def test_addresses_can_be_overridden_and_are_guarded(monkeypatch) -> None:
    for name, api in APIS.items():
        assert base_url(api).startswith("https://")
        monkeypatch.setenv(f"HEADWAY_BASE_URL_{name}", "https://mirror.example/x")
        assert base_url(api) == "https://mirror.example/x"
        monkeypatch.setenv(f"HEADWAY_BASE_URL_{name}", "ftp://mirror.example")
        with pytest.raises(UsageError):
            base_url(api)


def test_lags_are_those_of_the_source_roughly() -> None:
    """A lag of zero would turn every check red, one of a year none."""
    assert all(1 <= d.publication_lag_days <= 200 for d in DATASETS)
    assert due(date(2026, 1, 1), 35) > date(2026, 3, 31)
