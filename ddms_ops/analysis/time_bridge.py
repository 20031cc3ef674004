"""Why more or less time was spent than before: more calls, slower calls, new ones, vanished ones.

For each name with c calls of mean m:

    Δ = (c_now − c_before) × m_before + c_now × (m_now − m_before)      called in both
    Δ = c_now × m_now                                                   new
    Δ = −c_before × m_before                                            vanished

so that the parts add up to the difference of the totals. It is the price-volume bridge of accounting, with the calls
as the volume and the mean time as the price.
"""

import math

import numpy as np
import pandas as pd

PARTS = ["by_calls_ms", "by_mean_ms", "by_new_ms", "by_vanished_ms"]
MAIN_SHARE = 0.5
"""From this share of a name's own movement on, calls or mean alone give it its kind."""


def time_bridge(now: pd.DataFrame, before: pd.DataFrame, *, scale: float) -> pd.DataFrame:
    """The difference of total time, by name and by why.

    Args:
        now, before: indexed by unique names, with `calls` and `total_ms`; what was not called may be left out.
        scale: length of the window over that of the baseline; calls and time of `before` are multiplied by it.

    Returns:
        One row a name that was called, the largest difference first: calls_before, calls_now, mean_before_ms,
        mean_now_ms (NaN where not called), total_before_ms, total_now_ms, PARTS, delta_ms (their sum), kind
        (`called_more called_less slower faster new vanished same`); all float64 but kind. `before` is scaled.
    """
    names = now.index.union(before.index, sort=True)
    calls, total = _side(now, names, 1.0)
    old_calls, old_total = _side(before, names, scale)
    mean, old_mean = total / calls.where(calls > 0), old_total / old_calls.where(old_calls > 0)
    is_new, is_gone = (calls > 0) & (old_calls == 0), (calls == 0) & (old_calls > 0)
    stays = (calls > 0) & (old_calls > 0)
    parts = {
        "by_calls_ms": ((calls - old_calls) * old_mean).where(stays, 0.0),
        "by_mean_ms": (total - calls * old_mean).where(stays, 0.0),
        "by_new_ms": total.where(is_new, 0.0),
        "by_vanished_ms": (-old_total).where(is_gone, 0.0),
    }
    table = pd.DataFrame(
        {
            "calls_before": old_calls,
            "calls_now": calls,
            "mean_before_ms": old_mean,
            "mean_now_ms": mean,
            "total_before_ms": old_total,
            "total_now_ms": total,
            **parts,
        }
    )
    table["delta_ms"] = table[PARTS].sum(axis=1)
    table["kind"] = _kinds(table, is_new, is_gone)
    table = table[(calls > 0) | (old_calls > 0)]
    order = table.assign(size=-table["delta_ms"].abs(), name=table.index.astype("str"))
    return table.loc[order.sort_values(["size", "name"], kind="stable").index]


def residual(bridge: pd.DataFrame) -> float:
    """What the parts of a bridge miss of the difference of the totals, over the larger total; 0 of no time."""
    delta = math.fsum([*bridge["total_now_ms"], *(-bridge["total_before_ms"])])
    parts = math.fsum(value for name in PARTS for value in bridge[name])
    largest = max(math.fsum(bridge["total_now_ms"]), math.fsum(bridge["total_before_ms"]))
    return abs(delta - parts) / largest if largest else 0.0


def _side(frame: pd.DataFrame, names: pd.Index, scale: float) -> tuple[pd.Series, pd.Series]:
    """Calls and time of every name, 0 where it was not called."""
    calls, total = (frame[name].reindex(names).fillna(0.0).astype("float64") * scale for name in ("calls", "total_ms"))
    return calls, total.where(calls > 0, 0.0)


def _kinds(table: pd.DataFrame, is_new: pd.Series, is_gone: pd.Series) -> pd.Series:
    """What mainly moved each name."""
    moved = table["by_calls_ms"].abs() + table["by_mean_ms"].abs()
    by_calls = table["by_calls_ms"].abs() >= MAIN_SHARE * moved
    kinds = np.select(
        [
            is_new,
            is_gone,
            moved == 0,
            by_calls & (table["by_calls_ms"] > 0),
            by_calls,
            table["by_mean_ms"] > 0,
        ],
        ["new", "vanished", "same", "called_more", "called_less", "slower"],
        "faster",
    )
    return pd.Series(kinds, index=table.index, dtype="str")
