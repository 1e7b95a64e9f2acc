"""What may be said about a panel, by gates that stand before its estimate is looked at.

Belongs here: the closed list of verdicts, their thresholds, the words of each reason. Does not belong here: what the gates are
measured on (panel.py, state_panel.py).

The gates come in a fixed order and none but the last reads the estimate, because a gate that does selects what is found.
"""

from __future__ import annotations

from dataclasses import dataclass

CONFOUNDED = "confounded"
SAME_MEASURE = "same_measure"
TOO_FEW_PRODUCTS = "too_few_products"
PRETREND = "pretrend"
MISCALIBRATED = "miscalibrated"
MOVED = "exposed_goods_moved"
NO_DIFFERENCE = "no_difference_seen"
NOT_COMPUTABLE = "not_computable"

#: above: the exposure can't be told from that to other measures (R2 of the one on the other, beside the effects)
MAX_EXPOSURE_R2 = 0.5
#: below: the slope is that of a few products, whatever the number of cells
MIN_EFFECTIVE = 10
#: above: exposed goods were moving apart before, in more of the months than one in ten
MAX_LEADS = 0.10
#: above: Student's t fires too often where the exposure was dealt out anew, so that its errors are too small
MAX_PERMUTATION_ALARM = 0.10
#: up to: rank among permutations that counts as unusual
MAX_RANK = 0.05


@dataclass(frozen=True)
class Gates:
    """What the verdict is read from. episodes: titles of confounding episodes in a window. Rates, ranks and R2 are shares.

    beta, median and distance are slopes; None or NaN where there is nothing to be told. units: what the exposure differs by.
    """

    episodes: tuple[str, ...]
    exposure_r2: float
    effective: float
    lead_share: float
    permutation_alarm: float
    permutation_rank: float
    beta: float
    median: float
    distance: float
    mde_pct: float
    units: str = "products"


def verdict(gates: Gates) -> tuple[str, str | None]:
    """The verdict, the first that holds, and the reason; None where exposed goods moved, which needs none."""
    if gates.episodes:
        return CONFOUNDED, f"a window holds {', '.join(gates.episodes)}"
    if gates.exposure_r2 > MAX_EXPOSURE_R2:
        return SAME_MEASURE, (
            f"{100 * gates.exposure_r2:.0f} % of the exposure goes with that to other measures of the time"
        )
    if gates.effective < MIN_EFFECTIVE:
        return TOO_FEW_PRODUCTS, f"the exposure is that of {gates.effective:.1f} {gates.units} in effect"
    if gates.lead_share > MAX_LEADS:
        return PRETREND, f"moved apart before in {100 * gates.lead_share:.0f} % of the months"
    if gates.permutation_alarm > MAX_PERMUTATION_ALARM:
        return MISCALIBRATED, (
            f"fires in {100 * gates.permutation_alarm:.0f} % of exposures that were dealt out anew, instead of 5 %"
        )
    if gates.permutation_rank <= MAX_RANK and abs(gates.beta - gates.median) > gates.distance:
        return MOVED, None
    return NO_DIFFERENCE, f"a difference of less than {gates.mde_pct:.0f} % would not show"
