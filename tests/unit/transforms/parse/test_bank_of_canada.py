"""Bank of Canada Valet, and the monthly means made of its daily rates. Fixtures: real rates of January 2018 ff."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest

from tests import FIXTURE_FOLDER
from transforms.means import monthly_means
from transforms.parse import bank_of_canada as valet
from transforms.parse.outcome import BadRequestError, EmptyReplyError, SchemaChangedError, UnreadableError

FIXTURES = FIXTURE_FOLDER / "bank_of_canada"
JSON, CSV = (FIXTURES / "fx_2018.json").read_bytes(), (FIXTURES / "fx_2018.csv").read_bytes()


def test_both_layouts_hold_the_same_rates():
    """The CSV begins with a byte order mark and two other tables."""
    assert CSV.startswith(b"\xef\xbb\xbf")
    from_json, from_csv = valet.parse_reply(JSON), valet.parse_reply(CSV, content_type="text/csv")
    assert from_json.frame.equals(from_csv.frame)
    assert from_json.details == from_csv.details
    assert from_json.frame.filter(period_start=date(2018, 1, 2)).select("source_code", "value").rows() == [
        ("FXMXNCAD", 0.06423),
        ("FXUSDCAD", 1.2517),
    ]


def test_a_series_absent_on_a_day_makes_no_row():
    reply = json.loads(JSON)
    del reply["observations"][3]["FXMXNCAD"]
    without = valet.parse_reply(json.dumps(reply).encode()).frame
    assert without.filter(source_code="FXMXNCAD").height == without.filter(source_code="FXUSDCAD").height - 1
    blank = valet.parse_reply(CSV.replace(b'"1.2517","0.06423"', b'"1.2517",""'))
    assert blank.left.dropped == {"blank cells (no value on that day)": 1}
    assert blank.frame.filter(period_start=date(2018, 1, 2))["source_code"].to_list() == ["FXUSDCAD"]


def test_an_empty_value_is_missing_and_a_word_rejected():
    reply = json.loads(JSON)
    reply["observations"] = [{"d": "2018-01-02", "FXUSDCAD": {"v": None}, "FXMXNCAD": {"v": "n/a"}}]
    parsed = valet.parse_reply(json.dumps(reply).encode())
    assert parsed.frame.select("value", "status").rows() == [(None, "missing")]
    assert len(parsed.left.rejected) == 1


def test_an_undeclared_series_is_a_schema_change():
    reply = json.loads(JSON)
    reply["observations"][0]["FXNEWCAD"] = {"v": "1"}
    with pytest.raises(SchemaChangedError, match="FXNEWCAD"):
        valet.parse_reply(json.dumps(reply).encode())
    with pytest.raises(SchemaChangedError, match="observations"):
        valet.parse_reply(b'{"seriesDetail":{}}')


def test_an_unknown_series_is_a_bad_request_with_the_banks_words():
    with pytest.raises(BadRequestError, match="Series FXFOO not found"):
        valet.parse_reply(
            b'{"message":"Series FXFOO not found.","docs":"https://www.bankofcanada.ca/valet/docs"}',
            status=404,
        )


def test_no_observations_are_empty():
    reply = json.loads(JSON)
    reply["observations"] = []
    for body in (json.dumps(reply).encode(), CSV.partition(b'"2018-01-02"')[0]):
        with pytest.raises(EmptyReplyError):
            valet.parse_reply(body)


def test_a_cut_csv_is_not_read_short():
    with pytest.raises(UnreadableError, match="cells"):
        valet.parse_reply(CSV[: CSV.rindex(b",")])
    with pytest.raises(SchemaChangedError, match="OBSERVATIONS"):
        valet.parse_reply(CSV.partition(b'"OBSERVATIONS"')[0])


@pytest.mark.recorded
def test_recorded_years_give_the_published_monthly_means(shared_data):
    """26 currencies, three years of daily rates, against an independent file of monthly means with 6-8 digits."""
    with (shared_data / "figures/boc_monthly_fx.csv").open() as lines:
        means = {row["month"]: row for row in csv.DictReader(lines)}
    for year in (2018, 2020, 2025):
        body = (shared_data / f"payloads/valet/observations_fx_daily_{year}.json").read_bytes()
        reply = valet.parse_reply(body)
        assert reply.left.rejected == ()
        assert len(reply.details) == 26
        monthly = monthly_means(reply, as_of=date(year + 1, 1, 2)).frame
        for code in ("FXUSDCAD", "FXMXNCAD"):
            rows = monthly.filter(source_code=code).filter(
                monthly.filter(source_code=code)["period_start"] >= date(year, 1, 1)
            )
            assert rows.height == 12
            for start, value, note in rows.select("period_start", "value", "note").rows():
                published = means[f"{start:%Y-%m}"]
                assert value == pytest.approx(float(published[f"{code}_avg"]), rel=1e-6)
                assert note == f"mean of {published['n_days']} days"


@pytest.mark.recorded
def test_recorded_csv_and_trimmed_json_are_read(shared_data):
    folder = shared_data / "payloads/valet"
    table = valet.parse_reply((folder / "observations_FXEURCAD_FXUSDCAD_csv_TRIMMED.csv").read_bytes()).frame
    assert table.filter(period_start=date(2017, 1, 3)).select("source_code", "value").rows() == [
        ("FXEURCAD", 1.3973),
        ("FXUSDCAD", 1.3435),
    ]
    trimmed = valet.parse_reply(
        (folder / "observations_FXUSDCAD_FXMXNCAD_2018_json_TRIMMED.json").read_bytes()
    )
    assert trimmed.frame.height == 50
