"""Vintages: which rows a payload appends, so that only changes are stored and yet every date can be asked.

Belongs here: what each vintage covered, comparing it with what is stored, inserting vintages that arrive late, keeping
`<table>_current`.
Does not belong here: accepting rows and accounts (loading.py), tables (tables.py), reading as of a date (dbt_project/).

A vintage is what one payload says of one slice at one known_from. It asserts every row it shows and, if it is
complete, the absence of what it does not show. What is known of a key at a time is the assertion with the greatest
(known_from, load_id). The store keeps an assertion only where it differs from the one before it; raw.coverage keeps
which periods each vintage asserted. So when an older vintage arrives late and differs, the next vintage that had
only confirmed the state before it gets a row of its own (a reinstated row), and a question as of any date is answered as
if all vintages were stored in full.

Completeness is per slice. Where a slice has one cell a period (observations), a complete vintage asserts every period
from its first to its last. Where it has many (flows), it asserts every cell of the periods it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from orchestration.base.duck import scalar
from transforms.periods import MONTHS_IN_PERIOD
from transforms.schema import Parsed, Table


@dataclass(frozen=True)
class Counts:
    """Rows appended by one load: `revised` are among `appended`, the others beside them."""

    appended: int
    revised: int
    withdrawn: int
    reinstated: int


def coverage(parsed: Parsed, frame: pl.DataFrame, *, complete: bool) -> pl.DataFrame:
    """What the accepted rows `frame` cover: one row for each slice and known_from; where the payload is not `complete`
    and a slice has many cells, one row for each cell and known_from.

    Columns: those of the slice, slice_id, cell_id, complete, known_from, known_from_basis, first_period, last_period,
    missing_periods (the periods between the first and the last that are not shown).
    """
    table = parsed.table
    by_cell = not (complete or _one_cell_a_period(table))
    unit = list(_cell(table) if by_cell else table.slice)
    one_row_a_period = by_cell or _one_cell_a_period(table)
    periods = (
        pl.len() if one_row_a_period else pl.col("period_start").n_unique()
    )  # counting is 5 times as fast
    units = frame.group_by([*unit, "known_from"]).agg(
        pl.col("known_from_basis").min(),
        first_period=pl.col("period_start").min(),
        last_period=pl.col("period_start").max(),
        shown=periods,
    )
    if parsed.series is None:
        units = units.with_columns(frequency=pl.lit(table.frequency))
    else:
        units = units.join(parsed.series.select("series_id", "frequency"), on="series_id")
    cell_id = _joined(unit) if by_cell else pl.lit(None, dtype=pl.String)
    return units.join(
        _holes(frame, units, [*unit, "known_from"]), on=[*unit, "known_from"], how="left"
    ).select(
        *table.slice,
        "known_from",
        "known_from_basis",
        "first_period",
        "last_period",
        slice_id=_joined(table.slice),
        cell_id=cell_id,
        complete=pl.lit(complete),
        missing_periods=pl.col("missing_periods").fill_null([]),
    )


def _holes(frame: pl.DataFrame, units: pl.DataFrame, unit: Sequence[str]) -> pl.DataFrame:
    """`missing_periods` of the units that do not show every period between their first and their last.

    frame: the accepted rows. units: one row for each slice or cell and known_from, with first_period, last_period,
    frequency and `shown`, the number of periods it shows. unit: the columns that name a unit.
    """
    first, last = pl.col("first_period").dt, pl.col("last_period").dt
    months = (last.year() - first.year()) * 12 + last.month() - first.month()
    days = (pl.col("last_period") - pl.col("first_period")).dt.total_days()
    frequency = pl.col("frequency")
    steps = pl.coalesce(
        pl.when(frequency == "daily").then(days),
        *(pl.when(frequency == name).then(months // length) for name, length in MONTHS_IN_PERIOD.items()),
    )
    gaps = units.filter(steps + 1 > pl.col("shown"))
    # most vintages have no hole, so that nothing is joined
    rows = frame.join(gaps, on=unit, how="semi") if gaps.height else frame.clear()
    periods = rows.group_by(unit).agg(shown_periods=pl.col("period_start").unique())
    holes = []
    for (name,), group in gaps.join(periods, on=unit).group_by("frequency"):
        step = "1d" if name == "daily" else f"{MONTHS_IN_PERIOD[str(name)]}mo"
        all_periods = pl.date_ranges("first_period", "last_period", interval=step)
        missing = all_periods.list.set_difference("shown_periods").list.sort()
        holes.append(group.select(*unit, missing_periods=missing))
    return pl.concat(holes) if holes else gaps.select(*unit, missing_periods=pl.lit([], pl.List(pl.Date)))


def _joined(names: Sequence[str]) -> pl.Expr:
    """The text that identifies a slice or cell: its columns joined by '|'."""
    return pl.concat_str(pl.col(names).cast(pl.String), separator="|")


def append(
    con: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame, payload_id: str, load_id: int
) -> Counts:
    """Append what a payload changes in `table`, its `<table>_current` and raw.coverage; the numbers of rows appended.

    frame: the accepted rows, which the caller has registered as `incoming`, and their `coverage` as
    `incoming_coverage`. The caller opens and closes the transaction. Raises duckdb.Error where the store cannot be
    written.
    """
    sql = _Sql(table, payload_id, load_id)
    # slices whose history has to be replayed: several vintages at once, or one older than another already stored
    con.execute(
        f"""CREATE TEMP TABLE replayed AS
            SELECT {sql.slice}
            FROM (SELECT {sql.slice}, slice_id, min(known_from) AS oldest, count(DISTINCT known_from) AS vintages
                  FROM incoming_coverage GROUP BY ALL) new
            LEFT JOIN (SELECT slice_id, max(known_from) AS newest FROM raw.coverage
                       WHERE table_name = '{table.name}' GROUP BY slice_id) old USING (slice_id)
            WHERE vintages > 1 OR newest > oldest"""
    )
    slices, replayed = con.execute(
        "SELECT (SELECT count(DISTINCT slice_id) FROM incoming_coverage), (SELECT count(*) FROM replayed)"
    ).fetchall()[0]
    if _nothing_known(con, sql):
        if not replayed:
            con.execute("DROP TABLE replayed")
            return _store_all(con, sql, frame)
        if _only_shows(con, frame):
            con.execute("DROP TABLE replayed")
            return _store_history(con, sql, frame)
    # columns spelled out: DuckDB 2.0.0 keeps the statistics of a table made empty by `AS SELECT ... LIMIT 0` when more than
    # 122,880 rows are inserted in the same transaction, and then finds none of them (`origin = 'shown'` is never true)
    columns = ", ".join(
        f"{name} {type_}" for name, type_, *_ in con.execute(f"DESCRIBE {sql.stored}").fetchall()
    )
    con.execute(f"CREATE TEMP TABLE change ({columns}, origin VARCHAR, is_revision BOOLEAN, is_new BOOLEAN)")
    if replayed < slices:
        _compare_with_current(con, sql)
    if replayed:
        _replay(con, sql)
    counts = con.execute(
        """SELECT count(*) FILTER (origin = 'shown'), count(*) FILTER (origin = 'shown' AND is_revision),
                  count(*) FILTER (origin = 'absent'), count(*) FILTER (origin = 'confirmed') FROM change"""
    ).fetchall()[0]
    _write(con, sql, replayed=replayed > 0)
    con.execute("DROP TABLE change; DROP TABLE replayed")
    return Counts(*counts)


class _Sql:
    """Pieces of SQL written from a Table; every name in them is a constant of transforms.schema.

    In the statements `new` is a row of the payload, `old` a row of the store, `cover` a row of coverage.
    """

    def __init__(self, table: Table, payload_id: str, load_id: int) -> None:
        self.stored = f"raw.{table.name}"
        self.current = f"raw.{table.name}_current"
        self.table = table
        self.key = ", ".join(table.key)
        self.slice = ", ".join(table.slice)
        # columns that are stored with values and status but not compared (quantity_unit, source_id, ...)
        self.attributes = [n for n in table.columns if n not in table.key and n not in table.values]
        self.load_id, self.payload_id = load_id, payload_id
        self.by = f"'{payload_id}' AS payload_id, {load_id} AS load_id"

    def same(self, left: str, right: str, names: Sequence[str]) -> str:
        return " AND ".join(f"{left}.{name} = {right}.{name}" for name in names)

    def columns(self, names: Sequence[str], row: str) -> str:
        return "".join(f"{row}.{name}, " for name in names)

    def joined(self, names: Sequence[str], row: str) -> str:
        """SQL for the text that `_joined` makes of these columns."""
        return f"concat_ws('|', {', '.join(f'{row}.{name}' for name in names)})"

    def state(self, row: str) -> str:
        """What is compared: values and status as one struct, in which null equals null."""
        parts = ", ".join(f"{name} := {row}.{name}" for name in (*self.table.values, "status"))
        return f"struct_pack({parts})"

    @property
    def absent(self) -> str:
        """The state of a key that is not there: of a withdrawn row, and of no row at all."""
        return f"struct_pack({', '.join(f'{name} := NULL' for name in self.table.values)}, status := 'withdrawn')"

    def asserts(self, row: str) -> str:
        """Whether `cover` says anything of the key of `row`: its value or its absence."""
        shown = f"NOT list_contains(cover.missing_periods, {row}.period_start)"
        covered = f"(cover.complete OR {shown})" if _one_cell_a_period(self.table) else shown
        return f"{row}.period_start BETWEEN cover.first_period AND cover.last_period AND {covered}"

    def denies(self, row: str) -> str:
        """Whether `cover` of this payload says that the key of `row` is not there."""
        if _one_cell_a_period(self.table):
            return f"cover.complete AND list_contains(cover.missing_periods, {row}.period_start)"
        shown = f"{self.same('new', row, self.table.key)} AND new.known_from = cover.known_from"
        return f"cover.complete AND {self.asserts(row)} AND NOT EXISTS (SELECT 1 FROM incoming new WHERE {shown})"


def _nothing_known(con: duckdb.DuckDBPyConnection, sql: _Sql) -> bool:
    """Whether no slice of the payload was ever covered: then each of its rows is new and nothing can be absent."""
    return scalar(
        con,
        f"""SELECT count(*) = 0 FROM incoming_coverage
            SEMI JOIN (FROM raw.coverage WHERE table_name = '{sql.table.name}') old USING (slice_id)""",
    )


def _store_all(con: duckdb.DuckDBPyConnection, sql: _Sql, frame: pl.DataFrame) -> Counts:
    """Store a payload of which nothing was known: no comparison, no table of changes, no merge."""
    con.register("incoming", _in_key_order(sql.table, frame))
    for name in (sql.stored, sql.current):
        con.execute(f"INSERT INTO {name} BY NAME SELECT *, {sql.by} FROM incoming")
    _write_coverage(con, sql)
    return Counts(appended=frame.height, revised=0, withdrawn=0, reinstated=0)


def _only_shows(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> bool:
    """Whether a payload says of no key that it is not there: then what it shows is all there is to its history."""
    return "withdrawn" not in frame["status"] and not scalar(
        con, "SELECT bool_or(complete) FROM incoming_coverage"
    )


def _store_history(con: duckdb.DuckDBPyConnection, sql: _Sql, frame: pl.DataFrame) -> Counts:
    """Store several vintages of which nothing was known and none denies anything: of each key the rows that differ from the one
    before in the order of knowledge. It gives what `_replay` gives, for a third of the time of the bundled figures."""
    table = sql.table
    rows = _in_key_order(table, frame, "known_from")
    same_key = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in table.key)
    same_state = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift()) for name in (*table.values, "status")
    )
    # the first row has none before it; shift() makes that a null, which a key never is
    changed = rows.with_columns(_of_known=same_key).filter(~(pl.col("_of_known") & same_state))
    last = changed.filter(~pl.col("_of_known").shift(-1, fill_value=False))
    for name, stored in ((sql.stored, changed), (sql.current, last)):
        con.register("incoming_changes", stored.drop("_of_known"))
        con.execute(f"INSERT INTO {name} BY NAME SELECT *, {sql.by} FROM incoming_changes")
        con.unregister("incoming_changes")
    _write_coverage(con, sql)
    return Counts(appended=changed.height, revised=int(changed["_of_known"].sum()), withdrawn=0, reinstated=0)


def _in_key_order(table: Table, frame: pl.DataFrame, *then: str) -> pl.DataFrame:
    """The rows sorted by key, and by the columns `then`: rows of one key lie side by side, which is how they are read and how they compress best.

    Columns that hold one value only are left out of the sorting, which halves its time: they are five of the eight key
    columns in a reply of the Census.
    """
    varied = frame.select((pl.col(table.key) != pl.col(table.key).first()).any()).row(0, named=True)
    return frame.sort([*(name for name in table.key if varied[name]), *then])


def _compare_with_current(con: duckdb.DuckDBPyConnection, sql: _Sql) -> None:
    """Changes of the slices of which the payload holds one vintage, not older than what is stored: the state before that
    vintage is the current one, so that `<table>_current` is all there is to compare with."""
    table = sql.table
    con.execute(
        f"""INSERT INTO change BY NAME
            SELECT new.*, {sql.by}, 'shown' AS origin, coalesce(old.status <> 'withdrawn', false) AS is_revision,
                   old.status IS NULL AS is_new
            FROM incoming new LEFT JOIN {sql.current} old ON {sql.same("old", "new", table.key)}
            WHERE (old.status IS NULL OR {sql.state("new")} IS DISTINCT FROM {sql.state("old")})
              AND NOT EXISTS (SELECT 1 FROM replayed r WHERE {sql.same("r", "new", table.slice)})"""
    )
    if not scalar(con, "SELECT bool_or(complete) FROM incoming_coverage"):
        return  # the payload asserts no absence
    con.execute(
        f"""INSERT INTO change BY NAME
            SELECT {sql.columns([*table.key, *sql.attributes], "old")}
                   'withdrawn' AS status, cover.known_from, cover.known_from_basis, {sql.by}, 'absent' AS origin
            FROM {sql.current} old
            JOIN incoming_coverage cover ON {sql.same("cover", "old", table.slice)} AND {sql.denies("old")}
            WHERE old.status <> 'withdrawn'
              AND NOT EXISTS (SELECT 1 FROM replayed r WHERE {sql.same("r", "old", table.slice)})"""
    )


def _replay(con: duckdb.DuckDBPyConnection, sql: _Sql) -> None:
    """Changes of the other slices. All that was ever asserted of each of their keys is put in the order of knowledge,
    the payload's vintages in their places, and compared from one assertion to the next."""
    table = sql.table
    of_replayed = f"SEMI JOIN replayed USING ({sql.slice})"
    order = f"PARTITION BY {sql.key} ORDER BY known_from, load_id"
    # an absence has the attributes of the row that was there before it
    attributes = ", ".join(["known_from_basis", *sql.attributes])
    # 1. Points: what is stored, what the payload shows, what it says is not there.
    con.execute(
        f"""CREATE TEMP TABLE point AS
            WITH asserted AS (
                SELECT {sql.key}, {attributes}, {sql.state("old")} AS state, known_from, load_id, 'stored' AS origin
                FROM {sql.stored} old {of_replayed}
                UNION ALL BY NAME
                SELECT {sql.key}, {attributes}, {sql.state("new")} AS state, known_from, {sql.load_id} AS load_id,
                       'shown' AS origin
                FROM incoming new {of_replayed}
                UNION ALL BY NAME
                SELECT {sql.columns(table.key, "known")} {sql.absent} AS state, cover.known_from,
                       cover.known_from_basis, {sql.load_id} AS load_id, 'absent' AS origin
                FROM (SELECT {sql.key} FROM {sql.current} {of_replayed}
                      UNION SELECT {sql.key} FROM incoming {of_replayed}) known
                JOIN incoming_coverage cover ON {sql.same("cover", "known", table.slice)} AND {sql.denies("known")}
            )
            SELECT *, lead(known_from) OVER ({order}) AS next_known_from,
                   last_value(CASE WHEN origin = 'stored' THEN asserted END IGNORE NULLS) OVER (
                       {order} ROWS UNBOUNDED PRECEDING) AS stored_before
            FROM asserted"""
    )
    # 2. Between a new point and the next point of its key, stored vintages may have confirmed the state before the new
    #    point, for which they needed no row. If the new point differs from that state, the first of them needs one now.
    con.execute(
        f"""CREATE TEMP TABLE confirmed AS
            SELECT {sql.columns(table.key, "point")} coalesce(stored_before.state, {sql.absent}) AS state,
                   {sql.columns(sql.attributes, "stored_before")} cover.known_from, cover.known_from_basis,
                   cover.payload_id, {sql.load_id} AS load_id, 'confirmed' AS origin
            FROM point JOIN raw.coverage cover
                ON cover.table_name = '{table.name}' AND cover.slice_id = {sql.joined(table.slice, "point")}
                AND (cover.cell_id IS NULL OR cover.cell_id = {sql.joined(_cell(table), "point")})
                AND cover.known_from > point.known_from
                AND (next_known_from IS NULL OR cover.known_from < next_known_from) AND {sql.asserts("point")}
            WHERE origin <> 'stored' AND state IS DISTINCT FROM coalesce(stored_before.state, {sql.absent})
            QUALIFY row_number() OVER (
                PARTITION BY {sql.columns(table.key, "point")} point.known_from
                ORDER BY cover.known_from, cover.load_id DESC) = 1"""
    )
    # 3. Of all these, the changes are what is new and differs from what was known just before it.
    values = "".join(f"(state).{name} AS {name}, " for name in (*table.values, "status"))
    inherited = "".join(
        f"CASE WHEN (state).status = 'withdrawn' THEN lag({name}) OVER ({order}) ELSE {name} END AS {name}, "
        for name in sql.attributes
    )
    con.execute(
        f"""INSERT INTO change BY NAME
            SELECT * EXCLUDE (state, before)
            FROM (SELECT {sql.key}, state, {values} {inherited} known_from, known_from_basis, load_id, origin,
                         coalesce(payload_id, '{sql.payload_id}') AS payload_id, lag(state) OVER ({order}) AS before,
                         coalesce(lag(state) OVER ({order}).status <> 'withdrawn', false) AS is_revision
                  FROM (SELECT * EXCLUDE (next_known_from, stored_before) FROM point
                        UNION ALL BY NAME SELECT * FROM confirmed))
            WHERE origin <> 'stored' AND state IS DISTINCT FROM coalesce(before, {sql.absent})"""
    )
    con.execute("DROP TABLE point; DROP TABLE confirmed")


def _write(con: duckdb.DuckDBPyConnection, sql: _Sql, *, replayed: bool) -> None:
    """Append the rows of `change` to the table, and bring `<table>_current` and raw.coverage up to date."""
    table = sql.table
    columns = [n for n, *_ in con.execute(f"DESCRIBE {sql.stored}").fetchall()]
    row = ", ".join(columns)
    # Only a replay gives changes out of order and more than one for a key, so only then are they sorted and the last one
    # of each key chosen: sorting 200,000 rows takes half as long as writing them, choosing takes as long as writing.
    order = f"ORDER BY {sql.key}, known_from" if replayed else ""
    last = (
        f"QUALIFY row_number() OVER (PARTITION BY {sql.key} ORDER BY known_from DESC) = 1" if replayed else ""
    )
    con.execute(f"INSERT INTO {sql.stored} BY NAME SELECT {row} FROM change {order}")
    con.execute(f"INSERT INTO {sql.current} BY NAME SELECT {row} FROM change WHERE is_new")
    con.execute(
        f"""MERGE INTO {sql.current} old
            USING (SELECT {row} FROM change WHERE is_new IS NOT TRUE {last}) new
            ON {sql.same("old", "new", table.key)}
            WHEN MATCHED AND new.known_from >= old.known_from THEN
                UPDATE SET {", ".join(f"{n} = new.{n}" for n in columns if n not in table.key)}
            WHEN NOT MATCHED THEN
                INSERT ({row}) VALUES ({", ".join(f"new.{n}" for n in columns)})"""
    )
    _write_coverage(con, sql)


def _write_coverage(con: duckdb.DuckDBPyConnection, sql: _Sql) -> None:
    """Append what the payload covers to raw.coverage, but for what an equal row says already."""
    table = sql.table
    con.execute(
        f"""INSERT INTO raw.coverage BY NAME
            SELECT * EXCLUDE ({sql.slice}), '{table.name}' AS table_name, {sql.by} FROM incoming_coverage new
            WHERE NOT EXISTS (
                SELECT 1 FROM raw.coverage old
                WHERE old.table_name = '{table.name}' AND old.slice_id = new.slice_id AND old.known_from = new.known_from
                  AND old.cell_id IS NOT DISTINCT FROM new.cell_id AND old.complete = new.complete
                  AND old.first_period = new.first_period AND old.last_period = new.last_period
                  AND old.missing_periods = new.missing_periods)
            ORDER BY slice_id, known_from, cell_id"""
    )


def _cell(table: Table) -> tuple[str, ...]:
    """The key without its period."""
    return tuple(name for name in table.key if name != "period_start")


def _one_cell_a_period(table: Table) -> bool:
    """Whether a slice has one row for each period, as a series has; a slice of a flow table has many cells."""
    return _cell(table) == table.slice
