"""How much of a product group stands on a list of tariffed goods, counted in lines of the tariff.

Belongs here: coverage. Does not belong here: trade on the lists (tariff_weights.py), where lists come from (intake/figures).

Lines are counted and not weighed by trade: of trade by line only a year after the duties is at hand, and what a duty did to trade
would come back as exposure. Lines of one subheading count as one, because the tariff splits some goods into fifty lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from transforms.tariff_weights import lists_of_lines


def coverage(
    lines: Iterable[str],
    lists: Mapping[str, Iterable[str]],
    digits: int,
    *,
    one_of: Sequence[str] = (),
) -> pl.DataFrame:
    """The share of each product group of `digits` digits that stands on each list: product_code, list_id, coverage.

    lines: ten-digit lines in use; lists: beginnings of lines by list; one_of: lists of which a line pays one duty, the first first: a
    line that a copy has on several of them counts on the first alone. The share is the mean over the group's six-digit
    subheadings of the share of their lines. Groups that a list does not reach have no row. Sorted by group and list.
    """
    names = sorted(lists)
    on = lists_of_lines(lines, lists).select(
        pl.col("hts10").str.slice(0, digits).alias("product_code"),
        pl.col("hts10").str.slice(0, 6).alias("subheading"),
        *(pl.col("lists").str.split(";").list.contains(name).cast(pl.Float64).alias(name) for name in names),
    )
    taken = pl.lit(0.0)
    for name in one_of:
        on = on.with_columns(pl.when(taken > 0).then(0.0).otherwise(pl.col(name)).alias(name))
        taken = taken + pl.col(name)
    return (
        on.group_by("product_code", "subheading")
        .agg(pl.col(name).mean() for name in names)
        .group_by("product_code")
        .agg(pl.col(name).mean() for name in names)
        .unpivot(on=names, index="product_code", variable_name="list_id", value_name="coverage")
        .filter(pl.col("coverage") > 0)
        .sort("product_code", "list_id")
    )
