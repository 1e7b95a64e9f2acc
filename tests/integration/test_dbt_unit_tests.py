"""dbt's own unit tests (fixed inputs, expected rows beside the models): a build leaves them out, the test suite runs them."""

from __future__ import annotations

import shutil

from orchestration.base import collector
from orchestration.base.settings import Settings
from orchestration.build import quick_calls
from orchestration.build.dbt_call import invoke
from orchestration.build.dbt_project import parsed


def test_dbt_unit_tests_pass(small_home, tmp_path):
    """A model whose meaning moved while its figures still look plausible. The copy keeps the shared build as it is."""
    copy = Settings(project=small_home.project, home=tmp_path)
    copy.build.mkdir()
    copy.store.parent.mkdir()
    shutil.copyfile(small_home.build_database, copy.build_database)
    shutil.copyfile(small_home.store, copy.store)
    shutil.copytree(small_home.home / "dbt", copy.home / "dbt")  # what was parsed

    with collector.rarely(), quick_calls.used({"NodeFinished"}):  # as a build calls dbt
        done = invoke(copy, ["test", "--select", "test_type:unit"], manifest=parsed(copy))

    assert done.exception is None, done.exception
    failed = {r.node.name: r.message for r in done.result if r.status != "pass"}
    assert not failed
    assert len(done.result) >= 20
