"""What sets one error group apart: the values nearly all its events share and others do not.

First version: one attribute at a time. A value is telling when it holds at least 80 % of the
group's events and its share there exceeds its share among all events by at least 20 points.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

DIMENSIONS = ("endpoint", "version", "tenant", "job_type", "action")
MOST = 0.8
MARGIN = 0.2


def attribute_shares(frames: Sequence[pd.DataFrame]) -> dict[str, pd.Series]:
    """For each of DIMENSIONS, the share (0..1) of each value among the events of all frames that have one."""
    found = {}
    for name in DIMENSIONS:
        counts = pd.concat([frame[name].value_counts().rename(index=str) for frame in frames])
        totals = counts.groupby(level=0).sum()
        totals = totals[totals > 0]
        found[name] = totals / totals.sum()
    return found


def fingerprint(group: pd.DataFrame, population: Mapping[str, pd.Series]) -> dict[str, str]:
    """Telling values of a group by attribute, in the order of DIMENSIONS.

    Args:
        group: events of the group.
        population: `attribute_shares` of the events it is compared with, the group's own included.

    Returns:
        {attribute: value}; empty where nothing sets the group apart.
    """
    found = {}
    for name in DIMENSIONS:
        counts = group[name].value_counts().rename(index=str).sort_index()
        if counts.sum() == 0:
            continue
        value, share = counts.idxmax(), counts.max() / len(group)
        if share >= MOST and share - population[name].get(value, 0.0) >= MARGIN:
            found[name] = str(value)
    return found
