"""Sources and series are in the store before the first row, and registering again changes nothing."""

from __future__ import annotations

from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.registration import register
from orchestration.sources.registry import FIRST_RELEASES, SOURCES, load_series_catalogue
from orchestration.store.opened import open_store


def test_every_source_and_series_is_registered_once(tmp_path: Path) -> None:
    settings = Settings(PROJECT, tmp_path)
    with open_store(settings.store) as con:
        for _ in range(2):
            register(settings, con)
        assert {s for (s,) in con.execute("SELECT source_id FROM raw.source").fetchall()} == {
            source.source_id for source in SOURCES
        }
        assert con.execute("SELECT count(*) FROM raw.series").fetchall() == [
            (load_series_catalogue().height,)
        ]
        assert con.execute("SELECT count(*) FROM raw.first_release").fetchall() == [(len(FIRST_RELEASES),)]


def test_a_limit_taken_out_of_the_registry_is_gone_from_an_existing_store(tmp_path: Path) -> None:
    """A store of an earlier version would go on calling late copies first releases."""
    settings = Settings(PROJECT, tmp_path)
    with open_store(settings.store) as con:
        con.execute("INSERT INTO raw.first_release VALUES ('bls', 'usa_gone%', NULL, 900, 99)")
        register(settings, con)
        states = """SELECT lag_days FROM raw.first_release WHERE source_id = 'bls' AND period_start IS NULL
                    AND 'usa_ca_employment_manufacturing' LIKE series_like"""
        assert sorted(con.execute(states).fetchall()) == [(7,), (20,)]
        assert con.execute("SELECT count(*) FROM raw.first_release WHERE lag_days = 900").fetchall() == [(0,)]
