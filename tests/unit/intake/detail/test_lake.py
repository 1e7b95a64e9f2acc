"""A month is in the lake whole or not at all, and what was in it before stays."""

from __future__ import annotations

import resource
import threading
from datetime import date

import polars as pl
import pytest

from orchestration.base.detail_catalogue import CATALOGUE, Catalogue
from orchestration.base.errors import DetailError, WriterBusyError
from orchestration.base.files import sha256_of
from orchestration.intake.detail import lake
from orchestration.intake.detail.lake import NewMonth, add_months, in_order, placed, writing
from tests.support.detail_case import FIRST_DAY, home, rows, visible
from transforms.detail_tables import DETAIL_TABLES, EXPORTS


def month(
    amount: int = 1, count: int = 3, source: str = "a", name: str = "2025-01", flow: str = "exports"
) -> NewMonth:
    table = DETAIL_TABLES[flow]
    codes = {code: [f"{(i * 7) % count:010}" for i in range(count)] for code in table.codes}
    frame = pl.DataFrame({**codes, **{a: [amount * (i + 1) for i in range(count)] for a in table.amounts}})
    return NewMonth(flow, name, frame, 2, f"{source}.zip", source * 64)


def test_a_month_is_typed_sorted_hashed_and_says_where_it_belongs(tmp_path):
    settings = home(tmp_path)
    (entry,) = add_months(settings, [month(count=50)], known_on=FIRST_DAY)
    assert (entry.vintage, entry.rows, entry.zero_rows) == ("2026-03-06", 50, 2)
    (path,) = Catalogue.load(settings.detail).files("exports")
    assert str(path.relative_to(settings.detail / "lake")) == (
        "flow=exports/month=2025-01/vintage=2026-03-06/part-0000.parquet"
    )
    assert (entry.files[0].bytes, entry.files[0].sha256) == (path.stat().st_size, sha256_of(path))
    found = rows(settings, "exports")
    assert found.columns == list(EXPORTS.columns)
    assert found.sort(EXPORTS.sorted_by).equals(found)
    assert found.select("flow", "month", "vintage").unique().rows() == [
        ("exports", date(2025, 1, 1), "2026-03-06")
    ]


def test_the_same_bytes_change_nothing_and_other_bytes_are_a_new_vintage(tmp_path):
    settings = home(tmp_path)
    add_months(settings, [month(1, source="a")], known_on=FIRST_DAY)
    before = visible(settings)
    assert add_months(settings, [month(1, source="a")], known_on=date(2026, 4, 1)) == []
    assert visible(settings) == before
    (second,) = add_months(settings, [month(5, source="b")], known_on=FIRST_DAY)
    assert second.vintage == "2026-03-06.2"
    assert visible(settings).items() > before.items(), "a vintage replaces nothing"
    add_months(settings, [month(9, source="c")], known_on=date(2026, 6, 5))
    amounts = {
        as_of: rows(settings, "exports", as_of)["export_value"].sum()
        for as_of in (FIRST_DAY, date(2026, 6, 4), date(2026, 6, 5), None)
    }
    assert amounts == {FIRST_DAY: 30, date(2026, 6, 4): 30, date(2026, 6, 5): 54, None: 54}
    assert rows(settings, "exports", date(2026, 3, 5)).is_empty()


def test_bytes_an_agency_returned_to_are_news_and_an_old_file_added_again_is_not(tmp_path):
    settings = home(tmp_path)
    for day, source in ((1, "a"), (2, "b")):
        add_months(settings, [month(day, source=source)], known_on=date(2026, 1, day))
    assert add_months(settings, [month(1, source="a")], known_on=date(2026, 1, 3)) == []
    (again,) = add_months(settings, [month(1, source="a")], known_on=date(2026, 1, 3), returned=True)
    assert again.vintage == "2026-01-03"


def test_sorting_leaves_sorted_rows_alone_and_gives_what_python_gives():
    frame = pl.DataFrame({"a": ["2", "1", "1", "2"], "b": ["x", "y", "x", "a"], "n": [1, 2, 3, 4]})
    done = in_order(frame, ["a", "b"])
    assert done.rows() == sorted(frame.rows())
    assert in_order(done, ["a", "b"]) is done


def test_a_frame_with_another_column_or_type_is_refused():
    frame = month().frame
    for bad in (
        frame.drop("cards").with_columns(x=1),
        frame.with_columns(cards=pl.lit(1.5)),
        frame.with_columns(x=1),
    ):
        with pytest.raises((DetailError, pl.exceptions.ColumnNotFoundError)):
            placed(bad, EXPORTS, "2025-01", "2026-03-06")


@pytest.mark.parametrize(("point", "call"), [("write_parquet", 2), ("_into_place", 2), ("_replace", 1)])
def test_an_error_at_any_step_leaves_the_lake_as_it_was(tmp_path, monkeypatch, point, call):
    """Of two months that are added together one is written, or in its place, when the disk fails."""
    settings = home(tmp_path)
    add_months(settings, [month(1)], known_on=FIRST_DAY)
    before, seen = visible(settings), rows(settings, "exports")
    right = getattr(lake, point)
    calls = iter(range(1, 100))

    def breaks(*args):
        if next(calls) == call:
            raise OSError(28, "No space left on device")
        return right(*args)

    monkeypatch.setattr(lake, point, breaks)
    two = [month(5, source="b"), month(5, source="c", name="2025-02")]
    with pytest.raises(DetailError, match=r"No space left on device; nothing was added\. Free space"):
        add_months(settings, two, known_on=date(2026, 4, 1))
    assert rows(settings, "exports").equals(seen)
    monkeypatch.setattr(lake, point, right)
    with writing(settings):
        assert visible(settings) == before, "what never became visible is removed by the next run"
    assert len(add_months(settings, two, known_on=date(2026, 4, 1))) == 2
    assert rows(settings, "exports")["export_value"].sum() == 60


def test_a_limit_of_the_disk_in_the_middle_of_a_file_leaves_nothing(tmp_path):
    """polars says OSError or an error of its own, whichever it meets first."""
    settings = home(tmp_path)
    add_months(settings, [month(1)], known_on=FIRST_DAY)
    large = month(12_345_678_901, 40_000, source="b", name="2025-02")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(DetailError, match="nothing was added"):
            add_months(settings, [large], known_on=FIRST_DAY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [e.month for e in Catalogue.load(settings.detail).months] == ["2025-01"]
    assert not (settings.detail / "staging").exists() or not list((settings.detail / "staging").iterdir())
    assert len(add_months(settings, [large], known_on=FIRST_DAY)) == 1


def test_two_writers_do_not_write_at_once(tmp_path):
    settings = home(tmp_path)
    errors = []

    def other():
        try:
            add_months(settings, [month()], known_on=FIRST_DAY)
        except WriterBusyError as error:
            errors.append(str(error))

    with writing(settings):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(errors) == 1 and "another run is writing" in errors[0]


def test_a_lost_catalogue_does_not_cost_the_months(tmp_path):
    """A sweep that takes every month for a leftover would empty the lake."""
    settings = home(tmp_path)
    add_months(settings, [month()], known_on=FIRST_DAY)
    before = visible(settings)
    content = (settings.detail / CATALOGUE).read_bytes()
    (settings.detail / CATALOGUE).unlink()
    with pytest.raises(DetailError, match=r"is missing, and .* holds months: restore it"):
        add_months(settings, [month(source="b")], known_on=FIRST_DAY)
    (settings.detail / CATALOGUE).write_bytes(content[:-9])
    with pytest.raises(DetailError, match="is damaged"):
        add_months(settings, [month(source="b")], known_on=FIRST_DAY)
    assert visible(settings) == before
