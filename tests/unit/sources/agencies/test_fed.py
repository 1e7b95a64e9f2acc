"""Federal Reserve Board: zip, CSV and XML of one package say the same, and a cut one is told."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.agencies import fed
from tests.replay.fed import csv_seriescolumn, data_xml, package
from tests.support.fed_case import bundled, g17
from tests.support.source_case import answer, question


@pytest.mark.parametrize("layout", [csv_seriescolumn, package])
def test_zip_and_csv_package_say_the_same(layout):
    reply = layout("G17", g17())
    parsed = fed.parse_g17(reply.body, question({}), answer(reply.body))
    months_of_production = parsed.frame.filter(series_id="usa_industrial_production")
    assert months_of_production.height == len(bundled("usa_industrial_production"))
    assert parsed.complete and parsed.frame["series_id"].n_unique() == len(fed.G17)


def test_the_xml_alone_is_read_as_well():
    content = data_xml("G17", g17())
    assert fed.parse_g17(content, question({}), answer(content)).complete


def test_every_run_asks_for_the_whole_release_and_a_cut_one_is_told():
    from tests.support.source_case import context

    (request,) = fed.plan_g17(context(date(2026, 11, 21)))
    assert request.params == (("rel", "G17"), ("filetype", "zip"))
    assert request.context == {"last_period": "2026-11-21"}
