"""The layouts of the Census Bureau's monthly bulk files, as data: detail of imports and exports, and their control totals.

Belongs here: where each field stands. Does not belong here: reading lines (fixed_width.py), comparing totals (census_bulk.py).

Places of the detail: the Bureau's record layouts imdb.html and exdb.html, on which three independent parsers agree. Places
of the control totals: the same pages as two independent public parsers give them (read 2026-11-29); no file of them was
at hand, so a file whose lines have another length is refused, and with it its month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from transforms.detail_tables import EXPORTS, IMPORTS, DetailTable
from transforms.parse.fixed_width import Field, Layout


@dataclass(frozen=True)
class Control:
    """A file of totals in the same zip. layout: its codes are columns of the detail, by which the detail is summed.

    required: whether a month without the file is refused.
    """

    member: str
    layout: Layout
    required: bool


@dataclass(frozen=True)
class Bulk:
    """One kind of bulk file. member: of the detail in the zip, in upper case and without ending.

    countries, districts: columns whose codes must stand in COUNTRY.TXT and DISTRICT.TXT of the zip.
    """

    table: DetailTable
    member: str
    layout: Layout
    controls: tuple[Control, ...]
    districts: tuple[str, ...]
    countries: tuple[str, ...] = ("country_code",)


_IMPORTS_LAYOUT = Layout(
    name="imports of merchandise, detail",
    line_bytes=688,
    codes=(
        Field("hs10", 1, 10),
        Field("country_code", 11, 14),
        Field("subcountry_code", 15, 16, digits=False),
        Field("district_entry", 17, 18),
        Field("district_unlading", 19, 20),
        Field("rate_provision", 21, 22, digits=False),
    ),
    year=Field("year", 23, 26),
    month=Field("month", 27, 28),
    first_amount=29,
    amounts=IMPORTS.amounts,
)

_EXPORTS_LAYOUT = Layout(
    name="exports of merchandise, detail",
    line_bytes=323,
    codes=(
        Field("domestic_foreign", 1, 1),
        Field("hs10", 2, 11),
        Field("country_code", 12, 15),
        Field("district", 16, 17),
    ),
    year=Field("year", 18, 21),
    month=Field("month", 22, 23),
    first_amount=24,
    amounts=EXPORTS.amounts,
)


def _totals(
    name: str, line_bytes: int, codes: tuple[Field, ...], year: int, amounts: tuple[str, ...]
) -> Layout:
    """A layout of totals: codes and words, then year and month from the place `year` on, then the amounts."""
    return Layout(
        name=name,
        line_bytes=line_bytes,
        codes=codes,
        year=Field("year", year, year + 3),
        month=Field("month", year + 4, year + 5),
        first_amount=year + 6,
        amounts=amounts,
    )


#: totals over products have no quantities, because units differ
_IMPORT_AMOUNTS = tuple(name for name in IMPORTS.amounts if "quantity" not in name)
_EXPORT_AMOUNTS = tuple(name for name in EXPORTS.amounts if "quantity" not in name)

_BY_ENTRY = _totals(
    "imports by district of entry", 578, (Field("district_entry", 1, 2),), 33, _IMPORT_AMOUNTS
)
_BY_DISTRICT = _totals("exports by district", 278, (Field("district", 1, 2),), 33, _EXPORT_AMOUNTS)

IMPORTS_BULK = Bulk(
    table=IMPORTS,
    member="IMP_DETL",
    layout=_IMPORTS_LAYOUT,
    controls=(
        Control(
            "IMP_COMM", _totals("imports by product", 732, (Field("hs10", 1, 10),), 67, IMPORTS.amounts), True
        ),
        Control(
            "IMP_CTY",
            _totals("imports by country", 580, (Field("country_code", 1, 4),), 35, _IMPORT_AMOUNTS),
            True,
        ),
        Control("IMP_DE", _BY_ENTRY, True),
        Control(
            "IMP_DU",
            replace(
                _BY_ENTRY, name="imports by district of unlading", codes=(Field("district_unlading", 1, 2),)
            ),
            False,
        ),
    ),
    districts=("district_entry", "district_unlading"),
)

EXPORTS_BULK = Bulk(
    table=EXPORTS,
    member="EXP_DETL",
    layout=_EXPORTS_LAYOUT,
    controls=(
        Control(
            "EXP_COMM",
            _totals(
                "exports by product",
                373,
                (Field("domestic_foreign", 1, 1), Field("hs10", 2, 11)),
                68,
                EXPORTS.amounts,
            ),
            True,
        ),
        Control(
            "EXP_CTY",
            _totals("exports by country", 280, (Field("country_code", 1, 4),), 35, _EXPORT_AMOUNTS),
            False,
        ),
        Control("EXP_DIST", _BY_DISTRICT, False),
    ),
    districts=("district",),
)

BULKS: tuple[Bulk, ...] = (IMPORTS_BULK, EXPORTS_BULK)
