"""Partner codes of Census and TransBorder."""

from __future__ import annotations

import csv
import re
from datetime import date

import polars as pl
import pytest

from transforms.codes import (
    GROUPS,
    ISO3_OF_SCHEDULE_C,
    SCHEDULE_C_OF_ISO3,
    WORLD,
    hs_edition,
    is_country,
    is_group,
    partner_code_of_name,
)


def test_every_country_has_its_own_code_and_none_is_a_group():
    assert len(SCHEDULE_C_OF_ISO3) == len(ISO3_OF_SCHEDULE_C) == 235
    assert all(is_country(code) and not is_group(code) for code in ISO3_OF_SCHEDULE_C)
    assert all(re.fullmatch("[A-Z]{3}", iso3) for iso3 in SCHEDULE_C_OF_ISO3)


def test_groups_and_the_world_are_never_taken_for_countries_because_they_count_twice():
    assert all(is_group(code) and not is_country(code) for code in (*GROUPS, WORLD))


@pytest.mark.parametrize(
    ("code", "iso3"),
    [("1220", "CAN"), ("2010", "MEX"), ("5700", "CHN"), ("4280", "DEU"), ("5800", "KOR"), ("5880", "JPN")],
)
def test_the_partners_of_the_project(code, iso3):
    assert ISO3_OF_SCHEDULE_C[code] == iso3


def test_names_without_codes_are_found_and_an_unknown_name_is_an_error():
    assert partner_code_of_name("USMCA (NAFTA)") == "0020"
    assert partner_code_of_name("Korea, South") == "5800"
    with pytest.raises(ValueError, match="ATLANTIS"):
        partner_code_of_name("ATLANTIS")


def test_the_edition_of_the_harmonized_system_changes_in_january():
    months = {
        date(2011, 12, 1): "2007",
        date(2012, 1, 1): "2012",
        date(2016, 12, 1): "2012",
        date(2017, 1, 1): "2017",
        date(2021, 12, 1): "2017",
        date(2022, 1, 1): "2022",
    }
    frame = pl.DataFrame({"period_start": list(months)})
    assert frame.select(hs_edition(pl.col("period_start"))).to_series().to_list() == list(months.values())


@pytest.mark.recorded
def test_codes_agree_with_the_list_of_the_census_bureau(shared_data):
    """Independent of our table: Schedule C as published gives ISO alpha-2 beside each code."""
    text = (shared_data / "reference" / "census_schedule_c_27JAN21.txt").read_text(encoding="latin-1")
    published = dict(re.findall(r"^(\d{4})\s*\|.*\|\s*([A-Z]{2})\s*$", text, flags=re.MULTILINE))
    known = {
        "CA": "CAN",
        "MX": "MEX",
        "CN": "CHN",
        "DE": "DEU",
        "VN": "VNM",
        "CH": "CHE",
        "IE": "IRL",
        "ZA": "ZAF",
    }
    assert {code: known[iso2] for code, iso2 in published.items() if iso2 in known} == {
        code: ISO3_OF_SCHEDULE_C[code] for code, iso2 in published.items() if iso2 in known
    }
    with (shared_data / "reference" / "census_country_codes_2010_2025.csv").open(encoding="utf-8") as file:
        names = {row["CTY_NAME"]: row["CTY_CODE"] for row in csv.DictReader(file)}
    for name in ("AUSTRIA", "VIETNAM", "UNITED KINGDOM", "SAUDI ARABIA"):
        assert partner_code_of_name(name) == names[name]
