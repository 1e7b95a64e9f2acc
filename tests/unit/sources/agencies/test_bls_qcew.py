"""The Quarterly Census of Employment and Wages: which quarters are asked for, and that every series is one of the slices."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.agencies import bls_qcew
from orchestration.sources.registry import load_series_catalogue
from tests.support.source_case import context

(DATASET,) = bls_qcew.DATASETS
TODAY = date(2026, 11, 20)


def quarters(today: date = TODAY, **more) -> list[tuple[int, int]]:
    requests = DATASET.plan(context(today, **more))
    assert len(requests) == len({r.path for r in requests}) and all(r.guessed for r in requests)
    return list(dict.fromkeys((r.context["year"], r.context["quarter"]) for r in requests))


def test_every_series_of_the_catalogue_is_in_a_slice_and_of_private_persons_by_month() -> None:
    rows = {
        row["series_id"]: row
        for row in load_series_catalogue().to_dicts()
        if str(row["source_code"]).startswith("QCEW")
    }
    assert set(bls_qcew.codes().values()) == set(rows) and len(rows) == 26
    for row in rows.values():
        assert (row["unit"], row["unit_multiplier"], row["frequency"]) == ("persons", 1, "monthly")
        assert row["source_code"].endswith(f"/5/{row['industry_code']}")


def test_the_last_five_quarters_are_asked_for_newest_first() -> None:
    assert quarters() == [(2026, 2), (2026, 1), (2025, 4), (2025, 3), (2025, 2)]
    assert DATASET.plan(context(TODAY))[0].path == "/2026/2/industry/3361.csv"


@pytest.mark.parametrize(
    ("today", "newest"),
    [
        (date(2026, 11, 17), (2026, 1)),
        (date(2026, 11, 18), (2026, 2)),
        (date(2026, 5, 20), (2025, 3)),
        (date(2026, 5, 21), (2025, 4)),
        (date(2027, 2, 20), (2026, 3)),
    ],
)
def test_a_quarter_is_looked_for_from_twenty_weeks_after_its_end_on(
    today: date, newest: tuple[int, int]
) -> None:
    assert bls_qcew.newest_quarter(today) == newest == quarters(today)[0]


def test_what_is_behind_is_caught_up_and_a_backfill_takes_its_own_quarters() -> None:
    stored = dict.fromkeys(bls_qcew.codes().values(), date(2024, 6, 1))
    assert quarters(latest=stored)[-1] == (2024, 2)
    assert quarters(latest=dict.fromkeys(stored, date(2026, 3, 1)))[-1] == (2025, 2)
    assert quarters(since=date(2019, 5, 1), until=date(2019, 12, 31)) == [(2019, 4), (2019, 3), (2019, 2)]
    assert quarters(full=True)[-1] == (bls_qcew.FIRST_YEAR, 1)
    assert quarters(since=date(1999, 1, 1))[-1] == (bls_qcew.FIRST_YEAR, 1)
