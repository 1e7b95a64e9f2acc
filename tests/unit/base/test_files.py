"""Files that are whole or as they were, whatever ends the writing.

Belongs here: orchestration/base/files.py. Does not belong here: the folders of releases (tests/unit/release).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading

import pytest

from orchestration.base.files import replacing, sha256_of, write_whole


def test_a_failed_write_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    """Half a page, picture or sidecar would be read as a whole one."""
    path = tmp_path / "page.html"
    write_whole(path, b"before")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"before" and [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_body_that_wrote_nothing_is_an_error(tmp_path):
    """A renderer that wrote elsewhere would pass for one that worked, with the old file still in place."""
    path = tmp_path / "m.parquet"
    write_whole(path, b"before")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert path.read_bytes() == b"before"


def test_a_killed_process_leaves_no_half_file(tmp_path):
    """The power fails between the first byte and the last."""
    path = tmp_path / "kept"
    write_whole(path, b"before")
    code = (
        "import os, pathlib\nfrom orchestration.base.files import replacing\n"
        f"with replacing(pathlib.Path({str(path)!r})) as temporary:\n"
        "    temporary.write_bytes(b'half'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert path.read_bytes() == b"before"


def test_two_threads_do_not_write_into_one_temporary_file(tmp_path):
    """Two pages of the dashboard that keep the same file would publish a mixture of both."""
    path = tmp_path / "kept"
    barrier, temporaries = threading.Barrier(2, timeout=30), []

    def write(content: bytes) -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
            temporaries.append(temporary)
            barrier.wait()

    threads = [threading.Thread(target=write, args=(content,)) for content in (b"one", b"two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(temporaries)) == 2 and path.read_bytes() in (b"one", b"two")


def test_durable_means_file_and_folder_are_on_disk(tmp_path, monkeypatch):
    """Renamed but not written: after a power cut some file systems show an empty file."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    (tmp_path / "tmp").mkdir()
    write_whole(tmp_path / "bytes", b"x", scratch=tmp_path / "tmp", durable=True)
    file, folder = synced
    assert file.startswith(str(tmp_path / "tmp")) and folder == str(tmp_path)
    write_whole(tmp_path / "bytes", b"y")
    assert len(synced) == 2


def test_the_digest_is_that_of_the_whole_file(tmp_path):
    content = bytes(range(256)) * 5_000
    write_whole(tmp_path / "big", content)
    assert sha256_of(tmp_path / "big") == hashlib.sha256(content).hexdigest()
