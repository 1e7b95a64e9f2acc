"""The declared words of keywords.csv, read once.

Belongs here: reading the file. Does not belong here: finding words in a text (transforms/feed/keywords.py).
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from orchestration.base.errors import CatalogueError
from transforms.feed.keywords import Keywords, declared

FILE = Path(__file__).with_name("keywords.csv")


@cache
def keywords() -> Keywords:
    """The keywords. Raises CatalogueError where the file has a line that is none."""
    with FILE.open(encoding="utf-8", newline="") as file:
        try:
            return declared(csv.DictReader(file))
        except (ValueError, KeyError) as error:
            raise CatalogueError(f"{FILE.name}: {error}") from error
