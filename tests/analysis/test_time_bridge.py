"""The bridge of time."""

import numpy as np
import pandas as pd
import pytest

from ddms_ops.analysis.time_bridge import PARTS, residual, time_bridge


def side(**statements: tuple[float, float]) -> pd.DataFrame:
    """Calls and mean time in ms by name."""
    rows = {name: (float(calls), calls * mean) for name, (calls, mean) in statements.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["calls", "total_ms"])


@pytest.mark.parametrize(
    ("before", "now", "kind", "part"),
    [
        ((10, 2.0), (100, 2.0), "called_more", "by_calls_ms"),
        ((10, 2.0), (10, 20.0), "slower", "by_mean_ms"),
        ((10, 20.0), (10, 2.0), "faster", "by_mean_ms"),
        ((100, 2.0), (10, 2.0), "called_less", "by_calls_ms"),
        ((0, 2.0), (10, 2.0), "new", "by_new_ms"),
        ((10, 2.0), (0, 2.0), "vanished", "by_vanished_ms"),
        ((10, 2.0), (10, 2.0), "same", None),
    ],
)
def test_each_reason_has_its_column(before: tuple, now: tuple, kind: str, part: str | None):
    """What moved lands in one column, the others are nothing."""
    [row] = time_bridge(side(q=now), side(q=before), scale=1.0).itertuples()
    moved = {name: getattr(row, name) for name in PARTS if getattr(row, name)}
    assert (row.kind, list(moved)) == (kind, [part] if part else [])


def test_the_baseline_is_scaled_to_the_window():
    """Ten calls in two hours are five in one."""
    [row] = time_bridge(side(q=(5, 3.0)), side(q=(10, 3.0)), scale=0.5).itertuples()
    assert (row.kind, row.calls_before, row.delta_ms) == ("same", 5.0, 0.0)


def test_the_largest_difference_comes_first():
    """Up or down."""
    table = time_bridge(side(a=(10, 1.0), b=(1, 1.0)), side(a=(9, 1.0), b=(100, 1.0)), scale=1.0)
    assert list(table.index) == ["b", "a"]


@pytest.mark.parametrize("seed", range(20))
def test_the_parts_add_up(seed: int):
    """Over twelve orders of magnitude nothing of the difference is lost."""
    random = np.random.default_rng(seed)
    sides = [
        pd.DataFrame(
            {"calls": random.integers(0, 10**6, 500).astype(float), "total_ms": 10 ** random.uniform(-3, 9, 500)},
            index=[f"q{number}" for number in random.permutation(600)[:500]],
        )
        for _ in range(2)
    ]
    assert residual(time_bridge(*sides, scale=0.37)) < 1e-9


def test_nothing_has_all_columns():
    """No statement on either side."""
    empty = side()
    assert list(time_bridge(empty, empty, scale=1.0)["kind"]) == []
    assert residual(time_bridge(empty, empty, scale=1.0)) == 0.0
