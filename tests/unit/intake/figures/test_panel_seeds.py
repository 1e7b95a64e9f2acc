"""The seed of coverage is what its script makes of the collected lines and the committed lists.

Prevents: a list that changed without its coverage.
"""

from __future__ import annotations

import pytest

from orchestration.intake.figures import panel_seeds


@pytest.mark.recorded
def test_the_committed_seed_is_what_the_script_writes(shared_data, tmp_path):
    panel_seeds.main(shared_data, tmp_path)
    made = (tmp_path / "seed_panel_coverage.csv").read_text(encoding="utf-8")
    assert made == (panel_seeds.SEEDS / "seed_panel_coverage.csv").read_text(encoding="utf-8")
