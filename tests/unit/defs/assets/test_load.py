"""Two warehouses in one process: settings travel as arguments and as Dagster's resource, so that a run for one home can
never write into the home that HEADWAY_HOME happens to name."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.defs.assets.load import build_load_assets, build_store_asset, stored_rows
from orchestration.store.opened import open_store
from orchestration.store.tables import RAW_TABLES
from tests.support.writer_case import other_writer


@pytest.mark.slow
def test_assets_write_to_the_home_of_their_resource_and_not_to_the_one_of_the_environment(
    tmp_path: Path, monkeypatch
) -> None:
    named, others = tmp_path / "named", [Settings(PROJECT, tmp_path / name) for name in ("one", "two")]
    monkeypatch.setenv("HEADWAY_HOME", str(named))
    for settings in others:
        load = build_load_assets(settings)
        one = dg.AssetSelection.assets(["figures", "observation_fed"])
        result = dg.materialize(
            [*load, build_store_asset(load)],
            resources={"settings": settings},
            selection=one | one.downstream(),
        )
        assert result.success and settings.store.exists()
        loaded = result.asset_materializations_for_node("figures")
        assert [m.asset_key for m in loaded] == [dg.AssetKey(["figures", "observation_fed"])]
    assert not named.exists()


def test_the_rows_of_the_store_are_counted_when_another_run_has_written(tmp_path: Path) -> None:
    """A scheduled run would fail after all its work, because somebody imports a file at that moment."""
    settings = Settings(PROJECT, tmp_path / "home")
    with open_store(settings.store):
        pass
    with other_writer(settings, settings.store, seconds=0.2):
        assert stored_rows(settings) == dict.fromkeys(RAW_TABLES, 0)
