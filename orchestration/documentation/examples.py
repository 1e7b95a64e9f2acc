"""docs/pictures/ and the answers quoted in docs/examples.md, made from a release: what is shown is what the commands say.

Belongs here: which examples there are, and writing them. Does not belong here: the prose around them (docs/examples.md),
how pictures are drawn (readers/charts/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.settings import Settings
from orchestration.readers.comparison.compare import Comparison, compare

if TYPE_CHECKING:
    import duckdb

JOBS = "usa_employment_motor_vehicles_parts"
IMPORTS = "usa_imports_goods_mex"
AUTOS = "s232-autos-effective-2025-04"


@dataclass(frozen=True)
class Example:
    """One comparison of the page: `name` is that of its picture and of its place in the text."""

    name: str
    event: str
    series: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """As a reader would type it."""
        options = "".join(f" --{k.replace('_', '-')} {v}" for k, v in self.options.items())
        return f"headway compare {self.event} {self.series}{options}"


EXAMPLES = (
    Example("round-six", "nafta-round6-end", IMPORTS),
    Example("auto-tariffs-first-copy", AUTOS, JOBS, {"as_of": "2026-01-09"}),
    Example("auto-tariffs", AUTOS, JOBS),
    Example("usmca-entry-into-force", "usmca-entry-into-force", IMPORTS),
)


def write_examples(settings: Settings, folder: Path) -> list[Path]:
    """Write pictures/*.svg into `folder` (docs/) and renew the quoted answers of its examples.md; returns their paths."""
    from orchestration.readers.release_file import open_release

    page = folder / "examples.md"
    text = page.read_text(encoding="utf-8")
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    written = []
    with open_release(settings) as con:
        for example in EXAMPLES:
            found = compare(con, example.event, example.series, **example.options)
            for name, svg in _pictures(con, example, found):
                path = pictures / name
                path.write_text(svg, encoding="utf-8")
                written.append(path)
            text = with_answer(text, example, found)
    page.write_text(text, encoding="utf-8")
    return [*written, page]


def with_answer(page: str, example: Example, found: Comparison) -> str:
    """`page` with the answer between the two marks of `example` renewed. Raises ValueError if the marks are missing."""
    quoted = f"```\n{example.command}\n```\n\n> {found.text}"
    mark = re.compile(rf"(<!-- answer {re.escape(example.name)} -->\n)(?:(?!<!-- ).)*(<!-- end -->)", re.S)
    renewed, count = mark.subn(lambda m: f"{m[1]}{quoted}\n{m[2]}", page)
    if count != 1:
        raise ValueError(
            f"examples.md needs '<!-- answer {example.name} -->' and '<!-- end -->' once, not {count} times"
        )
    return renewed


def _pictures(
    con: duckdb.DuckDBPyConnection, example: Example, found: Comparison
) -> Iterator[tuple[str, str]]:
    """File names and SVG: the comparison, and where it is ranked its place among other dates."""
    from orchestration.readers.charts.render import to_svg
    from orchestration.readers.comparison.picture import comparison_picture, placebo_picture

    yield f"{example.name}.svg", to_svg(comparison_picture(con, found))
    placebo = placebo_picture(con, found)
    if placebo is not None:
        yield f"{example.name}-usual.svg", to_svg(placebo)
