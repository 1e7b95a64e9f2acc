"""docs/questions.md: questions that people bring, each with the command or query that answers it and what it says.

Belongs here: reading the page, running what stands in it, renewing what it printed and the count of answers. Does not belong here:
the questions themselves (docs/questions.md, written by people), how a command answers (cli/, readers/).
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.documentation.answer_blocks import renewed

PAGE = PROJECT / "docs" / "questions.md"
#: a page is read on a screen: a table keeps its columns, and a long list its first lines
COLUMNS, LINES = 116, 14
_QUESTION = re.compile(
    r"^### (?P<number>\d+)\. (?P<title>[^\n]+)\n\n```(?P<kind>sh|sql)\n(?P<text>.*?)\n```\n\n(?P<said>Answered|Refused)(?P<why>[^\n]*)\n",
    re.M | re.S,
)


@dataclass(frozen=True)
class Question:
    """A question of the page.

    arguments: those of `headway` that answer it. answered: whether the page says that it is answered. reasons: what a refusal must
    name, as the page quotes it.
    """

    number: int
    title: str
    arguments: Sequence[str]
    answered: bool
    reasons: Sequence[str]


def questions(page: str) -> list[Question]:
    """The questions of the page in their order. Raises ValueError unless they are numbered from 1 on."""
    read = [
        Question(
            int(match["number"]),
            match["title"],
            shlex.split(match["text"])[1:] if match["kind"] == "sh" else ["sql", match["text"]],
            match["said"] == "Answered",
            re.findall(r'"([^"]+)"', match["why"]),
        )
        for match in _QUESTION.finditer(page)
    ]
    if [question.number for question in read] != list(range(1, len(read) + 1)):
        raise ValueError(
            f"the questions are numbered {[question.number for question in read]}, not from 1 on"
        )
    return read


def write_questions(settings: Settings, page: Path = PAGE) -> None:
    """Renew what each command of the page prints, and the count of answers, from the current release.

    Apart from the other pages, since release ids and hashes are in it: no two builds make the same page.
    """
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        text = with_answers(text, lambda arguments: _printed(settings, arguments, Path(folder)))
    page.write_text(text, encoding="utf-8")


def with_answers(text: str, run: Callable[[Sequence[str]], str]) -> str:
    """`text` with what `run` says to the arguments of each question between its marks. Raises ValueError for a missing mark."""
    asked = questions(text)
    for question in asked:
        text = renewed(
            text, f"answer {question.number}", f"```text\n{shortened(run(question.arguments))}\n```"
        )
    refused = sum(not question.answered for question in asked)
    count = f"Of {len(asked)} questions {len(asked) - refused} are answered and {refused} refused, each with its reason."
    return renewed(text, "count", count)


def shortened(printed: str) -> str:
    """The first lines of what was printed and how many more there were; sentences are wrapped, and rows of a table cut at the edge."""
    lines: list[str] = []
    for line in printed.strip().splitlines():
        row = "  " in line.strip()
        lines += [_cut(line.rstrip())] if row else textwrap.wrap(line, COLUMNS) or [""]
    more = len(lines) - LINES
    return "\n".join(lines if more <= 0 else [*lines[:LINES], f"... and {more} more lines"])


def _cut(row: str) -> str:
    return row if len(row) <= COLUMNS else f"{row[: COLUMNS - 1].rstrip()}…"


def _printed(settings: Settings, arguments: Sequence[str], folder: Path) -> str:
    """What `headway <arguments>` prints in a folder where it may leave a file."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        env={**os.environ, "HEADWAY_HOME": str(settings.home), "COLUMNS": str(COLUMNS)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout if done.returncode == 0 else done.stdout + done.stderr
    return said.replace(f"{settings.home}/", "warehouse/").replace(f"{folder}/", "")
