"""Which parser reads an archived payload, so that the store can be rebuilt from the archive alone.

Belongs here: the choice by kind of source. Does not belong here: parsing (transforms/parse).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from orchestration.intake.agency import question
from orchestration.intake.figures.load import FIGURES, parse_figures
from orchestration.intake.user_import import parser_for
from orchestration.store.archive import ArchivedPayload
from transforms.schema import Parsed


def parser_of_archived(payload: ArchivedPayload) -> Callable[[bytes], Parsed]:
    """The parser for an archived payload, by its source; sidecar hints say what the source alone does not."""
    if payload.source_id == FIGURES:
        return partial(parse_figures, extra=payload.extra)
    if question.is_live(payload):
        from orchestration.sources.datasets import DATASETS

        return question.parser_of_live(payload, DATASETS)
    return parser_for(payload)
