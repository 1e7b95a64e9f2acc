"""Census International Trade API, answering from the bundled figures.

Belongs here: keys, predicates, wildcards, refusals and layouts as SOURCES and the recorded answers show them.
Does not belong here: HTTP and its faults (server.py), assertions.

    replay.serve("CENSUS", TradeApi())           real months: totals 2013-2024, NAICS 2013-2025-11
    replay.serve("CENSUS", TradeApi(chapters=True))   and imports by HS chapter 2013-2021-07

Where the figures hold only one of general imports and imports for consumption, it stands for the other as well, and
what is left of the world's imports for consumption is spread over the countries that have none, so that sums hold: this
server shows formats, not findings.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from tests.replay.server import Call, Reply, json_reply, no_content, redirect, text_reply
from tests.support.bundled import read
from transforms.codes import is_country

ERROR_PAGE = (
    "<html><body>There was an error while running your query.  We've logged the error and we'll correct it ASAP.  Sorry "
    "for the inconvenience.</body></html>"
)
_COMMODITY = {
    "/imports/hs": "I_COMMODITY",
    "/exports/hs": "E_COMMODITY",
    "/imports/naics": "NAICS",
    "/exports/naics": "NAICS",
    "/imports/enduse": "I_ENDUSE",
    "/exports/enduse": "E_ENDUSE",
}
_VARIABLES = {
    "imports": {
        *("GEN_VAL_MO", "CON_VAL_MO", "CAL_DUT_MO", "DUT_VAL_MO", "GEN_QY1_MO", "GEN_QY1_MO_FLAG"),
        *("CON_QY1_MO", "CON_QY1_MO_FLAG", "UNIT_QY1", "LAST_UPDATE"),
    },
    "exports": {"ALL_VAL_MO", "QTY_1_MO", "QTY_1_MO_FLAG", "UNIT_QY1", "DF", "LAST_UPDATE"},
}
_COMMON = {"CTY_CODE", "CTY_NAME", "COMM_LVL", "YEAR", "MONTH", "time", "SUMMARY_LVL"}

Row = Mapping[str, str | None]


def row(path: str, level: str, code: str, partner: str, month: str, **variables: str | None) -> Row:
    """One cell of the API. `level` and `code` are '-' for all goods."""
    return {
        "path": path,
        "COMM_LVL": level,
        _COMMODITY[path]: code,
        "CTY_CODE": partner,
        "CTY_NAME": f"PARTNER {partner}",
        "time": month,
        "YEAR": month[:4],
        "MONTH": month[5:],
        **variables,
    }


#: what of a cell is not a variable, in the order of the arguments of `row`
_KEY = ("path", "level", "code", "partner", "month")


@cache
def figures(year: int) -> pl.DataFrame:
    """The latest bundled values of a year as text: the columns of _KEY, and GEN_VAL_MO, CON_VAL_MO, CAL_DUT_MO and ALL_VAL_MO. A frame, because
    a year has 23,000 to 57,000 cells, of which an answer takes few."""
    system = pl.col("classification")
    cells = (
        read("trade_flow")
        .filter(
            (pl.col("period_start").dt.year() == year)
            & pl.col("basis").is_in(["general", "consumption", "total_exports"])
            & (pl.col("source_id") != "bts")
        )
        .sort("known_from")
        .group_by(
            pl.format("/{}/{}", "flow", pl.when(system == "NAICS").then(pl.lit("naics")).otherwise(pl.lit("hs"))).alias("path"),
            pl.when(system == "TOTAL").then(pl.lit("-"))
            .otherwise(pl.format("{}{}", pl.when(system == "NAICS").then(pl.lit("NA")).otherwise(pl.lit("HS")), "product_level"))
            .alias("level"),
            pl.when(system == "TOTAL").then(pl.lit("-")).otherwise(pl.col("product_code")).alias("code"),
            pl.col("partner_code").alias("partner"),
            pl.col("period_start").dt.strftime("%Y-%m").alias("month"),
        )
        .agg(
            *(
                pl.col("value_usd").filter(pl.col("basis") == basis).last().alias(name)
                for basis, name in (("general", "GEN_VAL_MO"), ("consumption", "CON_VAL_MO"), ("total_exports", "ALL_VAL_MO"))
            ),
            pl.col("duty_usd").drop_nulls().last().alias("CAL_DUT_MO"),
        )
    )  # fmt: skip
    is_import = pl.col("path").str.starts_with("/imports")
    # each stands for the other; of imports of which the figures hold only a duty, both are 0
    general = pl.coalesce("GEN_VAL_MO", "CON_VAL_MO", pl.lit(0))
    return (
        _with_spread_consumption(cells)
        .with_columns(
            pl.when(is_import).then(general).alias("GEN_VAL_MO"),
            pl.when(is_import).then(pl.coalesce("CON_VAL_MO", general)).alias("CON_VAL_MO"),
            pl.when(is_import).then(pl.col("CAL_DUT_MO").fill_null(0)).alias("CAL_DUT_MO"),
        )
        .with_columns(pl.exclude(*_KEY).cast(pl.String))
    )


def _with_spread_consumption(cells: pl.DataFrame) -> pl.DataFrame:
    """`cells`, with imports for consumption of all goods for the countries without them, in proportion to their general imports, and of
    the continents (Mexico lies in North America), month by month."""
    of_all_goods = (pl.col("path") == "/imports/hs") & (pl.col("code") == "-")
    months: dict[str, dict[str, dict[str, int | None]]] = {}
    for month, partner, general, consumption in (
        cells.filter(of_all_goods).select("month", "partner", "GEN_VAL_MO", "CON_VAL_MO").iter_rows()
    ):
        months.setdefault(month, {})[partner] = {"GEN_VAL_MO": general, "CON_VAL_MO": consumption}
    spread = []
    for month, partners in months.items():
        countries = {code: values for code, values in partners.items() if is_country(code)}
        unknown = {code: v for code, v in countries.items() if v["CON_VAL_MO"] is None}
        if partners["-"]["CON_VAL_MO"] is None or not unknown:
            continue
        left = partners["-"]["CON_VAL_MO"] - sum(
            v["CON_VAL_MO"] for code, v in countries.items() if code not in unknown
        )
        weights = {code: v["GEN_VAL_MO"] for code, v in unknown.items()}
        shares = {code: left * weight // sum(weights.values()) for code, weight in weights.items()}
        shares[max(weights, key=weights.__getitem__)] += left - sum(shares.values())
        for code, share in shares.items():
            countries[code]["CON_VAL_MO"] = share
        for code, values in partners.items():
            if code.endswith("XXX"):
                members = (c for c in countries if code[0] == ("1" if c == "2010" else c[0]))
                values["CON_VAL_MO"] = sum(countries[c]["CON_VAL_MO"] for c in members)
        spread += [("/imports/hs", "-", "-", month, code, v["CON_VAL_MO"]) for code, v in partners.items()]
    key = ("path", "level", "code", "month", "partner")
    schema = {**dict.fromkeys(key, pl.String), "CON_VAL_MO": pl.Int64}
    return cells.update(pl.DataFrame(spread, schema, orient="row"), on=key)


@dataclass
class TradeApi:
    """`key`: the only one accepted. `extra`: further cells; `replaced`: (path, code, partner, month) -> variables that
    differ from the figures (a revision); `chapters`: whether those of the figures are there, which end in 2021 and know
    imports for consumption only; `largest`: more rows than this give the page of a failed query."""

    key: str = "c" * 40
    extra: tuple[Row, ...] = ()
    replaced: dict[tuple[str, str, str, str], dict[str, str]] = field(default_factory=dict)
    released_to: str = "9999-12"
    chapters: bool = False
    largest: int = 250_000
    _order: random.Random = field(default_factory=lambda: random.Random(1))

    def __call__(self, call: Call) -> Reply:
        commodity = _COMMODITY.get(call.path)
        if commodity is None:
            return text_reply("error: unknown dataset", 404)
        query = {name: values for name, values in call.query.items() if name not in ("get", "key")}
        if refused := self._refused_key(call.get("key")):
            return refused
        asked = (call.get("get") or "").split(",")
        if len(asked) > 50:
            return text_reply("error: 'get' is limited to 50 variables", 400)
        flow = call.path.split("/")[1]
        known = _VARIABLES[flow] | _COMMON | {commodity, f"{commodity}_LDESC", f"{commodity}_SDESC"}
        for name in asked:
            if name not in known:
                return text_reply(f"error: unknown variable '{name}'", 400)
        for name in query:
            if name not in _COMMON | {commodity}:
                return text_reply(f"error: unknown predicate variable: '{name}'", 400)
        found = self._rows(call.path, query)
        if commodity not in (*asked, *query):
            found = [r for r in found if r[commodity] == "-"]
        if not found:
            return no_content()
        if len(found) > self.largest:
            return text_reply(ERROR_PAGE, 200, "text/html")
        header = [*asked, *query]
        self._order.shuffle(found)  # the API gives them in no order, and in another the next time
        return json_reply([header, *([r.get(name) for name in header] for r in found)], gzip=True)

    def _refused_key(self, key: str | None) -> Reply | None:
        if key == self.key:
            return None
        page = "invalid_key.html" if key else "missing_key.html"
        return redirect(f"https://api.census.gov/data/{page}", headers={"X-DataWebAPI-KeyError": "1"})

    def _rows(self, path: str, query: Mapping[str, list[str]]) -> list[Row]:
        """The cells that were asked for, with what was replaced in them."""
        years = {
            int(year)
            for year in re.findall(r"\b(\d{4})\b", " ".join(query.get("time", []) + query.get("YEAR", [])))
        }
        found = [
            r
            for r in self.extra
            if r["YEAR"] in {str(year) for year in years} and self._matches(r, path, query)
        ]
        is_known = pl.col("level").str.starts_with("HS").not_()
        if self.chapters:
            is_known |= pl.col("level") == "HS2"
        for year in sorted(years):
            known = figures(year).filter((pl.col("path") == path) & is_known)
            # of what is asked for, the level, the commodity, the partner and the month are columns here; the others are asked of each row
            for name, column in zip(
                ("COMM_LVL", _COMMODITY[path], "CTY_CODE", "time"), _KEY[1:], strict=True
            ):
                values = known[column].unique()
                known = known.filter(pl.col(column).is_in([v for v in values if _fits(name, v, query)]))
            cells = known.select(*_KEY, pl.exclude(*_KEY)).iter_rows(named=True)
            rows = (
                row(**{name: value for name, value in cell.items() if value is not None}) for cell in cells
            )
            found += (r for r in rows if self._matches(r, path, query))
        if self.replaced:
            cells = ((r, (path, r[_COMMODITY[path]], r["CTY_CODE"], r["time"])) for r in found)
            found = [{**r, **self.replaced.get(cell, {})} for r, cell in cells]
        return found

    def _matches(self, found: Row, path: str, query: Mapping[str, list[str]]) -> bool:
        is_out = (found["time"] or "") <= self.released_to
        return (
            is_out and found["path"] == path and all(_fits(name, found[name] or "", query) for name in query)
        )


def _fits(name: str, value: str, query: Mapping[str, list[str]]) -> bool:
    """Whether a cell with this value of the variable `name` is among what is asked for; of a variable that is not asked for, any."""
    if name not in query:
        return True
    wanted = query[name]
    if name == "time":
        span = re.fullmatch(r"from (\S+)(?: to (\S+))?", wanted[0])
        first, last = (span[1], span[2] or "9999") if span else (wanted[0], wanted[0])
        return first <= value <= last
    return any(value == w or (w.endswith("*") and value.startswith(w[:-1]) and value != "-") for w in wanted)
