"""The one guarded way to ask an API: timeouts, pacing, a size limit, bounded retries, guarded redirects, hidden keys.

Belongs here: transport, and the failures that can be told without reading a body (timeouts, 429, 5xx, broken bodies).
Does not belong here: what a body means (transforms/parse raises the outcomes), budgets over days (quota.py).
"""

from __future__ import annotations

import email.utils
import logging
import os
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from requests_ratelimiter import LimiterSession

from orchestration.base.errors import PermanentSourceError, TransientSourceError, UsageError
from orchestration.intake.agency.keys import how_to_set, is_well_formed, key_of, not_well_formed
from orchestration.sources.spec import Api, Request, Response
from transforms.parse.outcome import HtmlInsteadError, ReplyError, ServerError

#: seconds; a client does not sleep through a longer Retry-After: the run goes on without, and the next run asks again
LONGEST_WAIT = 120.0
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
#: those of them by which a server says that it failed at this question, and not that it is closed or asked too often
_FAILED_AT_IT = frozenset({500, 502, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: redirects that are followed one after the other
_LONGEST_CHAIN = 3
#: bytes of a body that are read at a time
_CHUNK = 1 << 16

T = TypeVar("T")

#: environment variable with an e-mail address for agencies that want to know whom to write to
CONTACT = "HEADWAY_CONTACT_EMAIL"

#: stands in place of a key
_HIDDEN = "***"


def base_url(api: Api) -> str:
    """The base URL of an API, without a slash at its end: `HEADWAY_BASE_URL_<name>` where that is set.

    Raises UsageError unless it is https, or http to this machine (tests, a local proxy), and for one with a user name or password.
    """
    url = os.environ.get(f"HEADWAY_BASE_URL_{api.name}") or api.base_url
    if "@" in url:
        # The address goes into messages, sidecars, the store and the released file. A password may hold any character, so that no part of
        # such an address is shown here.
        raise UsageError(
            f"HEADWAY_BASE_URL_{api.name} holds a user name or password (before an @), which everybody would see who gets a release: "
            "leave it out and write it into ~/.netrc (machine HOST login NAME password PASSWORD)"
        )
    if _guarded(url):
        return url.rstrip("/")
    raise UsageError(f"HEADWAY_BASE_URL_{api.name} must be https (or http on this machine), not {url!r}")


def _manners(api: Api) -> dict[str, str]:
    """The headers by which this program says who it is and from which page of the agency it comes, as it is set."""
    agent = os.environ.get(f"HEADWAY_USER_AGENT_{api.name}") or os.environ.get(api.contact_variable or "")
    contact = os.environ.get(CONTACT, "")
    if not agent and api.names_contact and contact:
        agent = f"{api.user_agent.removesuffix(')')}; {contact})"
    referer = os.environ.get(f"HEADWAY_REFERER_{api.name}") or api.referer
    return {"User-Agent": agent or api.user_agent, **({"Referer": referer} if referer else {})}


def _guarded(url: str) -> bool:
    """Whether nobody on the way can read or change a request: it goes by TLS, or does not leave this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    )


def scrub(text: str, key: str | None) -> str:
    """`text` with the key replaced by ***, plain or URL-quoted. Every text that is logged, raised or stored passes here."""
    for form in _forms_of(key):
        text = text.replace(form, _HIDDEN)
    return text


def _scrub_bytes(content: bytes, key: str | None) -> bytes:
    """As `scrub`, for a body: some agencies repeat the key in a message, and nothing that is kept may hold it."""
    for form in _forms_of(key):
        content = content.replace(form.encode(), _HIDDEN.encode())
    return content


def _forms_of(key: str | None) -> set[str]:
    """How a key may stand in a text: as it is, and quoted in a URL. Without a key there is nothing to hide."""
    return {key, quote(key, safe="")} if key else set()


class _KeyFilter(logging.Filter):
    """Takes keys out of the log of urllib3, which holds every URL at level DEBUG, whatever level someone sets."""

    keys: set[str] = set()  # noqa: RUF012 - the filter is shared by all clients of the process, and so is the set

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for key in sorted(self.keys, key=len, reverse=True):  # a shorter key may be part of a longer one
            text = scrub(text, key)
        record.msg, record.args = text, None
        return True


@dataclass
class Client:
    """A session for one API. Threads must not share one.

    before:        called before every attempt, the repeated ones included; an exception of it ends the fetch (quotas).
    sleep, clock:  seconds to sleep and seconds on a clock; tests replace them.
    requests_made: HTTP requests sent so far, repeated attempts included.
    """

    api: Api
    before: Callable[[], None] = lambda: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    requests_made: int = 0
    #: fetches in a row in which the server was not available; the caller counts them
    failed_in_a_row: int = 0
    _session: requests.Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if key := key_of(self.api.secret):
            _KeyFilter.keys.add(key)
        logger = logging.getLogger("urllib3.connectionpool")
        if not any(isinstance(f, _KeyFilter) for f in logger.filters):
            logger.addFilter(_KeyFilter())
        self._session = LimiterSession(
            per_second=1 / self.api.seconds_between_requests,
            burst=1,
            limit_statuses=(),  # the loop in `fetch` waits after a 429, and nothing else does
        )
        self._session.headers.update({**_manners(self.api), "Accept-Encoding": "gzip"})
        self._session.trust_env = (
            True  # the machine's proxies and CA bundles apply; certificates are verified
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(
        self,
        request: Request,
        read: Callable[[Response], T],
        *,
        conditional: Mapping[str, str] | None = None,
        into: Path | None = None,
    ) -> tuple[Response, T | None]:
        """Ask, and ask again while that can help; returns the response and what `read` makes of it (None for a 304).

        read:        the parser. A transient ReplyError of it (HTML in place of data, a cut body) counts as a failed
                     attempt; it may raise anything else, which ends the fetch. Nothing is retried at any other level.
        conditional: the headers If-None-Match and If-Modified-Since, made from the last accepted answer.
        into:        file for the body of an answer 200 that is too large for memory; `Response.content` is then its
                     beginning only. Each attempt writes it anew. Not for an API that repeats its key in an answer.

        Raises TransientSourceError after the last attempt and PermanentSourceError where asking again would not help;
        neither message holds a key. Raises what `before` and `read` raise.
        """
        key = key_of(self.api.secret)
        for attempt in range(1, self.api.attempts + 1):
            wait, unavailable, failed_at_it, too_often = None, True, False, False
            self.before()
            self.requests_made += 1
            try:
                response = self._once(request, key, conditional or {}, into)
                if response.not_modified:
                    return response, None
                if response.status not in _RETRYABLE:
                    return response, read(response)
                problem, wait = f"HTTP {response.status}", _retry_after(response.headers)
                failed_at_it, too_often = response.status in _FAILED_AT_IT, response.status == 429
            except _BrokenError as broken:
                problem = str(broken)
            except ReplyError as reply:
                if not reply.transient:
                    raise
                problem, unavailable = scrub(str(reply), key), False
                failed_at_it = isinstance(reply, ServerError | HtmlInsteadError)
            if attempt == self.api.attempts:
                break
            if wait is not None and wait > LONGEST_WAIT:
                problem += f", and the server asks to wait {wait:.0f} s"
                break
            # where the server does not say how long to wait, the pauses are 1, 4 and 16 s
            self.sleep(wait if wait is not None else 4.0 ** (attempt - 1))
        raise TransientSourceError(
            scrub(
                f"{self.api.name}: {problem} after {attempt} attempts at {base_url(self.api)}{request.path}",
                key,
            ),
            retry_after=wait,
            too_often=too_often,
            unavailable=unavailable,
            failed_at_it=failed_at_it,
        ) from None

    def _once(
        self, request: Request, key: str | None, conditional: Mapping[str, str], into: Path | None
    ) -> Response:
        """One attempt. Raises _BrokenError where another attempt may succeed, else PermanentSourceError."""
        url, params, headers, body = self._with_key(request, key)
        started = self.clock()
        prepared = requests.Request("GET", url, params=params).prepare().url or url
        shown = scrub(prepared, key)
        try:
            with self._send(
                request.method,
                url,
                key,
                params=params,
                json=body,
                headers={**dict(request.headers), **headers, **conditional},
            ) as answer:
                to_file = into.open("wb") if into and answer.status_code == 200 else nullcontext()
                with to_file as file:
                    content = self._read(answer, started, shown, file)
                return Response(
                    content=_scrub_bytes(content, key),
                    status=answer.status_code,
                    media_type=scrub(answer.headers.get("Content-Type", ""), key),
                    headers=CaseInsensitiveDict({k: scrub(v, key) for k, v in answer.headers.items()}),
                    retrieved_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
                    url=shown,
                    not_modified=answer.status_code == 304,
                )
        except requests.exceptions.SSLError as error:
            raise PermanentSourceError(
                scrub(
                    f"{self.api.name}: the certificate of {urlsplit(url).hostname} is not trusted: {error}",
                    key,
                )
            ) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            # the text of these errors holds the URL with its key, so the message names the kind of error only
            raise _BrokenError(_in_words(error)) from None

    def _send(
        self,
        method: str,
        url: str,
        key: str | None,
        *,
        params: Sequence[tuple[str, str]] | None,
        json: Any,  # a body of any shape: an agency may want an object or a list
        headers: Mapping[str, str],
    ) -> requests.Response:
        """The response with its body not read yet.

        Redirects are followed here and not by `requests`: never to plain HTTP, and never with a key to another host.
        `requests` would carry a key in a header of our own to any host.
        """
        host = urlsplit(url).netloc
        for _ in range(_LONGEST_CHAIN + 1):
            answer = self._session.request(
                method,
                url,
                timeout=(self.api.connect_timeout, self.api.read_timeout),
                allow_redirects=False,
                stream=True,
                params=params,
                json=json,
                headers=headers,
            )
            target = answer.headers.get("Location")
            if not (self.api.follow_redirects and target and answer.status_code in _REDIRECTS):
                return answer
            answer.close()
            url = urljoin(url, target)
            params = None  # the address redirected to has its own
            if not _guarded(url) or (key and urlsplit(url).netloc != host):
                raise PermanentSourceError(
                    scrub(
                        f"{self.api.name}: redirected to {url}, which is not followed: check the address", key
                    )
                )
        raise PermanentSourceError(f"{self.api.name}: redirected more than {_LONGEST_CHAIN} times")

    def _read(
        self, answer: requests.Response, started: float, shown: str, file: BinaryIO | None = None
    ) -> bytes:
        """The whole body, with gzip taken off; with a `file` it is written there, and its beginning returned.

        `requests` would read on as long as bytes drip in, and would take a gzip stream that just ends for a whole one;
        both are checked here. A body shorter than its Content-Length is an error of urllib3 already.
        """
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip"):
            raise _BrokenError(f"the body is encoded as {encoding!r}, which was not asked for")
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
        chunks: list[bytes] = []
        size = 0
        while chunk := answer.raw.read1(_CHUNK, decode_content=False):
            if decoder:
                try:
                    chunk = decoder.decompress(chunk, self.api.max_bytes - size + 1)
                except zlib.error:
                    raise _BrokenError("the body is not the gzip it says it is") from None
            size += len(chunk)
            if size > self.api.max_bytes:
                raise PermanentSourceError(
                    f"{self.api.name}: the answer to {shown} is larger than {self.api.max_bytes:,} bytes; ask for less at a time"
                )
            if self.clock() - started > self.api.total_timeout:
                raise _BrokenError(f"the answer was not complete after {self.api.total_timeout:.0f} s")
            if file:
                file.write(chunk)
            if not (file and chunks):
                chunks.append(chunk)
        if decoder and answer.status_code not in (204, 304) and (not decoder.eof or decoder.unused_data):
            raise _BrokenError("the gzip body ends in the middle")
        return b"".join(chunks)

    def _with_key(
        self, request: Request, key: str | None
    ) -> tuple[str, list[tuple[str, str]], dict[str, str], Any]:
        """URL, parameters, headers and body of a request with the key in its place.

        Raises PermanentSourceError for a needed key that is not set and for a key that is not well-formed.
        """
        secret = self.api.secret
        path, params, headers, body = request.path, list(request.params), {}, request.json_body
        if secret is not None and key is None and secret.required:
            raise PermanentSourceError(f"{self.api.name} needs a key: {how_to_set(secret)}")
        if secret is not None and key is not None:
            if not is_well_formed(secret, key):
                raise PermanentSourceError(not_well_formed(secret))
            if secret.place == "query":
                params.append((secret.name, key))
            elif secret.place == "header":
                headers[secret.name] = secret.prefix + key
            elif secret.place == "body":
                if not isinstance(body, dict | None):
                    raise TypeError(f"{self.api.name}: a key goes into a JSON object, and this body is none")
                body = {**(body or {}), secret.name: key}
            else:
                path = path.replace("{" + secret.name + "}", quote(key, safe=""))
        return base_url(self.api) + path, params, headers, body


class _BrokenError(Exception):
    """One attempt failed in a way in which another may not. The message holds no URL, and so no key."""


def _in_words(error: Exception) -> str:
    """The kind of a transport error in plain words."""
    kinds = (
        (requests.exceptions.ConnectTimeout, "no connection in time"),
        (requests.exceptions.ReadTimeout, "no answer in time"),
        (requests.exceptions.ConnectionError, "no connection"),
        (urllib3.exceptions.ReadTimeoutError, "the answer stopped arriving"),
        (urllib3.exceptions.ProtocolError, "the connection was cut in the middle of the answer"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), type(error).__name__)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds for which the server asks to wait (RFC 9110, 10.2.3: seconds or a date); None where it does not say."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
