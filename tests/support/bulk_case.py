"""Zips in the layout of the Census Bureau's bulk files, made of real values, and damaged ones.

Belongs here: writing lines field by field, as the Bureau's record layouts list the fields; nothing of the parser is used,
so that a field at the wrong place shows. Does not belong here: assertions.

Values: imports for consumption from Canada and Mexico in January 2025 with the part claimed under USMCA, exports of
January 2025 (Census, USITC DataWeb; public domain). Districts and rate provisions are not in those copies: they are made up.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

#: product, country, value of consumption, part claimed under USMCA
IMPORTED = (
    ("2709001000", "1220", 6072316819, 1561918137),
    ("2709001000", "2010", 572849100, 144096795),
    ("2709002090", "1220", 2388857163, 152513080),
    ("2709002090", "2010", 382057054, 74807133),
    ("8703220110", "1220", 277954519, 277954519),
    ("8703220110", "2010", 1115793440, 1115521974),
    ("8703230140", "1220", 571884081, 571651300),
    ("8703230140", "2010", 1770100211, 1404166204),
    ("8703240150", "1220", 437784640, 437779690),
    ("8703400020", "1220", 826703608, 826628688),
    ("8703800060", "2010", 678342908, 662907155),
    ("8708295160", "1220", 312585347, 203566095),
    ("8708295160", "2010", 589772086, 385273891),
    ("8708998180", "2010", 339862469, 252165744),
)
#: product, country, value
EXPORTED = (
    ("2711110000", "4890", 541077930),
    ("3002140000", "4190", 172119292),
    ("3002140000", "4419", 111543467),
    ("3002150100", "4190", 99420570),
    ("7108121020", "4419", 99659197),
    ("7108125000", "4419", 167217045),
    ("7113190000", "4419", 274636143),
    ("8542310075", "5520", 86078140),
    ("8800000000", "4419", 104571068),
    ("8800000000", "4890", 104803255),
)
MONTH = date(2025, 1, 1)

#: amounts of imports in the order of the record: cards, consumption, general, then air, vessel, container
IMPORT_AMOUNTS = (
    *("cards", "con_qy1", "con_qy2", "con_val", "dut_val", "cal_dut", "con_cha", "con_cif"),
    *("gen_qy1", "gen_qy2", "gen_val", "gen_cha", "gen_cif"),
    *("air_val", "air_wgt", "air_cha", "ves_val", "ves_wgt", "ves_cha", "cnt_val", "cnt_wgt", "cnt_cha"),
)
EXPORT_AMOUNTS = (
    *("cards", "qty_1", "qty_2", "all_val"),
    *("air_val", "air_wgt", "ves_val", "ves_wgt", "cnt_val", "cnt_wgt"),
)

Row = Mapping[str, object]


def import_rows(month: date = MONTH) -> list[dict[str, object]]:
    """The imported values as rows of detail: claimed under USMCA by one district, the rest by another, and a cell without trade."""
    rows: list[dict[str, object]] = []
    for number, (product, country, value, claimed) in enumerate(IMPORTED):
        for provision, district, part in (("00", "38", value - claimed), ("18", "23", claimed)):
            if part == 0:
                continue
            rows.append(
                {
                    **{
                        "hs10": product,
                        "country": country,
                        "subco": "",
                        "entry": district,
                        "unlading": district,
                    },
                    **{"provision": provision, "month": month, "cards": number + 1, "con_qy1": part // 1000},
                    **{"con_val": part, "dut_val": part if provision == "00" else 0, "con_cif": part + 7},
                    **{
                        "gen_val": part,
                        "gen_cif": part + 7,
                        "con_cha": 7,
                        "gen_cha": 7,
                        "air_val": part % 1000,
                    },
                }
            )
    still = dict.fromkeys(IMPORT_AMOUNTS, 0)
    place = {"hs10": "8703900000", "country": "2010", "subco": "", "entry": "23", "unlading": "23"}
    return [*rows, {**place, "provision": "00", "month": month, **still}]


def export_rows(month: date = MONTH) -> list[dict[str, object]]:
    """The exported values as rows of detail, each as domestic (1), and a cell of foreign exports (2) without trade."""
    rows = [
        {
            **{"df": "1", "hs10": product, "country": country, "district": "10", "month": month},
            **{
                "cards": 1,
                "qty_1": value // 1000,
                "all_val": value,
                "ves_val": value,
                "ves_wgt": value // 100,
            },
        }
        for product, country, value in EXPORTED
    ]
    return [*rows, {"df": "2", "hs10": "8800000000", "country": "5520", "district": "10", "month": month}]


def _amounts(row: Row, names: Iterable[str]) -> str:
    """The amounts of the month, zero-filled to 15 characters, and the same again as year to date."""
    text = "".join(f"{int(row.get(name, 0)):015d}" for name in names)  # type: ignore[call-overload]
    return text + text


def _when(row: Row) -> str:
    return f"{row['month']:%Y%m}"


def import_line(row: Row) -> str:
    codes = f"{row['hs10']:<10}{row['country']:<4}{row['subco']:<2}{row['entry']:<2}{row['unlading']:<2}{row['provision']:<2}"
    return codes + _when(row) + _amounts(row, IMPORT_AMOUNTS)


def export_line(row: Row) -> str:
    codes = f"{row['df']:<1}{row['hs10']:<10}{row['country']:<4}{row['district']:<2}"
    return codes + _when(row) + _amounts(row, EXPORT_AMOUNTS)


def _totals(
    rows: Iterable[Row], by: tuple[str, ...], head: str, names: Iterable[str], month: date
) -> list[str]:
    """Lines of totals: `head` is a format of the key, in which `words` stands for the description."""
    sums: dict[tuple[object, ...], dict[str, int]] = {}
    names = list(names)
    for row in rows:
        total = sums.setdefault(tuple(row[code] for code in by), dict.fromkeys(names, 0))
        for name in names:
            total[name] += int(row.get(name, 0))  # type: ignore[call-overload]
    return [
        head.format(**dict(zip(by, key, strict=True)), words="") + f"{month:%Y%m}" + _amounts(total, names)
        for key, total in sorted(sums.items())
    ]


def import_members(rows: list[dict[str, object]], month: date = MONTH) -> dict[str, list[str]]:
    """The members of an import zip, as lists of lines; one has a name in mixed case, as in real zips."""
    no_quantity = [name for name in IMPORT_AMOUNTS if "qy" not in name]
    return {
        "IMP_DETL.TXT": [import_line(row) for row in rows],
        "IMP_COMM.TXT": _totals(rows, ("hs10",), "{hs10:<10}{words:<50}NO    ", IMPORT_AMOUNTS, month),
        "imp_CTY.txt": _totals(rows, ("country",), "{country:<4}{words:<30}", no_quantity, month),
        "IMP_DE.TXT": _totals(rows, ("entry",), "{entry:<2}{words:<30}", no_quantity, month),
        "IMP_DU.TXT": _totals(rows, ("unlading",), "{unlading:<2}{words:<30}", no_quantity, month),
        "COUNTRY.TXT": [f"{code}{'':7}{name:<50}" for code, name in (("1220", "Canada"), ("2010", "Mexico"))],
        "DISTRICT.TXT": [f"{code}{'':7}{name:<50}" for code, name in (("23", "Laredo"), ("38", "Detroit"))],
    }


def export_members(rows: list[dict[str, object]], month: date = MONTH) -> dict[str, list[str]]:
    """The members of an export zip, as lists of lines."""
    no_quantity = [name for name in EXPORT_AMOUNTS if "qty" not in name]
    countries = sorted({str(row["country"]) for row in rows})
    return {
        "EXP_DETL.TXT": [export_line(row) for row in rows],
        "EXP_COMM.TXT": _totals(
            rows, ("df", "hs10"), "{df:<1}{hs10:<10}{words:<50}KG    ", EXPORT_AMOUNTS, month
        ),
        "EXP_CTY.TXT": _totals(rows, ("country",), "{country:<4}{words:<30}", no_quantity, month),
        "EXP_DIST.TXT": _totals(rows, ("district",), "{district:<2}{words:<30}", no_quantity, month),
        "COUNTRY.TXT": [f"{code}{'':7}{'':<50}" for code in countries],
        "DISTRICT.TXT": [f"10{'':7}{'New York':<50}"],
    }


def zipped(path: Path, members: Mapping[str, list[str] | bytes]) -> Path:
    """Write a zip of these members with Windows line ends and fixed times, so that the same content has the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in members.items():
            content = lines if isinstance(lines, bytes) else "".join(f"{line}\r\n" for line in lines).encode()
            archive.writestr(zipfile.ZipInfo(name, (2025, 3, 6, 8, 30, 0)), content, zipfile.ZIP_DEFLATED)
    return path


def imports_zip(folder: Path, month: date = MONTH, rows: list[dict[str, object]] | None = None) -> Path:
    """IMDByymm.ZIP of a month in `folder`."""
    rows = import_rows(month) if rows is None else rows
    return zipped(folder / f"IMDB{month:%y%m}.ZIP", import_members(rows, month))


def exports_zip(folder: Path, month: date = MONTH, rows: list[dict[str, object]] | None = None) -> Path:
    """EXDByymm.ZIP of a month in `folder`."""
    rows = export_rows(month) if rows is None else rows
    return zipped(folder / f"EXDB{month:%y%m}.ZIP", export_members(rows, month))
