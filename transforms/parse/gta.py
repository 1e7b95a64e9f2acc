"""Global Trade Alert: interventions of the data endpoint.

Belongs here: its fields (docs of the endpoint, 2026). Does not belong here: the key, the question (sources/feed/gta.py).
"""

from __future__ import annotations

from transforms.feed.days import FirstDay
from transforms.feed.rates import Rate
from transforms.feed.reading import Document, day
from transforms.feed.text import field
from transforms.parse.body import JsonObject, read_json, shape_checked
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError, TruncatedError

SOURCE = "gta"
HOSTS = ("www.globaltradealert.org",)
#: the endpoint returns no more at once
PAGE = 1000


@shape_checked(SOURCE)
def parse_interventions(content: bytes, *, status: int, content_type: str | None) -> list[Document]:
    """The interventions of one answer. Raises EmptyReplyError for none, TruncatedError for a full page."""
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    if not isinstance(reply, list):
        raise SchemaChangedError(SOURCE, "the answer is no list of interventions")
    if not reply:
        raise EmptyReplyError(SOURCE, "no intervention in these days", "nothing is new")
    if len(reply) >= PAGE:
        raise TruncatedError(
            SOURCE, f"{len(reply):,} interventions, as many as a page holds", "ask for fewer days"
        )
    return [_document(entry) for entry in reply]


def _document(entry: JsonObject) -> Document:
    number = str(int(entry["intervention_id"]))
    published = day(entry.get("date_published")) or day(entry.get("date_announced"))
    if published is None:
        raise SchemaChangedError(SOURCE, f"intervention {number} without a day", missing=["date_published"])
    names = [
        field(j.get("name"))
        for key in ("implementing_jurisdictions", "affected_jurisdictions")
        for j in entry.get(key) or []
    ]
    implemented = day(entry.get("date_implemented"))
    stated = f"date_implemented of intervention {number}: {implemented or 'none'}"
    what = (
        FirstDay(implemented, stated, "stated", "")
        if implemented
        else FirstDay(None, stated, "stated", "no first day is stated")
    )
    levels: dict[float, Rate] = {}
    for product in entry.get("affected_products") or []:
        # with full access a product is an object with its levels, else a bare code
        if (
            isinstance(product, dict)
            and product.get("new_level") not in (None, "")
            and product.get("unit") in (None, "percent", "%")
        ):
            level = float(product["new_level"])
            levels.setdefault(
                level, Rate(level, f"new_level of HS {product.get('product_id')}: {product['new_level']}")
            )
    told = [
        field(entry.get("intervention_type")),
        field(entry.get("intervention_description"), 4_000),
        ", ".join(n for n in names if n),
    ]
    return Document(
        source_id=SOURCE,
        number=number,
        title=field(entry.get("state_act_title")) or "",
        published_on=published,
        kind=field(entry.get("intervention_type")),
        abstract=" ".join(f"{text}." for text in told if text) or None,
        signed_on=day(entry.get("date_announced")),
        citation=f"GTA intervention {number}",
        agencies="Global Trade Alert",
        url=field(entry.get("intervention_url")),
        hosts=HOSTS,
        first_day=what,
        rates=tuple(levels.values()),
    )
