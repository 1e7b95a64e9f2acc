"""What is kept of a question and its answer, so that the answer can be compared, and parsed again from the archive.

Belongs here: naming a request, digests of answers, request and response to JSON and back, the parser of an archived one.
Does not belong here: asking (http.py), the order of a refresh (dataset.py), which datasets there are
(sources/datasets.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from requests.structures import CaseInsensitiveDict

from orchestration.base.errors import PayloadError
from orchestration.intake.agency.http import base_url
from orchestration.sources.spec import Api, Dataset, Request, Response
from orchestration.store.archive import ArchivedPayload
from transforms.schema import Parsed

#: headers that a parser may look at; no other is kept
_KEPT_HEADERS = ("etag", "last-modified")


def request_url(api: Api, request: Request) -> str:
    """The address of a request without any key: the same for the same question. A body is named by its hash."""
    query = f"?{urlencode(request.params)}" if request.params else ""
    body = ""
    if request.json_body is not None:
        text = json.dumps(request.json_body, sort_keys=True)
        body = f"#body-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return f"{base_url(api)}{request.path}{query}{body}"


def digest(api: Api, content: bytes) -> str:
    """sha256 of what an answer says: without the bytes that differ each time, rows in one order."""
    if api.volatile:
        content = re.sub(api.volatile, b"", content)
    if api.row_separator:
        # the first and the last row carry the brackets around all of them
        rows = sorted(row.strip(b"[] \r\n\t,") for row in content.split(api.row_separator))
        content = b"\n".join(rows)
    return hashlib.sha256(content).hexdigest()


def as_json_gives_it_back(request: Request) -> Request:
    """The request as a parser sees it again after years. Raises TypeError for a context that is not plain JSON."""
    return replace(request, context=json.loads(json.dumps(dict(request.context))))


def extra_of(api: Api, request: Request, response: Response) -> dict[str, Any]:
    """What goes into the sidecar: the question, and what the next one is asked with and compared by."""
    headers = {k.lower(): v for k, v in response.headers.items() if k.lower() in _KEPT_HEADERS}
    return {
        "request": {
            "path": request.path,
            "method": request.method,
            "params": [list(pair) for pair in request.params],
            "json_body": request.json_body,
            "context": dict(request.context),
        },
        "headers": headers,
        "content_sha256": digest(api, response.content),
    }


def conditional_headers(payload: ArchivedPayload) -> dict[str, str]:
    """The headers that ask for the answer only if it is another than this one."""
    headers = payload.extra.get("headers", {})
    asked = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
    return {name: value for name, value in asked.items() if value}


def parser_of_live(payload: ArchivedPayload, datasets: Iterable[Dataset]) -> Callable[[bytes], Parsed]:
    """The parser of an archived answer of an agency. Raises PayloadError if its dataset is not declared any more."""
    dataset = next(
        (d for d in datasets if (d.source_id, d.name) == (payload.source_id, payload.dataset)), None
    )
    if dataset is None:
        raise PayloadError(
            f"{payload.payload_id}: no dataset {payload.dataset} of {payload.source_id} is declared any more"
        )
    request, response = _question(payload), _answer(payload)

    def parse(content: bytes) -> Parsed:
        return dataset.parse(content, request, replace(response, content=content))

    return parse


def is_live(payload: ArchivedPayload) -> bool:
    """Whether a payload is an answer of an agency (and not a bundled figure or a user's file)."""
    return "request" in payload.extra


def _question(payload: ArchivedPayload) -> Request:
    kept: Mapping[str, Any] = payload.extra["request"]
    return Request(
        dataset=payload.dataset,
        path=kept["path"],
        method=kept["method"],
        params=tuple((name, value) for name, value in kept["params"]),
        json_body=kept["json_body"],
        context=kept["context"],
    )


def _answer(payload: ArchivedPayload) -> Response:
    return Response(
        content=b"",
        status=payload.http_status or 200,
        media_type=payload.media_type or "",
        headers=CaseInsensitiveDict(payload.extra.get("headers", {})),
        retrieved_at=payload.retrieved_at,
        url=payload.request_url,
    )
