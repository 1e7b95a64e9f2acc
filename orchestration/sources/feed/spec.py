"""The shape of a feed: a list that is asked first, and the documents that are asked for after it.

Belongs here: frozen dataclasses, documents as JSON and back. Does not belong here: asking (intake/feed.py), one agency
(its module).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date

from orchestration.sources.feed.words import keywords
from orchestration.sources.spec import Dataset, PlanContext, Request, Response
from transforms.feed.days import FirstDay
from transforms.feed.rates import Rate
from transforms.feed.reading import Document, candidate_row, parsed
from transforms.parse.body import JsonObject
from transforms.parse.document_page import document_text
from transforms.schema import Parsed

#: documents of one feed that are asked for in one run; the next run asks for the rest
MOST_DOCUMENTS = 60
#: fields of a Document that are days
_DAYS = ("published_on", "signed_on", "registered_on")


@dataclass(frozen=True)
class FeedContext:
    """What `Feed.follow` decides by.

    today, since: the UTC day, and the first day wanted
    listed:       documents of the newest lists of this feed
    read:         feed ids whose document was read already
    bytes_of:     dataset -> (context of the request, its bytes) of what is in the archive, the newest last
    """

    today: date
    since: date
    listed: Sequence[Document]
    read: frozenset[str]
    bytes_of: Callable[[str], Sequence[tuple[Mapping[str, object], Callable[[], bytes]]]]


@dataclass(frozen=True)
class Feed:
    """One agency's way from a list to documents.

    lists:     what is asked first; read_list: the documents of an archived list answer
    documents: what is asked after it, in this order: where an API does not give a document, the next one is asked for it
    follow:    the requests for one of `documents` (by its number in that order), most wanted first
    rounds:    how often `follow` may be asked in one run
    """

    lists: tuple[Dataset, ...]
    documents: tuple[Dataset, ...]
    read_list: Callable[[bytes, Request, Response], list[Document]]
    follow: Callable[[FeedContext, int], list[Request]]
    rounds: int = 1

    @property
    def source_id(self) -> str:
        """The publisher."""
        return (*self.lists, *self.documents)[0].source_id


def nothing_planned(_: PlanContext) -> list[Request]:
    """The plan of a dataset whose requests follow from a list (intake/feed.py makes them)."""
    return []


def nothing_followed(_: FeedContext, __: int) -> list[Request]:
    """For a feed whose list says everything."""
    return []


def entries(documents: Sequence[Document], response: Response) -> Parsed:
    """The rows of a list: what can be read of each entry before the document itself is read."""
    known: dict[str, Document] = {document.feed_id: document for document in documents}
    return parsed(
        candidate_row(document, keywords(), text=None, retrieved_at=response.retrieved_at)
        for document in known.values()
    )


def read_document(content: bytes, request: Request, response: Response) -> Parsed:
    """The row of a document whose entry is in the context of the request. Raises what `document_text` raises."""
    document = from_context(request.context["document"])
    text = document_text(content, source=document.source_id, status=response.status, title=document.title)
    return parsed([candidate_row(document, keywords(), text=text, retrieved_at=response.retrieved_at)])


def wanted(documents: Sequence[Document], read: frozenset[str]) -> list[Document]:
    """The documents worth asking for: not read yet and not on the list of what is no trade action, the newest first."""
    new = {d.feed_id: d for d in documents if d.feed_id not in read and not keywords().has("ignore", d.title)}
    return sorted(new.values(), key=lambda d: (d.published_on, d.feed_id), reverse=True)[:MOST_DOCUMENTS]


def to_context(document: Document) -> JsonObject:
    """A document as plain JSON, which is kept beside the archived bytes."""
    values = asdict(document)
    for name in _DAYS:
        values[name] = values[name].isoformat() if values[name] else None
    stated = values["first_day"]
    if stated is not None and stated["day"] is not None:
        stated["day"] = stated["day"].isoformat()
    return values


def from_context(values: JsonObject) -> Document:
    """The document that `to_context` wrote, also after JSON made lists of its tuples."""
    known = {field.name for field in fields(Document)}
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items() if name in known}
    for name in _DAYS:
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    if stated := values.get("first_day"):
        day = date.fromisoformat(stated["day"]) if stated["day"] else None
        values["first_day"] = FirstDay(day, stated["sentence"], stated["rule"], stated["note"])
    if values.get("rates") is not None:
        values["rates"] = tuple(Rate(**dict(rate)) for rate in values["rates"])
    return Document(**values)
