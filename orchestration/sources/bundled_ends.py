"""Where the bundled figures of a source end, why, and which series go on instead.

Belongs here: the reasons, for docs/sources. Does not belong here: holes within a series (dbt_project/seeds/series), and the last
months themselves: a series in braces is followed by its last period, read from the manifest of the figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: source -> sentences; `{series_id}` stands for the id with its last bundled period
BUNDLED_ENDS: Mapping[str, tuple[str, ...]] = {
    "statcan": (
        "Trade, orders and prices of Canada come from one compilation of January 2023: {can_exports_motor_vehicles_parts}, "
        "{can_orders_manufacturing}, {can_producer_prices_motor_vehicles_parts}, {can_employment_manufacturing}. No later public copy "
        "of tables 12-10-0011, 12-10-0163, 14-10-0022 and 16-10-0047 was found; `headway refresh` goes on with them.",
        "Until then Canada's trade in vehicles of 2023 to 2026 is seen from the other side of the border: {usa_imports_naics336_can}; "
        "by heading from 2025 on {usa_imports_hs8703_can}, {usa_imports_hs8704_can} and {usa_imports_hs8708_can}; "
        "{usa_exports_hs87_can}; by year and mode {usa_freight_imports_can_hs87_annual}. Those are US dollars on the customs basis, not Canadian dollars on that of the "
        "balance of payments, and not adjusted.",
        "Payrolls come from a copy of December 2025 ({can_payroll_employment_manufacturing}); vehicles by registration reach "
        "{can_registrations_new_vehicles}, by sale {can_sales_new_vehicles}.",
    ),
    "inegi": (
        "The bank of economic indicators (BIE) comes from public copies that end in 2022: {mex_production_vehicles}, "
        "{mex_exports_goods}, {mex_industrial_production}. No later one was found; `headway refresh` with a free token goes on.",
        "Mexico's vehicles of 2023 to 2026 are in the register of light vehicles, by maker: {mex_production_light_vehicles}; exports and "
        "sales as the press quoted them (grade press): {mex_exports_light_vehicles}, {mex_sales_light_vehicles}. They leave heavy "
        "vehicles out and are never joined with the BIE.",
        "Mexico's trade of 2023 to 2026 is seen from the other side of the border: {usa_imports_goods_mex}, {usa_imports_naics336_mex}, "
        "by heading from 2025 on {usa_imports_hs8703_mex}, {usa_freight_imports_mex_transport_equipment}.",
    ),
    "bts": (
        "By mode {usa_freight_imports_can} and {usa_freight_imports_mex}; by group of goods for Mexico only "
        "({usa_freight_imports_mex_transport_equipment}), since no copy by group for Canada was found; by chapter a year at a time "
        "({usa_freight_imports_can_hs87_annual}).",
        "`fct_freight_flow` by state, chapter and mode holds chapters 84, 85 and 87 of 2015-01 and of 2020-01 to 2024-09: all chapters "
        "would be seven times as many rows. `headway refresh` goes on with every month.",
    ),
    "census": (
        "Imports by HS chapter with duty: 30 partners and the world, {usa_imports_hs87_wld}; later copies were larger than what could be "
        "fetched. By NAICS subsector {usa_imports_naics336_can}, by six-digit industry {usa_imports_naics336110_wld}, of all goods "
        "{usa_imports_goods_can} and, by partner, {usa_imports_general_can}.",
        "Totals by partner (`fct_trade_flow`) go back to 1985. Where the copy of 2018 and the later figures agree within 1 % over the "
        "months of both they are one series. 29 partners and flows do not, of which exports to Panama are the largest (1.2 % apart), and two "
        "have no month in common (imports from Cuba and North Korea): the copy has their months to 2012, and `break_period` parts those from "
        "the later ones.",
    ),
    "usitc": (
        "Canada and Mexico only, January 2025 on: {usa_imports_hs8703_can}, {usa_usmca_claimed_share_hs87_mex}. Chapters and headings are "
        "kept (73,172 cells). The ten-digit codes that they are sums of would be a million cells, more than all other trade flows together, "
        "and many of them are 0.",
    ),
    "bls": (
        "Employment of the USA: 192 releases to that of January 2026 ({usa_employment_motor_vehicles_parts}); of the states "
        "{usa_mi_employment_manufacturing}. State figures of the vehicle industries are not in those releases.",
        "Prices of used vehicles: {usa_cpi_used_vehicles}, the last copy found; of new ones {usa_cpi_new_vehicles}. `headway refresh` "
        "goes on with both.",
        "The Quarterly Census of Employment and Wages, which has them, is not bundled, since no public copy by industry and state was "
        "found; `headway refresh` asks for it (`usa_??_employment_motor_vehicles_qcew`, `usa_??_employment_vehicle_parts_qcew`).",
    ),
    "bea": (
        "Sales of light vehicles reach {usa_sales_light_vehicles}. Of cars alone, of inventories to sales and of unadjusted figures only "
        "copies of early 2023 were found: {usa_sales_autos}, {usa_inventory_sales_ratio_autos}, {usa_sales_vehicles_nsa}, "
        "{usa_production_autos_nsa}.",
    ),
    "banxico": ("Daily rates of whole months: {fx_usd_mxn_banxico}.",),
    "bank_of_canada": (
        "Monthly means: {fx_usd_cad_bank_of_canada}; the Federal Reserve's goes on to {fx_usd_cad}.",
    ),
}


def ends_of(source_id: str, last_periods: Mapping[str, str]) -> tuple[str, ...]:
    """The sentences of a source, each series with its last period: `usa_x` (to 2026-02).

    last_periods: series_id -> last period with a value, as it is written (2026-02, 2025). Raises KeyError for a series that is
    not bundled.
    """

    def named(found: re.Match[str]) -> str:
        return f"`{found[1]}` (to {last_periods[found[1]]})"

    return tuple(re.sub(r"\{(\w+)\}", named, text) for text in BUNDLED_ENDS.get(source_id, ()))
