"""The page of each source: its limits, its traps, its key."""

from __future__ import annotations

from orchestration.documentation.source_pages import source_page
from orchestration.sources.datasets import DATASETS
from orchestration.sources.registry import SOURCES_BY_ID


def test_every_source_has_a_page_with_its_limits_and_traps() -> None:
    for source in SOURCES_BY_ID.values():
        own = [d for d in DATASETS if d.source_id == source.source_id]
        page = source_page(source, own)
        assert source.licence in page and source.attribution in page
        for d in own:
            assert d.revisions in page and d.revisions, d.name
            assert d.api.traps and all(trap in page for trap in d.api.traps)
