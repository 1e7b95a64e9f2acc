"""The manifest of the bundled figures: files are intact, every row and licence accounted for, damage found and named."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

from orchestration.base.errors import FiguresError
from orchestration.intake.figures.make import MAX_BYTES
from orchestration.intake.figures.manifest import MANIFEST, figures_status, read_manifest, verify_figures
from orchestration.sources.registry import FIGURES_DATASETS, load_series_catalogue
from tests.support.bundled import FIGURES, read


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


def test_the_committed_files_are_intact_and_small():
    verify_figures(FIGURES)
    status = figures_status(FIGURES)
    assert status["bytes"] <= MAX_BYTES
    assert status["files"] == len(FIGURES_DATASETS) == len(list(FIGURES.glob("*.parquet")))
    assert (
        status["rows"]
        == sum(status["rows_by_table"].values())
        == sum(f["rows"] for f in read_manifest(FIGURES)["files"])
    )


def test_every_dataset_of_the_registry_is_bundled_and_no_other():
    assert {entry["dataset"] for entry in read_manifest(FIGURES)["files"]} == set(FIGURES_DATASETS)


def test_the_manifest_says_of_every_series_who_publishes_it_under_which_licence_and_what_it_spans():
    entries = {entry["series_id"]: entry for entry in read_manifest(FIGURES)["series"]}
    catalogue = dict(load_series_catalogue().select("series_id", "source_id").iter_rows())
    assert list(entries) == [series_id for series_id in catalogue if series_id in entries]
    live = {"bls", "statcan", "inegi", "banxico", "bank_of_canada", "fed"}
    lost = {s: publisher for s, publisher in catalogue.items() if s not in entries and publisher not in live}
    assert not lost, "a series that no live source brings must have figures"
    for entry in entries.values():
        assert all(
            entry[name]
            for name in ("agency", "unit", "licence", "attribution", "seasonal_adjustment", "vintages")
        )
        assert entry["first_period"] <= entry["last_period"] and entry["observations"] > 0
        assert entry["vintages"] == sorted(set(entry["vintages"]))
    manufacturing = entries["usa_employment_manufacturing"]
    assert (manufacturing["agency_code"], manufacturing["first_period"]) == ("CES3000000001", "1939-01-01")
    assert len(manufacturing["vintages"]) > 192  # a copy of the whole series 13 times, and 192 releases


def test_the_manifest_accounts_for_every_collected_row():
    for entry in read_manifest(FIGURES)["inputs"]:
        assert entry["rows"] == entry["used"] + sum(part["rows"] for part in entry["left_out"]), entry["file"]
        assert all(part["reason"] for part in (*entry["left_out"], *entry["added"]))


def test_no_file_claims_to_be_complete_because_a_copy_may_hold_only_the_months_pulled_again():
    assert not any(entry["complete"] for entry in read_manifest(FIGURES)["files"])


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "figures"
    shutil.copytree(FIGURES, folder)
    return folder


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "observation_bls.parquet").unlink(), r"observation_bls\.parquet is missing"),
        (
            lambda f: (f / "observation_bls.parquet").write_bytes(b""),
            r"observation_bls\.parquet is damaged \(0 bytes",
        ),
        (lambda f: _flip(f / "freight_flow_bts.parquet"), r"freight_flow_bts\.parquet is damaged"),
        (lambda f: (f / "extra.parquet").write_bytes(b"x"), r"extra\.parquet in .* is not in the manifest"),
        (lambda f: (f / MANIFEST).unlink(), "no manifest"),
        (lambda f: (f / MANIFEST).write_text("{"), "not readable JSON"),
        (lambda f: (f / MANIFEST).write_text(json.dumps({"format": 2})), "not a manifest of format 1"),
        (lambda f: (f / MANIFEST).write_text("[]"), "not a manifest of format 1"),
    ],
)
def test_damage_to_the_bundled_files_is_found_and_named(copy, damage, message):
    damage(copy)
    with pytest.raises(FiguresError, match=message):
        verify_figures(copy)


def test_one_dataset_can_be_verified_alone(copy):
    _flip(copy / "freight_flow_bts.parquet")
    verify_figures(copy, only="observation_bls")
    with pytest.raises(FiguresError, match="freight_flow_bts"):
        verify_figures(copy, only="freight_flow_bts")


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
