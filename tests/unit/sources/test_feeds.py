"""The agencies of the feed: every question can be kept and asked again, and every publisher is declared."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from orchestration.sources.datasets import DATASETS
from orchestration.sources.feed import canada, federal_register
from orchestration.sources.feed.spec import Document, FeedContext, from_context, to_context
from orchestration.sources.feeds import FEED_DATASETS, FEEDS
from orchestration.sources.registry import FEED_SOURCES_BY_ID, SOURCES_BY_ID
from orchestration.sources.spec import PlanContext
from transforms.feed.days import FirstDay
from transforms.feed.rates import Rate

TODAY = date(2026, 11, 20)
PLAN = PlanContext(TODAY, None, False, True)


def test_every_publisher_is_declared_once_and_apart_from_those_of_figures() -> None:
    assert {feed.source_id for feed in FEEDS} <= FEED_SOURCES_BY_ID.keys()
    assert not FEED_SOURCES_BY_ID.keys() & SOURCES_BY_ID.keys()
    assert not {d.api.name for d in FEED_DATASETS} & {d.api.name for d in DATASETS}, (
        "one quota and one address each"
    )
    names = [(d.source_id, d.name) for d in FEED_DATASETS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "dataset", [d for feed in FEEDS for d in feed.lists], ids=lambda d: f"{d.source_id}/{d.name}"
)
def test_lists_are_asked_by_guarded_https_with_budget_and_bound(dataset) -> None:
    requests = dataset.plan(PLAN)
    assert requests and all(request.path.startswith("/") for request in requests)
    assert (
        dataset.api.base_url.startswith("https://")
        and dataset.api.budgets
        and dataset.api.max_bytes <= 64_000_000
    )
    assert dataset.schedule is not None and dataset.schedule[0].endswith("1-5"), "on working days"
    assert dataset.plan(replace(PLAN, today=date(2026, 11, 21)))[0] == requests[0], (
        "the same question on the next day"
    )


def test_a_document_goes_through_json_and_comes_back() -> None:
    """It lies beside the archived text, from which a store is made again."""
    document = Document(
        "cbp", "1", "T", date(2026, 1, 2), signed_on=date(2026, 1, 1), pages=(1, 2), by=("USA",), hosts=("a",), marks=("m",),
        first_day=FirstDay(date(2026, 1, 3), "s", "stated", ""), rates=(Rate(2.5, "r"),), headings=("9903.01.10",),
    )  # fmt: skip
    assert from_context(json.loads(json.dumps(to_context(document)))) == document
    bare = Document("cbp", "2", "T", date(2026, 1, 2))
    assert from_context(json.loads(json.dumps(to_context(bare)))) == bare


def test_the_next_numbers_of_canada() -> None:
    held = frozenset({"canada_justice:SOR-2026-100", "canada_justice:SOR-2025-280", "cbsa:CN-26-1"})
    numbers = canada.next_numbers(held, "canada_justice:SOR-2026-", TODAY, 290)
    assert numbers == [*range(90, 100), *range(101, 121)]
    first = canada.next_numbers(frozenset(), "cbsa:CN-26-", date(2026, 1, 5), 35)
    assert first[0] == 1 and len(first) <= 12
    for asked in (numbers, first):
        assert len(asked) == len(set(asked))


def test_a_text_is_asked_for_once_newest_first_and_not_for_what_is_no_trade_action() -> None:
    def document(number: str, title: str, day: int) -> Document:
        return Document("federal_register", number, title, date(2026, 11, day))

    listed = [
        document("2026-1", "Tariffs", 1),
        document("2026-2", "Antidumping Duty Order on Nails", 3),
        document("2026-3", "Imports of steel", 2),
        document("2026-3", "Imports of steel", 2),
        document("2026-4", "Duties", 4),
    ]
    context = FeedContext(
        TODAY, date(2026, 10, 1), listed, frozenset({"federal_register:2026-4"}), lambda _: []
    )
    paths = [request.path for request in federal_register.follow(context, 0)]
    assert paths == [
        "/documents/full_text/text/2026/11/02/2026-3.txt",
        "/documents/full_text/text/2026/11/01/2026-1.txt",
    ]
