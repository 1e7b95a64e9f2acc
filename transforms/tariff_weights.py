"""Trade of one year by the lists of tariffed goods that it stands on: what a trade-weighted statutory rate is weighted with.

Belongs here: shortening lists of tariff lines, telling which lists reach a line, summing trade by the set of lists.
Does not belong here: reading collected files and writing seeds (orchestration/intake/figures/tariff_seeds.py), rates and
dates of measures (dbt_project/models/intermediate/int_statutory_*).

Two lines that stand on the same lists pay the same measures on every day, so that trade need not be kept by line: a sum for
every set of lists gives the same rate as some 20,000 lines would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

#: Lengths of a code of the Harmonized System at which lines can be told: chapter, heading, subheading, tariff line, statistical line.
_LENGTHS = (2, 4, 6, 8, 10)

#: What is summed: trade, the ordinary duty on it, the parts claimed under the USMCA and the part that is steel or aluminium.
MONEY = ("value_usd", "ordinary_usd", "claimed_usd", "claimed_late_usd", "steel_usd", "aluminium_usd")


def shortest_prefixes(codes: Iterable[str], all_lines: Iterable[str]) -> list[str]:
    """The fewest prefixes that reach exactly those of `all_lines` that `codes` reach, in order of their digits.

    codes: prefixes of 2 to 10 digits. all_lines: every tariff line there is, 8 or 10 digits. A code that reaches no line of
    all_lines is kept as it is, since a later edition of the tariff may have it.
    """
    wanted = set(codes)
    lines = sorted(set(all_lines))
    reached = {line for line in lines if any(line[:n] in wanted for n in _LENGTHS)}
    below: dict[str, int] = {}
    on_list: dict[str, int] = {}
    for line in lines:
        for n in _LENGTHS:
            if n <= len(line):
                below[line[:n]] = below.get(line[:n], 0) + 1
                on_list[line[:n]] = on_list.get(line[:n], 0) + (line in reached)
    shortened = {code for code in wanted if code not in below}
    for line in reached:
        shortened.add(
            next(line[:n] for n in _LENGTHS if n <= len(line) and below[line[:n]] == on_list[line[:n]])
        )
    return sorted(shortened)


def lists_of_lines(lines: Iterable[str], lists: Mapping[str, Iterable[str]]) -> pl.DataFrame:
    """The lists that reach each tariff line: columns hts10 and lists (names in order, joined by ';', empty for none)."""
    list_of_prefix: dict[str, set[str]] = {}
    for name, codes in lists.items():
        for code in codes:
            list_of_prefix.setdefault(code, set()).add(name)
    rows = []
    for line in sorted(set(lines)):
        names: set[str] = set()
        for n in _LENGTHS:
            names |= list_of_prefix.get(line[:n], set())
        rows.append((line, ";".join(sorted(names))))
    return pl.DataFrame(rows, schema={"hts10": pl.String, "lists": pl.String}, orient="row")


def weights(trade: pl.DataFrame, lists: Mapping[str, Iterable[str]]) -> pl.DataFrame:
    """Sum `trade` (partner_iso3, hts10 and the columns of MONEY in US dollars) by partner and set of lists.

    Returns partner_iso3, lists and MONEY in whole dollars, one row for each set of lists of a partner, in that order; sets
    without trade have no row. The sums of a partner are those of `trade`.
    """
    names = lists_of_lines(trade["hts10"].unique().to_list(), lists)
    return (
        trade.join(names, on="hts10", how="left", validate="m:1")
        .group_by("partner_iso3", "lists")
        .agg(pl.col(column).sum().round(0).cast(pl.Int64) for column in MONEY)
        .filter(pl.col("value_usd") > 0)
        .sort("partner_iso3", "lists")
    )
