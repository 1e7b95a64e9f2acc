"""The account of a refresh: counts and problems of each dataset, and what they mean for the exit status.

Belongs here: the account while it is made (Tally) and as it is returned (DatasetOutcome, RefreshOutcome).
Does not belong here: asking or loading (dataset.py), printing the account (cli/refresh_rows.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from orchestration.intake.agency.http import Client
from orchestration.sources.spec import Dataset
from orchestration.store.archive import Quarantined
from orchestration.store.loading import LoadAccount
from transforms.schema import Parsed

if TYPE_CHECKING:
    from orchestration.release.records import Release

State = Literal["done", "partial", "failed", "skipped"]


@dataclass(frozen=True)
class DatasetOutcome:
    """The account of one dataset.

    state:       done (every request was answered), partial (some were), failed (none was), skipped (nothing was asked)
    requests:    HTTP requests that were sent, repeated attempts included
    fetched:     answers that said something new; unchanged: answers that said the same as the last one
    appended, revised, withdrawn, rejected: rows; the revised are counted among the appended, the withdrawn are not
    quarantined: answers that were set aside with a reason
    changed:     whether the store holds another row than before
    skip:        why nothing was asked; "" if something was
    problems:    one line each; notes: what else is worth knowing (not yet released, left out on purpose)
    """

    source_id: str
    dataset: str
    title: str
    state: State
    requests: int = 0
    fetched: int = 0
    unchanged: int = 0
    appended: int = 0
    revised: int = 0
    withdrawn: int = 0
    rejected: int = 0
    quarantined: int = 0
    changed: bool = False
    skip: str = ""
    #: a skipped dataset that counts makes a run partial (a missing key, a spent quota); one that is off does not
    counts: bool = True
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`source/dataset`, as the command line writes it."""
        return f"{self.source_id}/{self.dataset}"


@dataclass(frozen=True)
class RefreshOutcome:
    """The account of a whole refresh.

    released:      whether a new release was made; release: the current one afterwards, None if no build was tried
    build_problem: why the build failed, "" if it did not; seconds: time the refresh took
    """

    datasets: tuple[DatasetOutcome, ...]
    released: bool = False
    release: Release | None = None
    build_problem: str = ""
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether the store holds another row than before."""
        return any(d.changed for d in self.datasets)

    @property
    def exit_code(self) -> int:
        """0: everything that is on is up to date; 3: partly; 1: nothing is, or the build failed."""
        counted = [d for d in self.datasets if d.state != "skipped" or d.counts]
        if self.build_problem:
            return 1
        if all(d.state == "done" for d in counted):
            return 0
        return 3 if any(d.state in ("done", "partial") for d in counted) else 1

    @property
    def problems(self) -> tuple[str, ...]:
        """One line a problem, with its dataset; datasets of a source that were skipped for one reason share a line."""
        lines = [f"{d.name}: {problem}" for d in self.datasets for problem in d.problems]
        skipped: dict[tuple[str, str], list[str]] = {}
        for d in self.datasets:
            if d.state == "skipped" and d.counts:
                skipped.setdefault((d.source_id, d.skip), []).append(d.name)
        lines += [f"{_first_names(names)}: skipped, {why}" for (_, why), names in skipped.items()]
        return (*lines, *([f"build: {self.build_problem}"] if self.build_problem else []))

    def in_words(self) -> str:
        """The account as a text of several lines, for a message to someone who did not see the run."""
        done = sum(d.state == "done" for d in self.datasets)
        return "\n".join([f"{done} of {len(self.datasets)} datasets are up to date.", *self.problems])


def _first_names(names: Sequence[str], separator: str = ", ") -> str:
    """The first three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return separator.join(names[:3]) + more


@dataclass
class Tally:
    """The account of a dataset while it is asked. Each method notes one thing that happened."""

    dataset: Dataset
    requests: int = 0
    #: answers that were understood, whether they said something new, the same again or nothing
    answers: int = 0
    fetched: int = 0
    unchanged_answers: int = 0
    quarantined_answers: int = 0
    rows_appended: int = 0
    rows_revised: int = 0
    rows_withdrawn: int = 0
    rows_rejected: int = 0
    changed: bool = False
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: why an answer held no data -> titles of the requests that were answered so
    without_data: dict[str, list[str]] = field(default_factory=dict)

    @contextmanager
    def counting_requests(self, client: Client) -> Iterator[None]:
        """Count the HTTP requests that `client` sends inside the block, also if the block raises."""
        before = client.requests_made
        try:
            yield
        finally:
            self.requests += client.requests_made - before

    def loaded(self, account: LoadAccount, parsed: Parsed) -> None:
        """An answer was loaded; series that the agency refused inside it are problems."""
        self.answers += 1
        self.fetched += 1
        self._rows(account)
        self.notes += parsed.messages
        self.problems += [f"{code} was refused: {why}" for code, why in parsed.refused.items()]

    def left_by_a_killed_run(self, payload_id: str, left: LoadAccount | Quarantined) -> None:
        """What an earlier run had archived and not loaded was loaded or set aside now; no request was sent for it."""
        if isinstance(left, LoadAccount):
            self._rows(left)
            self.notes.append(
                f"{payload_id} was archived by a run that ended before it loaded it; loaded now"
            )
        else:
            self.notes.append(
                f"{payload_id} was archived by a run that ended before it set it aside; in quarantine now: {left.reason}"
            )

    def _rows(self, account: LoadAccount) -> None:
        self.changed |= account.changed
        self.rows_appended += account.rows_appended
        self.rows_revised += account.rows_revised
        self.rows_withdrawn += account.rows_withdrawn
        self.rows_rejected += account.rows_rejected

    def unchanged(self) -> None:
        """An answer said the same as the last one."""
        self.answers += 1
        self.unchanged_answers += 1

    def nothing_there(self, request_title: str, why: str) -> None:
        """A valid answer held no data: nothing is new, or it is not yet released."""
        self.answers += 1
        self.without_data.setdefault(why, []).append(request_title)

    def quarantined(self, problem: str) -> None:
        """An answer cannot be used; its bytes are in quarantine."""
        self.quarantined_answers += 1
        self.problems.append(f"{problem} (set aside in quarantine)")

    def failed(self, problem: str) -> None:
        """A request brought no bytes that could be kept."""
        self.problems.append(problem)

    def not_asked(self, why: str) -> None:
        """One request was left out."""
        self.problems.append(f"not asked: {why}")

    def not_asked_any_more(self, requests: int) -> None:
        """The run ended with so many requests of the dataset unsent."""
        if requests:
            more = "request was" if requests == 1 else "requests were"
            self.problems.append(f"{requests} more {more} not sent")

    def skipped(self, why: str, *, counts: bool) -> DatasetOutcome:
        """The outcome of a dataset that is not asked at all; `counts` as in DatasetOutcome."""
        d = self.dataset
        return DatasetOutcome(d.source_id, d.name, d.title, "skipped", skip=why, counts=counts)

    def outcome(self) -> DatasetOutcome:
        """The account as it stands, after the last request."""
        d = self.dataset
        state: State = "done" if not self.problems else "partial" if self.answers else "failed"
        return DatasetOutcome(
            d.source_id,
            d.name,
            d.title,
            state,
            requests=self.requests,
            fetched=self.fetched,
            unchanged=self.unchanged_answers,
            appended=self.rows_appended,
            revised=self.rows_revised,
            withdrawn=self.rows_withdrawn,
            rejected=self.rows_rejected,
            quarantined=self.quarantined_answers,
            changed=self.changed,
            problems=tuple(self.problems),
            notes=(
                *dict.fromkeys(self.notes),
                *(f"{_first_names(titles, '; ')}: {why}" for why, titles in self.without_data.items()),
            ),
        )
