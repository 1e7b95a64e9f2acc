"""CBP's Cargo Systems Messaging Service: the list of bulletins.

Belongs here: the list, which is a call of a script with a JSON list in it. Does not belong here: the text of a bulletin
(document_page.py). The list is known from public clients' code, not from a recorded answer.
"""

from __future__ import annotations

import re
from datetime import date

from transforms.feed.reading import Document
from transforms.feed.text import field
from transforms.parse.body import load_json, refuse_status, shape_checked
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError

SOURCE = "cbp"
HOSTS = ("content.govdelivery.com",)
_CALL = re.compile(r"update\(\s*(\[.*\])\s*\)\s*;?\s*\Z", re.DOTALL)
_SUBJECT = re.compile(r"CSMS\s*#?\s*(\d{8})\s*[-–—:]\s*(.*)", re.DOTALL)


@shape_checked(SOURCE)
def parse_bulletins(content: bytes, *, status: int) -> list[Document]:
    """The bulletins of the list, in its order; entries that are no CSMS bulletin are left out.

    Raises SchemaChangedError where the answer is no call with a list, EmptyReplyError for a list without bulletins.
    """
    text = content.decode("utf-8", "replace")
    if not 200 <= status < 300:
        refuse_status(SOURCE, status, text[:2000])
    call = _CALL.search(text)
    if call is None:
        raise SchemaChangedError(SOURCE, "the list of bulletins is no call of `update([...])`")
    found = []
    for entry in load_json(call[1], source=SOURCE):  # type: ignore[attr-defined]  # shape_checked names what is no list
        subject = _SUBJECT.match(field(entry.get("subject")) or "")
        if subject is None:
            continue
        month, day, year = map(int, entry["pub_date"].split(" ")[0].split("/"))
        number = subject[1]
        found.append(
            Document(
                source_id=SOURCE,
                number=number,
                title=field(subject[2]) or "",
                published_on=date(year, month, day),
                kind="CSMS bulletin",
                citation=f"CSMS {number}",
                agencies="U.S. Customs and Border Protection",
                url=f"https://{HOSTS[0]}{path_of(number)}",
                by=("USA",),
                hosts=HOSTS,
                marks=(f"csms:{number}",),
            )
        )
    if not found:
        raise EmptyReplyError(SOURCE, "no CSMS bulletin in the list", "nothing is new")
    return found


def path_of(number: str) -> str:
    """The path of a bulletin: its number in hexadecimal (67834313 -> 40b11c9)."""
    return f"/bulletins/gd/USDHSCBP-{int(number):x}"
