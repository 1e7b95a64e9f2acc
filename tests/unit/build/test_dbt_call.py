"""One call of dbt. Prevents: Ctrl-C that is told as a project that cannot be parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

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
