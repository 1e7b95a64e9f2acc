"""The detail models on Spark: the session that is the driver, relations as its views, what is needed to have one.

Belongs here: starting and ending the session, its settings. Does not belong here: the run (derive.py), what runs on the
executors (SQL of dbt_project/detail, so that workers need no Python and nothing of this program).

dbt-spark takes the session of this process where there is one. This one has its catalogue in memory: there is no Derby database
and no Hive, and tables exist for the run alone; what stays are their Parquet files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orchestration.base.errors import UsageError
from orchestration.build.detail.relations import Relation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import DataType, StructType

#: of the profile, and the master where none is named: this machine
TARGET, HERE = "spark", "local[*]"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def require_spark() -> None:
    """Raise UsageError where Java or the optional packages are missing, saying how they are installed."""
    missing = [name for name in ("pyspark", "dbt.adapters.spark") if not _found(name)]
    if missing:
        raise UsageError(f"the engine spark needs {' and '.join(missing)}: `make spark` installs them")
    java = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (java and (Path(java) / "bin" / "java").exists())):
        raise UsageError(
            "the engine spark needs Java 17 or 21, and there is no `java` here (on Debian and Ubuntu: apt install openjdk-17-jre-headless)"
        )


def _found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of a package that is missing itself
        return False


def configuration(master: str, work: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Settings of the session; `more` wins. work: folder of what Spark writes beside its tables."""
    settings = {
        "spark.app.name": "headway detail",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": (work / "warehouse").as_uri(),
        "spark.sql.session.timeZone": "UTC",
        # vintage=2026-11-29.2 in a path is a text of the file, not a column that Spark may guess a type for
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.sql.parquet.compression.codec": "zstd",
        # a task that was killed while it committed leaves nothing with version 1; version 2 could leave its rows twice
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
        "spark.sql.shuffle.partitions": "32",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    host = urlsplit(master).hostname if "://" in master else None
    if master.startswith("local") or host in _LOOPBACK:
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings | dict(more)


@contextmanager
def session(master: str, work: Path, more: Mapping[str, str]) -> Iterator[SparkSession]:
    """The session of this process; ended on leaving, with its executors. Raises UsageError where something needed is missing."""
    require_spark()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master)
    for name, value in configuration(master, work, more).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def prepare(spark: SparkSession, relations: Sequence[Relation]) -> None:
    """The relations as views of the session, read with the schema they have so that Spark opens no file to guess it."""
    for relation in relations:
        schema = schema_of(relation.columns)
        frame = (
            spark.read.schema(schema).parquet(*map(str, relation.files))
            if relation.files
            else spark.createDataFrame([], schema)
        )
        frame.createOrReplaceGlobalTempView(relation.name)


def schema_of(columns: Mapping[str, str]) -> StructType:
    """The schema of columns: name -> VARCHAR, DATE, BIGINT or BOOLEAN. Raises KeyError for another type."""
    from pyspark.sql.types import BooleanType, DateType, LongType, StringType, StructField, StructType

    kinds: dict[str, DataType] = {
        "VARCHAR": StringType(),
        "DATE": DateType(),
        "BIGINT": LongType(),
        "BOOLEAN": BooleanType(),
    }
    return StructType([StructField(name, kinds[kind], True) for name, kind in columns.items()])
