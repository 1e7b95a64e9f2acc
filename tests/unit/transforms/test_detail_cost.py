"""The cost model of the detail says what was measured, and docs/scale.md says what the model says."""

from __future__ import annotations

import re

import pytest
import yaml

from orchestration.base.settings import PROJECT
from transforms.detail_cost import MEASURED, cores_to_win, line, shuffle_gigabytes, table

PAGE = (PROJECT / "docs" / "scale.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", MEASURED)
def test_the_size_in_between_which_the_line_was_not_drawn_through_is_on_it(engine):
    """A cost that does not grow in proportion would make the rows for billions worth nothing."""
    for million, seconds in MEASURED[engine]:
        assert line(engine).seconds(million, 2) == pytest.approx(seconds, rel=0.2)


def test_spark_wins_with_about_five_times_the_cores():
    duckdb, spark = line("DuckDB"), line("Spark")
    assert 4 < spark.a_million / duckdb.a_million < 6
    for million in (1_000, 10_000):
        cores = cores_to_win(million, 2)
        assert spark.seconds(million, cores) < duckdb.seconds(million, 2) <= spark.seconds(million, cores - 1)
    with pytest.raises(ValueError, match="starts longer"):
        cores_to_win(10, 2)


def test_shuffle_grows_with_months_alone():
    assert shuffle_gigabytes(2_000) == pytest.approx(2 * shuffle_gigabytes(1_000))


def test_the_page_has_the_table_of_the_model():
    block = re.search(r"<!-- made costs -->\n(.*?)\n?<!-- end -->", PAGE, re.DOTALL)
    assert block is not None and block[1] == table(), f"docs/scale.md needs:\n{table()}"


def test_the_page_lists_every_table_and_which_ones_a_release_takes():
    models = yaml.safe_load(
        (PROJECT / "dbt_project" / "detail" / "models" / "marts" / "_detail.yml").read_text(encoding="utf-8")
    )["models"]
    listed = dict(re.findall(r"^\| `(fct_detail_\w+)` \| .* \| (yes)? ?\|$", PAGE, re.MULTILINE))
    assert listed == {m["name"]: "yes" if m["config"]["meta"]["released"] else "" for m in models}
