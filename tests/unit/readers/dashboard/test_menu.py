"""The menu: each entry is a page that is there, and reading it wakes nothing of Streamlit's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestration.readers.dashboard.app import module_of
from orchestration.readers.dashboard.menu import PAGES


def test_every_entry_is_a_page() -> None:
    # a page that was moved or renamed would be found only by whoever opens it
    assert all(callable(module_of(name).show) for name, _, _ in PAGES)
    assert len({name for name, _, _ in PAGES}) == len({title for _, title, _ in PAGES}) == len(PAGES)


@pytest.mark.slow
def test_the_server_reads_it_without_a_module_that_keeps_answers() -> None:
    code = (
        "import sys, orchestration.readers.dashboard.front_page as front; front.routes(); "
        "assert 'orchestration.readers.dashboard.reading' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
