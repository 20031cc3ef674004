"""The hour in which a rise began."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from cost_builders import MONDAY, after, costs, line, rises, series

from ddms_ops.analysis.cost_rises import hour_of_start


def hourly(start: pd.Timestamp, factor: float, *, noise: float = 0.1) -> pd.DataFrame:
    """Ten days by hour with quiet nights, times a factor from an hour on."""
    rng = np.random.default_rng(8)
    stamps = [after(35) + pd.Timedelta(hours=n) for n in range(240)]
    return costs(
        line(
            at,
            round(float((2 + (8 <= at.hour < 20)) * np.exp(rng.normal(0, noise)) * (factor if at >= start else 1)), 9),
        )
        for at in stamps
    )


@pytest.mark.parametrize("hour", [0, 5, 13, 22])
@pytest.mark.parametrize("factor", [2.0, 5.0])
def test_the_hour_of_a_start_is_found(hour: int, factor: float):
    """Earliest and latest hold it, within three hours."""
    start = after(42) + pd.Timedelta(hours=hour)
    frame = hourly(start, factor)
    [rise] = rises(series([60] * 35), hourly_as_days(frame))
    earliest, latest = hour_of_start(frame, rise)
    assert earliest <= start <= latest
    assert latest - earliest <= pd.Timedelta(hours=3)


def hourly_as_days(frame: pd.DataFrame) -> list[dict]:
    """The same by day."""
    sums = frame["billed"].groupby(frame["timestamp"].dt.floor("D")).agg(lambda each: sum(each, Decimal(0)))
    return series(sums.tolist(), start=f"{after(35, MONDAY):%Y-%m-%d}")


def test_a_bill_by_day_has_no_hour():
    """None, also without any row."""
    [rise] = rises(series([100] * 42 + [160] * 3))
    assert hour_of_start(costs(), rise) is None
    assert hour_of_start(costs(line(after(30) + pd.Timedelta(hours=n), 4) for n in range(48)), rise) is None


def test_the_hour_is_found_by_the_measure_of_the_rise():
    """Billed fourfold from 10:00 on, amortised flat; the bill names no kind."""
    stamps = [after(38) + pd.Timedelta(hours=n) for n in range(144)]
    late = after(42) + pd.Timedelta(hours=10)
    frame = costs(line(at, 4 if at >= late else 1, (None,), amortised=1) for at in stamps)
    [rise] = rises(series([24] * 42 + [66, 96], ("",)), measure="billed", window=2)
    assert hour_of_start(frame, rise, measure="billed") == (late, late)
    assert hour_of_start(frame, rise) is None
