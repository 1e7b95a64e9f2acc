"""The open data of BLS's Quarterly Census of Employment and Wages: slices by industry, with the columns that clients quote.

Belongs here: the layout of a slice, withheld rows, 404 for a quarter that is not out. Does not belong here: HTTP, assertions.
Its numbers stand in for real ones, which are not bundled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.replay.server import Call, Reply, html_page, text_reply

HEADER = (
    '"area_fips","own_code","industry_code","agglvl_code","size_code","year","qtr","disclosure_code","qtrly_estabs",'
    '"month1_emplvl","month2_emplvl","month3_emplvl","total_qtrly_wages","taxable_qtrly_wages","qtrly_contributions",'
    '"avg_wkly_wage"'
)


def line(
    area: str,
    industry: str,
    year: int,
    quarter: int,
    months: tuple[int, int, int],
    *,
    own: str = "5",
    mark: str = "",
) -> str:
    """One row of a slice as BLS prints it: codes in quotes, numbers without."""
    level = "16" if area == "US000" else "56" if area.endswith("000") else "76"
    numbers = ",".join(map(str, (12, *months, 15_497_545, 7_590_975, 149_132, 2_125)))
    return f'"{area}","{own}","{industry}","{level}","0","{year}","{quarter}","{mark}",{numbers}'


@dataclass
class Slices:
    """`areas`: of every slice, besides which each has a county and an owner that are not kept; `newest`: the last year and quarter
    that is out; `revised`: (area, industry, year, quarter) -> its three months."""

    areas: tuple[str, ...]
    newest: tuple[int, int] = (2024, 1)
    withheld: frozenset[tuple[str, str]] = frozenset()
    revised: dict[tuple[str, str, int, int], tuple[int, int, int]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        found = re.fullmatch(r"/(\d{4})/([1-4])/industry/(\w+)\.csv", call.path)
        if not found or (int(found[1]), int(found[2])) > self.newest:
            return html_page("Not Found", 404)
        year, quarter, industry = int(found[1]), int(found[2]), found[3]
        lines = [HEADER]
        for number, area in enumerate(self.areas):
            jobs = 1_000 * (number + 1) + year
            months = self.revised.get((area, industry, year, quarter), (jobs, jobs + 1, jobs + 2))
            hidden = (area, industry) in self.withheld
            lines.append(
                line(
                    area, industry, year, quarter, (0, 0, 0) if hidden else months, mark="N" if hidden else ""
                )
            )
        lines.append(line("26163", industry, year, quarter, (7, 7, 7)))
        lines.append(line("US000", industry, year, quarter, (3, 3, 3), own="3"))
        return text_reply("\n".join(lines) + "\n", 200, "text/csv", etag=True)
