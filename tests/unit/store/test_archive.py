"""The archive: bytes as received are never lost, never stored twice, never handed out damaged."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from orchestration.base.errors import ArchiveError
from orchestration.store.archive import Archive
from tests.support.parsed import settings_at

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path) -> Archive:
    return Archive(settings_at(tmp_path / "home"))


def put(archive: Archive, content: bytes | Path, hours: int = 0, **changes):
    options = {"source_id": "bls", "dataset": "ces", "request_url": "https://example.org/ces", **changes}
    return archive.put(content, retrieved_at=NOON + timedelta(hours=hours), **options)


def files(archive: Archive, pattern: str) -> list:
    return [p for p in archive.root.glob(pattern) if p.is_file()]


def test_bytes_come_back_with_where_they_came_from(archive):
    payload = put(
        archive,
        b"\x00\xffbytes",
        http_status=200,
        media_type="application/json",
        extra={"etag": '"7"', "complete": True},
    )
    digest = hashlib.sha256(b"\x00\xffbytes").hexdigest()
    assert payload.stored
    assert payload.payload_id == f"bls:ces:{digest[:16]}"
    assert payload.archive_path == f"objects/{digest[:2]}/{digest}"
    assert archive.read(payload) == b"\x00\xffbytes"
    (again,) = Archive(settings_at(archive.root.parent)).payloads()
    assert again == payload
    assert (again.retrieved_at, again.extra) == (datetime(2026, 11, 1, 12), {"etag": '"7"', "complete": True})


def test_times_are_kept_in_utc(archive):
    """Release times are local; an hour's shift moves a value to another day."""
    eastern = datetime(2026, 11, 1, 22, 30, tzinfo=timezone(timedelta(hours=-5)))
    payload = archive.put(b"x", source_id="bls", dataset="ces", request_url="u", retrieved_at=eastern)
    assert payload.retrieved_at == archive.latest("bls", "ces").retrieved_at == datetime(2026, 11, 2, 3, 30)


def test_a_file_is_kept_as_its_bytes_are_and_stays_where_it_was(archive, tmp_path):
    """A zip of 200 MB is copied without being read into memory; the same bytes are one object however they came."""
    path = tmp_path / "IMDB2501.ZIP"
    path.write_bytes(b"PK" * 1000)
    payload = put(archive, path)
    assert (archive.read(payload), payload.bytes, path.exists()) == (b"PK" * 1000, 2000, True)
    assert not put(archive, b"PK" * 1000, hours=1).stored
    assert len(files(archive, "objects/**/*")) == 1


def test_the_same_bytes_are_stored_once(archive):
    """A daily refresh of an unchanged source that fills the disk and piles up vintages."""
    first = put(archive, b"same")
    again = put(archive, b"same", hours=24, extra={"etag": '"8"'})
    assert not again.stored
    assert again.payload_id == first.payload_id
    assert (again.retrieved_at, again.last_seen_at) == (first.retrieved_at, datetime(2026, 11, 2, 12))
    assert archive.latest("bls", "ces").extra == {"etag": '"8"'}
    assert len(files(archive, "objects/*/*")) == len(files(archive, "bls/ces/*")) == 1


def test_two_requests_of_a_dataset_do_not_hide_each_other(archive):
    """Pages of one dataset in turn: page 2 is no change of page 1."""
    for hours in (0, 24):
        for page in (1, 2):
            payload = put(
                archive, f"page {page}".encode(), hours, request_url=f"https://example.org/?page={page}"
            )
            assert payload.stored == (hours == 0)
    assert len(archive.payloads()) == 2


def test_a_return_to_older_bytes_is_news(archive):
    """A source that takes a revision back (A, B, A) must not be left at B."""
    first, second, third = (put(archive, c, hours) for hours, c in enumerate([b"A", b"B", b"A"]))
    assert third.stored
    assert third.payload_id == f"{first.payload_id}~2"
    assert archive.latest("bls", "ces") == third
    assert [p.payload_id for p in archive.payloads()] == [p.payload_id for p in (first, second, third)]
    assert len(files(archive, "objects/*/*")) == 2
    assert not put(archive, b"A", 3).stored


def test_one_file_can_serve_two_datasets(archive):
    a, b = put(archive, b"zip", dataset="sales"), put(archive, b"zip", dataset="stocks")
    assert a.payload_id != b.payload_id
    assert a.archive_path == b.archive_path
    assert [p.dataset for p in archive.payloads("bls")] == ["sales", "stocks"]


def test_payloads_come_in_the_order_of_their_retrieval(archive):
    """A rebuild in another order than the first loads gives other rows."""
    for hours, dataset in ((5, "b"), (1, "c"), (1, "a"), (3, "a")):
        put(archive, f"{hours}{dataset}".encode(), hours, dataset=dataset)
    order = [archive.read(p) for p in archive.payloads()]
    assert order == [b"1c", b"1a", b"3a", b"5b"], "at one moment, as they were archived"
    assert archive.read(archive.latest("bls", "a")) == b"3a"
    assert archive.payloads("census") == []
    assert archive.latest("bls", "z") is None


@pytest.mark.parametrize("damage", [b"", b"trunc", b"truncated!"])
def test_damaged_bytes_are_never_handed_out(archive, damage):
    """A flipped bit or a cut file that is parsed as if it were what the agency sent."""
    payload = put(archive, b"truncated?")
    (archive.root / payload.archive_path).write_bytes(damage)
    with pytest.raises(ArchiveError, match=f"{payload.payload_id}: its bytes are damaged"):
        archive.read(payload)
    put(archive, b"truncated?", 1)  # the same answer again mends it
    assert archive.read(payload) == b"truncated?"


def test_missing_bytes_are_named(archive):
    payload = put(archive, b"gone")
    (archive.root / payload.archive_path).unlink()
    with pytest.raises(ArchiveError, match=f"{payload.payload_id}: its bytes are missing"):
        archive.read(payload)


def test_a_damaged_sidecar_is_named(archive):
    put(archive, b"x")
    (sidecar,) = files(archive, "bls/ces/*.json")
    sidecar.write_text('{"payload_id": "bls')
    with pytest.raises(ArchiveError, match=str(sidecar)):
        archive.payloads()


def test_a_write_cut_short_leaves_no_payload(archive, monkeypatch):
    """Power fails, or the disk is full, between the first byte and the last."""
    put(archive, b"before")

    def full(_fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArchiveError, match="No space left on device"):
        put(archive, b"after", 1)
    monkeypatch.undo()
    assert [archive.read(p) for p in archive.payloads()] == [b"before"]
    assert files(archive, "tmp/*") == []
    assert put(archive, b"after", 1).stored


def test_half_written_files_of_a_killed_run_are_cleared(archive):
    """Leftovers that fill the disk; but the file of a write that is under way stays."""
    put(archive, b"x")
    for name, age in (("dead", 7200), ("alive", 0)):
        path = archive.root / "tmp" / name
        path.write_bytes(b"half")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    put(archive, b"y", 1)
    assert [p.name for p in files(archive, "tmp/*")] == ["alive"]
    assert len(archive.payloads()) == 2


def test_bytes_without_a_sidecar_are_taken_up_by_the_next_put(archive):
    """A run killed between the bytes and the sidecar."""
    payload = put(archive, b"x")
    for sidecar in files(archive, "bls/ces/*.json"):
        sidecar.unlink()
    again = put(archive, b"x", 1)
    assert again.stored
    assert again.payload_id == payload.payload_id


@pytest.mark.parametrize("name", ["../etc", "a/b", "", "Bls", ".hidden", "a b"])
def test_names_cannot_leave_the_archive(archive, name):
    with pytest.raises(ArchiveError, match="cannot name a source or dataset"):
        put(archive, b"x", source_id=name)
    with pytest.raises(ArchiveError, match="cannot name a source or dataset"):
        put(archive, b"x", dataset=name)


def test_quarantined_payloads_leave_the_archive_and_keep_their_reason(archive):
    """A bad payload that counts as the last good one, or whose reason is lost."""
    good, bad = put(archive, b"good"), put(archive, b"<html>", 1)
    path = archive.quarantine(bad, "a page in place of data")
    assert path.read_bytes() == b"<html>"
    (kept,) = archive.quarantined()
    assert (kept.payload_id, kept.reason, kept.path) == (bad.payload_id, "a page in place of data", path)
    assert archive.payloads() == [good]
    assert archive.latest("bls", "ces") == good


def test_the_same_bad_answer_is_set_aside_once(archive):
    """A source that is down for a month."""
    for hours in range(3):
        bad = put(archive, b"<html>", hours)
        assert bad.stored
        archive.quarantine(bad, f"reason {hours}")
    assert [q.reason for q in archive.quarantined()] == ["reason 2"]


def test_the_id_of_a_removed_payload_is_not_given_again(archive):
    """The store would take the new payload for one that it has and leave its rows out; citations of the old would name the new."""
    ids = [put(archive, content, hours).payload_id for hours, content in enumerate([b"A", b"B", b"A"])]
    first, _, second = archive.payloads()
    assert (first.payload_id, second.payload_id) == (ids[0], f"{ids[0]}~2")
    archive.quarantine(first, "ends in the wrong month", removed=True)
    put(archive, b"B", 3)
    third = put(archive, b"A", 4)
    assert third.payload_id == f"{ids[0]}~3"
    # the note of a lower number replaces that of a higher one, and the next time nothing else is left of these bytes
    archive.quarantine(third, "as well", removed=True)
    archive.quarantine(second, "as well", removed=True)
    assert put(archive, b"A", 5).payload_id == f"{ids[0]}~4"


def test_an_answer_that_was_never_accepted_takes_no_number(archive):
    """A source that is down for a month would count up with each of its answers."""
    bad = put(archive, b"<html>")
    archive.quarantine(bad, "a page in place of data")
    assert put(archive, b"<html>", 1).payload_id == bad.payload_id


def test_bytes_that_were_never_archived_can_be_set_aside(archive):
    path = archive.quarantine(b"cut short", "the connection ended early")
    (kept,) = archive.quarantined()
    assert (kept.payload_id, kept.reason, path.read_bytes()) == (
        None,
        "the connection ended early",
        b"cut short",
    )


def test_a_sequence_put_again_finds_each_payload_in_its_place(archive):
    """A run that starts over must not take the first of its answers for a return to older bytes."""
    first = [put(archive, c, hours).payload_id for hours, c in enumerate([b"A", b"B", b"A"])]
    again = [put(archive, c, hours) for hours, c in enumerate([b"A", b"B", b"A"])]
    assert [p.payload_id for p in again] == first
    assert not any(p.stored for p in again)


def test_payloads_dated_alike_are_told_apart(archive):
    """A bundled file rebuilt within the day that both are dated by: the second is the last, put again or not."""
    for content in (b"A", b"B", b"C"):
        assert put(archive, content).stored
        assert not put(archive, content).stored
        assert archive.read(archive.last("bls", "ces", "https://example.org/ces")) == content
    assert not put(archive, b"A").stored
    assert [archive.read(p) for p in archive.payloads()] == [b"A", b"B", b"C"]


def test_a_refused_answer_is_at_no_moment_an_accepted_one(archive, monkeypatch):
    """A process killed between archiving and setting aside left it in the archive for good."""
    accepted = put(archive, b"good")
    written = []
    write = Archive._write
    monkeypatch.setattr(
        Archive, "_write", lambda self, path, content: (written.append(path), write(self, path, content))
    )
    refused = put(archive, b"bad", 1, refused="HTML page", extra={"content_sha256": "7"})
    assert not [path for path in written if path.parent == archive.root / "bls" / "ces"]
    assert archive.payloads() == [accepted]
    (aside,) = archive.quarantined()
    assert (aside.payload_id, aside.reason, aside.content_sha256) == (refused.payload_id, "HTML page", "7")
    assert aside.path.read_bytes() == b"bad"


def test_bytes_that_were_accepted_before_stay_as_they_are_when_they_are_refused(archive):
    """Whatever a newer parser thinks of them: their rows are in the store, with what their sidecar says."""
    accepted = put(archive, b"good", extra={"request": "first"})
    put(archive, b"good", 1, refused="another format", extra={"request": "second"})
    (still,) = archive.payloads()
    assert (still, still.extra) == (accepted, {"request": "first"})
    assert [q.reason for q in archive.quarantined()] == ["another format"]
