"""The data package beside the public file: valid, and about what is really there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest
from frictionless import Package

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.release import datapackage
from tests.support import release_case
from tests.support.published_case import publish
from tests.support.release_case import write_build


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home whose path has a space and a quote."""
    return release_case.settings(tmp_path / "the user's home")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with one release; tests only read it."""
    settings = release_case.settings(tmp_path_factory.mktemp("published"))
    write_build(settings, 7)
    publish(settings)
    return settings


@pytest.mark.slow
def test_datapackage_is_valid_and_describes_what_is_there(published: Settings):
    descriptor = json.loads((published.current / "datapackage.json").read_text())
    assert list(Package.metadata_validate(descriptor)) == []
    resources = {r["name"]: r for r in descriptor["resources"]}
    assert {p.stem for p in (published.current / "parquet").iterdir()} == set(resources)
    for resource in resources.values():
        content = (published.current / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
        columns = duckdb.execute(f"DESCRIBE FROM '{published.current / resource['path']}'").fetchall()
        assert [f["name"] for f in resource["schema"]["fields"]] == [c[0] for c in columns]
    fields = {f["name"]: f for f in resources["dim_series"]["schema"]["fields"]}
    assert {n: f["type"] for n, f in fields.items()} == {
        "series_id": "string",
        "title": "string",
        "topics": "array",
        "span": "object",
        "built_as": "integer",
    }
    assert fields["title"]["constraints"] == {"required": True}
    assert fields["topics"]["description"] == "what topics is"
    assert resources["dim_series"]["schema"]["primaryKey"] == ["series_id"]
    assert resources["fct_observation"]["schema"]["primaryKey"] == ["series_id", "period_start"]
    assert descriptor["licenses"] == [{"title": "public domain", "path": "https://www.bls.gov/ces/"}]


def test_every_duckdb_type_has_a_field_type_or_is_refused():
    """A type forgotten in the mapping must stop the release, not be published as something else."""
    types = [
        t
        for (t,) in duckdb.execute(
            "SELECT DISTINCT logical_type FROM duckdb_types() WHERE database_name = 'system'"
        ).fetchall()
    ]
    assert len(types) > 20
    for name in types:
        try:
            assert datapackage.field_type("t", "c", name) in {
                *("string", "number", "integer", "boolean", "object", "array"),
                *("date", "datetime", "time"),
            }
        except ReleaseError as error:
            assert f"t.c has type {name}" in str(error)
    assert datapackage.field_type("t", "c", "STRUCT(a VARCHAR, b DECIMAL(3, 1))[]") == "array"
    assert datapackage.field_type("t", "c", "DECIMAL(18,3)") == "number"
    assert datapackage.field_type("t", "c", "ENUM('a (b)', 'c')") == "string"
