"""`headway ...`: the command line. `main` is the group with all of its commands registered."""

from orchestration.cli import reading, writing  # noqa: F401  (each registers its commands)
from orchestration.cli.command import main

__all__ = ["main"]
