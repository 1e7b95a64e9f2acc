"""Names of products, industries, countries and groups, as the pages on trade and tariffs show them.

Belongs here: queries for names that a release holds. Does not belong here: names of codes, wording of numbers and dates (orchestration/readers/wording.py).
"""

from __future__ import annotations

from orchestration.readers.dashboard.reading import Query, Release


def titles_of(release: Release) -> dict[tuple[str, str], str]:
    """Titles of products and industries by (classification, code)."""
    frame = release.ask(
        Query(
            """
            select product_system as system, product_code as code, title from dim_product
            union all select industry_system, industry_code, title from dim_industry"""
        )
    )
    return {(system, code): title for system, code, title in frame.iter_rows()}


def countries(release: Release) -> dict[str, str]:
    """Names of countries and groups by code."""
    frame = release.ask(
        Query(
            "select iso3, name from dim_geography where kind in ('country', 'group', 'world') and iso3 is not null"
        )
    )
    return dict(frame.iter_rows())
