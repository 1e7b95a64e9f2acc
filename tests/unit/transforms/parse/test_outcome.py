"""Outcomes of a reply: each says what happened and what to do, and which of them may pass by themselves."""

from __future__ import annotations

import inspect

from transforms.parse import outcome
from transforms.parse.outcome import QuotaError, ReplyError, SchemaChangedError

CLASSES = {
    name: kind for name, kind in inspect.getmembers(outcome, inspect.isclass) if issubclass(kind, ReplyError)
}


def test_what_may_pass_by_itself_is_asked_again_and_nothing_else() -> None:
    # a refusal that is repeated spends the quota, and a fault that is not repeated loses a day
    transient = {name for name, kind in CLASSES.items() if kind.transient}
    assert transient == {"UnreadableError", "HtmlInsteadError", "ServerError"}


def test_a_message_says_who_what_and_what_to_do() -> None:
    error = ReplyError("bls", "an HTML page", "try again later")
    assert str(error) == "bls: an HTML page; try again later"
    assert QuotaError("bls", "spent", "wait", reset_after=60).reset_after == 60


def test_a_changed_schema_names_what_is_missing_and_what_is_new() -> None:
    error = SchemaChangedError("bls", "other fields", missing=["value"], unknown=["val", "u"])
    assert "(missing: value) (unknown: val, u)" in str(error) and error.unknown == ("val", "u")
