"""Whatever changes in the store, and wherever a build is killed, an update leaves every table as a whole build would make it."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.base.settings import PROJECT, Settings
from orchestration.build import journal, update
from orchestration.build.journal import PYTHON, SOURCE, SQL, TEST, VIEW, Node
from orchestration.build.session import build_session

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
STAMP = "timestamp '2020-01-01 00:00:00'"
#: name -> (kind, schema, inputs, those needed for the own series only, query)
MODELS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...], str]] = {
    "stg_observation": (
        VIEW,
        "staging",
        ("observation",),
        ("observation",),
        'SELECT * FROM "store"."raw"."observation"',
    ),
    "int_change": (
        *(SQL, "intermediate", ("stg_observation",), ("stg_observation",)),
        "SELECT series_id, period, value - lag(value) OVER (PARTITION BY series_id ORDER BY period) AS change "
        'FROM "headway"."staging"."stg_observation"',
    ),
    "int_threshold": (
        *(SQL, "intermediate", ("int_change",), ()),
        'SELECT coalesce(round(avg(abs(change))), 0) AS threshold FROM "headway"."intermediate"."int_change"',
    ),
    "fct_far": (
        *(SQL, "main", ("int_change", "int_threshold"), ("int_change",)),
        'SELECT series_id, period, change > threshold AS far FROM "headway"."intermediate"."int_change" '
        'CROSS JOIN "headway"."intermediate"."int_threshold"',
    ),
    "int_member": (SQL, "intermediate", (), (), "SELECT 'a' AS member"),
    "fct_member": (
        *(SQL, "main", ("int_change", "int_member"), ()),
        'SELECT series_id, count(*) AS n, sum(change) AS change FROM "headway"."intermediate"."int_change" '
        'WHERE series_id IN (SELECT member FROM "headway"."intermediate"."int_member") GROUP BY series_id',
    ),
    "rpt_share": (
        *(SQL, "main", ("fct_far",), ()),
        'SELECT far, count(*) AS n FROM "headway"."main"."fct_far" GROUP BY far',
    ),
    "rpt_day": (
        SQL,
        "main",
        ("rpt_share",),
        (),
        f'SELECT count(*) AS n, cast({STAMP} as date) AS day FROM "headway"."main"."rpt_share"',
    ),
}
#: of which input a model reads those series only that a column of another one names
SERIES_OF = {"fct_member": ("int_change int_member member",)}
#: series, period, value; None: the row goes
EDITS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 30))),
    min_size=1,
    max_size=3,
)


class Home:
    """A warehouse of eight models over one table, and a copy of its public tables that takes over what the journal tells."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(PROJECT, folder)
        self.settings.store.parent.mkdir()
        self.settings.build.mkdir()
        with duckdb.connect(str(self.settings.store)) as con:
            con.execute(
                "CREATE SCHEMA raw; CREATE TABLE raw.observation (series_id VARCHAR, period INT, value INT)"
            )
            con.execute(
                "INSERT INTO raw.observation SELECT s, p, 7 * p FROM unnest(['a', 'b', 'c']) t(s), range(1, 4) r(p)"
            )
        names = {name: f"model.{name}" for name in MODELS} | {"observation": "source.observation"}
        nodes = [
            Node(
                *(
                    names[name],
                    name,
                    f'"headway"."{schema}"."{name}"',
                    kind,
                    sql,
                    STAMP if STAMP in sql else None,
                ),
                *(tuple(names[i] for i in inputs), by_series, SERIES_OF.get(name, ())),
            )
            for name, (kind, schema, inputs, by_series, sql) in MODELS.items()
        ]
        nodes.append(Node("test.share", "share", "", TEST, None, None, ("model.rpt_share",), ()))
        source = Node(
            "source.observation", "observation", '"store"."raw"."observation"', SOURCE, None, None, (), ()
        )
        duckdb.connect(str(self.settings.build_database)).close()
        with build_session(self.settings) as con:
            con.execute("CREATE SCHEMA staging; CREATE SCHEMA intermediate")
            for name, (kind, schema, _, _, sql) in MODELS.items():
                con.execute(f"CREATE {'VIEW' if kind == VIEW else 'TABLE'} {schema}.{name} AS {sql}")
            journal.begin(con, nodes, [source], code="as it was", day="2020-01-01")
        update.published(self.settings, "first")
        self.released = {name: self.rows(name) for name in MODELS if MODELS[name][1] == "main"}
        self.share_tested = self.released["rpt_share"]

    def rows(self, name: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.build_database), read_only=True) as con:
            return con.execute(f"FROM {MODELS[name][1]}.{name} ORDER BY ALL").fetchall()

    def edit(self, edits: list[tuple[str, int, int | None]]) -> None:
        with duckdb.connect(str(self.settings.store)) as con:
            for series, period, value in edits:
                con.execute(
                    "DELETE FROM raw.observation WHERE series_id = ? AND period = ?", [series, period]
                )
                if value is not None:
                    con.execute("INSERT INTO raw.observation VALUES (?, ?, ?)", [series, period, value])

    def made_whole(self) -> dict[str, list[tuple]]:
        """Every model made from the store alone, in a file of its own."""
        made = {}
        with duckdb.connect() as con:
            con.execute(f"ATTACH '{self.settings.store}' AS store (READ_ONLY)")
            con.execute(
                "ATTACH ':memory:' AS headway; USE headway; CREATE SCHEMA staging; CREATE SCHEMA intermediate"
            )
            for name, (_, schema, _, _, sql) in MODELS.items():
                today = sql.replace(STAMP, f"timestamp '{TODAY}'")
                con.execute(f"CREATE TABLE {schema}.{name} AS {today}")
                made[name] = con.execute(f"FROM {schema}.{name} ORDER BY ALL").fetchall()
        return made

    def check(self, done: update.Updated) -> None:
        """Tables are as a whole build makes them; what has to be tested and released again was told."""
        whole = self.made_whole()
        for name in MODELS:
            if MODELS[name][0] != VIEW:
                assert self.rows(name) == whole[name], name
        if self.share_tested != whole["rpt_share"]:
            assert done.tests == {"test.share": None}
        told = update.unpublished(self.settings)
        assert told is not None and told[0] == "first"
        for name, before in self.released.items():
            if name not in told[1]:
                assert before == whole[name], name
            elif (series := told[1][name]) is not None:
                assert [r for r in before if r[0] not in series] == [
                    r for r in whole[name] if r[0] not in series
                ]


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(rounds=st.lists(st.tuples(EDITS, st.one_of(st.none(), st.integers(0, 9))), min_size=1, max_size=3))
def test_an_update_that_may_be_killed_anywhere_ends_as_a_whole_build(rounds):
    """A table that is taken for new while one that reads it is old would go into every later release."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        for edits, killed_at in rounds:
            home.edit(edits)
            if killed_at is not None:
                steps = iter(range(100))
                entered = journal.tell

                def dies(*arguments, steps=steps, killed_at=killed_at, entered=entered):
                    if next(steps) == killed_at:
                        raise KeyboardInterrupt
                    entered(*arguments)

                with patch.object(journal, "tell", dies), suppress(KeyboardInterrupt):
                    update.apply(home.settings, lambda *_: None)
            done = update.apply(home.settings, lambda *_: None)
            assert done is not None
            home.check(done)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.slow
def test_a_value_costs_the_rows_of_its_series(home: Home):
    """Without this, one revised figure costs what a whole build does."""
    home.edit([("b", 2, 15)])
    done = update.apply(home.settings, lambda *_: None)
    assert done is not None and done.series["model.int_change"] == 1
    # of the series it reads "a" alone
    assert "model.fct_member" not in done.series
    # the threshold is 7 before and after: what reads it is not made again for every series
    assert done.series["model.int_threshold"] is None and done.series["model.fct_far"] == 1


@pytest.mark.slow
def test_nothing_is_made_where_nothing_changed_but_the_day(home: Home):
    done = update.apply(home.settings, lambda *_: None)
    assert done is not None and set(done.seconds) == {"model.rpt_day"}
    again = update.apply(home.settings, lambda *_: None)
    assert again is not None and not again.seconds


@pytest.mark.slow
def test_many_changed_series_are_a_whole_build(home: Home):
    home.edit([(f"new{number}", 1, 1) for number in range(update.MANY_SERIES + 1)])
    assert update.apply(home.settings, lambda *_: None) is None


@pytest.mark.slow
def test_a_file_of_other_code_is_not_brought_up_to_date(home: Home):
    """A model whose SQL changed, or a seed, would stay as it was."""
    assert not update.is_possible(home.settings)
    with patch.object(update, "code_fingerprint", return_value="as it was"):
        assert update.is_possible(home.settings)


@pytest.mark.slow
def test_a_release_that_holds_the_file_has_nothing_to_take_over(home: Home):
    home.edit([("a", 1, 29)])
    update.apply(home.settings, lambda *_: None)
    update.published(home.settings, "second")
    assert update.unpublished(home.settings) == ("second", {})


def test_a_model_in_python_is_asked_for_the_series_that_changed(home: Home, tmp_path: Path):
    """It reads its inputs through dbt.ref, which must give the rows of these series only where the model says that they are enough."""
    model = tmp_path / "int_double.py"
    model.write_text(
        "def model(dbt, session):\n    dbt.config(materialized='table')\n    return dbt.ref('int_change').pl()\n"
    )
    with build_session(home.settings) as con:
        known = journal.nodes(con)
        node = Node(
            "model.double", "int_double", "", PYTHON, str(model), None, ("model.int_change",), ("int_change",)
        )
        update.made_for_series(con, node, ["c"], known, "made")
        assert con.execute("SELECT DISTINCT series_id FROM made").fetchall() == [("c",)]
        update.made_for_series(con, node, None, known, "made")
        assert con.execute("SELECT count(DISTINCT series_id) FROM made").fetchall() == [(3,)]
