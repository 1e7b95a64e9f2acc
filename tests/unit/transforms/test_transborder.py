"""The code lists of the TransBorder freight data."""

from __future__ import annotations

import csv
import subprocess
import sys

from orchestration.base.settings import PROJECT
from transforms.transborder import TRANSBORDER_FLOWS, TRANSBORDER_MODES


def test_modes_are_those_that_the_warehouse_accepts() -> None:
    # a mode that the parser knows and the seed does not would stop the build at the relationship test
    seed = PROJECT / "dbt_project" / "seeds" / "reference" / "seed_transport_mode.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        assert {row["transport_mode"]: row["title"] for row in csv.DictReader(file)} == TRANSBORDER_MODES


def test_flows_are_seen_from_the_united_states() -> None:
    assert TRANSBORDER_FLOWS == {"1": "exports", "2": "imports"}


def test_the_readers_get_the_names_without_polars() -> None:
    # `headway --help` loads the readers' wording, and polars alone takes 0.1 s
    code = "import sys, transforms.transborder; print('polars' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
