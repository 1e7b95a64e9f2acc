"""docs/tables.md, series.md, sources.md, sources/, coverage.md, lineage.md and the marked parts of methods.md and
panel.md, made from a release, the specs of the sources and dbt's manifest, so that they say what the program does.

Belongs here: turning the comments and dimensions of a released file into Markdown (lineage.py draws lineage.md, coverage_page.py
makes coverage.md).
Does not belong here: the texts themselves (dbt yml, series.csv, registry.py), pages that people write.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.settings import Settings

if TYPE_CHECKING:
    import duckdb

_HEAD = "<!-- made by `make docs` from the release: change the source, not this file -->\n\n"
_KINDS = (("dim_", "Dimensions"), ("bridge_", "Bridges"), ("fct_", "Facts"), ("rpt_", "Reports"))


def write_docs(settings: Settings, folder: Path) -> list[Path]:
    """Write all pages into `folder` from the current release and the registry, and an answer and the table of vintages into the README
    beside it where there is one; returns their paths.

    Raises ReleaseError where there is no release.
    """
    from orchestration.documentation.answer_blocks import methods_page
    from orchestration.documentation.answer_blocks import readme as with_answer
    from orchestration.documentation.coverage_page import coverage_page
    from orchestration.documentation.lineage import lineage_page, read_manifest
    from orchestration.documentation.panel_page import panel_page
    from orchestration.documentation.source_pages import last_periods, source_page
    from orchestration.documentation.vintage_table import vintage_table, with_table
    from orchestration.readers.release_file import open_release
    from orchestration.sources.datasets import DATASETS
    from orchestration.sources.registry import SOURCES

    (folder / "sources").mkdir(parents=True, exist_ok=True)
    with open_release(settings) as con:
        pages = {
            "tables.md": tables_page(con),
            "series.md": series_page(con),
            "sources.md": sources_page(con),
            "methods.md": methods_page(con),
            "coverage.md": _HEAD + coverage_page(con),
            "panel.md": panel_page(con),
        }
        front = folder.resolve().parent / "README.md"
        if front.exists():
            text = with_answer(con, front.read_text(encoding="utf-8"))
            front.write_text(with_table(text, vintage_table(con)), encoding="utf-8")
    pages["lineage.md"] = _HEAD.replace("the release", "dbt's manifest") + lineage_page(
        read_manifest(settings.dbt_manifest)
    )
    ends = last_periods(settings.figures)
    for source in SOURCES:
        datasets = [dataset for dataset in DATASETS if dataset.source_id == source.source_id]
        pages[f"sources/{source.source_id}.md"] = _HEAD + source_page(source, datasets, ends)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    written = [folder / name for name in pages]
    return [*written, front] if front.exists() else written


def tables_page(con: duckdb.DuckDBPyConnection) -> str:
    """docs/tables.md: every public table with its columns, and every macro, in the words of their comments.

    con: a connection to a released file, as for the other pages.
    """
    columns = con.execute(
        """select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()
           where schema_name = 'main' and not internal order by table_name, column_index"""
    ).fetchall()
    comments = dict(
        con.execute(
            """select table_name, comment from duckdb_tables() where schema_name = 'main' and not internal
               union all select view_name, comment from duckdb_views() where schema_name = 'main' and not internal"""
        ).fetchall()
    )
    macros = con.execute(
        """select function_name, parameters, comment from duckdb_functions()
           where schema_name = 'main' and not internal and function_type = 'table_macro' order by function_name"""
    ).fetchall()
    parts = [_HEAD, "# Tables and macros of the released file\n"]
    for prefix, title in _KINDS:
        parts.append(f"\n## {title}\n")
        for table in sorted(t for t in comments if t.startswith(prefix)):
            parts.append(
                f"\n### {table}\n\n{_line(comments[table])}\n\n| column | type | what it holds |\n|---|---|---|\n"
            )
            parts += [f"| `{c}` | {t} | {_line(text)} |\n" for name, c, t, text in columns if name == table]
    parts.append("\n## Macros\n\n| call | what it answers |\n|---|---|\n")
    parts += [f"| `{name}({', '.join(parameters)})` | {_line(text)} |\n" for name, parameters, text in macros]
    return "".join(parts)


def series_page(con: duckdb.DuckDBPyConnection) -> str:
    """docs/series.md: every series with its title, agency and code, unit, adjustment, span, number of vintages, day of the oldest
    copy and the periods of which the first release is held."""
    rows = con.execute(
        """select series_id, title, source_id, coalesce(source_code, ''), unit, unit_multiplier, frequency,
                  seasonal_adjustment, first_period, last_period, vintage_count, strftime(oldest_known_from, '%Y-%m-%d'),
                  first_release_count, strftime(first_release_from, '%Y-%m'), strftime(first_release_to, '%Y-%m')
           from dim_series order by series_id"""
    ).fetchall()
    parts = [_HEAD, f"# Series\n\n{len(rows)} series. Values are in `unit` times `unit_multiplier`.\n\n"]
    parts.append(
        "| series | title | agency, code | unit | frequency | span | vintages | oldest copy | first releases |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
    )
    for row in rows:
        series, title, source, code, unit, multiplier, frequency, adjustment, first, last, vintages = row[:11]
        oldest, n_first, first_from, first_to = row[11:]
        held = f"{n_first}, {first_from} to {first_to}" if n_first else ""
        times = f" x {multiplier:,}" if multiplier != 1 else ""
        parts.append(
            f"| `{series}` | {_line(title)} | {source} {_line(code)} | {unit}{times} | {frequency}, {adjustment} "
            f"| {first} to {last} | {vintages} | {oldest} | {held} |\n"
        )
    return "".join(parts)


def sources_page(con: duckdb.DuckDBPyConnection) -> str:
    """docs/sources.md: every source of the release with agency, licence and attribution.

    A source of the registry has a link to its own page; a source that a user imported has none.
    """
    from orchestration.sources.registry import SOURCES_BY_ID

    rows = con.execute(
        "select source_id, agency, title, homepage_url, cadence, licence, attribution from dim_source order by source_id"
    ).fetchall()
    parts = [_HEAD, "# Sources\n"]
    for source, agency, title, url, cadence, licence, attribution in rows:
        page = (
            f"\n[how it is asked, limits, revisions, traps](sources/{source}.md)\n"
            if source in SOURCES_BY_ID
            else ""
        )
        parts.append(f"\n## {source}\n\n{agency}: {_line(title)}. {url or ''}\n\n")
        parts.append(
            f"- cadence: {cadence or 'as published'}\n- licence: {_line(licence)}\n- attribution: {_line(attribution)}\n{page}"
        )
    return "".join(parts)


def _line(text: str | None) -> str:
    """A text that can stand in one cell of a Markdown table: without line breaks, and with bars escaped."""
    return " ".join((text or "").split()).replace("|", "\\|")
