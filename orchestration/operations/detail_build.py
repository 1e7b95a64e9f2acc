"""`headway detail build`: one run of the detail models, on this machine or on a cluster.

Belongs here: the run as commands and schedules start it. Does not belong here: the run itself (build/detail/derive.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import cast

from orchestration.base.settings import Settings
from orchestration.build.detail.derive import DetailBuilt, Engine, build_detail


def run_detail_build(
    settings: Settings,
    engine: str = "duckdb",
    *,
    master: str | None = None,
    as_of: date | None = None,
    configuration: Mapping[str, str] | None = None,
    wait: float = 0.0,
) -> DetailBuilt:
    """Work the detail out and make it current; arguments and errors as build_detail."""
    return build_detail(
        settings, cast(Engine, engine), master=master, as_of=as_of, configuration=configuration, wait=wait
    )
