"""Report pages of the built warehouse as trees of elements.

Belongs here: which events, one page, its cautions. Does not belong here: assertions.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.base.settings import Settings
from orchestration.readers.reports import site
from tests.support.page_case import Element, parsed

#: a talk, a tariff with a data gap behind it, an entry into force inside an episode
EVENTS = ("nafta-round6-end", "s232-autos-effective-2025-04", "usmca-entry-into-force")


def page(home: Settings, event: str, folder: Path, **options: object) -> Element:
    written = site.report_event(home, event, out=folder, **options)
    return parsed(written.files[0].path.read_text(encoding="utf-8"))
