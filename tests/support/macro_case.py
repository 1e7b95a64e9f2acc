"""The public table macros on tables filled by hand.

Belongs here: the text of the macros (from the shared build), the tables they read, filling them.
Does not belong here: assertions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from tests.oracles import plain_comparison as plain
from tests.support.read_only import reading

_TABLES = """
CREATE TABLE fct_observation_vintage (series_id VARCHAR, period_start DATE, frequency VARCHAR, value DOUBLE,
    status VARCHAR, known_from TIMESTAMP, known_to TIMESTAMP, known_from_basis VARCHAR, grade VARCHAR,
    revision_number INTEGER, payload_id VARCHAR, adds_digits BOOLEAN DEFAULT false);
CREATE TABLE dim_figure_origin (dataset VARCHAR, series_like VARCHAR, known_on VARCHAR[], agency_page VARCHAR, agency_table VARCHAR,
    copy_repository VARCHAR, copy_path VARCHAR, copy_commit VARCHAR, note VARCHAR);
-- what stands in for the lag of a source: of the series `copied` only later copies are held
CREATE VIEW fct_observation AS
    SELECT series_id, period_start, frequency, value, status, known_from, known_from_basis, grade, payload_id,
        series_id <> 'copied' AS is_first_release
    FROM fct_observation_vintage WHERE known_to IS NULL AND status <> 'withdrawn';
CREATE TABLE dim_series (series_id VARCHAR, measure VARCHAR, flow VARCHAR, unit VARCHAR, frequency VARCHAR,
    source_id VARCHAR, source_code VARCHAR, fred_alias VARCHAR, geography_iso3 VARCHAR, industry_code VARCHAR, product_system VARCHAR, product_code VARCHAR,
    break_period DATE, break_reason VARCHAR, oldest_known_from TIMESTAMP, family_id VARCHAR);
CREATE TABLE dim_event (event_id VARCHAR, event_type VARCHAR, event_date DATE, effective_on DATE,
    date_precision VARCHAR, confidence VARCHAR, in_force BOOLEAN, cluster_id VARCHAR, cut_month DATE, in_report BOOLEAN,
    event_class VARCHAR, own_month DATE, default_gap_months INTEGER, origin VARCHAR);
CREATE TABLE rpt_event_exposure (event_id VARCHAR, series_id VARCHAR, topic VARCHAR);
CREATE TABLE dim_episode (episode_id VARCHAR, starts_on DATE, ends_on DATE, applies_to VARCHAR);
CREATE TABLE dim_payload (payload_id VARCHAR, source_id VARCHAR, dataset VARCHAR, request_url VARCHAR,
    retrieved_at TIMESTAMP, http_status INTEGER, media_type VARCHAR, sha256 VARCHAR, bytes BIGINT, archive_path VARCHAR);
CREATE TABLE rpt_method_calibration (method VARCHAR, series_id VARCHAR, window_months INTEGER, gap_months INTEGER,
    n_blocks INTEGER, false_alarm_rate DOUBLE, rank_threshold DOUBLE, family_id VARCHAR, era VARCHAR,
    n_pseudo_events INTEGER, false_alarm_se DOUBLE, z_threshold DOUBLE);
CREATE TABLE rpt_answer (treatment_id VARCHAR, series_id VARCHAR, window_months INTEGER, scope VARCHAR, design VARCHAR,
    event_ids VARCHAR[]);
CREATE TABLE rpt_before_after (event_id VARCHAR, series_id VARCHAR, window_months INTEGER, gap_months INTEGER,
    as_of_basis VARCHAR, family_id VARCHAR, family_size INTEGER, bh_min_hits INTEGER, q_bh DOUBLE, q_by DOUBLE,
    share_outside DOUBLE, share_outside_rank DOUBLE);
"""


def built_macros(warehouse: Path) -> list[str]:
    """CREATE statements of the public macros, as dbt rendered them into the file that it built; a release makes them
    again from the same text."""
    with reading(warehouse) as con:
        return [sql for (sql,) in con.execute("SELECT create_sql FROM intermediate.public_macro").fetchall()]


def create(con: duckdb.DuckDBPyConnection, macros: Iterable[str]) -> None:
    """The tables, empty, and the macros over them, in the current database."""
    con.execute(_TABLES)
    for statement in macros:
        con.execute(statement)


def add_series(con: duckdb.DuckDBPyConnection, series_id: str, **fields: str) -> None:
    row = {
        "measure": "employment",
        "flow": None,
        "unit": "persons",
        "frequency": "monthly",
        "geography_iso3": "USA",
        **fields,
    }
    con.execute(
        f"INSERT INTO dim_series (series_id, {', '.join(row)}) VALUES (?, {', '.join('?' for _ in row)})",
        [series_id, *row.values()],
    )


def add_vintages(
    con: duckdb.DuckDBPyConnection,
    series_id: str,
    vintages: Mapping[dt.date, Iterable[tuple[dt.datetime, float | None, str]]],
    frequency: str = "monthly",
) -> None:
    """Vintages of a series by period: (known_from, value, status), in any order."""
    rows = []
    for period, known in vintages.items():
        ordered = sorted(known)
        ends = [start for start, _, _ in ordered[1:]] + [None]
        rows += [
            [series_id, period, frequency, value, status, start, end, "release", "agency", n, f"p{n}"]
            for n, ((start, value, status), end) in enumerate(zip(ordered, ends, strict=True))
        ]
    if rows:
        # one statement for all rows: a row at a time costs a millisecond each
        columns = ", ".join("unnest(?)" for _ in rows[0])
        con.execute(
            f"INSERT INTO fct_observation_vintage SELECT {columns}, false",
            [list(c) for c in zip(*rows, strict=True)],
        )


def add_values(
    con: duckdb.DuckDBPyConnection, series_id: str, values: Mapping[dt.date, float | None], **series: str
) -> None:
    """A series known once, on 2030-01-01."""
    add_series(con, series_id, **series)
    known = dt.datetime(2030, 1, 1)
    add_vintages(
        con,
        series_id,
        {
            period: [(known, value, "missing" if value is None else "normal")]
            for period, value in values.items()
        },
    )


def add_events(con: duckdb.DuckDBPyConnection, events: Iterable[tuple[Any, ...]]) -> None:
    """Events as (event_id, event_type, event_date, effective_on, date_precision, confidence, in_force, cluster_id), days as ISO
    text; cut_month and in_report are computed by the rules of tests/plain_comparison.py."""
    names = (
        "event_id",
        "event_type",
        "event_date",
        "effective_on",
        "date_precision",
        "confidence",
        "in_force",
        "cluster_id",
    )
    for values in events:
        event = dict(zip(names, values, strict=True))
        for day in ("event_date", "effective_on"):
            event[day] = dt.date.fromisoformat(event[day]) if event[day] else None
        cut, own = plain.month(plain.event_cut(event)), plain.own_month(plain.anchor(event))
        con.execute(
            f"INSERT INTO dim_event VALUES ({', '.join('?' * 13)}, 'headway')",
            [
                *(*event.values(), cut, plain.in_report(event), plain.event_class(event)),
                *(None if own is None else plain.month(own), int(own is not None)),
            ],
        )


def rows(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> list[dict]:
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def called_for_each(
    con: duckdb.DuckDBPyConnection, call: str, asked: Sequence[Mapping[str, Any]], columns: str = "answer.*"
) -> list[list[dict]]:
    """What a macro answers to each of many questions, in their order: `call` names the arguments as columns of `asked`, as in
    "before_after(asked.series, asked.event)". All questions have the same names; `columns` says what of an answer is wanted.

    One statement for all: DuckDB plans a call of before_after for 0.25 s and runs it for 0.05 s, so that 150 calls took 50 s of
    processor time, and take 2.5 s when they are planned once.
    """
    names = list(asked[0])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT "
        + ", ".join(f"unnest(?) AS {name}" for name in ("n", *names)),
        [list(range(len(asked))), *([question[name] for question in asked] for name in names)],
    )
    answers: list[list[dict]] = [[] for _ in asked]
    for row in rows(
        con, f"SELECT asked.n AS question, {columns} FROM asked, {call} AS answer ORDER BY asked.n"
    ):
        answers[row.pop("question")].append(row)
    return answers
