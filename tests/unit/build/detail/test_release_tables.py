"""A release without detail is what it was; one with it changes when the detail does."""

from __future__ import annotations

from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail.derived import derived_of, publish
from orchestration.build.detail.release_tables import add_to_build, detail_keys, detail_state
from tests.unit.build.detail.test_derived import NAMES, built


def test_a_home_without_detail_adds_nothing_and_opens_no_database(tmp_path):
    settings = Settings(PROJECT, tmp_path)
    assert add_to_build(settings) == [] and detail_keys(settings) == {} and detail_state(settings) is None
    assert list(tmp_path.iterdir()) == []


def test_each_build_of_the_detail_is_another_state(tmp_path):
    """`headway build` would say that nothing has changed, and release yesterday's detail."""
    settings = Settings(PROJECT, tmp_path)
    seen = set()
    for name in NAMES[:3]:
        publish(built(derived_of(settings), name))
        seen.add(detail_state(settings))
    assert seen == set(NAMES[:3]) and detail_keys(settings) == {"t": ("k",)}
