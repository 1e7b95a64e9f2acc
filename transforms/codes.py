"""Codes of partners as the sources write them, and the codes we publish.

Belongs here: closed code lists and pure look-ups between them.
Does not belong here: names and groupings shown to users (dbt seeds), periods and units.
"""

from __future__ import annotations

import re

import polars as pl

#: Schedule C writes the total over all countries as a dash
WORLD = "-"

# Census Schedule C to ISO 3166-1 alpha-3, for every partner of US goods trade 2013-2024. Codes beginning with X are
# user-assigned in ISO 3166: Kosovo, Gaza and the West Bank (which Census counts apart) and unidentified countries.
_SCHEDULE_C = """
    1010 GRL, 1220 CAN, 1610 SPM, 2010 MEX, 2050 GTM, 2080 BLZ, 2110 SLV, 2150 HND, 2190 NIC, 2230 CRI, 2250 PAN,
    2320 BMU, 2360 BHS, 2390 CUB, 2410 JAM, 2430 TCA, 2440 CYM, 2450 HTI, 2470 DOM, 2481 AIA, 2482 VGB, 2483 KNA,
    2484 ATG, 2485 MSR, 2486 DMA, 2487 LCA, 2488 VCT, 2489 GRD, 2720 BRB, 2740 TTO, 2774 SXM, 2777 CUW, 2779 ABW,
    2831 GLP, 2839 MTQ, 3010 COL, 3070 VEN, 3120 GUY, 3150 SUR, 3170 GUF, 3310 ECU, 3330 PER, 3350 BOL, 3370 CHL,
    3510 BRA, 3530 PRY, 3550 URY, 3570 ARG, 3720 FLK, 4000 ISL, 4010 SWE, 4031 SJM, 4039 NOR, 4050 FIN, 4091 FRO,
    4099 DNK, 4120 GBR, 4190 IRL, 4210 NLD, 4231 BEL, 4239 LUX, 4271 AND, 4272 MCO, 4279 FRA, 4280 DEU, 4330 AUT,
    4351 CZE, 4359 SVK, 4370 HUN, 4411 LIE, 4419 CHE, 4470 EST, 4490 LVA, 4510 LTU, 4550 POL, 4621 RUS, 4622 BLR,
    4623 UKR, 4631 ARM, 4632 AZE, 4633 GEO, 4634 KAZ, 4635 KGZ, 4641 MDA, 4642 TJK, 4643 TKM, 4644 UZB, 4700 ESP,
    4710 PRT, 4720 GIB, 4730 MLT, 4751 SMR, 4752 VAT, 4759 ITA, 4791 HRV, 4792 SVN, 4793 BIH, 4794 MKD, 4801 SRB,
    4803 XKX, 4804 MNE, 4810 ALB, 4840 GRC, 4850 ROU, 4870 BGR, 4890 TUR, 4910 CYP, 5020 SYR, 5040 LBN, 5050 IRQ,
    5070 IRN, 5081 ISR, 5082 XGZ, 5083 XWB, 5110 JOR, 5130 KWT, 5170 SAU, 5180 QAT, 5200 ARE, 5210 YEM, 5230 OMN,
    5250 BHR, 5310 AFG, 5330 IND, 5350 PAK, 5360 NPL, 5380 BGD, 5420 LKA, 5460 MMR, 5490 THA, 5520 VNM, 5530 LAO,
    5550 KHM, 5570 MYS, 5590 SGP, 5600 IDN, 5601 TLS, 5610 BRN, 5650 PHL, 5660 MAC, 5682 BTN, 5683 MDV, 5700 CHN,
    5740 MNG, 5790 PRK, 5800 KOR, 5820 HKG, 5830 TWN, 5880 JPN, 6021 AUS, 6022 NFK, 6023 CCK, 6024 CXR, 6029 HMD,
    6040 PNG, 6141 NZL, 6142 COK, 6143 TKL, 6144 NIU, 6150 WSM, 6223 SLB, 6224 VUT, 6225 PCN, 6226 KIR, 6227 TUV,
    6412 NCL, 6413 WLF, 6414 PYF, 6810 MHL, 6820 FSM, 6830 PLW, 6862 NRU, 6863 FJI, 6864 TON, 7140 MAR, 7210 DZA,
    7230 TUN, 7250 LBY, 7290 EGY, 7321 SDN, 7323 SSD, 7370 ESH, 7380 GNQ, 7410 MRT, 7420 CMR, 7440 SEN, 7450 MLI,
    7460 GIN, 7470 SLE, 7480 CIV, 7490 GHA, 7500 GMB, 7510 NER, 7520 TGO, 7530 NGA, 7540 CAF, 7550 GAB, 7560 TCD,
    7580 SHN, 7600 BFA, 7610 BEN, 7620 AGO, 7630 COG, 7642 GNB, 7643 CPV, 7644 STP, 7650 LBR, 7660 COD, 7670 BDI,
    7690 RWA, 7700 SOM, 7741 ERI, 7749 ETH, 7770 DJI, 7780 UGA, 7790 KEN, 7800 SYC, 7810 IOT, 7830 TZA, 7850 MUS,
    7870 MOZ, 7880 MDG, 7881 MYT, 7890 COM, 7904 REU, 7905 ATF, 7910 ZAF, 7920 NAM, 7930 BWA, 7940 ZMB, 7950 SWZ,
    7960 ZWE, 7970 MWI, 7990 LSO, 8220 XUN,
"""

ISO3_OF_SCHEDULE_C: dict[str, str] = dict(pair.split() for pair in _SCHEDULE_C.split(",") if pair.strip())
SCHEDULE_C_OF_ISO3: dict[str, str] = {iso3: code for code, iso3 in ISO3_OF_SCHEDULE_C.items()}

#: groups of countries in the partner column of Census answers; a country may be in several of them
GROUPS: dict[str, str] = {
    "0001": "OPEC",
    "0003": "European Union",
    "0014": "Pacific Rim countries",
    "0017": "CAFTA-DR",
    "0020": "USMCA (NAFTA)",
    "0021": "Twenty Latin American Republics",
    "0022": "OECD",
    "0023": "NATO",
    "0024": "LAFTA",
    "0025": "Euro area",
    "0026": "APEC",
    "0027": "ASEAN",
    "0028": "CACM",
    "1XXX": "North America",
    "2XXX": "Central America",
    "3XXX": "South America",
    "4XXX": "Europe",
    "5XXX": "Asia",
    "6XXX": "Australia and Oceania",
    "7XXX": "Africa",
}

# Names as the Census API prints them, for files without codes. The API prints today's names also for old months.
_CODE_OF_NAME: dict[str, str] = {
    "TOTAL FOR ALL COUNTRIES": WORLD,
    "EUROPEAN UNION": "0003",
    "USMCA (NAFTA)": "0020",
    "AUSTRALIA": "6021",
    "AUSTRIA": "4330",
    "BELGIUM": "4231",
    "BRAZIL": "3510",
    "CANADA": "1220",
    "CHILE": "3370",
    "CHINA": "5700",
    "COLOMBIA": "3010",
    "FRANCE": "4279",
    "GERMANY": "4280",
    "INDIA": "5330",
    "INDONESIA": "5600",
    "IRELAND": "4190",
    "ISRAEL": "5081",
    "ITALY": "4759",
    "JAPAN": "5880",
    "KOREA, SOUTH": "5800",
    "MALAYSIA": "5570",
    "MEXICO": "2010",
    "NETHERLANDS": "4210",
    "RUSSIA": "4621",
    "SAUDI ARABIA": "5170",
    "SINGAPORE": "5590",
    "SPAIN": "4700",
    "SWEDEN": "4010",
    "SWITZERLAND": "4419",
    "TAIWAN": "5830",
    "THAILAND": "5490",
    "UNITED KINGDOM": "4120",
    "VIETNAM": "5520",
}

_GROUP = re.compile(r"^(?:0\d{3}|[1-7]XXX)$")
_COUNTRY = re.compile(r"^[1-9]\d{3}$")


def is_group(partner_code: str) -> bool:
    """Whether a Schedule C partner code is a total or a group of countries, which must not be added to countries."""
    return partner_code == WORLD or bool(_GROUP.match(partner_code))


def is_country(partner_code: str) -> bool:
    """Whether a Schedule C partner code is one country: four digits, the first not a zero."""
    return bool(_COUNTRY.match(partner_code))


def hs_edition(period_start: pl.Expr) -> pl.Expr:
    """The edition of the Harmonized System in force in the United States in the month of a date: '2007' to '2022'.

    The United States took over the editions 2007, 2012, 2017 and (on the 27th) 2022 in January of that year.
    """
    year = period_start.dt.year()
    return (
        pl.when(year >= 2022)
        .then(pl.lit("2022"))
        .when(year >= 2017)
        .then(pl.lit("2017"))
        .when(year >= 2012)
        .then(pl.lit("2012"))
        .otherwise(pl.lit("2007"))
    )


def partner_code_of_name(name: str) -> str:
    """The Schedule C code of a partner from its name in Census answers. Raises ValueError for a name without a code."""
    try:
        return _CODE_OF_NAME[name.strip().upper()]
    except KeyError:
        raise ValueError(f"no Schedule C code for the partner name {name!r}") from None
