"""How Sphinx makes a site of docs/ (`make docs-site`): no page of it loads anything from elsewhere, and search works without a server.

Belongs here: settings of Sphinx and the hooks into it. Does not belong here: what the hooks do (orchestration/documentation/site.py).
"""

import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from orchestration.documentation import site  # noqa: E402  (the path above leads to it)

project = "Headway"
author = "Headway"
html_title = "Headway"
extensions = ["myst_parser"]
root_doc = site.ROOT
exclude_patterns = ["_static"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
# a heading is reached by the address that other readers of Markdown give it
myst_heading_anchors = 3
pygments_style = "friendly"
pygments_dark_style = "monokai"
# code without a language is a command or its output, no Python
highlight_language = "none"
# the order of classes of a code block, and that a generated page begins with a comment, are nobody's mistake
suppress_warnings = ["myst.header"]

#: in front of each diagram: a font that every machine has, and colours that can be read on light and dark
_DIAGRAM = '%%{init: {"theme": "neutral", "themeVariables": {"fontFamily": "arial, sans-serif", "fontSize": "14px"}}}%%\n'


def _draw(diagram: str) -> str:
    import mmdr

    return str(mmdr.render(_DIAGRAM + diagram).svg())


def _prepared(app: Any, docname: str, source: list[str]) -> None:
    from sphinx.util import logging

    folder = Path(app.outdir) / "_diagrams"

    def save(name: str, svg: str) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(svg, encoding="utf-8")
        return "../" * docname.count("/") + f"_diagrams/{name}"

    text, missing = site.without_outside_links(source[0], DOCS / f"{docname}.md", DOCS)
    for target in missing:
        logging.getLogger(__name__).warning("a link leads to no file: %s", target, location=docname)
    text = site.with_pictures(text, docname, _draw, save)
    source[0] = text + site.menu_directives(docname, app.project.docnames)


def setup(app: Any) -> None:
    app.connect("source-read", _prepared)
