"""The public file: no value lost or changed on the way into it, readable by older clients, nothing that reaches outside."""

from __future__ import annotations

import shutil
from itertools import groupby
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.release import public_file, records
from tests.support import release_case
from tests.support.published_case import publish, read, with_releases
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
def test_no_value_is_lost_or_changed_on_the_way_into_the_release(published: Settings):
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{published.build_database}' AS headway (READ_ONLY)")
        con.execute(f"ATTACH '{published.current_database}' AS public (READ_ONLY)")
        for table in ("dim_source", "dim_series", "fct_observation_vintage", "fct_observation"):
            for this, other in (("headway", "public"), ("public", "headway")):
                assert (
                    con.execute(f"FROM {this}.main.{table} EXCEPT ALL FROM {other}.main.{table}").fetchall()
                    == []
                )
    assert read(published, "SELECT period_start::VARCHAR, value FROM fct_observation ORDER BY 1") == [
        *release_case.EMPLOYMENT
    ]


def test_staging_and_other_schemas_stay_behind(published: Settings):
    schemas = read(
        published,
        "SELECT DISTINCT schema_name FROM duckdb_schemas() WHERE NOT internal OR schema_name = 'main'",
    )
    assert schemas == [("main",)]
    names = read(
        published,
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() ORDER BY 1",
    )
    assert [n for (n,) in names] == [
        "a_first_alphabetically",
        "dim_series",
        "dim_source",
        "fct_observation",
        "fct_observation_vintage",
    ]


def test_rows_lie_sorted_by_key_so_that_a_filter_can_skip_row_groups(published: Settings):
    stored = read(published, "SELECT period_start FROM fct_observation_vintage")
    assert stored == sorted(stored)


@pytest.mark.parametrize("key", [(), ("event_id", "series_id", "window_months")])
def test_events_of_one_month_lie_side_by_side(tmp_path: Path, key: tuple[str, ...]):
    """They have the same figures. In the order of events the table of all comparisons took 148 MB of the file in place of 87; with the rows of a
    series in several places one revised series would change most of it."""
    with duckdb.connect(str(tmp_path / "headway.duckdb")) as con:
        con.execute(
            "CREATE TABLE compared (event_id VARCHAR NOT NULL, series_id VARCHAR NOT NULL, window_months INTEGER NOT NULL, "
            "cut_month DATE, value DOUBLE)"
        )
        con.execute(
            "INSERT INTO compared SELECT 'e' || e, 's' || s, w, DATE '2018-01-01' + to_months((e % 3)::INTEGER), s + e % 3 "
            "FROM range(9) event(e), range(5) series(s), (VALUES (6), (12)) windows(w) ORDER BY e, s, w"
        )
    keys = {"compared": key} if key else {}
    public_file.assemble(tmp_path / "headway.duckdb", tmp_path / "public.duckdb", keys=keys)
    with duckdb.connect(str(tmp_path / "public.duckdb"), read_only=True) as con:
        con.execute(f"ATTACH '{tmp_path / 'headway.duckdb'}' AS build (READ_ONLY)")
        assert not con.execute("FROM build.compared EXCEPT ALL FROM public.compared").fetchall()
        for columns, n_places in (("series_id", 5), ("series_id, cut_month", 15)):
            stored = con.execute(f"SELECT {columns} FROM public.compared").fetchall()
            assert len(list(groupby(stored))) == n_places


def test_constraints_survive_so_that_a_client_knows_what_cannot_be_null(published: Settings):
    nullable = dict(
        read(
            published,
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = 'fct_observation_vintage'",
        )
    )
    assert nullable == {
        "series_id": False,
        "period_start": False,
        "value": True,
        "status": False,
        "known_from": False,
        "built_as": False,
    }
    assert ("dim_series", "PRIMARY KEY") in read(
        published, "SELECT table_name, constraint_type FROM duckdb_constraints()"
    )


@pytest.mark.parametrize("client", ["1.4", "1.5"])
def test_older_clients_read_views_macros_and_comments_of_a_renamed_copy(
    published: Settings, tmp_path: Path, duckdb_clients, client: str
):
    """An analyst copies the file and opens it with the client of last year: the 2.0 storage format would be refused,
    and a macro that names the database `headway` would fail under the new file name."""
    copy = tmp_path / "my copy.duckdb"
    shutil.copyfile(published.current_database, copy)
    ran, count, latest, window, named, comments, macro = duckdb_clients[client](
        copy,
        "SELECT version()",
        "SELECT n FROM a_first_alphabetically",
        "SELECT value FROM as_of(DATE '2017-05-05') ORDER BY period_start",
        "SELECT month_offset, value, label, persons FROM event_window('2017-02-01', 'usa_employment_manufacturing') "
        "ORDER BY 1",
        "SELECT month_offset FROM event_window('2017-02-01', 'usa_employment_manufacturing', months := 0)",
        "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal AND comment IS NULL",
        "SELECT comment FROM duckdb_functions() WHERE function_name = 'as_of'",
    )
    assert ran[0][0].startswith(f"v{client}")
    assert count == [[3]]
    assert latest == [[12369.0], [12391.0], [12403.0]]
    assert window == [[i - 1, v, "a, b := c", v * 1000] for i, (_, v) in enumerate(release_case.EMPLOYMENT)]
    assert named == [[0]]
    assert comments == [[0]]
    assert macro == [["The latest vintage known at the end of a day"]]


def test_nothing_is_known_before_its_vintage(published: Settings):
    assert read(published, "FROM as_of(DATE '2017-05-04')") == []


DEFAULTS = (
    *("12", "-1.5", "NULL", "'it''s'", "'a) AS TABLE (SELECT'", "DATE '2017-05-18'", "[1, 2]"),
    "NULL::DATE",
)


@pytest.mark.slow
def test_default_arguments_of_macros_survive(home: Settings):
    """duckdb_functions() does not show defaults: a copy made from it would lose them."""
    macros = [
        f"CREATE MACRO main.m{n}(a, b := {default}, c := 3) AS TABLE SELECT a, b, c;"
        for n, default in enumerate(DEFAULTS)
    ]
    write_build(home, sql=" ".join(macros))
    publish(home)
    for n, default in enumerate(DEFAULTS):
        assert read(home, f"FROM m{n}('x')") == duckdb.execute(f"SELECT 'x', {default}, 3").fetchall(), (
            default
        )


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE VIEW main.v AS FROM staging.stg_more", "staging.stg_more"),
        ("CREATE MACRO main.m() AS TABLE FROM staging.stg_more", "staging.stg_more"),
        ("CREATE MACRO main.m() AS TABLE FROM headway.staging.stg_more", "headway.staging.stg_more"),
        ("CREATE MACRO main.m() AS (SELECT max(x) FROM staging.stg_more)", "staging.stg_more"),
        (
            "CREATE MACRO main.m(n) AS TABLE WITH q AS (SELECT 1) FROM q WHERE n IN (FROM staging.stg_more)",
            "staging.stg_more",
        ),
        # the name of a common table expression covers its own query only
        (
            "SET search_path = 'main,staging'; CREATE MACRO main.m() AS TABLE "
            "SELECT * FROM (WITH stg_more AS (SELECT 2 AS x) FROM stg_more) UNION ALL FROM stg_more",
            "stg_more",
        ),
        ("CREATE MACRO main.m() AS TABLE FROM store.raw.observation", "store.raw.observation"),
        ("CREATE MACRO main.m(file) AS TABLE FROM read_parquet(file)", "read_parquet()"),
        ("CREATE MACRO main.m(t) AS TABLE FROM query_table(t)", "query_table()"),
    ],
)
def test_a_view_or_macro_that_would_reach_outside_the_file_stops_the_release(
    home: Settings, sql: str, named: str
):
    (first,) = with_releases(home, 1)
    write_build(home, 2, sql="CREATE TABLE staging.stg_more AS SELECT 1 AS x; " + sql)
    with pytest.raises(ReleaseError, match="refers to " + named.replace("(", r"\(").replace(")", r"\)")):
        publish(home)
    assert records.current_release(home) == first


def test_own_tables_may_be_named_in_full(home: Settings, tmp_path: Path):
    """`headway.main.t.column` is what dbt and careful authors write; it must neither be refused nor left in a macro,
    where it would fail under another file name."""
    write_build(
        home,
        sql="CREATE MACRO main.m(k) AS TABLE WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE "
        "i < k) SELECT headway.main.dim_series.title, headway.main.thousandfold(n.i) AS j "
        "FROM headway.main.dim_series, n, range(1) ORDER BY j",
    )
    publish(home)
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(home.current_database, copy)
    with duckdb.connect(str(copy), read_only=True) as con:
        assert con.execute("SELECT j FROM m(3)").fetchall() == [(1000,), (2000,), (3000,)]
