"""The data tests of the dbt project, run by DuckDB itself: the SQL that dbt compiled, one query a test.

Belongs here: the compiled tests as data, running them on what a build made, their results.
Does not belong here: declaring tests (the yml files and dbt_project/tests), compiling them (dbt_project.py), what a failure
stops (release/contract.py).

dbt spends about 60 ms on each test, whatever it reads: contexts, transactions, log events, a file. For 460 tests that was a
fifth of a build. What is asked of the tables is dbt's text to the letter, and its rules of severity are kept: `dbt build` by
hand runs the same tests with the same results.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestration.base.duck import MEMORY_LIMIT, NO_MEMORY, literal
from orchestration.base.files import write_whole
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build.session import build_session

if TYPE_CHECKING:
    import duckdb

#: the compiled tests of a state of the project, and the results of a build's tests, in the folder of dbt's artefacts
COMPILED = "data_tests.json"
RESULTS = "data_test_results.json"
#: the database of the session itself, which holds slices of tables
_PART = "memory"
#: generic tests that look at each row by itself, or at rows of one series
_OF_EACH_ROW = frozenset(
    {
        *(
            "holds",
            "in_range",
            "no_nulls",
            "not_null",
            "accepted_values",
            "rules",
            "own_month_is_in_no_window",
        ),
        "base_of_index_is_100",
    }
)
#: those that compare rows with equal values in some columns -> where these columns are named
_OF_EQUAL_KEYS = {"unique_combination": "columns", "one_default_gap": "keys"}
#: those that look for each row of their subject in another table
_OF_PARENTS = frozenset({"relationships", "parents_exist"})


@dataclass(frozen=True)
class DataTest:
    """A test as dbt compiled it.

    sql:      one row: number of failures, whether they warn, whether they are an error.
    strict:   severity ERROR; otherwise failures are a warning only.
    subject:  unique id of the model, seed or source that the test speaks of.
    needs:    unique ids of all models and seeds that it reads.
    of_rows:  what it asks can be asked of the rows of one series of its subject alone: of each row by itself, or of rows of one series.
    keys:     of such a test that compares rows, the columns that those have in common: it is one where one of them is the series.
    """

    unique_id: str
    name: str
    sql: str
    strict: bool
    condition: str
    subject: str
    needs: tuple[str, ...]
    of_rows: bool = False
    keys: tuple[str, ...] = ()


#: what is kept of a test
FIELDS = [field.name for field in fields(DataTest)]


@dataclass(frozen=True)
class Slice:
    """The rows of some series of a table: place is its quoted name with catalog and schema, column the one that names the series."""

    place: str
    column: str
    series: tuple[str, ...]


@dataclass(frozen=True)
class TestResult:
    """What became of a test; statuses and messages are those of dbt."""

    __test__ = False  # pytest would take the class for a test

    unique_id: str
    name: str
    subject: str
    status: Literal["pass", "warn", "fail", "error", "skipped"]
    message: str | None
    seconds: float


def write(path: Path, nodes: Iterable[Any], by_name: dict[str, str]) -> None:
    """Keep compiled tests in the file `path`. nodes: those of dbt's manifest after a compilation (Any: dbt publishes no stable types); by_name: as
    in subject_of."""
    tests = [asdict(_test_of(node, by_name)) for node in nodes]
    path.write_text(json.dumps(tests), encoding="utf-8")


def read(settings: Settings) -> list[DataTest]:
    """The tests of the project; raises FileNotFoundError before the project was parsed."""
    listed = json.loads((settings.dbt_target / COMPILED).read_bytes())
    tuples = ("needs", "keys")
    return [DataTest(**{**test, **{name: tuple(test.get(name, ())) for name in tuples}}) for test in listed]


def subject_of(node: dict[str, Any], by_name: dict[str, str]) -> str:
    """Unique id of what a test (a node of the manifest) speaks of: its own table; of a test in a file of its own, what its
    meta.dagster.ref names, else the first that it reads. by_name: name of a model or seed -> its unique id."""
    if node.get("attached_node"):
        return str(node["attached_node"])
    named = node["config"].get("meta", {}).get("dagster", {}).get("ref", {}).get("name")
    return by_name[named] if named else str(node["depends_on"]["nodes"][0])


def can_be_asked_of(test: DataTest, part: Slice) -> bool:
    """Whether a test that all other rows pass may be asked of these rows alone: they are rows of its subject, and those that it compares
    with each other are of one series."""
    of_subject = test.subject.rpartition(".")[2] == part.place.rpartition(".")[2].strip('"')
    return of_subject and test.of_rows and (not test.keys or part.column in test.keys)


def run(
    settings: Settings,
    tests: list[DataTest],
    built: Collection[str],
    *,
    write: bool = True,
    slices: Mapping[str, Slice] | None = None,
) -> list[TestResult]:
    """Run `tests` on the database of the build, two at a time, and write their results beside dbt's.

    built: unique ids of the models and seeds that were built; a test that reads another one is skipped. write: whether these are all
    results of the build. slices: unique id of a test -> the rows of its subject that it is asked of, where that is not all of them.
    """
    slices = slices or {}
    database = settings.build_database.stem
    with build_session(settings, read_only=True, memory_limit=MEMORY_LIMIT) as con:
        cut = _cut(con, slices.values())

        def one(test: DataTest) -> TestResult:
            missing = [need for need in test.needs if need not in built]
            if missing:
                return _result(test, "skipped", f"{missing[0].rpartition('.')[2]} was not built", 0.0)
            with con.cursor() as cursor:
                cursor.execute(f"USE {database}")
                part = slices.get(test.unique_id)
                return _run(
                    cursor,
                    test if part is None else replace(test, sql=test.sql.replace(part.place, cut[part])),
                )

        results = []
        with ThreadPoolExecutor(2) as pool:
            for result in pool.map(one, tests):
                results.append(result)
                report("check", result.name, len(results), len(tests))
        # beside another one a test may find no memory; alone it does
        results = [
            one(test) if result.status == "error" and NO_MEMORY in (result.message or "") else result
            for test, result in zip(tests, results, strict=True)
        ]
    if write:
        write_results(settings, results)
    return results


def _cut(con: duckdb.DuckDBPyConnection, slices: Iterable[Slice]) -> dict[Slice, str]:
    """Copy the rows of each slice into a database in memory, under the name of their table; where they are."""
    places: dict[Slice, str] = {}
    for number, part in enumerate(dict.fromkeys(slices)):
        places[part] = f"{_PART}.part_{number}.{part.place.rpartition('.')[2]}"
        con.execute(f"CREATE SCHEMA {_PART}.part_{number}")
        con.execute(
            f"CREATE TABLE {places[part]} AS FROM {part.place} WHERE {part.column} IN ({', '.join(map(literal, part.series))})"
        )
    return places


def write_results(settings: Settings, results: Iterable[TestResult]) -> None:
    """Write the results of all tests of a build, whole or not at all: what is there counts as a build that went to its end."""
    content = json.dumps([asdict(result) for result in results]).encode()
    write_whole(results_path(settings), content)


def read_results(settings: Settings) -> list[TestResult]:
    """The results of the last build; raises FileNotFoundError where it did not come so far."""
    return [TestResult(**result) for result in json.loads(results_path(settings).read_bytes())]


def results_path(settings: Settings) -> Path:
    """Where the results of the last run are."""
    return settings.dbt_target / RESULTS


def _run(con: duckdb.DuckDBPyConnection, test: DataTest) -> TestResult:
    import duckdb

    started = time.perf_counter()
    try:
        ((failures, warns, fails),) = con.execute(test.sql).fetchall()
    except duckdb.Error as error:
        return _result(test, "error", str(error).strip(), time.perf_counter() - started)
    seconds = time.perf_counter() - started
    if fails and test.strict:
        return _result(
            test, "fail", f"Got {failures} results, configured to fail if {test.condition}", seconds
        )
    if warns:
        return _result(
            test, "warn", f"Got {failures} results, configured to warn if {test.condition}", seconds
        )
    return _result(test, "pass", None, seconds)


def _result(
    test: DataTest,
    status: Literal["pass", "warn", "fail", "error", "skipped"],
    message: str | None,
    seconds: float,
) -> TestResult:
    return TestResult(test.unique_id, test.name, test.subject, status, message, seconds)


def _test_of(node: Any, by_name: dict[str, str]) -> DataTest:
    """A test from its node, with the query that dbt's own materialization of tests would ask."""
    config = node.config
    limit = f" limit {config.limit}" if config.limit else ""
    sql = (
        f"select {config.fail_calc} as failures, {config.fail_calc} {config.warn_if} as should_warn, "
        f"{config.fail_calc} {config.error_if} as should_error from (\n{node.compiled_code}\n{limit}) dbt_internal_test"
    )
    strict = config.severity.upper() == "ERROR"
    plain = node.to_dict()
    of_rows, keys = _rows_compared(config, plain)
    return DataTest(
        unique_id=node.unique_id,
        name=node.name,
        sql=sql,
        strict=strict,
        condition=config.error_if if strict else config.warn_if,
        subject=subject_of(plain, by_name),
        needs=tuple(n for n in plain["depends_on"]["nodes"] if not n.startswith("source.")),
        of_rows=of_rows,
        keys=keys,
    )


def _rows_compared(config: Any, node: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """`of_rows` and `keys` of a test (config: an object of dbt's). One with a rule of its own for how many failures are too many is asked of
    all rows."""
    declared = node.get("test_metadata") or {}
    usual = config.fail_calc == "count(*)" and config.warn_if == config.error_if == "!= 0"
    name, arguments = declared.get("name", ""), declared.get("kwargs", {})
    if not usual or not node.get("attached_node"):
        return False, ()
    if name in _OF_EQUAL_KEYS:
        return True, tuple(arguments[_OF_EQUAL_KEYS[name]])
    if name in _OF_PARENTS:
        # a table whose rows have their parents in itself would lose these with the other series
        return len(set(node["depends_on"]["nodes"])) > 1, ()
    return name in _OF_EACH_ROW, ()
