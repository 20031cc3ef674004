"""A backlog in words: what it goes with, how it goes on, and how long until it is done."""

import pandas as pd

from ddms_ops.analysis.backlog import (
    Backlog,
    Flow,
    drain_min,
    interval_of,
    is_level,
    pace,
    per_minute,
    recent_since,
)
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import onset_words
from ddms_ops.checks.work_basis import amount, counted_until, ends_early, lacking_pull, step_of, values_of
from ddms_ops.operations import Pipeline

HOUR = 60.0
GOES_ON = "still going on at the end"


def course_words(facts: Facts, metric: str, backlog: Backlog | None) -> str:
    """`onset_words` of a backlog; where the metric's points end early it goes on no further than they do."""
    end = ends_early(facts, metric)
    words = onset_words(backlog.shift if backlog else None)
    return words if end is None else words.replace(GOES_ON, f"not over when its points end, {end:%H:%M}")


def flow_of(facts: Facts, entry: Pipeline, inside: pd.Series) -> Flow:
    """What came in and went out, a minute, from a backlog's beginning to its peak, and in the baseline."""
    since, peak, step = inside.index[0], inside.idxmax(), step_of(facts, entry.depth)
    until = min(max(peak + step, since + 2 * step), counted_until(facts))
    rates: list[float | None] = []
    for metric in (entry.arrived, entry.done):
        rates.append(_rate(facts, metric, since, until))
        rates.append(_rate(facts, metric, facts.baseline.start, facts.baseline.end, baseline=True))
    return Flow(*rates)


def _rate(facts: Facts, metric: str, start: pd.Timestamp, end: pd.Timestamp, *, baseline: bool = False) -> float | None:
    """Pieces a minute; 0 where the metric has points, but none then, None where it has none at all.

    CloudWatch sends none while nothing is counted: points in the baseline alone are 0 of a window that is all there.
    """
    now, before = values_of(facts, metric), values_of(facts, metric, baseline=True)
    sums = before if baseline else now
    is_silent = not baseline and len(before) > 0 and len(facts.metrics) > 0 and not lacking_pull(facts, "metrics")
    if end <= start or (sums.empty and not is_silent):
        return None
    return per_minute(sums, start, end, step=flow_step(facts, metric))


def flow_step(facts: Facts, metric: str) -> pd.Timedelta:
    """Length of one interval of a sum."""
    before, now = values_of(facts, metric, baseline=True), values_of(facts, metric)
    return interval_of(now if len(now) >= len(before) else before, step_of(facts, metric))


def flow_words(facts: Facts, entry: Pipeline, inside: pd.Series) -> str:
    """What a backlog goes with, in words; what is not declared or has no points is said."""
    flow = flow_of(facts, entry, inside)
    parts = [
        f"{amount(now)} a minute {verb}" + (f" ({amount(before)} before)" if before is not None else "")
        for verb, now, before in (("came in", flow.came, flow.came_before), ("were done", flow.done, flow.done_before))
        if now is not None
    ]
    lacking = [word for word, rate in (("comes in", flow.came), ("is done", flow.done)) if rate is None]
    goes = f"; it goes with this: {flow.goes_with}" if flow.goes_with else ""
    rates = f"; while it grew, {', '.join(parts)}" if parts else ""
    return goes + rates + (f"; not known what {' and what '.join(lacking)}" if lacking else "")


def drain_words(facts: Facts, entry: Pipeline, metric: str, backlog: Backlog | None) -> str:
    """How long until the backlog is done at the present pace, or that it is over, or that it is not drained."""
    values = values_of(facts, metric)
    if backlog is None or values.empty:
        return ""
    if backlog.shift.end is not None:
        return f"; back to its usual by {backlog.shift.end:%H:%M} UTC"
    early = ends_early(facts, metric)
    end = early or min(values.index[-1] + step_of(facts, metric), facts.window.end)
    wait = f"; {amount(backlog.last)} wait at the end"
    if early is not None:
        wait = f"; {amount(backlog.last)} waited at {early:%H:%M} UTC, when its points end,"
    since = recent_since(values, end, backlog.peak_at)
    came, done = (_rate(facts, each, since, end) for each in (entry.arrived, entry.done))
    if came is not None and done is not None:
        left, how = done - came, f"{amount(done)} a minute done, {amount(came)} come in"
    else:
        slope = pace(values[values.index >= since])
        if slope is None:
            return f"{wait}, too few points to say how fast they fall"
        left, how = -slope, f"it {'falls' if slope < 0 else 'rises'} by {amount(abs(slope))} a minute"
    how = "it hardly changes" if is_level(backlog.last, left) else how
    minutes = drain_min(backlog.last, left)
    if minutes is None:
        return f"{wait} and it does not drain at this rate: {how}"
    return f"{wait}, drained in about {length_words(minutes)} at this rate: {how}"


def length_words(minutes: float) -> str:
    """`40 min`, `3.5 h`."""
    return f"{minutes:,.0f} min" if minutes < 2 * HOUR else f"{minutes / HOUR:,.1f} h"
