"""The rules of the dbt project that dbt itself does not know: layers, privacy, contracts, nothing dead, and who reads what.

Belongs here: what the manifest shows without a build. Does not belong here: what models compute (unit tests beside them in
dbt_project/models, tests/integration).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.build.dbt_project import ensure_manifest
from orchestration.readers.comparison.answers import MIN_DATES
from orchestration.readers.rows import TABLE_OF
from transforms.statistics import (
    changepoint,
    conformal,
    forecasts,
    interrupted,
    interrupted_calibration,
    panel_inference,
    standing,
)

#: the layers that a model of each layer may select from
MAY_READ = {
    "staging": {"seed", "source"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts"},
}
PUBLIC_MACRO = re.compile(r"\b(?:answer|as_of|before_after|placebo|event_window|trace)\(")
CLASSES = {row.__name__: table for row, table in TABLE_OF.items()}


@pytest.fixture(scope="module")
def manifest(home: Settings) -> dict[str, Any]:
    """dbt's manifest of the project as it is: what the shared build has parsed, made anew if a file changed since."""
    return json.loads(ensure_manifest(home).read_bytes())


def models(manifest: dict[str, Any], *layers: str) -> list[dict[str, Any]]:
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [node for node in nodes if not layers or layer_of(node["unique_id"], manifest) in layers]


def layer_of(unique_id: str, manifest: dict[str, Any]) -> str:
    """staging, intermediate or marts for a model, else its kind."""
    kind = unique_id.partition(".")[0]
    return manifest["nodes"][unique_id]["fqn"][1] if kind == "model" else kind


def test_each_layer_selects_from_the_layers_below_it(manifest: dict[str, Any]) -> None:
    """A mart below an intermediate model would make a public name part of the inside; a seed read past its staging model
    would be read in two shapes, lists as text here and as lists there."""
    wrong = {
        f"{node['name']} reads {parent}"
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
        if layer_of(parent, manifest) not in MAY_READ[layer_of(node["unique_id"], manifest)]
    }
    assert not wrong


def test_a_staging_model_stands_for_one_table_and_is_named_after_it(manifest: dict[str, Any]) -> None:
    """Two staging models of one seed could differ. Rows of a user's own timelines stand beside those of their seed."""
    for node in models(manifest, "staging"):
        (parent,) = [name for name in node["depends_on"]["nodes"] if ".raw.own_" not in name]
        assert node["name"] == "stg_" + parent.rpartition(".")[2].removeprefix("seed_")


def test_only_marts_are_public(manifest: dict[str, Any]) -> None:
    """What another project reads cannot change any more."""
    access = {
        node["name"]: (node["access"], layer_of(node["unique_id"], manifest)) for node in models(manifest)
    }
    assert not {
        name
        for name, (kind, layer) in access.items()
        if kind != ("public" if layer == "marts" else "private")
    }


def test_every_public_table_has_a_contract_and_each_column_a_description(manifest: dict[str, Any]) -> None:
    """A column could change its type unseen, or stand in the released file without a word."""
    public = [node for node in models(manifest, "marts") if node["schema"] == "main"]
    assert {node["name"] for node in public} == set(TABLE_OF.values())
    assert not {node["name"] for node in public if not node["config"]["contract"]["enforced"]}
    assert not {
        f"{node['name']}.{column['name']}"
        for node in public
        for column in node["columns"].values()
        if not column["description"] or not column["data_type"]
    }


def test_every_private_model_is_described_and_read(manifest: dict[str, Any]) -> None:
    """A model that nothing reads is built every time and helps nobody; tests of its own columns are no readers."""
    read = {
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        or (node["resource_type"] == "test" and "test_metadata" not in node)
        for parent in node["depends_on"]["nodes"]
    }
    private = models(manifest, "staging", "intermediate")
    assert not {node["name"] for node in private if node["unique_id"] not in read}
    assert not {node["name"] for node in private if not node["description"]}


def test_every_macro_is_called(manifest: dict[str, Any]) -> None:
    """A macro that nothing calls, or a variant for a database that no test runs, would rot."""
    own = {name: node for name, node in manifest["macros"].items() if node["package_name"] == "headway"}
    called = {"macro.headway.generate_schema_name"}  # dbt itself calls it
    for node in (*manifest["nodes"].values(), *manifest["macros"].values()):
        called |= set(node["depends_on"]["macros"])
    hooks = " ".join(hook["sql"] for node in models(manifest) for hook in node["config"]["post-hook"])
    called |= {name for name, node in own.items() if node["name"] in hooks}
    assert not {
        node["name"]
        for name, node in own.items()
        if name not in called and not node["name"].startswith("test_")
    }


def test_settings_that_sql_and_python_share_are_the_same(manifest: dict[str, Any]) -> None:
    """The statistics in Python count dates, blocks and windows as the models do; a setting changed on one side alone would put
    rates of two kinds into one report."""

    def setting(name: str) -> Any:
        text = manifest["macros"][f"macro.headway.{name}"]["macro_sql"]
        return ast.literal_eval(re.findall(r"return\((.*)\) }}", text)[0])

    assert tuple(setting("report_windows")) == forecasts.WINDOWS == interrupted.HORIZONS
    assert tuple(setting("report_gaps")) == forecasts.GAPS
    assert setting("event_window_months") == max(forecasts.WINDOWS)
    assert (
        setting("min_placebo_cuts")
        == conformal.MIN_ORIGINS
        == changepoint.MIN_PLACEBO
        == standing.MIN_PLACEBO
        == MIN_DATES
    )
    assert setting("min_placebo_blocks") == conformal.MIN_BLOCKS == standing.MIN_BLOCKS
    assert tuple(setting("judged_windows")) == standing.JUDGED_WINDOWS
    assert (
        setting("placebo_block")
        == conformal.BLOCK_MONTHS
        == interrupted_calibration.BLOCK_MONTHS
        == standing.BLOCK
        == panel_inference.STRETCH
    )
    assert setting("placebo_distance") == standing.DISTANCE
    assert setting("usual_share") == standing.USUAL_SHARE
    assert float(setting("rounding")) == standing.ROUNDING
    assert setting("mad_to_sd") == standing.MAD_TO_SD
    assert setting("nominal_level") == interrupted_calibration.NOMINAL_RATE == panel_inference.LEVEL


@pytest.mark.parametrize("name", ["dashboard", "reports", "command_line", "exports"])
def test_exposures_name_the_tables_that_their_code_reads(manifest: dict[str, Any], name: str) -> None:
    """Whoever changes a table asks dbt who would miss it; an exposure that is out of date answers wrongly."""
    exposure = manifest["exposures"][f"exposure.headway.{name}"]
    declared = {unique_id.rpartition(".")[2] for unique_id in exposure["depends_on"]["nodes"]}
    code = exposure["config"]["meta"]["code"]
    named = (
        set(TABLE_OF.values()) if isinstance(code, str) else tables_named_in(PROJECT / path for path in code)
    )
    mend = f"mend {name} in dbt_project/models/_exposures.yml"
    assert not named - declared, f"{mend}: its code also reads these"
    assert not declared - named, f"{mend}: its code reads none of these"


def tables_named_in(places: Iterator[Path]) -> set[str]:
    """Public tables in the strings of modules other than their docstrings, and by the types of their rows; public_macro for
    a call of a table macro."""
    tables: set[str] = set()
    for place in places:
        assert place.exists(), place
        for module in [place] if place.suffix else sorted(place.rglob("*.py")):
            tree = ast.parse(module.read_text(encoding="utf-8"))
            tables |= {CLASSES[n.id] for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in CLASSES}
            for text in strings(tree):
                tables |= set(re.findall(r"\b(?:bridge|dim|fct|rpt)_[a-z_]+\b", text)) & set(
                    TABLE_OF.values()
                )
                tables |= {"public_macro"} if PUBLIC_MACRO.search(text) else set()
    return tables


def strings(tree: ast.Module) -> Iterator[str]:
    """Texts of a module, without docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
