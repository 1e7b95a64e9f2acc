"""What cannot be trusted is set aside with a reason and shows nowhere; the rest of the lake is as it was."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.errors import DetailError
from orchestration.intake.detail.add import add_file
from orchestration.intake.detail.lake import apart
from orchestration.store.archive import Archive
from tests.replay.bts import tables, zipped
from tests.support import bulk_case
from tests.support.detail_case import FIRST_DAY, add, home, rows, value

IMPORTED = sum(value for *_, value, _ in bulk_case.IMPORTED)


def test_a_month_of_each_flow_is_added_and_held_the_second_time(tmp_path):
    settings = home(tmp_path)
    for path in (bulk_case.imports_zip(tmp_path), bulk_case.exports_zip(tmp_path)):
        (first,) = add(settings, path)
        (second,) = add(settings, path, known_on=date(2026, 5, 5))
        assert (first.state, second.state) == ("added", "held")
        assert (second.vintage, second.rows, second.zero_rows) == (first.vintage, first.rows, 1)
    assert value(settings) == IMPORTED
    assert value(settings, "exports") == sum(v for *_, v in bulk_case.EXPORTED)
    kept = Archive(apart(settings)).payloads("census_bulk", "detail")
    assert len(kept) == 2 and not Archive(settings).payloads(), "the store is not rebuilt from these"
    (entry,) = Catalogue.load(settings.detail).vintages("imports", "2025-01")
    assert entry.control_totals["IMP_CTY"]["consumption_value"] == IMPORTED
    assert entry.source_name == "IMDB2501.ZIP"


def test_a_revised_month_is_a_new_vintage_beside_the_old_one(tmp_path):
    settings = home(tmp_path)
    add(settings, bulk_case.imports_zip(tmp_path))
    changed = bulk_case.import_rows()
    changed[0] = {**changed[0], "con_val": int(changed[0]["con_val"]) + 1_000}
    (second,) = add(settings, bulk_case.imports_zip(tmp_path / "later", rows=changed), date(2026, 6, 5))
    assert (second.state, second.vintage) == ("added", "2026-06-05")
    assert value(settings) == IMPORTED + 1_000
    assert value(settings, as_of=date(2026, 6, 4)) == IMPORTED


def test_a_wrong_control_total_sets_the_month_aside_and_the_mended_file_is_taken(tmp_path):
    settings = home(tmp_path)
    members = bulk_case.import_members(bulk_case.import_rows())
    right = members["IMP_DE.TXT"][0]
    members["IMP_DE.TXT"][0] = right[:67] + str((int(right[67]) + 1) % 10) + right[68:]
    bad = bulk_case.zipped(tmp_path / "IMDB2501.ZIP", members)
    (result,) = add(settings, bad)
    assert (result.state, result.flow, result.month) == ("refused", "imports", "2025-01")
    assert "IMP_DE.TXT: consumption_value of district_entry 23 sums to" in result.reason
    assert Catalogue.load(settings.detail).months == () and rows(settings, "imports").is_empty()
    (aside,) = Archive(apart(settings)).quarantined()
    assert "IMP_DE.TXT" in aside.reason and aside.path.read_bytes() == bad.read_bytes()
    (mended,) = add(settings, bulk_case.imports_zip(tmp_path))
    assert mended.state == "added" and value(settings) == IMPORTED


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_zip_is_set_aside_whatever_is_left_of_it(tmp_path, share):
    settings = home(tmp_path)
    path = bulk_case.imports_zip(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    (result,) = add(settings, path)
    assert result.state == "refused" and "IMDB2501.ZIP is no zip, or is cut or damaged" in result.reason
    assert Catalogue.load(settings.detail).months == ()


def test_another_file_is_refused_with_what_would_do(tmp_path):
    other = tmp_path / "notes.zip"
    for content in (b"hello", bulk_case.zipped(tmp_path / "x.zip", {"README.TXT": ["nothing"]}).read_bytes()):
        other.write_bytes(content)
        with pytest.raises(
            DetailError, match=r"notes\.zip is no file of detail: expected a zip with IMP_DETL"
        ):
            add_file(home(tmp_path), other)


@pytest.mark.slow
def test_freight_adds_its_three_tables_and_a_bad_month_costs_itself_only(tmp_path):
    settings = home(tmp_path)
    good, bad = date(2024, 8, 1), date(2024, 9, 1)
    members = {f"{name}_{m:%m%y}.csv": text for m in (good, bad) for name, text in tables(m).items()}
    broken = members["dot2_0924.csv"].splitlines()
    members["dot2_0924.csv"] = b"\r\n".join(
        [*broken[:-1], b""]
    )  # a row is missing: the tables contradict each other
    path = tmp_path / "two_months.zip"
    path.write_bytes(zipped(members))
    results = add(settings, path)
    assert [(r.flow, r.month, r.state) for r in results] == [
        ("transborder_port", "2024-08", "added"),
        ("transborder_state_commodity", "2024-08", "added"),
        ("transborder_port_commodity", "2024-08", "added"),
        ("transborder", "2024-09", "refused"),
    ]
    assert "differ" in results[-1].reason
    assert len({value(settings, r.flow) for r in results[:3]}) == 1
    assert Archive(apart(settings)).payloads("bts", "detail"), "its good month stands on these bytes"


@pytest.mark.slow
@pytest.mark.recorded
def test_a_recorded_month_of_freight_is_what_the_tables_say(tmp_path, shared_data):
    """Counted without our code: rows by DuckDB straight from the CSV in the zip."""
    import zipfile

    import duckdb

    settings = home(tmp_path)
    path = shared_data / "payloads" / "bts_transborder" / "transborder_0924.zip"
    results = add(settings, path, FIRST_DAY)
    assert [r.state for r in results] == ["added"] * 3
    flows = {
        "dot1": "transborder_port",
        "dot2": "transborder_state_commodity",
        "dot3": "transborder_port_commodity",
    }
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    for name, flow in flows.items():
        raw = duckdb.sql(
            f"SELECT count(*), sum(VALUE::BIGINT), sum(SHIPWT::BIGINT) FROM read_csv('{tmp_path}/{name}_0924.csv', "
            "header = true, all_varchar = true) WHERE NOT (VALUE::BIGINT = 0 AND SHIPWT::BIGINT = 0 "
            "AND FREIGHT_CHARGES::BIGINT = 0)"
        ).fetchall()[0]
        found = rows(settings, flow)
        assert (found.height, found["value"].sum(), found["shipping_weight"].sum()) == raw, flow
