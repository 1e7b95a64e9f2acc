"""The charts of a page: drawn by orchestration/readers/charts, set into the page as SVG with their words around them as text.

Belongs here: what a picture needs to stand in a page among others. Does not belong here: drawing (orchestration/readers/charts).

SVG and not Vega's scripts: a page of six series would carry 0.9 MB of script and run it before it shows anything, a
printer may catch it half drawn, and mail programs and viewers strip scripts. What is lost is hovering; the numbers are
in the tables beneath.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import vl_convert
from altair.utils.schemapi import debug_mode
from markupsafe import Markup, escape

from orchestration.readers.charts.render import VEGA_LITE, without_words
from orchestration.readers.charts.theme import CATEGORIES, DARK, LIGHT, ChartError
from orchestration.readers.comparison.picture import comparison_picture, placebo_picture

if TYPE_CHECKING:
    import altair as alt
    import duckdb

    from orchestration.readers.reports.gather import SeriesPart

_IDS = re.compile(r'(\bid="|url\(#|href="#)([^")]+)')
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Picture:
    """A chart and its words. `svg` is safe markup."""

    ident: str
    title: str
    subtitle: Sequence[str]
    notes: Sequence[str]
    source: str
    svg: Markup


def pictures(con: duckdb.DuckDBPyConnection, part: SeriesPart, *, placebo: bool = True) -> list[Picture]:
    """The comparison of one series and, with `placebo` and where it is ranked, its place among other dates. Empty where
    nothing can be drawn: the words of the comparison say why."""
    name = part.series["series_id"]
    drawn: list[Picture] = []
    # Altair checks every part of a specification against its schema: two thirds of the time of a site of 226 pages. The
    # tests of the charts check them.
    with suppress(ChartError), debug_mode(False):
        drawn.append(picture(comparison_picture(con, part.comparison), f"chart-{name}"))
        if placebo and (chart := placebo_picture(con, part.comparison)) is not None:
            drawn.append(picture(chart, f"placebo-{name}"))
    return drawn


def picture(chart: alt.LayerChart, ident: str) -> Picture:
    """`chart` without its title and notes, which stand in the page as text that wraps. `ident`: unique in the page."""
    spec = chart.to_dict(validate=False)
    words = spec.get("usermeta", {}).get("headway", {})
    bare = without_words(spec)
    del bare["description"]
    svg = vl_convert.vegalite_to_svg(bare, vl_version=VEGA_LITE)
    return Picture(
        ident=ident,
        title=words["title"],
        subtitle=words["subtitle"],
        notes=words.get("notes", []),
        source=words["source"],
        svg=_inlined(svg, ident, words["title"], spec["description"]),
    )


def _inlined(svg: str, ident: str, title: str, description: str) -> Markup:
    """`svg` with ids of its own (Vega numbers clip paths from 0 in each), named for screen readers, as wide as its place."""
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)
    assert box, "vl-convert writes a viewBox"
    rest = _IDS.sub(lambda m: f"{m[1]}{ident}-{m[2]}", rest)
    # Vega names parts for screen readers, without values: the title and description say more
    rest = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", rest)
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" {box[0]} role="img" '
        f'aria-labelledby="{ident}-title {ident}-desc"><title id="{ident}-title">{escape(title)}</title>'
        f'<desc id="{ident}-desc">{escape(description)}</desc>{rest}'
    )


def dark_rules() -> str:
    """CSS that gives the light colours of the charts their dark partners; for screens only, paper stays white."""
    pairs = [
        *((getattr(LIGHT, f), getattr(DARK, f)) for f in LIGHT.__dataclass_fields__),
        *zip(CATEGORIES["light"], CATEGORIES["dark"], strict=True),
    ]
    rules = [
        f'svg [{kind}="{light}"]{{{kind}:{dark}}}'
        for light, dark in dict(pairs).items()
        for kind in ("fill", "stroke")
    ]
    return "".join(rules)
