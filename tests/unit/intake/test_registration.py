"""Sources and series are in the store before the first row, and registering again changes nothing."""

from __future__ import annotations

from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.registration import register
from orchestration.sources.registry import SOURCES, load_series_catalogue
from orchestration.store.tables import open_store


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
