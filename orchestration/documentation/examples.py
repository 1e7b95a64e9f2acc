"""docs/pictures/ and the answers that docs/examples.md quotes, made from a release, so that they are the commands' own.

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
    """One comparison of the page. `name` is that of its picture and of the marks around its answer in the text.

    options: keyword arguments of `compare`, which the command line has under the same names.
    """

    name: str
    event: str
    series: str
    options: Mapping[str, Any] = field(default_factory=dict)  # Any: each option has a type of its own

    @property
    def command(self) -> str:
        """The command with which a reader gets this comparison."""
        options = "".join(f" --{k.replace('_', '-')} {v}" for k, v in self.options.items())
        return f"headway compare {self.event} {self.series}{options}"


#: the answer that `make build` ends with and README shows: its picture is made with the others
FIRST = Example("list-3", "s301-list3-2018-09", "usa_imports_goods_chn")
EXAMPLES = (
    Example("round-six", "nafta-round6-end", IMPORTS),
    Example("auto-tariffs-first-copy", AUTOS, JOBS, {"as_of": "2026-01-09"}),
    Example("auto-tariffs", AUTOS, JOBS),
    Example("usmca-entry-into-force", "usmca-entry-into-force", IMPORTS),
)


def write_examples(settings: Settings, folder: Path) -> list[Path]:
    """Write pictures/*.svg into `folder` (docs/) and renew the quoted answers of its examples.md.

    Returns the paths of what was written. Raises ReleaseError without a release, ValueError for a missing mark.
    """
    from orchestration.readers.charts.render import to_svg
    from orchestration.readers.comparison.picture import answer_picture
    from orchestration.readers.release_file import open_release

    page = folder / "examples.md"
    text = page.read_text(encoding="utf-8")
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    written = []
    with open_release(settings) as con:
        first = pictures / f"{FIRST.name}.svg"
        first.write_text(
            to_svg(answer_picture(con, compare(con, FIRST.event, FIRST.series))), encoding="utf-8"
        )
        written.append(first)
        for example in EXAMPLES:
            comparison = compare(con, example.event, example.series, **example.options)
            for name, svg in _pictures(con, example, comparison):
                path = pictures / name
                path.write_text(svg, encoding="utf-8")
                written.append(path)
            text = with_answer(text, example, comparison)
    page.write_text(text, encoding="utf-8")
    return [*written, page]


def with_answer(page: str, example: Example, comparison: Comparison) -> str:
    """`page` with the command and the answer of `example` between its two marks renewed.

    Raises ValueError unless each of the marks is on the page once.
    """
    quoted = f"```\n{example.command}\n```\n\n> {comparison.brief}\n\nWith `--full`:\n\n> {comparison.text}"
    mark = re.compile(rf"(<!-- answer {re.escape(example.name)} -->\n)(?:(?!<!-- ).)*(<!-- end -->)", re.S)
    renewed, count = mark.subn(lambda m: f"{m[1]}{quoted}\n{m[2]}", page)
    if count != 1:
        raise ValueError(
            f"examples.md needs '<!-- answer {example.name} -->' and '<!-- end -->' once, not {count} times"
        )
    return renewed


def _pictures(
    con: duckdb.DuckDBPyConnection, example: Example, comparison: Comparison
) -> Iterator[tuple[str, str]]:
    """File names and SVG texts: the comparison and, where it has a rank, its place among the same differences at other dates."""
    from orchestration.readers.charts.render import to_svg
    from orchestration.readers.comparison.picture import comparison_picture, placebo_picture

    yield f"{example.name}.svg", to_svg(comparison_picture(con, comparison))
    placebo = placebo_picture(con, comparison)
    if placebo is not None:
        yield f"{example.name}-usual.svg", to_svg(placebo)
