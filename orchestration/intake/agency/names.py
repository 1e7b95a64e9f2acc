"""Files whose names follow no rule: the page of the agency that links to them.

Belongs here: reading the links of a list page once in a run, and choosing those that may be the file of a request.
Does not belong here: which names are tried before (the module of each agency), asking for the file (dataset.py).
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from orchestration.base.errors import SourceError
from orchestration.intake.agency.account import Tally
from orchestration.intake.agency.http import Client
from orchestration.sources.spec import Request, Response
from transforms.parse.body import refuse_status
from transforms.parse.outcome import ReplyError


def linked_paths(
    request: Request, source: str, client: Client, tally: Tally, read: dict[str, list[str]]
) -> list[str]:
    """The links of the request's list page that may be its file; [] without such a page.

    read: path of a page -> its links, of the pages that were read in this run; the page of the request is added. A page
    that cannot be read is noted in `tally` and gives no links.
    """
    page = request.listed_on
    if page is None:
        return []
    if page.path not in read:
        read[page.path] = []
        try:
            with tally.counting_requests(client):
                _, found = client.fetch(
                    Request(request.dataset, page.path), lambda answer: links(answer, source)
                )
            read[page.path] = found or []
        except (ReplyError, SourceError) as error:
            why = error.what if isinstance(error, ReplyError) else str(error)
            tally.notes.append(f"the list of files could not be read: {why}")
    return [link for link in read[page.path] if re.fullmatch(page.link, link, re.IGNORECASE)]


def links(answer: Response, source: str) -> list[str]:
    """The paths that a page links to, in its order, each once. Raises what a refusal of the page means."""
    page = answer.content.decode("utf-8", "replace")
    refuse_status(source, answer.status, page[:500])
    targets = re.findall(r"""href\s*=\s*["']([^"'#?]+)""", page, re.IGNORECASE)
    return list(dict.fromkeys(unquote(urlsplit(target).path) for target in targets))
