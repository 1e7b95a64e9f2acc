"""The page of each source: its limits, its traps, its key, and where its bundled figures end."""

from __future__ import annotations

import json

from orchestration.base.settings import Settings
from orchestration.documentation.source_pages import last_periods, source_page
from orchestration.sources.bundled_ends import BUNDLED_ENDS
from orchestration.sources.datasets import DATASETS
from orchestration.sources.registry import SOURCES_BY_ID

FIGURES = Settings.load().figures


def test_every_source_has_a_page_with_its_limits_and_traps() -> None:
    for source in SOURCES_BY_ID.values():
        own = [d for d in DATASETS if d.source_id == source.source_id]
        page = source_page(source, own, last_periods(FIGURES))
        assert source.licence in page and source.attribution in page
        for d in own:
            assert d.revisions in page and d.revisions, d.name
            assert d.api.traps and all(trap in page for trap in d.api.traps)


def test_where_figures_end_is_read_from_the_figures() -> None:
    """A reason that outlives the hole it explains: every series named must be bundled, with the month that the manifest has."""
    ends = last_periods(FIGURES)
    page = source_page(SOURCES_BY_ID["statcan"], [], ends)
    assert f"`can_exports_motor_vehicles_parts` (to {ends['can_exports_motor_vehicles_parts']})" in page
    assert ends["usa_freight_imports_can_hs87_annual"].isdigit(), "a year has no month"
    sooner = source_page(SOURCES_BY_ID["statcan"], [], dict.fromkeys(ends, "1999-01"))
    assert sooner.count("(to 1999-01)") > 5 and "2022-12" not in sooner
    assert set(BUNDLED_ENDS) <= set(SOURCES_BY_ID)


def test_a_series_that_stopped_long_before_the_others_has_its_reason() -> None:
    """A reader who compares 2025 needs to know that a source ends in 2022, and what reaches further."""
    stopped = {
        series["series_id"]: series["agency"]
        for series in json.loads((FIGURES / "manifest.json").read_bytes())["series"]
        if series["frequency"] == "monthly" and "2022-01" <= series["last_period"] < "2023-06"
    }
    agencies = {SOURCES_BY_ID[source].agency for source in BUNDLED_ENDS}
    assert stopped and set(stopped.values()) <= agencies
