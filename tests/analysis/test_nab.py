"""Shifts of real CloudWatch series, against the windows that people labelled, where the data is at hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.analysis.shifts import Shift, shifts

DATA = Path(__file__).parent.parent.parent.parent / "shared/data/cloudwatch-metrics"
Window = tuple[pd.Timestamp, pd.Timestamp]


def metric(path: Path) -> pd.Series:
    """The one series of a get-metric-data output."""
    [result] = json.loads(path.read_text())["MetricDataResults"]
    return pd.Series(result["Values"], index=pd.to_datetime(result["Timestamps"], utc=True), dtype="float64")


def labelled(name: str) -> list[Window]:
    """Windows that people labelled."""
    return [(pd.Timestamp(a), pd.Timestamp(b)) for a, b in json.loads((DATA / "windows.json").read_text())[name]]


def touches(shift: Shift, window: Window) -> bool:
    """Whether the shift's start lies in the window; its length earns nothing."""
    return window[0] <= shift.start <= window[1]


def test_starts_of_shifts_meet_labelled_windows():
    """At most three a series, without a threshold for it: F1 of at least 0.52 over seventeen series."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not here")
    true = reported = met = windows = 0
    for path in sorted((DATA / "metrics").glob("*.json")):
        found, known = shifts(metric(path), at_most=3), labelled(path.stem)
        true += sum(any(touches(shift, window) for window in known) for shift in found)
        met += sum(any(touches(shift, window) for shift in found) for window in known)
        reported, windows = reported + len(found), windows + len(known)
    precision, recall = true / reported, met / windows
    assert 2 * precision * recall / (precision + recall) >= 0.52


def test_a_job_at_the_same_hour_each_day_is_no_shift():
    """The series whose only peaks come once a day, at the same time, has none."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not here")
    assert shifts(metric(DATA / "metrics/ec2_cpu_utilization_c6585a.json")) == []
