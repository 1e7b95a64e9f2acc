"""The files of a user's own timelines, and changing them: `<home>/timelines/events.csv`, `sources.csv`, `measures.csv`, `positions.csv`.

Belongs here: reading and writing these files, adding, replacing and taking out rows, what is asked of a user's rows beyond the rules of the
seeds. Does not belong here: those rules (rules.py), a file that a person hands over (handed.py), the store (load.py).

The files are what counts: a person may edit them, and each build reads them anew. All that the program writes to them goes through
put_rows and remove_row, which judge the whole of the files after the change and write nothing unless all of it is good.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.base.errors import UsageError
from orchestration.base.files import write_whole
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.intake.timeline.rules import SEEDS, Problem, Row, Rulebook, broken, rulebook
from transforms.parse.user_table import UserFileError, read_csv
from transforms.timeline import TIMELINE_COLUMNS, TIMELINE_KEYS, Kind, text_of, value_of

#: kind -> how its ids begin and what they look like. No bundled id begins so (a test looks), and none ever will: an event of a
#: user can never become one that a later version of Headway brings
_IDS: Mapping[Kind, tuple[str, str, str]] = {
    "events": ("user-", r"user-[a-z0-9]+(-[a-z0-9]+)*", "user-plant-closes-2026-11"),
    "measures": ("user-", r"user-[a-z0-9]+(-[a-z0-9]+)*", "user-quota-steel-2026"),
    "sources": ("USER_", r"USER_[A-Z0-9]+(_[A-Z0-9]+)*", "USER_COMPANY_NEWS"),
}
#: stories of a user's own beside those of seed_timeline
_OWN_TIMELINE = "user_"
_TIMELINE_SHAPE = r"user_[a-z0-9]+(_[a-z0-9]+)*"
#: of one kind; each row is compared with every series it reaches
_MOST_ROWS = 5_000
#: at most so many problems are listed
_LISTED = 50


class TimelineError(UsageError):
    """Rows of which nothing was written. problems: each with its place, what is wrong and what to do."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(problems)
        unlisted = [f"... and {count - _LISTED} more"] if count > _LISTED else []
        listed = "".join(f"\n  {line}" for line in [*map(str, problems[:_LISTED]), *unlisted])
        super().__init__(
            f"own timelines: {count} {'problem' if count == 1 else 'problems'}, nothing was changed{listed}"
        )


@dataclass(frozen=True)
class GivenRow:
    """A row as somebody hands it over.

    cells: column -> a text as in a CSV, or a value (day, number, true or false); a column that is left out is empty.
    where: its place, for messages: "plants.csv line 3", "candidate 2026-01234".
    """

    cells: Mapping[str, object]
    where: str


@dataclass(frozen=True)
class TimelineChange:
    """What a change did, or would do. Each is a list of (kind, key), the parts of a key joined by ' / '."""

    added: tuple[tuple[Kind, str], ...] = ()
    replaced: tuple[tuple[Kind, str], ...] = ()
    unchanged: tuple[tuple[Kind, str], ...] = ()
    removed: tuple[tuple[Kind, str], ...] = ()


Timelines = Mapping[Kind, Sequence[Row]]


def read_timelines(settings: Settings) -> Timelines:
    """The rows of the user's files, judged: every kind has its list, an empty one where there is no file.

    Raises TimelineError with the place of everything that is wrong, UsageError for a file that cannot be read.
    """
    rows, problems = _read(settings)
    if not problems and any(
        rows.values()
    ):  # the book of rules is read from the seeds, a tenth of a build that changes nothing
        problems = judged(rows, rulebook(settings.dbt_project))
    if problems:
        raise TimelineError(problems)
    return rows


def put_rows(
    settings: Settings,
    given: Mapping[Kind, Sequence[GivenRow]],
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> TimelineChange:
    """Add rows to the user's timelines; they are in the store and in comparisons from the next build on.

    A row that is there already, word for word, is left as it is. replace: a row with the key of one that is there takes its
    place; otherwise that is a problem. dry_run: judge, and write nothing.
    Raises TimelineError, with the files as they were, where a row of `given` or of the files is not good; UsageError for a
    file that cannot be read, WriterBusyError where another run writes.
    """
    with writer_lock(settings):
        old, problems = _read(settings)
        if problems:
            raise TimelineError(problems)
        book = rulebook(settings.dbt_project)
        new: dict[Kind, list[Row]] = {kind: list(rows) for kind, rows in old.items()}
        added, replaced, unchanged = [], [], []
        for kind, handed in given.items():
            at = {_key(kind, row): position for position, row in enumerate(new[kind])}
            for each in handed:
                row, wrong = typed(kind, each)
                problems += wrong
                if wrong:
                    continue
                key = _key(kind, row)
                if key not in at:
                    at[key] = len(new[kind])
                    new[kind].append(row)
                    added.append((kind, key))
                    continue
                before = new[kind][at[key]]
                if before.values == row.values:
                    unchanged.append((kind, key))
                elif replace and (kind, key) not in added:
                    new[kind][at[key]] = row
                    replaced.append((kind, key))
                else:
                    problems.append(
                        Problem(
                            row.where,
                            None,
                            f"'{key}' is there already, with other words ({before.where}): ask for it to be replaced, or give it another id",
                        )
                    )
        problems = problems or judged(new, book, at_change=True)
        if problems:
            raise TimelineError(problems)
        if not dry_run:
            _write(settings, old, new)
    return TimelineChange(tuple(added), tuple(replaced), tuple(unchanged))


def remove_row(settings: Settings, row_id: str, *, dry_run: bool = False) -> TimelineChange:
    """Take the event, measure or source with this id out of the user's timelines; an event takes its positions with it.

    Raises UsageError for an id that is not the user's own, TimelineError where another row of the user names it.
    """
    with writer_lock(settings):
        old = read_timelines(settings)
        removed: list[tuple[Kind, str]] = []
        kept: dict[Kind, list[Row]] = {kind: [] for kind in old}
        is_event = any(row.values["event_id"] == row_id for row in old["events"])
        for kind, rows in old.items():
            for row in rows:
                goes = (
                    row.values["event_id"] == row_id and is_event
                    if kind == "positions"
                    else _key(kind, row) == row_id
                )
                if goes:
                    removed.append((kind, _key(kind, row)))
                else:
                    kept[kind].append(row)
        if not removed:
            known = sorted(
                _key(kind, row) for kind, rows in old.items() if kind != "positions" for row in rows
            )
            rest = f"yours are {', '.join(known[:20])}" if known else "you have no timelines of your own yet"
            raise UsageError(f"'{row_id}' is no event, measure or source of your own timelines; {rest}")
        if problems := judged(kept, rulebook(settings.dbt_project)):
            raise TimelineError(
                [*problems, Problem(row_id, None, "is named by these rows: change or remove them first")]
            )
        if not dry_run:
            _write(settings, old, kept)
    return TimelineChange(removed=tuple(removed))


def listed(settings: Settings) -> list[dict[str, str]]:
    """The rows of the user's timelines for a list: kind, key, day, title or words, source and confidence. Raises as read_timelines does."""
    shown = {
        "sources": ("", "title"),
        "events": ("event_date", "title"),
        "measures": ("effective_on", "product_scope"),
        "positions": ("", "position"),
    }
    return [
        {
            "kind": kind,
            "id": text_of(row.values[TIMELINE_KEYS[kind][0]]),
            "day": text_of(row.values.get(shown[kind][0])),
            "what": text_of(row.values[shown[kind][1]]),
            "source_key": text_of(row.values["source_key"]),
            "confidence": text_of(row.values.get("confidence")),
        }
        for kind, rows in read_timelines(settings).items()
        for row in rows
    ]


def day_of_event(settings: Settings, event_id: str) -> tuple[date, str] | None:
    """Day and title of an event of the user's files, whether or not a build has seen it: the first day of what took effect, else the
    day of the event. None for an event that is not there. Raises as read_timelines does."""
    for row in read_timelines(settings)["events"]:
        if row.values["event_id"] == event_id:
            day = row.values["effective_on"] or row.values["event_date"]
            return (day, str(row.values["title"])) if isinstance(day, date) else None
    return None


def judged(rows: Timelines, book: Rulebook, *, at_change: bool = False) -> list[Problem]:
    """Everything that is wrong with the whole of a user's rows; at_change as for `broken`."""
    problems = []
    for kind, own in rows.items():
        if len(own) > _MOST_ROWS:
            problems.append(
                Problem(f"{kind}.csv", None, f"has {len(own):,} rows, at most {_MOST_ROWS:,} are read")
            )
        for row in own:
            problems += _own_rules(kind, row, book)
    if problems:
        return problems
    return broken(rows, book, open_lists={"timeline": _OWN_TIMELINE}, at_change=at_change)


def _own_rules(kind: Kind, row: Row, book: Rulebook) -> Iterator[Problem]:
    """What is asked of a user's row beyond the rules of the seeds, so that it stays apart from the bundled ones."""
    if kind in _IDS:
        (column,), (begin, shape, example) = TIMELINE_KEYS[kind], _IDS[kind]
        own_id = row.values[column]
        if isinstance(own_id, str) and not re.fullmatch(shape, own_id):
            if own_id in book.closed(SEEDS[kind][0], column):
                yield Problem(
                    row.where,
                    column,
                    f"'{own_id}' is one that Headway brings; an id of your own begins with {begin}",
                )
            else:
                case = "capital" if kind == "sources" else "small"
                yield Problem(
                    row.where,
                    column,
                    f"'{own_id}' is no id for a row of your own: begin with {begin} and use {case} letters and digits, like {example}",
                )
    if kind == "events":
        timeline, cluster = row.values["timeline"], row.values["cluster_id"]
        if (
            isinstance(timeline, str)
            and timeline.startswith(_OWN_TIMELINE)
            and not re.fullmatch(_TIMELINE_SHAPE, timeline)
        ):
            yield Problem(
                row.where,
                "timeline",
                f"'{timeline}' is no name for a story of your own: use small letters, digits and '_', like user_plants",
            )
        if cluster is not None:
            yield Problem(
                row.where,
                "cluster_id",
                "must be empty: the clusters are waves of bundled events, and yours would change them",
            )


def typed(kind: Kind, given: GivenRow) -> tuple[Row, list[Problem]]:
    """A given row with its cells read, and what could not be read; such a cell is None."""
    columns, problems = TIMELINE_COLUMNS[kind], []
    for name in given.cells:
        if name not in columns:
            problems.append(
                Problem(
                    given.where,
                    None,
                    f"column '{name}' is none of {kind}; its columns are {', '.join(columns)}",
                )
            )
    values = {}
    for name, dtype in columns.items():
        cell = given.cells.get(name)
        try:
            values[name] = value_of(cell, dtype)
        except ValueError as error:
            values[name] = None
            problems.append(Problem(given.where, name, f"'{str(cell)[:80]}' {error}"))
    return Row(given.where, values), problems


def _key(kind: Kind, row: Row) -> str:
    return " / ".join(text_of(row.values[column]) for column in TIMELINE_KEYS[kind])


# -- files -----------------------------------------------------------------------------------------------------------


def as_csv(kind: Kind, rows: Sequence[Row]) -> bytes:
    """The file of a kind: a header and one line a row, in the columns of the seeds."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TIMELINE_COLUMNS[kind])
    writer.writerows([text_of(value) for value in row.values.values()] for row in rows)
    return text.getvalue().encode()


def rows_of_csv(kind: Kind, content: bytes, name: str) -> tuple[list[Row], list[Problem]]:
    """The rows of a file of a kind, and what could not be read of it. name: of the file, for messages."""
    try:
        grid = read_csv(content, TIMELINE_KEYS[kind], what=name)
    except UserFileError as error:
        return [], [Problem(name, None, line.removeprefix(f"{name} ")) for line in error.problems]
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, cells in grid.rows:
        if isinstance(cells, str):
            problems.append(Problem(grid.at(number), None, cells))
            continue
        row, wrong = typed(kind, GivenRow(cells, grid.at(number)))
        rows.append(row)
        problems += wrong
    return rows, problems


def _read(settings: Settings) -> tuple[dict[Kind, list[Row]], list[Problem]]:
    """The rows of the user's files, and what could not be read of them. Raises UsageError where the disk refuses."""
    rows: dict[Kind, list[Row]] = {}
    problems: list[Problem] = []
    for kind in TIMELINE_COLUMNS:
        rows[kind] = []
        path = settings.timelines / f"{kind}.csv"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from error
        if content.strip():
            rows[kind], wrong = rows_of_csv(kind, content, path.name)
            problems += wrong
    return rows, problems


def _write(settings: Settings, old: Timelines, new: Timelines) -> None:
    """Write the files that change, each whole or not at all.

    Should the process die between two files, no row names one that is not there: what is named is written before what names
    it, and taken out after it. TIMELINE_COLUMNS has the kinds in this order.
    """
    settings.timelines.mkdir(parents=True, exist_ok=True)
    shrinks = sum(map(len, new.values())) < sum(map(len, old.values()))
    kinds = [kind for kind in TIMELINE_COLUMNS if new[kind] != old[kind]]
    for kind in reversed(kinds) if shrinks else kinds:
        write_whole(settings.timelines / f"{kind}.csv", as_csv(kind, new[kind]), durable=True)
