"""The feed from lists to rows of the store: what is asked for, what is read, and what a failure of one agency leaves alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from orchestration.base.errors import UsageError
from orchestration.intake import feed, feed_review
from orchestration.intake.parsers import parser_of_archived
from orchestration.intake.registration import register
from orchestration.operations import removal
from orchestration.store.archive import Archive
from orchestration.store.opened import open_store
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.replay.feed import GTA_KEY, FeedAgencies, fr_document
from tests.replay.server import ReplayServer, oversize
from tests.support.feed_case import AUTOS, TODAY, agencies, document_text, refreshed, sample
from tests.support.refresh_case import everything_written, settings_at
from tests.support.stored import rows as of_store
from tests.support.writer_case import other_writer


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


@pytest.fixture
def served(replay, monkeypatch) -> FeedAgencies:
    return agencies().serve(replay, monkeypatch.setenv)


def read(settings) -> dict[str, tuple]:
    """feed id -> what was read of each document itself."""
    query = """SELECT feed_id, standing, first_day, first_day_rule, rates, headings, source_id FROM raw.feed_candidate_current
               WHERE part = 'text' OR source_id = 'gta' ORDER BY 1"""
    return {feed_id: values for feed_id, *values in of_store(settings, query)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(home, its outcome, server) after one refresh of every source, which takes longer than all else here."""
    with pytest.MonkeyPatch.context() as environment, ReplayServer(environment.setenv) as server:
        agencies().serve(server, environment.setenv)
        settings = settings_at(tmp_path_factory.mktemp("feed") / "home")
        yield settings, refreshed(settings), server


def test_every_source_is_asked_and_its_documents_are_read(whole) -> None:
    settings, outcome, _ = whole
    assert outcome.exit_code == 0, outcome.problems
    assert read(settings) == {
        AUTOS: ["candidate", date(2025, 4, 3), "entry", "25", None, "federal_register"],
        "federal_register:2025-06001": ["aside", None, None, None, None, "federal_register"],
        "cbp:64624801": ["candidate", date(2025, 4, 3), "entry", "25", "9903.94.01", "cbp"],
        "usitc_hts:2025HTSRev7": ["aside", None, "edition", None, None, "usitc_hts"],
        "usitc_hts:2025HTSRev8": ["candidate", None, "edition", "25", "9903.94.01", "usitc_hts"],
        "canada_justice:SOR-2025-119": [
            "candidate",
            date(2025, 4, 8),
            "in_force",
            "25",
            None,
            "canada_justice",
        ],
        "cbsa:CN-25-15": ["candidate", date(2025, 4, 9), "entry", "25", None, "cbsa"],
        "gta:138295": ["candidate", date(2025, 4, 9), "stated", "31.1", None, "gta"],
    }


def test_the_key_of_global_trade_alert_is_written_nowhere(whole) -> None:
    settings, _, _ = whole
    assert not [
        path for path, content in everything_written(settings.home).items() if GTA_KEY.encode() in content
    ]


def test_a_second_refresh_reads_nothing_twice_and_a_new_store_reads_the_same(whole) -> None:
    """A document that is asked for again every day would spend the agency's patience and our quota; and rules that
    read an archived answer another way than the answer itself would change candidates behind a person's back."""
    settings, _, server = whole
    query = "SELECT * EXCLUDE (load_id) FROM raw.feed_candidate_current ORDER BY feed_id, part"
    before = of_store(settings, query)
    asked = {api: len(server.calls(api)) for api in ("FEDERAL_REGISTER", "CSMS")}
    outcome = refreshed(settings, sources=["federal_register", "cbp"])
    assert not outcome.changed
    again = [c.path for api, number in asked.items() for c in server.calls(api)[number:]]
    assert again and not [path for path in again if "full_text" in path or "/gd/" in path]
    rebuild_store_from_archive(settings, parser_of_archived, lambda con: register(settings, con))
    assert of_store(settings, query) == before


def test_a_text_that_federalregister_refuses_comes_from_govinfo(settings, served, replay) -> None:
    served.federal_register.texts["2025-05930"] = None
    served.govinfo.texts["2025-05930"] = document_text(sample("2025-03-26-autos"))
    refreshed(settings, sources=["federal_register"])
    assert read(settings)[AUTOS][1] == date(2025, 4, 3)
    assert [c.path for c in replay.calls("GOVINFO")] == ["/content/pkg/FR-2025-04-03/html/2025-05930.htm"]


def test_an_unread_text_leaves_the_entry_of_the_list(settings, served) -> None:
    """The announcement itself must not be lost because its text could not be had, and no day may be made up for it."""
    served.federal_register.texts["2025-05930"] = None
    outcome = refreshed(settings, sources=["federal_register", "cbp"])
    assert outcome.exit_code == 3
    (row,) = of_store(
        settings,
        f"SELECT part, standing, first_day, first_day_note FROM raw.feed_candidate_current WHERE feed_id = '{AUTOS}'",
    )
    assert row == ("entry", "candidate", None, "the document itself was not read yet")
    assert "cbp:64624801" in read(settings)  # the others were asked all the same


def test_a_document_under_another_page_is_not_read(settings, served) -> None:
    """A bot wall answers 200 with a page of its own: its words must not be taken for the proclamation's."""
    served.federal_register.texts["2025-05930"] = (
        "Request Access. Due to aggressive automated scraping of our site, programmatic access is limited. "
        * 3
    )
    outcome = refreshed(settings, sources=["federal_register"])
    assert AUTOS not in read(settings)
    assert any("without the words of the title" in problem for problem in outcome.problems)


def test_an_oversized_body_is_refused_and_kept_out_of_the_store(
    settings, served, replay, monkeypatch
) -> None:
    from orchestration.sources.feed import cbp

    small = replace(cbp.API, max_bytes=2_000, seconds_between_requests=0.0001)
    feed = replace(
        cbp.FEED,
        lists=tuple(replace(d, api=small) for d in cbp.FEED.lists),
        documents=tuple(replace(d, api=small) for d in cbp.FEED.documents),
    )
    replay.fail_next("CSMS", oversize(3_000), times=1)
    outcome = refreshed(settings, feeds=[feed])
    assert any("larger than 2,000 bytes" in problem for problem in outcome.problems)
    assert read(settings) == {}


def test_without_a_key_global_trade_alert_is_left_out_and_nothing_fails(
    settings, served, monkeypatch
) -> None:
    monkeypatch.delenv("HEADWAY_GTA_KEY")
    outcome = refreshed(settings, sources=["gta"])
    assert outcome.exit_code == 0
    (gta,) = [d for d in outcome.datasets if d.source_id == "gta"]
    assert gta.state == "skipped" and "HEADWAY_GTA_KEY" in gta.skip
    assert read(settings) == {}


def test_a_citation_that_comes_late_is_added(settings, served) -> None:
    served.federal_register.documents[0]["citation"] = None
    refreshed(settings, sources=["federal_register"])
    served.federal_register.documents[0]["citation"] = "90 FR 14705"
    assert refreshed(settings, sources=["federal_register"]).changed
    query = f"SELECT citation FROM raw.feed_candidate_current WHERE feed_id = '{AUTOS}' AND part = 'entry'"
    assert of_store(settings, query) == [("90 FR 14705",)]


def test_an_edition_is_compared_with_the_one_before_it(settings, served) -> None:
    refreshed(settings, sources=["usitc_hts"])
    served.usitc.editions = {
        "2025_revision_9": (
            "April 9, 2025",
            "EO 14257; 90 Fed. Reg. 15041",
            {"9903.01.10": "35%", "9903.01.25": "The duty + 10%"},
        ),
        **served.usitc.editions,
    }
    refreshed(settings, sources=["usitc_hts"])
    query = "SELECT title, rates, headings FROM raw.feed_candidate_current WHERE feed_id = 'usitc_hts:2025HTSRev9' AND part = 'text'"
    ((title, rates, headings),) = of_store(settings, query)
    assert "1 added, 1 removed, 1 changed since 2025HTSRev8" in title
    assert (rates, headings) == ("10;35", "9903.01.10;9903.01.25;9903.94.01")


def test_since_asks_for_every_year_on_its_own(settings, served, replay) -> None:
    """The API returns at most a thousand documents: a question over years would be cut."""
    refreshed(settings, sources=["federal_register"], since=date(2023, 6, 1))
    windows = {
        (c.get("conditions[publication_date][gte]"), c.get("conditions[publication_date][lte]"))
        for c in replay.calls("FEDERAL_REGISTER")
        if c.path.endswith("documents.json")
    }
    assert windows == {("2023-06-01", "2023-12-31"), ("2024-01-01", "2024-12-31"), ("2025-01-01", None)}


def test_an_unknown_source_is_refused_with_those_there_are(settings) -> None:
    with pytest.raises(UsageError, match="no source bls; it has canada_justice, cbp"):
        refreshed(settings, sources=["bls"])


def test_markup_of_a_list_reaches_no_row(settings, served) -> None:
    served.federal_register.documents = [
        fr_document(
            "2025-07001",
            "Adjusting <script>alert(1)</script> Imports &lt;img src=x onerror=alert(2)&gt; of Steel",
            "2025-04-09",
            html_url="https://evil.example/documents/2025-07001",
        )
    ]
    refreshed(settings, sources=["federal_register"])
    ((title, url),) = of_store(
        settings, "SELECT title, url FROM raw.feed_candidate_current WHERE part = 'entry'"
    )
    assert "<" not in title and "alert" not in title and title.startswith("Adjusting")
    assert url is None


def test_what_was_asked_stands_in_the_archive(settings, served) -> None:
    refreshed(settings, sources=["federal_register"])
    contexts = [
        p.extra["request"]["context"] for p in Archive(settings).payloads("federal_register", "texts")
    ]
    assert {c["document"]["number"] for c in contexts} == {"2025-05930", "2025-06001"}
    assert json.loads(json.dumps(contexts)) == contexts
    assert TODAY.year == 2025


def test_a_decision_is_taken_back_by_removing_it(settings, served) -> None:
    """`headway feed` says so; a decision that could not be undone would make people wary of deciding."""
    refreshed(settings, sources=["cbp"])
    feed_review.reject(settings, "cbp:64624801", "a mistake")
    (decision,) = [r for r in removal.removable(settings) if r.source_id == feed_review.SOURCE]
    removed = removal.remove(settings, decision.payload_id, reason="decided too soon")
    assert feed_review.candidate(settings, "cbp:64624801")["status"] == "unreviewed"
    assert any("unreviewed again" in note for note in removed.notes)


def test_what_was_read_is_looked_up_when_another_run_has_written(settings) -> None:
    """A refresh of the feed would end with a traceback between its lists and its documents."""
    with open_store(settings.store):
        pass
    with other_writer(settings, settings.store, seconds=0.2):
        assert feed._read(settings, "federal_register") == frozenset()
