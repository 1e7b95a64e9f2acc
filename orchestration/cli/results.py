"""How the result of each command is shown: which facts a person reads and in which order, and what a program gets.

Belongs here: one function for each kind of result. Does not belong here: tables and JSON in general (printer.py), the rows
of a refresh and of the methods (refresh_rows.py, method_rows.py), computing anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.cli import refresh_rows
from orchestration.cli.listing import ANSWERS, FRESHNESS, Choice, show_list

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer
    from orchestration.intake.agency.account import RefreshOutcome
    from orchestration.intake.agency.plan import RefreshPlan
    from orchestration.intake.user_import import ImportPreview, ImportReport
    from orchestration.operations.build import BuildOutcome
    from orchestration.operations.doctor import Finding
    from orchestration.operations.removal import Removal
    from orchestration.readers.comparison.answer import AnswerLine
    from orchestration.readers.comparison.compare import Comparison
    from orchestration.readers.export import Export
    from orchestration.readers.lookup import Status
    from orchestration.readers.own_sql import QueryResult
    from orchestration.readers.reports.site import Report
    from orchestration.release.records import Release

#: state of a finding -> colour of a terminal
_COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


def show_build(out: Printer, outcome: BuildOutcome) -> None:
    """What a build released, or that nothing had changed; then what the current release holds."""
    release = outcome.release
    rows = release.rows
    facts = {
        "release": release.run_id,
        "file": str(release.path / "headway.duckdb"),
        "series": rows.get("dim_series", 0),
        "observations": rows.get("fct_observation", 0),
        "vintages": rows.get("fct_observation_vintage", 0),
        "trade flows": rows.get("fct_trade_flow", 0),
        "freight flows": rows.get("fct_freight_flow", 0),
        "events": rows.get("dim_event", 0),
        "comparisons": rows.get("rpt_before_after", 0),
        "size": _megabytes(release.bytes),
        "time": f"{outcome.seconds:.1f} s",
    }
    if out.as_json:
        out.json({"released": outcome.released, **facts})
        return
    out.line("released" if outcome.released else refresh_rows.NOTHING_CHANGED)
    out.record(facts)


def show_plan(out: Printer, plan: RefreshPlan, *, alone: bool) -> None:
    """What a refresh would ask.

    alone: whether the plan is the whole answer. Before a refresh a program gets only the account of the refresh.
    """
    datasets, requests = refresh_rows.plan_rows(plan), refresh_rows.plan_requests(plan)
    if out.as_json:
        if alone:
            out.json({"today": plan.today, "datasets": datasets, "requests": requests})
        return
    out.rows(datasets)
    out.line()
    if alone:
        out.rows(requests)
        out.line(f"{plan.requests} requests; nothing was asked")


def show_refresh(out: Printer, outcome: RefreshOutcome) -> None:
    """The account of a refresh: the counts of each dataset, then what went wrong."""
    if out.as_json:
        out.json(refresh_rows.outcome_record(outcome))
        return
    out.rows(refresh_rows.outcome_rows(outcome))
    out.line()
    for line in refresh_rows.outcome_lines(outcome):
        out.line(line)


def show_feed_refresh(out: Printer, outcome: RefreshOutcome) -> None:
    """The account of a refresh of the feed, which builds nothing: counts, what went wrong, and where the candidates are."""
    if out.as_json:
        out.json(refresh_rows.outcome_record(outcome))
        return
    out.rows(refresh_rows.outcome_rows(outcome))
    out.line()
    for line in outcome.problems:
        out.line(f"- {line}")
    read = sum(dataset.appended for dataset in outcome.datasets)
    out.line(f"{read} new readings: headway feed list" if read else "nothing new")


def show_removal(out: Printer, removal: Removal, built: BuildOutcome | None, *, dry_run: bool) -> None:
    """What was taken out of the warehouse, or (dry_run) would be; built: the build after it, None if there was none."""
    out.record(
        {
            **vars(removal.payload),
            "series": removal.series,
            "done": "nothing yet (--dry-run)"
            if dry_run
            else "removed; the store was made again from the rest",
            "quarantined": removal.quarantined and str(removal.quarantined),
            "notes": removal.notes,
            "release": built and built.release.run_id,
        }
    )


def show_status(out: Printer, status: Status, choice: Choice) -> None:
    """What the current release holds, then how fresh each source is; of a csv, the second alone."""
    if out.as_json:
        out.json(status)
        return
    if not choice.csv:
        counts = {name.replace("_", " "): count for name, count in status.counts.items()}
        out.record({"release": status.release.get("run_id"), "file": status.database, **counts})
        out.line()
    show_list(out, status.freshness, FRESHNESS, choice)


def show_comparison(
    out: Printer,
    comparison: Comparison,
    picture: Path | None = None,
    document: Path | None = None,
    *,
    full: bool = False,
) -> None:
    """The answer first, then the table of designs and what stands in the way; with `full` the longer paragraph and all columns.

    picture: the file into which the comparison was drawn; document: the one that it was written to.
    """
    from orchestration.readers.comparison.answer_words import design_line, design_rows, in_the_way
    from orchestration.readers.comparison.sentences import described

    answer = comparison.answer
    if out.as_json:
        out.json(
            {**vars(comparison), "answered": comparison.answered, "picture": picture, "document": document}
        )
        return
    out.line(comparison.brief)
    if answer:
        out.line()
        designs = design_rows(answer)
        out.rows(designs, [design_line(row) for row in designs])
        out.line()
        if answer.row["design"] == "none" and (line := described(comparison.result, comparison.series)):
            out.line(line)
        for line in in_the_way(answer):
            out.line(line)
    if full:
        out.line()
        out.line(comparison.text)
        out.line()
        out.record(_without_welch(comparison.result))
        if answer:
            out.line()
            out.record({k: v for k, v in answer.row.items() if v not in (None, [])})
    if comparison.control:
        out.line()
        out.line(comparison.control_text)
        out.record(_without_welch(comparison.control))
    if comparison.methods:
        from orchestration.cli.method_rows import method_rows

        out.line()
        out.rows(method_rows(comparison.methods))
    if picture:
        out.line(f"drawn into {picture}")
    if document:
        out.line(f"written to {document}")
    if not full:
        out.line()
        out.line("--full shows every column, --method all every method, --json everything for programs")


def show_answers(
    out: Printer, lines: Sequence[AnswerLine], note: str = "", left: int = 0, choice: Choice | None = None
) -> None:
    """Answers as a list, best first; note: what cannot be told, or how many chance would give; left: how many more there are."""
    from orchestration.readers.comparison.answer_words import list_rows

    choice = choice or Choice()
    if out.as_json:
        out.json({"answers": lines, "note": note or None, "left_out": left})
        return
    if lines or not note:
        raw = choice.csv or choice.wide or choice.columns
        show_list(out, lines if raw else list_rows(lines), ANSWERS, choice)
    say = out.warning if choice.csv else out.line  # beside the file
    if left:
        say(f"{left} more: --limit shows more")
    if note:
        say(note)


def show_query(out: Printer, result: QueryResult) -> None:
    """The rows of a person's own query, and whether there were more than are shown."""
    if out.as_json:
        out.json(result)
        return
    out.table(result.columns, result.rows, grouped=False)
    if result.truncated:
        out.warning(f"only the first {len(result.rows):,} rows are shown: --max-rows shows more")


#: series and revisions of an import that are listed; the rest is counted
LISTED = 10


def show_import(
    out: Printer, report: ImportReport, preview: ImportPreview, built: BuildOutcome | None
) -> None:
    """What an import added, and the release that holds it (None: it waits for the next build)."""
    if out.as_json:
        out.json({"import": report, "release": built and built.release.run_id})
        return
    out.record(
        {
            "source": report.source_id,
            "series": len(report.series),
            "rows": report.rows_in,
            "new": report.rows_appended,
            "of these revised": report.rows_revised,
            "unchanged": report.rows_unchanged,
            "licence": report.licence,
            "release": built.release.run_id if built else "with the next `headway build`",
        }
    )
    _series_of_import(out, preview, loaded=True)


def show_preview(out: Printer, preview: ImportPreview) -> None:
    """What an import would add and revise."""
    if out.as_json:
        out.json(preview)
        return
    out.line("nothing was loaded (--dry-run); the import would add")
    out.record(
        {
            "source": preview.source_id,
            "series": len(preview.series),
            "of these new": len(preview.new_series),
            "periods": preview.rows_in,
            "new": preview.rows_new,
            "revised": len(preview.revisions),
            "unchanged": preview.rows_unchanged,
            "licence": preview.licence,
        }
    )
    _series_of_import(out, preview, loaded=False)
    show_revisions(out, preview)


def _series_of_import(out: Printer, preview: ImportPreview, *, loaded: bool) -> None:
    """The first series of an import, a line each, and the notes on its file."""
    out.line()
    for series_id, rows in list(preview.series.items())[:LISTED]:
        out.line(f"{series_id}  {rows:,} periods{'  new' if series_id in preview.new_series else ''}")
    if len(preview.series) > LISTED:
        # what is only tried is in no release that could be asked
        where = f" (`headway series {preview.source_id}` lists them)" if loaded else ""
        out.line(f"... and {len(preview.series) - LISTED:,} more{where}")
    for note in preview.notes:
        out.line(f"note: {note}")


def show_revisions(out: Printer, preview: ImportPreview) -> None:
    """The values that are held and would be revised, the newest periods first."""
    if not preview.revisions:
        return
    changed = len({revision.series_id for revision in preview.revisions})
    out.line()
    out.line(
        f"{len(preview.revisions):,} values of {changed:,} series are held otherwise and would be revised:"
    )
    newest = sorted(preview.revisions, key=lambda r: (-r.period_start.toordinal(), r.series_id))[:LISTED]
    out.table(
        ["series", "period", "held", "known since", "in the file"],
        [
            [
                revision.series_id,
                revision.period_start.isoformat(),
                revision.before if revision.before is not None else revision.before_status,
                f"{revision.known_from:%Y-%m-%d}",
                revision.after if revision.after is not None else revision.after_status,
            ]
            for revision in newest
        ],
    )
    if len(preview.revisions) > LISTED:
        out.line(f"... and {len(preview.revisions) - LISTED:,} more (--dry-run --json lists all)")


def show_export(out: Printer, export: Export) -> None:
    """The files that were written, and which figures in them may not be passed on."""
    if out.as_json:
        out.json(export)
        return
    out.rows(
        [{"table": f.table, "file": f.path.name, "rows": f.rows, "bytes": f.bytes} for f in export.files]
    )
    out.line(f"written to {export.folder}")
    if export.left_out:
        from orchestration.readers.export import LEFT_OUT

        out.warning(f"left out: {'; '.join(export.left_out)}. {LEFT_OUT}")
    if export.restricted:
        out.warning(
            f"not to be passed on: these files hold figures of {', '.join(export.restricted)}, whose licence does "
            "not permit it"
        )


def show_report(out: Printer, report: Report) -> None:
    """The page that was written, or how many pages and where their index is."""
    if out.as_json:
        out.json(report)
        return
    size = _megabytes(sum(file.bytes for file in report.files))
    if len(report.files) == 1:
        page = report.files[0]
        out.line(f"written to {page.path} ({len(page.series)} series, {page.charts} charts, {size})")
        return
    out.line(f"{len(report.files) - 1} pages and an index, {size}, from release {report.release}")
    out.line(f"written to {report.files[-1].path}")
    if report.removed:
        out.line(f"{len(report.removed)} pages of an earlier site removed, whose events are gone")


def show_releases(out: Printer, releases: Sequence[Release]) -> None:
    """The releases on disk, a row each."""
    out.rows(
        [
            {
                "release": r.run_id,
                "made": r.created_at,
                "current": r.current,
                "rows": sum(r.rows.values()),
                "megabytes": round(r.bytes / 1e6, 1),
                "warnings": sum(c.outcome == "warn" for c in r.checks),
                "problem": r.problem,
            }
            for r in releases
        ]
    )


def show_findings(out: Printer, findings: Sequence[Finding]) -> None:
    """What the doctor found, a line each, with what to do about it."""
    if out.as_json:
        out.json(findings)
        return
    for finding in findings:
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        out.labelled(finding.state, _COLOURS[finding.state], f"{finding.what:<10} {finding.detail}{remedy}")


def _without_welch(row: Mapping[str, object]) -> dict[str, object]:
    """A row of a comparison without empty fields and without Welch's t, which stays in the tables for those who check it."""
    return {k: v for k, v in row.items() if v is not None and not k.startswith("welch_")}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
