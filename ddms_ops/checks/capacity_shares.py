"""What is used of each limit, as shares."""

import pandas as pd

from ddms_ops.analysis.capacity_course import sum_period, used_shares
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import metric_name, name_of, points_lack
from ddms_ops.checks.watched import points_of
from ddms_ops.operations import Capacity

RATIO = ("ratio", "share", "fraction")
PERCENT = ("percent", "%")


def shares_of(facts: Facts, entry: Capacity, *, baseline: bool = False) -> pd.DataFrame:
    """What an entry uses of its limit, 0..; see `used_shares`. A sum is divided by its period first.

    A limit of the baseline holds in the window until another is sent.
    """
    used = points_of(facts, entry.used, baseline=baseline)
    limits = pd.concat([points_of(facts, entry.limit, baseline=True), points_of(facts, entry.limit)])
    return used_shares(used, limits, most=entry.most, divisor=_divisor(facts, entry)[0])


def _divisor(facts: Facts, entry: Capacity) -> tuple[float, bool]:
    """What points of what is used are divided by to be in the limit's unit, and whether that is sure.

    The seconds of a sum; 1/100 for a ratio that is held against 100 percent; else 1.
    """
    metric = facts.profile.metrics.get(entry.used)
    if metric is None:
        return 1.0, True
    points = pd.concat([points_of(facts, entry.used, baseline=side) for side in (True, False)])
    if metric.statistic == "Sum":
        return sum_period(points, metric.period_s)
    if entry.most == 100 and metric.unit.lower() in RATIO:
        return 0.01, True
    is_percent = entry.most == 100 and metric.unit.lower() in PERCENT
    highest = points["value"].max()
    return 1.0, not (is_percent and entry.full <= highest <= 1)


def shares_lack(facts: Facts, entry: Capacity) -> list[str]:
    """Words for what is lacking to say how full something is that has a limit."""
    if not (entry.limit or entry.most):
        return []
    lacks = [*points_lack(facts, entry, entry.used), *_unsure(facts, entry)]
    has_limit = not entry.limit or any(len(points_of(facts, entry.limit, baseline=side)) for side in (False, True))
    return lacks if has_limit else [*lacks, f"{name_of(entry)}: no points of {metric_name(facts, entry.limit)}"]


def _unsure(facts: Facts, entry: Capacity) -> list[str]:
    """Words where another reading of the points makes something full that is not so in the one taken."""
    divisor, is_sure = _divisor(facts, entry)
    if is_sure:
        return []
    name, metric = metric_name(facts, entry.used), facts.profile.metrics[entry.used]
    shares = shares_of(facts, entry)["value"]
    if metric.statistic != "Sum":
        return [f"{name_of(entry)}: no point of {name} is above 1 {metric.unit}; if they are ratios, set most to 1"]
    if shares.empty or shares.max() >= entry.full or shares.max() * divisor / metric.period_s < entry.full:
        return []
    return [
        f"{name_of(entry)}: sums of {name} are {divisor:g} s apart and declared for {metric.period_s} s, so that it may"
        " have been full; set period_s to that of the points"
    ]


def limitless(facts: Facts) -> list[str]:
    """Words for each entry that names what is used and no limit, so that it is never said to be full."""
    return [
        f"{name_of(entry)}: no limit of {metric_name(facts, entry.used)} is declared"
        for entry in facts.profile.capacity.values()
        if entry.used and not (entry.limit or entry.most)
    ]
