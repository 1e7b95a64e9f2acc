"""Settings and the file of keys: what the environment says wins."""

from __future__ import annotations

import os

from orchestration.base.settings import load_env_file


def test_keys_may_stand_in_a_file_and_the_environment_wins(tmp_path, monkeypatch) -> None:
    (tmp_path / ".env").write_text("HEADWAY_CENSUS_KEY=from the file\nHEADWAY_BLS_KEY='from the file'\n")
    monkeypatch.setenv("HEADWAY_BLS_KEY", "from the environment")
    monkeypatch.setenv(
        "HEADWAY_CENSUS_KEY", "to be undone"
    )  # so that what the file sets does not stay behind
    monkeypatch.delenv("HEADWAY_CENSUS_KEY")
    load_env_file(tmp_path)
    assert os.environ["HEADWAY_CENSUS_KEY"] == "from the file"
    assert os.environ["HEADWAY_BLS_KEY"] == "from the environment"
    os.environ.pop("HEADWAY_CENSUS_KEY")
    load_env_file(tmp_path / "no such folder")
