"""Links of a page that lists files, as pages write them."""

from __future__ import annotations

import pytest

from orchestration.intake.agency.names import links
from tests.support.source_case import answer
from transforms.parse.outcome import RefusedError


def test_links_are_paths_each_once_whatever_host_they_name():
    """A list page names its files with and without the host, and with blanks written as %20; only the path is asked for,
    at the agency's own address."""
    page = b"""<a href="/files/a.zip">a</a> <A HREF='https://www.example.org/files/b%20b.zip?x=1#y'>b</A>
               <a class="x" href = "/files/a.zip">again</a> <link rel="icon" href="/favicon.ico">"""
    assert links(answer(page), "test") == ["/files/a.zip", "/files/b b.zip", "/favicon.ico"]


def test_a_page_that_is_refused_has_no_links():
    with pytest.raises(RefusedError):
        links(answer(b"<html>Access Denied</html>", 403), "test")
