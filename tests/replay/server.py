"""A server on 127.0.0.1 that stands for the agencies: it answers as they do, fails as they do, and remembers every call.

Belongs here: HTTP, faults of transport, conditional requests, the record of calls.
Does not belong here: what one agency says (tests/replay/<agency>.py, one `respond(call) -> Reply` each), assertions.

    replay.serve("BLS", respond)                 every request of the API BLS goes to respond(), via HEADWAY_BASE_URL_BLS
    replay.fail_next("BLS", too_many(), times=2)  the next two requests of it get this answer instead
    replay.calls("BLS")                          what was asked, with path, query, headers and body
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Call:
    """One request as it arrived. `path` is without the name of the API; headers are looked up in lower case."""

    api: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def get(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    @property
    def json(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Reply:
    """An answer, with what is to go wrong on its way.

    etag:           True for one made of the body, or the text itself; a request that names it gets 304
    last_modified:  an HTTP date; a request that names it in If-Modified-Since gets 304
    gzip:           sent with Content-Encoding: gzip
    chunked:        sent with Transfer-Encoding: chunked in place of a length
    delay:          seconds before the first byte
    drip:           seconds between two bytes of the body
    cut_after:      the connection is closed after so many bytes of the body
    """

    body: bytes = b""
    status: int = 200
    media_type: str | None = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: bool | str = False
    last_modified: str | None = None
    gzip: bool = False
    chunked: bool = False
    delay: float = 0.0
    drip: float = 0.0
    cut_after: int | None = None


Respond = Callable[[Call], Reply]

# --- answers -------------------------------------------------------------------------------------------------------


def json_reply(value: Any, status: int = 200, **more: Any) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status, **more)


def text_reply(text: str, status: int = 200, media_type: str = "text/plain", **more: Any) -> Reply:
    return Reply(text.encode(), status, media_type, **more)


def html_page(text: str = "We are sorry, the service is being maintained.", status: int = 200) -> Reply:
    """A page where data was asked for."""
    page = f"<!DOCTYPE html>\n<html><head><title>Notice</title></head><body><p>{text}</p></body></html>"
    return text_reply(page, status, "text/html; charset=utf-8")


def no_content() -> Reply:
    return Reply(status=204, media_type=None)


def redirect(location: str, status: int = 302, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=status, media_type="text/html", headers={"Location": location, **(headers or {})})


def too_many(retry_after: str | int | None = None, body: bytes = b"Too Many Requests") -> Reply:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Reply(body, 429, "text/plain", headers)


def server_error(status: int = 503, body: bytes = b"Service Unavailable") -> Reply:
    return Reply(body, status, "text/plain")


def oversize(size: int) -> Reply:
    """A body of `size` bytes of nothing in particular."""
    return Reply(b"[" + b" " * (size - 2) + b"]")


# --- the same answer, broken ---------------------------------------------------------------------------------------


def cut(reply: Reply, after: int | None = None, *, chunked: bool = False) -> Reply:
    """`reply` of which only the first bytes arrive (half of them if not said), with the length of all announced."""
    return replace(reply, cut_after=len(reply.body) // 2 if after is None else after, chunked=chunked)


def dripping(reply: Reply, seconds: float) -> Reply:
    """`reply` byte by byte with a pause after each, so that no read ever times out."""
    return replace(reply, drip=seconds)


def late(reply: Reply, seconds: float) -> Reply:
    """`reply` after a silence."""
    return replace(reply, delay=seconds)


def bad_gzip(reply: Reply) -> Reply:
    """`reply` announced as gzip and not gzip."""
    return replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"})


def cut_gzip(reply: Reply) -> Reply:
    """`reply` as gzip whose second half is missing, with the right length of what is there."""
    packed = gzip.compress(reply.body, compresslevel=1)
    return replace(
        reply, body=packed[: len(packed) // 2], headers={**reply.headers, "Content-Encoding": "gzip"}
    )


def wrong_type(reply: Reply, media_type: str = "text/html") -> Reply:
    """`reply` under another content type: the bytes decide, not the label."""
    return replace(reply, media_type=media_type)


def with_bom(reply: Reply) -> Reply:
    return replace(reply, body=BOM + reply.body)


# --- the server ----------------------------------------------------------------------------------------------------


class ReplayServer:
    """Answers for every API given to `serve`; 501 for the others. Start with `with`, or the fixture `replay`."""

    def __init__(self, set_variable: Callable[[str, str], None] = lambda name, value: None) -> None:
        self._set_variable = set_variable
        self._respond: dict[str, Respond] = {}
        self._faults: list[tuple[str, str, deque[Reply]]] = []
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.replay = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> ReplayServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def url(self, api: str) -> str:
        """The base URL that stands for `api`."""
        return f"http://127.0.0.1:{self._http.server_port}/{api}"

    def serve(self, api: str, respond: Respond | Reply) -> None:
        """Answer every request of `api` with `respond(call)`; sets HEADWAY_BASE_URL_<api>."""
        self._respond[api] = respond if callable(respond) else lambda _: respond
        self._set_variable(f"HEADWAY_BASE_URL_{api}", self.url(api))

    def fail_next(self, api: str, *replies: Reply, path: str = "", times: int = 1) -> None:
        """The next requests of `api` whose path starts with `path` get `replies` in turn, `times` over."""
        with self._lock:
            self._faults.append((api, path, deque(replies * times)))

    def calls(self, api: str | None = None, path: str = "") -> list[Call]:
        """What was asked so far, faults included, in order."""
        with self._lock:
            return [c for c in self._calls if api in (None, c.api) and c.path.startswith(path)]

    def forget(self) -> None:
        """Drop the record of calls and the faults that were not used."""
        with self._lock:
            self._calls.clear()
            self._faults.clear()

    def answer(self, call: Call) -> Reply:
        with self._lock:
            self._calls.append(call)
            for api, path, replies in self._faults:
                if replies and api == call.api and call.path.startswith(path):
                    return replies.popleft()
        respond = self._respond.get(call.api)
        if respond is None:
            return text_reply(f"the test serves no API {call.api}", 501)
        return respond(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.replay: ReplayServer
        self.stopping = threading.Event()

    def server_bind(self) -> None:
        # the stock one asks the name service for our own name
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # without these two every keep-alive request waits 44 ms for a delayed acknowledgement
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        api, _, path = parts.path.lstrip("/").partition("/")
        call = Call(
            api=api,
            method=self.command,
            path=f"/{path}",
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        try:
            reply = self.server.replay.answer(call)
        except Exception as error:  # a mistake in a test's respond() must not look like a cut connection
            reply = text_reply(f"the replay of {api} failed: {error!r}", 599)
        self._send(reply, call)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _send(self, reply: Reply, call: Call) -> None:
        validators = _validators(reply)
        if _not_modified(call, validators):
            self.send_response_only(304)
            for name, value in validators.items():
                self.send_header(name, value)
            self.end_headers()
            return
        body = gzip.compress(reply.body, compresslevel=1) if reply.gzip else reply.body
        headers = {**validators, **reply.headers}
        if reply.media_type:
            headers["Content-Type"] = reply.media_type
        if reply.gzip:
            headers["Content-Encoding"] = "gzip"
        if reply.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif reply.status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        self.server.stopping.wait(reply.delay)
        self.send_response_only(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send_body(reply, body)

    def _send_body(self, reply: Reply, body: bytes) -> None:
        cut_short = reply.cut_after is not None and reply.cut_after < len(body)
        shown = body[: reply.cut_after] if cut_short else body
        step = 1 if reply.drip else max(1, len(shown))
        for start in range(0, len(shown), step):
            piece = shown[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunked else piece)
            if reply.drip:
                self.wfile.flush()
                if self.server.stopping.wait(reply.drip):
                    break
        if cut_short:
            self.close_connection = True
        elif reply.chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def _validators(reply: Reply) -> dict[str, str]:
    found = {}
    if reply.etag and reply.status == 200:
        found["ETag"] = (
            f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"' if reply.etag is True else reply.etag
        )
    if reply.last_modified and reply.status == 200:
        found["Last-Modified"] = reply.last_modified
    return found


def _not_modified(call: Call, validators: Mapping[str, str]) -> bool:
    """RFC 9110, 13.2.2: If-None-Match is looked at first, If-Modified-Since only without it."""
    if (named := call.headers.get("if-none-match")) is not None:
        return validators.get("ETag") == named
    since = call.headers.get("if-modified-since")
    return since is not None and validators.get("Last-Modified") == since
