"""The HTML page that Streamlit's client starts from, told where its server is.

Belongs here: that one change of Streamlit's own page, and the addresses at which it is served.
Does not belong here: what a page of the dashboard shows, the server's options (serving.py).

A client that was opened at /compare does not know whether its server is there or above. It asks both for their health, and
the wrong one answers 404 twice, which the browser writes into its console as two errors a tab. Streamlit's client reads
`window.__streamlit` and asks there only.
"""

from __future__ import annotations

import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from orchestration.readers.dashboard.menu import PAGES

#: the address of the page without the name of the page, as the browser knows it: also right behind a proxy that adds a folder
_SCRIPT = """<script>
      window.__streamlit = {{
        BACKEND_BASE_URL:
          location.origin + location.pathname.replace(/\\/+$/, "").replace(new RegExp("/(" + {names}.join("|") + ")$"), "") + "/",
      }}
    </script>
    """
#: the client itself, which reads what is set before it
_CLIENT = '<script type="module"'


def told(html: str) -> str:
    """Streamlit's page with the server's address set before its client is loaded. ValueError if it has no client."""
    before, client, after = html.partition(_CLIENT)
    if not client:
        raise ValueError("Streamlit's page loads no client")
    script = _SCRIPT.format(names=json.dumps([name for name, _, _ in PAGES]))
    return f"{before}{script}{client}{after}"


def routes(base_path: str = "") -> list[Route]:
    """The page at the root of `base_path` and at every other page's address; Streamlit serves all else."""
    import streamlit

    index = Path(streamlit.__file__).parent / "static" / "index.html"
    page = told(index.read_text(encoding="utf-8"))

    def front(_request: Request) -> HTMLResponse:
        # a page that is kept would ask for scripts that a later version of Streamlit no longer has
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    def to_root(request: Request) -> RedirectResponse:
        # relative, so that it is right behind a proxy that adds a folder
        return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./")

    root = f"/{base_path.strip('/')}".rstrip("/")
    first, *others = (name for name, _, _ in PAGES)
    return [
        *(Route(f"{root}/{name}", front) for name in ("", *others)),
        # Streamlit shows the first page at the root only, and says of its name that there is no such page
        Route(f"{root}/{first}", to_root),
    ]
