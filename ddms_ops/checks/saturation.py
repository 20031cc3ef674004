"""What is full: what is used against its limit, since when, and whether it was full before."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.capacity_course import STEP, runs_of, step_of
from ddms_ops.analysis.shapes import Shift
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import (
    METRICS,
    alert_met,
    customer_of,
    known_minutes,
    lack_words,
    metric_name,
    name_of,
    period_of,
    refs_of,
    rises,
    unit_of,
    watched,
)
from ddms_ops.checks.capacity_shares import limitless, shares_lack, shares_of
from ddms_ops.checks.cost_words import number
from ddms_ops.checks.refs import onset_words, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.watched import first_step_of, points_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Capacity

CHECK = "saturation"
RUN = 2
"""Points in a row that must be full: a single one may be a burst within a period."""
LONG = pd.Timedelta(minutes=5)
"""A single point over so long is no burst."""
OFTEN = 5
"""Full points that are no bursts either, however they lie."""
NOTHING = (
    "no entry of the profile's capacity names what is used and its limit; declare used (a metric) with limit (a"
    " metric) or most (a number)"
)


@dataclass(frozen=True, slots=True)
class _Full:
    """A stretch in which something was full, the full points of window and baseline, and when it left its normal."""

    run: pd.DataFrame
    full: pd.DataFrame
    shares: pd.DataFrame
    before: pd.DataFrame
    shift: Shift | None
    step: pd.Timedelta


def check_saturation(facts: Facts) -> list[Finding]:
    """Entries of whose limit `full` or more was used: twice in a row, for five minutes, or at five points.

    Severity is that of an alert on what is used, else MEDIUM. LOW where it was full in the baseline for more than
    1 / `triage.rise` of that share of the time, or where it did not leave its normal course.

    Raises:
        CannotTell: no entry is declared, or none has a limit.
    """
    limited = watched(facts, CHECK, NOTHING)
    return [
        _finding(facts, key, entry, found)
        for key, entry in limited.items()
        if (found := _full(facts, entry)) is not None
    ]


def saturation_lacks(facts: Facts) -> str:
    """What of what is used could not be held against a limit, in words."""
    declared = facts.profile.capacity.values()
    return lack_words(facts, (lack for entry in declared for lack in shares_lack(facts, entry)), *METRICS)


def saturation_note(facts: Facts, _found: list[Finding]) -> str:
    """What findings leave out: what could not be seen, and what has no limit."""
    return "; ".join(filter(None, [saturation_lacks(facts), *limitless(facts)]))


def _full(facts: Facts, entry: Capacity) -> _Full | None:
    shares, before = (shares_of(facts, entry, baseline=side) for side in (False, True))
    step = step_of(pd.concat([before, shares]), period_of(facts, entry.used))
    full = shares[shares["value"] >= entry.full]
    runs = runs_of(shares, shares["value"] >= entry.full, gap=STEP * step)
    run = max(runs, key=len, default=full)
    if len(run) < RUN:
        run = full if len(full) >= OFTEN else run if _lasts(facts, entry) >= LONG else full.iloc[:0]
    if run.empty:
        return None
    since, until = run["timestamp"].iloc[0], run["timestamp"].iloc[-1]
    own = [s for s in rises(shares, before) if s.start <= until and (s.end is None or s.end > since)]
    return _Full(run, full, shares, before, min(own, key=lambda s: s.start, default=None), step)


def _lasts(facts: Facts, entry: Capacity) -> pd.Timedelta:
    """How long one point of what is used is known to be over: the declared period, or less where they are closer."""
    points = pd.concat([points_of(facts, entry.used, baseline=side) for side in (True, False)])
    apart = points["timestamp"].drop_duplicates().sort_values().diff().min()
    declared = pd.Timedelta(seconds=period_of(facts, entry.used))
    return declared if pd.isna(apart) else min(apart, declared)


def _finding(facts: Facts, key: str, entry: Capacity, found: _Full) -> Finding:
    run, shift = found.run, found.shift
    reached, until = run["timestamp"].iloc[0], run["timestamp"].iloc[-1]
    began = min(shift.start, reached) if shift else reached
    most = float(run["value"].max())
    was_full = int((found.before["value"] >= entry.full).sum())
    part, was = len(found.full) / len(found.shares), was_full / max(len(found.before), 1)
    is_more = part >= facts.profile.triage.rise * was
    is_new = is_more and (shift is not None or found.before.empty)
    met = alert_met(facts, entry.used, run.assign(value=_used(facts, entry, run)))
    minutes = known_minutes(facts, entry.used, len(found.full), found.step)
    return Finding(
        check=CHECK,
        severity=(met[0] if met else Severity.MEDIUM) if is_new else Severity.LOW,
        statement=(
            f"{name_of(entry)} is full: up to {most:.0%} of its limit ({_limit_words(facts, entry, run)}) was used,"
            f" {entry.full:.0%} or more from {span_words(reached, until)}{f', {met[1]}' if met else ''};"
            f" {minutes} in all; {_before_words(found, was_full)}{_left_words(shift, began, reached)}"
            f"{'' if is_new else f'; {_doubt(run, is_more)}'}"
        ),
        subject={"capacity": key, **customer_of(facts, key)},
        evidence=refs_of(run),
        strength=most * len(run),
        first_seen=began,
        last_seen=until,
        observed=most,
        baseline=float(found.before["value"].max()) if len(found.before) else None,
        unit="ratio",
        next_step=first_step_of(facts, entry) or next_step(facts.profile, metric_name(facts, entry.used), fails=False),
    )


def _used(facts: Facts, entry: Capacity, run: pd.DataFrame) -> pd.Series:
    """What was used in the metric's own unit, by the index of the shares."""
    own = facts.metrics[facts.metrics["metric"] == entry.used].set_index("timestamp")["value"]
    return run["timestamp"].map(own).astype("float64")


def _limit_words(facts: Facts, entry: Capacity, run: pd.DataFrame) -> str:
    limit = float(run["limit"].iloc[-1])
    metric = facts.profile.metrics.get(entry.used)
    a_second = " a second" if metric is not None and metric.statistic == "Sum" else ""
    return f"{number(limit)}{unit_of(facts, entry.used)}{a_second}"


def _before_words(found: _Full, was_full: int) -> str:
    if found.before.empty:
        return "no baseline"
    share = was_full / len(found.before)
    most, usual = found.before["value"].max(), found.before["value"].mean()
    return f"in the baseline {usual:.0%} on average and at most {most:.0%}, full for {share:.0%} of the time"


def _left_words(shift: Shift | None, began: pd.Timestamp, reached: pd.Timestamp) -> str:
    if shift is None:
        return ""
    return f"; it left its normal at {began:%H:%M} and was full from {reached:%H:%M}{onset_words(shift)}"


def _doubt(run: pd.DataFrame, is_more: bool) -> str:
    if not is_more:
        return "it was about as full in the baseline"
    return "it did not leave its normal course" if len(run) >= RUN else "too short to tell whether it is usual"
