"""`headway build`: what it allows by a flag, and a warehouse that an earlier version filled."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from orchestration.base.errors import ArchiveError
from orchestration.base.settings import PROJECT, Settings
from orchestration.cli import main
from orchestration.defs.assets.release import build_release_asset
from orchestration.intake.figures.load import ingest_figures
from orchestration.operations import build, dagster_run
from orchestration.store.opened import open_store


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
    monkeypatch.setattr(dagster_run, "run_job", run_job)
    monkeypatch.setattr(
        "orchestration.build.steps.publish", lambda _, *, allow_shrink: told.append(allow_shrink)
    )
    monkeypatch.setattr(build, "current_release", lambda _: None)
    return told


@pytest.mark.slow
def test_only_the_flag_allows_it(allowed: list[bool]) -> None:
    """A flag that is lost on the way, or that stays on for the runs after it."""
    for arguments in ([], ["--allow-shrink"], []):
        CliRunner().invoke(main, ["build", *arguments])
    assert allowed == [False, True, False]


@pytest.fixture
def filled_earlier(tmp_path: Path) -> Settings:
    """A store with the rates of the Bank of Canada, one of which has since been corrected in its unit."""
    settings = Settings(project=PROJECT, home=tmp_path / "home")
    list(ingest_figures(settings, ["observation_bank_of_canada"]))
    with open_store(settings.store) as con:
        con.execute(
            "UPDATE raw.series SET unit = 'USD per CAD' WHERE series_id = 'fx_usd_cad_bank_of_canada'"
        )
    return settings


def observations(settings: Settings) -> list[tuple]:
    with open_store(settings.store, read_only=True) as con:
        return con.execute(
            "SELECT series_id, unit, period_start, value, known_from, payload_id "
            "FROM raw.observation JOIN raw.series USING (series_id) ORDER BY ALL"
        ).fetchall()


@pytest.mark.slow
def test_a_store_with_a_corrected_series_is_made_again_once(filled_earlier: Settings, monkeypatch) -> None:
    """A newer version would refuse its own figures, and only a flag that nobody knows of would help."""
    before = observations(filled_earlier)
    monkeypatch.setattr(dagster_run, "run_job", lambda *_, **__: None)
    monkeypatch.setattr(build, "is_current", lambda _: False)
    monkeypatch.setattr(build, "_current", lambda _: None)
    build.run_build(filled_earlier)
    after = observations(filled_earlier)
    assert {row[1] for row in before} - {row[1] for row in after} == {"USD per CAD"}
    assert [(r[0], *r[2:]) for r in after] == [(r[0], *r[2:]) for r in before] and len(after) == 216
    monkeypatch.setattr(build, "_rebuild", lambda *_: pytest.fail("made again"))
    build.run_build(filled_earlier)


@pytest.mark.slow
def test_a_store_that_cannot_be_made_again_stays_as_it_was(filled_earlier: Settings, monkeypatch) -> None:
    before = observations(filled_earlier)
    for stored in (filled_earlier.home / "archive" / "objects").rglob("*"):
        if stored.is_file():
            stored.chmod(0o644)
            stored.write_bytes(b"damaged")
    with pytest.raises(ArchiveError):
        build.run_build(filled_earlier)
    assert observations(filled_earlier) == before
