"""`headway doctor` on a machine where something is wrong: nothing is raised, each finding says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.operations import doctor, kept_build
from orchestration.operations.doctor import Finding, examine
from orchestration.operations.kept_build import Kept
from orchestration.store.archive import Archive
from tests.support import published_case, release_case


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(PROJECT, tmp_path / "home")


def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(settings)}


def test_before_the_first_build_the_way_to_it_is_said(settings: Settings) -> None:
    found = findings(settings)
    assert (found["release"].state, found["release"].remedy) == ("note", "run `headway build`")
    assert found["python"].state == found["figures"].state == found["quarantine"].state == "ok"
    assert not settings.home.exists(), "looking has made a home"


@pytest.mark.slow
def test_a_release_that_was_changed_is_found(settings: Settings) -> None:
    release_case.write_build(settings)
    made = published_case.publish(settings)
    assert findings(settings)["release"].state == "ok"
    file = made.path / "headway.duckdb"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    found = findings(settings)["release"]
    assert found.state == "wrong" and "headway rollback" in found.remedy


def test_payloads_set_aside_are_told_with_the_place_of_their_reasons(settings: Settings) -> None:
    Archive(settings).quarantine(b"cut short", "the connection ended early")
    found = findings(settings)
    assert (found["quarantine"].state, found["writer"].detail) == ("note", "no run is writing")
    assert str(settings.home / "quarantine") in found["quarantine"].remedy


def test_damaged_figures_and_a_full_disk_are_wrong(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Settings, "figures", property(lambda self: tmp_path / "gone"))
    monkeypatch.setattr(doctor, "_FREE_BYTES", 1 << 60)
    found = findings(settings)
    assert found["figures"].state == found["disk"].state == "wrong"
    assert "git checkout" in found["figures"].remedy and "make room" in found["disk"].remedy


def test_another_version_of_a_package_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(
        "polars==0.0.1 \\\n    --hash=sha256:00\nnot-there-at-all==1.0\n"
    )
    (finding,) = doctor._packages(replace(settings, project=tmp_path))
    assert finding.state == "wrong"
    assert "polars" in finding.detail and "not-there-at-all missing (locked ==1.0)" in finding.detail


def test_a_kept_build_is_told_with_its_place_and_use(settings: Settings, monkeypatch) -> None:
    """A gigabyte that nobody looks for is what a full disk is made of."""
    monkeypatch.delenv("HEADWAY_STATISTICS", raising=False)
    kept = Kept(
        key=kept_build.key(settings), made_at="2026-11-30T10:00:00+00:00", files={}, bytes=864_000_000
    )
    monkeypatch.setattr(kept_build, "kept", lambda _: kept)
    detail = findings(settings)["kept build"].detail
    assert "0.86 GB" in detail and str(kept_build.folder(settings)) in detail and "begins with it" in detail
    kept = replace(kept, key="of other code")
    assert "replaces it" in findings(settings)["kept build"].detail
