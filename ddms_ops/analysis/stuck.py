"""Executions that run longer than they should, and those that failed, by the step where they stand or stood."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.onset import bucket_s, counts_per_bucket
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.window import Window

RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})
SUCCEEDED = "SUCCEEDED"
USUALLY, FEWEST = 0.99, 20  # of the durations of those that succeeded, where so many did
MINUTE = pd.Timedelta(minutes=1)
UNKNOWN_STEP = "(step not known)"
CAUSE = "(no error named)"


@dataclass(frozen=True, slots=True)
class Longest:
    """How long an execution may run: the longer of what is declared and what those that succeeded took; minutes."""

    declared_min: float
    usually_min: float | None
    succeeded: int
    is_earlier: bool = False  # whether those succeeded before the window

    @property
    def minutes(self) -> float:
        """The limit."""
        return max(self.declared_min, self.usually_min or 0.0)


def longest_run(runs: pd.DataFrame, *, declared_min: float, before: pd.Timestamp) -> Longest:
    """How long an execution may run: by those that ended before the window where so many did, else by all.

    Args:
        runs: EXECUTIONS of one state machine.
        declared_min: what the profile says.
        before: when the window begins.
    """
    good = runs[(runs["status"] == SUCCEEDED) & runs["ended"].notna()]
    is_earlier = bool((good["ended"] < before).sum() >= FEWEST)
    good = good[good["ended"] < before] if is_earlier else good
    lengths = (good["ended"] - good["timestamp"]) / MINUTE
    usually = float(lengths.quantile(USUALLY)) if len(good) >= FEWEST else None
    return Longest(declared_min, usually, len(good), is_earlier)


def stuck_runs(runs: pd.DataFrame, window: Window, *, longest_min: float) -> pd.DataFrame:
    """Executions that still ran at the window's end, or did not end within it, and had run too long by then.

    Args:
        runs: EXECUTIONS.
        window: its end is when they are judged.
        longest_min: how long is not too long.

    Returns:
        Those rows with `step` (never null) and `overdue` (UTC), when they had run too long.
    """
    runs = runs[runs["timestamp"] < window.end]
    is_open = runs["status"].isin(RUNNING) | (runs["ended"] >= window.end)
    overdue = runs["timestamp"] + pd.Timedelta(minutes=longest_min)
    found = runs.assign(step=runs["step"].fillna(UNKNOWN_STEP), overdue=overdue)
    return found[is_open & (overdue < window.end)]


def failed_runs(runs: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Executions that failed, timed out or were aborted in a window; `step` and `error` are never null."""
    is_failed = ~runs["status"].isin([SUCCEEDED, *RUNNING])
    inside = (runs["ended"] >= window.start) & (runs["ended"] < window.end)
    error = runs["error"].fillna(runs["status"].astype("str").map(_status_words))
    return runs.assign(step=runs["step"].fillna(UNKNOWN_STEP), error=error)[is_failed & inside]


def finished(runs: pd.DataFrame, window: Window) -> int:
    """How many executions ended in a window, in whatever way."""
    return int(((runs["ended"] >= window.start) & (runs["ended"] < window.end)).sum())


def began(
    ended: pd.Series, window: Window, *, before: pd.Series | None = None, baseline: Window | None = None
) -> Shift | None:
    """When ends of a kind began to come oftener than usual, None where they did not.

    Args:
        ended: instants in the window.
        window: where they lie.
        before, baseline: the same of the baseline; without, the rest of the window is what is usual.
    """
    usual = None if before is None or baseline is None else _counts(before, baseline)
    return next((each for each in shifts(_counts(ended, window), baseline=usual) if each.is_above), None)


def _counts(stamps: pd.Series, window: Window) -> pd.Series:
    counts = counts_per_bucket(stamps, window)
    step = pd.Timedelta(seconds=bucket_s(window))
    return pd.Series(counts, index=pd.date_range(window.start, periods=len(counts), freq=step))


def _status_words(status: str) -> str:
    return CAUSE if status == "FAILED" else status


def lengths_min(runs: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Executions that succeeded and ended in a window, with `minutes` (float64): how long they took."""
    good = runs[(runs["status"] == SUCCEEDED) & (runs["ended"] >= window.start) & (runs["ended"] < window.end)]
    return good.assign(minutes=(good["ended"] - good["timestamp"]) / MINUTE)
