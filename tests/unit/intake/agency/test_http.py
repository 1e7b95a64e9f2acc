"""The guarded client: what it sends, what it follows, how it waits, and that keys stay inside it."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace

import pytest

from orchestration.base.errors import PermanentSourceError, TransientSourceError, UsageError
from orchestration.intake.agency.http import LONGEST_WAIT, Client, base_url, scrub
from orchestration.sources.spec import Api, Request, Secret
from tests.replay.server import Call, ReplayServer, Reply, json_reply, redirect, server_error, too_many
from transforms.parse.outcome import BadRequestError, UnreadableError

KEY = "planted/0123456789abcdef"  # with a slash: it comes back URL-quoted in addresses
QUESTION = Request("test", "/data", params=(("year", "2026"),))
API = Api("TEST", "https://agency.example", seconds_between_requests=0.001)


def secret(place: str) -> Secret:
    return Secret(
        "HEADWAY_TEST_KEY",
        place,
        "token",
        r"planted/[0-9a-f]+",
        "https://agency.example/key",
        required=True,
    )


def whole(response) -> bytes:
    return response.content


class Waits(list):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(api: Api = API, **more) -> Client:
    more.setdefault("sleep", Waits())
    return Client(api, **more)


@pytest.fixture
def served(replay: ReplayServer, monkeypatch: pytest.MonkeyPatch) -> ReplayServer:
    monkeypatch.setenv("HEADWAY_TEST_KEY", KEY)
    replay.serve("TEST", json_reply({"value": 1}))
    return replay


def test_gives_bytes_headers_and_what_the_parser_made_of_them(served: ReplayServer) -> None:
    response, read = client().fetch(QUESTION, lambda r: len(r.content))
    assert (response.status, response.content, read) == (200, b'{"value": 1}', 12)
    assert response.url == served.url("TEST") + "/data?year=2026"
    (call,) = served.calls()
    assert call.get("year") == "2026"
    assert "headway" in call.headers["user-agent"]


def test_a_contact_address_becomes_the_user_agent(served: ReplayServer, monkeypatch) -> None:
    """BLS flat files answer 403 to everything but an e-mail address as the user agent."""
    monkeypatch.setenv("HEADWAY_CONTACT", "someone@example.org")
    client(replace(API, contact_variable="HEADWAY_CONTACT")).fetch(QUESTION, whole)
    assert served.calls()[0].headers["user-agent"] == "someone@example.org"


@pytest.mark.parametrize("place", ["query", "header", "body", "path"])
def test_a_key_is_sent_where_the_agency_wants_it_and_shown_nowhere(
    served: ReplayServer, place: str, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = replace(QUESTION, path="/data/{token}" if place == "path" else "/data", method="POST")
    response, _ = client(replace(API, secret=secret(place))).fetch(asked, whole)
    (call,) = served.calls()
    found = {
        "query": call.get("token"),
        "header": call.headers.get("token"),
        "body": (call.json or {}).get("token"),
        "path": call.path.removeprefix("/data/").replace("%2F", "/"),
    }
    assert found[place] == KEY
    assert "POST /TEST/data" in caplog.text  # urllib3 did log the address
    for text in (response.url, str(response.headers), caplog.text, repr(asked)):
        assert "0123456789abcdef" not in text


def test_a_key_that_the_agency_repeats_is_taken_out_of_body_and_headers(
    served: ReplayServer, monkeypatch
) -> None:
    """BLS repeats the registration key in its refusals; the body goes into the archive."""

    def echo(call: Call) -> Reply:
        return json_reply({"message": f"key {call.get('token')} is spent"}, headers={"X-Key": KEY})

    served.serve("TEST", echo)
    response, _ = client(replace(API, secret=secret("query"))).fetch(QUESTION, whole)
    assert response.content == b'{"message": "key *** is spent"}'
    assert response.headers["X-Key"] == "***"


def test_a_key_does_not_stand_in_the_error_of_a_connection(monkeypatch) -> None:
    """The text of these errors holds the whole address."""
    monkeypatch.setenv("HEADWAY_TEST_KEY", KEY)
    monkeypatch.setenv("HEADWAY_BASE_URL_TEST", "http://127.0.0.1:9")
    with pytest.raises(TransientSourceError, match="no connection after 4 attempts") as caught:
        client(replace(API, secret=secret("query"))).fetch(QUESTION, whole)
    assert "0123456789" not in str(caught.value)


def test_a_missing_or_malformed_key_is_said_before_anything_is_asked(
    served: ReplayServer, monkeypatch
) -> None:
    keyed = replace(API, secret=secret("query"))
    monkeypatch.setenv("HEADWAY_TEST_KEY", "planted/not hex: secret")
    with pytest.raises(PermanentSourceError, match="HEADWAY_TEST_KEY is not well-formed") as caught:
        client(keyed).fetch(QUESTION, whole)
    assert "not hex" not in str(caught.value)
    monkeypatch.delenv("HEADWAY_TEST_KEY")
    with pytest.raises(PermanentSourceError, match=r"set HEADWAY_TEST_KEY .*https://agency\.example/key"):
        client(keyed).fetch(QUESTION, whole)
    assert served.calls() == []


def test_conditional_headers_and_not_modified(served: ReplayServer) -> None:
    served.serve("TEST", json_reply([1], etag=True))
    first, _ = client().fetch(QUESTION, whole)
    again, read = client().fetch(QUESTION, whole, conditional={"If-None-Match": first.headers["ETag"]})
    assert again.not_modified and again.content == b"" and read is None


def test_waits_as_long_as_the_server_says(served: ReplayServer) -> None:
    served.fail_next("TEST", too_many(retry_after=7), server_error(503))
    waits = Waits()
    client(sleep=waits).fetch(QUESTION, whole)
    assert waits == [7.0, 4.0]  # the second wait is the client's own


def test_retry_after_as_a_date(served: ReplayServer) -> None:
    served.fail_next("TEST", too_many(retry_after="Fri, 31 Dec 1999 23:59:59 GMT"))
    waits = Waits()
    client(sleep=waits).fetch(QUESTION, whole)
    assert waits == [0.0]


def test_a_long_wait_is_left_to_the_next_run(served: ReplayServer) -> None:
    served.fail_next("TEST", too_many(retry_after=86_400))
    waits = Waits()
    with pytest.raises(TransientSourceError, match="asks to wait 86400 s") as caught:
        client(sleep=waits).fetch(QUESTION, whole)
    assert waits == [] and caught.value.retry_after == 86_400 > LONGEST_WAIT and caught.value.too_often
    assert len(served.calls()) == 1


def test_attempts_are_bounded_and_each_is_counted(served: ReplayServer) -> None:
    """A retry costs the agency's quota like any other request."""
    served.fail_next("TEST", server_error(500), times=9)
    waits, counted = Waits(), []
    with pytest.raises(TransientSourceError, match="HTTP 500 after 4 attempts"):
        client(sleep=waits, before=lambda: counted.append(1)).fetch(QUESTION, whole)
    assert len(served.calls()) == len(counted) == 4
    assert waits == [1.0, 4.0, 16.0]


def test_what_the_parser_says_decides_on_a_retry(served: ReplayServer) -> None:
    def read(response) -> str:
        if len(served.calls()) == 1:
            raise UnreadableError("test", "cut", "ask again")
        raise BadRequestError("test", "no such series", "check it")

    with pytest.raises(BadRequestError):
        client().fetch(QUESTION, read)
    assert len(served.calls()) == 2


def test_redirects_are_the_parsers_unless_the_spec_follows_them(served: ReplayServer) -> None:
    """A client that follows sees the page about the missing Census key as a good answer of status 200."""
    served.serve("OTHER", json_reply({"page": "missing key"}))
    served.serve("TEST", redirect(served.url("OTHER") + "/missing_key.html"))
    response, _ = client().fetch(QUESTION, whole)
    assert response.status == 302 and served.calls("OTHER") == []
    response, _ = client(replace(API, follow_redirects=True)).fetch(QUESTION, whole)
    assert response.status == 200 and len(served.calls("OTHER")) == 1
    assert served.calls("OTHER")[0].query == {}


@pytest.mark.parametrize("target", ["http://example.org/data", "https://example.org/data"])
def test_a_redirect_never_takes_a_key_elsewhere(served: ReplayServer, target: str) -> None:
    served.serve("TEST", redirect(target))
    followed = replace(API, follow_redirects=True, secret=secret("header"))
    with pytest.raises(PermanentSourceError, match=r"redirected to .*not followed"):
        client(followed).fetch(QUESTION, whole)


def test_a_redirect_to_plain_http_or_in_a_circle_ends(served: ReplayServer) -> None:
    followed = replace(API, follow_redirects=True)
    served.serve("TEST", redirect("http://example.org/data"))
    with pytest.raises(PermanentSourceError, match="not followed"):
        client(followed).fetch(QUESTION, whole)
    served.forget()
    served.serve("TEST", redirect("/TEST/data"))
    with pytest.raises(PermanentSourceError, match="more than 3 times"):
        client(followed).fetch(QUESTION, whole)
    assert len(served.calls()) == 4


def test_base_urls_are_tls_or_this_machine(monkeypatch) -> None:
    assert base_url(API) == "https://agency.example"
    monkeypatch.setenv("HEADWAY_BASE_URL_TEST", "http://127.0.0.1:1/x/")
    assert base_url(API) == "http://127.0.0.1:1/x"
    monkeypatch.setenv("HEADWAY_BASE_URL_TEST", "http://agency.example")
    with pytest.raises(UsageError, match="HEADWAY_BASE_URL_TEST must be https"):
        base_url(API)


@pytest.mark.parametrize(
    "address",
    ["https://me:s3cret@mirror.example/x", "https://me:s/3cret@mirror.example", "me:s3cret@mirror.example"],
)
def test_a_password_in_a_base_url_is_refused_and_not_repeated(monkeypatch, address) -> None:
    """It would stand in messages, in the archive and in a column of the released file, which people hand on."""
    monkeypatch.setenv("HEADWAY_BASE_URL_TEST", address)
    with pytest.raises(UsageError, match="HEADWAY_BASE_URL_TEST holds a user name or password") as refused:
        base_url(API)
    assert "netrc" in str(refused.value)
    assert "3cret" not in str(refused.value) and "mirror" not in str(refused.value)


def test_a_mirror_gets_the_password_of_netrc(served, monkeypatch, tmp_path) -> None:
    """The message about a password in an address would send people to a file that nobody reads."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client(API).fetch(QUESTION, whole)
    (call,) = served.calls()
    assert call.headers["authorization"] == "Basic " + base64.b64encode(b"me:s3cret").decode()


def test_scrub_takes_out_both_forms() -> None:
    assert scrub("a planted/1 b planted%2F1", "planted/1") == "a *** b ***"
    assert scrub("nothing", None) == "nothing"
