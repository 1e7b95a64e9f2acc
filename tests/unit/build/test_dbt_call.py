"""One call of dbt. Prevents: Ctrl-C that is told as a project that cannot be parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.base.duck import BUILD_MEMORY_LIMIT, KEEP_FREED
from orchestration.base.settings import PROJECT, Settings
from orchestration.build.dbt_call import invoke


@pytest.mark.slow
def test_ctrl_c_inside_dbt_goes_on_as_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt catches every BaseException and hands it back beside the result."""
    from dbt.cli.main import (
        dbtRunner,
        dbtRunnerResult,
    )  # takes two seconds, which each worker of a run would pay

    stopped = dbtRunnerResult(success=False, exception=KeyboardInterrupt())
    monkeypatch.setattr(dbtRunner, "invoke", lambda *_, **__: stopped)
    with pytest.raises(KeyboardInterrupt):
        invoke(Settings(PROJECT, tmp_path), ["parse"])


@pytest.mark.slow
def test_an_error_of_dbt_is_handed_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dbt.cli.main import dbtRunner, dbtRunnerResult

    failed = dbtRunnerResult(success=False, exception=ValueError("no such model"))
    monkeypatch.setattr(dbtRunner, "invoke", lambda *_, **__: failed)
    assert invoke(Settings(PROJECT, tmp_path), ["parse"]) is failed


def test_the_profile_and_an_update_treat_memory_alike() -> None:
    """A profile cannot read Python: with another number there, a whole build or an update would pass the 1.5 GB of a build, or be slower."""
    profile = yaml.safe_load((PROJECT / "dbt_project" / "profiles.yml").read_text(encoding="utf-8"))
    options = profile["headway"]["outputs"]["build"]["config_options"]
    assert options == {"memory_limit": BUILD_MEMORY_LIMIT, **KEEP_FREED}
