"""A process of its own for the fault tests: it publishes and is killed, or it reads until it is told to stop.

usage: release_worker.py publish HOME VERSION [kill N | pause N]     kill or stop itself before the Nth file operation
                                                                      of the switch; prints how many there were
       release_worker.py read HOME STOPFILE COUNT                    so many readers, each with short reads and one long-lived connection
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import duckdb

from orchestration.base.settings import Settings
from orchestration.release import folders as release
from tests.support import release_case

#: what Python reports before it touches a file (sys.audit events); DuckDB's own writes lie between them
_FILE_EVENTS = {
    "open",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.symlink",
    "shutil.rmtree",
}


def publish(home: Settings, version: int, action: str = "", at: int = 0) -> int:
    """Publish `version`; before operation number `at` on a file or folder, counted from the first rename on, kill this
    process or wait for a line on stdin. How many operations there were."""
    release_case.write_build(home, version)
    print("ready", flush=True)
    seen = 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event in _FILE_EVENTS and (seen or event == "os.rename"):
            seen += 1
            if seen == at and action == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if seen == at and action == "pause":
                print("paused", flush=True)
                sys.stdin.readline()

    sys.addaudithook(watch)
    release.publish(
        home,
        run_id=release.new_run_id(),
        inputs={},
        keys=release_case.KEYS,
        contract=release_case.CONTRACT,
    )
    return seen


#: the version of every table, by three paths: a table, a view on another one, a macro
_ONE_VERSION = """
SELECT list(DISTINCT built_as) FROM (
    SELECT built_as FROM dim_series UNION ALL SELECT built_as FROM fct_observation
    UNION ALL SELECT built_as FROM as_of(DATE '2026-11-21'))
"""


#: Between two reads of one reader, so that twenty of them leave the publisher one of two cores; and at least so many times as long as the
#: last read took, which on a busy machine is long.
_THINK_SECONDS, _THINK_READS = 0.6, 40


def read(home: Settings, stop: Path) -> dict:
    """Read the current release again and again until `stop` exists; what was seen and what went wrong."""
    seen: list[list[int]] = []
    old: list[list[int]] = []
    errors: list[str] = []
    with duckdb.connect(str(home.current_database), read_only=True) as long_lived:
        os.write(1, b"ready\n")  # whole, beside what others write there
        while not stop.exists():
            begun = time.monotonic()
            try:
                with duckdb.connect(str(home.current_database), read_only=True) as con:
                    seen.append(con.execute(_ONE_VERSION).fetchall()[0][0])
                old.append(long_lived.execute(_ONE_VERSION).fetchall()[0][0])
            except Exception as error:
                errors.append(str(error))
            time.sleep(max(_THINK_SECONDS, _THINK_READS * (time.monotonic() - begun)))
    return {"seen": seen, "old": old, "errors": errors}


def read_by(count: int, home: Settings, stop: Path) -> list[dict]:
    """What `count` readers saw, each a process of its own. They are copies of this one, which has imported all they need: that takes a
    second of a processor each time, and reading a tenth."""
    ends = []
    for _ in range(count):
        end, other = os.pipe()
        if os.fork() == 0:
            try:
                with os.fdopen(other, "w", encoding="utf-8") as file:
                    json.dump(read(home, stop), file)
            except BaseException:
                traceback.print_exc()
            finally:  # the copy ends here, whatever happened: it must not go on as its parent
                os._exit(0)
        os.close(other)
        ends.append(end)
    seen = []
    for end in ends:
        with os.fdopen(end, encoding="utf-8") as file:
            seen.append(json.load(file))
    for _ in ends:
        os.wait()
    return seen


if __name__ == "__main__":
    command, folder, *rest = sys.argv[1:]
    home = release_case.settings(Path(folder))
    if command == "read":
        print(json.dumps(read_by(int(rest[1]), home, Path(rest[0]))))
    else:
        version, *how = rest
        print(publish(home, int(version), *how[:1], *map(int, how[1:])))
