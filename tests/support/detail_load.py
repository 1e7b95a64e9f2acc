"""A LOAD TEST of the detail lake, never data: as many rows as are asked for, made of real ones.

Belongs here: splitting rows of BTS TransBorder freight (port x HS chapter, 2020-01 to 2024-09) over the HS10 products of
their chapter by the shares of 2024, or the imports of 2024 by product and country over thirteen years and some districts, into a
lake or into the text of a bulk file. Does not belong here: timing (tests/bench/bench_detail.py), assertions.

The total of every row is kept to the dollar and the kilogram; which product it was, nobody knows. So such a lake is kept
out of the repository, its source names say LOADTEST, and nothing of it may be released.

    python -m tests.support.detail_load HOME ROWS           a home with about ROWS rows in its lake, all months
    python -m tests.support.detail_load HOME ROWS panel     imports alone, from all partners and with the months that the panels ask for
"""

from __future__ import annotations

import os
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.detail.lake import NewMonth, add_months
from transforms.detail_tables import DETAIL_TABLES, IMPORTS

#: the word that marks every source name of a load test
MARK = "LOADTEST"
#: parts into which shares are rounded: a value of 5 billion times this stays below 2^63
_PARTS = 100_000_000
#: products of a chapter and country that rows are split over, the largest first
_CANDIDATES = (1, 2, 3, 5, 8, 11, 15, 22, 32, 47, 68, 100, 150, 220, 330, 500)


@dataclass(frozen=True)
class Loaded:
    """What loading took. seconds: of add_months alone, without making the rows; bytes: of the Parquet files."""

    rows: int
    seconds: float
    bytes: int
    value_usd: int


class Rows:
    """The rows of a load test. products: how many products of a chapter and country a row is split over at most."""

    def __init__(self, rows: int, *, spill: Path, data: Path | None = None) -> None:
        folder = data or Path(os.environ.get("HEADWAY_SHARED") or PROJECT.parent / "shared" / "data")
        self.freight = folder / "load" / "dot3_2020-01_2024-09.parquet"
        self._con = duckdb.connect(config={"memory_limit": "2GB", "threads": 2, "temp_directory": str(spill)})
        self._con.execute(
            f"""CREATE TABLE weight AS
                SELECT cty_code AS country, left(hts10, 2) AS chapter, hts10 AS hs10, con_val_usd AS v,
                       row_number() OVER (PARTITION BY cty_code, left(hts10, 2) ORDER BY con_val_usd DESC, hts10) AS rank
                FROM '{folder}/product/us_imports_hs10_country_year_2024.parquet'
                WHERE cty_code IN ('1220', '2010') AND con_val_usd > 0;
                -- chapters that one of the two countries sold nothing of in 2024
                INSERT INTO weight
                SELECT DISTINCT COUNTRY, COMMODITY2, COMMODITY2 || '99999999', 1, 1
                FROM '{self.freight}' WHERE (COUNTRY, COMMODITY2) NOT IN (SELECT (country, chapter) FROM weight)"""
        )
        self.products = next((n for n in _CANDIDATES if self._estimate(n) >= rows), _CANDIDATES[-1])
        self._choose(self.products)

    @property
    def months(self) -> list[date]:
        """The months there are, oldest first."""
        found = self._con.execute(f"SELECT DISTINCT ym FROM '{self.freight}' ORDER BY ym").fetchall()
        return [date.fromisoformat(f"{ym}-01") for (ym,) in found]

    def _choose(self, products: int) -> None:
        """Cumulated shares of the largest products, in parts of _PARTS; the last of each chapter is all of them."""
        self._con.execute(
            f"""CREATE OR REPLACE TABLE share AS
                SELECT country AS partner, chapter, hs10,
                       (({_PARTS} * (sum(v) OVER sofar - v)) / sum(v) OVER whole)::BIGINT AS low,
                       (({_PARTS} * sum(v) OVER sofar) / sum(v) OVER whole)::BIGINT AS high
                FROM weight WHERE rank <= {products}
                WINDOW whole AS (PARTITION BY country, chapter),
                       sofar AS (PARTITION BY country, chapter ORDER BY hs10 ROWS UNBOUNDED PRECEDING)"""
        )

    def _estimate(self, products: int) -> float:
        """Rows that all months would have, from two of them."""
        self._choose(products)
        (count,) = self._con.execute(
            f"SELECT count(*) FROM ({self._split()}) WHERE ym IN ('2020-01', '2023-05')"
        ).fetchall()[0]
        return float(count) * len(self.months) / 2

    def _split(self) -> str:
        """SQL of the rows: value and weight of a row between two cumulated shares, so that they add up to the row's own."""

        def part(amount: str) -> str:
            return f"({amount} * high) // {_PARTS} - ({amount} * low) // {_PARTS}"

        return f"""SELECT ym, TRDTYPE, hs10, COUNTRY, DEPE, DISAGMOT, CONTCODE, DF,
                          {part("VALUE")} AS v, {part("SHIPWT")} AS w, {part("FREIGHT_CHARGES")} AS c,
                          CASE WHEN DISAGMOT = '5' THEN v // 40 ELSE 0 END AS duty
                   FROM '{self.freight}' JOIN share ON chapter = COMMODITY2 AND partner = COUNTRY
                   WHERE {part("VALUE")} > 0 OR {part("SHIPWT")} > 0"""

    def of(self, month: date, flow: str, *, factor: float = 1.0) -> pl.DataFrame:
        """The rows of a month in the columns of `flow` (imports or exports), sorted. The port is split into district and
        subcountry; rates of duty are made up of the mode. factor: multiplies quantities, for a month that is revised."""
        table = DETAIL_TABLES[flow]
        by = {
            mode: f"CASE WHEN DISAGMOT = '{code}' THEN {{}} ELSE 0 END"
            for mode, code in (("air", 3), ("vessel", 1))
        }
        boxed = "CASE WHEN CONTCODE = '1' THEN {} ELSE 0 END"
        where = {
            "hs10": "hs10",
            "country_code": "COUNTRY",
            "subcountry_code": "right(DEPE, 2)",
            "district_entry": "left(DEPE, 2)",
            "district_unlading": "left(DEPE, 2)",
            "district": "left(DEPE, 2)",
            "rate_provision": "'1' || DISAGMOT",
            "domestic_foreign": "coalesce(nullif(DF, ''), '1')",
            "cards": "1",
            "quantity_1": f"(w * {factor})::BIGINT",
            "consumption_quantity_1": f"(w * {factor})::BIGINT",
            "general_quantity_1": f"(w * {factor})::BIGINT",
            **dict.fromkeys(("consumption_value", "general_value", "export_value"), "v"),
            **dict.fromkeys(("consumption_cif_value", "general_cif_value"), "v + c"),
            **dict.fromkeys(("consumption_charges", "general_charges"), "c"),
            "dutiable_value": "CASE WHEN duty > 0 THEN v ELSE 0 END",
            "calculated_duty": "duty",
        }
        for kind, case in (*by.items(), ("container", boxed)):
            for amount, column in (("value", "v"), ("weight", "w"), ("charges", "c")):
                where[f"{kind}_{amount}"] = case.format(column)
        columns = [
            *(f"{where[code]} AS {code}" for code in table.codes),
            *(f"({where.get(amount, '0')})::BIGINT AS {amount}" for amount in table.amounts),
        ]
        direction = "2" if flow == "imports" else "1"
        return self._con.sql(
            # sorted before the columns are made of them, which are three times as many
            f"SELECT {', '.join(columns)} FROM (FROM ({self._split()}) "
            f"WHERE ym = '{month:%Y-%m}' AND TRDTYPE = '{direction}' "
            f"ORDER BY {', '.join(where[code] for code in table.sorted_by)})"
        ).pl()

    def dollars(self, month: date, flow: str) -> int:
        """Value of a month as the freight table has it, which the split must keep."""
        direction = "2" if flow == "imports" else "1"
        (found,) = self._con.execute(
            f"SELECT sum(VALUE)::BIGINT FROM '{self.freight}' WHERE ym = '{month:%Y-%m}' AND TRDTYPE = '{direction}'"
        ).fetchall()[0]
        return int(found)


class PanelRows(Rows):
    """Imports of 2024 by product and country, spread over the months from 2013 on that the panels ask for: each month a twelfth of the year,
    times something between a half and one and a half that product, country and month draw; a tenth of the months is without trade.

    Each is parted among as many districts as `rows` takes, in shares of 1 : 2 : 3 and so on. Amounts are whole dollars, so that a district
    of a small trade has none. Duties are those of 2024, in proportion.
    """

    def __init__(self, rows: int, *, spill: Path, data: Path | None = None) -> None:
        folder = data or Path(os.environ.get("HEADWAY_SHARED") or PROJECT.parent / "shared" / "data")
        self.freight = folder / "product" / "us_imports_hs10_country_year_2024.parquet"
        self._con = duckdb.connect(config={"memory_limit": "2GB", "threads": 2, "temp_directory": str(spill)})
        self._con.execute(
            f"""CREATE TABLE line AS
                SELECT hts10 AS hs10, cty_code AS COUNTRY, con_val_usd AS v, cal_dut_usd AS duty
                FROM '{self.freight}' WHERE con_val_usd > 0 AND cty_code BETWEEN '1000' AND '7999';
                CREATE TABLE month AS
                SELECT strftime(day, '%Y-%m') AS ym
                FROM range(DATE '2013-01-01', DATE '2026-01-01', INTERVAL 1 MONTH) AS months(day)"""
        )
        one = self._con.execute("SELECT count(*) * 0.9 * (SELECT count(*) FROM month) FROM line").fetchall()[
            0
        ][0]
        self.products = 1
        self.districts = max(1, round(rows / float(one)))

    @property
    def months(self) -> list[date]:
        found = self._con.execute("SELECT ym FROM month ORDER BY ym").fetchall()
        return [date.fromisoformat(f"{ym}-01") for (ym,) in found]

    def _split(self) -> str:
        draw = "hash(hs10, COUNTRY, ym)"
        share = f"number * 2.0 / ({self.districts} * ({self.districts} + 1))"
        part = f"/ 12 * (0.5 + {draw} % 1000 / 1000.0) * {share}"
        return f"""SELECT *, v // 5 AS w, v // 50 AS c
                   FROM (SELECT ym, '2' AS TRDTYPE, hs10, COUNTRY, format('{{:02d}}01', number + 9) AS DEPE, '1' AS DISAGMOT, '1' AS CONTCODE,
                                '1' AS DF, (line.v {part})::BIGINT AS v, (line.duty {part})::BIGINT AS duty
                         FROM line, month, range(1, {self.districts + 1}) AS district(number) WHERE {draw} // 1000 % 10 > 0)
                   WHERE v > 0"""


def new_month(frame: pl.DataFrame, flow: str, month: date, revision: int = 0) -> NewMonth:
    """A month of a load test as the lake takes it."""
    name = f"{MARK}-{flow}-{month:%Y-%m}-{revision}"
    return NewMonth(
        flow, f"{month:%Y-%m}", frame, 0, name, f"{name}-{frame.height}".encode().hex()[:64].ljust(64, "0")
    )


def fill(settings: Settings, rows: Rows, flows: tuple[str, ...] = ("imports", "exports")) -> Iterator[Loaded]:
    """Load every month, one after the other; yields what each took."""
    for month in rows.months:
        for flow in flows:
            frame = rows.of(month, flow)
            column = "consumption_value" if flow == "imports" else "export_value"
            new = new_month(frame, flow, month)
            started = time.perf_counter()
            (entry,) = add_months(settings, [new], known_on=date(2024, 12, 1))
            seconds = time.perf_counter() - started
            yield Loaded(frame.height, seconds, sum(f.bytes for f in entry.files), int(frame[column].sum()))


def bulk_text(frame: pl.DataFrame, month: date, zero_share: float) -> bytes:
    """Imports as the text of IMP_DETL.TXT, with lines of zeros among them as a year-to-date file has.

    zero_share: of all lines, those without an amount in this month.
    """
    rng = np.random.default_rng(7)
    count = int(frame.height / (1 - zero_share))
    place = np.sort(rng.choice(count, frame.height, replace=False))
    lines = np.full((count, 690), ord("0"), np.uint8)
    source = np.searchsorted(place, np.arange(count), side="right").clip(1) - 1
    begin = 0
    for code, width in zip(IMPORTS.codes, (10, 4, 2, 2, 2, 2), strict=True):
        text = np.array(frame[code].to_list(), dtype=f"S{width}")
        lines[:, begin : begin + width] = text.view(np.uint8).reshape(-1, width)[source]
        begin += width
    lines[:, 22:28] = np.frombuffer(f"{month:%Y%m}".encode(), np.uint8)
    for number, amount in enumerate(IMPORTS.amounts):
        left = frame[amount].to_numpy()
        for digit in range(15):
            if not left.any():
                break
            values = ord("0") + left % 10
            lines[place, 28 + 15 * number + 14 - digit] = values
            lines[:, 358 + 15 * number + 14 - digit] = values[source]
            left = left // 10
    lines[:, 688:] = np.frombuffer(b"\r\n", np.uint8)
    return lines.tobytes()


def bulk_zip(path: Path, text: bytes) -> Path:
    """A zip with the detail only, for measuring how fast it is read."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IMP_DETL.TXT", text)
    return path


def main(home: str, wanted: str, kind: str = "freight") -> None:
    """Fill a home and say what it took."""
    settings = Settings(project=PROJECT, home=Path(home))
    made, flows = {"freight": (Rows, ("imports", "exports")), "panel": (PanelRows, ("imports",))}[kind]
    rows = made(int(float(wanted)), spill=Path(home) / "spill")
    total, seconds, size = 0, 0.0, 0
    for part in fill(settings, rows, flows):
        total, seconds, size = total + part.rows, seconds + part.seconds, size + part.bytes
        print(
            f"{total:>12,} rows  {seconds:7.1f} s  {total / seconds / 1e6:5.2f} M rows/s  {size / total:5.1f} bytes/row",
            flush=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
