"""orchestration/readers/rows.py, made from the contracts of the dbt models: the type of a row of every public table.

Belongs here: turning a contract (names, types, not-null constraints of columns) into a TypedDict.
Does not belong here: the contracts themselves (dbt_project/models/marts), reading rows (readers/release_file.py).
`make rows` writes the module; a test compares it with the contracts, so that neither changes without the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import yaml

from orchestration.base.settings import PROJECT

CONTRACTS = PROJECT / "dbt_project" / "models" / "marts"
TARGET = PROJECT / "orchestration" / "readers" / "rows.py"

#: DuckDB's types of contract columns as the types that its Python client gives
_PYTHON = {
    "bigint": "int",
    "boolean": "bool",
    "date": "dt.date",
    "double": "float",
    "integer": "int",
    "smallint": "int",
    "timestamp": "dt.datetime",
    "varchar": "str",
}

_HEAD = '''"""The rows of the public tables, a TypedDict each: which columns a table has, of which type, and which may be null.

Made by `make rows` from the contracts in dbt_project/models/marts: change a contract, not this file.
`release_file.read(con, DimEvent, "where event_id = ?", [event_id])` gives rows of these types.
"""

# no `from __future__ import annotations`: 600 annotations kept as text are compiled one by one, which takes 50 ms of every command

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypedDict
'''

_FOOT = """

#: the public table that each class describes
TABLE_OF: Mapping[type[Any], str] = {
"""


class _Column(TypedDict, total=False):
    """A column of a contract, as dbt's yml writes it."""

    name: str
    data_type: str
    constraints: list[dict[str, str]]


def row_types(contracts: Path = CONTRACTS) -> str:
    """The text of the module. Raises KeyError for a column type that _PYTHON does not have."""
    tables = dict(sorted(_tables(contracts)))
    parts = [_HEAD]
    for table, columns in tables.items():
        parts.append(f'\n\nclass {class_name(table)}(TypedDict):\n    """A row of {table}."""\n\n')
        parts += [f"    {column['name']}: {_type(column)}\n" for column in columns]
    parts.append(_FOOT)
    parts += [f'    {class_name(table)}: "{table}",\n' for table in tables]
    return "".join(parts) + "}\n"


def class_name(table: str) -> str:
    """rpt_before_after as RptBeforeAfter."""
    return "".join(word.capitalize() for word in table.split("_"))


def write_row_types(target: Path = TARGET) -> None:
    """Write the module to `target`. Raises KeyError as `row_types` does."""
    target.write_text(row_types(), encoding="utf-8")


def _tables(contracts: Path) -> Iterator[tuple[str, list[_Column]]]:
    """The public tables of the yml files and the columns of their contracts."""
    for path in sorted(contracts.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            if model["name"].startswith(("dim_", "fct_", "rpt_", "bridge_")):
                yield model["name"], model["columns"]


def _type(column: _Column) -> str:
    """The Python type of a column as it is written in the module; null is possible unless a constraint forbids it."""
    duckdb_type = column["data_type"].lower()
    is_list = duckdb_type.endswith("[]")
    python_type = f"list[{_PYTHON[duckdb_type[:-2]]}]" if is_list else _PYTHON[duckdb_type]
    never_null = any(
        constraint["type"] in ("not_null", "primary_key") for constraint in column.get("constraints", [])
    )
    return python_type if never_null else f"{python_type} | None"


if __name__ == "__main__":
    write_row_types()
