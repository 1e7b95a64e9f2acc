"""The small release with answers to two events: one told, one not."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.base.settings import Settings
from tests.support import answer_case, reading_case

#: shorter than the released macro
_AS_OF = """CREATE MACRO as_of(on_date) AS TABLE FROM fct_observation_vintage
    WHERE known_from::DATE <= on_date AND (known_to IS NULL OR known_to::DATE > on_date)"""


@pytest.fixture(scope="session")
def asked_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release that holds an answer to s232-steel and none to nafta-round7-end; tests only read it."""
    settings = reading_case.settings(tmp_path_factory.mktemp("asked"))
    file = reading_case.write_release(settings)
    told = answer_case.row(rival_event_ids=["nafta-round7-end"])
    untold = answer_case.untold(
        "another_act", treatment_id="act-2018-04", event_ids=["nafta-round7-end"], series_id=told["series_id"]
    )
    with duckdb.connect(str(file)) as con:
        con.execute(_AS_OF)
        answer_case.write_tables(con, [told, untold], [answer_case.offer(is_answer=True)])
    return settings
