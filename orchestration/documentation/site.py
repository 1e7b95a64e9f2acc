"""The documentation as a site: the order of its pages, what Markdown becomes before Sphinx reads it, what the site may not load.

Belongs here: pure functions on texts and folders, with nothing but the standard library, because docs/conf.py runs them in an
environment of its own (.venv/site). Does not belong here: the pages (docs/), how they look (docs/conf.py, docs/_static).
`python -m orchestration.documentation.site FOLDER` checks a built site.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

#: heading of the site's menu -> pages in the order in which a newcomer needs them; a page that stands nowhere comes last
MENU: Mapping[str, Sequence[str]] = {
    "Begin": ("examples", "questions", "glossary"),
    "Ask": ("queries", "clients", "assistant", "dashboard", "report"),
    "Understand": ("methods", "timelines", "coverage", "panel"),
    "What is in it": ("tables", "series", "sources", "lineage"),
    "Keep it": ("operations", "import", "own-timelines", "feed", "detail", "scale", "performance"),
    "Why it is so": ("decisions/README",),
}
#: page -> the folder whose pages stand under it
CHAPTERS: Mapping[str, str] = {"sources": "sources/", "decisions/README": "decisions/"}
_REST = "More"
ROOT = "index"

_MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WIDTH = re.compile(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ')
_OUTSIDE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)([^)#]+)(#[^)]*)?\)")
#: attributes by which a page loads something at once; a link (`href` of `a`) is followed by a person only
_LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "link": "href",
}
#: `link` elements that say something and load nothing
_SAYING = {"canonical", "author", "license", "next", "prev", "search", "index", "alternate"}
_STYLE_URL = re.compile(r"""(?:@import\s+|url\(\s*)["']?((?:https?:)?//[^"')\s]+)""")


def menu(pages: Iterable[str]) -> dict[str, list[str]]:
    """The headings and their pages, of those that there are; `pages`: names without ending, relative to docs/."""
    left = sorted(set(pages) - {ROOT} - {page for chapter in CHAPTERS for page in chapter_of(chapter, pages)})
    found = {heading: [name for name in names if name in left] for heading, names in MENU.items()}
    placed = {page for names in found.values() for page in names}
    found[_REST] = [page for page in left if page not in placed]
    return {heading: names for heading, names in found.items() if names}


def chapter_of(page: str, pages: Iterable[str]) -> list[str]:
    """The pages that stand under `page`, in order of name."""
    folder = CHAPTERS.get(page)
    return sorted(p for p in pages if p.startswith(folder) and p != page) if folder else []


def menu_directives(page: str, pages: Collection[str]) -> str:
    """What the menu needs at the end of `page`: hidden lists of the pages below it, on the first page one for each heading."""
    lists = menu(pages) if page == ROOT else {"": chapter_of(page, pages)}
    blocks = []
    for heading, names in lists.items():
        entries = "\n".join(f"/{name}" for name in names)
        caption = f":caption: {heading}\n" if heading else ""
        blocks.append(f"```{{toctree}}\n:hidden:\n{caption}\n{entries}\n```\n" if names else "")
    return "\n" + "\n".join(blocks)


def with_pictures(text: str, page: str, draw: Callable[[str], str], save: Callable[[str, str], str]) -> str:
    """A page whose diagrams (blocks of mermaid, which other readers of the Markdown draw themselves) are pictures.

    draw: a diagram as SVG; save: stores an SVG under a name and gives the address that the page `page` reaches it by.
    """
    number = 0

    def picture(block: re.Match[str]) -> str:
        nonlocal number
        number += 1
        svg = draw(block[1])
        address = save(f"{page.replace('/', '-')}-{number}.svg", svg)
        # as wide as it is drawn: a picture without a width takes all of the page, and two boxes become posters
        size = _WIDTH.search(svg)
        width = f' width="{round(float(size[1]))}"' if size else ""
        described = f"Diagram {number} of this page; its parts are listed below it"
        return f'<a class="diagram" href="{address}"><img src="{address}"{width} alt="{described}"></a>'

    return _MERMAID.sub(picture, text)


def without_outside_links(text: str, page: Path, docs: Path) -> tuple[str, list[str]]:
    """A page whose links to files of the checkout outside docs/ are their text and the file's name, because the site has them not; and
    those of them that name no file."""
    missing = []

    def said(link: re.Match[str]) -> str:
        target = (page.parent / link[2] / link[3]).resolve()
        if target.is_relative_to(docs.resolve()):
            return link[0]
        if not target.exists():
            missing.append(f"{link[2]}{link[3]}")
        return f"{link[1]} (`{link[3]}`)" if link[3] not in link[1] else link[1]

    return _OUTSIDE.sub(said, text), missing


class _Loads(HTMLParser):
    """What a page loads when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_style = tag == "style"
        if tag == "link" and set((values.get("rel") or "").split()) & _SAYING:
            return
        if address := values.get(_LOADING.get(tag, "")):
            self.addresses.append(address)
        self.addresses += [
            part.split()[0] for part in (values.get("srcset") or "").split(",") if part.strip()
        ]
        self.addresses += _STYLE_URL.findall(values.get("style") or "")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.addresses += _STYLE_URL.findall(data)


def loaded_from_elsewhere(folder: Path) -> list[str]:
    """'page: address' of everything that pages, styles and pictures of a built site would load from another host."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".html", ".svg"):
            parser = _Loads()
            parser.feed(file.read_text(encoding="utf-8"))
            addresses = [a for a in parser.addresses if re.match(r"(https?:)?//", a)]
        elif file.suffix == ".css":
            addresses = _STYLE_URL.findall(file.read_text(encoding="utf-8"))
        else:
            continue
        found += [f"{file.relative_to(folder)}: {address}" for address in addresses]
    return found


if __name__ == "__main__":
    elsewhere = loaded_from_elsewhere(Path(sys.argv[1]))
    if elsewhere:
        sys.exit("headway: the site would load from elsewhere:\n" + "\n".join(elsewhere))
    print(f"headway: open {sys.argv[1]}/index.html")
