"""Charts as files and pages: SVG and PNG without a browser, HTML that loads nothing from anywhere.

Belongs here: rendering, the inlined Vega scripts, a Content-Security-Policy that holds. Does not belong here: drawing.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path

import altair as alt
import vl_convert

from orchestration.base.errors import UsageError
from orchestration.base.files import write_whole
from orchestration.readers.charts.files import check_path
from orchestration.readers.charts.theme import DARK, DEFAULT_WIDTH, FONT, LIGHT, Mode, Spec, recoloured

#: the Vega-Lite that both Altair's schema and the bundled scripts have
VEGA_LITE = "6.4"
#: pixels of a PNG per pixel of the chart: sharp on paper and on dense screens
PNG_SCALE = 2.0

AnyChart = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart | alt.FacetChart


def to_svg(chart: AnyChart, *, mode: Mode | None = None) -> str:
    """The chart as SVG, its description as title and desc for screen readers. `mode` recolours it."""
    spec = _sized(specification(chart, mode))
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return svg if not (text := spec.get("description")) else _with_description(svg, text)


def to_png(chart: AnyChart, *, mode: Mode | None = None, scale: float = PNG_SCALE) -> bytes:
    """The chart as PNG with `scale` pixels per unit."""
    return vl_convert.vegalite_to_png(_sized(specification(chart, mode)), vl_version=VEGA_LITE, scale=scale)


def to_html(chart: AnyChart, *, mode: Mode | None = None) -> str:
    """A page of one chart that loads nothing and runs under its own Content-Security-Policy.

    Without `mode` it follows the reader's light or dark setting; printing is always light.
    """
    title = specification(chart).get("usermeta", {}).get("headway", {}).get("title", "Headway")
    return page(title, figure(chart, "chart", mode=mode))


def write(chart: AnyChart, path: Path, *, mode: Mode | None = None) -> Path:
    """`chart` in the format that the suffix of `path` names, replaced whole or not at all.

    Raises UsageError for another suffix or a path that cannot be written.
    """
    check_path(path)
    suffix = path.suffix.lower()
    if suffix == ".png":
        content = to_png(chart, mode=mode)
    else:
        content = (to_svg(chart, mode=mode) if suffix == ".svg" else to_html(chart, mode=mode)).encode()
    try:
        write_whole(path, content)
    except OSError as error:
        raise UsageError(f"the picture {path} cannot be written: {error.strerror or error}") from error
    return path


def specification(chart: AnyChart, mode: Mode | None = None) -> Spec:
    """The Vega-Lite specification, recoloured if `mode` is given."""
    # Altair checks every part against its schema, two thirds of the time; the tests check them instead
    spec = chart.to_dict(validate=False)
    return recoloured(spec, mode) if mode else spec


def _sized(spec: Spec) -> Spec:
    """A picture has no container to fill."""
    return spec | {"width": DEFAULT_WIDTH} if spec.get("width") == "container" else spec


def _with_description(svg: str, text: str) -> str:
    head, rest = svg.split(">", 1)
    return f'{head} role="img" aria-label="{html.escape(text)}"><desc>{html.escape(text)}</desc>{rest}'


# -- pages -----------------------------------------------------------------------------------------------------------


def figure(chart: AnyChart, ident: str, *, mode: Mode | None = None) -> str:
    """A <figure> for `page`: title, unit, notes and source as text that wraps and can be read aloud, and the chart.

    `ident` is unique on the page (letters, digits, - and _).
    """
    spec = specification(chart)
    words = spec.get("usermeta", {}).get("headway", {})
    bare = without_words(spec) | FILLS_ITS_PLACE
    modes: tuple[Mode, ...] = (mode,) if mode else ("light", "dark")
    both = {m: recoloured(bare, m) for m in modes}
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in words.get("subtitle", []))
    notes = "".join(
        f"<p>{html.escape(line)}</p>" for line in [*words.get("notes", []), words.get("source", "")]
    )
    return (
        f'<figure class="chart" id="{ident}">'
        f"<figcaption><h2>{html.escape(words.get('title', ''))}</h2>{lines}</figcaption>"
        f'<div class="plot" role="img" aria-label="{html.escape(spec.get("description", ""))}"></div>'
        f'<div class="notes">{notes}</div>'
        f'<script type="application/json" class="specification">{_json(both)}</script>'
        "</figure>"
    )


def page(title: str, body: str, *, style: str = "") -> str:
    """A whole page around `body` (HTML made with `figure`; the caller escapes its own text). `style`: further CSS."""
    scripts = [vega_scripts(), _START]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy()}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}{style}</style></head><body>\n{body}\n"
        + "".join(f"<script>{script}</script>" for script in scripts)
        + "</body></html>\n"
    )


@cache
def vega_scripts() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script (0.9 MB), from vl-convert: nothing is loaded from a network."""
    # the stubs of vl-convert know no default for `snippet`, its documentation and code do
    script = vl_convert.javascript_bundle(vl_version=VEGA_LITE)  # type: ignore[call-arg]
    # a closing tag inside a string would end the script element
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


@cache
def content_security_policy() -> str:
    """Only the two scripts of `page`, known by their hashes; styles inside the page; no request to anywhere."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in (vega_scripts(), _START)
    )
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def _json(value: object) -> str:
    """JSON that cannot leave its script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def without_words(spec: Spec) -> Spec:
    """A specification without title, notes and source, which a page sets as text that wraps; the x axis keeps its name."""
    bare = {k: v for k, v in spec.items() if k not in ("title", "usermeta")}
    x_title = spec.get("usermeta", {}).get("headway", {}).get("x_title")
    for layer in bare.get("layer", [bare]):
        axis = layer.get("encoding", {}).get("x", {}).get("axis")
        if isinstance(axis, dict) and "title" in axis:
            axis["title"] = x_title
    return bare


#: entries of a specification that make the chart, its axis included, as wide as the place that it is put into
FILLS_ITS_PLACE = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}


# `ast` makes Vega walk expressions instead of compiling them, so that the policy needs no unsafe-eval
_START = """
const dark = matchMedia('(prefers-color-scheme: dark)'), print = matchMedia('print');
function draw() {
  for (const figure of document.querySelectorAll('figure.chart')) {
    const specs = JSON.parse(figure.querySelector('.specification').textContent);
    const mode = !print.matches && dark.matches && specs.dark || !specs.light ? 'dark' : 'light';
    vegaEmbed(figure.querySelector('.plot'), specs[mode], {actions: false, renderer: 'svg', ast: true, tooltip: {theme: mode}})
      .catch(error => { figure.querySelector('.plot').textContent = 'The chart could not be drawn: ' + error.message; });
  }
}
dark.addEventListener('change', draw);
print.addEventListener('change', draw);
draw();
"""

_STYLE = f"""
:root {{ color-scheme: light dark; --ink: {LIGHT.ink}; --muted: {LIGHT.muted}; --paper: {LIGHT.background}; }}
@media (prefers-color-scheme: dark) {{ @media screen {{
  :root {{ --ink: {DARK.ink}; --muted: {DARK.muted}; --paper: {DARK.background}; }} }} }}
body {{ background: var(--paper); color: var(--ink); font-family: {FONT}; max-width: 60rem; margin: 0 auto; padding: 1rem; }}
figure.chart {{ margin: 0 0 2rem; break-inside: avoid; }}
figure.chart h2 {{ font-size: 1.15rem; margin: 0 0 .3rem; }}
figure.chart figcaption p, figure.chart .notes p {{ color: var(--muted); margin: 0 0 .2rem; line-height: 1.35; }}
figure.chart figcaption p {{ font-size: .95rem; }}
figure.chart .notes p {{ font-size: .85rem; }}
figure.chart .plot {{ width: 100%; display: block; margin: .6rem 0; }}
"""
