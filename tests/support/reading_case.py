"""A small release with real figures in the shape of the public contract, for tests of reading and exporting.

Its macros are written again here, shorter than the released ones: what the commands show is compared with numbers
worked out by hand from the figures below, not with the warehouse's own formulas.
"""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import get_args

import duckdb

from orchestration.base.settings import PROJECT, STORAGE_VERSION, Settings
from orchestration.readers.rows import TABLE_OF, RptBeforeAfter

#: US imports of goods from Mexico, USD million, Census basis, not adjusted, 2015-02..2019-01 (FT-900, as of 2026-10-10)
IMPORTS = [
    22707, 25652, 24705, 24483, 26919, 24805, 24694, 25331, 27672, 24050, 23156, 22338,
    23122, 24692, 24986, 24761, 24810, 22945, 25545, 25122, 26359, 25358, 23464, 23459,
    23807, 27921, 25017, 27033, 27154, 24515, 26924, 25732, 28572, 27481, 25053, 25788,
    25777, 29754, 27895, 29209, 29350, 27999, 30886, 28985, 31637, 29465, 26935, 27558,
]  # fmt: skip
#: employment in motor vehicles and parts, thousands (BLS CES3133600101): value, and the day a copy showed it
EMPLOYMENT = [
    ("2025-04-01", 999.3, "2026-01-09", "2026-02-15"),
    ("2025-04-01", 972.1, "2026-02-15", None),
    ("2025-05-01", 1002.2, "2026-01-09", "2026-02-15"),
    ("2025-05-01", 974.3, "2026-02-15", None),
]

_TABLES = """
CREATE TABLE dim_source (source_id VARCHAR, agency VARCHAR, title VARCHAR, homepage_url VARCHAR, licence VARCHAR,
    attribution VARCHAR);
INSERT INTO dim_source VALUES
    ('bls', 'U.S. Bureau of Labor Statistics', 'Current Employment Statistics', 'https://www.bls.gov/ces/',
     'public domain', 'Source: U.S. Bureau of Labor Statistics'),
    ('census', 'U.S. Census Bureau', 'FT-900', 'https://www.census.gov/ft900', 'public domain', 'Source: Census | FT-900');
CREATE TABLE dim_series (series_id VARCHAR, title VARCHAR, measure VARCHAR, geography_iso3 VARCHAR, unit VARCHAR,
    unit_multiplier BIGINT, frequency VARCHAR, seasonal_adjustment VARCHAR, source_id VARCHAR, source_code VARCHAR,
    fred_alias VARCHAR, first_period DATE, last_period DATE, observation_count BIGINT, vintage_count BIGINT);
INSERT INTO dim_series VALUES
    ('usa_imports_goods_mex', 'Imports of goods, USA from Mexico', 'trade_value', 'USA', 'USD', 1000000, 'monthly', 'NSA',
     'census', 'imports/2010', 'IMPMX', '2015-02-01', '2019-01-01', 48, 1),
    ('usa_employment_motor_vehicles_parts', 'Employees in motor vehicles and parts manufacturing', 'employment', 'USA',
     'persons', 1000, 'monthly', 'SA', 'bls', 'CES3133600101', NULL, '2025-04-01', '2025-05-01', 2, 2),
    ('mex_production_vehicles_annual', 'Vehicles made in Mexico', 'production', 'MEX', 'vehicles', 1, 'annual', 'NSA',
     'oica', 'Mexico', NULL, '2006-01-01', '2006-01-01', 1, 1),
    ('mex_production_cars_annual', 'Cars made in Mexico', 'production', 'MEX', 'vehicles', 1, 'annual', 'NSA',
     'oica', 'Mexico', NULL, '2006-01-01', '2006-01-01', 1, 1);
ALTER TABLE dim_series ADD COLUMN grade VARCHAR DEFAULT 'copy';
ALTER TABLE dim_series ADD COLUMN break_period DATE;
ALTER TABLE dim_series ADD COLUMN break_reason VARCHAR;
CREATE TABLE dim_event (event_id VARCHAR, timeline VARCHAR, event_date DATE, date_precision VARCHAR, effective_on DATE,
    event_type VARCHAR, title VARCHAR, parties VARCHAR[], topics VARCHAR[], confidence VARCHAR, in_force BOOLEAN,
    cluster_id VARCHAR, anchor_on DATE, cut_month DATE, in_report BOOLEAN, left_out_because VARCHAR, event_class VARCHAR);
INSERT INTO dim_event VALUES
    ('nafta-round6-end', 'nafta_renegotiation', '2018-01-29', 'day', NULL, 'round_end', 'Sixth NAFTA round ends',
     ['USA', 'CAN', 'MEX'], ['rules_of_origin_autos', 'process'], 'high', true, 'nafta_talks',
     '2018-01-29', '2018-02-01', true, NULL, 'talk'),
    ('nafta-round7-end', 'nafta_renegotiation', '2018-03-05', 'day', NULL, 'round_end', 'Seventh NAFTA round ends',
     ['USA', 'CAN', 'MEX'], [], 'high', true, 'nafta_talks', '2018-03-05', '2018-04-01', true, NULL, 'talk'),
    ('s232-steel', 'section_232', '2018-03-08', 'day', '2018-06-01', 'tariff_effective', 'Duty on metals of Canada and Mexico',
     ['USA'], ['steel;aluminium', 'tariffs'], 'high', true, NULL, '2018-06-01', '2018-06-01', true, NULL, 'act'),
    ('threat', 'section_232', '2018-04-01', 'day', NULL, 'tariff_announced', 'Never happened', [], [], 'high', false, NULL,
     '2018-04-01', '2018-04-01', false, 'never in force', 'talk'),
    ('rumour', 'section_232', '2018-04-01', 'day', NULL, 'other', 'A rumour', [], [], 'low', true, NULL, '2018-04-01',
     '2018-04-01', false, 'confidence is low', 'talk');
CREATE TABLE dim_episode (episode_id VARCHAR, title VARCHAR, starts_on DATE, ends_on DATE, applies_to VARCHAR);
INSERT INTO dim_episode VALUES ('test_strike', 'A strike', '2018-11-05', NULL, 'trade_value');
CREATE TABLE dim_payload (payload_id VARCHAR, request_url VARCHAR, retrieved_at TIMESTAMP, sha256 VARCHAR);
INSERT INTO dim_payload VALUES ('figures:us:1', 'figures:us_monthly.parquet', '2026-11-21', repeat('ab', 32));
CREATE TABLE fct_observation_vintage (series_id VARCHAR, period_start DATE, frequency VARCHAR, value DOUBLE, status VARCHAR,
    known_from TIMESTAMP, known_to TIMESTAMP, grade VARCHAR, revision_number INTEGER, payload_id VARCHAR);
CREATE TABLE fct_trade_flow (partner_code VARCHAR, value_usd BIGINT);
CREATE TABLE fct_freight_flow (value_usd BIGINT);
CREATE TABLE fct_position (event_id VARCHAR, party VARCHAR, position VARCHAR, value DOUBLE);
INSERT INTO fct_trade_flow VALUES ('-', 203028883846);
INSERT INTO fct_position VALUES ('nafta-round6-end', 'USA', '=85 percent regional value content, 50 percent US', 85);
CREATE TABLE rpt_freshness (source_id VARCHAR, state VARCHAR, days_behind INTEGER);
INSERT INTO rpt_freshness VALUES ('census', 'late', 17), ('bls', 'current', 0);
"""

#: the windows of METHODS for whole years without gap, on the log scale
_VIEW_AND_MACROS = """
CREATE VIEW fct_observation AS
    SELECT * EXCLUDE (known_to, revision_number, oldest), oldest AS first_known_from,
        date_diff('day', period_start, oldest) <= 90 AS is_first_release
    FROM (SELECT *, min(known_from) OVER (PARTITION BY series_id, period_start) AS oldest FROM fct_observation_vintage)
    WHERE known_to IS NULL;
CREATE MACRO before_after(series, event, months := 12, gap := NULL, on_date := NULL, keep_event_month := false) AS TABLE
    WITH asked AS (
        SELECT coalesce((SELECT event_date FROM dim_event WHERE event_id = event), try_cast(event AS DATE)) AS anchor
    ), cut AS (
        SELECT CAST(CASE WHEN day(anchor) = 1 THEN anchor ELSE date_trunc('month', anchor) + INTERVAL 1 MONTH END AS DATE)
            AS cut_month, coalesce(gap, CASE WHEN keep_event_month OR day(anchor) = 1 THEN 0 ELSE 1 END) AS g FROM asked
    ), known AS (
        SELECT date_diff('month', cut_month, period_start) AS k, g, ln(value) AS y, value, known_from
        FROM fct_observation_vintage, cut
        WHERE series_id = series AND CASE WHEN on_date IS NULL THEN known_to IS NULL ELSE known_from::DATE <= on_date
            AND (known_to IS NULL OR known_to::DATE > on_date) END
    ), windows AS (
        SELECT count(y) FILTER (k BETWEEN -g - months AND -g - 1) AS n_pre,
            count(y) FILTER (k BETWEEN 0 AND months - 1) AS n_post,
            avg(value) FILTER (k BETWEEN -g - months AND -g - 1) AS pre_mean,
            avg(value) FILTER (k BETWEEN 0 AND months - 1) AS post_mean,
            avg(y) FILTER (k BETWEEN 0 AND months - 1) - avg(y) FILTER (k BETWEEN -g - months AND -g - 1) AS d_log,
            avg(y) FILTER (k BETWEEN -g - months AND -g - 1)
                - avg(y) FILTER (k BETWEEN -2 * (g + months) AND -2 * g - months - 1) AS earlier,
            max(known_from) FILTER (k BETWEEN -g - months AND months - 1) AS as_of
        FROM known
    ), rivals AS (
        -- in this release every act reaches every series
        SELECT coalesce(list(event_id ORDER BY event_id), []) AS rivals_in_windows,
            coalesce(list(event_id ORDER BY event_id) FILTER (abs(date_diff('month', cut.cut_month, other.cut_month)) < months / 2), [])
                AS rival_event_ids
        FROM dim_event AS other, cut
        WHERE event_class = 'act' AND in_report AND event_id <> event AND other.cut_month
            BETWEEN cut.cut_month - to_months(g + months) AND cut.cut_month + to_months(months - 1)
    )
    SELECT {unknown}, event AS event_id, series AS series_id, months AS window_months, g AS gap_months, [] AS months_left_out, as_of, cut_month,
        'latest' AS as_of_basis, 0 AS n_placebo, len(rivals_in_windows) AS n_other_events, rivals_in_windows, rival_event_ids, 'not_enough_history' AS verdict,
        CAST(cut_month - to_months(g + months) AS DATE) AS pre_start, CAST(cut_month - to_months(g + 1) AS DATE) AS pre_end,
        cut_month AS post_start, CAST(cut_month + to_months(months - 1) AS DATE) AS post_end, n_pre, n_post, 'log' AS scale,
        pre_mean, post_mean, d_log, d_log - earlier AS second_diff, false AS identified, 0 AS preliminary_months,
        CASE WHEN n_pre * n_post = 0 THEN 'no month of a window is known' END AS reason,
        (SELECT coalesce(list(episode_id), []) FROM dim_episode WHERE starts_on <= cut_month + to_months(months))
            AS episodes_in_window
    FROM windows, cut, rivals;
CREATE MACRO trace(series, period) AS TABLE
    SELECT vintage.*, known_to IS NULL AS is_latest, source_id, request_url, retrieved_at, http_status, media_type, sha256,
        bytes, archive_path, false AS adds_digits, 'https://agency.example/' || series AS agency_page, 'table 1' AS agency_table,
        'someone/copies' AS copy_repository, 'a.csv' AS copy_path, 'abc123' AS copy_commit, known_from::DATE AS copied_on,
        NULL AS copy_note
    FROM fct_observation_vintage AS vintage LEFT JOIN dim_payload USING (payload_id)
    WHERE vintage.series_id = series AND vintage.period_start = CAST(period AS DATE) ORDER BY known_from DESC;
"""


#: columns that the macro above works out, or states because they may not be null
_KNOWN_OF_COMPARISON = {
    *(
        "event_id",
        "series_id",
        "window_months",
        "gap_months",
        "as_of",
        "as_of_basis",
        "cut_month",
        "pre_start",
        "pre_end",
    ),
    *(
        "post_start",
        "post_end",
        "n_pre",
        "n_post",
        "scale",
        "pre_mean",
        "post_mean",
        "d_log",
        "second_diff",
        "identified",
    ),
    *("preliminary_months", "reason", "episodes_in_window", "n_placebo", "n_other_events", "verdict"),
    *("rivals_in_windows", "rival_event_ids", "months_left_out"),
}
_VINTAGE = (
    "series_id, period_start, frequency, value, status, known_from, known_to, revision_number, payload_id"
)
_SQL_TYPES = {
    "str": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "dt.date": "DATE",
    "dt.datetime": "TIMESTAMP",
    "list[str]": "VARCHAR[]",
    "list[float]": "DOUBLE[]",
}


def _written(annotation: object) -> str:
    """A type of rows.py as it is written there, without `| None`."""
    text = (
        annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    )
    text = text.replace("datetime.", "dt.").removesuffix(" | None")
    return {"date": "dt.date", "datetime": "dt.datetime"}.get(text, text)


def columns(row: type) -> dict[str, str]:
    """Names and types of the columns of a public table, given its class of rows.py."""
    return {name: _SQL_TYPES[_written(annotation)] for name, annotation in row.__annotations__.items()}


def _contract_columns(con: duckdb.DuckDBPyConnection) -> str:
    """Statements that give the tables of this release the other columns of the contract, without values."""
    tables = {
        name
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    }
    return "".join(
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind};"
        for row, table in TABLE_OF.items()
        if table in tables
        for name, kind in columns(row).items()
    )


def settings(home: Path) -> Settings:
    return Settings(project=PROJECT, home=home)


def write_release(home: Settings, run_id: str = "r1", *, sql: str = "") -> Path:
    """releases/<run_id>, made current; `sql` is run on its database last. Returns the database file."""
    folder = home.releases / run_id
    folder.mkdir(parents=True)
    file = folder / "headway.duckdb"
    file.write_bytes(_database())
    if sql:
        with duckdb.connect(str(file)) as con:
            con.execute(sql)
    (folder / "release.json").write_text(json.dumps({"run_id": run_id}), encoding="utf-8")
    home.current.unlink(missing_ok=True)
    home.current.symlink_to(f"releases/{run_id}")
    return file


@cache
def _database() -> bytes:
    """The database file, made once a process: its tables, views, macros and comments take 0.3 s."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        file = Path(folder) / "headway.duckdb"
        con.execute(
            f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS headway (STORAGE_VERSION '{STORAGE_VERSION}')"
        )
        con.execute("USE headway")
        unknown = ", ".join(
            f"NULL::{kind} AS {name}"
            for name, kind in columns(RptBeforeAfter).items()
            if name not in _KNOWN_OF_COMPARISON
        )
        con.execute(_TABLES)
        con.execute(_contract_columns(con))
        con.execute(
            "UPDATE dim_event SET own_month = CASE WHEN day(anchor_on) > 1 THEN date_trunc('month', anchor_on) END, "
            "default_gap_months = CASE WHEN day(anchor_on) > 1 THEN 1 ELSE 0 END"
        )
        con.execute(_VIEW_AND_MACROS.replace("{unknown}", unknown))
        con.executemany(
            f"INSERT INTO fct_observation_vintage ({_VINTAGE}) VALUES ('usa_imports_goods_mex', DATE '2015-02-01' + to_months(?), 'monthly', "
            "?, 'normal', '2026-10-10', NULL, 0, 'figures:us:1')",
            list(enumerate(IMPORTS)),
        )
        con.executemany(
            f"INSERT INTO fct_observation_vintage ({_VINTAGE}) VALUES ('usa_employment_motor_vehicles_parts', ?, 'monthly', ?, 'normal', "
            "?, ?, 0, 'figures:us:1')",
            EMPLOYMENT,
        )
        for kind, name in con.execute(
            "SELECT 'TABLE', table_name FROM duckdb_tables() UNION ALL "
            "SELECT 'VIEW', view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall():
            con.execute(f"COMMENT ON {kind} {name} IS 'what {name} holds'")
        con.execute("COMMENT ON COLUMN dim_event.topics IS 'what it was about | of a closed list'")
        con.execute("USE memory; DETACH headway")
        return file.read_bytes()
