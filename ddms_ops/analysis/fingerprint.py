"""What sets one error group apart: the values nearly all its events share and others do not.

First version: one attribute at a time. A value is telling when it holds at least 80 % of the
group's events and its share there exceeds its share among all events by at least 20 points.
"""

import pandas as pd

DIMENSIONS = ("endpoint", "version", "tenant", "job_type", "action")
MOST = 0.8
MARGIN = 0.2


def fingerprint(group: pd.DataFrame, population: pd.DataFrame) -> dict[str, str]:
    """Telling values of a group by attribute, in the order of DIMENSIONS.

    Args:
        group: events of the group.
        population: events it is compared with (window and baseline), the group's own included.

    Returns:
        {attribute: value}; empty where nothing sets the group apart.
    """
    found = {}
    for name in DIMENSIONS:
        inside, outside = _shares(group, name), _shares(population, name)
        if inside.empty:
            continue
        value = str(inside.index[0])
        if inside.iloc[0] >= MOST and inside.iloc[0] - outside.get(value, 0.0) >= MARGIN:
            found[name] = value
    return found


def _shares(frame: pd.DataFrame, name: str) -> pd.Series:
    """Share of each value among events that have one, greatest first, by name among equals."""
    counts = frame[name].astype("str").dropna().value_counts()
    counts = counts[counts > 0]
    order = sorted(counts.index, key=lambda value: (-counts[value], value))
    return (counts / counts.sum()).reindex(order)
