"""Reports as files: the same bytes each time, said in one line what was wrong, nothing of somebody else replaced."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.reports import site
from tests.support.command_case import command
from tests.support.page_case import changed_release, parsed
from tests.support.patience import PATIENCE
from tests.support.report_case import EVENTS


def test_the_same_release_gives_the_same_bytes(home, tmp_path):
    """In processes that order sets differently."""
    made = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.html"
        run("report", "usmca-entry-into-force", "--out", str(path), home=home, PYTHONHASHSEED=seed)
        made.append(path.read_bytes())
    assert made[0] == made[1]


def run(*arguments: str, home: Settings, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        env={**os.environ, "HEADWAY_HOME": str(home.home), **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# -- files -----------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_wrote(home, tmp_path):
    path = tmp_path / "page.html"
    done = command(home, "report", "NAFTA_round6_end", "--series", "fx_usd_mxn", "--out", str(path), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["release"] == home.current.resolve().name
    assert said["files"] == [
        {
            "path": str(path),
            "bytes": path.stat().st_size,
            "event_id": "nafta-round6-end",
            "series": ["fx_usd_mxn"],
            "charts": len(parsed(path.read_text(encoding="utf-8")).find("svg")),
        }
    ]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["nafta-round66-end"], "did you mean nafta-round6-end"),
        (["2018-01-29"], "is a date"),
        (["nafta-round6-end", "--series", "usa_imports_goods_mexx"], "did you mean usa_imports_goods_mex"),
        (["nafta-round6-end", "--series", "mex_production_vehicles_annual"], "not monthly"),
        (["nafta-round6-end", "--out", "x.pdf"], "does not end in .html"),
        (["nafta-round6-end", "--out", "no/such/folder/x.html"], "there is no folder"),
        (["nafta-round6-end", "--all", "--out", "x"], "--all takes a folder and nothing else"),
        (["--all"], "--all takes a folder"),
        ([], "name an event"),
    ],
)
def test_a_mistake_is_said_in_one_line_and_writes_nothing(home, tmp_path, monkeypatch, arguments, said):
    before = sorted(tmp_path.iterdir())
    arguments = [str(tmp_path / a) if "/" in a or a.endswith((".pdf", ".html")) else a for a in arguments]
    done = command(home, "report", *arguments)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_without_a_release_a_report_says_what_to_do(tmp_path):
    with pytest.raises(ReleaseError, match="headway build"):
        site.report_event(Settings(project=PROJECT, home=tmp_path), "nafta-round6-end", out=tmp_path)


#: one series, where a test is about the file and not about what is in it: a page of the usual series takes 3 s
SHORT = ["fx_usd_mxn"]


def test_a_file_of_somebody_else_is_never_replaced(home, tmp_path):
    path = tmp_path / "mine.html"
    path.write_text("<p>my notes", encoding="utf-8")
    with pytest.raises(UsageError, match="not written by"):
        site.report_event(home, "nafta-round6-end", series=SHORT, out=path)
    assert path.read_text(encoding="utf-8") == "<p>my notes"
    own = tmp_path / "own.html"
    for _ in range(2):
        site.report_event(home, "nafta-round6-end", series=SHORT, out=own)
    with pytest.raises(UsageError, match="inside a release"):
        site.report_event(home, "nafta-round6-end", series=SHORT, out=home.current / "x.html")


def test_a_full_disk_leaves_the_page_that_was_there(home, tmp_path, monkeypatch):
    path = tmp_path / "x.html"
    site.report_event(home, "nafta-round6-end", series=SHORT, out=path)
    before = path.read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="cannot be written: No space left"):
        site.report_event(home, "nafta-round5-end", series=SHORT, out=path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_site_has_a_page_for_each_event_and_touches_nothing_else(home, tmp_path, monkeypatch):
    """With several processes, as for all events; a second run replaces its own pages and removes those of gone events."""
    kept = (*EVENTS, "usmca-annual-review-2027")
    settings = changed_release(
        home, tmp_path / "home", f"delete from dim_event where event_id not in {kept!r}"
    )
    monkeypatch.setattr(site, "_MANY", 2)
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "other.html").write_text("<p>mine")
    site.report_event(home, "nafta-round5-end", series=SHORT, out=folder / "single.html")
    written = site.report_all(settings, folder)
    names = {f"{event}.html" for event in kept} | {"index.html"}
    assert {f.path.name for f in written.files} == names
    assert {p.name for p in folder.iterdir()} == names | {"notes.txt", "other.html", "single.html"}

    index = parsed((folder / "index.html").read_text(encoding="utf-8"))
    links = {a.attributes["href"] for a in index.find("a") if a.attributes["href"].endswith(".html")}
    assert links == names - {"index.html"}
    manifest = json.loads((settings.current / "release.json").read_text(encoding="utf-8"))
    assert manifest["run_id"] in index.text and manifest["files"]["headway.duckdb"]["sha256"] in index.text
    assert "4 events on 4 timelines; 3 of them are compared" in index.text

    with duckdb.connect(str(settings.current_database)) as con:
        con.execute("delete from dim_event where event_id = 'usmca-entry-into-force'")
    again = site.report_all(settings, folder)
    assert [p.name for p in again.removed] == ["usmca-entry-into-force.html"]
    assert {"other.html", "single.html", "notes.txt"} <= {p.name for p in folder.iterdir()}


def test_a_foreign_file_with_the_name_of_a_page_stops_a_site_before_it_begins(home, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "nafta-round6-end.html").write_text("<p>mine")
    with pytest.raises(UsageError, match="not written by"):
        site.report_all(home, folder)
    assert [p.name for p in folder.iterdir()] == ["nafta-round6-end.html"]
