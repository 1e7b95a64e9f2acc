"""What a person reads when files of detail are added, and what a script gets."""

from __future__ import annotations

import json

import click

from orchestration.cli.detail import detail
from tests.support import bulk_case
from tests.support.command_case import command
from tests.support.detail_case import home


def test_every_command_has_examples():
    for name, registered in detail.commands.items():
        text = registered.get_help(click.Context(registered, info_name=name))
        assert f"headway detail {name}" in text.partition("Examples:")[2], name


def test_good_and_bad_files_together_exit_with_3_and_say_what_became_of_each(tmp_path):
    settings = home(tmp_path)
    good = bulk_case.imports_zip(tmp_path)
    members = bulk_case.export_members(bulk_case.export_rows())
    members["EXP_DETL.TXT"][2] = members["EXP_DETL.TXT"][2][:-1]
    bad = bulk_case.zipped(tmp_path / "EXDB2501.ZIP", members)
    done = command(settings, "detail", "add", str(good), str(bad))
    assert done.returncode == 3
    assert "imports" in done.stdout and "2025-01" in done.stdout
    assert (
        "headway: exports 2025-01 refused: EXDB2501.ZIP: EXP_DETL.TXT line 3 has 322 characters"
        in done.stderr
    )
    assert command(settings, "detail", "add", str(bad)).returncode == 1
    again = command(settings, "detail", "add", str(good), "--json")
    assert again.returncode == 0 and json.loads(again.stdout)[0]["state"] == "held"
    status = json.loads(command(settings, "detail", "status", "--json").stdout)
    assert status["flows"][0]["flow"] == "imports" and len(status["quarantined"]) == 1
    made = json.loads(command(settings, "detail", "compact", "--json").stdout)
    assert [(y["flow"], y["year"], y["state"]) for y in made] == [("imports", 2025, "made")]


def test_what_cannot_be_asked_is_said(tmp_path):
    settings = home(tmp_path)
    path = str(bulk_case.imports_zip(tmp_path))
    for arguments, words in (
        ((), "say which files"),
        ((path, "--since", "2025-01"), "say which files"),
        ((path, "--known-from", "5 March"), "write the day as YYYY-MM-DD"),
        ((path, "--known-from", "2999-01-01"), "is in the future"),
        (("--since", "2025-01", "--known-from", "2025-01-01"), "--known-from is about FILES"),
        (("--since", "2012-12"), "the files begin in 2013-01"),
        (("--since", "2025-01", "--flow", "balance"), "unknown flow 'balance'"),
    ):
        done = command(settings, "detail", "add", *arguments)
        assert done.returncode == 2 and words in done.stderr, arguments
    done = command(settings, "detail", "build", "--as-of", "2999-01-01")
    assert done.returncode == 2 and "--as-of 2999-01-01 is in the future" in done.stderr
    assert "no detail in" in command(settings, "detail", "status").stdout
