"""The tests mirror the code: who opens a module knows where its tests are, and a module without any shows.

A module `orchestration/<room>/<name>.py` is tested in `tests/unit/<room>/test_<name>.py`, one of transforms/ below
`tests/unit/transforms/`; what needs the built warehouse, or refreshes one against a server in place of an agency, stands at the same path
below `tests/integration/`. A second file
about a module adds words to its name (`test_census_faults.py`).
"""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.base.settings import PROJECT

TESTS = PROJECT / "tests"
AGENCIES = PROJECT / "orchestration" / "sources" / "agencies"
#: the agencies of the feed are planned, asked and read by sources/test_feeds.py and intake/test_feed.py
FEEDS = PROJECT / "orchestration" / "sources" / "feed"
#: modules without a file of their own, and where they are tested instead
ELSEWHERE = {
    "orchestration/cli/__main__.py": "a few lines; every test that starts a process runs them (tests/support/whole_warehouse.py)",
    "orchestration/cli/handing_out.py": "its commands are tested with what they start: cli/test_own_query, readers/test_export, test_citation, reports/test_site",
    "orchestration/cli/writing.py": "its commands are tested with what they start: operations/test_build, test_refresh, test_removal",
    "orchestration/operations/detail_build.py": "hands its arguments on; run as a command by build/detail/test_derive.py",
    "orchestration/defs/assets/result.py": "a result's metadata, read by defs/assets/test_live.py of a run",
    "orchestration/readers/comparison/windows.py": "constants; what they allow is asked in comparison/test_compare.py",
    "orchestration/readers/charts/comparison_words.py": "the words are checked on the drawn chart: charts/test_comparison.py",
    "orchestration/readers/comparison/method.py": "a row of the table of methods: comparison/test_answers.py",
    "orchestration/readers/comparison/method_result.py": "its texts are checked in the table: cli/test_method_rows.py",
    "orchestration/readers/dashboard/answers.py": "a page, run whole by dashboard/test_app.py; its words are in comparison/test_answer_words",
    "orchestration/readers/dashboard/compare_answer.py": "part of the page of comparisons, run whole by dashboard/test_app.py",
    "orchestration/readers/dashboard/compare_methods.py": "part of the page of comparisons, run whole by dashboard/test_app.py",
    "orchestration/readers/comparison/sentences.py": "its paragraphs, of any result: comparison/test_compare.py",
    "orchestration/readers/dashboard/compare_words.py": "words of the page of comparisons: integration dashboard/test_compare.py",
    "orchestration/readers/dashboard/freight.py": "a section of the page of trade, run whole by dashboard/test_app.py",
    "orchestration/readers/dashboard/measures.py": "a section of the page of trade, run whole by dashboard/test_app.py",
    "orchestration/readers/dashboard/names.py": "titles and countries as pages show them: dashboard/test_app.py",
    "orchestration/readers/dashboard/panels.py": "a section of the page of answers, run whole by dashboard/test_app.py; its charts have files",
    "orchestration/readers/dashboard/overview.py": "a page, run whole by dashboard/test_app.py; its chart has a file",
    "orchestration/readers/dashboard/revisions.py": "a page, run whole by dashboard/test_app.py; its charts have a file",
    "orchestration/readers/dashboard/tariffs.py": "a section of the page of trade, run whole by dashboard/test_app.py",
    "orchestration/readers/dashboard/trade.py": "a page, run whole by dashboard/test_app.py; its charts have a file",
    "orchestration/readers/reports/figures.py": "pictures of a page, read aloud and checked in reports/test_render.py",
    "transforms/parse/census_bulk_layouts.py": "places of fields; lines written field by field are read in test_census_bulk.py",
    "orchestration/readers/rows.py": "written by a program and compared with it: documentation/test_row_types.py",
}


def mirrored(module: Path) -> Path:
    """The path of a module's tests below tests/unit or tests/integration."""
    inside = module.relative_to(PROJECT)
    folder = (
        inside.parent.relative_to("orchestration") if inside.parts[0] == "orchestration" else inside.parent
    )
    return folder / f"test_{module.name}"


def modules() -> list[Path]:
    return sorted(
        module
        for package in ("orchestration", "transforms")
        for module in (PROJECT / package).rglob("*.py")
        if module.name != "__init__.py"
    )


def test_every_module_has_a_file_of_tests_or_a_reason() -> None:
    without = {
        str(module.relative_to(PROJECT))
        for module in modules()
        if module.parent
        not in (
            AGENCIES,
            FEEDS,
        )  # sources/test_datasets.py plans, archives and schedules every dataset of each
        and not any((TESTS / kind / mirrored(module)).exists() for kind in ("unit", "integration"))
    }
    assert without - set(ELSEWHERE) == set(), "no tests at their path"
    assert set(ELSEWHERE) - without == set(), "listed, but tested at their path or gone"
    assert len(ELSEWHERE) < 28


def test_every_file_of_unit_tests_stands_at_the_path_of_a_module() -> None:
    # a test of a module that was moved or removed would be looked for in the wrong place
    stems = {str(mirrored(module).with_suffix("")) for module in modules()}
    about_the_tree = {"test_layers", "test_mirror"}
    astray = []
    for file in sorted((TESTS / "unit").rglob("test_*.py")):
        words = str(file.relative_to(TESTS / "unit").with_suffix("")).split("_")
        starts = {"_".join(words[:n]) for n in range(2, len(words) + 1)}
        if not starts & stems and file.stem not in about_the_tree:
            astray.append(str(file.relative_to(TESTS)))
    assert astray == []


def test_files_of_tests_that_code_and_pages_name_are_there() -> None:
    """docs/lineage.md led to a file that had moved."""
    pages = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").glob("*.md")]
    gone = {
        f"{file.relative_to(PROJECT)}: {named}"
        for file in [*modules(), *pages]
        for named in re.findall(r"tests/[\w/]+\.py\b", file.read_text(encoding="utf-8"))
        if not (PROJECT / named).exists()
    }
    assert gone == set()
