"""Documents of tests/fixtures/feed and agencies that hold them.

Belongs here: reading the fixtures, agencies filled with them, one refresh. Does not belong here: assertions, how an agency answers
(tests/replay/feed.py).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.base.settings import Settings
from orchestration.intake.agency.account import RefreshOutcome
from orchestration.intake.feed import refresh_feed
from orchestration.sources.feed.words import keywords
from orchestration.sources.feeds import FEEDS
from orchestration.sources.registry import FEED_SOURCES
from orchestration.store.archive import Archive
from orchestration.store.ingest import ingest, register_sources
from orchestration.store.opened import open_store
from tests.replay.feed import FeedAgencies, fr_document
from transforms.feed.reading import Document, candidate_row, parsed

FIXTURES = Path(__file__).parents[1] / "fixtures" / "feed"
#: the feeds of the program without the pause between two requests
QUICK = tuple(
    replace(
        feed,
        **{
            kind: tuple(
                replace(d, api=replace(d.api, seconds_between_requests=0.0001)) for d in getattr(feed, kind)
            )
            for kind in ("lists", "documents")
        },
    )
    for feed in FEEDS
)
TODAY = date(2025, 4, 10)
AUTOS = "federal_register:2025-05930"


@dataclass(frozen=True)
class Sample:
    """A document of the fixtures. facts: the lines above its text; is_real: whether its sentences are those of a real one."""

    name: str
    facts: dict[str, str]
    text: str
    is_real: bool


def samples(folder: str = "real") -> list[Sample]:
    """The documents of `real` or `written`, by name."""
    found = []
    for path in sorted((FIXTURES / folder).glob("*.txt")):
        head, _, text = path.read_text(encoding="utf-8").partition("---\n")
        facts = dict((part.strip() for part in line.split(":", 1)) for line in head.strip().splitlines())
        found.append(Sample(path.stem, facts, text, folder == "real"))
    return found


def sample(name: str) -> Sample:
    """The document of that name, real or written."""
    return next(s for folder in ("real", "written") for s in samples(folder) if s.name == name)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV of the fixtures."""
    with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


#: three documents as they were read at one time: sure, unsure, and no trade action
AT = datetime(2025, 11, 3, 12)
TRUCKS = Document(
    "federal_register", "2025-19639", "Adjusting Imports of Medium- and Heavy-Duty Vehicles Into the United States", date(2025, 10, 22),
    kind="Proclamation", signed_on=date(2025, 10, 17), citation="90 FR 48451", proclamation="10984", by=("USA",),
    url="https://www.federalregister.gov/documents/2025/10/22/2025-19639/adjusting", hosts=("www.federalregister.gov",),
)  # fmt: skip
PAUSE = Document(
    "federal_register", "2025-02408", "Progress on the Situation at Our Northern Border", date(2025, 2, 10), kind="Executive Order",
    signed_on=date(2025, 2, 3), executive_order="14197", by=("USA",),
)  # fmt: skip
CANCER = replace(PAUSE, number="2025-06001", title="Cancer Control Month, 2025", executive_order=None)


def filled(settings: Settings) -> Settings:
    """A home whose store holds TRUCKS, PAUSE and CANCER, without asking anyone."""
    texts = {
        TRUCKS: sample("2025-10-17-trucks").text,
        PAUSE: sample("2025-02-03-pause").text,
        CANCER: "Stay healthy.",
    }
    rows = [candidate_row(d, keywords(), text=text, retrieved_at=AT) for d, text in texts.items()]
    with open_store(settings.store) as con:
        register_sources(con, FEED_SOURCES)
        ingest(
            con, Archive(settings), content=b"documents", parse=lambda _: parsed(rows), source_id="federal_register",
            dataset="texts", request_url="https://example.org/", retrieved_at=AT, extra={"test": True},
        )  # fmt: skip
    return settings


def agencies() -> FeedAgencies:
    """Agencies in the spring of 2025: the auto proclamation, a notice, a bulletin, two editions, a regulation and its notice."""
    found = FeedAgencies()
    autos, bulletin = sample("2025-03-26-autos"), sample("csms-autos")
    found.federal_register.documents = [
        presidential(
            "2025-05930", autos, "2025-04-03", citation="90 FR 14705", start_page=14705, end_page=14717
        ),
        fr_document("2025-06001", "Cancer Control Month, 2025", "2025-04-08", subtype="Proclamation"),
        fr_document(
            "2025-06117",
            "Certain Steel Nails From Taiwan: Final Results of Antidumping Duty Administrative Review",
            "2025-04-09",
            type="Notice",
            agencies=[
                {"name": "International Trade Administration", "slug": "international-trade-administration"}
            ],
        ),
    ]
    found.federal_register.texts = {
        "2025-05930": document_text(autos),
        "2025-06001": "Cancer Control Month, 2025\n\nNow, therefore, I proclaim April 2025 as Cancer Control Month. "
        * 3,
    }
    found.csms.bulletins = {
        "64624801": (bulletin.facts["title"], "04/02/2025", bulletin.text),
        "64600001": ("ACE CERTIFICATION Scheduled Maintenance", "04/01/2025", "Maintenance tonight."),
    }
    found.usitc.editions = {
        "2025_revision_8": (
            "April 4, 2025",
            "Proclamation 10908; 90 Fed. Reg. 14705",
            {"9903.01.10": "25%", "9903.94.01": "The duty + 25%"},
        ),
        "2025_revision_7": ("March 14, 2025", "Proclamation 10895; 90 Fed. Reg. 9807", {"9903.01.10": "25%"}),
    }
    regulation, notice = sample("sor-2025-119"), sample("cn-25-15")
    found.justice_canada.pages = {"SOR-2025-119/FullText.html": (regulation.facts["title"], regulation.text)}
    found.cbsa.pages = {"cn25-15-eng.html": (notice.facts["title"], notice.text)}
    found.gta.interventions = [intervention()]
    return found


def presidential(number: str, of: Sample, published: str, **more: Any) -> dict[str, Any]:
    """The entry of a presidential document of the fixtures."""
    order, proclamation = of.facts.get("order"), of.facts.get("proclamation")
    return fr_document(
        number,
        of.facts["title"],
        published,
        subtype="Executive Order" if order else "Proclamation",
        signing_date=of.facts["signed"],
        executive_order_number=int(order) if order else None,
        proclamation_number=int(proclamation) if proclamation else None,
        **more,
    )


def document_text(of: Sample) -> str:
    """Its text as the Federal Register prints it: title first, lines of some length."""
    return f"{of.facts['title']}\n\nBy the President of the United States of America\n\n{of.text}"


def intervention(**more: Any) -> dict[str, Any]:
    """An intervention as the documentation of the data endpoint shows one, with full access."""
    return {
        "intervention_id": 138295,
        "state_act_id": 87754,
        "state_act_title": "Canada: Surtax on motor vehicles of the United States",
        "intervention_url": "https://www.globaltradealert.org/intervention/138295",
        "gta_evaluation": "Red",
        "implementing_jurisdictions": [{"id": 124, "name": "Canada", "iso": "CAN"}],
        "affected_jurisdictions": [{"id": 840, "name": "United States of America", "iso": "USA"}],
        "intervention_type": "Import tariff",
        "affected_products": [
            {"product_id": 870323, "prior_level": "6.1", "new_level": "31.1", "unit": None}
        ],
        "date_announced": "2025-04-08",
        "date_published": "2025-04-09",
        "date_implemented": "2025-04-09",
        "date_removed": None,
        "is_in_force": 1,
        **more,
    }


def refreshed(settings: Settings, **more: Any) -> RefreshOutcome:
    """One refresh on the day TODAY, without pauses."""
    return refresh_feed(settings, **{"today": TODAY, "sleep": lambda _: None, "feeds": QUICK, **more})
