"""A library that is imported when a test first asks something of it.

Every worker imports all test modules to collect the tests, and then runs half of them: statsmodels and the MCP package take a second
each, of both workers, before the first test begins. Belongs here: that. Does not belong here: libraries that the code under test
imports anyway.
"""

from __future__ import annotations

import importlib
from typing import Any


class Late:
    """The module `name`, whose attributes are those of the module from the first one that is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        # Any: what a module holds has whatever type it has there
        return getattr(importlib.import_module(self._name), attribute)
