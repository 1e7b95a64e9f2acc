"""Two duties on one good: each pair that the law names, by date, and the report against a plain reading of those rules."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from dataclasses import dataclass

import polars as pl
import pytest

from orchestration.base.settings import PROJECT
from tests.support.read_only import reading

SEEDS = PROJECT / "dbt_project" / "seeds" / "exposure"
#: after the last day of anything that is open
NEVER = dt.date(9999, 1, 1)
EARLIER = dt.date(1, 1, 1)


def seed(name: str) -> list[dict[str, str | None]]:
    return pl.read_csv(SEEDS / f"{name}.csv", infer_schema_length=0).to_dicts()


RULES = [
    {
        **row,
        "effective_from": dt.date.fromisoformat(str(row["effective_from"])),
        "effective_to": dt.date.fromisoformat(str(row["effective_to"])) if row["effective_to"] else NEVER,
    }
    for row in seed("seed_tariff_stacking")
]


@functools.cache  # asked 136,000 times of 4,600 different pairs and days, each time through all 84 rules: 100 s
def rule(one: str, other: str, day: dt.date) -> tuple[str, str | None]:
    """How the duties of two programmes meet on a day, and which of the two is due where one is."""
    found = [
        (r["relation"], r["due_programme"])
        for r in RULES
        if {r["programme_a"], r["programme_b"]} == {one, other}
        and r["effective_from"] <= day <= r["effective_to"]
    ]
    assert len(found) <= 1, f"two rules for {one} and {other} on {day}"
    return found[0] if found else ("unclear", None)


@pytest.mark.parametrize(
    ("one", "other", "day", "relation", "due"),
    [
        ("122", "301_china", "2026-03-01", "adds", None),
        ("232_metals", "301_china", "2026-05-01", "adds", None),
        ("232_trucks", "301_china", "2025-12-01", "adds", None),
        ("301_china", "301_labour", "2026-08-01", "adds", None),
        ("122", "232_steel", "2026-03-01", "one_of", "232_steel"),
        ("122", "232_aluminium", "2026-03-01", "one_of", "232_aluminium"),
        ("232_metals", "232_autos", "2026-05-01", "one_of", "232_autos"),
        ("232_metals", "232_trucks", "2026-05-01", "one_of", "232_trucks"),
        ("232_trucks", "ieepa_can", "2025-12-01", "one_of", "232_trucks"),
        ("232_trucks", "ieepa_mex", "2025-12-01", "one_of", "232_trucks"),
        ("232_trucks", "232_steel", "2025-12-01", "one_of", "232_trucks"),
        ("232_trucks", "232_aluminium", "2025-12-01", "one_of", "232_trucks"),
        # EO 14289: cars before metals and before the emergency duty, reaching back to 4 March 2025
        ("232_autos", "ieepa_can", "2025-04-03", "one_of", "232_autos"),
        ("232_autos", "ieepa_mex", "2025-04-03", "one_of", "232_autos"),
        ("232_autos", "232_steel", "2025-04-03", "one_of", "232_autos"),
        ("232_autos", "232_aluminium", "2025-04-03", "one_of", "232_autos"),
        # the emergency duty before metals until 3 June 2025, metals before it from the next day on
        ("232_steel", "ieepa_can", "2025-06-03", "one_of", "ieepa_can"),
        ("232_steel", "ieepa_can", "2025-06-04", "one_of", "232_steel"),
        ("232_steel", "ieepa_mex", "2025-06-03", "one_of", "ieepa_mex"),
        ("232_steel", "ieepa_mex", "2025-06-04", "one_of", "232_steel"),
        ("232_aluminium", "ieepa_can", "2025-06-03", "one_of", "ieepa_can"),
        ("232_aluminium", "ieepa_can", "2025-06-04", "one_of", "232_aluminium"),
        ("232_aluminium", "ieepa_mex", "2025-06-03", "one_of", "ieepa_mex"),
        ("232_aluminium", "ieepa_mex", "2025-06-04", "one_of", "232_aluminium"),
        # what the order does not name adds up
        ("232_steel", "301_china", "2018-08-01", "adds", None),
        ("232_autos", "ieepa_chn", "2025-05-01", "adds", None),
        # Section 338 spares goods under Section 232 until the longer list begins
        ("232_autos", "338", "2026-09-14", "one_of", "232_autos"),
        ("232_autos", "338_scope", "2026-09-15", "adds", None),
    ],
)
def test_each_pair_that_the_law_names(one: str, other: str, day: str, relation: str, due: str | None) -> None:
    """A pair that is missing blanks the rate of every month in which both are in force (227 rows once); a wrong one adds what is not
    due."""
    assert rule(one, other, dt.date.fromisoformat(day)) == (relation, due)


# --- the report against a plain reading ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spell:
    """A measure at one rate on a group of goods, within one month. `day_after` is exclusive."""

    measure_id: str
    programme: str
    coverage: str
    rate: float | None
    own_rate: bool
    first_day: dt.date
    day_after: dt.date


def day(text: object) -> dt.date | None:
    return dt.date.fromisoformat(str(text)) if text else None


def spells_of(row: dict, measures: dict[str, dict], programmes: dict, partners: dict) -> list[Spell]:
    """What the measures of a row of the report are on its partner in its month, by their dates and the partner's treatment."""
    start = row["period_start"]
    after = (start + dt.timedelta(days=31)).replace(day=1)
    found = []
    for measure_id, coverage in sorted(set(zip(row["measure_ids"], row["measure_coverage"], strict=True))):
        measure = measures[measure_id]
        begins, ends = measure["effective_on"], measure["ended_on"] or NEVER
        own = partners.get((measure_id, row["partner_iso3"]))
        parts = [(begins, ends, measure["rate_pct"], False)]
        if own:
            since = max(begins, day(own["effective_from"]) or EARLIER)
            parts = [(begins, min(since, ends), measure["rate_pct"], False)]
            if own["treatment"] == "other_rate":
                parts.append((since, ends, float(str(own["rate_pct"])), False))
            elif own["treatment"] == "own_rate":
                parts.append((since, ends, measure["rate_pct"], True))
        found += [
            Spell(
                measure_id,
                programmes[measure_id],
                coverage,
                rate,
                own_rate,
                max(first, start),
                min(last, after),
            )
            for first, last, rate, own_rate in parts
            if max(first, start) < min(last, after)
        ]
    return found


def relation_of(one: Spell, other: Spell) -> tuple[str, str | None]:
    """How two spells of a month meet: by the rule that holds on all the days that they share."""
    first, last = (
        max(one.first_day, other.first_day),
        min(one.day_after, other.day_after) - dt.timedelta(days=1),
    )
    if first > last:
        return "one_of", None
    rules = {rule(one.programme, other.programme, at) for at in (first, last)}
    return rules.pop() if len(rules) == 1 else ("unclear", None)


def falls_away(one: Spell, other: Spell) -> bool:
    """Whether `one` is not due because `other` is: on every good here and on every day of it."""
    _, due = relation_of(one, other)
    whole = (
        other.coverage == "whole" and other.first_day <= one.first_day and other.day_after >= one.day_after
    )
    return due == other.programme != one.programme and whole


def expected(spells: list[Spell]) -> tuple[set[str], float | None]:
    """The measures that fall away, and the rate by law where one can be stated."""
    displaced = {one for one, other in itertools.permutations(spells, 2) if falls_away(one, other)}
    due = [spell for spell in spells if spell not in displaced]
    names = {spell.measure_id for spell in displaced}
    if any(spell.rate is None or spell.own_rate for spell in due):
        return names, None
    relations = [relation_of(one, other)[0] for one, other in itertools.combinations(due, 2)]
    rates = [spell.rate or 0.0 for spell in due]
    if not relations:
        return names, rates[0]
    if "unclear" in relations:
        return names, None
    if "adds" not in relations:
        return names, rates[0] if len(set(rates)) == 1 else None
    same_days = len({(spell.first_day, spell.day_after) for spell in due}) == 1
    whole = all(spell.coverage == "whole" for spell in due)
    return names, sum(rates) if set(relations) == {"adds"} and same_days and whole else None


def test_the_rate_by_law_is_what_the_rules_make_of_the_measures(home) -> None:
    """A rule that the report reads otherwise: a sum of two duties of which one is due, or a rate where two may be due."""
    with reading(home.current_database) as con:
        measures = {row["measure_id"]: row for row in con.sql("FROM dim_tariff_measure").pl().to_dicts()}
        report = con.sql("FROM rpt_tariff_exposure WHERE partner_iso3 <> 'WLD' AND len(measure_ids) > 0").pl()
    programmes = {row["measure_id"]: row["programme"] for row in seed("seed_tariff_programme")}
    partners = {
        (row["measure_id"], row["partner_iso3"]): row
        for row in seed("seed_tariff_partner")
        if row["treatment"] != "exempt"
    }
    seen, stated = set(), 0
    for row in report.to_dicts():
        spells = spells_of(row, measures, programmes, partners)
        where = (row["value_series_id"], row["period_start"])
        days = sorted((spell.measure_id, (spell.day_after - spell.first_day).days) for spell in spells)
        assert days == sorted(zip(row["measure_ids"], row["measure_days"], strict=True)), where
        displaced, rate = expected(spells)
        assert set(row["displaced_measure_ids"]) == displaced, where
        assert row["statutory_rate_pct"] == (pytest.approx(rate) if rate is not None else None), where
        assert (row["reason"] is None) == (rate is not None), where
        seen |= {frozenset((a.programme, b.programme)) for a, b in itertools.combinations(spells, 2)}
        stated += rate is not None
    assert stated > 350
    # pairs that occur in the trade held here; the lists of trucks and of the metals of 2026 meet China's duties in it, too
    for pair in (
        ("122", "301_china"),
        ("232_metals", "301_china"),
        ("232_trucks", "301_china"),
        ("301_china", "301_labour"),
        ("122", "232_steel"),
        ("122", "232_aluminium"),
        ("232_metals", "232_autos"),
        ("232_trucks", "ieepa_can"),
        ("232_trucks", "ieepa_mex"),
        ("232_trucks", "232_aluminium"),
    ):
        assert frozenset(pair) in seen, pair
