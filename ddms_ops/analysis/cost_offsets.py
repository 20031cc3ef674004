"""Rises and falls that cancel out in the total."""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import EXACT, kind_of, known, summed, total
from ddms_ops.analysis.cost_rises import Rise

CANCELS = Decimal("0.5")
"""What is left of the larger side must be less than this share of it."""

Offset = tuple[tuple[Rise, ...], tuple[Rise, ...], Decimal]


def offsets(rises: list[Rise], bridge: pd.DataFrame) -> list[Offset]:
    """Rises and falls that cancel each other.

    Args:
        rises: of `cost_rises`.
        bridge: frame in the BRIDGE schema over the same days: a rise counts only where the usage lines of its kind went
            the same way since the baseline, for otherwise it is no part of that difference.

    Returns:
        (up, down, net) each, the most money first: net is the sum of their impacts, and |net| is less than half of the
        larger side. Each rise is in one of them at most; the largest one is matched first, with one of its service
        where there is one.
    """
    usage = bridge[bridge["category"].eq("usage")]
    kinds = map(kind_of, known(usage["service"]), known(usage["usage_type"]))
    moved = summed(kinds, usage["delta"].tolist())
    left = [rise for rise in rises if _went(moved.get(kind_of(rise.service, rise.usage_type)), rise)]
    left.sort(key=lambda rise: (-rise.impact.copy_abs(), rise.service or "", rise.usage_type or ""))
    found = []
    while left:
        leading, *left = left
        against = _against(leading, [rise for rise in left if rise.is_above != leading.is_above])
        net = _net([leading, *against])
        if against and net.copy_abs() < CANCELS * leading.impact.copy_abs():
            left = [rise for rise in left if rise not in against]
            up, down = ((leading,), tuple(against)) if leading.is_above else (tuple(against), (leading,))
            found.append((up, down, net))
    return found


def _went(delta: Decimal | None, rise: Rise) -> bool:
    """Whether a kind moved in the direction of its rise."""
    return delta is not None and delta != 0 and (delta > 0) == rise.is_above


def _against(leading: Rise, others: Sequence[Rise]) -> list[Rise]:
    """Of those that go the other way the ones that bring the sum nearer to 0, taken one by one."""
    chosen: list[Rise] = []
    net = leading.impact
    for rise in sorted(others, key=lambda rise: rise.service != leading.service):
        if EXACT.add(net, rise.impact).copy_abs() < net.copy_abs():
            chosen.append(rise)
            net = EXACT.add(net, rise.impact)
    return chosen


def _net(rises: Sequence[Rise]) -> Decimal:
    """Sum of their impacts."""
    return total(rise.impact for rise in rises)
