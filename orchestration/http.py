"""One guarded way to ask an API: timeouts, pacing, size limit, bounded retries, no redirects, keys never shown.

Belongs here: transport and what the transport alone can tell (timeouts, 429, 5xx, broken bodies, redirects).
Does not belong here: what a body means (transforms/parse raises the outcomes), budgets over days (quota.py).
"""

from __future__ import annotations

import email.utils
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests_ratelimiter import LimiterSession

from orchestration.errors import PermanentSourceError, TransientSourceError, UsageError
from orchestration.sources.spec import Api, Request, Response, Secret
from transforms.parse.outcome import ReplyError

#: asked at most this often in all; waits between are 1, 4 and 16 s where the server does not say how long
ATTEMPTS = 4
#: a Retry-After longer than this is not slept through: the run goes on and the next one asks again
LONGEST_WAIT = 120.0
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
_CHUNK = 1 << 16

T = TypeVar("T")


def base_url(api: Api) -> str:
    """The base URL of an API: `HEADWAY_BASE_URL_<name>` where it is set. TLS, or loopback for tests and proxies."""
    url = os.environ.get(f"HEADWAY_BASE_URL_{api.name}") or api.base_url
    parts = urlsplit(url)
    if parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    ):
        return url.rstrip("/")
    raise UsageError(f"HEADWAY_BASE_URL_{api.name} must be https (or http on this machine), not {url!r}")


def key_of(secret: Secret | None) -> str | None:
    """The key from the environment; None where there is none. A malformed one is said by `headway doctor`."""
    return (os.environ.get(secret.variable, "").strip() or None) if secret else None


def scrub(text: str, key: str | None) -> str:
    """`text` without the key, plain or URL-quoted: everything that is logged, raised or stored goes through here."""
    if not key:
        return text
    for form in {key, quote(key, safe="")}:
        text = text.replace(form, "***")
    return text


@dataclass
class Client:
    """A session for one API. Not shared between threads.

    `sleep` and `clock` can be replaced by tests. Raises TransientSourceError after the last attempt and
    PermanentSourceError where asking again would not help; both messages are scrubbed.
    """

    api: Api
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    attempts: int = ATTEMPTS
    requests_made: int = 0
    _session: requests.Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._session = LimiterSession(per_second=1 / self.api.seconds_between_requests, burst=1)
        agent = os.environ.get(self.api.contact_variable or "", "") or self.api.user_agent
        self._session.headers.update({"User-Agent": agent, "Accept-Encoding": "gzip, deflate"})
        self._session.trust_env = True  # proxies and CA bundles of the machine apply; verification stays on
        self._session.max_redirects = 3

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
    ) -> tuple[Response, T | None]:
        """Ask, and ask again while that can help; returns the answer and what `read` makes of it (None for a 304).

        read:        the parser; a ReplyError of it that is transient (HTML in place of data, a cut body) counts as a
                     failed attempt, any other is raised as it is. This is the only level at which anything is retried.
        conditional: If-None-Match or If-Modified-Since of the last accepted answer.
        """
        key = key_of(self.api.secret)
        for attempt in range(1, self.attempts + 1):
            wait = None
            try:
                response = self._once(request, key, conditional or {})
                if response.not_modified:
                    return response, None
                if response.status not in _RETRYABLE:
                    return response, read(response)
                problem, wait = f"HTTP {response.status}", _retry_after(response.headers)
            except _Broken as broken:
                problem = str(broken)
            except ReplyError as reply:
                if not reply.transient:
                    raise
                problem = scrub(str(reply), key)
            if attempt == self.attempts:
                break
            if wait is not None and wait > LONGEST_WAIT:
                problem += f", and the server asks to wait {wait:.0f} s"
                break
            self.sleep(wait if wait is not None else 4.0 ** (attempt - 1))
        raise TransientSourceError(
            scrub(
                f"{self.api.name}: {problem} after {attempt} attempts at {base_url(self.api)}{request.path}",
                key,
            )
        ) from None

    def _once(self, request: Request, key: str | None, conditional: Mapping[str, str]) -> Response:
        url, params, headers, body = self._with_key(request, key)
        started = self.clock()
        self.requests_made += 1
        shown = scrub(requests.Request("GET", url, params=params).prepare().url or url, key)
        try:
            with self._session.request(
                request.method,
                url,
                params=params,
                json=body,
                headers={**dict(request.headers), **headers, **conditional},
                timeout=(self.api.connect_timeout, self.api.read_timeout),
                allow_redirects=self.api.follow_redirects,
                stream=True,
            ) as answer:
                content = self._read(answer, started, shown)
                return Response(
                    content=content,
                    status=answer.status_code,
                    media_type=answer.headers.get("Content-Type", ""),
                    headers={k: scrub(v, key) for k, v in answer.headers.items()},
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
        except requests.exceptions.TooManyRedirects:
            raise PermanentSourceError(
                f"{self.api.name}: redirected more than 3 times from {shown}"
            ) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            # the text of these errors holds the URL with its key: only the class is told
            raise _Broken(_in_words(error)) from None

    def _read(self, answer: requests.Response, started: float, shown: str) -> bytes:
        chunks, size = [], 0
        for chunk in answer.iter_content(_CHUNK):
            size += len(chunk)
            if size > self.api.max_bytes:
                raise PermanentSourceError(
                    f"{self.api.name}: the answer to {shown} is larger than {self.api.max_bytes:,} bytes; ask for less at a time"
                )
            if self.clock() - started > self.api.total_timeout:
                raise _Broken(f"the answer was not complete after {self.api.total_timeout:.0f} s")
            chunks.append(chunk)
        content = b"".join(chunks)
        # decoded bodies cannot be held against Content-Length; requests does not check the others itself
        declared = answer.headers.get("Content-Length")
        if (
            declared
            and declared.isdigit()
            and "Content-Encoding" not in answer.headers
            and size < int(declared)
        ):
            raise _Broken(f"the connection ended after {size:,} of {int(declared):,} bytes")
        return content

    def _with_key(
        self, request: Request, key: str | None
    ) -> tuple[str, list[tuple[str, str]], dict[str, str], object]:
        secret = self.api.secret
        path, params, headers, body = request.path, list(request.params), {}, request.json_body
        if secret is not None and key is None and secret.required:
            raise PermanentSourceError(
                f"{self.api.name} needs a key: set {secret.variable} (free, from {secret.where_to_get})"
            )
        if secret is not None and key is not None:
            if not re.fullmatch(secret.pattern, key):
                raise PermanentSourceError(
                    f"{secret.variable} is not well-formed; get a key from {secret.where_to_get}"
                )
            if secret.place == "query":
                params.append((secret.name, key))
            elif secret.place == "header":
                headers[secret.name] = key
            elif secret.place == "body":
                body = {**(body or {}), secret.name: key}
            else:
                path = path.replace("{" + secret.name + "}", quote(key, safe=""))
        return base_url(self.api) + path, params, headers, body


class _Broken(Exception):
    """One attempt failed in a way that another may not; the message is already free of URLs."""


def _in_words(error: Exception) -> str:
    kinds = (
        (requests.exceptions.ConnectTimeout, "no connection in time"),
        (requests.exceptions.ReadTimeout, "no answer in time"),
        (requests.exceptions.ContentDecodingError, "the body is not the gzip it says it is"),
        (requests.exceptions.ChunkedEncodingError, "the connection was cut in the middle of the answer"),
        (requests.exceptions.ConnectionError, "no connection"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), type(error).__name__)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait (RFC 9110, 10.2.3: seconds or a date); None where it does not say."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
