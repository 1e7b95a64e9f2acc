"""Which file a chart is written to, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.readers.charts import render
from tests.support.chart_case import drawn


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".svg", ".png", ".html", ".SVG"])
def test_written_whole_into_any_format(suffix: str, tmp_path: Path):
    path = render.write(drawn(), tmp_path / f"a chart{suffix}")
    assert path.stat().st_size > 5_000
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
