"""What every page is made of: the libraries that draw are whole before the first page is drawn."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestration.base.settings import PROJECT
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.app import module_of
from orchestration.readers.dashboard.menu import PAGES


@pytest.mark.slow
def test_pandas_is_whole_once_the_pieces_of_a_page_are_there() -> None:
    # Streamlit loads pandas with its first table, and Altair in the thread of another reader fails on the half of it that is
    # there: the first readers of a server got "This page could not be made"
    code = "import sys, orchestration.readers.dashboard.parts; print(hasattr(sys.modules.get('pandas'), 'Timestamp'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize("name", [name for name, _, _ in PAGES])
def test_every_page_is_made_of_these_pieces(name: str) -> None:
    assert module_of(name).parts is parts


@pytest.mark.parametrize(
    ("name", "heading"),
    [("period_start", "Period start"), ("What happened", "What happened"), ("value", "Value"), ("", "")],
)
def test_a_column_without_a_label_has_its_name_in_words(name: str, heading: str) -> None:
    """A reader who does not know the file took "known_from_basis" for a fault of the page."""
    assert parts.in_words(name) == heading
