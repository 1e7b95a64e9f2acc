"""Every question of docs/questions.md, asked of the built warehouse. Prevents: a page that promises an answer which a reader does
not get, a refusal that no longer gives the reason it is known for."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.documentation.questions import PAGE, Question, questions
from tests.support.command_case import command

QUESTIONS = questions(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("question", QUESTIONS, ids=[str(question.number) for question in QUESTIONS])
def test_a_question_is_answered_or_refused_as_the_page_says(
    home: Settings, question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # some answers are files
    done = command(home, *question.arguments)
    printed = " ".join((done.stdout + done.stderr).split())
    if question.answered:
        assert done.returncode == 0, printed
        assert printed and not printed.startswith(("Nothing can be told", "nothing matches"))
    else:
        assert question.reasons, "the page gives no reason in quotes"
        for reason in question.reasons:
            assert reason in printed


def test_there_are_as_many_questions_as_the_page_counts():
    assert len(QUESTIONS) >= 45
    assert f"Of {len(QUESTIONS)} questions" in PAGE.read_text(encoding="utf-8")
