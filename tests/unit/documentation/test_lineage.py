"""The pictures of lineage: every model once, in the area of what needs it, and the same text for the same manifest."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.documentation import lineage


def model(name: str, layer: str, *parents: str, description: str = "Rows. More.") -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": name,
        "unique_id": f"model.headway.{name}",
        "fqn": ["headway", layer, name],
        "schema": "main" if layer == "marts" else layer,
        "description": description,
        "depends_on": {"nodes": list(parents)},
    }


@pytest.fixture
def manifest() -> dict[str, Any]:
    nodes = [
        model("stg_event", "staging", "seed.headway.seed_event"),
        model("stg_series", "staging", "source.headway.raw.series"),
        model("int_event_cut", "intermediate", "model.headway.stg_event"),
        model("dim_event", "marts", "model.headway.stg_event", "model.headway.int_event_cut"),
        model("dim_series", "marts", "model.headway.stg_series"),
        model("rpt_before_after", "marts", "model.headway.int_event_cut", "model.headway.dim_series"),
        model("int_only_tested", "intermediate", "model.headway.stg_series"),
    ]
    exposure = {
        "name": "dashboard",
        "label": "Dashboard",
        "depends_on": {"nodes": ["model.headway.dim_event"]},
    }
    return {"nodes": {node["unique_id"]: node for node in nodes}, "exposures": {"e": exposure}}


def section(page: str, area: str) -> str:
    return page.partition(f"\n## {area}\n")[2].partition("\n## ")[0]


def test_a_model_stands_in_the_first_area_that_needs_it_and_is_borrowed_elsewhere(manifest):
    page = lineage.lineage_page(manifest)
    timelines, reports = section(page, "Timelines"), section(page, "Before and after")
    assert '  int_event_cut["int_event_cut"]\n' in timelines
    assert "  int_event_cut --> dim_event\n" in timelines
    assert '  stg_event[("stg_event<br/>seed_event")]\n' in timelines
    assert '  int_event_cut["int_event_cut"]:::elsewhere\n' in reports
    assert "| `int_event_cut`" not in reports
    assert "| `rpt_before_after` | Rows. |" in reports


def test_a_model_that_only_tests_read_stays_beside_what_it_is_made_of(manifest):
    assert "`int_only_tested`" in section(lineage.lineage_page(manifest), "Series and their vintages")


def test_a_public_table_without_an_area_is_refused(manifest):
    """It would be missing from the pictures without anybody seeing it."""
    new = model("rpt_new", "marts", "model.headway.dim_series")
    manifest["nodes"][new["unique_id"]] = new
    with pytest.raises(ValueError, match="rpt_new"):
        lineage.lineage_page(manifest)


def test_the_order_of_the_manifest_does_not_show(manifest):
    """dbt orders nodes as it parsed them; the page is compared with the committed one."""
    turned = {**manifest, "nodes": dict(reversed(manifest["nodes"].items()))}
    assert lineage.lineage_page(turned) == lineage.lineage_page(manifest)
