"""Results kept between builds: only what changed is computed, and a file that is wrong never gives a wrong number.

Belongs here: orchestration/build/statistics_cache.py. Does not belong here: the statistics it keeps.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.settings import PROJECT
from orchestration.build.statistics_cache import fingerprint, of_some_series, remembered, version_of


class Counted:
    """Squares its units and remembers which it was asked for."""

    def __init__(self):
        self.asked: list[int] = []

    def __call__(self, units):
        self.asked.extend(units)
        return [
            pl.DataFrame(
                {"n": [u] * (u % 3), "square": [float(u * u)] * (u % 3)},
                schema={"n": pl.Int64, "square": pl.Float64},
            )
            for u in units
        ]


def square(unit: int) -> pl.DataFrame:
    return pl.DataFrame({"square": [unit * unit]})


def squares(units: list[int]) -> list[pl.DataFrame]:
    return [square(unit) for unit in units]


def units(*numbers: int) -> dict[str, int]:
    return {fingerprint("v1", n): n for n in numbers}


def test_only_what_is_missing_is_computed(tmp_path):
    """Also a unit without rows is known: it would be computed at every build for ever."""
    work = Counted()
    first = remembered("m", units(1, 2, 3), work, where=tmp_path)
    second = remembered("m", units(4, 2, 1, 3), work, where=tmp_path)
    assert work.asked == [1, 2, 3, 4]
    assert first["n"].to_list() == [1, 2, 2]
    assert second["n"].to_list() == [4, 2, 2, 1], "rows follow the order asked, not that of the file"
    unchanged = remembered("m", units(4, 2, 1, 3), work, where=tmp_path)
    assert work.asked == [1, 2, 3, 4] and unchanged.equals(second)


def test_what_is_no_longer_asked_leaves_the_file(tmp_path):
    """Series that went away would make the file grow with every change of the code."""
    work = Counted()
    remembered("m", units(*range(100)), work, where=tmp_path)
    remembered("m", units(1, 2), work, where=tmp_path)
    assert pl.read_parquet(tmp_path / "m.parquet")["n"].to_list() == [1, 2, 2]


@pytest.mark.parametrize("damage", [b"", b"PAR1 no parquet", None, "truncated", "foreign"])
def test_a_damaged_file_costs_time_only(tmp_path, damage):
    """A build killed by a full disk, or a file of another programme, must not stop the next build or change a number."""
    path = tmp_path / "m.parquet"
    whole = remembered("m", units(1, 2), Counted(), where=tmp_path)
    if damage == "foreign":
        pl.DataFrame({"n": [7]}).write_parquet(path)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert remembered("m", units(1, 2), Counted(), where=tmp_path).equals(whole)
    assert [p.name for p in tmp_path.iterdir()] == ["m.parquet"], "nothing unfinished is left behind"


def test_changed_columns_are_computed_again(tmp_path):
    """Rows of two shapes cannot stand in one table."""
    remembered("m", units(1, 2), Counted(), where=tmp_path)
    again = remembered("m", units(1, 2, 4), squares, where=tmp_path)
    assert again["square"].to_list() == [1, 4, 16]


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    remembered("m", units(1, 2), Counted(), where=tmp_path)
    before = (tmp_path / "m.parquet").read_bytes()

    def fails(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        remembered("m", units(1, 2, 5), fails, where=tmp_path)
    assert (tmp_path / "m.parquet").read_bytes() == before


def test_a_frame_for_each_unit(tmp_path):
    """One frame too few would give the results of one series to the next."""
    with pytest.raises(ValueError, match="2 pieces of work gave 1"):
        remembered("m", units(1, 2), lambda us: [square(1)], where=tmp_path)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20), st.integers(0, 19))
def test_every_bit_counts(values, place):
    """A revision in the last digit is a revision."""
    array = np.array(values)
    other = array.copy()
    with np.errstate(over="ignore"):  # the number after the largest is infinite
        other[place % len(values)] = np.nextafter(other[place % len(values)], np.inf)
    assert fingerprint(array) == fingerprint(array.copy())
    if not np.array_equal(array, other):
        assert fingerprint(array) != fingerprint(other)


def test_things_that_look_alike_are_told_apart():
    """Equal keys of different work would mix their results."""
    day = dt.date(2020, 1, 1)
    alike = [
        (1,),
        (1.0,),
        ("1",),
        (True,),
        (None,),
        ("None",),
        ([1],),
        ([1, 2],),
        (1, 2),
        ([1], [2]),
        ("1", ""),
        ("", "1"),
        (day,),
        (str(day),),
        (np.array([1.0]),),
        (np.array([1])),
        (np.array([[1.0]]),),
        (pl.DataFrame({"a": [1]}),),
        (pl.DataFrame({"b": [1]}),),
        (pl.DataFrame({"a": [1.0]}),),
        (pl.Series([1]),),
        (pl.Series([1, 0]),),
        (pl.Series([1, None]),),
        (pl.Series([day]),),
        (pl.Series([0.0]),),
        (pl.Series([-0.0]),),
        (pl.Series([float("nan")]),),
        (pl.Series([None], dtype=pl.Float64),),
        (pl.Series(["1", ""]),),
        (pl.Series(["", "1"]),),
    ]
    assert len({fingerprint(*parts) for parts in alike}) == len(alike)
    with pytest.raises(TypeError, match="set has no fixed reading"):
        fingerprint({1, 2})


def test_version_follows_the_code():
    import orchestration.base.settings
    import orchestration.build.statistics_cache as cache

    assert version_of(cache) == version_of(cache) != version_of(orchestration.base.settings)


@pytest.mark.parametrize(("given", "wanted"), [(None, "1"), ("2", "2")])
def test_linear_algebra_has_one_thread_unless_somebody_asks_for_more(given, wanted):
    """Two threads on small matrices cost seven times the processor time of one. numpy must not be imported before the number is
    set, because it reads it then and never again."""
    code = (
        "import sys, orchestration.cli, os; print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if given is not None:
        environment["OPENBLAS_NUM_THREADS"] = given
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [wanted, "False"]


def test_a_model_that_asks_for_some_series_leaves_the_file_as_it_is(tmp_path):
    """One revised series would throw the results of all others away: the next whole build would take minutes again."""
    work = Counted()
    remembered("m", units(1, 2, 3), work, where=tmp_path)
    kept = (tmp_path / "m.parquet").read_bytes()
    with of_some_series():
        assert remembered("m", units(2, 4), work, where=tmp_path)["n"].to_list() == [2, 2, 4]
    assert work.asked == [1, 2, 3, 4]
    assert (tmp_path / "m.parquet").read_bytes() == kept
