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
from collections.abc import Iterable, Mapping
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


@cache
def figures(year: int) -> tuple[Row, ...]:
    """The latest bundled values of a year, laid out as the API has them."""
    cells = (
        read("trade_flow")
        .filter(
            (pl.col("period_start").dt.year() == year)
            & pl.col("basis").is_in(["general", "consumption", "total_exports"])
        )
        .filter(pl.col("source_id") != "bts")
        .sort("known_from")
        .group_by(
            "flow", "basis", "classification", "product_level", "product_code", "partner_code", "period_start"
        )
        .agg(pl.col("value_usd", "duty_usd").last())
    )
    merged: dict[tuple, dict[str, str]] = {}
    for flow, basis, system, level, code, partner, period, value, duty in cells.rows():
        path = f"/{flow}/{'naics' if system == 'NAICS' else 'hs'}"
        names = ("-", "-") if system == "TOTAL" else (f"{'NA' if system == 'NAICS' else 'HS'}{level}", code)
        found = merged.setdefault((path, *names, partner, f"{period:%Y-%m}"), {})
        name = {"general": "GEN_VAL_MO", "consumption": "CON_VAL_MO", "total_exports": "ALL_VAL_MO"}[basis]
        found[name] = str(value)
        if duty is not None:
            found["CAL_DUT_MO"] = str(duty)
    _spread_consumption(merged)
    rows = []
    for key, values in merged.items():
        if key[0].startswith("/imports"):
            for one, other in (("GEN_VAL_MO", "CON_VAL_MO"), ("CON_VAL_MO", "GEN_VAL_MO")):
                values.setdefault(one, values.get(other, "0"))
            values.setdefault("CAL_DUT_MO", "0")
        rows.append(row(*key, **values))
    return tuple(rows)


def _spread_consumption(cells: dict[tuple, dict[str, str]]) -> None:
    """Imports for consumption of all goods for the countries without them, in proportion to their general imports, and of
    the continents (Mexico lies in North America), month by month."""
    months: dict[str, dict[str, dict[str, str]]] = {}
    for (path, _, code, partner, month), values in cells.items():
        if path == "/imports/hs" and code == "-":
            months.setdefault(month, {})[partner] = values
    for partners in months.values():
        countries = {code: values for code, values in partners.items() if is_country(code)}
        unknown = {code: v for code, v in countries.items() if "CON_VAL_MO" not in v}
        if "CON_VAL_MO" not in partners["-"] or not unknown:
            continue
        left = int(partners["-"]["CON_VAL_MO"]) - sum(
            int(v["CON_VAL_MO"]) for code, v in countries.items() if code not in unknown
        )
        weights = {code: int(v["GEN_VAL_MO"]) for code, v in unknown.items()}
        shares = {code: left * weight // sum(weights.values()) for code, weight in weights.items()}
        shares[max(weights, key=weights.__getitem__)] += left - sum(shares.values())
        for code, share in shares.items():
            countries[code]["CON_VAL_MO"] = str(share)
        for code, values in partners.items():
            if code.endswith("XXX"):
                members = (c for c in countries if code[0] == ("1" if c == "2010" else c[0]))
                values["CON_VAL_MO"] = str(sum(int(countries[c]["CON_VAL_MO"]) for c in members))


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
        found = [r for r in self._rows(query) if r["path"] == call.path and self._matches(r, query)]
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

    def _rows(self, query: Mapping[str, list[str]]) -> Iterable[Row]:
        years = {
            int(year)
            for year in re.findall(r"\b(\d{4})\b", " ".join(query.get("time", []) + query.get("YEAR", [])))
        }
        for year in sorted(years):
            known = (
                r
                for r in figures(year)
                if r["COMM_LVL"][:2] != "HS" or (self.chapters and r["COMM_LVL"] == "HS2")
            )
            for found in (*known, *self.extra):
                if found["YEAR"] == str(year) and found["time"] <= self.released_to:
                    commodity = found[_COMMODITY[found["path"]]]
                    changed = self.replaced.get((found["path"], commodity, found["CTY_CODE"], found["time"]))
                    yield {**found, **changed} if changed else found

    @staticmethod
    def _matches(found: Row, query: Mapping[str, list[str]]) -> bool:
        for name, wanted in query.items():
            value = found[name] or ""
            if name == "time":
                span = re.fullmatch(r"from (\S+)(?: to (\S+))?", wanted[0])
                first, last = (span[1], span[2] or "9999") if span else (wanted[0], wanted[0])
                if not first <= value <= last:
                    return False
            elif not any(
                value == w or (w.endswith("*") and value.startswith(w[:-1]) and value != "-") for w in wanted
            ):
                return False
        return True
