"""Page Data: catalogue of tables, columns and series with search, downloads, and where each figure comes from.

Belongs here: the queries and the layout of that page. Does not belong here: tracing itself (the macro `trace`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import streamlit as st

from orchestration.base.errors import UsageError
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.lookup import period_start
from orchestration.readers.rows import DimSeries
from orchestration.readers.wording import ABSENT, moment, number, period, unit

_SECTIONS = ("series", "tables", "columns", "trace")
_PREVIEW = 200
_DEFAULT = "usa_imports_goods_mex"

_EVERY_WORD = (
    """list_bool_and(list_transform($words::varchar[], lambda w: contains(lower({text}), w))) is not false"""
)
_CATALOGUE = f"""
    select series.series_id, series.title, series.unit, series.unit_multiplier, series.frequency,
        series.seasonal_adjustment, series.geography_iso3, series.partner_iso3, series.first_period,
        series.last_period, series.observation_count, series.vintage_count, source.agency, series.source_code,
        series.notes
    from dim_series as series
    inner join dim_source as source on series.source_id = source.source_id
    where {_EVERY_WORD.format(text="concat_ws(' ', series.series_id, series.title, series.measure, source.agency, series.source_code, series.fred_alias)")}
    order by series.series_id"""
_OBSERVATIONS = """
    select series_id, period_start, value, status, known_from, known_from_basis, payload_id
    from fct_observation where series_id = $series order by period_start"""
_TABLES = f"""
    select table_name, estimated_size as rows, column_count as columns, comment from duckdb_tables()
    where schema_name = 'main' and not internal
        and {_EVERY_WORD.format(text="concat_ws(' ', table_name, comment)")}
    order by table_name"""
_COLUMNS = f"""
    select table_name, column_name, data_type, comment from duckdb_columns()
    where schema_name = 'main' and not internal
        and (table_name = $table or $table = '')
        and {_EVERY_WORD.format(text="concat_ws(' ', table_name, column_name, comment)")}
    order by table_name, column_index"""
_SOURCE = """
    select source.agency, source.title, source.licence, source.attribution, source.homepage_url
    from dim_series as series inner join dim_source as source on series.source_id = source.source_id
    where series.series_id = $series"""


class Origin(TypedDict):
    """Who publishes a series, and what must be said with it."""

    agency: str
    title: str
    licence: str | None
    attribution: str | None
    homepage_url: str | None


class Formula(TypedDict):
    """How a derived series is computed."""

    formula: str
    input_series_ids: list[str]
    reason: str | None


class Version(TypedDict):
    """A row of the macro `trace`: one version of a figure, and the bytes it came from."""

    value: float | None
    status: str
    known_from: dt.datetime
    known_to: dt.datetime | None
    known_from_basis: str | None
    revision_number: int
    source_id: str | None
    request_url: str | None
    retrieved_at: dt.datetime | None
    sha256: str | None
    payload_id: str | None
    agency_page: str | None
    agency_table: str | None
    copy_repository: str | None
    copy_path: str | None
    copy_commit: str | None
    copied_on: dt.date | None
    copy_note: str | None


def show(release: Release) -> None:
    """The page, at the section that is chosen."""
    state = State("data")
    top = st.container()
    section = state.segments(
        "What to look at",
        "section",
        _SECTIONS,
        "series",
        format_func={
            "series": "Series",
            "tables": "Tables",
            "columns": "Columns",
            "trace": "Where a figure comes from",
        }.__getitem__,
    )
    with top:
        st.markdown(
            "Everything here is also in the released DuckDB file and in Parquet files beside it; "
            "`headway export` writes them as CSV, Parquet or Excel."
        )
    {"series": _series, "tables": _tables, "columns": _columns, "trace": _trace}[section](release, state)
    with top:
        state.tell()


def _words(state: State, label: str) -> list[str]:
    return state.text(label, "words").lower().split()


def _series(release: Release, state: State) -> None:
    query = Query(
        _CATALOGUE, {"words": _words(state, "Words in id, title, measure, agency or code of the agency")}
    )
    frame = release.ask(query)
    with st.container(key="catalogue"):
        st.caption(f"{frame.height} series")
        if frame.is_empty():
            parts.nothing_found("No series has all of these words.")
            return
        parts.data_table(frame, labels=_SERIES_LABELS, alt_text="Catalogue of series")
        parts.behind(key="series", frame=frame, queries=[query], table=False)
    st.header("One series", anchor=False)
    ids = frame["series_id"].to_list()
    linked = st.query_params.get("series")
    known = release.ask(Query("select series_id from dim_series order by series_id"))["series_id"].to_list()
    options = [linked, *ids] if linked in known and linked not in ids else ids
    series_id = state.select("Series", "series", options, _DEFAULT if _DEFAULT in options else options[0])
    observations = Query(_OBSERVATIONS, {"series": series_id})
    values = release.ask(observations)
    origin = release.one(Origin, Query(_SOURCE, {"series": series_id}))
    parts.facts(
        [
            ("Agency", origin["agency"]),
            ("Licence", origin["licence"] or ABSENT),
            ("Name it as", origin["attribution"] or ABSENT),
            ("Home page", origin["homepage_url"] or ABSENT),
        ],
        key="series-source",
    )
    _formula(release, series_id)
    parts.data_table(values, alt_text=f"Values of {series_id}")
    parts.behind(key=series_id, frame=values, queries=[observations], table=False)


def _formula(release: Release, series_id: str) -> None:
    """How a derived series is computed, and from which series."""
    if not release.has("dim_derived_series", "formula", "input_series_ids", "reason"):
        return
    rows = release.rows(
        Formula,
        Query(
            "select formula, input_series_ids, reason from dim_derived_series where series_id = $series",
            {"series": series_id},
        ),
    )
    if not rows:
        return
    row = rows[0]
    with st.container(key="formula"):
        st.caption(
            "Computed by Headway; every version of it is made from the versions of its inputs known on that day."
        )
        parts.facts(
            [
                ("Formula", row["formula"]),
                ("Made of", ", ".join(row["input_series_ids"])),
                ("Good for", row["reason"] or ABSENT),
            ],
            key="formula-facts",
        )


_SERIES_LABELS = {
    "series_id": "Id",
    "title": "Title",
    "unit": "Unit",
    "unit_multiplier": "Times",
    "frequency": "Frequency",
    "seasonal_adjustment": "Adjustment",
    "geography_iso3": "Country",
    "partner_iso3": "Partner",
    "first_period": "First period",
    "last_period": "Last period",
    "observation_count": "Values",
    "vintage_count": "Versions",
    "agency": "Agency",
    "source_code": "Agency's code",
    "notes": "Notes",
}


def _tables(release: Release, state: State) -> None:
    query = Query(_TABLES, {"words": _words(state, "Words in name or description")})
    frame = release.ask(query)
    if frame.is_empty():
        parts.nothing_found("No table has all of these words.")
        return
    with st.container(key="catalogue"):
        parts.data_table(
            frame,
            labels={"table_name": "Table", "rows": "Rows", "columns": "Columns", "comment": "What it holds"},
            alt_text="Public tables",
        )
        parts.behind(key="tables", frame=frame, queries=[query], table=False)
    names = frame["table_name"].to_list()
    linked = st.query_params.get("table")
    every = release.ask(Query(_TABLES, {"words": []}))["table_name"].to_list()
    options = [linked, *names] if linked in every and linked not in names else names
    table = state.select("Table", "table", options, options[0])
    _one_table(release, table)


def _one_table(release: Release, table: str) -> None:
    # the name comes from the list of this release's tables, never from the browser
    columns = Query(_COLUMNS, {"table": table, "words": []})
    described = release.ask(columns)
    st.header(escaped(table), anchor=False)
    parts.data_table(
        described.drop("table_name"),
        labels={"column_name": "Column", "data_type": "Type", "comment": "What it means"},
        alt_text=f"Columns of {table}",
    )
    st.subheader("First rows", anchor=False)
    preview = Query(f'select * from "{table}" limit {_PREVIEW}')
    frame = release.ask(preview)
    parts.data_table(frame, alt_text=f"First {_PREVIEW} rows of {table}", as_in_file=True)
    parts.behind(key=table, frame=frame, queries=[preview], table=False)
    file = release.parquet(table)
    if file is not None:
        st.download_button(
            "Whole table as Parquet",
            _reader(file),
            file_name=f"{table}.parquet",
            mime="application/vnd.apache.parquet",
            key=f"whole-{table}",
            on_click="ignore",
            icon=":material/download:",
        )


def _reader(file: Path) -> Callable[[], bytes]:
    return file.read_bytes


def _columns(release: Release, state: State) -> None:
    query = Query(_COLUMNS, {"table": "", "words": _words(state, "Words in table, column or description")})
    frame = release.ask(query)
    with st.container(key="catalogue"):
        st.caption(f"{frame.height} columns")
        if frame.is_empty():
            parts.nothing_found("No column has all of these words.")
            return
        parts.data_table(
            frame,
            labels={
                "table_name": "Table",
                "column_name": "Column",
                "data_type": "Type",
                "comment": "What it means",
            },
            alt_text="Public columns",
            height=600,
        )
        parts.behind(key="columns", frame=frame, queries=[query], table=False)


# -- where a figure comes from ---------------------------------------------------------------------------------------


def _trace(release: Release, state: State) -> None:
    series = {
        row["series_id"]: row
        for row in release.rows(
            DimSeries, Query("select * from dim_series where observation_count > 0 order by title, series_id")
        )
    }
    left, right = st.columns([4, 1])
    series_id = state.select(
        "Series",
        "series",
        list(series),
        _DEFAULT if _DEFAULT in series else next(iter(series)),
        where=left,
        format_func=lambda s: f"{series[s]['title']} ({s})",
    )
    row = series[series_id]
    last = period(row["last_period"], row["frequency"])
    text = state.text("Period", "period", last, limit=12, where=right, help="2018, 2018Q1 or 2018-01") or last
    start = period_start(text)
    query = Query("from trace($series, $period)", {"series": series_id, "period": start.isoformat()})
    frame = release.ask(query)
    if frame.is_empty():
        raise UsageError(
            f"{series_id} has no value for {period(start, row['frequency'])}; it is {row['frequency']}, from "
            f"{period(row['first_period'], row['frequency'])} to {last}"
        )
    st.header(escaped(f"{row['title']}, {period(start, row['frequency'])}"), anchor=False)
    origin = release.one(Origin, Query(_SOURCE, {"series": series_id}))
    _formula(release, series_id)
    with st.container(key="trace"):
        st.caption(
            escaped(f"Published by {origin['agency']}: {origin['title']}. {origin['attribution'] or ''}")
        )
        for version in release.rows(Version, query):
            _version(version, row)
    parts.data_table(frame, alt_text="Every version of this figure")
    parts.behind(key=f"trace-{series_id}", frame=frame, queries=[query], table=False)


def _version(version: Version, series: DimSeries) -> None:
    until = f", until {moment(version['known_to'])}" if version["known_to"] else ", the latest"
    st.markdown(
        f"**{escaped(number(version['value']))} {escaped(unit(series))}**, {escaped(version['status'])}, known since "
        f"{moment(version['known_from'])}{until}"
    )
    basis = {
        "release": "the agency's time of release",
        "retrieved": "the time we fetched it",
        "observed_by": "a public copy of that day: it may have been known earlier",
    }.get(version["known_from_basis"] or "", version["known_from_basis"])
    parts.facts(
        [
            ("Loaded from", version["source_id"] or ABSENT),
            ("Request", version["request_url"] or ABSENT),
            ("Retrieved", moment(version["retrieved_at"])),
            ("Known since is", basis or ABSENT),
            ("SHA-256 of the bytes", version["sha256"] or ABSENT),
            ("Payload", version["payload_id"] or ABSENT),
            ("Agency's own page", _joined(version["agency_page"], version["agency_table"])),
            ("Public copy", _copy(version)),
        ],
        key=f"trace-{version['known_from']:%Y%m%d%H%M%S}",
    )


def _joined(*parts: str | None) -> str:
    """The parts that are there, separated by a semicolon."""
    return "; ".join(part for part in parts if part) or ABSENT


def _copy(version: Version) -> str:
    """The public copy that a bundled figure was read from: repository, file, commit and day."""
    if not version["copied_on"]:
        return ABSENT
    commit = f"commit {version['copy_commit']}" if version["copy_commit"] else None
    day_shown = f"shown by {version['copied_on']}"
    return _joined(version["copy_repository"], version["copy_path"], commit, day_shown, version["copy_note"])
