"""The page of events: an event opens with what became of its demands."""

from __future__ import annotations

from tests.support.dashboard_case import run_page, texts


def test_an_event_opens_with_what_became_of_its_demands() -> None:
    page = run_page("timeline", event="nafta-auto-roo-proposal-2017-10")
    said = texts(page)
    assert "US demands 85 percent regional and 50 percent domestic content in cars" in said
    assert "What became of it" in said
    path = next(f for f in (d.value for d in page.dataframe) if "What" in f.columns)
    assert {(85.0, "proposed"), (50.0, "dropped"), (75.0, "agreed")} <= set(
        zip(path["Value"], path["Status"], strict=True)
    )
