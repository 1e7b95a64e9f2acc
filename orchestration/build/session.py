"""The file of the build, opened without dbt: the same settings and the same names of databases as dbt's profile has.

Belongs here: that one session. Does not belong here: what is asked in it (update.py makes models, data_tests.py tests them), sessions that
write other files (base/duck.py), dbt's own (dbt_project/profiles.yml; tests/unit/build/test_session.py holds the two together).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.base.duck import BUILD_MEMORY_LIMIT, KEEP_FREED, literal
from orchestration.base.settings import Settings

if TYPE_CHECKING:
    import duckdb


@contextmanager
def build_session(
    settings: Settings, *, read_only: bool = False, memory_limit: str = BUILD_MEMORY_LIMIT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file of the build as the current database, with the store beside it; closed on leaving. Raises duckdb.Error where one of the two
    cannot be opened."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": memory_limit, "threads": 2, **KEEP_FREED})
    try:
        con.execute("SET TimeZone = 'UTC'")
        # beside the file, as where it is opened by itself: a session without a file would spill into the current folder
        con.execute(f"SET temp_directory = {literal(settings.build_database.with_suffix('.duckdb.tmp'))}")
        mode = "READ_ONLY" if read_only else "READ_WRITE"
        con.execute(f"ATTACH {literal(settings.build_database)} AS {settings.build_database.stem} ({mode})")
        con.execute(f"ATTACH {literal(settings.store)} AS store (READ_ONLY)")
        con.execute(f"USE {settings.build_database.stem}")
        yield con
    finally:
        con.close()
