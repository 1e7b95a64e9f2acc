"""docs/lineage.md: pictures of which tables each table is made from, drawn from dbt's manifest of the last build.

Belongs here: sorting the models of dbt into areas, and drawing them as Mermaid, which pages of Git hosts render.
Does not belong here: what the models hold (dbt yml), the other pages (pages.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

#: a node of dbt's manifest: Any, because dbt publishes no types of its JSON
Node = Mapping[str, Any]

#: the public tables by subject, in the order in which the page shows them; public_macro is the text of the table macros
AREAS: Mapping[str, tuple[str, ...]] = {
    "Places, codes and publishers": (
        *("dim_geography", "dim_industry", "dim_product", "dim_month", "dim_source", "dim_payload"),
        "dim_figure_origin",
    ),
    "Trade and freight flows": ("fct_trade_flow", "fct_freight_flow"),
    "Series and their vintages": (
        *("dim_series", "dim_derived_series", "fct_observation", "fct_observation_vintage", "rpt_revision"),
        *("rpt_freshness", "rpt_coverage"),
    ),
    "Timelines": (
        *(
            "dim_event",
            "dim_event_cluster",
            "dim_event_source",
            "dim_episode",
            "dim_tariff_measure",
            "dim_origin_rule",
            "fct_position",
            "rpt_feed_candidate",
        ),
    ),
    "Tariffs on goods": (
        *("dim_tariff_list", "bridge_measure_product"),
        "rpt_tariff_exposure",
        "rpt_statutory_rate",
        "rpt_event_exposure",
        "bridge_event_treatment",
    ),
    "Before and after": (
        *(
            "rpt_series_month",
            "rpt_event_window",
            "rpt_before_after",
            "rpt_cluster_before_after",
            "dim_control_set",
        ),
        "rpt_difference_in_differences",
    ),
    "Panels of goods and states": (
        *("dim_panel_family", "rpt_panel_exposure", "rpt_panel_lead_lag", "rpt_panel_cell"),
        *("rpt_state_exposure", "rpt_state_change", "fct_panel"),
    ),
    "Forecasts": ("rpt_counterfactual_effect", "rpt_counterfactual"),
    "Regressions and synthetic controls": (
        *("rpt_interrupted_time_series", "rpt_change_point", "dim_donor", "rpt_synthetic_control"),
    ),
    "Answers": (
        "rpt_answer",
        "rpt_answer_design",
        "rpt_answer_coverage",
        "rpt_expected_effect",
        "dim_expected_effect",
    ),
    "Calibration and table macros": ("rpt_method_calibration", "public_macro"),
}

_INTRODUCTION = """# Where each table comes from

dbt builds the warehouse in three layers: *staging* views rename what the store (`raw`) and the seeds of `dbt_project/seeds` hold,
*intermediate* models join and compute and stay in the build, *marts* are the public tables of the release. A model selects
from layers below its own only (`tests/integration/test_dbt_project.py`). The pictures are drawn from dbt's manifest.

Cylinders are staging views with the table of the store or the seed that they show, plain boxes are intermediate models, thick boxes
are public tables. Dashed boxes stand in another area.

"""
_STYLES = """  classDef public stroke-width:3px
  classDef elsewhere stroke-dasharray:4 3
"""


def lineage_page(manifest: Mapping[str, Any]) -> str:
    """The page from dbt's manifest: an overview of the areas and their readers, then one picture and one table an area.

    Raises ValueError for a public table that stands in no area.
    """
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    parents = {name: _names(node["depends_on"]["nodes"]) for name, node in models.items()}
    area_of = _areas(models, parents)
    parts = [_INTRODUCTION, _overview(models, parents, area_of, manifest["exposures"].values())]
    for area in AREAS:
        own = sorted(name for name in models if area_of[name] == area)
        parts += [
            f"\n## {area}\n\n",
            _picture(own, models, parents),
            "\n| model | what it holds |\n|---|---|\n",
        ]
        parts += [f"| `{name}` | {_first_sentence(models[name]['description'])} |\n" for name in own]
    return "".join(parts)


def read_manifest(path: Path) -> dict[str, Any]:
    """dbt's manifest as the last build left it; raises FileNotFoundError before the first build."""
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    return manifest


def _names(unique_ids: list[str]) -> list[str]:
    """`model.headway.int_month` -> `int_month`; `source.headway.raw.series` -> `raw.series`."""
    return sorted(".".join(unique_id.split(".")[2:]) for unique_id in unique_ids)


def _areas(models: Mapping[str, Node], parents: Mapping[str, list[str]]) -> dict[str, str]:
    """The area of every model: that of the first area of AREAS with a public table that is made from it."""
    area_of: dict[str, str] = {}
    for area, tables in AREAS.items():
        waiting = [name for name in tables if name in models]
        area_of |= dict.fromkeys(waiting, area)
        while waiting:
            above = {parent for name in waiting for parent in parents[name] if parent in models}
            waiting = sorted(name for name in above if name not in area_of and not _is_mart(models[name]))
            area_of |= dict.fromkeys(waiting, area)
    if without_area := sorted(name for name in models if _is_mart(models[name]) and name not in area_of):
        raise ValueError(f"{', '.join(without_area)}: name the area of the table in {Path(__file__).name}")
    # a model that only tests read is in the area of what it is made from
    for name in sorted(set(models) - set(area_of)):
        area_of[name] = next(area_of[parent] for parent in parents[name] if parent in area_of)
    return area_of


def _is_mart(node: Node) -> bool:
    """Whether a model is a public table."""
    return bool(node["fqn"][1] == "marts")


def _overview(
    models: Mapping[str, Node],
    parents: Mapping[str, list[str]],
    area_of: Mapping[str, str],
    exposures: Iterable[Node],
) -> str:
    """The picture of the areas and of what each takes from others, and a table of who reads which public tables."""
    keys = {area: f"area{number}" for number, area in enumerate(AREAS)}
    edges = {
        (area_of[parent], area_of[name])
        for name in models
        for parent in parents[name]
        if parent in models and area_of[parent] != area_of[name]
    }
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'  {key}["{area}"]:::public' for area, key in keys.items()]
    lines += [
        f"  {keys[above]} --> {keys[below]}"
        for above, below in sorted(edges, key=lambda e: (keys[e[0]], keys[e[1]]))
    ]
    lines += [_STYLES.rstrip("\n"), "```", "", "| who reads | which public tables |", "|---|---|"]
    for exposure in sorted(exposures, key=lambda exposure: str(exposure["name"])):
        tables = _names(exposure["depends_on"]["nodes"])
        is_all = set(tables) >= {name for name, node in models.items() if node["schema"] == "main"}
        text = "all" if is_all else ", ".join(f"`{name}`" for name in tables)
        lines.append(f"| {exposure['label']} | {text} |")
    return "\n".join(lines) + "\n"


def _picture(own: list[str], models: Mapping[str, Node], parents: Mapping[str, list[str]]) -> str:
    """The picture of the models of one area, with the models of other areas from which they are made directly."""
    borrowed = sorted({p for name in own for p in parents[name] if p in models} - set(own))
    lines = ["```mermaid", "flowchart LR"]
    lines += [_box(name, models[name], parents[name]) for name in own]
    lines += [f'  {name}["{name}"]:::elsewhere' for name in borrowed]
    lines += [f"  {p} --> {name}" for name in own for p in parents[name] if p in models]
    return "\n".join([*lines, _STYLES.rstrip("\n"), "```"]) + "\n"


def _box(name: str, node: Node, parents: list[str]) -> str:
    """The line of Mermaid that draws one model; a staging view also names its table of the store or its seed."""
    if node["fqn"][1] == "staging":
        return f'  {name}[("{name}<br/>{", ".join(parents)}")]'
    return f'  {name}["{name}"]' + (":::public" if _is_mart(node) else "")


def _first_sentence(text: str) -> str:
    """The first sentence of a text as a cell of a Markdown table: up to a full stop before a word with a capital letter."""
    line = " ".join(text.split()).replace("|", "\\|")
    for position, character in enumerate(line):
        following = line[position + 1 : position + 3]
        if character == "." and following[:1] == " " and following[1:].isupper():
            return line[: position + 1]
    return line
