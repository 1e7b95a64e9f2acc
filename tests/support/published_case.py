"""Publishing the small build of release_case.py and reading it back.

Belongs here: what the tests of the public file, its description and the release folders share.
Does not belong here: assertions.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from orchestration.base.settings import Settings
from orchestration.release import folders as release
from orchestration.release import records
from tests.support import release_case
from tests.support.read_only import reading


def publish(home: Settings, **options: object) -> records.Release:
    chosen = {
        "inputs": {"payloads": 1},
        "keys": release_case.KEYS,
        "contract": release_case.CONTRACT,
        **options,
    }
    return release.publish(home, run_id=release.new_run_id(), **chosen)


def read(home: Settings, query: str) -> list[tuple]:
    with reading(home.current_database) as con:
        return con.execute(query).fetchall()


def version(home: Settings) -> int:
    """Of which build the current release is: release_case.write_build."""
    return read(home, "SELECT DISTINCT built_as FROM fct_observation")[0][0]


def with_releases(home: Settings, count: int) -> list[records.Release]:
    """A home in which builds 0, 1, ... were released one after the other; the releases in that order, the last is current.

    A copy of one that was made once a process: each publishing takes 0.3 s of processor time."""
    shutil.copytree(_published(count).home, home.home, symlinks=True, dirs_exist_ok=True)
    return list(reversed(records.list_releases(home)))


_FOLDER = tempfile.TemporaryDirectory()


@cache
def _published(count: int) -> Settings:
    settings = release_case.settings(Path(_FOLDER.name) / str(count))
    if count > 1:
        shutil.copytree(_published(count - 1).home, settings.home, symlinks=True)
    release_case.write_build(settings, count - 1)
    publish(settings)
    return settings
