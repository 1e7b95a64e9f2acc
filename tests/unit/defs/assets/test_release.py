"""The release as an asset, beside another process that writes. What it publishes is the matter of operations/test_build.py."""

from __future__ import annotations

import dagster as dg

from orchestration.base.settings import PROJECT, Settings
from orchestration.build import steps
from orchestration.defs.assets import release
from orchestration.defs.jobs import ONLY_IF_CHANGED
from tests.support.writer_case import other_writer


def test_whether_a_release_is_current_is_asked_when_another_run_has_written(tmp_path, monkeypatch) -> None:
    """A scheduled run would fail at its last step, because the store cannot be opened beside another process that writes."""
    settings = Settings(PROJECT, tmp_path / "home")
    settings.home.mkdir()

    @dg.multi_asset(specs=[dg.AssetSpec("model")])
    def models():
        yield dg.MaterializeResult(asset_key="model")

    asked: list[Settings] = []
    monkeypatch.setattr(steps, "is_current", lambda given: asked.append(given) or True)
    monkeypatch.setattr(release, "WAIT_SECONDS", 0.1)

    def run() -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [models, release.build_release_asset(models)],
            resources={"settings": settings},
            tags={ONLY_IF_CHANGED: "true"},
            raise_on_error=False,
        )

    with other_writer(settings, settings.home / "store.duckdb"):
        assert not run().success and not asked, "it gave up waiting, and opened nothing"
    (event,) = run().asset_materializations_for_node("release")
    assert event.metadata["unchanged"].value is True and asked == [settings]
