"""What a person is told to do after a refusal names the settings of that agency."""

from __future__ import annotations

from orchestration.intake.agency.remedies import about_key, about_manners
from orchestration.sources.datasets import APIS


def test_a_refused_program_is_told_the_settings_of_this_agency():
    told = about_manners(APIS["BTS"])
    assert "HEADWAY_CONTACT_EMAIL, HEADWAY_USER_AGENT_BTS, HEADWAY_REFERER_BTS" in told
    assert "HEADWAY_CENSUS_KEY" in about_manners(APIS["CENSUS"]) and "CONTACT" not in about_manners(
        APIS["CENSUS"]
    )


def test_a_refused_key_is_told_its_variable_and_where_it_comes_from():
    assert about_key(APIS["CENSUS"]).startswith("check HEADWAY_CENSUS_KEY (https://api.census.gov/")
    assert about_key(APIS["BLS_FLAT"]) == "set HEADWAY_CONTACT_EMAIL to an e-mail address"
    assert about_key(APIS["FED"]) == "it asks for no key we know"
