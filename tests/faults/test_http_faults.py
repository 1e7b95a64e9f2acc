"""What breaks between an agency and us, one failure a test: it ends in a bounded time, is told in words, loads nothing."""

from __future__ import annotations

import gzip
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from orchestration.base.errors import PermanentSourceError, TransientSourceError
from orchestration.intake.agency.http import Client
from orchestration.sources.spec import Api, Request
from tests.replay.server import (
    ReplayServer,
    Reply,
    bad_gzip,
    cut,
    cut_gzip,
    dripping,
    html_page,
    json_reply,
    late,
    oversize,
    server_error,
    too_many,
    with_bom,
    wrong_type,
)
from transforms.parse.body import read_json
from transforms.parse.outcome import BadRequestError, UnreadableError

GOOD = json_reply({"observations": list(range(5000))})
QUESTION = Request("test", "/data")
#: as long as a busy machine may take for a good answer, and shorter than the silences below (5 s)
API = Api(
    "TEST", "https://agency.example", seconds_between_requests=0.001, read_timeout=1.5, total_timeout=2.0
)


def read(response) -> object:
    return read_json(
        response.content, source="test", status=response.status, content_type=response.media_type
    )


def fetch(api: Api = API) -> object:
    with Client(api, sleep=lambda _: None) as client:
        return client.fetch(QUESTION, read)[1]


@pytest.fixture
def served(replay: ReplayServer) -> ReplayServer:
    replay.serve("TEST", GOOD)
    return replay


TRANSIENT = {
    "429": (too_many(), "HTTP 429"),
    "429 with Retry-After": (too_many(retry_after=0), "HTTP 429"),
    "408": (server_error(408), "HTTP 408"),
    "500": (server_error(500), "HTTP 500"),
    "502": (server_error(502), "HTTP 502"),
    "503 with a page": (html_page(status=503), "HTTP 503"),
    "504": (server_error(504), "HTTP 504"),
    "silence": (late(GOOD, 5), "no answer in time"),
    "slow drip": (dripping(GOOD, 0.05), "not complete after 2 s"),
    "silence in the middle": (dripping(GOOD, 5), "stopped arriving"),
    "cut": (cut(GOOD), "cut in the middle"),
    "cut, chunked": (cut(GOOD, chunked=True), "cut in the middle"),
    "cut before the first byte": (cut(GOOD, 0), "cut in the middle"),
    "cut gzip": (replace(cut(replace(GOOD, gzip=True)), cut_after=50), "cut in the middle"),
    "gzip that ends in the middle": (cut_gzip(GOOD), "gzip body ends in the middle"),
    "not gzip": (bad_gzip(GOOD), "not the gzip"),
    "another encoding": (replace(GOOD, headers={"Content-Encoding": "br"}), "encoded as 'br'"),
    "a page in place of data": (html_page(), "an HTML page instead of data"),
    "a page that says it is data": (
        wrong_type(html_page(), "application/json"),
        "an HTML page instead of data",
    ),
    "no bytes": (Reply(b"", media_type="application/json"), "without any bytes"),
    "half a document, whole transport": (replace(GOOD, body=GOOD.body[:-9]), "JSON cut off"),
    "gzip inside": (Reply(b"\x1f\x8b\x08\x00rest"), "gzip bytes where text was expected"),
}

#: those that take as long as an answer may
WAITED_FOR = {"silence", "slow drip", "silence in the middle"}
#: failures at this question, and not of a server that is closed, too busy or cut off
FAILED_AT_IT = {"500", "502", "504", "a page in place of data", "a page that says it is data"}


def is_asked_again(served: ReplayServer, api: Api, name: str) -> None:
    reply, said = TRANSIENT[name]
    served.fail_next(api.name, reply)
    assert fetch(api) == json.loads(GOOD.body), "the second answer is good"
    assert len(served.calls(api.name)) == 2
    served.fail_next(api.name, reply, times=2)
    with (
        pytest.raises(TransientSourceError, match=said) as told,
        Client(replace(api, attempts=2), sleep=lambda _: None) as c,
    ):
        c.fetch(QUESTION, read)
    assert len(served.calls(api.name)) == 4
    assert told.value.failed_at_it == (name in FAILED_AT_IT), "whether a smaller question is worth asking"


@pytest.mark.parametrize("name", sorted(TRANSIENT.keys() - WAITED_FOR))
def test_transient_failures_are_asked_again_and_then_told(served: ReplayServer, name: str) -> None:
    is_asked_again(served, API, name)


def test_silence_is_waited_for_and_then_told(served: ReplayServer) -> None:
    """All at once, because each is three times two seconds of waiting."""
    apis = {name: replace(API, name=f"TEST{number}") for number, name in enumerate(sorted(WAITED_FOR))}
    for api in apis.values():
        served.serve(api.name, GOOD)
    with ThreadPoolExecutor(len(apis)) as pool:
        for asked in [pool.submit(is_asked_again, served, api, name) for name, api in apis.items()]:
            asked.result()


HARMLESS = {
    "BOM": with_bom(GOOD),
    "wrong content type": wrong_type(GOOD, "text/html"),
    "no content type": replace(GOOD, media_type=None),
    "chunked": replace(GOOD, chunked=True),
    "gzip": replace(GOOD, gzip=True),
    "gzip, chunked": replace(GOOD, gzip=True, chunked=True),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_labels_do_not_matter_where_the_bytes_are_good(served: ReplayServer, name: str) -> None:
    served.serve("TEST", HARMLESS[name])
    assert fetch() == json.loads(GOOD.body)


PERMANENT = {
    "too large": (oversize(2_000_001), PermanentSourceError, "larger than 2,000,000 bytes"),
    "too large when unpacked": (
        Reply(gzip.compress(bytes(20_000_000), 1), headers={"Content-Encoding": "gzip"}),
        PermanentSourceError,
        "larger than 2,000,000 bytes",
    ),
    "400": (Reply(b"error: unknown variable 'X'", 400), BadRequestError, "unknown variable"),
    "404": (html_page("Not found", 404), BadRequestError, "HTTP 404"),
    "405": (Reply(b"", 405), BadRequestError, "HTTP 405"),
}


@pytest.mark.parametrize("name", PERMANENT)
def test_permanent_failures_are_asked_once(served: ReplayServer, name: str) -> None:
    """A client somewhere repeated a refused request 5,363 times."""
    reply, kind, said = PERMANENT[name]
    served.fail_next("TEST", reply, times=9)
    with pytest.raises(kind, match=said):
        fetch(replace(API, max_bytes=2_000_000))
    assert len(served.calls()) == 1


def test_a_certificate_nobody_vouches_for_ends_the_matter(monkeypatch, tmp_path) -> None:
    """Statistics Canada's chain has been broken at times; some clients then stop verifying. This one does not ask on."""
    import socket
    import threading

    certificate = _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    accepted = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            accepted.append(1)
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("HEADWAY_BASE_URL_TEST", f"https://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(PermanentSourceError, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            fetch()
    assert len(accepted) == 1


def _self_signed(folder):
    """A certificate and its key in one file, made with the openssl command."""
    import shutil
    import subprocess

    if not shutil.which("openssl"):
        pytest.skip("no openssl command to make a certificate with")
    file = folder / "self.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return file


def test_an_unreadable_answer_is_never_taken_for_data(served: ReplayServer) -> None:
    """The parser sees the bytes of the last attempt only; nothing of a broken one is left over."""
    served.fail_next("TEST", replace(GOOD, body=b'{"observations": [1, 2'), times=2)
    seen = []

    def remember(response):
        seen.append(response.content)
        raise UnreadableError("test", "cut", "ask again")

    with (
        pytest.raises(TransientSourceError),
        Client(replace(API, attempts=2), sleep=lambda _: None) as client,
    ):
        client.fetch(QUESTION, remember)
    assert seen == [b'{"observations": [1, 2'] * 2
