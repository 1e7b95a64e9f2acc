"""What every command has in common: examples in its help, and a start that loads nothing heavy."""

from __future__ import annotations

from orchestration.base.settings import PROJECT


def test_every_command_has_examples():
    """`--help` is what users read first."""
    import click

    from orchestration.cli import main

    for name, command in main.commands.items():
        text = command.get_help(click.Context(command, info_name=name))
        assert f"headway {name}" in text.partition("Examples:")[2], name


def test_help_needs_no_heavy_import():
    """`headway --help` would take seconds: Dagster, dbt and polars are imported by the commands that need them."""
    import subprocess
    import sys

    code = "import sys, orchestration.cli.writing; print([m for m in ('dagster', 'dbt', 'polars', 'duckdb', 'requests') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout.strip() == "[]"
