"""What the datasets of one run share: with a client each they would not keep the pause between requests, and ask a refused API again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from orchestration.intake.agency.clients import Clients
from orchestration.store.opened import open_store
from tests.support.refresh_case import API, settings_at


def test_an_api_has_one_client_in_a_run_and_another_api_its_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        clients = Clients(settings_at(tmp_path), stack)
        first, quota = clients.of(API, True)
        assert clients.of(API, True) == (first, quota)
        other, _ = clients.of(replace(API, name="OTHER"), True)
        assert other is not first
        assert clients.refused == {}


def test_sources_and_series_are_registered_once_a_run(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    with ExitStack() as stack, open_store(settings.store) as con:
        clients = Clients(settings, stack)
        clients.register(con)
        held = con.execute("select count(*) from raw.series").fetchall()
        con.execute("delete from raw.series")
        clients.register(con)  # a second dataset of the same run
        assert held[0][0] > 0
        assert con.execute("select count(*) from raw.series").fetchall() == [(0,)]
