"""The page of the data: a figure is traced to its request and the hash of its bytes."""

from __future__ import annotations

from orchestration.base.settings import Settings
from orchestration.readers.dashboard.reading import current_release
from tests.support.dashboard_case import run_page, texts


def test_a_figure_is_traced_to_request_and_hash(home: Settings) -> None:
    page = run_page("data", section="trace", series="usa_employment_manufacturing", period="2025-04")
    with current_release(home).connection() as con:
        hashes = con.sql("select sha256 from trace('usa_employment_manufacturing', '2025-04-01')").fetchall()
    shown = " ".join(str(cell) for table in page.table for cell in table.value.to_numpy().ravel()).replace(
        "\\", ""
    )
    assert all(sha in shown for (sha,) in hashes)
    assert "US Bureau of Labor Statistics" in texts(page).replace("\\", "")
