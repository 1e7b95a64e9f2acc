"""What a method is: a released report, how its rows are read and which of its columns a page shows.

Belongs here: the shape of an entry of METHODS and reading its rows of one event and series.
Does not belong here: the methods themselves (methods.py), what to answer where a method has no row (answers.py), how a
value becomes markup (reports/render.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

from orchestration.readers.comparison.method_result import MethodResult
from orchestration.readers.release_file import read
from orchestration.readers.rows import TABLE_OF

if TYPE_CHECKING:
    import duckdb

Row = TypeVar("Row", bound=Mapping[str, object])


class Shown(Enum):
    """How the values of a column are written."""

    #: a difference: percent from log points where the scale of its row is log, else in the unit of the series
    DIFFERENCE = auto()
    #: a level of the series
    VALUE = auto()
    #: a share or ratio with two decimals
    SHARE = auto()
    COUNT = auto()
    MONTH = auto()
    YES_OR_NO = auto()
    #: a code as words
    NAME = auto()
    #: a model of rpt_counterfactual
    MODEL = auto()
    #: the series that a synthetic control is made of, with their weights
    DONORS = auto()
    VERDICT = auto()
    TEXT = auto()


@dataclass(frozen=True)
class Column:
    """A column of a method's table: its name there, its heading on a page, how its values are written."""

    name: str
    heading: str
    shown: Shown


@dataclass(frozen=True)
class Method(Generic[Row]):
    """A method.

    title, assumption: its heading, and what must hold for its number to mean anything; row: the row of the released
    report that it is read from (rows.py); estimate: the column without which a row says nothing but its reason;
    result_of: such a row as a MethodResult; calibrated_as: names of the method in rpt_method_calibration, the preferred
    one first, none for a report that measures itself; series_column: the column that names the series; variant: the column
    that tells the rows of one event, series and window apart; calibrated_by_variant: whether rpt_method_calibration
    measures each variant (its control_set_id); windowed: whether the report has rows for several windows and gaps;
    columns: what a page shows of a row.
    """

    title: str
    assumption: str
    row: type[Row]
    estimate: str
    result_of: Callable[[Row], MethodResult]
    calibrated_as: Sequence[str]
    series_column: str = "series_id"
    variant: str | None = None
    calibrated_by_variant: bool = False
    windowed: bool = False
    columns: Sequence[Column] = ()

    @property
    def table(self) -> str:
        """The name of the report."""
        return TABLE_OF[self.row]

    def rows(
        self,
        con: duckdb.DuckDBPyConnection,
        event_id: str,
        series_id: str,
        window: tuple[int, int] | None = None,
    ) -> list[Row]:
        """The rows of one event and series in order of window, gap and variant.

        window: months and gap, of a method that has rows for several; None for all of them. Raises ReleaseError, on
        leaving `open_release`, for a release without this report.
        """
        condition = ""
        parameters: dict[str, str | int] = {"event": event_id, "series": series_id}
        if self.windowed and window is not None:
            condition = "and window_months = $months and gap_months = $gap"
            parameters |= {"months": window[0], "gap": window[1]}
        order = [*(("window_months", "gap_months") if self.windowed else ()), self.variant or "event_id"]
        return read(
            con,
            self.row,
            f"""where event_id = $event and {self.series_column} = $series {condition} order by {", ".join(order)}""",
            parameters,
        )

    def results(
        self, con: duckdb.DuckDBPyConnection, event_id: str, series_id: str, window: tuple[int, int]
    ) -> list[MethodResult]:
        """What the rows of one event, series and window say; empty where there is none."""
        return [self.result_of(row) for row in self.rows(con, event_id, series_id, window)]

    def windows(self, con: duckdb.DuckDBPyConnection, event_id: str, series_id: str) -> list[tuple[int, int]]:
        """The months and gaps that the report has for one event and series; empty for a method without windows."""
        if not self.windowed:
            return []
        return con.execute(
            f"""select distinct window_months, gap_months from {self.table}
                where event_id = ? and {self.series_column} = ? order by all""",
            [event_id, series_id],
        ).fetchall()
