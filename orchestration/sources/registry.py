"""Who publishes what the warehouse holds, and under which licence.

Belongs here: one row for each publisher (licence, attribution, cadence) and reading series.csv, the catalogue of series.
Does not belong here: requests (one module for each agency), parsing (transforms/parse), keys.

A licence is stated as it was read at the publisher or quoted word for word by others; where neither was possible, the
row says that it is not verified.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

from orchestration.base.errors import CatalogueError
from orchestration.sources.spec import FirstRelease, Source
from transforms.schema import ADJUSTMENTS, BASES, FLOWS, FREQUENCIES, SERIES_OPTIONAL, SERIES_SCHEMA

CATALOGUE = Path(__file__).with_name("series.csv")

_US_PUBLIC_DOMAIN = "US Government work, public domain"
_NOT_VERIFIED = "licence not verified"

SOURCES: tuple[Source, ...] = (
    Source(
        source_id="figures",
        agency="Headway",
        country_iso3=None,
        title="Bundled figures, taken from public copies of the agencies' data",
        homepage_url="",
        licence="that of the publisher of each series",
        attribution="See the publisher of each series.",
        cadence="with each version of Headway",
        publication_lag_days=None,
    ),
    Source(
        source_id="bls",
        agency="US Bureau of Labor Statistics",
        country_iso3="USA",
        title="Employment, hours and earnings; consumer, import and export prices",
        homepage_url="https://www.bls.gov/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US Bureau of Labor Statistics. BLS.gov cannot vouch for the data or analyses derived from "
        "these data after the data have been retrieved from BLS.gov.",
        cadence="monthly",
        publication_lag_days=7,
    ),
    Source(
        source_id="census",
        agency="US Census Bureau",
        country_iso3="USA",
        title="International trade in goods; manufacturers' orders",
        homepage_url="https://www.census.gov/foreign-trade/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US Census Bureau. This product uses the Census Bureau Data API but is not endorsed or "
        "certified by the Census Bureau.",
        cadence="monthly",
        publication_lag_days=35,
        needs_key=True,
    ),
    Source(
        source_id="bts",
        agency="US Bureau of Transportation Statistics",
        country_iso3="USA",
        title="TransBorder Freight Data: surface, air and sea freight with Canada and Mexico",
        homepage_url="https://www.bts.gov/transborder",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US Department of Transportation, Bureau of Transportation Statistics, TransBorder Freight Data.",
        cadence="monthly",
        publication_lag_days=60,
    ),
    Source(
        source_id="statcan",
        agency="Statistics Canada",
        country_iso3="CAN",
        title="Employment, trade, orders, prices and vehicle sales of Canada",
        homepage_url="https://www.statcan.gc.ca/",
        licence="Statistics Canada Open Licence",
        attribution='Source: Statistics Canada. Reproduced and distributed on an "as is" basis with the permission of '
        "Statistics Canada.",
        cadence="monthly and quarterly",
        publication_lag_days=40,
    ),
    Source(
        source_id="inegi",
        agency="Instituto Nacional de Estadística y Geografía",
        country_iso3="MEX",
        title="Vehicle production and sales, trade in goods and industrial activity of Mexico (BIE); register of light vehicles (RAIAVL)",
        homepage_url="https://www.inegi.org.mx/",
        licence="Términos de libre uso de la información del INEGI: free use with credit (read in excerpt)",
        attribution="Fuente: INEGI.",
        cadence="monthly",
        publication_lag_days=40,
        needs_key=True,
    ),
    Source(
        source_id="banxico",
        agency="Banco de México",
        country_iso3="MEX",
        title="Exchange rates (SIE)",
        homepage_url="https://www.banxico.org.mx/",
        licence=_NOT_VERIFIED,
        attribution="Fuente: Banco de México.",
        cadence="daily",
        publication_lag_days=1,
        needs_key=True,
    ),
    Source(
        source_id="bank_of_canada",
        agency="Bank of Canada",
        country_iso3="CAN",
        title="Exchange rates (Valet)",
        homepage_url="https://www.bankofcanada.ca/valet/docs",
        licence="Bank of Canada terms of use, https://www.bankofcanada.ca/terms/",
        attribution="Source: Bank of Canada.",
        cadence="every business day",
        publication_lag_days=1,
    ),
    Source(
        source_id="fed",
        agency="Board of Governors of the Federal Reserve System",
        country_iso3="USA",
        title="Industrial production, capacity utilisation and vehicle assemblies (G.17), foreign exchange rates (G.5)",
        homepage_url="https://www.federalreserve.gov/releases/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: Board of Governors of the Federal Reserve System.",
        cadence="monthly",
        publication_lag_days=16,
    ),
    Source(
        source_id="comtrade",
        agency="United Nations Statistics Division",
        country_iso3=None,
        title="UN Comtrade: trade in goods by reporter and partner",
        homepage_url="https://comtradeplus.un.org/",
        licence="internal use; handing the data on needs permission of UNSD above set amounts",
        attribution="Source: UN Comtrade, United Nations.",
        cadence="whenever a country reports",
        publication_lag_days=90,
        needs_key=True,
    ),
    Source(
        source_id="bea",
        agency="US Bureau of Economic Analysis",
        country_iso3="USA",
        title="Balance of payments trade; motor vehicle production, sales and inventories",
        homepage_url="https://www.bea.gov/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US Bureau of Economic Analysis.",
        cadence="monthly",
        publication_lag_days=35,
        needs_key=True,
    ),
    Source(
        source_id="treasury",
        agency="US Department of the Treasury",
        country_iso3="USA",
        title="Monthly Treasury Statement: customs duties",
        homepage_url="https://fiscaldata.treasury.gov/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US Department of the Treasury, Bureau of the Fiscal Service.",
        cadence="monthly",
        publication_lag_days=12,
    ),
    Source(
        source_id="usitc",
        agency="US International Trade Commission",
        country_iso3="USA",
        title="DataWeb: imports for consumption and imports entered under a USMCA claim",
        homepage_url="https://dataweb.usitc.gov/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US International Trade Commission, DataWeb, from statistics of the US Census Bureau.",
        cadence="monthly",
        publication_lag_days=35,
        needs_key=True,
    ),
    Source(
        source_id="oica",
        agency="Organisation Internationale des Constructeurs d'Automobiles",
        country_iso3=None,
        title="Production of motor vehicles by country and year",
        homepage_url="https://www.oica.net/",
        licence=_NOT_VERIFIED,
        attribution="Source: OICA.",
        cadence="annual",
        publication_lag_days=90,
    ),
)

#: publishers of documents for the feed of trade actions; they have no figures, and stand in the store once they were asked
FEED_SOURCES: tuple[Source, ...] = (
    Source(
        source_id="federal_register",
        agency="Office of the Federal Register (National Archives)",
        country_iso3="USA",
        title="Federal Register: presidential documents and notices on trade, for the feed of trade actions",
        homepage_url="https://www.federalregister.gov/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: Federal Register, Office of the Federal Register, National Archives and Records Administration.",
        cadence="every working day",
        publication_lag_days=7,
    ),
    Source(
        source_id="cbp",
        agency="US Customs and Border Protection",
        country_iso3="USA",
        title="CSMS bulletins, for the feed of trade actions",
        homepage_url="https://www.cbp.gov/trade/automated/cargo-systems-messaging-service",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US Customs and Border Protection, Cargo Systems Messaging Service.",
        cadence="every working day",
        publication_lag_days=1,
    ),
    Source(
        source_id="usitc_hts",
        agency="US International Trade Commission",
        country_iso3="USA",
        title="Editions of the Harmonized Tariff Schedule, for the feed of trade actions",
        homepage_url="https://hts.usitc.gov/",
        licence=_US_PUBLIC_DOMAIN,
        attribution="Source: US International Trade Commission, Harmonized Tariff Schedule.",
        cadence="with each revision",
        publication_lag_days=3,
    ),
    Source(
        source_id="canada_justice",
        agency="Department of Justice Canada",
        country_iso3="CAN",
        title="Regulations (SOR), for the feed of trade actions",
        homepage_url="https://laws-lois.justice.gc.ca/",
        licence="Reproduction of Federal Law Order, SI/97-5 (remembered)",
        attribution="Source: Justice Laws Website, Department of Justice Canada. Not an official version.",
        cadence="every two weeks",
        publication_lag_days=14,
    ),
    Source(
        source_id="cbsa",
        agency="Canada Border Services Agency",
        country_iso3="CAN",
        title="Customs notices, for the feed of trade actions",
        homepage_url="https://www.cbsa-asfc.gc.ca/",
        licence=_NOT_VERIFIED,
        attribution="Source: Canada Border Services Agency.",
        cadence="irregular",
        publication_lag_days=1,
    ),
    Source(
        source_id="gta",
        agency="Global Trade Alert",
        country_iso3=None,
        title="Interventions, for the feed of trade actions",
        homepage_url="https://www.globaltradealert.org/",
        licence="that of your own key; not passed on",
        attribution="Source: Global Trade Alert.",
        cadence="every working day",
        publication_lag_days=7,
        needs_key=True,
    ),
    Source(
        source_id="feed_review",
        agency="Headway",
        country_iso3=None,
        title="Decisions of this warehouse's users on candidates of the feed",
        homepage_url="",
        licence="your own",
        attribution="Your own decisions.",
        cadence="whenever somebody decides",
        publication_lag_days=None,
    ),
)

#: When a figure still counts as first released. A later one is only the oldest copy held, which may have been revised before
#: it was copied. Each limit ends before the next release of the same figure can come. A source without a row has none.
FIRST_RELEASES: tuple[FirstRelease, ...] = (
    # Employment Situation 1 to 11 days after the month, prices 10 to 19, after the lapse of 2013 22; the second estimate of
    # February comes no sooner than 29 days after it
    FirstRelease("bls", "*", 7, 21),
    # put off by the lapse of 2025: September to 20 November, October to 16 December, with November; the next was 26 and 24 days later
    FirstRelease("bls", "usa_employment_*", 51, 20, date(2025, 9, 1)),
    FirstRelease("bls", "usa_employment_*", 46, 20, date(2025, 10, 1)),
    # states: 15 to 30 days, January 38 to 46 (192 releases from 2011 on); the second estimate is never nearer than 50 in them
    FirstRelease("bls", "usa_??_employment_*", 20, 27),
    # put off by the lapses of 2013 (to 22 November) and 2025 (to 11 December and 7 January)
    FirstRelease("bls", "usa_??_employment_*", 53, 10, date(2013, 9, 1)),
    FirstRelease("bls", "usa_??_employment_*", 72, 10, date(2025, 9, 1)),
    FirstRelease("bls", "usa_??_employment_*", 68, 10, date(2025, 10, 1)),
    # the census of jobs: 155 to 175 days after the quarter, so up to 236 after its first month, which the lag is of; the next release,
    # which revises the quarter, 245 days after its last month at the earliest
    FirstRelease("bls", "usa_employment_*_qcew", 212, 27),
    FirstRelease("bls", "usa_??_employment_*_qcew", 212, 27),
    # FT-900 and M3: 34 to 41 days; the month is revised with the next one, 63 days after it at the earliest
    FirstRelease("census", "*", 35, 14),
    FirstRelease("usitc", "*", 35, 14),
    FirstRelease("bts", "*", 60, 21),
    FirstRelease("statcan", "*", 40, 14),
    # industrial activity 41 to 45 days; the next release comes a month later
    FirstRelease("inegi", "*", 42, 12),
    # trade: the timely figure after 27 days is replaced by a revised one after 38 to 40
    FirstRelease("inegi", "mex_exports_*", 27, 8),
    FirstRelease("inegi", "mex_imports_*", 27, 8),
    FirstRelease("inegi", "mex_balance_*", 27, 8),
    # vehicle register, 3 to 11 days
    FirstRelease("inegi", "mex_production_*", 8, 21),
    FirstRelease("inegi", "mex_sales_*", 8, 21),
    # monthly means of daily rates, which are not revised
    FirstRelease("banxico", "*", 1, 14),
    FirstRelease("bank_of_canada", "*", 1, 14),
    # G.17: 15 to 18 days; the next one, which revises six months, 41 days after the month at the earliest
    FirstRelease("fed", "*", 16, 20),
    FirstRelease("bea", "*", 35, 20),
    # vehicles: within the first week; the next month's release revises them
    FirstRelease("bea", "usa_sales_*", 4, 20),
    FirstRelease("bea", "usa_production_*", 20, 10),
    FirstRelease("bea", "usa_inventor*", 20, 10),
    FirstRelease("treasury", "*", 12, 14),
    FirstRelease("comtrade", "*", 90, 60),
    FirstRelease("oica", "*", 90, 90),
)

#: the files of the bundled figures, by dataset; an `observation_*` file is named after the publisher of its series
FIGURES_DATASETS: dict[str, str] = {
    "observation_bank_of_canada": "Exchange rates of the Bank of Canada",
    "observation_banxico": "Exchange rate FIX, Banco de México",
    "observation_bea": "Trade (balance of payments) and motor vehicles, BEA",
    "observation_bls": "Employment, hours, earnings and prices, BLS",
    "observation_bls_releases": "Employment in the USA, release by release, BLS",
    "observation_bls_states": "Employment in manufacturing by state, release by release, BLS",
    "observation_bts": "Freight with Canada and Mexico by mode and goods, TransBorder Freight Data",
    "observation_census": "Trade in goods by partner and orders, Census Bureau",
    "observation_fed": "Industrial production and exchange rates, Federal Reserve",
    "observation_inegi": "Vehicles, trade and industrial activity of Mexico, INEGI",
    "observation_inegi_press": "Light vehicles of Mexico, INEGI's bulletins as quoted by the press",
    "observation_oica": "Annual vehicle production, OICA",
    "observation_statcan": "Employment, trade, orders, prices and vehicle sales of Canada, Statistics Canada",
    "observation_statcan_press": "Vehicle sales in Canada, releases as quoted by the press",
    "observation_treasury": "Customs duties, US Treasury",
    "trade_flow_census_partner_totals": "US goods trade by partner",
    "trade_flow_census_hs2": "US imports for consumption and duty by HS chapter",
    "trade_flow_census_naics3": "US imports for consumption and duty by NAICS-3",
    "trade_flow_census_naics6": "US imports for consumption and duty by six-digit NAICS industry",
    "trade_flow_census_hs87_general": "US general imports of HS 87",
    "trade_flow_usitc_hs87": "US imports for consumption of HS 87, USITC DataWeb",
    "trade_flow_usitc_hs2": "US imports from Canada and Mexico by HS chapter and USMCA claim, USITC DataWeb",
    "trade_flow_usitc_hs4": "US imports from Canada and Mexico by HS heading and USMCA claim, USITC DataWeb",
    "trade_flow_bts_hs87": "US trade in HS 87 in TransBorder Freight Data",
    "freight_flow_bts": "Freight of HS 84, 85 and 87 with Canada and Mexico, TransBorder Freight Data",
}

SOURCES_BY_ID: dict[str, Source] = {source.source_id: source for source in SOURCES}
FEED_SOURCES_BY_ID: dict[str, Source] = {source.source_id: source for source in FEED_SOURCES}

#: a country, or `fx` for exchange rates, which belong to two; then what is measured, of what, and with which partner
SERIES_ID = re.compile(r"^(?:usa|can|mex|fx)(?:_[a-z0-9]+)+$")

_CLOSED_LISTS = {
    "frequency": FREQUENCIES,
    "seasonal_adjustment": ADJUSTMENTS,
    "flow": (None, *FLOWS),
    "basis": (None, *BASES),
}


@cache
def load_series_catalogue(path: Path = CATALOGUE) -> pl.DataFrame:
    """The catalogue of series, one row each, columns and types of SERIES_SCHEMA, in the order of the file.

    Raises CatalogueError naming the line for wrong columns, repeated or malformed ids, empty required cells, values
    outside the closed lists and publishers that are not in SOURCES.
    """
    catalogue = pl.read_csv(path, schema_overrides=SERIES_SCHEMA, null_values=[""], quote_char='"')
    if catalogue.columns != list(SERIES_SCHEMA):
        raise CatalogueError(f"{path.name}: columns are {catalogue.columns}, expected {list(SERIES_SCHEMA)}")
    ids: set[str] = set()
    for line, row in enumerate(catalogue.iter_rows(named=True), start=2):
        problem = _problem(row, ids)
        if problem:
            raise CatalogueError(f"{path.name} line {line} ({row['series_id']}): {problem}")
        ids.add(row["series_id"])
    return catalogue


def _problem(row: dict[str, object], earlier_ids: set[str]) -> str | None:
    """The first thing wrong with a row of the catalogue, in words; None where it is good."""
    empty = [name for name, value in row.items() if value is None and name not in SERIES_OPTIONAL]
    if empty:
        return f"{', '.join(empty)} must not be empty"
    if not SERIES_ID.match(str(row["series_id"])):
        return "the id is not a slug of the form <iso3>_<measure>_<what>"
    if row["series_id"] in earlier_ids:
        return "the id was used on an earlier line"
    if row["source_id"] not in SOURCES_BY_ID or row["source_id"] == "figures":
        return f"source_id {row['source_id']} is not a publisher in registry.py"
    for name, allowed in _CLOSED_LISTS.items():
        if row[name] not in allowed:
            return f"{name} {row[name]} is not one of {[item for item in allowed if item]}"
    return None
