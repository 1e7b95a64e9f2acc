"""Every feed, and every dataset of a feed, in one tuple each.

Belongs here: gathering. Does not belong here: anything about one agency (sources/feed/), statistics (datasets.py).
"""

from __future__ import annotations

from orchestration.sources.feed import canada, cbp, federal_register, gta, usitc
from orchestration.sources.feed.spec import Feed
from orchestration.sources.spec import Dataset

FEEDS: tuple[Feed, ...] = (
    federal_register.FEED,
    cbp.FEED,
    usitc.FEED,
    canada.REGULATIONS,
    canada.NOTICES,
    gta.FEED,
)

#: lists and documents of all feeds: what reads their answers again from the archive
FEED_DATASETS: tuple[Dataset, ...] = tuple(d for feed in FEEDS for d in (*feed.lists, *feed.documents))
