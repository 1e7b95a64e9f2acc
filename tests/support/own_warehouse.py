"""A copy of the small warehouse with everything in it that a user adds, built once for all tests of a run, also of several processes.

One story, because each build takes half a minute: an event is accepted from the feed, own timelines are imported, builds of all that are killed,
the store is lost, a build repairs it from the archive, and one more import brings that build up to date. Each chapter leaves in `Told`
what its tests ask for. Belongs here: the rows, the story. Does not belong here: what must be true of it (tests/faults/test_build_faults.py,
tests/integration/cli/test_feed.py, tests/integration/intake/timeline/test_own.py), anything that writes to the finished warehouse.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from orchestration.base.settings import Settings
from orchestration.intake.figures.load import ingest_figures
from orchestration.intake.figures.manifest import read_manifest
from orchestration.intake.timeline.own import GivenRow, as_csv, typed
from tests.replay.server import ReplayServer
from tests.support.feed_walk import walk
from tests.support.killed_build import killed_at, stored, whole
from tests.support.own_timeline_case import EVENT, MEASURE, POSITION, SOURCE
from tests.support.source_case import stand_in_for_all
from tests.support.whole_warehouse import headway, root_of_run
from transforms.timeline import Kind

#: HEADWAY_KILLS=30 is for a long run by hand
KILLS = int(os.environ.get("HEADWAY_KILLS", "2"))
#: seconds that the first test which asks for the story may take, or wait for another worker that tells it
PATIENT = 1200 + 300 * KILLS

#: the event that docs/feed.md accepts from the feed
FED = "user-autos-2025-04"
PLANT, TARIFF, INSIDE = "user-plant-closes-2019-10", "user-tariff-2018-07", "user-shift-2020-06"
#: A plant (an act that counts from effective_on), a tariff in the month of bundled acts, and an act inside a month that cuts where a bundled
#: one begins on a first day (USMCA, July 2020), so that the month is asked with another gap besides.
EVENTS: list[dict[str, object]] = [
    {
        **EVENT,
        "event_type": "plant",
        "effective_on": "2019-10-01",
        "topics": "production",
        "parties": "CAN;USA;MEX",
    },
    {
        **EVENT,
        "event_id": TARIFF,
        "event_type": "tariff_effective",
        "event_date": "2018-07-06",
        "effective_on": "2018-07-06",
        "title": "A tariff of our own story",
        "parties": "USA;CHN",
        "topics": "ieepa;general_goods",
    },
    {
        **EVENT,
        "event_id": INSIDE,
        "event_type": "plant",
        "event_date": "2020-06-15",
        "effective_on": "2020-06-15",
        "title": "A shift is cut",
        "topics": "production",
        "parties": "CAN;USA;MEX",
    },
]
MEASURES = [
    {
        **MEASURE,
        "imposing_iso3": "USA",
        "partners": "CHN",
        "hs_codes": "87",
        "effective_on": "2018-07-06",
        "event_id": TARIFF,
    }
]
POSITIONS = [POSITION, {**POSITION, "event_id": "nafta-round6-end", "topic": "rules_of_origin_autos"}]
ROWS: dict[Kind, list[dict[str, object]]] = {
    "sources": [SOURCE],
    "events": EVENTS,
    "measures": MEASURES,
    "positions": POSITIONS,
}


@dataclass(frozen=True)
class Told:
    """What was seen on the way.

    vintages:     rows of fct_observation_vintage in the release before anything, after each kill and after the repair.
    was_running:  of each kill, whether the build was still running.
    appended:     what loading the bundled figures once more appended after the kills, by payload.
    observations: sha256 of the store's observations before anything, after the kills and after the repair.
    leftovers:    folders of releases that were never finished, after the repair.
    repaired:     the release that the repair made.
    """

    vintages: list[int]
    was_running: list[bool]
    appended: list[int]
    observations: list[str]
    leftovers: list[str]
    repaired: str


@dataclass(frozen=True)
class OwnWarehouse:
    settings: Settings
    told: Told


@pytest.fixture(scope="session")
def own_warehouse(small_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> OwnWarehouse:
    """The warehouse after the story, for reading only."""
    folder = root_of_run(tmp_path_factory) / "own rows"
    settings, told = Settings(small_home.project, folder / "home"), folder / "told.json"
    with FileLock(folder.with_suffix(".lock")):
        if not told.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            left_behind = {str(small_home.home): {small_home.build.name}}
            shutil.copytree(
                small_home.home,
                settings.home,
                symlinks=True,
                ignore=lambda where, _: left_behind.get(where, set()),
            )
            told.write_text(json.dumps(asdict(_story(settings, folder))), encoding="utf-8")
    return OwnWarehouse(settings, Told(**json.loads(told.read_text(encoding="utf-8"))))


def _story(settings: Settings, folder: Path) -> Told:
    """Tell it, with the user's files in `folder`. Fails with what the command said where one does not do its work."""
    vintages, was_running, observations = [whole(settings)], [], [stored(settings)]
    with pytest.MonkeyPatch.context() as environment, ReplayServer(environment.setenv) as replay:
        stand_in_for_all(replay, environment)
        walk(settings, replay, environment)
    *first, last = ROWS
    for kind in first:
        _imported(settings, folder, kind, "--no-build")
    draw = random.Random(20261121)
    for kill in range(KILLS):
        share = draw.uniform(0, 0.3 if KILLS == 2 else 0.9) if kill else 0
        was_running.append(killed_at(settings, share))
        vintages.append(whole(settings))
    figures = [file["dataset"] for file in read_manifest(settings.figures)["files"]]
    appended = [account.rows_appended for _, account in ingest_figures(settings, figures)]
    observations.append(stored(settings))
    settings.store.unlink()
    done = headway(settings, "build", "--from-archive", "--force", timeout=PATIENT)
    assert done.returncode == 0, done.stderr
    observations.append(stored(settings))
    vintages.append(whole(settings))
    leftovers = [path.name for path in settings.releases.glob(".staging*")]
    repaired = settings.current.resolve().name
    _imported(settings, folder, last)
    return Told(vintages, was_running, appended, observations, leftovers, repaired)


def _imported(settings: Settings, folder: Path, kind: Kind, *options: str) -> None:
    """Import the rows of a kind from a CSV file, as a user does it."""
    file = folder / f"{kind}.csv"
    file.write_bytes(as_csv(kind, [typed(kind, GivenRow(row, "test"))[0] for row in ROWS[kind]]))
    done = headway(settings, "timeline", "import", str(file), *options)
    assert done.returncode == 0, done.stderr
