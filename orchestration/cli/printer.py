"""How results are printed: tables and paragraphs for people, JSON for programs.

Belongs here: rendering of what plain functions return. Does not belong here: computing anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from orchestration.base.progress import listening

if TYPE_CHECKING:
    from orchestration.intake.agency.account import RefreshOutcome
    from orchestration.intake.agency.plan import RefreshPlan
    from orchestration.intake.user_import import ImportReport
    from orchestration.operations.build import BuildOutcome
    from orchestration.operations.doctor import Finding
    from orchestration.operations.removal import Removal
    from orchestration.readers.comparison.compare import Comparison
    from orchestration.readers.export import Export
    from orchestration.readers.lookup import Status
    from orchestration.readers.own_sql import QueryResult
    from orchestration.readers.reports.site import Report
    from orchestration.release.folders import Release


def _plain(value: Any) -> Any:
    """A value that JSON can hold: dataclasses as objects, dates as ISO text, what is no finite number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, Decimal):
        return _plain(float(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return (
            f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.001 or value == 0 else f"{value:.3g}"
        )
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return (
            value.strftime("%Y-%m-%d %H:%M")
            if (value.hour, value.minute) != (0, 0)
            else value.strftime("%Y-%m-%d")
        )
    if isinstance(value, list | tuple):
        return ", ".join(_text(v) for v in value)
    return str(value)


class Printer:
    """Prints to standard output; progress goes to standard error, so that output can be piped."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        # a pipe has no width: lines stay whole there
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)

    def json(self, value: Any) -> None:
        print(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=2))

    def line(self, text: str) -> None:
        if self.as_json:
            self.json({"message": text})
        else:
            self.console.print(text, markup=False)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """A table of records; nothing found is said, not shown as an empty table."""
        if self.as_json:
            self.json(list(rows))
        elif not rows:
            self.console.print("nothing matches")
        else:
            self._table(list(rows[0]), [[*row.values()] for row in rows])

    def _table(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table where it fits the terminal; else each row as a block of lines, since folded columns cannot be read."""
        texts = [[_text(value) for value in row] for row in rows]
        widths = [max([len(name), *(len(row[i]) for row in texts)]) for i, name in enumerate(names)]
        if sum(widths) + 2 * len(widths) > self.console.width:
            for row in texts:
                self.record(dict(zip(names, row, strict=True)))
                self.console.print()
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for i, name in enumerate(names):
            numeric = all(isinstance(row[i], int | float) or row[i] is None for row in rows)
            table.add_column(_escape(name), justify="right" if numeric else "left", no_wrap=True)
        for row in texts:
            table.add_row(*map(_escape, row))
        self.console.print(table)

    def record(self, values: Mapping[str, Any]) -> None:
        """One record, a line a field."""
        if self.as_json:
            self.json(dict(values))
            return
        width = max(map(len, values), default=0)
        for name, value in values.items():
            self.console.print(f"{name:<{width}}  {_text(value)}", markup=False)

    def built(self, outcome: BuildOutcome) -> None:
        """What a build made, or that nothing had changed."""
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
            "size": f"{release.bytes / 1e6:.1f} MB",
            "time": f"{outcome.seconds:.1f} s",
        }
        if self.as_json:
            self.json({"released": outcome.released, **facts})
            return
        self.line("released" if outcome.released else "nothing changed: the current release stays")
        self.record(facts)

    def planned(self, plan: RefreshPlan, *, alone: bool) -> None:
        """What a refresh would ask; before a refresh (not `alone`) programs get the account only."""
        from orchestration.cli.refresh_rows import plan_requests, plan_rows

        if self.as_json:
            if alone:
                self.json({"today": plan.today, "datasets": plan_rows(plan), "requests": plan_requests(plan)})
            return
        self.rows(plan_rows(plan))
        self.console.print()
        if alone:
            self.rows(plan_requests(plan))
            self.line(f"{plan.requests} requests; nothing was asked")

    def refreshed(self, outcome: RefreshOutcome) -> None:
        """The account of a refresh: counts, then what went wrong."""
        from orchestration.cli.refresh_rows import outcome_lines, outcome_record, outcome_rows

        if self.as_json:
            self.json(outcome_record(outcome))
            return
        self.rows(outcome_rows(outcome))
        self.console.print()
        for line in outcome_lines(outcome):
            self.line(line)

    def removed(self, removal: Removal, built: BuildOutcome | None, *, dry_run: bool) -> None:
        """What was taken out, or would be."""
        self.record(
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

    def status(self, status: Status) -> None:
        if self.as_json:
            self.json(status)
            return
        self.record({"release": status.release.get("run_id"), "file": status.database, **status.counts})
        self.console.print()
        self.rows(status.freshness)

    def comparison(self, comparison: Comparison, picture: Path | None = None) -> None:
        """The paragraph first: what else happened is read before any number."""
        if self.as_json:
            self.json({**vars(comparison), "answered": comparison.answered, "picture": picture})
            return
        self.console.print(comparison.text, markup=False)
        self.console.print()
        self.record(_told(comparison.result))
        if comparison.control:
            self.console.print()
            self.record(_told(comparison.control))
        if comparison.methods:
            from orchestration.cli.method_rows import method_rows

            self.console.print()
            self.rows(method_rows(comparison.methods))
        if picture:
            self.line(f"drawn into {picture}")

    def query(self, result: QueryResult) -> None:
        if self.as_json:
            self.json(
                {
                    "columns": result.columns,
                    "types": result.types,
                    "rows": result.rows,
                    "truncated": result.truncated,
                }
            )
            return
        self._table(result.columns, result.rows)
        if result.truncated:
            Console(stderr=True).print(
                f"only the first {len(result.rows):,} rows are shown: --max-rows shows more"
            )

    def imported(self, report: ImportReport, outcome: BuildOutcome | None) -> None:
        """What an import added, and the release it is in (None: it waits for the next build)."""
        if self.as_json:
            self.json({"import": report, "release": outcome and outcome.release.run_id})
            return
        self.record(
            {
                "source": report.source_id,
                "series": list(report.series),
                "rows": report.rows_in,
                "new": report.rows_appended,
                "of these revised": report.rows_revised,
                "unchanged": report.rows_unchanged,
                "licence": report.licence,
                "release": outcome.release.run_id if outcome else "with the next `headway build`",
            }
        )
        for note in report.notes:
            self.line(f"note: {note}")

    def exported(self, written: Export) -> None:
        """The files, and which of them may not be passed on."""
        if self.as_json:
            self.json(written)
            return
        self.rows(
            [{"table": f.table, "file": f.path.name, "rows": f.rows, "bytes": f.bytes} for f in written.files]
        )
        self.line(f"written to {written.folder}")
        if written.restricted:
            Console(stderr=True).print(
                f"not to be passed on: these files hold figures of {', '.join(written.restricted)}, whose licence does "
                "not permit it",
                markup=False,
            )

    def reported(self, report: Report) -> None:
        """The page, or how many of them and where."""
        if self.as_json:
            self.json(report)
            return
        size = f"{sum(f.bytes for f in report.files) / 1e6:.1f} MB"
        if len(report.files) == 1:
            page = report.files[0]
            self.line(f"written to {page.path} ({len(page.series)} series, {page.charts} charts, {size})")
            return
        self.line(f"{len(report.files) - 1} pages and an index, {size}, from release {report.release}")
        self.line(f"written to {report.files[-1].path}")
        if report.removed:
            self.line(f"{len(report.removed)} pages of an earlier site removed, whose events are gone")

    def releases(self, releases: Sequence[Release]) -> None:
        self.rows(
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

    def findings(self, findings: Sequence[Finding]) -> None:
        if self.as_json:
            self.json(findings)
            return
        colours = {"ok": "green", "note": "yellow", "wrong": "red"}
        for finding in findings:
            remedy = f" -> {finding.remedy}" if finding.remedy else ""
            self.console.print(
                f"[{colours[finding.state]}]{finding.state:<6}[/] {finding.what:<10} {_escape(finding.detail + remedy)}"
            )

    @contextmanager
    def progress(self) -> Iterator[None]:
        """A bar on a terminal, a line a stage elsewhere; both on standard error."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        if self.as_json:
            yield
            return
        console = Console(stderr=True, highlight=False)
        if not console.is_terminal:
            seen: set[str] = set()

            def say(stage: str, detail: str, done: int | None, total: int | None) -> None:
                if stage not in seen:
                    seen.add(stage)
                    console.print(f"{stage} ...", markup=False)

            with listening(say):
                yield
            return
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, TextColumn("{task.fields[detail]}"), console=console) as bars:
            tasks: dict[str, Any] = {}

            def advance(stage: str, detail: str, done: int | None, total: int | None) -> None:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=total, detail="")
                bars.update(tasks[stage], completed=done, total=total, detail=detail[:60])

            with listening(advance):
                yield


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader is shown of a comparison: not Welch's t, which stays in the tables for those who check it."""
    return {k: v for k, v in row.items() if v is not None and not k.startswith("welch_")}


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
