"""Two warehouses in one process: settings travel as arguments and as Dagster's resource, so that a run for one home can
never write into the home that HEADWAY_HOME happens to name."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from orchestration.base.settings import PROJECT, Settings
from orchestration.defs.assets.load import build_load_assets, build_store_asset


def test_assets_write_to_the_home_of_their_resource_and_not_to_the_one_of_the_environment(
    tmp_path: Path, monkeypatch
) -> None:
    named, others = tmp_path / "named", [Settings(PROJECT, tmp_path / name) for name in ("one", "two")]
    monkeypatch.setenv("HEADWAY_HOME", str(named))
    for settings in others:
        (load,) = [a for a in build_load_assets(settings) if a.key.path[-1] == "observation_fed"]
        result = dg.materialize([load, build_store_asset([load])], resources={"settings": settings})
        assert result.success and settings.store.exists()
    assert not named.exists()
