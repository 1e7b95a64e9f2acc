"""Pictures for the documentation, taken of the real pages: `make screenshots`.

Belongs here: which pages and how large. Does not belong here: the look of pages, tests.

A picture is a document of this release, not a reference: no test compares pixels, which differ with every font.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from orchestration.base.errors import HeadwayError
from orchestration.base.settings import Settings
from orchestration.readers.release_file import current_file
from orchestration.readers.reports.site import report_event
from tests.browser.harness import Browser, chromium, dashboard_served, folder_served
from tests.browser.waiting import settled

WIDTH = 1200
#: bytes of a picture at most, so that a clone stays small
MOST_BYTES = 300_000
#: colours a picture is reduced to, more first: charts and text need few
_COLOURS = (256, 128, 64, 32)


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the address below the dashboard's, and how much of the page from the top, in px."""

    name: str
    address: str
    height: int


SHOTS = (
    Shot("overview", "", 1500),
    Shot("answers", "answers", 1900),
    Shot("timeline", "timeline?event=nafta-round6-end", 1700),
    Shot("compare", "compare?event=s301-list3-2018-09&series=usa_imports_goods_chn", 1700),
    Shot("trade", "trade", 1400),
    Shot("revisions", "revisions?series=usa_employment_motor_vehicles_parts", 1500),
    Shot("data", "data", 1200),
)
_REPORT = "nafta-round6-end"
_REPORT_HEIGHT = 2000


def take(settings: Settings, folder: Path) -> list[Path]:
    """Write a PNG of each page and of one report to `folder`. Raises HeadwayError without a browser or a release."""
    if chromium() is None:
        raise HeadwayError(
            "no chromium or chromedriver on the PATH (Debian and Ubuntu: apt-get install chromium chromium-driver)"
        )
    current_file(settings)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        browser = Browser(Path(scratch, "profile"))
        try:
            with dashboard_served(settings, Path(scratch, "log")) as url:
                for shot in SHOTS:
                    # as high as the picture: what lies below the window is not drawn
                    browser.size(WIDTH, shot.height)
                    settled(browser, f"{url}/{shot.address}")
                    written.append(_write(folder / f"{shot.name}.png", browser.png()))
            report_event(settings, _REPORT, out=Path(scratch))
            with folder_served(Path(scratch)) as url:
                browser.size(WIDTH, _REPORT_HEIGHT)
                browser.open(f"{url}/{_REPORT}.html")
                written.append(_write(folder / "report.png", browser.png()))
        finally:
            browser.close()
    return written


def _write(path: Path, png: bytes) -> Path:
    """`png` with as many colours as fit MOST_BYTES."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colours in _COLOURS:
        out = BytesIO()
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        if out.tell() <= MOST_BYTES:
            break
    path.write_bytes(out.getvalue())
    return path


def main() -> int:
    folder = Path(sys.argv[1])
    try:
        for path in take(Settings.load(), folder):
            print(f"{path}  {path.stat().st_size / 1000:.0f} kB")
    except HeadwayError as error:
        print(f"headway: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
