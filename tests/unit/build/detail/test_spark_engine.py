"""Settings of a Spark session and what is said where Spark is not installed; a real cluster: integration test_derive_cluster.py."""

from __future__ import annotations

import pytest

from orchestration.base.errors import UsageError
from orchestration.build.detail import spark_engine
from orchestration.build.detail.spark_engine import configuration, require_spark


@pytest.mark.parametrize("master", ["local[*]", "spark://127.0.0.1:7077", "spark://localhost:7077"])
def test_a_driver_of_this_machine_listens_on_loopback_alone(tmp_path, master):
    found = configuration(master, tmp_path, {})
    assert found["spark.driver.bindAddress"] == found["spark.driver.host"] == "127.0.0.1"
    assert found["spark.ui.enabled"] == "false"


def test_executors_of_a_real_cluster_can_reach_the_driver(tmp_path):
    """A driver that tells executors elsewhere to call back at 127.0.0.1 waits for ever."""
    for master in ("spark://10.0.0.5:7077", "k8s://https://cluster:6443", "yarn"):
        assert "spark.driver.host" not in configuration(master, tmp_path, {})


def test_what_the_user_sets_wins(tmp_path):
    assert configuration("local[1]", tmp_path, {"spark.sql.shuffle.partitions": "400"})[
        "spark.sql.shuffle.partitions"
    ] == ("400")


def test_a_task_that_dies_while_it_commits_leaves_no_rows(tmp_path):
    assert configuration("local[1]", tmp_path, {})[
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version"
    ] == ("1")


def test_without_spark_or_java_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(spark_engine, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pyspark and dbt\.adapters\.spark.*make spark"):
        require_spark()
    monkeypatch.setattr(spark_engine, "find_spec", lambda name: object())
    monkeypatch.setattr(spark_engine.shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match="Java 17"):
        require_spark()
