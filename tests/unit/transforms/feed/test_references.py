"""Marks of documents: every way in which the timelines cite one is found, and nothing else."""

from __future__ import annotations

import csv

import pytest

from orchestration.base.settings import PROJECT
from transforms.feed.references import MOST_HEADINGS, cited_by, headings, marks, own_marks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90 FR 14705", {"page:90:14705"}),
        ("91 Fed. Reg. 60360", {"page:91:60360"}),
        ("90 FR 9113, 9117 and 9121", {"page:90:9113", "page:90:9117", "page:90:9121"}),
        (
            "Proclamations 9704 and 9705, 83 FR 11619",
            {"proclamation:9704", "proclamation:9705", "page:83:11619"},
        ),
        ("EO 14231 and 14232", {"eo:14231", "eo:14232"}),
        ("Executive Order 14257 of April 2, 2025", {"eo:14257"}),
        ("https://www.federalregister.gov/documents/2025/05/20/2025-08917/procedures", {"fr:2025-08917"}),
        ("SOR/2025-119; CSMS 67834313; CSMS #66336270", {"sor:2025-119", "csms:67834313", "csms:66336270"}),
        ("cn25-15-eng.html, Customs Notice 24-36", {"cn:25-15", "cn:24-36"}),
        ("Section 232 of 1962, HS 8703, 19 U.S.C. 1862, page 12345", set()),
        (None, set()),
    ],
)
def test_marks(text: str | None, found: set[str]) -> None:
    assert marks(text) == found


def test_a_document_is_found_by_any_of_its_pages() -> None:
    """Timelines cite the page of the clause, not only the first one."""
    own = own_marks(
        document_number="2025-05930", citation="90 FR 14705", proclamation="10908", pages=(14705, 14717)
    )
    references = [
        ("a", "90 FR 14710"),
        ("b", "90 FR 14718"),
        ("c", "Proclamation 10908"),
        ("d", "FR 2025-05930"),
        ("e", ""),
    ]
    assert cited_by(own, references) == ["a", "c", "d"]
    assert cited_by([], references) == []


def test_every_reference_of_the_timelines_that_looks_like_a_citation_is_one() -> None:
    """A citation that the patterns miss makes a known event look new."""
    folder = PROJECT / "dbt_project" / "seeds" / "timeline"
    missed = []
    for name in ("seed_event", "seed_tariff_measure"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                text = " ".join(value or "" for value in row.values())
                if any(
                    word in text for word in (" FR 9", " FR 1", "EO 14", "Proclamation 1", "SOR/20")
                ) and not marks(text):
                    missed.append(text[:80])
    assert missed == []


def test_headings_are_bounded_and_exact() -> None:
    assert headings("Heading 9903.94.01 and 9903.94.011, 19903.94.01; 9903.01.10.") == [
        "9903.01.10",
        "9903.94.01",
    ]
    assert len(headings(" ".join(f"9903.{n // 100:02}.{n % 100:02}" for n in range(1000)))) == MOST_HEADINGS
