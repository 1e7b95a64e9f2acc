"""How much of a chapter stands on a list, counted by hand, and on the tariff of 2024.

Prevents: a subheading that is split into many lines outweighing others, a chapter that a list does not reach with a row of zero.
"""

from __future__ import annotations

import csv

import polars as pl
import pytest

from orchestration.base.settings import PROJECT
from transforms.tariff_coverage import coverage


def test_lines_of_a_subheading_count_as_one():
    lines = ["8703100001", "8703100002", "8703100003", "8703100004", "8704100000", "8705100000", "0101100000"]
    found = coverage(lines, {"cars": ["8703100001", "8704"], "none": ["99"]}, 2)
    # a quarter of the first subheading, all of the second, nothing of the third
    assert found.rows() == [("87", "cars", pytest.approx((0.25 + 1 + 0) / 3))]


def test_a_line_on_several_lists_of_which_one_is_due_counts_on_the_first():
    lines = ["8703100001", "8703200000"]
    lists = {"a": ["870310"], "b": ["8703"], "c": ["8703"]}
    assert coverage(lines, lists, 2, one_of=("a", "b")).rows() == [
        ("87", "a", 0.5),
        ("87", "b", 0.5),
        ("87", "c", 1.0),
    ]
    assert coverage(lines, lists, 2).rows() == [("87", "a", 0.5), ("87", "b", 1.0), ("87", "c", 1.0)]


def test_groups_of_other_lengths():
    found = coverage(["8703100001", "8703200000"], {"cars": ["870310"]}, 4)
    assert found.rows() == [("8703", "cars", 0.5)]


def test_the_lists_of_the_duties_on_china_share_no_line_of_a_chapter():
    """Lists 1 to 4A name different lines, so that what they cover of a chapter together is at most all of it."""
    path = PROJECT / "dbt_project" / "seeds" / "panels" / "seed_panel_coverage.csv"
    frame = pl.read_csv(path, schema_overrides={"product_code": pl.String})
    together = (
        frame.filter(pl.col("list_id").str.starts_with("s301"))
        .group_by("product_code")
        .agg(pl.col("coverage").sum())
    )
    assert together["coverage"].max() == pytest.approx(1, abs=2e-6)
    with path.open(encoding="utf-8") as file:
        metals = {row["product_code"] for row in csv.DictReader(file) if row["list_id"] == "steel_2018"}
    assert metals == {"72", "73"}
