"""Reading HTML pages in tests without a browser, and releases that say something else than the figures do.

Belongs here: elements of a page, what of it would load something, a changed copy of a release.
Does not belong here: assertions, a browser (tests/browser).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import duckdb

from orchestration.base.settings import PROJECT, Settings

#: elements without content (HTML Living Standard, void elements)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: attributes whose address a browser asks for by itself
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "manifest", "ping"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    parent: Element | None
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, white space as one blank."""
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> list[str]:
        return [*self.texts, *(piece for child in self.children for piece in child._pieces())]

    def find(self, *names: str) -> list[Element]:
        """Descendants of these names, in order; all without names."""
        return [e for child in self.children for e in (child, *child.find()) if not names or e.name in names]


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.open = Element("document", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, self.open)
        self.open.children.append(element)
        if tag not in _VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.children.append(Element(tag, {k: v or "" for k, v in attrs}, self.open))

    def handle_endtag(self, tag: str) -> None:
        element: Element | None = self.open
        while element is not None and element.name != tag:
            element = element.parent
        if element is not None and element.parent is not None:
            self.open = element.parent

    def handle_data(self, data: str) -> None:
        # as a child, so that order with elements is kept
        self.open.children.append(Element("#text", {}, self.open, texts=[data]))


def parsed(html: str) -> Element:
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return tree.root


def changed_release(home: Settings, folder: Path, sql: str) -> Settings:
    """A copy of the current release of `home` in `folder`, on whose database `sql` was run."""
    source = home.current.resolve()
    settings = Settings(project=PROJECT, home=folder)
    target = settings.releases / source.name
    target.mkdir(parents=True)
    database = target / "headway.duckdb"
    shutil.copyfile(source / "headway.duckdb", database)
    manifest = json.loads((source / "release.json").read_text(encoding="utf-8"))
    (target / "release.json").write_text(json.dumps(manifest), encoding="utf-8")
    with duckdb.connect(str(database)) as con:
        con.execute(sql)
    settings.current.symlink_to(Path("releases") / source.name)
    return settings
