"""`headway build --allow-shrink` reaches the check that refuses a table which lost rows, by way of a Dagster run."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from orchestration.base.settings import Settings
from orchestration.cli import main
from orchestration.defs.assets.release import build_release_asset
from orchestration.operations import build
from orchestration.release import folders as release


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch) -> list[bool]:
    """What publishing was told, for each run of a job of nothing but the release."""
    told: list[bool] = []

    @dg.asset
    def models() -> None: ...

    def run_job(settings: Settings, name: str, tags: dict[str, str], **_: object) -> None:
        asset = build_release_asset(models)
        dg.materialize([models, asset], tags=tags, raise_on_error=False, resources={"settings": settings})

    monkeypatch.setenv("HEADWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(build, "run_job", run_job)
    monkeypatch.setattr(
        "orchestration.defs.assets.release.publish", lambda _, *, allow_shrink: told.append(allow_shrink)
    )
    monkeypatch.setattr(release, "current_release", lambda _: None)
    return told


def test_only_the_flag_allows_it(allowed: list[bool]) -> None:
    """A flag that is lost on the way, or that stays on for the runs after it."""
    for arguments in ([], ["--allow-shrink"], []):
        CliRunner().invoke(main, ["build", *arguments])
    assert allowed == [False, True, False]
