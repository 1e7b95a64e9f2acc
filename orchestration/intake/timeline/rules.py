"""Which rows of a timeline are good: the rules of the seeds, read from where dbt reads them, held against the rows of a user.

Belongs here: reading the rules of dbt_project/seeds/timeline/_timeline.yml and of two data tests of dbt, and saying of each row which of them
it breaks. Does not belong here: the rules themselves, which stand in those files alone; what is asked of a user's rows beyond them
(own.py); the type of a cell (transforms/timeline.py).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from transforms.timeline import TIMELINE_COLUMNS, TIMELINE_KEYS, Kind, Value, value_of

if TYPE_CHECKING:
    import duckdb

#: kind -> the seeds whose rules its rows obey; a measure is joined to its event in a seed of its own
SEEDS: Mapping[Kind, tuple[str, ...]] = {
    "sources": ("seed_event_source",),
    "events": ("seed_event",),
    "measures": ("seed_tariff_measure", "seed_measure_event"),
    "positions": ("seed_position",),
}
#: seed -> the kind of a user's rows that are looked up beside those of the seed
_KIND_OF_SEED: Mapping[str, Kind] = {"seed_event_source": "sources", "seed_event": "events"}
#: at most so many allowed values are listed in a message
_LISTED = 25

#: data tests of dbt that join rows of several kinds: name -> (kind it speaks of, column that names the row, what it says)
_JOINED: Mapping[str, tuple[Kind, str, str]] = {
    "copies_alone_are_not_high": (
        "events",
        "event_id",
        "confidence is high, but the source is a copy, an encyclopedia or a note and source_reference cites no official document: "
        "cite it there (90 FR 15041, EO 14257, SOR/2025-95 ...), or say medium",
    ),
    "events_of_measures_have_their_dates": (
        "measures",
        "measure_id",
        "its event falls on another day or is another country's: an event is linked that happens on the day on which the measure takes "
        "effect or is announced, and has the imposing country among its parties",
    ),
}


@dataclass(frozen=True)
class Row:
    """A row whose cells were read. where: its place, for messages ("events.csv line 3"). values: by column, all of its kind."""

    where: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row, and what to do. where: the row; column: the cell, where one alone is wrong."""

    where: str
    column: str | None
    says: str

    def __str__(self) -> str:
        return f"{self.where}: {f'{self.column} ' if self.column else ''}{self.says}"


@dataclass(frozen=True)
class Rules:
    """What the seeds of a kind ask of a row.

    required, unique: columns that are never empty, that no two rows share. together: columns that no two rows share as a whole.
    accepted: column -> its values. references: column -> (seed, column there). conditions: (SQL about one row, what it says).
    lists: the arguments of the test text_lists, one for each list column.
    """

    required: list[str] = field(default_factory=list)
    unique: list[str] = field(default_factory=list)
    together: list[tuple[str, ...]] = field(default_factory=list)
    accepted: dict[str, list[str]] = field(default_factory=dict)
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    conditions: list[tuple[str, str]] = field(default_factory=list)
    lists: list[Mapping[str, Any]] = field(default_factory=list)  # Any: as YAML has them


class Rulebook:
    """The rules and the bundled rows of one dbt project. Files are read when they are first asked for."""

    def __init__(self, dbt_project: Path) -> None:
        self._project = dbt_project
        self._folder = dbt_project / "seeds" / "timeline"
        self._seeds: dict[str, list[dict[str, str]]] = {}
        self._bundled: dict[Kind, list[Row]] = {}
        self._closed: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}

    def seed(self, name: str) -> list[dict[str, str]]:
        """The rows of a seed of the timelines, as texts."""
        if name not in self._seeds:
            with (self._folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                self._seeds[name] = list(csv.DictReader(file))
        return self._seeds[name]

    def bundled(self, kind: Kind) -> list[Row]:
        """The rows of a kind that Headway brings. A measure's event is in another seed, and None here."""
        if kind not in self._bundled:
            columns = TIMELINE_COLUMNS[kind].items()
            self._bundled[kind] = [
                Row(
                    "a row that Headway brings",
                    {name: value_of(cells.get(name), dtype) for name, dtype in columns},
                )
                for cells in self.seed(SEEDS[kind][0])
            ]
        return self._bundled[kind]

    def closed(self, seed: str, column: str, kinds: Sequence[str] = ()) -> list[str]:
        """The values of a column of a seed; only rows of these `kinds`, where some are given."""
        key = (seed, column, tuple(kinds))
        if key not in self._closed:
            self._closed[key] = [row[column] for row in self.seed(seed) if not kinds or row["kind"] in kinds]
        return self._closed[key]

    def rules(self, kind: Kind) -> Rules:
        """The rules of a kind. Raises ValueError for a test in the yml that is not known here: no rule is passed over."""
        return _rules(self._folder / "_timeline.yml", SEEDS[kind])

    def joined_test(self, name: str) -> str:
        """The SQL of a data test of dbt, its references as plain names of tables."""
        from jinja2 import Environment, StrictUndefined

        text = (self._project / "tests" / "timeline" / f"{name}.sql").read_text(encoding="utf-8")
        # SQL of this project, and no page: nothing is to be escaped
        template = Environment(undefined=StrictUndefined, autoescape=False).from_string(text)
        return template.render(ref=lambda table: table, config=lambda **_: "")


@cache
def rulebook(dbt_project: Path) -> Rulebook:
    """The rulebook of a dbt project, read once a process: the seeds are part of the code."""
    return Rulebook(dbt_project)


@cache
def _rules(path: Path, seeds: tuple[str, ...]) -> Rules:
    import yaml

    declared = {
        seed["name"]: seed for seed in yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())["seeds"]
    }
    rules = Rules()
    for seed in seeds:
        for test in declared[seed].get("data_tests", ()):
            _add(rules, None, test, path)
        for column in declared[seed]["columns"]:
            # the key that the second seed of a kind has in common with the first is judged there
            if seed == seeds[0] or column["name"] not in {c["name"] for c in declared[seeds[0]]["columns"]}:
                for test in column.get("data_tests", ()):
                    _add(rules, column["name"], test, path)
    return rules


def _loader() -> type:
    """The loader written in C reads the file in 15 ms, the other one in 120."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _add(rules: Rules, column: str | None, test: str | Mapping[str, Any], path: Path) -> None:
    """Add what a declared test asks of a row. Raises ValueError for a test that is not known here."""
    name, arguments = (test, {}) if isinstance(test, str) else next(iter(test.items()))
    arguments = arguments.get("arguments", arguments) if isinstance(arguments, Mapping) else {}
    if column is None:
        if name == "no_nulls":
            rules.required.extend(arguments["columns"])
        elif name == "unique_combination":
            rules.together.append(tuple(arguments["columns"]))
        elif name == "rules":
            rules.conditions.extend((rule["condition"], rule["says"]) for rule in arguments["rules"])
        elif name == "text_lists":
            rules.lists.extend(arguments["lists"])
        else:
            raise ValueError(f"{path.name}: the test {name} is not known to the rules of a user's timelines")
    elif name == "unique":
        rules.unique.append(column)
    elif name == "accepted_values":
        rules.accepted[column] = [str(value) for value in arguments["values"]]
    elif name == "relationships":
        rules.references[column] = (arguments["to"].split("'")[1], arguments["field"])
    else:
        raise ValueError(
            f"{path.name}: the test {name} of {column} is not known to the rules of a user's timelines"
        )


def broken(
    rows: Mapping[Kind, Sequence[Row]], book: Rulebook, *, open_lists: Mapping[str, str], at_change: bool
) -> list[Problem]:
    """Every rule that one of `rows` breaks, in the order of the kinds and their rows.

    open_lists: column -> what its values may begin with although its closed list does not have them.
    at_change: the rows are just being written. Only then may their titles be no bundled ones: a later version of Headway can bring
               an event of the same name, which must not stop every build of this user.
    """
    import duckdb

    problems: list[Problem] = []
    own = {
        kind: [str(row.values[key[0]]) for row in rows.get(kind, ())] for kind, key in TIMELINE_KEYS.items()
    }
    with duckdb.connect() as con:
        for kind in TIMELINE_COLUMNS:
            rules = book.rules(kind)
            mine = rows.get(kind, ())
            for row in mine:
                problems.extend(_of_one_row(row, rules, own, book, open_lists))
            problems.extend(_repeated(kind, mine, rules, book, at_change))
            # a condition about an empty cell would only say again that it is empty
            named = {problem.where for problem in problems}
            problems.extend(_of_conditions(con, [row for row in mine if row.where not in named], kind, rules))
        # what joins rows asks for whole ones
        if not problems and any(rows.values()):
            problems.extend(_of_joins(con, rows, book))
    return problems


def _of_one_row(
    row: Row,
    rules: Rules,
    own: Mapping[Kind, Sequence[str]],
    book: Rulebook,
    open_lists: Mapping[str, str],
) -> Iterator[Problem]:
    wrong = set()
    for column in rules.required:
        if row.values[column] is None:
            yield Problem(row.where, column, "is empty")
    for column, accepted in rules.accepted.items():
        value = row.values[column]
        if value is not None and value not in accepted:
            yield Problem(row.where, column, _not_among(str(value), accepted))
    for column, (seed, name) in rules.references.items():
        value = row.values[column]
        if not isinstance(value, str) or value.startswith(open_lists.get(column) or "\0"):
            continue
        known = book.closed(seed, name)
        kind = _KIND_OF_SEED.get(seed)
        mine = own[kind] if kind else ()
        if value not in known and value not in mine:
            hint = f"; add it to your {kind} first" if kind else ""
            wrong.add(column)
            yield Problem(row.where, column, _not_among(value, [*mine, *known]) + hint)
    for each in rules.lists:
        if each["column"] not in wrong:
            yield from _of_list(row, each, book)


def _of_list(row: Row, each: Mapping[str, Any], book: Rulebook) -> Iterator[Problem]:
    """As the test text_lists of dbt: no blanks, no empty and no repeated items, and none that is not in the closed list."""
    column, text = each["column"], row.values[each["column"]]
    if not isinstance(text, str):
        return
    items = [item.strip() for item in text.split(";") if item.strip()]
    if text != ";".join(items) or len(set(items)) < len(items):
        yield Problem(
            row.where,
            column,
            f"'{text}' is not a list: write its items once each, with ';' and no blank between them",
        )
    allowed: Sequence[str] = each.get("one_of", ())
    if each.get("closed_list"):
        allowed = book.closed(f"seed_{each['closed_list']}", each["closed_list"], each.get("kinds", ()))
    for item in items if allowed else ():
        if item not in allowed:
            yield Problem(row.where, column, _not_among(item, allowed))


def _not_among(value: str, allowed: Sequence[str]) -> str:
    near = get_close_matches(value, allowed, n=3, cutoff=0.6)
    if len(allowed) <= _LISTED:
        rest = f"allowed: {', '.join(allowed)}"
    else:
        rest = (
            f"nearest: {', '.join(near)}" if near else f"none of the {len(allowed)} that are known is like it"
        )
    return f"'{value}' is not known; {rest}"


def _repeated(
    kind: Kind, rows: Sequence[Row], rules: Rules, book: Rulebook, at_change: bool
) -> Iterator[Problem]:
    """Rows that share with a bundled row or with one before them what no two rows may share."""
    if not rows:
        return
    groups = [(column,) for column in rules.unique] + rules.together
    for columns in groups:
        compared = book.bundled(kind) if at_change or columns == TIMELINE_KEYS[kind] else ()
        taken = {tuple(row.values[column] for column in columns): row.where for row in compared}
        for row in rows:
            key = tuple(row.values[column] for column in columns)
            if None in key:
                continue
            if key in taken:
                words = f"'{key[0]}'" if len(key) == 1 else f"({', '.join(map(str, key))})"
                yield Problem(
                    row.where,
                    ", ".join(columns),
                    f"{words} is the same as of {taken[key]}: each needs its own",
                )
            taken.setdefault(key, row.where)


def frame(kind: Kind, rows: Sequence[Row]) -> pl.DataFrame:
    """The values of rows, one column each, and `line`: the position of the row among them."""
    columns = TIMELINE_COLUMNS[kind]
    values = {column: [row.values[column] for row in rows] for column in columns}
    return pl.DataFrame(values, schema=dict(columns)).with_row_index("line")


def _of_conditions(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Row], kind: Kind, rules: Rules
) -> Iterator[Problem]:
    """The conditions in SQL, which DuckDB decides here as it does in a data test."""
    if not rows or not rules.conditions:
        return
    tests = " union all ".join(
        f"select {number} as rule, line from given where not coalesce({condition}, false)"
        for number, (condition, _) in enumerate(rules.conditions)
    )
    con.register("given", frame(kind, rows))
    for rule, line in con.execute(f"select * from ({tests}) order by line, rule").fetchall():
        yield Problem(rows[line].where, None, rules.conditions[rule][1])


def _of_joins(
    con: duckdb.DuckDBPyConnection, rows: Mapping[Kind, Sequence[Row]], book: Rulebook
) -> Iterator[Problem]:
    """What the data tests of dbt that join several kinds find among a user's rows, with the bundled rows beside them."""
    for kind in TIMELINE_COLUMNS:
        con.register(f"given_{kind}", frame(kind, [*book.bundled(kind), *rows.get(kind, ())]))
    con.execute("""
        create view stg_event_source as from given_sources;
        create view stg_event as
        select * replace (string_split(parties, ';') as parties) from given_events;
        create view stg_tariff_measure as from given_measures;
        -- the events of bundled measures are in another seed, and no matter of a user's rows
        create view stg_measure_event as
        select measure_id, event_id, no_event_because from given_measures where event_id is not null""")
    for name, (kind, column, says) in _JOINED.items():
        found = con.execute(f"select distinct {column} from ({book.joined_test(name)})").fetchall()
        by_key = {row.values[column]: row.where for row in rows.get(kind, ())}
        for (key,) in sorted(found):
            if key in by_key:
                yield Problem(by_key[key], None, says)
