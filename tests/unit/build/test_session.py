"""The session of a build: what dbt would have, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.base.settings import PROJECT, Settings
from orchestration.build.session import build_session


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home with a build of one table and a store of another one."""
    settings = Settings(PROJECT, tmp_path / "the user's home")
    for file, table in ((settings.build_database, "made"), (settings.store, "fetched")):
        file.parent.mkdir(parents=True)
        with duckdb.connect(str(file)) as con:
            con.execute(f"CREATE TABLE {table} AS SELECT 1 AS value")
    return settings


def test_it_treats_memory_as_the_profile_of_dbt_does(home: Settings) -> None:
    """A profile cannot read Python: with another number there, a whole build or an update would pass the 1.5 GB of a build, or be slower."""
    profile = yaml.safe_load((PROJECT / "dbt_project" / "profiles.yml").read_text(encoding="utf-8"))
    target = profile["headway"]["outputs"]["build"]
    with duckdb.connect(config=target["config_options"]) as plain, build_session(home) as con:
        for name in target["config_options"]:
            ours, theirs = (
                one.execute(f"SELECT current_setting('{name}')").fetchone() for one in (con, plain)
            )
            assert ours == theirs, name
        assert con.execute("SELECT current_setting('threads')").fetchone() == (target["threads"],)
        assert con.execute("SELECT current_setting('TimeZone')").fetchone() == (
            target["settings"]["TimeZone"],
        )


def test_the_build_is_current_and_the_store_beside_it_cannot_be_changed(home: Settings) -> None:
    with build_session(home) as con:
        con.execute("INSERT INTO made SELECT value + 1 FROM store.fetched")
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("INSERT INTO store.fetched VALUES (2)")
        # without a folder of its own a session would spill into the current one
        spill = con.execute("SELECT current_setting('temp_directory')").fetchone()
        assert spill == (str(home.build_database) + ".tmp",)
    with duckdb.connect(str(home.build_database)) as other:  # nothing holds the file any more
        assert other.execute("SELECT sum(value) FROM made").fetchone() == (3,)


def test_who_only_reads_cannot_write_and_may_have_more_memory(home: Settings) -> None:
    """Data tests run on what is about to be released."""
    with build_session(home, read_only=True, memory_limit="64MiB") as con:
        assert con.execute("SELECT current_setting('memory_limit')").fetchone() == ("64.0 MiB",)
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("DELETE FROM made")
