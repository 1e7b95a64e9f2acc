"""kill -9 while a month of detail is added, and a full disk: readers see the lake as it was, and the next run goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from datetime import date

import polars as pl
import pytest

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.errors import ArchiveError, DetailError
from orchestration.base.settings import PROJECT
from orchestration.intake.detail.lake import NewMonth, add_months
from tests.faults.test_payload_faults import small_disk
from tests.replay.bts import month_zip
from tests.support import bulk_case
from tests.support.detail_case import add, home, rows, value, visible
from tests.support.patience import PATIENCE
from transforms.detail_tables import IMPORTS


@pytest.mark.parametrize(
    ("point", "call"),
    [
        ("sync", 1),  # the first of three files is written
        ("_into_place", 2),  # one of three months is where it will be
        ("_replace", 1),  # all three are, and the catalogue does not name them
    ],
)
def test_a_process_killed_at_any_step_leaves_nothing_half_visible(tmp_path, point, call):
    """Freight: three tables of a month, visible together or not at all."""
    settings = home(tmp_path)
    add(settings, bulk_case.imports_zip(tmp_path))
    before, seen = visible(settings), rows(settings, "imports")
    path = tmp_path / "september.zip"
    path.write_bytes(month_zip(date(2024, 9, 1)))
    worker = [sys.executable, "-m", "tests.faults.detail_worker", str(settings.home), str(path)]
    done = subprocess.run([*worker, point, str(call)], cwd=PROJECT, timeout=PATIENCE, check=False)
    assert done.returncode == -signal.SIGKILL
    assert Catalogue.load(settings.detail).flows == ["imports"]
    assert rows(settings, "imports").equals(seen) and visible(settings).items() >= before.items()
    again = add(settings, path, date(2026, 6, 5))
    assert [r.state for r in again] == ["added"] * 3
    assert len({value(settings, r.flow) for r in again}) == 1
    assert len(visible(settings)) == len(before) + 3, "what the killed run left is gone"
    assert not list((settings.detail / "staging").glob("*"))


def test_a_full_disk_is_named_and_costs_nothing(tmp_path):
    """A disk of 12 MB: the month does not fit, first its bytes and then its rows, and afterwards it does."""
    settings = home(tmp_path)
    settings.home.mkdir()
    count = 120_000
    numbers = pl.DataFrame({"n": range(count)})
    noise = [
        (pl.col("n").hash(seed=seed) % 10**12).cast(pl.Int64).alias(name)
        for seed, name in enumerate(IMPORTS.amounts)
    ]
    frame = numbers.select(
        pl.format("{}", 1000000000 + pl.col("n")).alias("hs10"),
        pl.lit("2010").alias("country_code"),
        pl.lit("").alias("subcountry_code"),
        *(pl.lit("23").alias(name) for name in ("district_entry", "district_unlading", "rate_provision")),
        *noise,
    )
    new = NewMonth("imports", "2025-02", frame, 0, "IMDB2502.ZIP", "2" * 64)
    large = tmp_path / "IMDB2502.ZIP"
    large.write_bytes(random.Random(1).randbytes(13 << 20))  # its bytes do not fit, whatever they are
    with small_disk(settings.home) as make_room:
        add(settings, bulk_case.imports_zip(tmp_path))
        before, seen = visible(settings), rows(settings, "imports")
        with pytest.raises(ArchiveError, match=r"nothing was changed\. Free space"):
            add(settings, large)
        with pytest.raises(DetailError, match=r"nothing was added\. Free space"):
            add_months(settings, [new], known_on=date(2026, 6, 5))
        assert rows(settings, "imports").equals(seen) and visible(settings) == before
        make_room()
        assert len(add_months(settings, [new], known_on=date(2026, 6, 5))) == 1
        assert rows(settings, "imports").height == seen.height + count
