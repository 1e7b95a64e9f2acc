"""An update makes what a whole build makes: what models declare of their inputs holds, and changes reach all that they have to reach."""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import polars as pl
import pytest

from orchestration.base.public_table import series_column
from orchestration.base.settings import Settings
from orchestration.build import journal, update
from orchestration.build.dbt_call import environment
from orchestration.build.session import build_session

#: half of what a build takes beside the tests that ran before in this process
MEMORY_LIMIT = "300MB"
#: series for which each declared model is made again; drawn anew for each set of figures
SERIES = 5


def difference(one: pl.DataFrame, other: pl.DataFrame) -> str:
    """In words how two frames of the same columns differ as sets of rows, numbers to 1e-9; empty where they do not.

    The sums of a window differ in their last digits with the rows that lie around it, in a whole build too."""
    if one.height != other.height:
        return f"{one.height} and {other.height} rows"
    lists = [name for name, dtype in one.schema.items() if dtype == pl.List(pl.Float64)]
    numbers = [name for name, dtype in one.schema.items() if dtype.is_float()]
    order = [
        pl.col(name).list.join("|", ignore_nulls=True) if isinstance(dtype, pl.List) else pl.col(name)
        for name, dtype in one.schema.items()
        if name not in (*numbers, *lists)
    ]
    order += [pl.col(name).round_sig_figs(6) for name in numbers]
    one, other = (frame.sort(order) for frame in (one, other))
    for name in one.columns:
        mine, theirs = one[name], other[name]
        if name in lists:
            if not mine.list.len().eq_missing(theirs.list.len()).all():
                return f"lists differ in length in {name}"
            mine, theirs = mine.explode(), theirs.explode()
        if mine.dtype.is_float():
            pair = [column.fill_null(math.inf).to_numpy() for column in (mine, theirs)]
            same = np.isclose(*pair, rtol=1e-9, atol=1e-9, equal_nan=True)
        else:
            same = mine.eq_missing(theirs).to_numpy()
        if not same.all():
            return f"{(~same).sum()} of {len(same)} rows differ in {name}"
    return ""


def test_a_row_of_a_model_that_says_so_needs_only_the_rows_of_its_own_series(home: Settings):
    """A model that looks at other series, and says it does not, would keep rows that a revision of another series made wrong.

    Made from the rows of some series alone, it must give the very rows that it gave for these series among all others."""
    with environment(home), build_session(home, read_only=True, memory_limit=MEMORY_LIMIT) as con:
        known = journal.nodes(con)
        kinds = (journal.VIEW, journal.SQL, journal.PYTHON)
        columns = {
            node.unique_id: series_column(journal.columns_of(con, node.place))
            for node in known.values()
            if node.by_series and node.kind in kinds
        }
        declared = [known[unique_id] for unique_id, column in columns.items() if column is not None]
        assert len(declared) > 25
        every = [
            series
            for (series,) in con.execute(
                'SELECT DISTINCT series_id FROM "headway"."main"."rpt_before_after" ORDER BY ALL'
            ).fetchall()
        ]
        treated = [
            series
            for (series,) in con.execute(
                'SELECT DISTINCT treated_series_id FROM "headway"."main"."rpt_difference_in_differences" ORDER BY ALL'
            ).fetchall()
        ]
        # one of them is compared with controls: of others those models have no rows
        drawn = random.Random(len(every))
        chosen = sorted({*drawn.sample(every, SERIES - 1), drawn.choice(treated)})
        different = {}
        for node in declared:
            update.made_for_series(con, node, chosen, known, "made")
            con.execute(f"CREATE OR REPLACE TEMP TABLE now AS FROM {node.place} LIMIT 0")
            con.execute("INSERT INTO now BY NAME FROM made")
            kept = con.sql(
                f"FROM {node.place} WHERE {columns[node.unique_id]} IN (SELECT series_id FROM temp.changed_series)"
            ).pl()
            if problem := difference(kept, con.sql("FROM now").pl()):
                different[node.name] = problem
    assert not different


@pytest.mark.parametrize("kind", [journal.VIEW, journal.SQL, journal.PYTHON])
def test_what_a_model_declares_is_what_it_reads(home: Settings, kind: str):
    """A misspelt input would never be cut down, and its changes would make the whole model again without anybody seeing why."""
    with build_session(home, read_only=True) as con:
        known = journal.nodes(con)
    for node in known.values():
        if node.kind == kind:
            read = {known[parent].name for parent in node.parents}
            assert set(node.by_series) <= read, node.name
            for said in node.series_of:
                name, other, _ = said.split()
                # a change of the table that names the series has to make all of the model again
                assert {name, other} <= read and other not in node.by_series, node.name


def test_a_model_that_reads_some_series_only_gives_the_same_without_the_others(home: Settings):
    """A model that reads a series that it says it does not would keep rows that a revision of it made wrong."""
    with environment(home), build_session(home, read_only=True, memory_limit=MEMORY_LIMIT) as con:
        known = journal.nodes(con)
        declared = [node for node in known.values() if node.series_of]
        assert len(declared) > 3
        different = {}
        for node in declared:
            inputs = {known[parent].name: known[parent] for parent in node.parents}
            others: dict[str, str] = {}
            for said in node.series_of:
                name, other, column = said.split()
                # of every table that it may leave out rows of, those of other series are left out
                others[name] = " UNION ".join(
                    filter(None, [others.get(name), f'SELECT "{column}" FROM {inputs[other].place}'])
                )
            definition = node.definition
            for name, series in others.items():
                place = inputs[name].place
                column = series_column(journal.columns_of(con, place))
                con.execute(
                    f'CREATE OR REPLACE TABLE memory.main."{name}" AS FROM {place} WHERE {column} IN ({series}) OR {column} IS NULL'
                )
                definition = definition.replace(place, f'memory.main."{name}"')
            cut = dataclasses.replace(node, definition=definition)
            update.made_for_series(con, cut, None, known, "made")
            con.execute(f"CREATE OR REPLACE TEMP TABLE now AS FROM {node.place} LIMIT 0")
            con.execute("INSERT INTO now BY NAME FROM made")
            if problem := difference(con.sql(f"FROM {node.place}").pl(), con.sql("FROM now").pl()):
                different[node.name] = problem
    assert not different
