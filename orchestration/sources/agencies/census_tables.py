"""The tables of the Census Bureau's API that are asked for: which level of products, which codes, which partners.

Belongs here: what a table is and the list of them. Does not belong here: requests and answers (census.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms.codes import SCHEDULE_C_OF_ISO3, WORLD

#: metals and their articles, machinery, electrical goods, vehicles: what the disputes are about
CHAPTERS = ("72", "73", "76", "84", "85", "87")
#: headings whose ten-digit codes are kept: cars, trucks, parts of vehicles, petrol and diesel engines
HEADINGS = ("8407", "8408", "8703", "8704", "8708")
#: partners of the tables with fine products: the world, USMCA, and the largest other sources of vehicles and metals
PARTNERS = (WORLD, *(SCHEDULE_C_OF_ISO3[iso3] for iso3 in ("CAN", "MEX", "CHN", "DEU", "JPN", "KOR")))

#: first digits under which there are products: chapters 01 to 99; crops to fishing, mining, manufactures, other goods
_FIRST_DIGITS_OF_HS = tuple(f"{digit}*" for digit in range(10))
_FIRST_DIGITS_OF_NAICS = ("1*", "2*", "3*", "9*")
#: vehicles, bodies, parts, aircraft, railway, ships, other: the NAICS groups of transportation equipment
_GROUPS_OF_336 = tuple(f"336{digit}*" for digit in (1, 2, 3, 4, 5, 6, 9))


@dataclass(frozen=True)
class Table:
    """One table of the API at one level of products.

    variables:  asked for in get=, beside partner and product where no predicate names them
    commodity:  column of the product code; empty for the total over all goods
    level:      COMM_LVL; empty for every level of the API (end use)
    wildcards:  of product codes, one request for each; one empty wildcard stands for all products
    partners:   codes of the partners; empty for every country and group
    kept:       beginnings of the product codes that are kept; empty for all
    parts:      wildcards that together are all products of the level, asked where the server fails at one of `wildcards`; where
                products are `kept`, those are the parts
    stored:     slices of the store (PlanContext.latest) by which it is known to which month this table is stored: those
                of trade with the world, one for each basis
    """

    name: str
    title: str
    flow: str
    path: str
    variables: tuple[str, ...]
    stored: tuple[str, ...]
    commodity: str = ""
    level: str = ""
    wildcards: tuple[str, ...] = ("",)
    partners: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether an answer holds every product of its level, so that an absent one is withdrawn."""
        return self.wildcards == ("",) and not self.kept

    def parts_of(self, wildcard: str) -> tuple[str, ...]:
        """The wildcards that make up one of `wildcards`; () where it cannot be divided."""
        stem = wildcard.rstrip("*")
        every = self.parts or tuple(f"{code}*" for code in self.kept)
        return tuple(part for part in every if part.startswith(stem) and part != wildcard)


@dataclass(frozen=True)
class _Flow:
    """What differs between imports and exports."""

    name: str
    commodity: str
    end_use: str
    bases: tuple[str, ...]
    values: tuple[str, ...]
    duty: tuple[str, ...]
    quantities: tuple[str, ...]


_FLOWS = (
    _Flow(
        "imports",
        "I_COMMODITY",
        "I_ENDUSE",
        bases=("general", "consumption"),
        values=("GEN_VAL_MO", "CON_VAL_MO"),
        duty=("CAL_DUT_MO",),
        quantities=("GEN_QY1_MO", "GEN_QY1_MO_FLAG", "CON_QY1_MO", "CON_QY1_MO_FLAG", "UNIT_QY1"),
    ),
    _Flow(
        "exports",
        "E_COMMODITY",
        "E_ENDUSE",
        bases=("total_exports",),
        values=("ALL_VAL_MO",),
        duty=(),
        quantities=("QTY_1_MO", "QTY_1_MO_FLAG", "UNIT_QY1"),
    ),
)


def _tables_of(flow: _Flow) -> tuple[Table, ...]:
    """The tables of imports or of exports."""
    hs, naics, end_use = (f"/{flow.name}/{kind}" for kind in ("hs", "naics", "enduse"))
    values = flow.values + flow.duty

    def table(
        name: str,
        title: str,
        slice_: str,
        path: str,
        *,
        variables: tuple[str, ...] = values,
        commodity: str = "",
        level: str = "",
        wildcards: tuple[str, ...] = ("",),
        partners: tuple[str, ...] = (),
        kept: tuple[str, ...] = (),
        parts: tuple[str, ...] = (),
    ) -> Table:
        return Table(
            name=f"{flow.name}_{name}",
            title=f"US {flow.name}, {title}",
            flow=flow.name,
            path=path,
            variables=variables,
            stored=tuple(f"USA|{WORLD}|{flow.name}|{basis}|{slice_}" for basis in flow.bases),
            commodity=commodity,
            level=level,
            wildcards=wildcards,
            partners=partners,
            kept=kept,
            parts=parts,
        )

    return (
        table("total", "all goods by partner", "TOTAL|0", hs),
        table(
            "hs2",
            "HS chapters by partner",
            "HS|2",
            hs,
            commodity=flow.commodity,
            level="HS2",
            parts=_FIRST_DIGITS_OF_HS,
        ),
        *(
            table(
                f"hs{digits}",
                f"{digits}-digit HS of the chapters {', '.join(CHAPTERS)}",
                f"HS|{digits}",
                hs,
                commodity=flow.commodity,
                level=f"HS{digits}",
                wildcards=("7*", "8*"),
                partners=PARTNERS,
                kept=CHAPTERS,
            )
            for digits in (4, 6)
        ),
        table(
            "hs10",
            f"10-digit codes of {', '.join(HEADINGS)}, with quantities",
            "HS|10",
            hs,
            variables=values + flow.quantities,
            commodity=flow.commodity,
            level="HS10",
            wildcards=("840*", "87*"),
            partners=PARTNERS,
            kept=HEADINGS,
        ),
        table(
            "naics3",
            "NAICS subsectors by partner",
            "NAICS|3",
            naics,
            commodity="NAICS",
            level="NA3",
            parts=_FIRST_DIGITS_OF_NAICS,
        ),
        table(
            "naics4",
            "transportation equipment (NAICS 3361-3369)",
            "NAICS|4",
            naics,
            commodity="NAICS",
            level="NA4",
            wildcards=("336*",),
            partners=PARTNERS,
            parts=_GROUPS_OF_336,
        ),
        table(
            "enduse3",
            "automotive vehicles, parts and engines (end use 3)",
            "BEA end use|1",
            end_use,
            variables=flow.values,
            commodity=flow.end_use,
            wildcards=("3*",),
            partners=PARTNERS,
        ),
    )


TABLES = tuple(table for flow in _FLOWS for table in _tables_of(flow))
