"""What an assistant may ask of the current release: one function a tool. They read, and reach neither files nor a network.

Belongs here: the tools as plain functions of the settings; their docstrings are what the assistant reads, so that they say when
to use the tool, what to pass and what to make of the reply. Does not belong here: the protocol (server.py), the shape of
replies (replies.py), what the functions they call work out (lookup.py, comparison/, citation.py, own_sql.py).

Every function raises UsageError for a question that cannot be answered, with the nearest that can, and ReleaseError where
there is no release. A release is opened for each call: after a refresh the next one sees the new figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from orchestration.base.settings import Settings
from orchestration.readers import citation, lookup, own_sql
from orchestration.readers.assistant.replies import (
    AnswerList,
    Cited,
    Compared,
    Found,
    Queried,
    Reply,
    Told,
    Traced,
    in_tool_words,
    rows_of,
    sentences,
    without_empty,
)
from orchestration.readers.comparison import answer as answers
from orchestration.readers.comparison import answer_words, cautions
from orchestration.readers.comparison import compare as comparing
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.document import document
from orchestration.readers.comparison.windows import WINDOW
from orchestration.readers.json_values import json_value
from orchestration.readers.release_file import current_file, open_release, read, release_record
from orchestration.readers.rows import DimSeries

if TYPE_CHECKING:
    import duckdb

    from orchestration.readers.comparison.compare import Comparison

#: rows of a list unless more are asked for, and at most: an assistant reads all that it is handed
LISTED, MOST_LISTED = 20, 200
#: rows of a query unless more are asked for; at most as many as `headway sql` shows
QUERIED, MOST_QUERIED = 100, 1000
#: characters of a text in a cell, and of all rows of a query together; the rest is left out and said to be
LONGEST_TEXT, LONGEST_REPLY = 2_000, 100_000

DIFFERENCE = "A difference between two periods does not say what made them differ."
NOTHING_LISTED = "Nothing matches: try fewer or other words."
LATEST = (
    "The latest figures that release {release} holds; what was known on an earlier day is asked with as_of."
)

Words = Annotated[
    str,
    "Words that must all occur, in any order, such as 'employment motor' or 'round mexico'; empty lists all.",
]
Event = Annotated[str, "An event_id of find_events, or an ISO date (2018-01-29) for a day without an event."]
KnownEvent = Annotated[str, "An event_id of find_events."]
Series = Annotated[str, "A series_id of find_series, or an agency code such as CES3133600101."]
Limit = Annotated[int, f"Rows at most, {MOST_LISTED} at the highest."]
Months = Annotated[int, "Months in each window; 12 and 6 have answers, other widths are compared only."]


def find_series(settings: Settings, words: Words = "", limit: Limit = LISTED) -> Found:
    """Find monthly, quarterly, annual or daily series of trade, autos, jobs, prices and exchange rates of the USA, Canada and Mexico.

    Start here: the other tools take the series_id found here. Each row says unit, unit_multiplier (a value of 27 with
    1000000 and USD is 27 million dollars), frequency, seasonal adjustment, first and last period, and how many versions are held.
    Only monthly series can be compared around an event.
    """
    with open_release(settings) as con:
        found = lookup.list_series(con, words)
        return Found(
            **_standing(settings, _listed(len(found), limit)),
            matches=len(found),
            rows=rows_of(found[: _limit(limit)]),
        )


def find_events(settings: Settings, words: Words = "", limit: Limit = LISTED) -> Found:
    """Find events of trade negotiations and tariffs: NAFTA 2017-18, USMCA, Section 232 and 301, the tariffs of 2025-26, the review of 2026.

    Words match id, title, timeline, type, parties, topics and date (2018-03 finds March 2018). Each row says the day, how
    precisely it is known, its type and whether the event took effect (in_force); one that did not has nothing to compare.
    """
    with open_release(settings) as con:
        found = lookup.list_events(con, words)
        shown = found[: _limit(limit)]
        idle = [event["event_id"] for event in shown if not event["in_force"]]
        said = [f"Announced, planned or overtaken, never in effect: {', '.join(idle)}."] if idle else []
        return Found(
            **_standing(settings, [*_listed(len(found), limit), *said]),
            matches=len(found),
            rows=rows_of(shown),
        )


def answer(settings: Settings, event: Event, series: Series, months: Months = WINDOW) -> Told:
    """Tell what was different in a series after an event, by the best design that the data allow, or why it cannot be told.

    Prefer this to `compare` for any question about what an event did. Pass on the answer as it is worded, with the usual range, how often
    the method errs, and the cautions. Never say that the event caused the difference, and never take 'within the usual range'
    for 'no effect'. Where told is false, say so and why; no other tool will know better.
    """
    with open_release(settings) as con:
        comparison = comparing.compare(con, event, series, months=months)
        found = comparison.answer
        said = answer_words.in_the_way(found) if found else [_no_design(comparison)]
        return Told(
            **_standing_of(settings, con, comparison, [*said, *caution_lines(comparison)]),
            event_id=comparison.event["event_id"] if comparison.event else None,
            series_id=comparison.series["series_id"],
            answer=in_tool_words(comparison.brief),
            told=found is not None and found.is_told,
            verdict=found.row["verdict"] if found else None,
            designs=rows_of(answer_words.design_rows(found)) if found else [],
        )


def list_answers(
    settings: Settings,
    event: Annotated[
        str | None, "An event_id: only what can be told about it. Without: about everything."
    ] = None,
    timeline: Annotated[str | None, "Only events of this timeline (the column of find_events)."] = None,
    since: Annotated[str | None, "Only what happened in this month or later, as 2025-01."] = None,
    limit: Limit = LISTED,
) -> AnswerList:
    """List what can be told about an event, a timeline or everything, the best first: estimate, usual range, verdict, how often it errs.

    For 'what did this event change?' without a series in mind. Most single answers outside their usual range could be chance: pass on
    the text in `untold`, which counts them, and call `answer` for each one that you use.
    """
    with open_release(settings) as con:
        if event is not None:
            event_id = lookup.resolve_event(con, event)
            lines = answers.answers_about(con, event_id)
            untold = answers.left_out_text(con, event_id)
            untold = untold or answer_words.untold_text(*answers.untold_about(con, event_id))
            untold = untold or ("" if lines else "No series of this release is reached by this event.")
        else:
            day = lookup.period_start(since) if since else None
            lines = answers.all_answers(con, timeline=timeline, since=day)
            untold = answer_words.chance_text(lines)
        shown = lines[: _limit(limit)]
        rows = [
            {"event_ids": line["event_ids"], "scope": line["scope"], **row}
            for line, row in zip(shown, answer_words.list_rows(shown), strict=True)
        ]
        said = [*(_listed(len(lines), limit) if lines else []), DIFFERENCE]
        return AnswerList(**_standing(settings, said), matches=len(lines), rows=rows_of(rows), untold=untold)


def compare(
    settings: Settings,
    event: Event,
    series: Series,
    months: Months = WINDOW,
    gap: Annotated[
        int | None,
        "Months left out before the cut. Without: the event's own month where it falls inside a month; 0 counts it as before.",
    ] = None,
    as_of: Annotated[
        str | None,
        "An ISO day: only what was known at its end. 'first': each month as first released. Without: the latest figures.",
    ] = None,
    control: Annotated[
        str | None, "A control_set_id of dim_control_set: also the difference from it."
    ] = None,
    methods: Annotated[bool, "Also what every other method says and how often each errs."] = False,
) -> Compared:
    """Compare the months before and after an event or a date, month by month, with the figures as known now, then, or as first released.

    Use it for the figures behind an answer, for other windows, for a vintage, or for a date without an event. It describes two
    periods. What else happened in them stands in cautions and other_events and belongs beside the figure.
    """
    with open_release(settings) as con:
        method = "all" if methods else None
        comparison = comparing.compare(
            con, event, series, months=months, gap=gap, as_of=as_of, control=control, method=method
        )
        citations = _cited(settings, con, comparison)
        parts = document(con, comparison, citations)
        return Compared(
            **_standing_of(settings, con, comparison, parts.cautions, citations),
            title=parts.title,
            answered=comparison.answered,
            text=sentences(parts.answer),
            windows=rows_of(parts.windows),
            months=rows_of(parts.months),
            numbers=without_empty(comparison.result),
            other_events=rows_of(comparison.other_events),
            methods=rows_of(comparison.methods or []),
        )


def trace(
    settings: Settings,
    series: Series,
    period: Annotated[str, "2018, 2018Q1, 2018-01 or 2018-01-01, as long as the periods of the series are."],
) -> Traced:
    """Show where one number comes from: every version of it that is held, when each was known, the agency's page, and the hash of the bytes.

    Use it when a figure is doubted, or two sources differ: the versions show whether it was revised.
    """
    with open_release(settings) as con:
        versions = lookup.trace(con, series, period)
        row = read(con, DimSeries, "where series_id = ?", [versions[0]["series_id"]])[0]
        newest = next((v for v in versions if v["is_latest"]), versions[0])
        cited = citation.cite_series(con, row["series_id"], _release(settings))
        said = [*cautions.one_version(row), *cautions.handed_on(row), *cautions.recorded_otherwise(row)]
        known = (
            f"The latest value is known since {newest['known_from']:%Y-%m-%d} ({newest['known_from_basis']})."
        )
        standing = _standing(settings, said, known, [cited, citation.cite_release(settings)])
        return Traced(**standing, series_id=row["series_id"], versions=rows_of(versions))


def cite(
    settings: Settings,
    what: Annotated[list[str], "Ids of series, events or releases; 'release' is the current one."],
    format: Annotated[
        Literal["text", "bibtex", "csl"], "csl is CSL JSON, as Zotero and pandoc read it."
    ] = "text",
) -> Cited:
    """Give the citation of series, events or the release: agency, table, vintage, licence, release.

    Cite every series and event whose figures or days you pass on, and the release.
    """
    with open_release(settings) as con:
        cited = [citation.cite(settings, con, text) for text in what]
        said = ["Each publisher's licence and attribution, which the citation states, go with its figures."]
        return Cited(**_standing(settings, said, citations=cited), written=citation.written(cited, format))


def query(
    settings: Settings,
    sql: Annotated[str, "One SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, SHOW or PIVOT statement of DuckDB."],
    max_rows: Annotated[int, f"Rows at most, {MOST_QUERIED} at the highest."] = QUERIED,
) -> Queried:
    """Run one read-only SQL statement of DuckDB on the public tables: for what no other tool answers (trade flows, tariffs, positions, panels).

    Look before you ask: `select table_name, comment from duckdb_tables()` says what each table holds, `select column_name, data_type, comment from
    duckdb_columns() where table_name = 'fct_trade_flow'` what its columns mean. The latest figures are in fct_observation, every version in
    fct_observation_vintage, what was known on a day in `from as_of(date '2023-06-30')`. A query is stopped after 30 seconds, and files,
    settings and networks are out of its reach. Aggregate in SQL rather than fetching rows.
    """
    result = own_sql.run_sql(settings, sql, max_rows=min(max_rows, MOST_QUERIED))
    rows, cut = _within_reply(result.rows)
    truncated = result.truncated or cut
    said = [
        "These rows are what the query asks for: nobody has checked that they can be compared.",
        "Null, zero and suppressed are different things: look at the column status.",
        DIFFERENCE,
    ]
    if truncated:
        said.insert(0, f"Not all is shown: {len(rows)} rows, and texts of {LONGEST_TEXT} characters at most.")
    return Queried(
        **_standing(
            settings,
            said,
            "The release's own: the latest figures, unless the query asked for known_from or as_of.",
        ),
        columns=list(result.columns),
        types=list(result.types),
        rows=rows,
        truncated=truncated,
    )


#: what the server offers, in the order in which an assistant needs it
TOOLS: Sequence[Callable[..., Reply]] = (
    find_series,
    find_events,
    answer,
    list_answers,
    compare,
    trace,
    cite,
    query,
)


# -- what every reply carries ----------------------------------------------------------------------------------------


def _release(settings: Settings) -> str:
    return str(release_record(current_file(settings))["run_id"])


def _standing(
    settings: Settings,
    said: Sequence[str],
    vintage: str | None = None,
    citations: Sequence[citation.Citation] | None = None,
) -> dict[str, Any]:
    """The fields of a Reply: where nothing else is cited, the release is; without a vintage the figures are the latest."""
    release = _release(settings)
    cited = [citation.cite_release(settings)] if citations is None else citations
    return {
        "release": release,
        "vintage": vintage or LATEST.format(release=release),
        "cautions": sentences(said),
        "citations": [each.text() for each in cited],
    }


def _standing_of(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    comparison: Comparison,
    said: Sequence[str],
    citations: Sequence[citation.Citation] | None = None,
) -> dict[str, Any]:
    """The fields of a Reply about a comparison."""
    if comparison.result["as_of_basis"] == "first_release":
        vintage = "Each month as it was first released, not as known now."
    elif comparison.on_date:
        vintage = f"Figures as known at the end of {comparison.on_date}, not as known now."
    else:
        newest = comparison.result["as_of"]
        known = f" The newest of them is known since {newest:%Y-%m-%d}." if newest else ""
        vintage = LATEST.format(release=_release(settings)) + known
    return _standing(settings, [*said, DIFFERENCE], vintage, citations or _cited(settings, con, comparison))


def _cited(
    settings: Settings, con: duckdb.DuckDBPyConnection, comparison: Comparison
) -> list[citation.Citation]:
    event_id = comparison.event["event_id"] if comparison.event else None
    return citation.cite_comparison(settings, con, comparison.series["series_id"], event_id)


def _no_design(comparison: Comparison) -> str:
    """Why there is a comparison and no answer."""
    if comparison.event is None:
        return "A bare date has no design that could answer: the months before and after are compared, not judged."
    if comparison.left_out_because:
        return "No design answers for an event that is not compared: the months before and after are described, not judged."
    return "No design answers for this event, series and width: the months before and after are compared, not judged."


# -- limits ----------------------------------------------------------------------------------------------------------


def _limit(limit: int) -> int:
    return max(1, min(limit, MOST_LISTED))


def _listed(matches: int, limit: int) -> list[str]:
    """Whether a list is whole."""
    if not matches:
        return [NOTHING_LISTED]
    shown = min(matches, _limit(limit))
    return [f"{shown} of {matches} are shown: narrow the words, or raise limit."] if shown < matches else []


def _within_reply(rows: Sequence[Sequence[object]]) -> tuple[list[list[object]], bool]:
    """Rows as plain values of JSON, as many as a reply holds, and whether anything was left out."""
    kept: list[list[object]] = []
    size, cut = 0, False
    for row in rows:
        texts = [json.dumps(json_value(value), ensure_ascii=False) for value in row]
        # a text is cut as a text, a list or struct as the JSON that it is; two marks stand around a text
        long = [len(text) > LONGEST_TEXT + 2 for text in texts]
        shown = [
            (str(value) if isinstance(value, str) else text)[:LONGEST_TEXT] if is_long else json.loads(text)
            for value, text, is_long in zip(row, texts, long, strict=True)
        ]
        cut = cut or any(long)
        size += sum(min(len(text), LONGEST_TEXT) for text in texts)
        if size > LONGEST_REPLY and kept:
            return kept, True
        kept.append(shown)
    return kept, cut
