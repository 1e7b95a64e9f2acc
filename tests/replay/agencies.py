"""All agencies at once, holding what the bundled figures hold: a refresh that asks everything finds nothing new.

Belongs here: filling the servers of this folder with bundled figures, keys, one call to serve them all.
Does not belong here: how one agency answers (its module), assertions. Numbers that the figures do not have (daily rates,
capacity utilisation, the vehicle register) stand in for real ones: what is tested with them is the way, not the number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from orchestration.sources.agencies import bls_qcew, fed, inegi, statcan
from orchestration.sources.agencies.series_reply import declared_series
from orchestration.sources.agencies.statcan_tables import TABLES
from orchestration.sources.registry import load_series_catalogue
from tests.replay import statcan as statcan_replay
from tests.replay.bank_of_canada import Valet
from tests.replay.banxico import Sie
from tests.replay.bls import FlatFiles, PublicData
from tests.replay.bls import figures as bls_figures
from tests.replay.bls_qcew import Slices
from tests.replay.bts import FileServer
from tests.replay.census import TradeApi
from tests.replay.fed import Ddp, Series
from tests.replay.inegi import Bie, OpenData, register_csv
from tests.replay.server import ReplayServer
from tests.replay.treasury import FiscalData
from tests.replay.treasury import row as treasury_row
from tests.support.bundled import as_of, read
from transforms.periods import end_of_month

#: marked, so that a search finds them wherever they may have got to
KEYS = {
    "HEADWAY_BLS_KEY": "b15b15" + "0" * 26,
    "HEADWAY_CENSUS_KEY": "ce5ce5" + "0" * 34,
    "HEADWAY_INEGI_KEY": "1e611e61-0000-0000-0000-000000000000",
    "HEADWAY_BANXICO_KEY": "ba21c0" + "0" * 58,
    "HEADWAY_CONTACT_EMAIL": "someone@example.org",
}


#: the day on which all of this is asked: the newest month of the freight figures is out, and little else is due
TODAY = date(2024, 11, 20)
#: Eastern local time of Statistics Canada's last release before that day, and the newest month it can hold
RELEASED, NEWEST = "2024-11-06T08:30", "2024-09"


@cache
def months(series_id: str) -> dict[str, str]:
    """Month -> the newest bundled number as an agency would print it."""
    source = dict(load_series_catalogue().select("series_id", "source_id").rows())[series_id]
    return {month: _plain(value) for month, value in _figures_of(source, series_id).items()}


def _figures_of(source: str, series_id: str) -> dict[str, float]:
    return {f"{m:%Y-%m}": v for m, v in sorted(as_of(read(f"observation_{source}"), series_id).items())}


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def workdays(rates: dict[str, str]) -> dict[str, str]:
    """Every workday of each month at that month's mean, so that the mean made of them is the bundled one."""
    found = {}
    for month, rate in rates.items():
        day = date.fromisoformat(f"{month}-01")
        while f"{day:%Y-%m}" == month:
            if day.weekday() < 5:
                found[day.isoformat()] = rate
            day += timedelta(days=1)
    return found


def _between(first: str, last: str) -> list[str]:
    years = range(int(first[:4]), int(last[:4]) + 1)
    return [m for m in (f"{y}-{n:02}" for y in years for n in range(1, 13)) if first <= m <= last]


def _g17() -> list[Series]:
    found = []
    for code, series_id in fed.G17.items():
        if code.startswith("IP."):
            found.append(Series(code, dict(months(series_id))))
        elif code.startswith("CAPUTL."):
            rates = dict.fromkeys(_between("1990-01", "2026-05"), "75.1234")
            found.append(Series(code, rates, "CAPUTL", "Percentage"))
        else:
            found.append(
                Series(
                    code, dict.fromkeys(_between("1993-01", "2026-05"), "10.5"), "MVA", "Millions_of_units"
                )
            )
    return found


def _rates() -> list[Series]:
    return [
        Series(code, dict(months(series_id)), "H10", "Currency", currency=series_id[-3:].upper())
        for code, series_id in fed.G5.items()
    ]


def _register() -> dict[str, dict[int, bytes]]:
    """Two years of a vehicle register with every maker, type, origin and destination that is a series."""
    makers = {"Audi": "Camiones ligeros", "BMW Group": "Automóviles", "Ford Motor": "Camiones ligeros",
              "General Motors": "Camiones ligeros", "Nissan": "Automóviles"}  # fmt: skip
    tables: dict[str, dict[int, bytes]] = {"produccion": {}, "venta": {}, "exportacion": {}}
    for year in (2025, 2026):
        known = [{"ANIO": year, "ID_MES": f"{m:02}"} for m in range(1, 13 if year == 2025 else 10)]
        rows = {
            "produccion": [{**m, "MARCA": k, "TIPO": t, "UNI_VEH": _produced(k, m)} for m in known
                           for k, t in makers.items()],
            "venta": [{**m, "TIPO": t, "ORIGEN": o, "UNI_VEH": 500} for m in known for t in set(makers.values())
                      for o in ("NACIONAL", "IMPORTADO")],
            "exportacion": [{**m, "TIPO": t, "ID_PAIS_DESTINO": c, "UNI_VEH": 400} for m in known
                            for t in set(makers.values()) for c in (66, 40)],
        }  # fmt: skip
        for table, lines in rows.items():
            tables[table][year] = register_csv(table, lines)
    tables["hibrido"] = {
        2026: register_csv(
            "hibrido",
            [
                {"ANIO": 2026, "ID_MES": f"{m:02}", "ID_ENTIDAD": f"{state:02}", "VEH_ELECTR": 50 + m,
                 "VEH_HIBRIDAS_PLUGIN": 40, "VEH_HIBRIDAS": 170}
                for m in range(1, 10) for state in range(1, 33)
            ],
        )
    }  # fmt: skip
    return tables


def _produced(maker: str, month: Mapping[str, object]) -> int:
    """Vehicles of a maker in a month, as bundled; 1,000 where no figure is."""
    series_id = f"mex_production_light_vehicles_{maker.removesuffix(' Group').removesuffix(' Motor').lower().replace(' ', '_')}"
    bundled = _figures_of("inegi", series_id)
    return int(bundled.get(f"{month['ANIO']}-{month['ID_MES']}", 1000))


def _customs_duties() -> list[dict[str, str]]:
    """Dollars and cents that round to the bundled millions, nets that are a million off (rounded apart) included."""
    columns = [months(f"usa_customs_duties_{what}") for what in ("gross", "refunds", "net")]
    rows = []
    for month in columns[0]:
        gross, refunds, net = (Decimal(column[month]) * 10**9 for column in columns)
        apart = (net - (gross - refunds)) * Decimal("0.4")
        gross, refunds = gross + apart, refunds - apart
        day = end_of_month(date.fromisoformat(f"{month}-01")).isoformat()
        rows.append(treasury_row(day, *(f"{v:.2f}" for v in (gross, refunds, gross - refunds))))
    return rows


def _vectors() -> dict[str, statcan_replay.Series]:
    """Every vector that is asked for; months that are not bundled stand in."""
    found = {}
    wanted = {
        **statcan.vectors(),
        **statcan.checked_vectors(),
        **{f"v{900000000 + n}": s for n, s in enumerate(statcan.coordinates().values())},
    }
    frequencies = dict(load_series_catalogue().select("series_id", "frequency").rows())
    coordinates = {series_id: code.split("/") for code, series_id in statcan.coordinates().items()}
    for vector, series_id in wanted.items():
        figures = _figures_of("statcan", series_id) or dict.fromkeys(_between("2017-01", NEWEST), 20_000.0)
        quarterly = frequencies[series_id] == "quarterly"
        figures = {m: v for m, v in figures.items() if not quarterly or m[5:] in ("01", "04", "07", "10")}
        product, coordinate = coordinates.get(series_id, ("12100011", "1.1.0.0.0.0.0.0.0.0"))
        points = {f"{m}-01": statcan_replay.Point(v, RELEASED) for m, v in figures.items() if m <= NEWEST}
        found[vector] = statcan_replay.Series(
            int(product), coordinate, points, _scalar(series_id), frequency=9 if quarterly else 6
        )
    # a count of vehicles is checked against its usual size
    for vector, size in (("v1617802379", 150_000.0), ("v1645353696", 25_000.0)):
        for point in found[vector].points.values():
            point.value = size
    return found


def _tables() -> dict[str, bytes]:
    found = {}
    for product, table in TABLES.items():
        if table.ended:
            continue
        dimensions = [name for name in table.series[0].members if name != "geography"]
        rows = []
        bundled = [_figures_of("statcan", series.series_id) for series in table.series]
        # a table never ends before what was published of it already
        newest = max([NEWEST, *(max(figures) for figures in bundled if figures)])
        for number, (series, figures) in enumerate(zip(table.series, bundled, strict=True)):
            known = figures or dict.fromkeys(_between("2020-01", newest), 1000.0)
            fixed = {
                "GEO": series.members["geography"],
                "VECTOR": f"v{int(product)}{number}",
                "COORDINATE": f"1.{number}",
                "SCALAR_ID": str(_scalar(series.series_id)),
                **{name: series.members[name] for name in dimensions},
            }
            rows += [{**fixed, "REF_DATE": m, "VALUE": repr(v)} for m, v in known.items()]
        found[product] = statcan_replay.table_zip(product, dimensions, rows)
    return found


def _scalar(series_id: str) -> int:
    """The power of ten in which series.csv counts a series."""
    multipliers = dict(load_series_catalogue().select("series_id", "unit_multiplier").rows())
    return len(str(multipliers[series_id])) - 1


@dataclass
class Agencies:
    """What each of them holds; change it between two refreshes."""

    bls: PublicData = field(
        default_factory=lambda: PublicData(
            {code: dict(values) for code, values in bls_figures().items()}, key=KEYS["HEADWAY_BLS_KEY"]
        )
    )
    bls_flat: FlatFiles = field(default_factory=FlatFiles)
    bls_qcew: Slices = field(default_factory=lambda: Slices(bls_qcew.AREAS))
    census: TradeApi = field(default_factory=lambda: TradeApi(key=KEYS["HEADWAY_CENSUS_KEY"]))
    bts: FileServer = field(
        default_factory=lambda: FileServer(stand_ins=True, page='<a href="/2026/January2026.zip">January</a>')
    )
    statcan: statcan_replay.Wds = field(default_factory=lambda: statcan_replay.Wds(_vectors(), _tables()))
    inegi: Bie = field(
        default_factory=lambda: Bie(
            KEYS["HEADWAY_INEGI_KEY"],
            {
                **{
                    code: dict(months(series_id))
                    for code, series_id in declared_series("inegi", (*inegi.VEHICLES, *inegi.TRADE)).items()
                },
                # what the probe asks for, and indicators that are not bundled
                "910392": {"2026-08": "145.462"},
                **{code: dict.fromkeys(_between("2018-01", "2026-08"), "103.5") for code in inegi.INDUSTRY},
                **{
                    code: dict.fromkeys(_between("2018-01", "2026-09"), "300000")
                    for code in inegi.REGISTER_TOTALS
                },
            },
        )
    )
    inegi_open_data: OpenData = field(default_factory=lambda: OpenData(_register()))
    banxico: Sie = field(
        default_factory=lambda: Sie(
            KEYS["HEADWAY_BANXICO_KEY"],
            {"SF43718": workdays(dict.fromkeys(_between("1991-11", "2026-11"), "18.5"))},
        )
    )
    bank_of_canada: Valet = field(
        default_factory=lambda: Valet(
            {
                code: workdays(months(series_id))
                for code, series_id in declared_series("bank_of_canada").items()
            }
        )
    )
    fed: Ddp = field(default_factory=lambda: Ddp({"G17": _g17(), "H10": _rates()}))
    treasury: FiscalData = field(default_factory=lambda: FiscalData(_customs_duties()))

    def serve(self, replay: ReplayServer, set_variable: Callable[[str, str], None]) -> Agencies:
        """Answer for all of them, with the keys in the environment."""
        for name in self.__dataclass_fields__:
            replay.serve(name.upper(), getattr(self, name))
        for variable, key in KEYS.items():
            set_variable(variable, key)
        return self
