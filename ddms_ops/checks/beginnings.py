"""When the events of a group began to come: in the window, or in a baseline that ends where it begins."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ddms_ops.analysis.onset import bucket_s, counts_per_bucket, expected_counts, onset_of, with_beginning
from ddms_ops.analysis.shapes import Shift
from ddms_ops.checks.base import Facts
from ddms_ops.checks.error_rate import scan_limit
from ddms_ops.window import Window

QUIET = 0.5  # events that stand for none, and the part of a baseline that shows what is usual before an onset in it


def group_onset(facts: Facts, rows: pd.DataFrame, groups: list[str]) -> Shift | None:
    """When a group's counts left what its baseline rate makes expected.

    Where that was as the window begins, and the baseline ends there, the start is looked for in the baseline too,
    against its first half. Of a group that is new the end is that of its events: a pause between them is none.

    Args:
        facts: the case.
        rows: the groups' events in the window.
        groups: ids of the groups.
    """
    before = facts.baseline_log_events.loc[facts.baseline_log_events["group"].isin(groups), "timestamp"]
    expected = expected_counts(max(len(before), QUIET) / facts.baseline.minutes, facts.window)
    found = _from(facts, rows["timestamp"], expected, facts.window)
    if found and before.empty:
        found = _while_they_come(found, rows["timestamp"], facts.window)
    is_first = found is not None and found.start - facts.window.start < pd.Timedelta(seconds=bucket_s(facts.window))
    if not is_first or before.empty or facts.baseline.end != facts.window.start:
        return found
    half = facts.baseline.start + facts.baseline.length * QUIET
    whole = Window(facts.baseline.start, facts.window.end)
    usual = expected_counts(max(int((before < half).sum()), QUIET) / (facts.baseline.minutes * QUIET), whole)
    longer = _from(facts, pd.concat([before, rows["timestamp"]]), usual, whole)
    return longer if longer and (longer.end is None or longer.end > facts.window.start) else found


def _from(facts: Facts, stamps: pd.Series, expected: np.ndarray, window: Window) -> Shift | None:
    counts = counts_per_bucket(stamps, window)
    found = onset_of(counts, expected, window)
    return found and with_beginning(found, counts, expected, window, limit=scan_limit(facts))


def _while_they_come(found: Shift, stamps: pd.Series, window: Window) -> Shift:
    """The shift, not over before its events are: nor in a pause no longer than those that there were between them."""
    if found.end is None or stamps.max() < found.end:
        return found
    pause = stamps[stamps >= found.start].sort_values().diff().max()
    if window.end - stamps.max() <= pause:
        return replace(found, end=None)
    step = pd.Timedelta(seconds=bucket_s(window))
    return replace(found, end=window.start + ((stamps.max() - window.start) // step + 1) * step)


def first_event(facts: Facts, found: Shift, stamps: pd.Series) -> pd.Timestamp:
    """The first of a group's events in the window since an onset; the onset itself where it lies before the window."""
    if found.start < facts.window.start:
        return found.start
    return stamps[stamps >= found.start].min()
