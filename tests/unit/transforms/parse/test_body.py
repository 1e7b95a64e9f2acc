"""What every parser must refuse before it looks at its own format: broken bytes and plain HTTP refusals."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.parse import (
    bank_of_canada,
    banxico,
    bls,
    census,
    comtrade,
    fed_ddp,
    inegi,
    inegi_raiavl,
    statcan_wds,
)
from transforms.parse.body import read_text, zip_members
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    HtmlInsteadError,
    NotYetReleasedError,
    QuotaError,
    ReplyError,
    SchemaChangedError,
    ServerError,
    TruncatedError,
    UnreadableError,
)

PARSERS = {
    "bls": bls.parse_reply,
    "bls flat file": bls.parse_data_file,
    "census": lambda content, **http: census.parse_reply(content, flow="imports", **http),
    "statcan": statcan_wds.parse_series,
    "statcan metadata": statcan_wds.parse_cube_metadata,
    "inegi": lambda content, **http: inegi.parse_reply(content, frequencies={}, **http),
    "raiavl": lambda content, **http: inegi_raiavl.parse_csv(content, table="production", **http),
    "raiavl zip": lambda content, **http: inegi_raiavl.parse_zip(content, table="production", **http),
    "banxico": banxico.parse_reply,
    "bank_of_canada": bank_of_canada.parse_reply,
    "fed": fed_ddp.parse_reply,
    "comtrade": comtrade.parse_reply,
}
every_parser = pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS.keys())
PAGE = b"\xef\xbb\xbf <!DOCTYPE html>\n<html><head><title>Service unavailable</title></head><body>Sorry</body></html>"


@every_parser
def test_no_bytes_never_pass_for_no_data(parse):
    for content in (b"", b"  \r\n", b"\xef\xbb\xbf"):
        with pytest.raises(UnreadableError):
            parse(content, status=200, content_type="application/json")


@every_parser
def test_a_page_with_status_200_is_named_as_a_page(parse):
    with pytest.raises(HtmlInsteadError, match="Service unavailable"):
        parse(PAGE, status=200, content_type="text/html; charset=utf-8")


@every_parser
def test_gzip_bytes_and_garbage_are_unreadable_and_may_be_asked_again(parse):
    body = b'{"status":"REQUEST_SUCCEEDED"}'
    # 9 as the time of a compression is a tab, which the columns of a flat file stand between
    for content in (gzip.compress(body, mtime=1), gzip.compress(body, mtime=9), b"\x1f\x8b\x08\x00garbage"):
        with pytest.raises(UnreadableError, match="gzip") as caught:
            parse(content, status=200, content_type="application/json")
        assert caught.value.transient
    with pytest.raises(UnreadableError):
        parse(b"\x89PNG\r\n\x1a\n\x00\xff", status=200, content_type="image/png")


@every_parser
def test_server_failures_are_transient_and_refusals_are_not(parse):
    for status in (500, 502, 503, 504):
        with pytest.raises(ServerError) as caught:
            parse(b"upstream failed", status=status, content_type="text/plain")
        assert caught.value.transient
    with pytest.raises(QuotaError) as caught:
        parse(b"slow down", status=429, content_type="text/plain")
    assert not caught.value.transient
    assert caught.value.reset_after


@every_parser
def test_access_refused_is_not_retried(parse):
    for status in (401, 403):
        with pytest.raises(AuthError) as caught:
            parse(b"", status=status, content_type=None)
        assert not caught.value.transient


@every_parser
def test_a_redirect_is_not_read_as_data(parse):
    with pytest.raises((BadRequestError, AuthError)):
        parse(b"", status=302, content_type="text/html")


@pytest.mark.parametrize(
    "name", ["bls", "census", "statcan", "inegi", "banxico", "bank_of_canada", "comtrade"]
)
def test_a_cut_body_is_unreadable_not_short(name):
    for content in (
        b'{"Results": {"series": [{"seriesID": "CES',
        b'[["CTY_CODE","GEN_VAL_MO"],\n["1220","26',
    ):
        with pytest.raises(UnreadableError, match="cut off"):
            PARSERS[name](content, status=200, content_type="application/json")


@pytest.mark.parametrize(
    "name", ["bls", "census", "statcan", "inegi", "banxico", "bank_of_canada", "comtrade"]
)
def test_another_json_value_is_refused(name):
    for content in (b"null", b"true", b'"text"', b"{}", b"17"):
        with pytest.raises(ReplyError):
            PARSERS[name](content, status=200, content_type="application/json")


def test_the_content_type_alone_never_refuses_good_bytes():
    """Agencies label JSON as text/plain or octet-stream; the bytes decide."""
    good = b'{"bmx":{"series":[{"idSerie":"SF43718","titulo":"FIX","datos":[{"fecha":"26/11/2020","dato":"20.0467"}]}]}}'
    for content_type in ("text/plain", "application/octet-stream", "text/html", None):
        assert banxico.parse_reply(good, content_type=content_type).frame["value"].to_list() == [20.0467]


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert read_text(b"\xef\xbb\xbf[1]", source="x", status=200, content_type=None) == "[1]"
    with pytest.raises(UnreadableError, match="UTF-8"):
        read_text("año".encode("latin-1"), source="x", status=200, content_type=None)


def test_each_outcome_says_what_and_what_to_do_on_one_line():
    outcomes = [
        AuthError, BadRequestError, EmptyReplyError, HtmlInsteadError, NotYetReleasedError, QuotaError,
        SchemaChangedError, ServerError, TruncatedError, UnreadableError,
    ]  # fmt: skip
    for outcome in outcomes:
        error = outcome("bls", "what happened", "what to do")
        assert str(error) == "bls: what happened; what to do"
    retried = {outcome for outcome in outcomes if outcome.transient}
    assert retried == {HtmlInsteadError, ServerError, UnreadableError}


def test_a_changed_schema_names_what_is_missing_and_unknown():
    error = SchemaChangedError("census", "other columns", missing=["CTY_CODE"], unknown=["COUNTRY"])
    assert "missing: CTY_CODE" in str(error)
    assert "unknown: COUNTRY" in str(error)
    assert error.missing == ("CTY_CODE",)


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_an_archive_that_unpacks_to_too_much_is_refused():
    bomb = _zip(**{"a_data.xml": b"0" * 3_000_000})
    assert len(bomb) < 10_000
    with pytest.raises(UnreadableError, match="more than"):
        list(zip_members(bomb, r".*\.xml", source="fed", limit=1_000_000))
    two = _zip(**{"a.xml": b"0" * 600_000, "b.xml": b"0" * 600_000})
    with pytest.raises(UnreadableError, match="more than"):
        list(zip_members(two, r".*\.xml", source="fed", limit=1_000_000))


def test_an_archive_that_names_paths_outside_itself_is_refused():
    for name in ("../etc/G17_data.xml", "/G17_data.xml", "a\\..\\G17_data.xml"):
        with pytest.raises(UnreadableError, match="outside"):
            list(zip_members(_zip(**{name: b"x"}), r".*\.xml", source="fed"))


def test_a_cut_archive_is_unreadable():
    whole = _zip(**{"G17_data.xml": b"<a/>" * 5000})
    for content in (whole[:100], b"PK\x03\x04" + b"garbage" * 40):
        with pytest.raises(UnreadableError):
            fed_ddp.parse_reply(content)
        with pytest.raises(UnreadableError):
            inegi_raiavl.parse_zip(content, table="sales")


GOOD = {
    "bls": "bls/ces_2026.json",
    "bls flat file": "bls/ce.data.sample",
    "census": "census/imports_hs2_87_duplicate_columns.json",
    "statcan": "statcan/vectors.json",
    "statcan changed": "statcan/changed_series.json",
    "inegi": "inegi/bie_15166.json",
    "raiavl": "inegi/raiavl_produccion_mensual_tr_cifra_2026.csv",
    "banxico": "banxico/fix_2020-11.json",
    "bank_of_canada": "bank_of_canada/fx_2018.json",
    "bank_of_canada csv": "bank_of_canada/fx_2018.csv",
    "fed xml": "fed/G17_data.xml",
    "fed seriescolumn": "fed/g17_seriescolumn.csv",
    "fed seriesrow": "fed/g17_seriesrow.csv",
    "comtrade": "comtrade/chn_2010_totals.json",
}
READ = {
    **PARSERS,
    "statcan changed": statcan_wds.parse_changed_series,
    "inegi": lambda content: inegi.parse_reply(content, frequencies={"15166": "monthly"}),
    "bank_of_canada csv": bank_of_canada.parse_reply,
    "fed xml": fed_ddp.parse_reply,
    "fed seriescolumn": fed_ddp.parse_reply,
    "fed seriesrow": fed_ddp.parse_reply,
    "comtrade": lambda content: comtrade.parse_reply(content, frequency="A"),
}
REPLACEMENTS = st.sampled_from([None, True, 17, -1.5, "", "x", "2026-13", [], {}, [[]], "1" * 40, 10**30])


def _nodes(value: object) -> list[tuple[dict | list, object]]:
    """(container, key) of every place in a JSON value."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *_nodes(value[key]))]


@pytest.mark.parametrize("name", [n for n, path in GOOD.items() if path.endswith(".json")])
@given(data=st.data())
@examples(40)
def test_any_place_of_a_json_reply_may_change_without_an_unclassified_error(name, data):
    reply = json.loads((FIXTURE_FOLDER / GOOD[name]).read_bytes())
    places = _nodes(reply)
    container, key = places[data.draw(st.integers(0, len(places) - 1))]
    if data.draw(st.booleans()):
        del container[key]
    else:
        container[key] = data.draw(REPLACEMENTS)
    with contextlib.suppress(ReplyError):
        READ[name](json.dumps(reply).encode())


@pytest.mark.parametrize("name", GOOD)
@given(data=st.data())
@examples(40)
def test_any_damage_to_the_bytes_ends_in_a_classified_error_or_a_reply(name, data):
    content = (FIXTURE_FOLDER / GOOD[name]).read_bytes()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.one_of(st.just(len(content)), st.integers(start, len(content))))
    with contextlib.suppress(ReplyError):
        READ[name](content[:start] + data.draw(st.binary(max_size=12)) + content[stop:])


@pytest.mark.parametrize("name", GOOD)
def test_the_undamaged_fixture_is_read(name):
    READ[name]((FIXTURE_FOLDER / GOOD[name]).read_bytes())
