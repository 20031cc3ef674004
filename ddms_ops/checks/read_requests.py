"""Requests of window and baseline as far as both were read, and how many the baseline makes expected."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.group_rates import compared_events
from ddms_ops.analysis.onset import bucket_s, expected_counts
from ddms_ops.checks.base import Facts
from ddms_ops.coverage import Coverage
from ddms_ops.window import Window

MINUTE = pd.Timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ReadRequests:
    """Requests of log groups that were read in window and baseline.

    `parts` are what was read of the log groups that are not all there, in the window and in the baseline: from the
    first to the last event. Requests outside of it are left out.
    """

    now: pd.DataFrame
    before: pd.DataFrame
    window: Window
    baseline: Window
    parts: dict[str, tuple[Window, Window]]

    @property
    def spans(self) -> tuple[Window, Window]:
        """What was read of any of the log groups, in the window and in the baseline."""
        if len(self._whole()):
            return self.window, self.baseline
        spans = [self.parts[name] for name in self.parts if len(self._of(name))]
        now, before = zip(*spans, strict=True)
        return _around(now), _around(before)

    def expected(self) -> np.ndarray:
        """Requests per bucket of the window at the baseline's mean rate; none of a log group where it was not read."""
        found = expected_counts(len(self._whole()) / self.baseline.minutes, self.window)
        step = pd.Timedelta(seconds=bucket_s(self.window))
        for name, (span, usual) in self.parts.items():
            starts = self.window.start + step * np.arange(len(found))
            ends = np.minimum(starts + step, self.window.end)
            read = np.minimum(ends, span.end) - np.maximum(starts, span.start)
            found = found + _rate(self._of(name), usual) * np.maximum(read / MINUTE, 0)
        return found

    def expected_of_tenants(self, inside: Window) -> pd.Series:
        """Requests of each tenant in some stretch of the window, at the baseline's mean rate."""
        found = _tenants(self._whole()) * (inside.length / self.baseline.length)
        for name, (span, usual) in self.parts.items():
            read = max((min(inside.end, span.end) - max(inside.start, span.start)) / MINUTE, 0)
            its = self._of(name)
            found = found.add(_tenants(its) * (_rate(its, usual) * read / max(len(its), 1)), fill_value=0)
        return found

    def _of(self, name: str) -> pd.DataFrame:
        return self.before[_is_of(self.before, name)]

    def _whole(self) -> pd.DataFrame:
        pulls = [pull for name in self.parts for pull in _pulls(name)]
        return compared_events(self.before, pulls)


def read_requests(facts: Facts) -> ReadRequests:
    """The requests of a case as far as they can be compared."""
    rows = {row.pull: row for row in (*facts.pulls("logs"), *facts.pulls("logs.baseline"))}
    names = sorted({pull.partition("/")[2] for pull in rows if pull not in facts.not_compared})
    sides = {name: [rows[pull] for pull in _pulls(name)] for name in names}
    parts = {
        name: (_known(now), _known(before))
        for name, (now, before) in sides.items()
        if not (now.is_all_there and before.is_all_there)
    }
    frames = [compared_events(frame, facts.not_compared) for frame in (facts.requests, facts.baseline_requests)]
    for name, spans in parts.items():
        for place, span in enumerate(spans):
            stamps = frames[place]["timestamp"]
            is_inside = (stamps >= span.start) & (stamps < span.end)
            frames[place] = frames[place][is_inside | ~_is_of(frames[place], name)]
    now, before = frames
    return ReadRequests(now, before, facts.window, facts.baseline, parts)


def _is_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Which rows came with the pulls of a log group; one whose clock was off may stand on the other side."""
    return frame["pull"].isin(_pulls(name))


def _pulls(name: str) -> tuple[str, str]:
    return f"logs/{name}", f"logs.baseline/{name}"


def _known(row: Coverage) -> Window:
    return row.asked if row.is_all_there or row.got is None else row.got


def _rate(rows: pd.DataFrame, span: Window) -> float:
    """Rows a minute; of a span under a minute as if it were one."""
    return len(rows) / max(span.minutes, 1.0)


def _tenants(rows: pd.DataFrame) -> pd.Series:
    return rows["tenant"].astype("str").dropna().value_counts()


def _around(spans: tuple[Window, ...]) -> Window:
    return Window(min(span.start for span in spans), max(span.end for span in spans))
