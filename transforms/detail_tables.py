"""The tables of the detail lake: one for each flow, with the columns of its Parquet files in their order.

Belongs here: names, types and sort orders of what a month file of the lake holds; readers and both engines rely on them.
Does not belong here: where a field stands in a line of the source (parse/detail_layouts.py), the files that hold a month
(orchestration/base/detail_catalogue.py), SQL.

Every amount is a whole number as the source prints it: US dollars, kilograms, or units of the product's own quantity.
"""

from __future__ import annotations

from dataclasses import dataclass

#: the columns that say where a row belongs; `vintage` is the text of its folder (2026-11-29, 2026-11-29.2)
PLACE = ("flow", "month", "vintage")


@dataclass(frozen=True)
class DetailTable:
    """One flow of the lake.

    flow:       its name, as in the folder `flow=<flow>`.
    codes:      columns of text, in the order of the file.
    amounts:    columns of whole numbers (BIGINT).
    sorted_by:  the order of the rows of a month: product and country first, where the table has them, so that one product
                or one partner reads few row groups.
    title:      what the rows are, for people.
    """

    flow: str
    codes: tuple[str, ...]
    amounts: tuple[str, ...]
    sorted_by: tuple[str, ...]
    title: str

    @property
    def columns(self) -> dict[str, str]:
        """Column -> SQL type (VARCHAR, DATE, BIGINT), in the order of the file; `month` is a first day."""
        return {
            "flow": "VARCHAR",
            "month": "DATE",
            "vintage": "VARCHAR",
            **dict.fromkeys(self.codes, "VARCHAR"),
            **dict.fromkeys(self.amounts, "BIGINT"),
        }


_BY_AIR_AND_SEA = (
    "air_value",
    "air_weight",
    "vessel_value",
    "vessel_weight",
    "container_value",
    "container_weight",
)

IMPORTS = DetailTable(
    flow="imports",
    codes=(
        "hs10",
        "country_code",
        "subcountry_code",
        "district_entry",
        "district_unlading",
        "rate_provision",
    ),
    amounts=(
        "cards",
        "consumption_quantity_1",
        "consumption_quantity_2",
        "consumption_value",
        "dutiable_value",
        "calculated_duty",
        "consumption_charges",
        "consumption_cif_value",
        "general_quantity_1",
        "general_quantity_2",
        "general_value",
        "general_charges",
        "general_cif_value",
        "air_value",
        "air_weight",
        "air_charges",
        "vessel_value",
        "vessel_weight",
        "vessel_charges",
        "container_value",
        "container_weight",
        "container_charges",
    ),
    sorted_by=(
        "hs10",
        "country_code",
        "district_entry",
        "district_unlading",
        "rate_provision",
        "subcountry_code",
    ),
    title="US imports by HTS 10, country, districts and rate provision",
)

EXPORTS = DetailTable(
    flow="exports",
    codes=("domestic_foreign", "hs10", "country_code", "district"),
    amounts=("cards", "quantity_1", "quantity_2", "export_value", *_BY_AIR_AND_SEA),
    sorted_by=("hs10", "country_code", "district", "domestic_foreign"),
    title="US exports by Schedule B 10, country and district",
)

_FREIGHT_AMOUNTS = ("value", "shipping_weight", "freight_charges")

TRANSBORDER_PORT = DetailTable(
    flow="transborder_port",
    codes=(
        "trade_type",
        "usa_state",
        "port_code",
        "mode",
        "mexican_state",
        "canadian_province",
        "country_code",
        "domestic_foreign",
        "containerized",
    ),
    amounts=_FREIGHT_AMOUNTS,
    sorted_by=("country_code", "port_code", "usa_state", "trade_type", "mode"),
    title="Freight with Canada and Mexico by state and port (dot1)",
)

TRANSBORDER_STATE_COMMODITY = DetailTable(
    flow="transborder_state_commodity",
    codes=(
        "trade_type",
        "usa_state",
        "commodity_2",
        "mode",
        "mexican_state",
        "canadian_province",
        "country_code",
        "domestic_foreign",
        "containerized",
    ),
    amounts=_FREIGHT_AMOUNTS,
    sorted_by=("commodity_2", "country_code", "usa_state", "trade_type", "mode"),
    title="Freight with Canada and Mexico by state and HS chapter (dot2)",
)

TRANSBORDER_PORT_COMMODITY = DetailTable(
    flow="transborder_port_commodity",
    codes=(
        "trade_type",
        "port_code",
        "commodity_2",
        "mode",
        "country_code",
        "domestic_foreign",
        "containerized",
    ),
    amounts=_FREIGHT_AMOUNTS,
    sorted_by=("commodity_2", "country_code", "port_code", "trade_type", "mode"),
    title="Freight with Canada and Mexico by port and HS chapter (dot3)",
)

#: every flow of the lake by its name
DETAIL_TABLES: dict[str, DetailTable] = {
    table.flow: table
    for table in (
        IMPORTS,
        EXPORTS,
        TRANSBORDER_PORT,
        TRANSBORDER_STATE_COMMODITY,
        TRANSBORDER_PORT_COMMODITY,
    )
}
