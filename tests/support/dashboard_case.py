"""Running pages of the dashboard without a browser, on any warehouse.

Belongs here: that. Does not belong here: what is expected of a page, a browser (the tests in Chromium start one).
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from orchestration.base.settings import Settings
from tests.support.patience import PATIENCE

# Each run of a page makes Streamlit read the metadata of all 200 installed packages, to look for components of theirs: .3 s of the
# .5 s that a page took. What is installed does not change while tests run, so that it is looked for once a process.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

PAGES = ("overview", "timeline", "compare", "trade", "feed", "revisions", "data")


def run_page(name: str, **query: str | list[str]) -> AppTest:
    """The page `name` as an address with this query string shows it; HEADWAY_HOME says of which warehouse."""
    page = AppTest.from_string(
        f"from orchestration.readers.dashboard.app import page\npage({name!r}, {name.title()!r})",
        default_timeout=PATIENCE,
    )
    for key, value in query.items():
        page.query_params[key] = value
    return page.run()


def texts(page: AppTest) -> str:
    """All words of a page but its tables."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in getattr(page, kind))


def second_release(home: Settings, folder: Path, run_id: str) -> Settings:
    """A warehouse of its own with a copy of the release of `home` under another name."""
    settings = Settings(project=home.project, home=folder)
    target = settings.releases / run_id
    shutil.copytree(home.current.resolve(), target)
    for file in [target, *target.rglob("*")]:
        file.chmod(0o755 if file.is_dir() else 0o644)
    point(settings, run_id)
    return settings


def point(settings: Settings, run_id: str) -> None:
    """`current` at another release, by one rename as `headway build` does it."""
    new = settings.home / ".current.new"
    new.symlink_to(Path("releases") / run_id)
    new.replace(settings.current)
