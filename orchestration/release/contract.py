"""What a released file must hold and how it is checked before anyone sees it.

Belongs here: the list of public tables and macros, the checks on a finished file.
Does not belong here: tests of meaning (dbt_project/), the shape of a file (base/public_table.py), making it
(public_file.py), publishing it (folders.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orchestration.base.duck import literal, quoted, scalar
from orchestration.base.public_table import PublicTable, series_column

if TYPE_CHECKING:
    import duckdb

#: a dimension or fact that loses more than this share of its rows stops the release: revisions and withdrawals
#: add rows, so a loss means that an input or a join broke
SHRINK_LIMIT = 0.10


@dataclass(frozen=True)
class CheckResult:
    """One check, in words a user can act on. `warn` is recorded with the release, `fail` stops it."""

    name: str
    outcome: Literal["pass", "warn", "fail"]
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """The result as release.json keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class MacroCall:
    """A call of a macro that must give rows. `arguments`: a query for one row of arguments, the `?` of `call`."""

    call: str
    arguments: str | None = None


@dataclass(frozen=True)
class Contract:
    """The public tables and table macros that every release has (it may have more).

    may_be_empty: tables that hold what somebody asked for, and so nothing in a warehouse where nobody did."""

    tables: tuple[str, ...]
    macros: Mapping[str, MacroCall]
    may_be_empty: frozenset[str] = frozenset()


CONTRACT = Contract(
    tables=(
        "dim_source",
        "dim_series",
        "dim_derived_series",
        "dim_event",
        "dim_event_cluster",
        "dim_event_source",
        "dim_episode",
        "dim_tariff_measure",
        "dim_tariff_list",
        "bridge_measure_product",
        "dim_control_set",
        "dim_donor",
        "dim_expected_effect",
        "dim_panel_family",
        "dim_origin_rule",
        "dim_geography",
        "dim_product",
        "dim_industry",
        "dim_month",
        "dim_payload",
        "dim_figure_origin",
        "fct_observation",
        "fct_observation_vintage",
        "fct_trade_flow",
        "fct_freight_flow",
        "fct_panel",
        "fct_position",
        "rpt_feed_candidate",
        "rpt_series_month",
        "rpt_event_window",
        "rpt_before_after",
        "rpt_cluster_before_after",
        "rpt_difference_in_differences",
        "rpt_tariff_exposure",
        "rpt_statutory_rate",
        "rpt_event_exposure",
        "bridge_event_treatment",
        "rpt_interrupted_time_series",
        "rpt_synthetic_control",
        "rpt_change_point",
        "rpt_counterfactual",
        "rpt_counterfactual_effect",
        "rpt_panel_exposure",
        "rpt_panel_lead_lag",
        "rpt_panel_cell",
        "rpt_state_exposure",
        "rpt_state_change",
        "rpt_method_calibration",
        "rpt_answer",
        "rpt_answer_design",
        "rpt_answer_coverage",
        "rpt_expected_effect",
        "rpt_revision",
        "rpt_freshness",
        "rpt_coverage",
    ),
    macros={
        "answer": MacroCall(
            "FROM answer(?, ?)",
            "SELECT event_ids[1], series_id FROM rpt_answer WHERE window_months = 12 ORDER BY ALL LIMIT 1",
        ),
        "as_of": MacroCall("FROM as_of(current_date)"),
        "before_after": MacroCall(
            "FROM before_after(?, ?)", "SELECT series_id, event_id FROM rpt_before_after LIMIT 1"
        ),
        "placebo": MacroCall(
            "FROM placebo(?, ?)",
            "SELECT series_id, event_id FROM rpt_before_after WHERE verdict <> 'not_computable' LIMIT 1",
        ),
        # of rpt_before_after, because the first row of rpt_event_window is found by joining all of it
        "event_window": MacroCall(
            "FROM event_window(?, ?)",
            "SELECT series_id, event_id FROM rpt_before_after WHERE verdict <> 'not_computable' LIMIT 1",
        ),
        "trace": MacroCall(
            "FROM trace(?, ?)",
            "SELECT series_id, CAST(period_start AS VARCHAR) FROM fct_observation LIMIT 1",
        ),
    },
    may_be_empty=frozenset({"rpt_feed_candidate"}),
)


def declared_keys(manifest: Path) -> dict[str, tuple[str, ...]]:
    """Keys of the dbt models, by model name: dbt infers `primary_key` from constraints and from unique tests."""
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    return {n["name"]: tuple(n["primary_key"]) for n in nodes if n.get("primary_key")}


def check_file(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    contract: Contract,
    *,
    previous: Mapping[str, int],
    allow_shrink: bool,
    changes: Mapping[str, Collection[str] | None] | None = None,
) -> list[CheckResult]:
    """The checks on a finished file, which is opened read-only as the current database of `con`.

    tables:       what `describe` gives for the file. previous: table -> rows of the release that is current now.
    allow_shrink: a fact or dimension that lost more than SHRINK_LIMIT of its rows is a warning and no failure.
    changes:      of a file that is one which passed these checks, with changes: table -> the series whose rows changed, None for all of it.
                  Keys of rows that did not change are not looked at again.
    """
    return [
        _all_pass("every contract table is there and has rows", _missing(tables, contract)),
        _all_pass("every table and column has a comment", _uncommented(tables)),
        _all_pass("keys are complete and unique", _bad_keys(con, tables, changes)),
        _all_pass("every contract macro answers", _silent_macros(con, contract)),
        *_shrunk(tables, previous, allow_shrink),
    ]


def _all_pass(name: str, problems: Iterator[str]) -> CheckResult:
    """One check out of what is wrong: passed where nothing is, else failed with the first ten problems."""
    listed = list(problems)
    if not listed:
        return CheckResult(name, "pass")
    more = f" and {len(listed) - 10} more" if len(listed) > 10 else ""
    return CheckResult(name, "fail", "; ".join(listed[:10]) + more)


def _missing(tables: Sequence[PublicTable], contract: Contract) -> Iterator[str]:
    rows = {t.name: t.rows for t in tables}
    for name in contract.tables:
        if name not in rows:
            yield f"{name} is missing"
        elif not rows[name] and name not in contract.may_be_empty:
            yield f"{name} is empty"


def _uncommented(tables: Sequence[PublicTable]) -> Iterator[str]:
    for table in tables:
        if not table.comment:
            yield table.name
        yield from (f"{table.name}.{c.name}" for c in table.columns if not c.comment)


def _bad_keys(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    changes: Mapping[str, Collection[str] | None] | None,
) -> Iterator[str]:
    for table in tables:
        if not table.key or (changes is not None and table.name not in changes):
            continue
        unknown = set(table.key) - {c.name for c in table.columns}
        if unknown:
            yield f"{table.name} has no key column {', '.join(sorted(unknown))}"
            continue
        key = ", ".join(quoted(c) for c in table.key)
        null = " OR ".join(f"{quoted(c)} IS NULL" for c in table.key)
        rows = f"main.{quoted(table.name)}"
        series, column = (changes or {}).get(table.name), series_column(table.key)
        if series is not None and column is not None:
            # rows of other series have other keys
            listed = ", ".join(literal(one) for one in sorted(series))
            rows = f"(FROM {rows} WHERE {column} IN ({listed}) OR {column} IS NULL)"
        total, incomplete, distinct = con.execute(
            f"SELECT (SELECT count(*) FROM {rows}), (SELECT count(*) FROM {rows} WHERE {null}), "
            f"(SELECT count(*) FROM (SELECT 1 FROM {rows} GROUP BY {key}))"
        ).fetchall()[0]
        if incomplete:
            yield f"{table.name} has {incomplete} rows with null in ({', '.join(table.key)})"
        if distinct < total:
            yield f"{table.name} has {total - distinct} rows that repeat ({', '.join(table.key)})"


def _silent_macros(con: duckdb.DuckDBPyConnection, contract: Contract) -> Iterator[str]:
    import duckdb

    for name, macro in contract.macros.items():
        try:
            arguments: Sequence[object] | None = None
            if macro.arguments:
                rows = con.execute(macro.arguments).fetchall()
                if not rows:
                    yield f"{name}: nothing to call it with ({macro.arguments})"
                    continue
                arguments = rows[0]
            if not scalar(con, f"SELECT count(*) FROM ({macro.call})", arguments):
                yield f"{name} gives no row for {list(arguments or [])}"
        except duckdb.Error as error:
            yield f"{name}: {str(error).splitlines()[0]}"


def _shrunk(
    tables: Sequence[PublicTable], previous: Mapping[str, int], allow_shrink: bool
) -> list[CheckResult]:
    """A failure for facts and dimensions that lost rows, a warning for other tables; one result where none did."""
    name = f"no table lost more than {SHRINK_LIMIT:.0%} of its rows"
    rows = {t.name: t.rows for t in tables}
    failures: list[str] = []
    warnings: list[str] = []
    for table, before in previous.items():
        after = rows.get(table, 0)
        if after < before * (1 - SHRINK_LIMIT):
            stops = table.startswith(("dim_", "fct_")) and not allow_shrink
            losses = failures if stops else warnings
            losses.append(f"{table}: {before:,} rows in the current release, {after:,} now")
    results = []
    if failures:
        detail = "; ".join(failures) + " (if that is right: headway build --allow-shrink)"
        results.append(CheckResult(name, "fail", detail))
    if warnings:
        results.append(CheckResult(name, "warn", "; ".join(warnings)))
    return results or [CheckResult(name, "pass")]
