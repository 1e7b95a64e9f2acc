"""The page of questions: what is asked is read, and what was printed is put in its place."""

from __future__ import annotations

import pytest

from orchestration.documentation.questions import COLUMNS, LINES, questions, shortened, with_answers

PAGE = """<!-- made count -->
<!-- end -->

### 1. How much?

```sh
headway compare 'an event' s_1
```

Answered.

<!-- made answer 1 -->
<!-- end -->

### 2. Why?

```sql
select 1
order by 1
```

Refused: nothing is known of it, as "too recent" says.

<!-- made answer 2 -->
old
<!-- end -->
"""


def test_commands_and_queries_are_read_with_what_the_page_says_of_them():
    first, second = questions(PAGE)
    assert (first.title, first.arguments, first.answered) == (
        "How much?",
        ["compare", "an event", "s_1"],
        True,
    )
    assert (second.arguments, second.answered, second.reasons) == (
        ["sql", "select 1\norder by 1"],
        False,
        ["too recent"],
    )


def test_a_question_that_the_page_counts_wrongly_is_noticed():
    """A heading whose block is not in the form of the others would be left out, and no test would run it."""
    with pytest.raises(ValueError, match=r"\[1, 3\]"):
        questions(PAGE.replace("### 2.", "### 3."))


def test_answers_are_put_under_their_questions():
    page = with_answers(PAGE, lambda arguments: f"said to {arguments[0]}")
    assert (
        "```text\nsaid to compare\n```" in page and "```text\nsaid to sql\n```" in page and "old" not in page
    )
    assert "Of 2 questions 1 are answered and 1 refused" in page


def test_sentences_are_wrapped_rows_are_cut_and_long_lists_are_short():
    sentence, row = "word " * 60, "a  b " + "c" * 200
    lines = shortened(f"\n{sentence}\n{row}\n" + "x\n" * 40).splitlines()
    assert max(map(len, lines)) <= COLUMNS and len(lines) == LINES + 1
    assert lines[0].startswith("word") and any(line.endswith("…") for line in lines)
    assert lines[-1].startswith("... and ")
