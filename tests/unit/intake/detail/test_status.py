"""A month that is missing in the middle must be said; a reader of a sum over the year would not see it."""

from __future__ import annotations

from datetime import date

from orchestration.intake.detail.status import detail_status
from tests.support import bulk_case
from tests.support.command_case import command
from tests.support.detail_case import add, home


def test_a_month_missing_in_the_middle_is_named(tmp_path):
    settings = home(tmp_path)
    assert detail_status(settings).flows == ()
    for month in (date(2024, 11, 1), date(2025, 1, 1), date(2025, 4, 1)):
        add(settings, bulk_case.exports_zip(tmp_path, month))
    (flow,) = detail_status(settings).flows
    assert flow.missing == ("2024-12", "2025-02", "2025-03")
    assert (flow.first_month, flow.last_month, flow.months, flow.rows) == ("2024-11", "2025-04", 3, 30)
    done = command(settings, "detail", "status")
    assert "exports lacks 3 months in between: 2024-12, 2025-02, 2025-03" in done.stderr


def test_damage_is_found_only_by_reading_the_files(tmp_path):
    settings = home(tmp_path)
    add(settings, bulk_case.exports_zip(tmp_path))
    (path,) = (settings.detail / "lake").rglob("*.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    assert detail_status(settings).damaged == ()
    assert len(detail_status(settings, verify=True).damaged) == 1
    assert command(settings, "detail", "status", "--verify").returncode == 1
    path.unlink()
    assert detail_status(settings, verify=True).damaged[0].endswith("is missing")
