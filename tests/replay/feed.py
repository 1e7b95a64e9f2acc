"""The agencies of the feed as their documentation and public clients show them: Federal Register, CBP, USITC, Canada, GTA.

Belongs here: lists, pages and refusals of each. Does not belong here: HTTP, assertions.

Described, not recorded: of the Federal Register one document's JSON is recorded (its shape is the one served here), of the others no
bytes were at hand. The texts that are served are those of tests/fixtures/feed, of which each says whether it is real.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.replay.server import Call, ReplayServer, Reply, html_page, json_reply, text_reply

GTA_KEY = "67a67a67a67a67a67a67a67a"
KEYS = {"HEADWAY_GTA_KEY": GTA_KEY}


def fr_document(number: str, title: str, published: str, **more: Any) -> dict[str, Any]:
    """A document of a list in the form of the API; what is not said is null, as it is there."""
    year, month, day = published.split("-")
    empty = dict.fromkeys(
        ("subtype", "abstract", "action", "dates", "signing_date", "effective_on", "citation", "start_page", "end_page",
         "proclamation_number", "executive_order_number", "presidential_document_number", "correction_of")
    )  # fmt: skip
    return {
        **empty,
        "document_number": number,
        "title": title,
        "type": "Presidential Document",
        "publication_date": published,
        "agencies": [
            {
                "raw_name": "EXECUTIVE OFFICE OF THE PRESIDENT",
                "name": "Executive Office of the President",
                "slug": "executive-office-of-the-president",
            }
        ],
        "html_url": f"https://www.federalregister.gov/documents/{year}/{month}/{day}/{number}/a-title",
        "raw_text_url": f"https://www.federalregister.gov/documents/full_text/text/{year}/{month}/{day}/{number}.txt",
        **more,
    }


@dataclass
class FederalRegister:
    """documents: entries as `fr_document` makes them; texts: number -> text of the document, None where the server refuses it."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[str, str | None] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        if call.path == "/api/v1/documents.json":
            return self._list(call)
        number = call.path.rsplit("/", 1)[-1].removesuffix(".txt")
        if not call.path.startswith("/documents/full_text/text/") or number not in self.texts:
            return html_page("Not found", 404)
        text = self.texts[number]
        return html_page("Request Access", 403) if text is None else text_page(text)

    def _list(self, call: Call) -> Reply:
        first = call.get("conditions[publication_date][gte]", "")
        last = call.get("conditions[publication_date][lte]", "9999")
        agencies, presidential = (
            call.query.get("conditions[agencies][]"),
            call.get("conditions[type][]") == "PRESDOCU",
        )
        found = [
            d
            for d in self.documents
            if first <= d["publication_date"] <= last
            and (d["type"] == "Presidential Document") == presidential
            and (agencies is None or {*agencies} & {a["slug"] for a in d["agencies"]})
        ]
        if not found:
            return json_reply({"count": 0, "description": "Documents", "total_pages": 0})
        wanted = call.query["fields[]"]
        rows = [{name: d.get(name) for name in wanted} for d in found]
        return json_reply(
            {"count": len(rows), "description": "Documents", "total_pages": 1, "results": rows}, etag=True
        )


@dataclass
class GovInfo:
    """texts: number -> text of the printed edition."""

    texts: dict[str, str] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        number = call.path.rsplit("/", 1)[-1].removesuffix(".htm")
        return text_page(self.texts[number]) if number in self.texts else html_page("Not found", 404)


@dataclass
class Csms:
    """bulletins: number -> (subject after the number, day as MM/DD/YYYY, text)."""

    bulletins: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        if call.path.endswith("/USDHSCBP_WIDGET_2/0.json"):
            entries = [
                {
                    "subject": f"CSMS # {number} - {subject}",
                    "pub_date": f"{day} 05:26 PM EDT",
                    "href": f"https://content.govdelivery.com/bulletins/gd/USDHSCBP-{int(number):x}?wgt_ref=USDHSCBP_WIDGET_2",
                }
                for number, (subject, day, _) in self.bulletins.items()
            ]
            return text_reply(f"GDWidgets[0].update({json.dumps(entries)});", media_type="text/javascript")
        for number, (subject, _, text) in self.bulletins.items():
            if call.path == f"/bulletins/gd/USDHSCBP-{int(number):x}":
                return page(f"CSMS # {number} - {subject}", text)
        return html_page("Not found", 404)


@dataclass
class Usitc:
    """editions: name as in the file's address (2026_revision_21) -> (day as printed, what the list names for it, 9903 lines);
    the newest first."""

    editions: dict[str, tuple[str, str, dict[str, str]]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        if call.path == "/harmonized_tariff_information/hts/archive/list":
            blocks = "".join(
                f'<h3>{name.replace("_", " ")} ({day})</h3><a href="https://www.usitc.gov/sites/default/files/tata/hts/hts_{name}_json.json">'
                f"JSON</a><p>Modifications: {named}</p>"
                for name, (day, named, _) in self.editions.items()
            )
            return text_reply(
                f"<!DOCTYPE html><html><body><h1>Archive</h1>{blocks}</body></html>", media_type="text/html"
            )
        name = call.path.rsplit("/hts_", 1)[-1].removesuffix("_json.json")
        if name not in self.editions:
            return html_page("Not found", 404)
        lines = [_line("0101.21.00", "Purebred breeding animals", "Free")]
        return json_reply(
            lines + [_line(h, f"Articles of {h}", rate) for h, rate in self.editions[name][2].items()]
        )


def _line(htsno: str, description: str, general: str) -> dict[str, Any]:
    return {
        "htsno": htsno, "indent": "1", "description": description, "superior": None, "units": [], "general": general,
        "special": "", "other": "", "footnotes": [], "quotaQuantity": None, "additionalDuties": None, "addiitionalDuties": None,
    }  # fmt: skip


@dataclass
class Pages:
    """pages: the end of a path -> (heading, text): regulations and notices of Canada."""

    pages: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        for end, (heading, text) in self.pages.items():
            if call.path.endswith(end):
                return page(heading, text)
        return html_page("We couldn't find that Web page", 404)


@dataclass
class Gta:
    """interventions: as the data endpoint sends them; another key than GTA_KEY is refused."""

    interventions: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"APIKey {GTA_KEY}":
            return json_reply({"detail": "Authentication credentials were not provided."}, 401)
        assert call.method == "POST" and call.json["limit"] == 1000
        return json_reply(self.interventions)


def text_page(text: str) -> Reply:
    """A text file as federalregister.gov and govinfo.gov send it: inside a page."""
    return text_reply(
        f"<html>\n<head>\n<title>Federal Register</title></head><body><pre>\n{text}\n</pre></body></html>",
        media_type="text/html",
    )


def page(heading: str, text: str) -> Reply:
    """A page with scripts, a menu and a footer around its text."""
    body = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
    return text_reply(
        f"<!DOCTYPE html><html><head><title>x</title><script>alert(1)</script></head><body><nav>Menu</nav><main><h1>{heading}</h1>"
        f"{body}</main><footer>Date modified: <time>2026-01-01</time></footer></body></html>",
        media_type="text/html; charset=utf-8",
    )


@dataclass
class FeedAgencies:
    """All of them; change what they hold between two refreshes."""

    federal_register: FederalRegister = field(default_factory=FederalRegister)
    govinfo: GovInfo = field(default_factory=GovInfo)
    csms: Csms = field(default_factory=Csms)
    usitc: Usitc = field(default_factory=Usitc)
    justice_canada: Pages = field(default_factory=Pages)
    cbsa: Pages = field(default_factory=Pages)
    gta: Gta = field(default_factory=Gta)

    def serve(
        self, replay: ReplayServer, set_variable: Callable[[str, str], None], keys: Mapping[str, str] = KEYS
    ) -> FeedAgencies:
        """Answer for all of them, with the keys in the environment."""
        for name in self.__dataclass_fields__:
            replay.serve(name.upper(), getattr(self, name))
        for variable, key in keys.items():
            set_variable(variable, key)
        return self
