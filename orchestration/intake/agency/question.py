"""What the archive keeps of a request and its response, so that the next answer can be compared with this one, and this
one can be parsed again.

Belongs here: the name of a request, the digest of an answer, request and response to JSON and back, the parser of an
archived answer.
Does not belong here: asking (http.py), the order of a refresh (dataset.py), which datasets there are
(sources/datasets.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

import polars as pl
from requests.structures import CaseInsensitiveDict

from orchestration.base.errors import PayloadError
from orchestration.intake.agency.http import base_url
from orchestration.sources.spec import Api, Dataset, Request, Response
from orchestration.store.archive import ArchivedPayload
from transforms.parse.body import JsonObject
from transforms.parse.outcome import BadRequestError
from transforms.schema import Parsed

#: response headers that the archive keeps: those a conditional request is made from, and no other
_KEPT_HEADERS = ("etag", "last-modified")


def request_url(api: Api, request: Request) -> str:
    """The address of a request without any key, which names the request in the archive. A body is named by its hash.

    Raises UsageError for a base URL that is set to an unguarded address.
    """
    query = f"?{urlencode(request.params)}" if request.params else ""
    body = ""
    if request.json_body is not None:
        text = json.dumps(request.json_body, sort_keys=True)
        body = f"#body-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return f"{base_url(api)}{request.path}{query}{body}"


def digest(api: Api, content: bytes) -> str:
    """sha256 (hex) of what an answer says: without `api.volatile` bytes, and with rows that come in any order sorted."""
    if api.volatile:
        content = re.sub(api.volatile, b"", content)
    if api.row_separator:
        # the brackets around all rows stick to the first and the last one, which sorting moves
        rows = sorted(row.strip(b"[] \r\n\t,") for row in content.split(api.row_separator))
        content = b"\n".join(rows)
    return hashlib.sha256(content).hexdigest()


def as_json_gives_it_back(request: Request) -> Request:
    """The request as a parser sees it when it is read back from the archive: tuples are lists, keys are texts.

    Planning with this form means that a parser that works now also works on the archive. Raises TypeError for a context
    that JSON cannot hold.
    """
    return replace(
        request,
        context=json.loads(json.dumps(dict(request.context))),
        instead=tuple(map(as_json_gives_it_back, request.instead)),
        smaller=tuple(map(as_json_gives_it_back, request.smaller)),
    )


def parsed_answer(dataset: Dataset, content: bytes, request: Request, response: Response) -> Parsed:
    """The parsed answer without the series of codes whose title was another one when the answer came (`refused_titles` of
    the context: series_id -> [code, why]). Raises what the parser raises, BadRequestError if no series is left."""
    parsed = dataset.parse(content, request, response)
    titles: Mapping[str, Sequence[str]] = request.context.get("refused_titles", {})
    refused = {code: why for series_id, (code, why) in titles.items()}
    if not refused:
        return parsed
    frame = parsed.frame.filter(~pl.col("series_id").is_in(list(titles)))
    if frame.is_empty():
        raise BadRequestError(
            dataset.source_id, "; ".join(f"{code}: {why}" for code, why in refused.items()), "check the codes"
        )
    series = parsed.series
    if series is not None:
        series = series.filter(~pl.col("series_id").is_in(list(titles)))
    return replace(parsed, frame=frame, series=series, refused={**parsed.refused, **refused})


def extra_of(api: Api, request: Request, response: Response) -> JsonObject:
    """What goes into the sidecar of an answer: the request, the headers for the next one, and the digest to compare by."""
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
    """Request headers that ask for an answer only if it is another than `payload`; {} where the agency sent no mark."""
    received = payload.extra.get("headers", {})
    headers = {"If-None-Match": received.get("etag"), "If-Modified-Since": received.get("last-modified")}
    return {name: value for name, value in headers.items() if value}


def parser_of_live(payload: ArchivedPayload, datasets: Iterable[Dataset]) -> Callable[[bytes], Parsed]:
    """The parser of an agency's archived answer, which must be given the bytes of that answer.

    Raises PayloadError if the dataset of the answer is not among `datasets`.
    """
    dataset = next(
        (d for d in datasets if (d.source_id, d.name) == (payload.source_id, payload.dataset)), None
    )
    if dataset is None:
        raise PayloadError(
            f"{payload.payload_id}: no dataset {payload.dataset} of {payload.source_id} is declared any more"
        )
    request, response = archived_request(payload), archived_response(payload)

    def parse(content: bytes) -> Parsed:
        return parsed_answer(dataset, content, request, replace(response, content=content))

    return parse


def is_live(payload: ArchivedPayload) -> bool:
    """Whether a payload is an answer of an agency (and not a bundled figure or a user's file)."""
    return "request" in payload.extra


def archived_request(payload: ArchivedPayload) -> Request:
    """The request to which a payload was the answer, as its sidecar has it."""
    request: JsonObject = payload.extra["request"]  # what `extra_of` wrote
    return Request(
        dataset=payload.dataset,
        path=request["path"],
        method=request["method"],
        params=tuple((name, value) for name, value in request["params"]),
        json_body=request["json_body"],
        context=request["context"],
    )


def archived_response(payload: ArchivedPayload) -> Response:
    """The response of an archived answer without its bytes."""
    return Response(
        content=b"",
        status=payload.http_status or 200,
        media_type=payload.media_type or "",
        headers=CaseInsensitiveDict(payload.extra.get("headers", {})),
        retrieved_at=payload.retrieved_at,
        url=payload.request_url,
    )
