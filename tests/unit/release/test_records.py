"""What releases on disk say of themselves: which is current, which is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.release import folders as release
from orchestration.release import records
from tests.support import release_case
from tests.support.published_case import version, with_releases


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home whose path has a space and a quote."""
    return release_case.settings(tmp_path / "the user's home")


def test_a_damaged_folder_is_listed_with_its_problem_and_not_rolled_back_to(home: Settings):
    with_releases(home, 3)
    _, middle, _ = records.list_releases(home)
    (middle.path / "release.json").unlink()
    assert [bool(r.problem) for r in records.list_releases(home)].count(True) == 1
    with pytest.raises(ReleaseError, match=r"release\.json cannot be read"):
        records.verify_release(middle.path)
    release.rollback(home)
    assert version(home) == 0


def test_a_home_without_releases_has_no_current_one(home: Settings):
    """The first build asks for the release before, of which there is none, not even a folder."""
    assert records.list_releases(home) == [] and records.current_release(home) is None


def test_a_copied_folder_is_not_taken_for_the_release_that_it_was_copied_from(home: Settings):
    """Of two folders that say they are the same release one could be changed and the other be verified."""
    (made,) = with_releases(home, 1)
    copy = home.releases / "20990101T000000Z-abcdef"
    copy.mkdir()
    (copy / "release.json").write_bytes((made.path / "release.json").read_bytes())
    problems = {listed.path: listed.problem for listed in records.list_releases(home)}
    assert problems == {made.path: None, copy: f"it is a copy of {made.run_id}"}
    current = records.current_release(home)
    assert current is not None and current.path == made.path
