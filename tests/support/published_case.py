"""Publishing the small build of release_case.py and reading it back.

Belongs here: what the tests of the public file, its description and the release folders share.
Does not belong here: assertions.
"""

from __future__ import annotations

import duckdb

from orchestration.base.settings import Settings
from orchestration.release import folders as release
from tests.support import release_case


def publish(home: Settings, **options: object) -> release.Release:
    chosen = {
        "inputs": {"payloads": 1},
        "keys": release_case.KEYS,
        "contract": release_case.CONTRACT,
        **options,
    }
    return release.publish(home, run_id=release.new_run_id(), **chosen)


def read(home: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(home.current_database), read_only=True) as con:
        return con.execute(query).fetchall()
