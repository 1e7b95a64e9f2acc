"""The parts of docs/methods.md that are made from a release: worked examples, how many questions are told, how often designs err.

Belongs here: which parts there are, and the examples and chosen designs as Markdown between marks of the page. Does not belong here:
measurements of single methods (method_tables.py), the prose around them (docs/methods.md), pages that are made as a whole (pages.py),
pictures (examples.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.settings import PROJECT
from orchestration.documentation.examples import FIRST
from orchestration.documentation.method_tables import (
    false_alarms_table,
    forecasts_table,
    gates_of_donors,
    misses_of_forecasts,
    rate_of_trends,
    table,
    worked_controls,
)
from orchestration.readers.comparison.answer import Answer, answer_of
from orchestration.readers.comparison.answer_words import answer_text, design_rows, in_the_way, rate_text
from orchestration.readers.release_file import read
from orchestration.readers.rows import DimSeries
from orchestration.readers.wording import BLOCKERS, blocker, design, share

if TYPE_CHECKING:
    import duckdb

PAGE = PROJECT / "docs" / "methods.md"

#: worked examples of the page: mark, event, series and months
EXAMPLES: Mapping[str, tuple[str, str, int]] = {
    "round-six": ("nafta-round6-end", "usa_imports_goods_mex", 12),
    "march-2018": ("nafta-waysmeans-2018-03", "usa_employment_motor_vehicles_parts", 12),
    "lists-301": ("s301-list3-2018-09", "usa_imports_goods_chn", 12),
    "wave-2025": ("ieepa-effective-2025-03", "usa_imports_goods_can", 6),
    "states": ("nafta-round1-start", "usa_employment_manufacturing", 12),
    "usmca": ("usmca-entry-into-force", "usa_sales_light_vehicles", 12),
}


def methods_page(con: duckdb.DuckDBPyConnection, page: Path = PAGE) -> str:
    """The page with every marked part renewed. Raises ValueError for a mark that is not there once."""
    text = page.read_text(encoding="utf-8")
    for name, (event, series, months) in EXAMPLES.items():
        text = renewed(text, f"example {name}", worked_example(con, event, series, months))
    for name, part in (
        ("designs", designs_table(con)),
        ("coverage", coverage_table(con)),
        ("blockers", blockers_table(con)),
        ("rates", rates_table(con)),
        ("expected", expected_table(con)),
        ("both-rules", both_rules_table(con)),
        ("false-alarms", false_alarms_table(con)),
        ("worked-controls", worked_controls(con)),
        ("forecasts", forecasts_table(con)),
        ("forecast-misses", misses_of_forecasts(con)),
        ("rate-of-trends", rate_of_trends(con)),
        ("donors", gates_of_donors(con)),
    ):
        text = renewed(text, name, part)
    return text


def readme(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """`text` of README with the answer that `make build` ends with."""
    return renewed(text, "answer", worked_example(con, FIRST.event, FIRST.series, 12))


def renewed(page: str, name: str, part: str) -> str:
    """`page` with what stands between `<!-- made NAME -->` and `<!-- end -->` replaced by `part`.

    Raises ValueError unless each of the marks is on the page once.
    """
    mark = re.compile(rf"(<!-- made {re.escape(name)} -->\n)(?:(?!<!-- ).)*(<!-- end -->)", re.S)
    text, count = mark.subn(lambda m: f"{m[1]}{part.strip()}\n{m[2]}", page)
    if count != 1:
        raise ValueError(f"the page needs '<!-- made {name} -->' and '<!-- end -->' once, not {count} times")
    return text


def worked_example(con: duckdb.DuckDBPyConnection, event: str, series_id: str, months: int) -> str:
    """The command, its answer, the table of designs and what stands in the way.

    Raises ValueError where the release holds no such question.
    """
    series = read(con, DimSeries, "where series_id = ?", [series_id])[0]
    found = answer_of(con, event, series, months)
    if found is None:
        raise ValueError(f"the release holds no answer about {event} and {series_id}")
    option = "" if months == 12 else f" --months {months}"
    lines = "\n".join(f"- {line}" for line in in_the_way(found))
    return (
        f"```\nheadway compare {event} {series_id}{option}\n```\n\n> {answer_text(found)}\n\n"
        f"{_designs_of(found)}\n\n{lines}"
    )


def _designs_of(found: Answer) -> str:
    rows = design_rows(found)
    heads = ["how it is compared", "found", "usual range", "verdict", "how often it errs"]
    return table(heads, [[str(value) for value in row.values()] for row in rows])


#: worked figures of the method, by what they are called: series, event or day, months after where fewer than 12, day of knowledge
BOTH_RULES = {
    "imports from Mexico, round six (29 January 2018)": (
        *("usa_imports_goods_mex", "nafta-round6-end", None, None),
    ),
    "factory jobs, 21 March 2018, as known on 5 April 2019": (
        *("usa_employment_manufacturing", "nafta-waysmeans-2018-03", None, "2019-04-05"),
    ),
    "jobs in motor vehicles, duty on cars (3 April 2025), 8 months, as known on 9 January 2026": (
        *("usa_employment_motor_vehicles_parts", "2025-04-03", 8, "2026-01-09"),
    ),
    "the same, as known on 15 February 2026": (
        *("usa_employment_motor_vehicles_parts", "2025-04-03", 8, "2026-02-15"),
    ),
    "the same, as known on 9 August 2026": (
        *("usa_employment_motor_vehicles_parts", "2025-04-03", 8, "2026-08-09"),
    ),
    "imports from China, List 3 (24 September 2018)": (
        *("usa_imports_goods_chn", "s301-list3-2018-09", None, None),
    ),
    "imports from Mexico, USMCA in force (1 July 2020, no own month)": (
        *("usa_imports_goods_mex", "usmca-entry-into-force", None, None),
    ),
}


def both_rules_table(con: duckdb.DuckDBPyConnection) -> str:
    """Worked figures with the event's own month left out and counted as before, 12 months on each side, in percent."""
    rows = []
    for name, (series_id, event, after, known) in BOTH_RULES.items():
        found = [
            con.execute(
                """select pct_change from before_after($series, $event, post_months := $after, on_date := $known::date,
                   keep_event_month := $keep)""",
                {"series": series_id, "event": event, "after": after, "known": known, "keep": keep},
            ).fetchall()[0][0]
            for keep in (False, True)
        ]
        rows.append([name, *(f"{change:+.2f} %" for change in found)])
    return table(["12 months before and after", "own month left out", "counted as before"], rows)


def designs_table(con: duckdb.DuckDBPyConnection) -> str:
    """Every design in its order, with the number of questions that it answers."""
    rows = con.execute(
        """select item, n_questions, share_of_questions from rpt_answer_coverage
           where windows = 'either' and counted = 'design' and item <> 'none' order by n_questions desc"""
    ).fetchall()
    counts = {item: (n, part) for item, n, part in rows}
    places = dict(con.execute("select distinct design, place from rpt_answer_design").fetchall())
    return table(
        ["order", "design", "questions it answers", "of all"],
        [
            [
                str(places[name]),
                design(name),
                f"{counts.get(name, (0, 0.0))[0]:,}",
                share(counts.get(name, (0, 0.0))[1]),
            ]
            for name in sorted(places, key=lambda name: places[name])
        ],
    )


def coverage_table(con: duckdb.DuckDBPyConnection) -> str:
    """How many questions there are and how many are told, by width."""
    rows = con.execute(
        """select windows, max(n_questions) filter (counted = 'question'),
               coalesce(sum(n_questions) filter (counted = 'design' and item <> 'none'), 0),
               coalesce(sum(n_answers) filter (counted = 'design' and item <> 'none'), 0)
           from rpt_answer_coverage group by windows order by windows"""
    ).fetchall()
    return table(
        ["windows, months", "questions", "told", "of all", "different answers"],
        [
            [windows, f"{n:,}", f"{told:,}", share(told / n), f"{answers:,}"]
            for windows, n, told, answers in rows
        ],
    )


def blockers_table(con: duckdb.DuckDBPyConnection) -> str:
    """What stands in the way with windows of 12 months, and how often it is alone."""
    counts: dict[str, dict[str, int]] = {"blocker": {}, "sole_blocker": {}}
    for kind, item, n in con.execute(
        """select counted, item, n_questions from rpt_answer_coverage
           where windows = '12' and counted in ('blocker', 'sole_blocker')"""
    ).fetchall():
        counts[kind][item] = n
    found = sorted(counts["blocker"], key=lambda item: (-counts["blocker"][item], list(BLOCKERS).index(item)))
    return table(
        ["in the way", "questions", "alone"],
        [
            [
                f"{blocker(item)} (`{item}`)",
                f"{counts['blocker'][item]:,}",
                f"{counts['sole_blocker'].get(item, 0):,}",
            ]
            for item in found
        ],
    )


def rates_table(con: duckdb.DuckDBPyConnection) -> str:
    """How often each design fires at dates without an event: the median over its available answers, and the range."""
    rows = con.execute(
        """select design, window_months, median(false_alarm_rate), min(false_alarm_rate), max(false_alarm_rate),
               median(false_alarm_se), median(false_alarm_high), count(*), count(*) filter (verdict = 'outside_usual_range')
           from rpt_answer_design where is_default_gap and is_available and false_alarm_rate is not null
           group by design, window_months, place order by place, window_months"""
    ).fetchall()
    return table(
        [
            "design",
            "months",
            "errs at, median",
            "from",
            "to",
            "possible",
            "available",
            "outside the usual range",
        ],
        [
            [
                design(name),
                str(months),
                rate_text(rate, error),
                share(low),
                share(high),
                "" if possible is None else f"up to {share(possible)}",
                f"{n:,}",
                f"{outside:,}",
            ]
            for name, months, rate, low, high, error, possible, n, outside in rows
        ],
    )


def expected_table(con: duckdb.DuckDBPyConnection) -> str:
    """Of the published figures how many could be seen: those about series and events that the release can ask about."""
    published, asked, seen, unseen = con.execute(
        """select (select count(*) from dim_expected_effect), count(*), count(*) filter (could_be_seen),
               count(*) filter (not could_be_seen)
           from (
               select expected_effect_id, bool_or(could_be_seen) as could_be_seen from rpt_answer
               where expected_effect_id is not null and window_months in (6, 12) group by expected_effect_id)"""
    ).fetchall()[0]
    return table(
        [
            "published figures",
            "about a question here",
            "could be seen",
            "could not be seen",
            "range not known",
        ],
        [[str(n) for n in (published, asked, seen, unseen, asked - seen - unseen)]],
    )
