"""Which parser reads an archived payload: by its source and what was kept beside its bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.base.errors import PayloadError
from orchestration.intake.parsers import parser_of_archived
from orchestration.store.opened import FIGURES
from tests.support.bundled import FIGURES as FOLDER
from tests.support.parsed import payload_of


def test_bundled_figures_are_read_by_the_parser_of_their_table() -> None:
    payload = replace(payload_of("x"), source_id=FIGURES, extra={"table": "observation", "complete": False})
    parsed = parser_of_archived(payload)((FOLDER / "observation_fed.parquet").read_bytes())
    assert parsed.frame.height > 1_000 and not parsed.rejected


def test_a_payload_that_nobody_knows_is_refused_by_name() -> None:
    # a rebuild that passed over it would lose its rows in silence
    payload = replace(payload_of("x"), source_id="nobody")
    with pytest.raises(PayloadError, match="nobody"):
        parser_of_archived(payload)
