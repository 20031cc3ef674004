"""What is used of each limit, as shares."""

import pandas as pd

from ddms_ops.analysis.capacity_course import step_of, used_shares
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import metric_name, name_of, period_of, points_lack
from ddms_ops.checks.watched import points_of
from ddms_ops.operations import Capacity


def shares_of(facts: Facts, entry: Capacity, *, baseline: bool = False) -> pd.DataFrame:
    """What an entry uses of its limit, 0..; see `used_shares`. A sum is divided by its period first.

    A limit of the baseline holds in the window until another is sent.
    """
    used = points_of(facts, entry.used, baseline=baseline)
    metric = facts.profile.metrics.get(entry.used)
    is_sum = metric is not None and metric.statistic == "Sum"
    seconds = step_of(used, period_of(facts, entry.used)) / pd.Timedelta(seconds=1) if is_sum else 1.0
    limits = pd.concat([points_of(facts, entry.limit, baseline=True), points_of(facts, entry.limit)])
    return used_shares(used, limits, most=entry.most, divisor=seconds)


def shares_lack(facts: Facts, entry: Capacity) -> list[str]:
    """Words for what is lacking to say how full something is that has a limit."""
    if not (entry.limit or entry.most):
        return []
    lacks = points_lack(facts, entry, entry.used)
    has_limit = not entry.limit or any(len(points_of(facts, entry.limit, baseline=side)) for side in (False, True))
    return lacks if has_limit else [*lacks, f"{name_of(entry)}: no points of {metric_name(facts, entry.limit)}"]


def limitless(facts: Facts) -> list[str]:
    """Words for each entry that names what is used and no limit, so that it is never said to be full."""
    return [
        f"{name_of(entry)}: no limit of {metric_name(facts, entry.used)} is declared"
        for entry in facts.profile.capacity.values()
        if entry.used and not (entry.limit or entry.most)
    ]
