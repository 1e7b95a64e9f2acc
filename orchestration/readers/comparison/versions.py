"""Which versions of the months of a comparison are held: first releases, later copies, revisions.

Belongs here: counting them in a release, and saying in words what follows for a comparison. Does not belong here: the numbers
of the comparison (compare.py), what counts as a first release (the marts say: fct_observation.is_first_release).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.readers.comparison.whole_windows import months_from_epoch
from orchestration.readers.rows import DimSeries, RptBeforeAfter
from orchestration.readers.wording import day, month

if TYPE_CHECKING:
    import duckdb

_HELD = """
    with months as (
        select period_start, first_known_from, is_first_release from fct_observation
        where series_id = $series and frequency = 'monthly' and value is not null
            and (period_start between $pre_start and $pre_end or period_start between $post_start and $post_end)
    ),
    versions as (
        select period_start, max(revision_number) > min(revision_number) as is_revised,
            max(known_from) >= $since and max(revision_number) > min(revision_number) as is_revised_since
        from fct_observation_vintage
        where series_id = $series and value is not null and grade is distinct from 'press'
        group by period_start
    )
    select count(*), count(*) filter (where not is_first_release),
        min(first_known_from) filter (where not is_first_release), max(first_known_from),
        count(*) filter (where is_revised), count(*) filter (where is_revised_since)
    from months left join versions using (period_start)"""


@dataclass(frozen=True)
class Held:
    """The versions held of the months of both windows that have a number now.

    n_months: those months; n_copied: those of which the first release is not held; oldest_copy: when the oldest figure of
    these became known; complete_from: when the last of the months first had a figure here; n_revised: months of which more than
    one version is held; n_revised_since: months with a version that became known after the day asked for (0 where none was);
    months: of a comparison without numbers, the months of the series that have one.
    """

    n_months: int
    n_copied: int
    oldest_copy: dt.datetime | None
    complete_from: dt.datetime | None
    n_revised: int
    n_revised_since: int
    months: tuple[dt.date, ...] = ()


def versions_held(
    con: duckdb.DuckDBPyConnection, result: RptBeforeAfter, on_date: dt.date | None
) -> Held | None:
    """What is held of the months of `result`; None where it has no windows. `on_date`: the day at whose end it was known."""
    if result["pre_start"] is None:
        return None
    row = con.execute(
        _HELD,
        {
            "series": result["series_id"],
            "since": dt.date.max if on_date is None else on_date + dt.timedelta(days=1),
            **{name: result[name] for name in ("pre_start", "pre_end", "post_start", "post_end")},
        },
    ).fetchall()[0]
    n_months, n_copied, oldest_copy, complete_from, n_revised, n_revised_since = row
    return Held(
        n_months,
        n_copied,
        oldest_copy,
        complete_from,
        n_revised,
        n_revised_since,
        months=_months_held(con, result) if result["pre_mean"] is None else (),
    )


def _months_held(con: duckdb.DuckDBPyConnection, result: RptBeforeAfter) -> tuple[dt.date, ...]:
    """The months of the series with a number, from its declared break on."""
    rows = con.execute(
        """select period_start from fct_observation join dim_series using (series_id)
           where series_id = ? and value is not null and (break_period is null or period_start >= break_period)
           order by period_start""",
        [result["series_id"]],
    ).fetchall()
    return tuple(row[0] for row in rows)


def unknown_revisions(held: Held | None, result: RptBeforeAfter) -> list[str]:
    """Why nothing is said about revisions of a comparison of the latest figures; nothing where something is."""
    if held is None or result["revision_effect"] is not None or not held.n_months:
        return []
    if not held.n_revised:
        return ["No earlier version of these months is held, so nothing is known of revisions."]
    if held.n_copied and held.oldest_copy:
        return [
            f"The first release of {held.n_copied} of the {held.n_months} months is not held "
            f"(the oldest copy of them is of {day(held.oldest_copy)}), so what revisions did since then is not known."
        ]
    return []


def known_too_late(
    series: DimSeries, result: RptBeforeAfter, held: Held | None, on_date: dt.date | None
) -> str:
    """What would work instead of a day on which too little of `series` was known, to follow a refusal; else empty."""
    if on_date is None:
        return ""
    oldest = series["oldest_known_from"]
    sentences = []
    # the macro before_after gives this as its reason
    if oldest and oldest.date() > on_date and "oldest copy held" not in (result["reason"] or ""):
        sentences.append(f"The oldest figure held of this series became known on {day(oldest)}.")
    whole = held is not None and held.n_months == _months_asked(result)
    if held and whole and held.complete_from and held.complete_from.date() > on_date:
        sentences.append(
            f"Every month of both windows had a figure from {day(held.complete_from)} on: "
            f"`--as-of {held.complete_from:%Y-%m-%d}` or later works, and without --as-of the latest figures are compared."
        )
    elif oldest and oldest.date() > on_date:
        sentences.append("Without --as-of the latest figures are compared.")
    return "".join(f" {sentence}" for sentence in sentences)


def _months_asked(result: RptBeforeAfter) -> int:
    """How many months both windows have."""
    spans = ((result["pre_start"], result["pre_end"]), (result["post_start"], result["post_end"]))
    return sum(months_from_epoch(last) - months_from_epoch(first) + 1 for first, last in spans)


def first_releases_of(series: DimSeries) -> str:
    """Which first releases of `series` are held, as a clause."""
    if (
        not series["first_release_count"]
        or not series["first_release_from"]
        or not series["first_release_to"]
    ):
        oldest = series["oldest_known_from"]
        return f"none of its first releases is held; the oldest copy held is of {day(oldest)}"
    first, last, n = series["first_release_from"], series["first_release_to"], series["first_release_count"]
    span = month(first) if n == 1 else f"{n} months from {month(first)} to {month(last)}"
    return f"its first releases are held of {span}; the oldest copy held is of {day(series['oldest_known_from'])}"
