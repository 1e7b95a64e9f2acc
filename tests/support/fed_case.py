"""Packages of the Federal Reserve made of the bundled figures.

Belongs here: series by month and the release G.17 as the agency would send it. Does not belong here: assertions.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from orchestration.base.settings import PROJECT
from orchestration.sources.agencies import fed
from tests.replay.fed import Series
from tests.support.source_case import unpaced

G17, G5 = unpaced(fed.DATASETS)


def bundled(series_id: str) -> dict[str, str]:
    """Month -> the newest bundled number, as the agency prints it."""
    figures = pl.read_parquet(PROJECT / "warehouse" / "figures" / "observation_fed.parquet")
    newest = (
        figures.filter(series_id=series_id)
        .sort("period_start", "known_from")
        .group_by("period_start", maintain_order=True)
        .last()
    )
    return {f"{p:%Y-%m}": repr(v) for p, v in newest.select("period_start", "value").rows()}


def months(first_year: int, last: str, value: float, step: float = 0.01) -> dict[str, str]:
    every = [f"{y}-{m:02}" for y in range(first_year, int(last[:4]) + 1) for m in range(1, 13)]
    return {month: f"{value + i * step:.4f}" for i, month in enumerate(m for m in every if m <= last)}


def g17(**changed: dict[str, str]) -> list[Series]:
    """The release as bundled, with the series that are not bundled made up; `changed` months by series_id."""
    found = []
    for code, series_id in fed.G17.items():
        if code.startswith("IP."):
            one = Series(code, bundled(series_id))
        elif code.startswith("CAPUTL."):
            one = Series(code, months(1972, "2026-05", 70, 0.001), "CAPUTL", "Percentage")
        else:
            one = Series(code, months(1993, "2026-05", 9.5, 0.001), "MVA", "Millions_of_units")
        found.append(replace(one, months={**one.months, **changed.get(series_id, {})}))
    return found
