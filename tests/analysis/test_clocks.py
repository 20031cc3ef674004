"""Streams whose clock is off are found by when their events were received."""

import pandas as pd
from builders import log_frame

from ddms_ops.analysis.clocks import clock_offsets, on_time


def streams(**delays: float) -> pd.DataFrame:
    """Thirty events of each stream, received so many seconds after their own time."""
    frames = [
        log_frame(*[f"10:{minute:02d} INFO ok" for minute in range(30)], log_stream=name).assign(delay_s=delay)
        for name, delay in delays.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_a_stream_that_is_behind_is_moved_forward():
    """Its events seem to arrive late by as much as its clock is behind."""
    logs = streams(a=1.0, b=2.0, c=422.0)
    offsets = clock_offsets(logs)
    assert offsets["offset_s"].to_dict() == {("api", "c"): 420.0}
    moved = on_time(logs, offsets)
    assert moved.loc[moved["log_stream"] == "c", "timestamp"].min() == pd.Timestamp("2026-03-04T10:07Z")


def test_a_stream_that_is_ahead_is_moved_back():
    """Its events seem to arrive before they happened."""
    assert clock_offsets(streams(a=1.0, b=2.0, c=-300.0))["offset_s"].tolist() == [-302.0 + 1.0]


def test_an_agent_that_caught_up_is_left_alone():
    """Delays that scatter say nothing about a clock."""
    logs = streams(a=1.0, b=2.0, c=0.0)
    late = logs["log_stream"] == "c"
    logs.loc[late, "delay_s"] = [600.0 - 20 * n for n in range(30)]
    assert clock_offsets(logs).empty


def test_without_times_of_receipt_nothing_is_moved():
    """An export that does not say when events were received is taken as it is."""
    logs = streams(a=float("nan"), b=float("nan"))
    assert on_time(logs, clock_offsets(logs)).equals(logs)


def test_without_a_majority_nothing_is_moved():
    """Of two clocks, or of two against two, it cannot be told which is off."""
    assert clock_offsets(streams(a=1.0, b=600.0)).empty
    assert clock_offsets(streams(a=1.0, b=2.0, c=600.0, d=601.0)).empty
