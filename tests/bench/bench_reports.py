"""The comparison reports in SQL: time and memory of all of them, and how both grow with series and with events.

Belongs here: the models from the monthly series to the reports, run on the built warehouse's own tables.
Does not belong here: the statistics in Python (bench_statistics*.py), whole builds (bench_budget.py).

The baseline is the same models on the same tables, before the series, or the events, are doubled.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.store.opened import open_store
from tests.bench.bare_build import make
from tests.bench.timing import Measured, show
from tests.support.dbt_case import dbt

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

#: seconds on two idle cores, and bytes
LIMIT, MEMORY = 20.0, "2GB"
#: twice the series or the events may take at most this many times as long: linear, and noise
GROWTH = 2.6

MODELS = (
    *(
        "int_series_calendar",
        "int_calendar_event",
        "int_eventful_cut",
        "int_calendar_rival",
        "int_event_overlap",
    ),
    *(
        "int_cluster_start",
        "int_cluster_overlap",
        "int_calendar_phase",
        "int_phase_rival",
        "int_series_treatment",
        "int_own_rival",
    ),
    *("int_series_family", "int_report_cut", "int_basis_month", "int_window_statistics", "int_balance_scale"),
    *("int_paired_window", "int_cut_difference", "int_cut_statistics"),
    *(
        "int_control_difference",
        "int_cut_candidate",
        "int_cut_standing",
        "int_recent_date",
        "int_recent_standing",
    ),
    *("int_difference_standing", "int_rank_threshold", "int_clean_alarm", "int_family_calibration"),
    *("int_quiet_month", "int_calibration_placebo", "int_compared_cut", "int_treatment_share"),
    "int_event_family_rate",
    "int_cluster_family_rate",
    *("rpt_before_after", "rpt_cluster_before_after", "rpt_difference_in_differences"),
    *("rpt_series_month", "rpt_event_window"),
    "rpt_revision",
)
#: read by the models; of a series, and of an event
INPUTS = {
    "intermediate": (
        *("int_series_monthly", "int_observation_first", "int_series_episode", "int_event_cut", "int_month"),
        *("int_observation_vintage", "int_known_series", "int_control_set_member"),
        *("int_event_reach", "int_event_exposure"),
    ),
    "main": (
        "dim_series",
        "dim_event",
        "dim_month",
        "dim_episode",
        "fct_observation",
        "fct_observation_vintage",
    ),
    "staging": ("stg_event", "stg_family_measure"),
}
OF_SERIES = {
    **dict.fromkeys(
        (
            "int_series_monthly",
            "int_observation_first",
            "int_series_episode",
            "dim_series",
            "int_known_series",
            "int_observation_vintage",
            "int_event_reach",
            "int_event_exposure",
        ),
        ("series_id",),
    ),
    "int_control_set_member": ("treated_series_id", "control_series_id"),
}
OF_EVENTS = dict.fromkeys(
    ("int_event_cut", "dim_event", "stg_event", "int_event_reach", "int_event_exposure"), ("event_id",)
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The nodes of the models, with their SQL, in their order."""
    settings = Settings(project=PROJECT, home=tmp_path_factory.mktemp("compiled"))
    settings.build.mkdir(parents=True)
    with open_store(settings.store):
        pass
    done = dbt(settings, "compile", "--select", *MODELS)
    assert done.success, done.exception or done.result
    nodes = {r.node.name: r.node.to_dict() for r in done.result}
    return [nodes[name] for name in MODELS]


def seconds(
    warehouse: Path, scratch: Path, compiled: list[dict[str, Any]], doubled: dict[str, tuple[str, ...]]
) -> float:
    """Time of all models on copies of their inputs, in which the tables of `doubled` have every row once more, under
    other keys. An event's copy is cut a month later, as one of its own would be."""
    with duckdb.connect(str(scratch), config={"memory_limit": MEMORY, "threads": 2}) as con:
        con.execute(f"ATTACH '{warehouse}' AS built (READ_ONLY)")
        # staging is views, some of which read the user's own timelines in the store
        con.execute(f"ATTACH '{warehouse.parents[1] / 'store' / 'store.duckdb'}' AS store (READ_ONLY)")
        for schema, tables in INPUTS.items():
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            for table in tables:
                source = f"built.{schema}.{table}"
                keys = doubled.get(table, ())
                other = ", ".join(f"{k} || '_copy' AS {k}" for k in keys)
                if "cut_month" in _columns(con, source) and keys:
                    other += ", CAST(cut_month + INTERVAL 1 MONTH AS DATE) AS cut_month"
                copy = f"UNION ALL SELECT * REPLACE ({other}) FROM {source}" if keys else ""
                con.execute(f"CREATE TABLE {schema}.{table} AS SELECT * FROM {source} {copy}")
        con.execute("DETACH built")
        name = con.execute("SELECT current_database()").fetchone()[0]
        inputs = [{"name": table, "schema": schema} for schema, tables in INPUTS.items() for table in tables]
        nodes = {node["name"]: node for node in (*compiled, *inputs)}
        started = time.perf_counter()
        for node in compiled:
            here = {**node, "compiled_code": (node.get("compiled_code") or "").replace('"headway"', name)}
            make(con, here, nodes)
        con.execute("SELECT sum(index_100) FROM main.rpt_event_window")  # a view costs what is asked of it
        return time.perf_counter() - started


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()}


def test_reports(warehouse, compiled, tmp_path):
    """All events and series, all windows, gaps and vintages, with their placebos."""
    base = seconds(warehouse, tmp_path / "base.duckdb", compiled, {})
    series = seconds(warehouse, tmp_path / "series.duckdb", compiled, OF_SERIES)
    events = seconds(warehouse, tmp_path / "events.duckdb", compiled, OF_EVENTS)
    rows = [
        Measured("reports, twice the series", "reports", series, base, series / base),
        Measured("reports, twice the events", "reports", events, base, events / base),
    ]
    show("Comparison reports in SQL", rows, GROWTH)
    print(f"  limit of the reports on two idle cores: {LIMIT:g} s, with {MEMORY} of memory")
    assert all(row.ratio < GROWTH for row in rows)
