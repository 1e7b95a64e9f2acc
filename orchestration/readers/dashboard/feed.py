"""Page New actions: what the feed found, for reading only. Deciding is for the command line (`headway feed`).

Belongs here: the queries and the layout of that page. Does not belong here: the rules (transforms/feed), deciding.

Every text of this page comes from outside. It is shown escaped, as text, and no link but one to a publisher's own host is made.
"""

from __future__ import annotations

from datetime import date
from typing import TypedDict
from urllib.parse import urlsplit

import streamlit as st

from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped

#: hosts of the publishers; the release holds no other link, and this page would make none of it
HOSTS = frozenset(
    {
        "www.federalregister.gov", "www.govinfo.gov", "content.govdelivery.com", "www.usitc.gov", "hts.usitc.gov",
        "laws-lois.justice.gc.ca", "www.cbsa-asfc.gc.ca", "www.globaltradealert.org",
    }
)  # fmt: skip
#: candidates in the table, and characters of a quoted sentence on the page
_SHOWN, _LONGEST = 500, 800
_STATUSES = ("unreviewed", "accepted", "rejected")

_LIST = f"""
    select published_on, title, first_day, rate_pct, parties, topics, status, citation,
        len(cited_by_events) + len(cited_by_measures) > 0 as is_cited, feed_id
    from rpt_feed_candidate
    where status = $status and (standing = 'candidate' or $aside)
        and list_bool_and(list_transform($words::varchar[], lambda w: contains(
            lower(concat_ws(' ', feed_id, title, citation, array_to_string(parties, ' '), array_to_string(topics, ' '))), w
        ))) is not false
    order by published_on desc, feed_id
    limit {_SHOWN}"""
_ONE = """
    select feed_id, title, kind, agencies, citation, url, published_on, signed_on, status, standing_because, first_day,
        first_day_sentence, first_day_note, rate_sentences, headings, cited_by_events, cited_by_measures, event_id, reason
    from rpt_feed_candidate where feed_id = $feed_id"""


class Candidate(TypedDict):
    """A row of rpt_feed_candidate, as far as the page shows it."""

    feed_id: str
    title: str
    kind: str | None
    agencies: str | None
    citation: str | None
    url: str | None
    published_on: date
    signed_on: date | None
    status: str
    standing_because: str
    first_day: date | None
    first_day_sentence: str | None
    first_day_note: str | None
    rate_sentences: str | None
    headings: list[str]
    cited_by_events: list[str]
    cited_by_measures: list[str]
    event_id: str | None
    reason: str | None


def show(release: Release) -> None:
    """The page: a list of candidates, and one of them with the sentences it was read from."""
    state = State("feed")
    if not release.has("rpt_feed_candidate"):
        parts.not_in_release("What the feed found (rpt_feed_candidate)")
        return
    st.caption(
        "Documents that may announce a trade action, found and read by declared rules. Nothing here is in a comparison before a person "
        "accepts it: `headway feed accept`."
    )
    status = state.segments("Decided", "status", _STATUSES, _STATUSES[0])
    words = state.text("Words in title, citation, parties or topics", "words")
    aside = state.switch("Also documents that the rules take for no trade action", "aside", False)
    state.tell()
    query = Query(_LIST, {"status": status, "words": words.lower().split(), "aside": aside})
    found = release.ask(query)
    if found.is_empty():
        parts.nothing_found(
            "No candidate is like this. headway feed refresh asks the agencies; the next build shows what it found."
        )
        return
    parts.data_table(found, alt_text="Candidates of the feed")
    parts.behind(key="feed", frame=found, queries=[query], table=False)
    known = found["feed_id"].to_list()
    chosen = state.select("Candidate", "candidate", known, known[0])
    _one(release.one(Candidate, Query(_ONE, {"feed_id": chosen})))


def _one(row: Candidate) -> None:
    with st.container(key="candidate"):
        st.subheader(escaped(row["title"]), anchor=False)
        about = [row["kind"], row["agencies"], row["citation"], f"published {row['published_on']}"]
        st.caption(escaped(", ".join(str(part) for part in about if part)))
        if (address := link(row["url"])) is not None:
            st.link_button(f"Read it at {urlsplit(address).hostname}", address, icon=":material/open_in_new:")
        st.text(f"First day: {row['first_day'] or 'not proposed'}")
        if row["first_day_note"]:
            st.text(f"Why not: {row['first_day_note']}")
        if row["first_day_sentence"]:
            st.text(row["first_day_sentence"][:_LONGEST])
        for line in (row["rate_sentences"] or "").split("\n")[:12]:
            if line:
                st.text(f"Rate {line}"[:_LONGEST])
        if row["headings"]:
            st.text(f"Headings: {', '.join(row['headings'][:40])}")
        st.text(f"Why it is here: {row['standing_because']}")
        cited = [*row["cited_by_events"], *row["cited_by_measures"]]
        st.text(
            f"Cited by: {', '.join(cited[:20])}"
            if cited
            else "Cited by no event or measure of the timelines."
        )
        if row["status"] != "unreviewed":
            st.text(f"{row['status'].capitalize()}: {row['event_id'] or row['reason']}")


def link(url: str | None) -> str | None:
    """The address, if it is one of a publisher; else None, whatever the release says."""
    if not url or not url.isascii() or any(c in url for c in "\"'<>\\` \t\r\n"):
        return None
    try:
        parts_of_url = urlsplit(url)
    except ValueError:
        return None
    return url if parts_of_url.scheme == "https" and parts_of_url.netloc in HOSTS else None
