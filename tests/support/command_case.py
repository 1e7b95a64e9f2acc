"""The command line without a process of its own: a start of Python and its imports cost two seconds each time.

Belongs here: running a command as a user types it, in this process. Does not belong here: commands whose process is what
a test is about (tests/support/whole_warehouse.py starts one), assertions.
"""

from __future__ import annotations

import subprocess

from click.testing import CliRunner

from orchestration.base.settings import Settings
from orchestration.cli import main


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`headway <arguments>` for this home: exit status and both outputs, as of a process.

    An error that the command line does not turn into words is raised, so that a test of words cannot pass over it.
    """
    runner = CliRunner(env={"HEADWAY_HOME": str(settings.home), "COLUMNS": "80"})
    done = runner.invoke(main, arguments, prog_name="headway")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(["headway", *arguments], done.exit_code, done.stdout, done.stderr)
