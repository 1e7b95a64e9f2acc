"""From zips to a release that holds what was worked out of them: `headway detail add`, `headway detail build`, `headway build`.

Prevents: a release that leaves the detail out, or holds it without keys and comments; a build that begins again although nothing changed.
The models of the warehouse are those of the shared build: what is tried is everything around them.
"""

from __future__ import annotations

import shutil
from datetime import date

import duckdb

from orchestration.base.settings import Settings
from orchestration.build import steps, update
from orchestration.build.detail import panel
from orchestration.build.detail.release_tables import add_to_build
from tests.support import bulk_case
from tests.support.whole_warehouse import headway

RELEASED = {"fct_detail_list_coverage", "fct_detail_list_exposure", "fct_detail_panel_cell", panel.TABLE}


def test_a_release_takes_what_was_made_of_the_zips_and_the_next_build_has_nothing_to_do(
    small_home: Settings, own: Settings, tmp_path, monkeypatch
):
    own.build.mkdir(exist_ok=True)
    shutil.copy(small_home.build_database, own.build_database)
    months = [date(2025, month, 1) for month in (1, 2)]
    zips = [
        str(path)
        for month in months
        for path in (
            bulk_case.imports_zip(tmp_path, month, bulk_case.import_rows(month)),
            bulk_case.exports_zip(tmp_path, month, bulk_case.export_rows(month)),
        )
    ]
    for command in (("detail", "add", *zips), ("detail", "build")):
        done = headway(own, *command)
        assert done.returncode == 0, done.stderr
    assert not steps.is_current(own), "a release without the detail would count as one with it"
    assert set(add_to_build(own)) == RELEASED
    # the code of the shared build with another detail is a whole build, of which nothing was released yet
    monkeypatch.setattr(update, "unpublished", lambda _: None)
    made = steps.publish(own)
    with duckdb.connect(str(made.path / "headway.duckdb"), read_only=True) as con:
        tables = {
            name: (rows, comment)
            for name, rows, comment in con.execute(
                "SELECT table_name, estimated_size, comment FROM duckdb_tables() WHERE NOT internal"
            ).fetchall()
        }
        assert set(tables) >= RELEASED and all(tables[name][0] and tables[name][1] for name in RELEASED)
        # goods of both months and countries, to the dollar
        (total,) = con.execute("SELECT sum(value_usd)::BIGINT FROM fct_detail_panel_cell").fetchall()[0]
        assert total == 2 * sum(value for _, _, value, _ in bulk_case.IMPORTED)
        reasons = con.execute(f"SELECT DISTINCT verdict, reason FROM {panel.TABLE}").fetchall()
        assert reasons == [("not_computable", "the panel's figures do not hold both windows")]
        # beside the run of the same family by chapter, in the same columns
        (both,) = con.execute(
            f"SELECT count(*) FROM (FROM rpt_panel_exposure UNION ALL BY NAME FROM {panel.TABLE}) "
            "WHERE family_id = 's301_lists_1_3' AND weighting = 'none' AND is_primary"
        ).fetchall()[0]
        assert both == 2
    again = headway(own, "build")
    assert again.returncode == 0 and "nothing changed" in again.stdout, again.stderr
