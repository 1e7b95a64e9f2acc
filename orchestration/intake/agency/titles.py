"""Codes that are used for the first time: their titles at the agency, and which of them were found to be right.

Belongs here: asking for titles once, remembering those that fit, naming those that do not.
Does not belong here: which words are expected (the module of each agency), comparing (transforms/titles.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.base.errors import SourceError
from orchestration.base.files import write_whole
from orchestration.base.settings import Settings
from orchestration.intake.agency.http import Client
from orchestration.intake.agency.quota import QuotaSpentError
from orchestration.sources.registry import load_series_catalogue
from orchestration.sources.spec import Dataset, Request, TitleCheck
from transforms.parse.outcome import QuotaError, ReplyError
from transforms.titles import other_titles


@dataclass
class KnownTitles:
    """Codes whose title was read and fits, in <home>/state/titles-<dataset>.json: code -> title in the agency's words."""

    path: Path
    titles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, dataset: Dataset) -> KnownTitles:
        """What is known of a dataset; nothing where the file is absent or damaged, which costs one more question."""
        path = settings.home / "state" / f"titles-{dataset.source_id}-{dataset.name}.json"
        try:
            titles = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            titles = {}
        return cls(path, titles if isinstance(titles, dict) else {})

    def add(self, titles: Mapping[str, str]) -> None:
        self.titles.update(titles)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(self.titles, ensure_ascii=False, indent=1).encode())


def unproven(dataset: Dataset, request: Request, known: KnownTitles) -> tuple[str, ...]:
    """The codes of a request whose titles are expected and were not read yet."""
    check = dataset.title_check
    codes = request.context.get("codes", ()) if check else ()
    return tuple(code for code in codes if check and code in check.expected and code not in known.titles)


def with_titles_checked(dataset: Dataset, request: Request, known: KnownTitles, client: Client) -> Request:
    """The request with `refused_titles` in its context where codes that are used for the first time have another title, or
    none, at the agency.

    Where the titles cannot be read, these codes are refused this time: what is not proven is not loaded. Raises QuotaError
    and QuotaSpentError, which concern every request.
    """
    check = dataset.title_check
    codes = unproven(dataset, request, known)
    if check is None or not codes:
        return request
    try:
        _, answered = client.fetch(check.request(codes), check.read)
    except (QuotaError, QuotaSpentError):
        raise
    except (ReplyError, SourceError) as error:
        what = error.what if isinstance(error, ReplyError) else str(error)
        return _refusing(request, check, dict.fromkeys(codes, f"its title could not be read ({what})"))
    titles = dict(answered or {})
    ours = dict(load_series_catalogue().select("series_id", "title").rows())
    reasons = other_titles(
        titles,
        {code: check.expected[code] for code in codes},
        {code: ours[check.series[code]] for code in codes if check.series[code] in ours},
    )
    reasons |= {code: "the agency gives no title of it" for code in codes if code not in titles}
    known.add({code: titles[code] for code in codes if code not in reasons})
    return _refusing(request, check, reasons) if reasons else request


def _refusing(request: Request, check: TitleCheck, reasons: Mapping[str, str]) -> Request:
    """The request with the codes of `reasons` (code -> why) refused, as question.parsed_answer reads them."""
    refused = {check.series[code]: [code, why] for code, why in reasons.items()}
    return replace(request, context={**request.context, "refused_titles": refused})
