"""Where a comparison stands among the same comparison at dates at which nothing is known to have happened.

Belongs here: the rank "in time", the usual range, the robust z, for many comparisons at once.
Does not belong here: the comparison itself and which dates are quiet (the dbt models), the verdict (macros/placebo.sql).

The rank takes past cuts as exchangeable with this one. Neighbouring cuts share months, so it is finer than the history deserves;
how many stretches without a common month there are is said beside it (n_blocks).

Every cut has its own pool: the placebo cuts of its group less those nearer than DISTANCE months, at most 47 that follow each
other. So the group's values are sorted once and, for each cut, the places of its few neighbours are stepped over: 800,000 cuts
take 3 s. As lists in SQL, each filtered and sorted anew, they took 10 s and three times the memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

#: months between a cut and its placebo cuts, at least: no month after the event is then in their windows before
DISTANCE = 24
#: fewer placebo cuts give neither a rank nor a detectable change
MIN_PLACEBO = 36
#: share of the dates without an event whose distance from their median makes the usual range: mde95 is its half-width
USUAL_SHARE = 0.95
#: two distances that differ by no more than this are equal but for rounding, and count as equally far out
ROUNDING = 1e-12
#: half the width of a range that holds as much as a standard deviation of normal values does, from the median |x - median|
MAD_TO_SD = 1.4826
#: placebo cuts in a block: neighbouring cuts share most of their months, so 118 cuts are worth about as much as 4 comparisons
BLOCK = 24
#: widths that carry a verdict, in months; the width of 24 months is descriptive
JUDGED_WINDOWS = (6, 12)
#: as many blocks make a pool of its own; a shorter one is held against the range that its family shares
MIN_BLOCKS = 6
#: how many of the largest distances are kept: the threshold lies among the first 24 of 1,000 dates or fewer
FAR_DISTANCES = 32

#: what `standings` adds to the columns it is given
ADDED: Mapping[str, type[pl.DataType]] = {
    "n_placebo": pl.Int32,
    "middle": pl.Float64,
    "deviation": pl.Float64,
    "placebo_rank": pl.Float64,
    "mde95": pl.Float64,
    "z_mad": pl.Float64,
    "typical_distance": pl.Float64,
}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def standings(cuts: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Every row of `cuts` that is wanted, and where its statistic stands among the placebo cuts of its group.

    cuts: the columns `keys`, which name the group, cut_month (a date, the first of a month, once a group), statistic (no null),
    is_placebo, is_wanted, is_event, is_judged (whether a verdict may rest on the row), and any others, which are passed on.
    Returns the rows in the order of groups and months, less is_wanted, is_event and is_judged, with
    n_placebo:         placebo cuts of the group at least DISTANCE months away;
    middle:            their median; deviation: |statistic - middle|;
    placebo_rank:      (1 + how many of them are at least as far from the middle) / (1 + n_placebo), never 0;
    mde95:             95 % of the placebo cuts lie nearer to the middle than this;
    typical_distance:  MAD_TO_SD times the median distance, and z_mad the deviation with its sign in units of it, null where it is 0;
    far_distances:     the FAR_DISTANCES largest distances of placebo cuts from the middle, largest first.
    mde95, typical_distance and z_mad are those of events and of judged rows with a pool of fewer than MIN_BLOCKS blocks,
    far_distances those of judged events with a longer one; elsewhere they are null. All but n_placebo are null with fewer than
    MIN_PLACEBO placebo cuts. A rank of at most .05 implies deviation > mde95.
    """
    rows = cuts.lazy().filter(pl.col("is_placebo") | pl.col("is_wanted")).sort(*keys, "cut_month").collect()
    del cuts  # a million rows, of which the caller keeps no other copy
    month = (rows["cut_month"].dt.year().cast(pl.Int64) * 12 + rows["cut_month"].dt.month()).to_numpy()
    statistic = rows["statistic"].to_numpy()
    is_placebo, is_wanted, is_event, is_judged = (
        rows[name].to_numpy() for name in ("is_placebo", "is_wanted", "is_event", "is_judged")
    )
    found = {name: np.full(rows.height, np.nan) for name in ADDED}
    far_places: list[Ints] = [np.empty(0, dtype=np.int64)]
    far_distances: list[Floats] = [np.empty((0, FAR_DISTANCES))]
    for first, end in pairwise([*_starts(rows.select(keys)), rows.height]):
        group = slice(first, end)
        pool, wanted = is_placebo[group], is_wanted[group]
        of_group, far_of_group, distances = _of_group(
            month[group][pool],
            statistic[group][pool],
            month[group][wanted],
            statistic[group][wanted],
            is_event[group][wanted],
            is_judged[group][wanted],
        )
        places = first + np.flatnonzero(wanted)
        for name, values in of_group.items():
            found[name][places] = values
        far_places.append(places[far_of_group])
        far_distances.append(distances)
    added = pl.DataFrame(found).select(pl.col(name).fill_nan(None).cast(kind) for name, kind in ADDED.items())
    far = pl.DataFrame(
        {
            "place": np.concatenate(far_places),
            "far_distances": pl.Series(
                np.concatenate(far_distances), dtype=pl.Array(pl.Float64, FAR_DISTANCES)
            ).cast(pl.List(pl.Float64)),
        }
    )
    ranked = rows.hstack(added).with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))
    return (
        ranked.join(far, on="place", how="left", maintain_order="left")
        .filter("is_wanted")
        .drop("is_wanted", "is_event", "is_judged", "place")
    )


def blocks(n_placebo: str) -> pl.Expr:
    """n_blocks: how many blocks of BLOCK placebo cuts the column `n_placebo` makes."""
    return (pl.col(n_placebo) // BLOCK).cast(pl.Int32).alias("n_blocks")


def _starts(groups: pl.DataFrame) -> list[int]:
    """The first row of each group; rows of a group follow each other."""
    if groups.is_empty():
        return []
    new = groups.select(pl.any_horizontal(pl.all().ne_missing(pl.all().shift())).alias("new"))[
        "new"
    ].to_numpy()
    return [0, *(place for place in np.flatnonzero(new).tolist() if place)]


def _of_group(
    pool_month: Ints, pool: Floats, month: Ints, statistic: Floats, is_event: Bools, is_judged: Bools
) -> tuple[dict[str, Floats], Ints, Floats]:
    """The columns of ADDED for the wanted cuts of one group, nan where they have none; the places (among the wanted cuts) of
    those with far_distances, and these: one row a place, FAR_DISTANCES columns.

    pool_month, pool: months of the placebo cuts, ascending, and their statistics. month, statistic, is_event, is_judged: of the
    wanted cuts.
    """
    # the cuts that are too near are those from `near` up to `far`
    near = np.searchsorted(pool_month, month - DISTANCE, side="right")
    far = np.searchsorted(pool_month, month + DISTANCE, side="left")
    n_placebo = len(pool) - (far - near)
    result = {name: np.full(len(month), np.nan) for name in ADDED}
    result["n_placebo"] = n_placebo.astype(float)
    enough = n_placebo >= MIN_PLACEBO
    no_far = np.empty(0, dtype=np.int64), np.empty((0, FAR_DISTANCES))
    if not enough.any():
        return result, *no_far
    near, far, n = near[enough], far[enough], n_placebo[enough]
    order = np.argsort(pool, kind="stable")
    values, place_of = pool[order], np.empty(len(pool), dtype=np.int64)
    place_of[order] = np.arange(len(pool))
    # places, in the order of values, of the cuts that are stepped over: one row a wanted cut, ascending, padded at the end
    nearest = near[:, None] + np.arange(int((far - near).max(initial=0)))
    beyond = nearest >= far[:, None]
    skipped = np.where(beyond, 2 * len(pool) + 1, place_of[np.where(beyond, 0, nearest)])
    skipped.sort(axis=1)

    def nth(count: Ints) -> Floats:
        """Of each cut's pool, the value with `count` smaller ones."""
        stepped = (skipped - np.arange(skipped.shape[1]) <= count[:, None]).sum(axis=1)
        chosen: Floats = values[count + stepped]
        return chosen

    low, high = nth((n - 1) // 2), nth(n // 2)
    middle = low + (high - low) / 2
    deviation = np.abs(statistic[enough] - middle)
    distance = np.abs(values - middle[:, None])
    _blank(distance, skipped)
    as_far = (distance >= deviation[:, None] - ROUNDING).sum(axis=1)
    result["middle"][enough] = middle
    result["deviation"][enough] = deviation
    result["placebo_rank"][enough] = (1 + as_far) / (1 + n)
    is_long = n >= MIN_BLOCKS * BLOCK
    in_range = is_event[enough] | (is_judged[enough] & ~is_long)
    if not in_range.any():
        return result, *no_far
    sorted_distance = np.sort(distance[in_range], axis=1)  # what is stepped over comes first
    typical, usual = (
        _quantile(sorted_distance, len(pool) - n[in_range], share) for share in (0.5, USUAL_SHARE)
    )
    at = np.flatnonzero(enough)[in_range]
    result["mde95"][at] = usual
    result["typical_distance"][at] = MAD_TO_SD * typical
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (statistic[enough] - middle)[in_range] / (MAD_TO_SD * typical)
    result["z_mad"][at] = np.where(typical == 0, np.nan, z)
    keeps_far = (is_event[enough] & is_judged[enough] & is_long)[in_range]
    return result, at[keeps_far], sorted_distance[keeps_far, : -FAR_DISTANCES - 1 : -1]


def _blank(distance: Floats, skipped: Ints) -> None:
    """Set the distances of the skipped places to -inf, so that they are never as far out as anything."""
    rows, columns = np.nonzero(skipped < distance.shape[1])
    distance[rows, skipped[rows, columns]] = -np.inf


def _quantile(ordered: Floats, skipped: Ints, share: float) -> Floats:
    """The value below which `share` of each row lies, interpolated linearly, without its first `skipped` ones."""
    place = share * (ordered.shape[1] - skipped - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[1] - skipped - 1)
    rows = np.arange(len(ordered))
    low, high = ordered[rows, skipped + below], ordered[rows, skipped + above]
    result: Floats = low + (high - low) * (place - below)
    return result
