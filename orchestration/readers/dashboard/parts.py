"""Pieces that every page is made of: a chart with its table, SQL and downloads; tables of numbers; notices.

Belongs here: how a chart, a table, a notice or a link is laid out, the same on every page.
Does not belong here: what a page shows, queries, how a chart is drawn (orchestration/readers/charts).

Keys of containers become CSS classes `st-key-...`; tests find verdict, numbers and warnings by them.
"""

from __future__ import annotations

import datetime as dt
import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import polars as pl
import streamlit as st

from orchestration.readers.charts.render import (
    FILLS_ITS_PLACE,
    AnyChart,
    specification,
    to_png,
    to_svg,
    without_words,
)
from orchestration.readers.charts.theme import Mode, Spec, source_line
from orchestration.readers.dashboard.reading import Query, Release, literal
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.wording import ABSENT

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.elements.lib.column_types import ColumnConfig

# Streamlit loads pandas with the first table that it draws, in the thread of that reader. While it loads, Altair, in the
# threads of other readers, takes the half of it that is there for the whole and fails ("partially initialized module 'pandas'
# has no attribute 'Timestamp'"): of four readers at the start of a server one or two got a page that said it could not be
# made. Every page imports this module, and so none is drawn before pandas is whole. It is
# imported by name, because nothing of it is used here.
importlib.import_module("pandas")

#: rows of a table sent to the browser; the downloads hold all of them
SHOWN_ROWS = 2_000
_MIME = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def mode() -> Mode:
    """Light or dark, as the reader's browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chart_block(
    chart: AnyChart,
    *,
    key: str,
    frame: pl.DataFrame,
    queries: Sequence[Query],
    labels: Mapping[str, str] | None = None,
    on_select: Callable[[], None] | None = None,
    heading: bool = True,
) -> None:
    """A chart with everything a reader may ask of it: words for it, source, the numbers, the SQL, files to take away.

    `chart` is one of orchestration/readers/charts: its title, unit, notes and source become text of the page, which wraps on a
    narrow screen. `key` names the block and its files; `frame` holds the numbers that are drawn. `on_select` is called
    when a mark is picked.
    """
    spec = specification(chart)
    words = spec["usermeta"]["headway"]
    with st.container(key=f"chart-{key}"):
        if heading:
            st.subheader(escaped(words["title"]), anchor=False)
        st.caption("  \n".join(escaped(line) for line in words["subtitle"]))
        bare, alt_text = _bare(spec), spec["description"]
        if on_select is None:
            st.vega_lite_chart(None, bare, width="stretch", theme=None, alt=alt_text)
        else:
            st.vega_lite_chart(
                None, bare, width="stretch", theme=None, alt=alt_text, key=f"plot-{key}", on_select=on_select
            )
        st.caption("  \n".join(escaped(line) for line in [*words["notes"], words["source"]]))
        behind(key=key, frame=frame, queries=queries, labels=labels, chart=chart)


def bare_chart(chart: AnyChart, *, where: DeltaGenerator) -> None:
    """A chart without words, numbers and downloads, in a place that says what it is; readers who hear it get its description."""
    spec = specification(chart)
    where.vega_lite_chart(None, _bare(spec), width="stretch", theme=None, alt=spec["description"])


def _bare(spec: Spec) -> Spec:
    """The chart without its words, as wide as its place, on the ground of the page."""
    bare = {k: v for k, v in without_words(spec).items() if k not in ("description", "$schema")}
    bare["config"] = {k: v for k, v in spec.get("config", {}).items() if k != "background"}
    return bare | FILLS_ITS_PLACE


def behind(
    *,
    key: str,
    frame: pl.DataFrame,
    queries: Sequence[Query],
    labels: Mapping[str, str] | None = None,
    chart: AnyChart | None = None,
    table: bool = True,
) -> None:
    """The expander under a chart or table: the numbers, the SQL with its parameters, downloads."""
    with st.expander("Numbers, SQL and downloads" if table else "SQL and downloads", key=f"behind-{key}"):
        if table:
            data_table(frame, labels=labels, alt_text=f"Numbers of {key}")
        for query in queries:
            st.code(shown_sql(query), language="sql", wrap_lines=True)
        downloads(key, frame, chart)


def downloads(key: str, frame: pl.DataFrame, chart: AnyChart | None = None) -> None:
    """Buttons for what is shown: CSV and Parquet of the numbers, SVG and PNG of the chart. Made when clicked."""
    makers: dict[str, Callable[[], bytes]] = {
        "csv": lambda: flat(frame).write_csv().encode(),
        "parquet": lambda: _parquet(frame),
    }
    if chart is not None:
        makers |= {
            "svg": lambda: to_svg(chart, mode="light").encode(),
            "png": lambda: to_png(chart, mode="light"),
        }
    with st.container(horizontal=True, key=f"downloads-{key}"):
        for kind, make in makers.items():
            st.download_button(
                kind.upper() if kind != "parquet" else "Parquet",
                make,
                file_name=f"headway_{key}.{kind}",
                mime=_MIME[kind],
                key=f"download-{key}-{kind}",
                on_click="ignore",
                icon=":material/download:",
                help=f"Download what is shown as {kind.upper() if kind != 'parquet' else 'Parquet'}",
            )


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame whose cells CSV can hold: items of a list joined by ;"""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(";") for name in lists)


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd")
    return out.getvalue()


def shown_sql(query: Query) -> str:
    """The statement as it can be pasted into DuckDB: parameters written in."""
    lines = [line for line in query.sql.strip("\n").splitlines() if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    text = "\n".join(line[indent:] for line in lines)
    for name in sorted(query.parameters, key=len, reverse=True):
        text = text.replace(f"${name}", literal(query.parameters[name]))
    return text


# -- tables ----------------------------------------------------------------------------------------------------------


def data_table(
    frame: pl.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    alt_text: str,
    height: int | Literal["auto", "content"] = "auto",
    as_in_file: bool = False,
) -> None:
    """A grid for many rows. It scrolls inside itself, so that a narrow screen keeps its width.

    Columns without a label have their name in words, or as it stands with `as_in_file`: for a table that is shown as the file holds it.
    """
    named = {name: name if as_in_file else in_words(name) for name in frame.columns}
    names = {**named, **{name: label for name, label in (labels or {}).items() if name in named}}
    shown = flat(frame.head(SHOWN_ROWS)).rename(names)
    formats = {names[name]: _format(kind) for name, kind in frame.schema.items()}
    st.dataframe(
        shown,
        hide_index=True,
        alt=alt_text,
        height=height,
        placeholder=ABSENT,
        column_config={name: column for name, column in formats.items() if column},
    )
    if frame.height > SHOWN_ROWS:
        st.caption(f"The first {SHOWN_ROWS:,} of {frame.height:,} rows; the downloads hold all of them.")


def in_words(name: str) -> str:
    """The name of a column as a heading: period_start as "Period start"; a heading stays as it is."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _format(kind: pl.DataType) -> ColumnConfig | None:
    """The format of a column: days and times are written as in ISO 8601, whatever the language of the browser."""
    if kind == pl.Date:
        return st.column_config.DateColumn(format="YYYY-MM-DD")
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
    return None


def facts(rows: Sequence[tuple[str, str]], *, key: str, heads: tuple[str, str] = ("", "")) -> None:
    """A short table of text, as a real HTML table: a screen reader and a search in the page find every cell."""
    frame = pl.DataFrame(
        {heads[0] or " ": [r[0] for r in rows], heads[1] or "  ": [escaped(r[1]) for r in rows]}
    )
    with st.container(key=key):
        st.table(frame, hide_index=True, hide_header=not any(heads))


# -- notices ---------------------------------------------------------------------------------------------------------


def cautions(lines: Sequence[str]) -> None:
    """A warning of these lines, which a page shows before any number. Nothing for no lines."""
    with st.container(key="warnings"):
        if lines:
            listed = [f"- {escaped(line)}" for line in lines] if len(lines) > 1 else [escaped(lines[0])]
            st.warning("\n".join(listed), icon=":material/warning:")


def not_in_release(what: str) -> None:
    """Say that this release lacks `what`, because it was made by an earlier version."""
    st.info(
        f"{escaped(what)} is not in this release. A release made by `headway build` of this version has it.",
        icon=":material/info:",
    )


def nothing_found(what: str) -> None:
    """Say why there is nothing to show here."""
    st.info(escaped(what), icon=":material/search_off:")


def agencies(release: Release, source_ids: Sequence[str | None]) -> str:
    """Names of the agencies behind a chart, for its source line."""
    frame = release.ask(
        Query(
            "select agency from dim_source where list_contains($ids::varchar[], source_id) order by source_id",
            {"ids": sorted({s for s in source_ids if s})},
        )
    )
    return ", ".join(frame["agency"].to_list()) or "see the table of sources"


def source(release: Release, source_ids: Sequence[str | None], as_of: dt.date | str | None = None) -> str:
    """Source line of a chart: agencies, the day as of which figures are known (the release's), and the release."""
    return (
        f"{source_line(agencies(release, source_ids), as_of or release.made_on())}, release {release.run_id}"
    )
