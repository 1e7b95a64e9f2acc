"""Small parsed payloads for tests of archive, loading and faults.

Belongs here: building frames, payload records and settings in the project's own types.
Does not belong here: assertions, fixtures, anything recorded from a source.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import polars as pl

from orchestration.base.settings import PROJECT, Settings
from orchestration.store.archive import ArchivedPayload
from transforms.schema import OBSERVATION, SERIES_SCHEMA, TRADE_FLOW, Parsed

RETRIEVED = datetime(2026, 11, 1, 12)


def settings_at(home: Path) -> Settings:
    return Settings(project=PROJECT, home=home)


def payload_of(name: str, *, retrieved_at: datetime = RETRIEVED, dataset: str = "test") -> ArchivedPayload:
    """A payload record without bytes behind it, for loading without an archive."""
    return ArchivedPayload(
        payload_id=f"test:{dataset}:{name}",
        source_id="test",
        dataset=dataset,
        request_url=f"https://example.org/{name}",
        retrieved_at=retrieved_at,
        http_status=200,
        media_type="application/json",
        sha256=f"{name:0>64}",
        bytes=1,
        archived_at=retrieved_at,
        last_seen_at=retrieved_at,
        archive_path=f"objects/00/{name}",
    )


def month(number: int) -> date:
    """Month `number` after January 2020."""
    return date(2020 + number // 12, number % 12 + 1, 1)


def series_of(*series_ids: str, **changes: object) -> pl.DataFrame:
    row = {
        "title": "Test",
        "measure": "employment",
        "geography_iso3": "USA",
        "unit": "thousands of persons",
        "unit_multiplier": 1000,
        "frequency": "monthly",
        "seasonal_adjustment": "SA",
        "source_id": "bls",
        **changes,
    }
    rows = [{"series_id": series_id, **row} for series_id in series_ids]
    return pl.DataFrame(rows, schema=SERIES_SCHEMA)


def observations(
    rows: Iterable[tuple[str, date, float | None, datetime]],
    *,
    complete: bool = False,
    rejected: tuple[tuple[int, str, str], ...] = (),
    series: pl.DataFrame | None = None,
) -> Parsed:
    """(series_id, period_start, value, known_from); no value means status `missing`."""
    frame = pl.DataFrame(
        [(s, p, v, "missing" if v is None else "normal", k, "release") for s, p, v, k in rows],
        schema=OBSERVATION.polars_schema,
        orient="row",
    )
    if series is None:
        series = series_of(*frame["series_id"].unique())
    return Parsed(OBSERVATION, frame, series, complete, rejected)


def flows(rows: Iterable[tuple[str, str, date, int | None, datetime]], *, complete: bool = False) -> Parsed:
    """(partner_code, product_code, period_start, value_usd, known_from): US imports for consumption by HS chapter."""
    frame = pl.DataFrame(
        [
            {
                "reporter_iso3": "USA",
                "partner_code": partner,
                "flow": "imports",
                "basis": "consumption",
                "classification": "HS",
                "product_level": 2,
                "product_code": product,
                "period_start": period,
                "value_usd": value,
                "duty_usd": value,
                "source_id": "census",
                "status": "missing" if value is None else "normal",
                "known_from": known_from,
                "known_from_basis": "release",
            }
            for partner, product, period, value, known_from in rows
        ],
        schema=TRADE_FLOW.polars_schema,
    )
    return Parsed(TRADE_FLOW, frame, None, complete)
