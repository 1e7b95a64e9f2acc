"""A refresh that ends with a release: what agencies brought and revised stands in the public tables.

Belongs here: the way from an answer to the released file, in the small world. Does not belong here: what is stored of an answer
(tests/integration/test_refresh_end_to_end.py, with the figures of every agency).
"""

from __future__ import annotations

import pytest

from orchestration.base.settings import Settings
from orchestration.sources import datasets
from tests.replay.agencies import KEYS, Agencies
from tests.replay.server import ReplayServer
from tests.support.refreshed_case import MANUFACTURING, RefreshedWarehouse, by_name, revise
from tests.support.source_case import unpaced

#: whose answers are series; trade flows and freight of the months that the small world lacks would be half a million rows
ASKED = ("bank_of_canada", "banxico", "bls", "fed", "inegi", "statcan", "treasury")


@pytest.mark.long
def test_what_agencies_bring_and_revise_is_released(own: Settings, replay: ReplayServer, monkeypatch):
    """A refresh that stores what it was given and releases the figures of before would show no one what is new."""
    monkeypatch.setenv("HEADWAY_HOME", str(own.home))
    monkeypatch.setattr(datasets, "DATASETS", tuple(unpaced(datasets.DATASETS)))
    agencies = Agencies().serve(replay, monkeypatch.setenv)
    warehouse = RefreshedWarehouse(own, replay)
    before = own.current.resolve()

    outcome = warehouse.refresh(sources=ASKED, build=False)
    assert outcome.exit_code == 0, outcome.problems
    assert own.current.resolve() == before
    revision = revise(agencies)
    outcome = warehouse.refresh(sources=ASKED)
    assert outcome.exit_code == 0 and outcome.released, outcome.problems
    assert by_name(outcome.datasets)["public_data"].revised == 1

    # series that no bundled file holds come from the agencies alone, with every month they brought
    stored = dict(
        warehouse.rows(
            """SELECT series_id, count(DISTINCT period_start) FROM raw.observation WHERE series_id NOT IN (
                SELECT series_id FROM raw.observation JOIN raw.payload USING (payload_id) WHERE source_id = 'figures'
            ) GROUP BY series_id"""
        )
    )
    released = dict(warehouse.released("SELECT series_id, count(*) FROM fct_observation GROUP BY series_id"))
    assert len(stored) > 100 and {series_id: released[series_id] for series_id in stored} == stored
    assert warehouse.released(
        f"""SELECT (SELECT value FROM as_of(DATE '2026-11-15') WHERE series_id = '{MANUFACTURING}' AND period_start = '2024-09-01'),
                   (SELECT value FROM fct_observation WHERE series_id = '{MANUFACTURING}' AND period_start = '2024-09-01')"""
    ) == [revision.employed]
    sources = {s for (s,) in warehouse.released("SELECT DISTINCT source_id FROM dim_payload")}
    # Banco de Mexico's replayed days give the very means that are bundled, so that no figure comes from it
    assert sources >= {"bls", "fed", "inegi", "statcan", "treasury"}
    asked = warehouse.released("SELECT request_url FROM dim_payload")
    markers = [key[:6] for variable, key in KEYS.items() if variable.endswith("_KEY")]
    assert asked and not [url for (url,) in asked if any(m in url for m in markers)]
