"""What became of a refresh: counts and problems of each dataset, and what they mean for the exit status.

Belongs here: the account while it is made (Tally) and as it is returned. Does not belong here: doing anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from orchestration.intake.agency.http import Client
from orchestration.sources.spec import Dataset
from orchestration.store.loading import LoadAccount
from transforms.schema import Parsed

if TYPE_CHECKING:
    from orchestration.release.folders import Release

State = Literal["done", "partial", "failed", "skipped"]


@dataclass(frozen=True)
class DatasetOutcome:
    """One dataset.

    state:     done (every answer is in), partial (some are), failed (none is), skipped (nothing was asked)
    requests:  HTTP requests that were sent, repeated ones included
    fetched:   answers that said something new; unchanged: answers that said the same as the last one
    appended, revised, withdrawn, rejected: rows; the revised are among the appended, the withdrawn beside them
    problems:  one line each; notes: what else is worth knowing (not yet released, left out, refused series)
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


@dataclass(frozen=True)
class RefreshOutcome:
    """A whole refresh. `release` is the one that is current afterwards, if it was made or looked at."""

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
        found = [f"{d.source_id}/{d.dataset}: {p}" for d in self.datasets for p in d.problems]
        skipped: dict[tuple[str, str], list[str]] = {}
        for d in self.datasets:
            if d.state == "skipped" and d.counts:
                skipped.setdefault((d.source_id, d.skip), []).append(f"{d.source_id}/{d.dataset}")
        found += [f"{_named(names)}: skipped, {why}" for (_, why), names in skipped.items()]
        return (*found, *([f"build: {self.build_problem}"] if self.build_problem else []))

    def in_words(self) -> str:
        """For a message to someone who did not see the run."""
        done = sum(d.state == "done" for d in self.datasets)
        return "\n".join([f"{done} of {len(self.datasets)} datasets are up to date.", *self.problems])


def _named(names: Sequence[str], separator: str = ", ") -> str:
    """The first three, and how many more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return separator.join(names[:3]) + more


@dataclass
class Tally:
    """The account of a dataset while it is asked."""

    dataset: Dataset
    requests: int = 0
    answers: int = 0
    fetched: int = 0
    same: int = 0
    aside: int = 0
    rows: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("appended", "revised", "withdrawn", "rejected"), 0)
    )
    changed: bool = False
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: why there was nothing -> the requests
    nothing: dict[str, list[str]] = field(default_factory=dict)

    @contextmanager
    def counting_requests(self, client: Client) -> Iterator[None]:
        before = client.requests_made
        try:
            yield
        finally:
            self.requests += client.requests_made - before

    def loaded(self, account: LoadAccount, parsed: Parsed) -> None:
        self.answers += 1
        self.fetched += 1
        self.changed |= account.changed
        self.rows["appended"] += account.rows_appended
        self.rows["revised"] += account.rows_revised
        self.rows["withdrawn"] += account.rows_withdrawn
        self.rows["rejected"] += account.rows_rejected
        self.notes += parsed.messages
        self.problems += [f"{code} was refused: {why}" for code, why in parsed.refused.items()]

    def unchanged(self) -> None:
        self.answers += 1
        self.same += 1

    def nothing_there(self, asked: str, why: str) -> None:
        """A valid answer without data: nothing new, or not yet released."""
        self.answers += 1
        self.nothing.setdefault(why, []).append(asked)

    def quarantined(self, problem: str) -> None:
        self.aside += 1
        self.problems.append(f"{problem} (set aside in quarantine)")

    def failed(self, problem: str) -> None:
        self.problems.append(problem)

    def not_asked(self, why: str) -> None:
        self.problems.append(f"not asked: {why}")

    def not_asked_any_more(self, requests: int) -> None:
        if requests:
            more = "request was" if requests == 1 else "requests were"
            self.problems.append(f"{requests} more {more} not sent")

    def skipped(self, why: str, *, counts: bool) -> DatasetOutcome:
        d = self.dataset
        return DatasetOutcome(d.source_id, d.name, d.title, "skipped", skip=why, counts=counts)

    def outcome(self) -> DatasetOutcome:
        d = self.dataset
        state: State = "done" if not self.problems else "partial" if self.answers else "failed"
        return DatasetOutcome(
            d.source_id,
            d.name,
            d.title,
            state,
            requests=self.requests,
            fetched=self.fetched,
            unchanged=self.same,
            quarantined=self.aside,
            changed=self.changed,
            problems=tuple(self.problems),
            notes=(
                *dict.fromkeys(self.notes),
                *(f"{_named(asked, '; ')}: {why}" for why, asked in self.nothing.items()),
            ),
            **self.rows,
        )
