"""An answer that lacks values: an operator can take it after all, for one refresh, and it can be seen later that he did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.intake.agency import question as live
from orchestration.intake.agency.plan import plan_refresh
from orchestration.store.archive import Archive
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.replay.server import ReplayServer
from tests.support.refresh_case import (
    MANUFACTURING,
    VEHICLES,
    Agency,
    dataset,
    one,
    question,
    run,
    serve_agency,
    settings_at,
    values,
)
from tests.support.stored import rows

STORED = "SELECT period_start, value, status FROM raw.observation_current ORDER BY ALL"


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


def test_what_an_agency_really_withdrew_can_be_accepted_once(settings, agency) -> None:
    """An agency that rightly withdraws two years of a series would be refused at every refresh from then on."""
    run(settings)
    kept = agency.values[MANUFACTURING]
    agency.values[MANUFACTURING] = {m: kept[m] for m in ("2025-01", "2026-10")}
    refused = one(run(settings))
    assert "headway refresh --source bls --accept-shrunk bls/ces" in refused.problems[0]

    accepted = one(run(settings, accept_shrunk=["bls/ces"]))
    assert (accepted.state, accepted.withdrawn, accepted.problems) == ("done", 20, ())
    assert accepted.notes == (
        f"{MANUFACTURING}, {VEHICLES}: accepted as told, though 20 of 44 values that are known for the same periods "
        "are not in the answer",
    )
    assert [*values(settings)] == ["2025-01", "2026-10"]
    first, second = Archive(settings).payloads()
    assert "accepted_shrunk" not in first.extra
    assert second.extra["accepted_shrunk"].startswith("20 of 44 values")

    # the next refresh sees the same, and keeps the note; one that lacks more is refused again
    assert run(settings).exit_code == 0
    assert Archive(settings).payloads()[-1].extra["accepted_shrunk"]
    agency.values[VEHICLES] = {m: kept[m] for m in ("2025-01", "2026-10")}
    assert one(run(settings)).state == "failed"


def test_a_store_made_again_holds_what_was_accepted(settings, agency) -> None:
    run(settings)
    agency.values[MANUFACTURING] = {m: agency.values[MANUFACTURING][m] for m in ("2025-01", "2026-10")}
    run(settings, accept_shrunk=["bls/ces"])
    before = rows(settings, STORED)
    rebuild_store_from_archive(settings, lambda p: live.parser_of_live(p, [dataset()]), lambda _: None)
    assert rows(settings, STORED) == before


def test_a_series_that_ends_earlier_can_be_accepted(settings, agency) -> None:
    asked = question(MANUFACTURING, VEHICLES)
    asked = dataset(replace(asked, context={**asked.context, "last_period": "2026-11-01"}))
    run(settings, asked)
    del agency.values[VEHICLES]["2026-10"]
    agency.values[VEHICLES]["2026-09"] = "1"
    assert "--accept-shrunk bls/ces" in one(run(settings, asked)).problems[0]
    assert one(run(settings, asked, accept_shrunk=["bls/ces"])).revised == 1
    assert values(settings, VEHICLES)["2026-09"] == 1.0


def test_accepting_says_nothing_of_other_datasets_and_other_faults(settings, agency, replay) -> None:
    """A flag that opens more doors than it names."""
    two = [dataset(name="ces"), dataset(name="cpi")]
    run(settings, *two)
    agency.values[MANUFACTURING] = {m: agency.values[MANUFACTURING][m] for m in ("2025-01", "2026-10")}
    ces, cpi = run(settings, *two, accept_shrunk=["bls/cpi"]).datasets
    assert (ces.state, cpi.state) == ("failed", "done")
    del agency.values[VEHICLES]
    assert "did not come" in one(run(settings, accept_shrunk=["bls/ces"])).problems[0]


def test_a_dataset_that_is_not_asked_is_said_before_anything_is(settings, agency, replay) -> None:
    with pytest.raises(UsageError, match=r"asks for no dataset 'bls/cse'.* like bls/ces"):
        plan_refresh(settings, datasets=[dataset()], accept_shrunk=["bls/cse"])
    with pytest.raises(UsageError, match="no dataset 'ces'"):
        plan_refresh(settings, datasets=[dataset()], accept_shrunk=["ces"])
    assert replay.calls() == []
