"""What the runbook's actions against a spike would have saved over the window."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ddms_ops.analysis.cost_course_amounts import EXACT, days_in_words
from ddms_ops.analysis.cost_drivers import BILLED, PRICE, Factor, Story
from ddms_ops.spending import Action, Costs

STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Saving:
    """What one action of the runbook would have saved over the window's days, and how that is reckoned, in words."""

    action: str
    title: str
    driver: str
    amount: Decimal
    words: str


def savings(costs: Costs, stories: Mapping[str, Story], window_days: int) -> list[Saving]:
    """What each action would have saved had it been in force over the window's days.

    Args:
        costs: the actions.
        stories: what moved the drivers' cost, by driver.
        window_days: days of the window that are compared.

    Returns:
        The largest first. A step put back to the baseline saves the driver's cost times the share by which the step
        (per unit of the one before) has grown, all else as it was in the window; several steps together their product.
        Never more than the driver's cost. Actions that save nothing, or whose driver or step the bill or telemetry
        does not tell of, are left out.
    """
    found = []
    for name, action in costs.actions.items():
        told = stories.get(action.driver)
        if told is None or told.now <= 0:
            continue
        share, what = _saved(action, told)
        amount = min(EXACT.quantize(EXACT.multiply(told.now, Decimal(share)), STEP), told.now)
        if amount > 0:
            words = f"{what}: {share:.0%} of what {told.title} cost in the window's {days_in_words(window_days)}"
            found.append(Saving(name, action.title, action.driver, amount, words))
    return sorted(found, key=lambda saving: (-saving.amount, saving.action))


def _saved(action: Action, told: Story) -> tuple[float, str]:
    """Share of the driver's cost that an action saves, and how."""
    if action.to == "none":
        return 1.0, "without this spending"
    steps = [factor for factor in told.factors if factor.step not in (BILLED, PRICE)]
    chosen = [factor for factor in steps if action.step in ("", factor.step)]
    left = math.prod(_left(factor) for factor in chosen)
    titles = ", ".join(f"{factor.title} ({factor.unit})" for factor in chosen)
    return max(0.0, 1.0 - left), f"{titles} as in the baseline"


def _left(factor: Factor) -> float:
    """What is left of the cost with the factor as it was; 1 where that is not defined."""
    known = math.isfinite(factor.before) and math.isfinite(factor.now) and factor.now > 0
    return factor.before / factor.now if known else 1.0
