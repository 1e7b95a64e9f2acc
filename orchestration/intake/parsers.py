"""Which parser reads an archived payload, so that the store can be rebuilt from the archive alone.

Belongs here: the choice by kind of payload (bundled figures, an agency's answer, a decision on a candidate, a user's import).
Does not belong here: parsing (transforms/parse).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from orchestration.intake import feed_review
from orchestration.intake.agency import question
from orchestration.intake.figures.load import parse_figures
from orchestration.intake.user_import import parser_for
from orchestration.sources import datasets, feeds
from orchestration.store.archive import ArchivedPayload
from orchestration.store.opened import FIGURES
from transforms.schema import Parsed


def parser_of_archived(payload: ArchivedPayload) -> Callable[[bytes], Parsed]:
    """The parser of an archived payload, chosen by its source and its sidecar; it must be given the payload's bytes.

    Raises PayloadError for a payload of a dataset or source that the program does not know (any more).
    """
    if payload.source_id == FIGURES:
        return partial(parse_figures, extra=payload.extra)
    if question.is_live(payload):
        return question.parser_of_live(payload, (*datasets.DATASETS, *feeds.FEED_DATASETS))
    if payload.source_id == feed_review.SOURCE:
        return feed_review.parse_decision
    return parser_for(payload)
