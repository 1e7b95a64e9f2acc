"""The cautions of a comparison in their order. Prevents: a number that is read before what overlaps with it."""

from __future__ import annotations

import pytest

from orchestration.base.settings import Settings
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.compare import compare
from orchestration.readers.release_file import open_release
from tests.support import reading_case


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("home"))
    reading_case.write_release(settings)
    return settings


def cautions(home: Settings, event: str, **options) -> list[str]:
    with open_release(home) as con:
        return caution_lines(compare(con, event, "usa_imports_goods_mex", **options))


def test_overlap_comes_before_unusual_months_and_vintages(home: Settings):
    lines = cautions(home, "nafta-round6-end")
    assert lines[0].startswith("Overlap: 1 other event falls into the windows")
    assert lines[1] == "Its own month, 2018-01, is left out."
    assert "A strike" in lines[2]
    assert all(line.startswith("Vintage: ") for line in lines[3:]) and lines[3:]


def test_an_event_that_never_took_effect_says_so_first(home: Settings):
    assert "did not take effect" in cautions(home, "threat")[0]


def test_an_earlier_day_is_named_in_place_of_what_is_known_now(home: Settings):
    lines = cautions(home, "nafta-round6-end", as_of="2026-11-01")
    assert any("Figures as known on 2026-11-01, not as known now." in line for line in lines)
    assert not any("Only one version" in line for line in lines)
