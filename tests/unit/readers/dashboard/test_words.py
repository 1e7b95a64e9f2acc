"""Text of the data on the pages: shown as it is, never as Markdown, HTML, links or formulas."""

import datetime as dt
import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from orchestration.readers.dashboard.parts import shown_sql
from orchestration.readers.dashboard.reading import Query, literal
from orchestration.readers.dashboard.words import escaped


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![pixel](http://127.0.0.1/x.png)",
        "# not a heading",
        "a $x^2$ b",
        ":red[not red] :material/home:",
        "1. not a list",
        "| a | b |\n|---|---|",
        "- not\n- a list",
        "&lt;b&gt;",
        "`code` *em* _em_ ~~gone~~",
        "a\\b",
    ],
)
def test_text_of_the_data_is_shown_as_it_is(text: str) -> None:
    # a title in the data that becomes markup could hide a caution, load a picture or run a script
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(escaped(text))
    assert html.unescape(shown.removeprefix("<p>").removesuffix("</p>\n")) == " ".join(text.split())


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_no_text_becomes_markup(text: str) -> None:
    wanted = " ".join(text.split())
    if wanted:
        shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(escaped(text))
        assert html.unescape(shown.removeprefix("<p>").removesuffix("</p>\n")) == wanted


def test_shown_sql_holds_its_parameters() -> None:
    # a reader pastes it: a quote in a value must not end the text, $series must not eat $series_id
    query = Query("select $a, $ab, $days", {"a": "it's", "ab": None, "days": [dt.date(2020, 1, 2)]})
    assert shown_sql(query) == "select 'it''s', null, [date '2020-01-02']"
    assert literal(True) == "true"
