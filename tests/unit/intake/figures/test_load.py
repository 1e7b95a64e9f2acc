"""Bundled figures that are damaged: refused by name, or set aside with their reason, and the store stays empty."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import HeadwayError
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.figures.load import ingest_figures, load_ahead


@pytest.fixture
def figures(tmp_path, monkeypatch) -> Path:
    """A copy of the bundled figures that a test may damage."""
    folder = tmp_path / "figures"
    shutil.copytree(Settings.load().figures, folder)
    monkeypatch.setattr(Settings, "figures", property(lambda self: folder))
    return folder


def damage(figures: Path, how: str) -> None:
    path = figures / "observation_bls.parquet"
    content = path.read_bytes()
    path.write_bytes({"truncated": content[: len(content) // 2], "empty": b"", "other": b"not parquet"}[how])


@pytest.mark.parametrize("how", ["truncated", "empty", "other"])
def test_damaged_figures_are_refused_by_name(figures, tmp_path, how):
    """A clone cut short would build a warehouse with holes."""
    damage(figures, how)
    settings = Settings(PROJECT, tmp_path / "home")
    with pytest.raises(HeadwayError, match=r"observation_bls\.parquet.*git checkout"):
        list(ingest_figures(settings, ["observation_bls"]))
    assert not settings.store.exists()


def test_figures_that_match_their_manifest_but_cannot_be_read_are_set_aside(figures, tmp_path):
    """A builder's mistake would pass the hash: the payload goes to quarantine with its reason, the store stays empty."""
    import hashlib

    damage(figures, "other")
    manifest = json.loads((figures / "manifest.json").read_text())
    entry = next(f for f in manifest["files"] if f["dataset"] == "observation_bls")
    content = (figures / entry["path"]).read_bytes()
    entry |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (figures / "manifest.json").write_text(json.dumps(manifest))
    settings = Settings(PROJECT, tmp_path / "home")
    with pytest.raises(HeadwayError, match="observation_bls"):
        list(ingest_figures(settings, ["observation_bls"]))
    with duckdb.connect(str(settings.store), read_only=True) as con:
        assert con.execute("select count(*) from raw.observation").fetchall() == [(0,)]
    assert list((settings.home / "quarantine").glob("*.json"))


@pytest.mark.slow
def test_what_was_loaded_ahead_is_handed_out_once(figures, tmp_path):
    """Loaded twice, the step would report that its figures brought nothing new; handed out twice, a later run would believe them
    loaded into a store that was made again."""
    manifest = json.loads((figures / "manifest.json").read_text())
    manifest["files"] = [file for file in manifest["files"] if file["dataset"] == "observation_fed"]
    (figures / "manifest.json").write_text(json.dumps(manifest))
    settings = Settings(PROJECT, tmp_path / "home")
    load_ahead(settings)
    ((_, first),) = ingest_figures(settings, ["observation_fed"])
    ((_, second),) = ingest_figures(settings, ["observation_fed"])
    assert first.rows_appended > 10_000
    assert second.rows_appended == 0 and second.rows_in == first.rows_in


def test_figures_damaged_before_a_load_ahead_are_refused_by_the_step(figures, tmp_path):
    """What is swallowed ahead must not be lost."""
    damage(figures, "truncated")
    settings = Settings(PROJECT, tmp_path / "home")
    load_ahead(settings)
    with pytest.raises(HeadwayError, match=r"observation_bls\.parquet.*git checkout"):
        list(ingest_figures(settings, ["observation_bls"]))
