"""A warehouse that all agencies of tests/replay fill, and what tests ask of it between two refreshes.

Belongs here: asking every agency, reading the store and the release. Does not belong here: what the agencies hold (tests/replay/agencies.py),
assertions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.base.settings import Settings
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.plan import plan_refresh
from orchestration.operations.refresh import run_refresh
from orchestration.store.opened import open_store
from tests.replay.agencies import TODAY, Agencies
from tests.replay.server import ReplayServer
from tests.replay.statcan import Point
from tests.support import stored
from tests.support.read_only import reading

TABLES = ("observation", "trade_flow", "freight_flow")
MANUFACTURING = "usa_employment_manufacturing"


@dataclass
class RefreshedWarehouse:
    settings: Settings
    replay: ReplayServer

    def refresh(self, *, sources: Iterable[str] | None = None, build: bool = True) -> RefreshOutcome:
        """Ask every agency, or those of `sources`, with a build and a release afterwards where something changed."""
        self.replay.forget()
        plan = plan_refresh(self.settings, sources=sources, today=TODAY)
        return run_refresh(self.settings, plan, build=build, sleep=lambda _: None)

    def rows(self, query: str, *parameters: object) -> list[tuple]:
        return stored.rows(self.settings, query, *parameters)

    def released(self, query: str) -> list[tuple]:
        with reading(self.settings.current_database) as con:
            return con.execute(query).fetchall()

    def contents(self) -> dict[str, tuple]:
        """Rows and their sum of hashes, by table: equal for equal contents in any order. Times of loading left out."""
        with open_store(self.settings.store, read_only=True) as con:
            return {
                table: con.execute(
                    f"SELECT count(*), sum(hash(COLUMNS(* EXCLUDE (load_id)))) FROM raw.{table}"
                ).fetchall()[0]
                for name in TABLES
                for table in (name, f"{name}_current")
            }


@dataclass(frozen=True)
class Revision:
    """What an agency changed. exported: the month of can_exports_goods that was released again, and the number it has since."""

    employed: tuple[float, float]
    exported: tuple[str, Point]


def revise(agencies: Agencies) -> Revision:
    """Three agencies revise one number each: employment in manufacturing in 2024-09, the last customs duties, Canada's last exports."""
    code, month = "CES3000000001", date(2024, 9, 1)
    known = agencies.bls.values[code][month]
    agencies.bls.values[code][month] = known + 100
    for amount in ("current_month_gross_rcpt_amt", "current_month_net_rcpt_amt"):
        agencies.treasury.rows[-1][amount] = str(Decimal(agencies.treasury.rows[-1][amount]) + 1_000_000)
    points = agencies.statcan.series["v87008955"].points
    newest = max(points)
    points[newest] = Point(points[newest].value + 1, "2024-11-19T08:30", symbol=3)
    return Revision((known, known + 100), (newest, points[newest]))


def by_name(outcomes: Iterable[DatasetOutcome]) -> dict[str, DatasetOutcome]:
    return {d.dataset: d for d in outcomes}
