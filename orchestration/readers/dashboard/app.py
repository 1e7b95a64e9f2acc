"""Entry of the dashboard: pages, and what is shown when there is no release or a page fails.

Belongs here: the frame around each page.
Does not belong here: the list of pages (menu.py), what a page shows (one module a page), how the server is started (serving.py).
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from types import ModuleType

import streamlit as st
from PIL import Image, ImageDraw

from orchestration.base.errors import UsageError
from orchestration.readers.dashboard.menu import PAGES
from orchestration.readers.dashboard.reading import NoReleaseError, Release, current_release
from orchestration.readers.dashboard.words import escaped

_LOG = logging.getLogger(__name__)

#: seconds after which an idle page looks whether there is a new release
FOLLOW_EVERY = 20
#: where there is nothing to show somebody waits for it, and looking costs a page without figures nothing
AWAIT_EVERY = 3


def main() -> None:
    """One run of the script: navigation, then the page that the address names."""
    st.set_page_config(page_title="Headway", layout="wide", page_icon=_icon())
    pages = {
        name: st.Page(
            _framed(name, title), title=title, icon=icon, url_path=name, default=name == PAGES[0][0]
        )
        for name, title, icon in PAGES
    }
    st.session_state["headway.pages"] = pages
    st.navigation(list(pages.values()), position="top").run()


@st.cache_resource(show_spinner=False)
def _icon() -> Image.Image:
    """Three bars, drawn here: an icon by name would be fetched from the network by the browser."""
    icon = Image.new("RGBA", (64, 64))
    pen = ImageDraw.Draw(icon)
    for left, top, colour in ((6, 34, "#0072b2"), (26, 8, "#d55e00"), (46, 22, "#007a5a")):
        pen.rectangle((left, top, left + 12, 58), fill=colour)
    return icon


def _framed(name: str, title: str) -> Callable[[], None]:
    def run() -> None:
        page(name, title)

    run.__name__ = name
    return run


def module_of(name: str) -> ModuleType:
    """The module of a page of PAGES; its `show` draws the page of a release."""
    return importlib.import_module(f"orchestration.readers.dashboard.{name}")


def page(name: str, title: str) -> None:
    """One page in its frame. Whatever fails, the reader gets words and the log gets the cause."""
    st.title(title, anchor=False)
    release = None
    try:
        release = current_release()
        module_of(name).show(release)
    except NoReleaseError as error:
        _no_release(error)
    except UsageError as error:
        with st.container(key="refusal"):
            st.error(escaped(error))
    except Exception:
        _LOG.exception("page %s", name)
        with st.container(key="failure"):
            st.error("This page could not be made. What failed is in the log of the dashboard.")
    st.fragment(_follow, run_every=FOLLOW_EVERY if release else AWAIT_EVERY)(
        release.run_id if release else None
    )


def _no_release(error: NoReleaseError) -> None:
    with st.container(key="no-release"):
        st.header(
            "Nothing to show yet" if error.kind == "missing" else "The data cannot be shown", anchor=False
        )
        st.info(str(error), icon=":material/database_off:")
        st.markdown(error.advice)


def _follow(shown: str | None) -> None:
    """The foot of the page; it looks by itself whether `current` moved, and then draws the page again."""
    try:
        release: Release | None = current_release()
    except NoReleaseError:
        release = None
    now = release.run_id if release else None
    if now != shown:
        st.rerun(scope="app")
    if release is not None:
        with st.container(key="release"):
            st.caption(f"Release {escaped(now)}. Descriptions of differences, not of causes.")


if __name__ == "__main__":
    main()
