"""A small build database with the shape of a real one, for tests of releases.

Everything in it carries the `version` it was built as, so that a reader that saw two releases at once would show.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import duckdb

from orchestration.base.settings import PROJECT, Settings
from orchestration.release.contract import Contract, MacroCall

#: US manufacturing employment, thousands, seasonally adjusted (BLS CES3000000001), first months of 2017
EMPLOYMENT = [("2017-01-01", 12369.0), ("2017-02-01", 12391.0), ("2017-03-01", 12403.0)]

CONTRACT = Contract(
    tables=("dim_source", "dim_series", "fct_observation"),
    macros={
        "as_of": MacroCall("FROM as_of(current_date)"),
        "event_window": MacroCall(
            "FROM event_window(?, ?)", "SELECT '2017-02-01', series_id FROM dim_series LIMIT 1"
        ),
    },
)
KEYS = {"fct_observation": ("series_id", "period_start")}

_SQL = """
CREATE SCHEMA staging;
CREATE VIEW staging.stg_observation AS SELECT * FROM store.raw.observation;
CREATE TABLE main.dim_source (source_id VARCHAR NOT NULL, agency VARCHAR NOT NULL, title VARCHAR NOT NULL,
    homepage_url VARCHAR, licence VARCHAR NOT NULL, attribution VARCHAR NOT NULL, PRIMARY KEY (source_id));
INSERT INTO main.dim_source VALUES ('bls', 'BLS', 'Current Employment Statistics', 'https://www.bls.gov/ces/',
    'public domain', 'Source: U.S. Bureau of Labor Statistics');
CREATE TABLE main.dim_series (series_id VARCHAR NOT NULL, title VARCHAR NOT NULL, topics VARCHAR[],
    span STRUCT(first_period DATE, last_period DATE), built_as INTEGER NOT NULL, PRIMARY KEY (series_id));
CREATE TABLE main.fct_observation_vintage (series_id VARCHAR NOT NULL, period_start DATE NOT NULL, value DOUBLE,
    status VARCHAR NOT NULL, known_from TIMESTAMP NOT NULL, built_as INTEGER NOT NULL);
CREATE VIEW main.fct_observation AS
    SELECT * FROM "headway"."main"."fct_observation_vintage"
    QUALIFY row_number() OVER (PARTITION BY series_id, period_start ORDER BY known_from DESC) = 1;
CREATE VIEW main.a_first_alphabetically AS SELECT series_id, count(*) AS n FROM main.fct_observation GROUP BY series_id;
CREATE MACRO main.thousandfold(x, factor := 1000) AS x * factor;
CREATE MACRO main.as_of(on_date) AS TABLE
    WITH known AS (FROM "headway"."main"."fct_observation_vintage" WHERE known_from < on_date + INTERVAL 1 DAY)
    SELECT * FROM known
    QUALIFY row_number() OVER (PARTITION BY series_id, period_start ORDER BY known_from DESC) = 1;
CREATE MACRO main.event_window(event, series, months := 24, label := 'a, b := c') AS TABLE
    SELECT o.series_id, date_diff('month', CAST(event AS DATE), o.period_start) AS month_offset, o.value, label AS label,
        main.thousandfold(o.value) AS persons
    FROM "headway"."main"."fct_observation" AS o
    WHERE o.series_id = series AND abs(date_diff('month', CAST(event AS DATE), o.period_start)) <= months;
COMMENT ON MACRO TABLE as_of IS 'The latest vintage known at the end of a day';
"""

#: what staging reads, and the public file must not
_STORE = "ATTACH ':memory:' AS store; CREATE SCHEMA store.raw; CREATE TABLE store.raw.observation (a INT)"


def settings(home: Path) -> Settings:
    return Settings(project=PROJECT, home=home)


def write_build(home: Settings, version: int = 1, *, months: int = 3, sql: str = "") -> None:
    """build/headway.duckdb of release `version`; `sql` is run on it last."""
    home.build.mkdir(parents=True, exist_ok=True)
    home.build_database.unlink(missing_ok=True)
    home.build_database.write_bytes(_first_build(months))
    with duckdb.connect(str(home.build_database)) as con:
        con.execute(_STORE)
        con.execute(f"UPDATE dim_series SET built_as = {version}")
        con.execute(f"UPDATE fct_observation_vintage SET built_as = {version}")
        if sql:
            con.execute(sql)


@cache
def _first_build(months: int) -> bytes:
    """The file of version 0, made once a process: to define and comment everything takes three times as long as the rest."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "headway.duckdb"
        with duckdb.connect(str(file)) as con:
            con.execute(_STORE)
            con.execute(_SQL)
            con.execute(
                "INSERT INTO dim_series VALUES ('usa_employment_manufacturing', 'Manufacturing employment', ['labour'], "
                "{first_period: DATE '2017-01-01', last_period: DATE '2017-03-01'}, 0)"
            )
            con.executemany(
                "INSERT INTO fct_observation_vintage VALUES ('usa_employment_manufacturing', ?, ?, 'normal', "
                "TIMESTAMP '2017-05-05 12:30:00', 0)",
                list(reversed(EMPLOYMENT[:months])),
            )
            comment_everything(con)
        return file.read_bytes()


def comment_everything(con: duckdb.DuckDBPyConnection) -> None:
    """A comment on each table, view and column that has none yet, with a quote in it."""
    for kind, name in con.execute(
        "SELECT 'TABLE', table_name FROM duckdb_tables() WHERE schema_name = 'main' AND database_name = 'headway' "
        "UNION ALL SELECT 'VIEW', view_name FROM duckdb_views() WHERE schema_name = 'main' "
        "AND database_name = 'headway' AND NOT internal"
    ).fetchall():
        con.execute(f"COMMENT ON {kind} main.{name} IS 'what {name} holds, in the agency''s words'")
        for (column,) in con.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main'", [name]
        ).fetchall():
            con.execute(f"COMMENT ON COLUMN main.{name}.{column} IS 'what {column} is'")
