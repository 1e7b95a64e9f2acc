"""Streamlit's page is told where its server is: without that each tab of a link begins with two errors in the console."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from orchestration.readers.dashboard.front_page import routes, told
from orchestration.readers.dashboard.menu import PAGES


def client(base_path: str) -> TestClient:
    return TestClient(Starlette(routes=routes(base_path)), follow_redirects=False)


@pytest.mark.parametrize(("base_path", "root"), [("", ""), ("headway", "/headway"), ("/a/b/", "/a/b")])
def test_every_page_begins_with_the_address_of_its_server(base_path: str, root: str) -> None:
    asking = client(base_path)
    for name in ("", *(name for name, _, _ in PAGES[1:])):
        answer = asking.get(f"{root}/{name}")
        assert answer.status_code == 200, name
        said, loaded = answer.text.index("BACKEND_BASE_URL"), answer.text.index('<script type="module"')
        assert said < loaded, "the client reads it when it is loaded"
        assert f'"{PAGES[1][0]}"' in answer.text
        assert answer.headers["cache-control"] == "no-cache"


def test_the_first_page_is_at_the_root_with_what_was_asked() -> None:
    answer = client("headway").get("/headway/overview?series=fx_usd_cad")
    assert (answer.status_code, answer.headers["location"]) == (307, "./?series=fx_usd_cad")


def test_all_else_is_left_to_streamlit() -> None:
    assert client("").get("/_stcore/health").status_code == 404
    assert client("").get("/nowhere").status_code == 404


def test_a_page_without_a_client_is_no_page_of_streamlit() -> None:
    # a later version that loads it in another way would be served without the address, and complain in each console again
    with pytest.raises(ValueError, match="no client"):
        told("<html></html>")
