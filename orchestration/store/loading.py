"""Loading: one parsed payload becomes appended changes in the store, in one transaction, with every row accounted for.

Belongs here: accepting or rejecting rows, metadata of series, the transaction, the account of a load.
Does not belong here: which rows a vintage changes (vintages.py), parsing (transforms/parse), the archive.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import duckdb
import polars as pl

from orchestration.base.duck import scalar
from orchestration.base.errors import PayloadError, StoreError
from orchestration.store import vintages
from orchestration.store.archive import ArchivedPayload
from transforms.checks import check_frame
from transforms.schema import FREQUENCIES, OBSERVATION, SERIES_SCHEMA, Parsed

#: what a series is: where one of these changes, it has become another series; titles and notes may be reworded
SERIES_IDENTITY = ("unit", "unit_multiplier", "currency", "frequency", "seasonal_adjustment", "basis")

#: frequency -> which rows begin on a day that is not the first of a period. Holes in a vintage are counted in periods, so
#: such rows would be counted wrongly
_OFF_GRID = {
    "monthly": pl.col("period_start").dt.day() != 1,
    "quarterly": (pl.col("period_start").dt.day() != 1) | (pl.col("period_start").dt.month() % 3 != 1),
    "annual": pl.col("period_start").dt.ordinal_day() != 1,
    "daily": pl.lit(False),
}


@dataclass(frozen=True)
class LoadAccount:
    """What became of the rows of one payload: rows_in = rows_appended + rows_unchanged + rows_rejected.

    rows_revised:    those of rows_appended whose key had another value before
    rows_withdrawn:  rows appended beside rows_in for what was known before and is absent from a complete payload
    rows_reinstated: rows appended beside rows_in: where this payload is older than one already stored, they repeat what
                     the later one had confirmed
    """

    payload_id: str
    table: str
    rows_in: int
    rows_appended: int
    rows_unchanged: int
    rows_rejected: int
    rows_revised: int
    rows_withdrawn: int
    rows_reinstated: int

    @property
    def changed(self) -> bool:
        """Whether the load appended any row to the store."""
        return self.rows_appended + self.rows_withdrawn + self.rows_reinstated > 0


#: the version under which all that a parser reads is loaded
WHOLE = "1"


def version_of(payload: ArchivedPayload) -> str:
    """The version under which a payload is loaded: that of the parsers, and which series were refused when its answer came.

    A series that was refused because its title could not be read may be proven later, by the same bytes. What was loaded without it
    must not count as loaded with it then.
    """
    refused = payload.extra.get("request", {}).get("context", {}).get("refused_titles")
    return f"{WHOLE} without {', '.join(sorted(refused))}" if refused else WHOLE


def recorded(con: duckdb.DuckDBPyConnection, payload_id: str, parser_version: str) -> LoadAccount | None:
    """The account that loading a payload a second time would give; None where this parser version never loaded it.

    It lets a caller skip parsing what would change nothing.
    """
    loads = con.execute(
        "SELECT table_name, rows_in, rows_rejected FROM raw.load WHERE payload_id = ? AND parser_version = ?",
        [payload_id, parser_version],
    ).fetchall()  # fetchone would leave the connection busy
    if not loads:
        return None
    table, rows_in, rejected = loads[0]
    return LoadAccount(payload_id, table, rows_in, 0, rows_in - rejected, rejected, 0, 0, 0)


def load(
    con: duckdb.DuckDBPyConnection,
    payload: ArchivedPayload,
    parsed: Parsed,
    *,
    parser_version: str | None = None,
) -> LoadAccount:
    """Append what `parsed` changes to the store behind `con` (open_store); all of it or nothing.

    Per key, what is known at a time is the assertion with the greatest (known_from, load_id): a later load wins over an
    earlier one with the same known_from. Rows that only repeat what was known at their known_from are not stored.
    A payload already loaded by this parser version (version_of, where none is given) changes nothing.

    Raises FrameError or PayloadError if the payload cannot be trusted: wrong columns, no usable row, rows that contradict
    each other, a series without metadata or with another unit. Raises StoreError if the store cannot be written.
    """
    parser_version = parser_version or version_of(payload)
    if account := recorded(con, payload.payload_id, parser_version):
        return account
    table = parsed.table
    frame, rejected = _accept(payload, parsed)
    units = vintages.coverage(parsed, frame, complete=_proves_absence(parsed, frame))
    try:
        con.register("incoming", frame)
        con.register("incoming_coverage", units)
        con.register("incoming_rejected", rejected)
        con.register("incoming_series", _series(parsed))
        con.execute("BEGIN TRANSACTION")
        _merge_series(con, payload)
        load_id = scalar(con, "SELECT coalesce(max(load_id), 0) + 1 FROM raw.load")
        insert_payload(con, payload)
        counts = vintages.append(con, table, frame, payload.payload_id, load_id)
        account = LoadAccount(
            payload_id=payload.payload_id,
            table=table.name,
            rows_in=frame.height + rejected.height,
            rows_appended=counts.appended,
            rows_unchanged=frame.height - counts.appended,
            rows_rejected=rejected.height,
            rows_revised=counts.revised,
            rows_withdrawn=counts.withdrawn,
            rows_reinstated=counts.reinstated,
        )
        _insert_account(con, account, load_id, parser_version)
        con.execute("COMMIT")
    except BaseException as error:
        # after a full disk the connection may be dead already; the transaction is undone all the same
        with suppress(duckdb.Error):
            con.execute("ROLLBACK")
        if isinstance(error, duckdb.Error):
            raise StoreError(
                f"loading {payload.payload_id} into the store failed and was undone: {str(error).splitlines()[0]}; "
                "free disk space or memory and run again"
            ) from error
        raise
    finally:
        for name in ("incoming", "incoming_coverage", "incoming_rejected", "incoming_series"):
            with suppress(duckdb.Error):
                con.unregister(name)
    return account


def _accept(payload: ArchivedPayload, parsed: Parsed) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that can be loaded, and the rejected ones as a frame of row_number, reason, row_text, including the parser's.

    Raises FrameError or PayloadError for what makes the whole payload unusable.
    """
    table = parsed.table
    # Nothing can be known after it was retrieved; and unlike today, that day is the same in every rebuild.
    frame, rejected = check_frame(table, parsed.frame, today=payload.retrieved_at.date())
    if frame.is_empty():
        raise PayloadError(
            f"{payload.payload_id}: no row is usable; the first: {rejected[0][1]} ({rejected[0][2]})"
        )
    # a table without series has rows of one frequency
    frequencies: dict[str, pl.Series | None] = {table.frequency: None}
    if table is OBSERVATION:
        series = _metadata(payload, parsed)
        frequencies = {str(f): group["series_id"] for (f,), group in series.group_by("frequency")}
        if missing := sorted(set(frame["series_id"].unique()) - set(series["series_id"])):
            more = " ..." if len(missing) > 5 else ""
            raise PayloadError(f"{payload.payload_id}: no metadata for series {', '.join(missing[:5])}{more}")
    for name, ids in frequencies.items():
        off_grid = frame.filter(_OFF_GRID[name])
        if ids is not None:
            off_grid = off_grid.filter(pl.col("series_id").is_in(ids.implode()))
        if off_grid.height:
            raise PayloadError(
                f"{payload.payload_id}: {off_grid['period_start'][0]} is not the first day of a period ({name})"
            )
    schema = {"row_number": pl.Int64, "reason": pl.String, "row_text": pl.String}
    return frame, pl.DataFrame([*parsed.rejected, *rejected], schema=schema, orient="row")


def _metadata(payload: ArchivedPayload, parsed: Parsed) -> pl.DataFrame:
    """series_id and frequency of every series of the payload. Raises PayloadError for metadata that cannot be used."""
    if parsed.series is None:
        raise PayloadError(f"{payload.payload_id}: observations without metadata of their series")
    if (repeated := parsed.series.filter(parsed.series["series_id"].is_duplicated())).height:
        raise PayloadError(f"{payload.payload_id}: metadata name series {repeated['series_id'][0]} twice")
    if unknown := sorted(set(parsed.series["frequency"].unique()) - set(FREQUENCIES)):
        raise PayloadError(
            f"{payload.payload_id}: frequency {unknown} is not one of {', '.join(FREQUENCIES)}"
        )
    return parsed.series.select("series_id", "frequency")


def _proves_absence(parsed: Parsed, frame: pl.DataFrame) -> bool:
    """Whether what the payload does not show can be taken as absent at the agency.

    A rejected row could be of any key, its own fields being in doubt, so it makes every absence doubtful. A row that
    only repeats an accepted one does not.
    """
    if not parsed.complete or parsed.rejected:
        return False
    if frame.height == parsed.frame.height:
        return True
    grain = [*parsed.table.key, "known_from"]
    return parsed.frame.join(frame.select(grain), on=grain, how="anti").is_empty()


def _merge_series(con: duckdb.DuckDBPyConnection, payload: ArchivedPayload) -> None:
    """Add new series and reworded titles. Raises PayloadError where a series would change in SERIES_IDENTITY."""
    changed = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in SERIES_IDENTITY)
    rows = con.execute(
        f"""SELECT new.series_id, {", ".join(f"old.{name}, new.{name}" for name in SERIES_IDENTITY)}
            FROM incoming_series new JOIN raw.series old USING (series_id) WHERE {changed} ORDER BY 1"""
    ).fetchall()
    if rows:
        series_id, *pairs = rows[0]
        changes = [
            f"{name} {old!r} -> {new!r}"
            for name, old, new in zip(SERIES_IDENTITY, pairs[::2], pairs[1::2], strict=True)
            if old != new
        ]
        more = f" (and {len(rows) - 1} more series)" if len(rows) > 1 else ""
        raise PayloadError(
            f"{payload.payload_id}: series {series_id} changes {'; '.join(changes)}{more}. Nothing was loaded: "
            "give what changed a series id of its own, or correct its metadata and rebuild the store from the archive"
        )
    others = ", ".join(f"{name} = excluded.{name}" for name in SERIES_SCHEMA if name != "series_id")
    con.execute(
        f"INSERT INTO raw.series BY NAME SELECT * FROM incoming_series ON CONFLICT (series_id) DO UPDATE SET {others}"
    )


def insert_payload(con: duckdb.DuckDBPyConnection, payload: ArchivedPayload) -> None:
    """Write a payload into raw.payload; one that is there already stays as it is."""
    names = [row[0] for row in con.execute("SELECT column_name FROM (DESCRIBE raw.payload)").fetchall()]
    con.execute(
        f"INSERT INTO raw.payload ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) ON CONFLICT DO NOTHING",
        [getattr(payload, name) for name in names],
    )


def _insert_account(
    con: duckdb.DuckDBPyConnection, account: LoadAccount, load_id: int, parser_version: str
) -> None:
    values = asdict(account)
    values["table_name"] = values.pop("table")
    values |= {
        "load_id": load_id,
        "parser_version": parser_version,
        "loaded_at": datetime.now(UTC).replace(tzinfo=None),
    }
    con.execute(
        f"INSERT INTO raw.load ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        [*values.values()],
    )
    con.execute(
        """INSERT INTO raw.rejected_row
           SELECT ?, ?, row_number, reason, row_text FROM incoming_rejected ORDER BY row_number""",
        [load_id, account.payload_id],
    )


def _series(parsed: Parsed) -> pl.DataFrame:
    """The metadata of the payload's series with the columns of SERIES_SCHEMA; empty for flow tables."""
    return (
        pl.DataFrame(schema=SERIES_SCHEMA) if parsed.series is None else parsed.series.select(*SERIES_SCHEMA)
    )
