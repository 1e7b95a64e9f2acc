"""Whether the store holds what a build would load: no build is skipped that has something to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from orchestration.base.errors import FiguresError
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.figures.load import ingest_figures
from orchestration.intake.loaded import figures_loaded, timelines_loaded
from orchestration.store.opened import OWN_TIMELINES, open_store

DATASET = "observation_bank_of_canada"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home of a project whose figures are one small file of the bundled ones."""
    settings = Settings(project=tmp_path, home=tmp_path / "home")
    (tmp_path / "dbt_project").symlink_to(PROJECT / "dbt_project")
    settings.figures.mkdir(parents=True)
    manifest = json.loads((PROJECT / "warehouse" / "figures" / "manifest.json").read_bytes())
    manifest["files"] = [file for file in manifest["files"] if file["dataset"] == DATASET]
    (settings.figures / "manifest.json").write_text(json.dumps(manifest))
    shutil.copy(PROJECT / "warehouse" / "figures" / manifest["files"][0]["path"], settings.figures)
    return settings


@pytest.mark.slow
def test_figures_count_as_loaded_when_each_file_of_the_manifest_is(home: Settings):
    """A file that came with a newer version of the clone would never be loaded."""
    with open_store(home.store):
        pass
    assert not figures_loaded(home)
    list(ingest_figures(home, [DATASET]))
    assert figures_loaded(home)
    path = home.figures / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"].append({**manifest["files"][0], "dataset": "another", "sha256": "0" * 64})
    path.write_text(json.dumps(manifest))
    assert not figures_loaded(home)
    path.write_text("{")
    with pytest.raises(FiguresError):
        figures_loaded(home)


def test_timelines_that_are_stored_and_whose_files_are_gone_are_not_up_to_date(home: Settings):
    """The build brings lost files back from the archive; nobody would if it had nothing to do."""
    with open_store(home.store):
        pass
    assert timelines_loaded(home)
    with open_store(home.store) as con:
        con.execute(
            "INSERT INTO raw.payload VALUES ('x', ?, 'timelines', 'x', now()::TIMESTAMP, NULL, NULL, 'x', 1, 'x')",
            [OWN_TIMELINES],
        )
    assert not timelines_loaded(home)
