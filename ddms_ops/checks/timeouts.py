"""What ran into its time limit: events that say so, and durations that reach it."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.capacity_course import STEP, invocations, runs_of, step_of, told_once
from ddms_ops.analysis.shapes import Shift
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import (
    LOGS,
    METRICS,
    alert_met,
    customer_of,
    events_began,
    events_lack,
    hit_words,
    is_rise,
    lack_words,
    metric_name,
    name_of,
    period_of,
    points_lack,
    refs_of,
    rises,
    unit_of,
    watched,
)
from ddms_ops.checks.refs import counted, events_in_words, ms_words, onset_words, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.watched import events_watched, first_step_of, points_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Capacity
from ddms_ops.redact import redact

CHECK = "timeouts"
NEAR = 0.9
"""Share of a time limit from which on a duration is near it."""
RUN = 2
NOTHING = (
    "no entry of the profile's capacity names how a timeout shows; declare timeouts (texts of log events) with"
    " components, or duration (a metric) and timeout_ms"
)


MS = {"s": 1000.0, "sec": 1000.0, "second": 1000.0, "seconds": 1000.0, "us": 0.001, "microseconds": 0.001}
"""Units of a duration that are not ms, in ms; what is of no unit of time is taken to be ms."""


@dataclass(frozen=True, slots=True)
class _Near:
    """Points of a duration near its limit, the baseline's points, and how the duration rose."""

    rows: pd.DataFrame
    before: pd.DataFrame
    shift: Shift | None
    is_new: bool


def check_timeouts(facts: Facts) -> list[Finding]:
    """Entries with more timeouts than in the baseline, as a share of what was run, or durations near their limit.

    HIGH where `triage.high_share` of what was run timed out, LOW under `triage.min_events`, else MEDIUM; that of an
    alert on the duration where it is worse. Durations near the limit alone are MEDIUM where they rose.

    Raises:
        CannotTell: no entry is declared, or none says how a timeout shows.
    """
    declared, found = watched(facts, CHECK, NOTHING), []
    for key, entry in declared.items():
        near = _near(facts, entry)
        timed_out = _timed_out(facts, key, entry, near, len(declared))
        found += timed_out or _near_only(facts, key, entry, near)
    return found


def timeouts_lacks(facts: Facts) -> str:
    """What of the timeouts could not be seen, in words."""
    lacks: list[str] = []
    kinds: set[str] = set()
    for entry in facts.profile.capacity.values():
        if entry.timeouts:
            lacks += events_lack(facts, entry, "timeouts")
            kinds.update(LOGS)
        if entry.duration and entry.timeout_ms:
            lacks += points_lack(facts, entry, entry.duration)
            kinds.update(METRICS)
        elif entry.timeout_ms or (entry.duration and entry.timeouts):
            what = "timeout_ms, but no duration" if entry.timeout_ms else "a duration, but no timeout_ms"
            lacks.append(f"{name_of(entry)}: has {what}")
    return lack_words(facts, lacks, *sorted(kinds))


def durations_of(facts: Facts, entry: Capacity, *, baseline: bool = False) -> pd.DataFrame:
    """METRICS of an entry's duration, in ms whatever its declared unit."""
    points = points_of(facts, entry.duration, baseline=baseline)
    return points.assign(value=points["value"] * MS.get(unit_of(facts, entry.duration).strip().lower(), 1.0))


def _timed_out(facts: Facts, key: str, entry: Capacity, near: _Near | None, tests: int) -> list[Finding]:
    """The finding about events that tell of timeouts."""
    if not (entry.timeouts and entry.components):
        return []
    every, usual = (events_watched(facts, entry, baseline=side) for side in (False, True))
    rows, before = (told_once(part, entry.timeouts) for part in (every, usual))
    asked, asked_before, _ = invocations(every, usual)
    if not is_rise(facts, len(rows), len(before), (asked, asked_before), tests=tests):
        return []
    since, shift = events_began(facts, rows, before)
    rows = rows[rows["timestamp"] >= since]
    until = rows["timestamp"].max()
    run, _, unit = invocations(every[every["timestamp"] >= since], usual)
    share = min(len(rows) / run, 1.0) if run else 0.0
    against = f"{len(before):,} of {asked_before:,} {unit}s in the baseline" if asked_before else "no baseline"
    return [
        Finding(
            check=CHECK,
            severity=_severity(facts, entry, len(rows), share),
            statement=(
                f"{name_of(entry)}: {events_in_words(facts, len(rows))} of timeouts from {span_words(since, until)}"
                f"{onset_words(shift)}, {share:.1%} of the {unit}s since then ({against})"
                f"{_near_words(facts, entry, near)}{hit_words(facts, rows)}"
            ),
            subject={"capacity": key, **customer_of(facts, key)},
            evidence=refs_of(rows, *([near.rows] if near else [])),
            strength=float(len(rows)),
            first_seen=since,
            last_seen=until,
            observed=share,
            baseline=min(len(before) / asked_before, 1.0) if asked_before else None,
            unit="ratio",
            next_step=first_step_of(facts, entry) or next_step(facts.profile, f"{entry.timeouts[0]} timeout"),
        )
    ]


def _severity(facts: Facts, entry: Capacity, number: int, share: float) -> Severity:
    triage = facts.profile.triage
    if number < triage.min_events:
        return Severity.LOW
    met = alert_met(facts, entry.duration, points_of(facts, entry.duration)) if entry.duration else None
    own = Severity.HIGH if share >= triage.high_share else Severity.MEDIUM
    return min(own, met[0], key=lambda each: each.order) if met else own


def _near(facts: Facts, entry: Capacity) -> _Near | None:
    """Points of the duration near the limit; None where it has none or is not declared."""
    if not (entry.duration and entry.timeout_ms):
        return None
    points, before = (durations_of(facts, entry, baseline=side) for side in (False, True))
    is_near, was_near = (part["value"] >= NEAR * entry.timeout_ms for part in (points, before))
    if not is_near.any():
        return None
    own = rises(points, before)
    rows = points[is_near]
    over = [s for s in own if s.start <= rows["timestamp"].max() and (s.end is None or s.end > rows["timestamp"].min())]
    step = step_of(points, period_of(facts, entry.duration))
    longest = max(len(run) for run in runs_of(points, is_near, gap=STEP * step))
    was = float(was_near.mean()) if len(before) else 0.0
    is_new = longest >= RUN and is_near.mean() >= facts.profile.triage.rise * was and (bool(over) or before.empty)
    return _Near(rows, before, min(over, key=lambda s: s.start, default=None), is_new)


def _near_words(facts: Facts, entry: Capacity, near: _Near | None) -> str:
    """How far the duration went, and whether it grew before or jumped."""
    if near is None or not entry.timeout_ms:
        return ""
    name, most = _statistic(facts, entry), float(near.rows["value"].max())
    words = f"; {name} reached {ms_words(most)} of {ms_words(entry.timeout_ms)} allowed ({most / entry.timeout_ms:.0%})"
    if near.shift is None:
        return f"{words}, within its normal course"
    how = "grew gradually" if near.shift.shape == "gradual" else "jumped"
    return f"{words}, it {how} from {near.shift.start:%H:%M} ({ms_words(near.shift.expected)} expected)"


def _statistic(facts: Facts, entry: Capacity) -> str:
    """The duration as a report calls it, with what it hides where it is not the longest."""
    metric = facts.profile.metrics.get(entry.duration)
    if metric is None or metric.statistic in ("", "Maximum"):
        return metric_name(facts, entry.duration)
    return f"{metric_name(facts, entry.duration)} ({redact(metric.statistic)}, the longest took more)"


def _near_only(facts: Facts, key: str, entry: Capacity, near: _Near | None) -> list[Finding]:
    """The finding about durations near the limit where no event tells of a timeout."""
    if near is None or not entry.timeout_ms:
        return []
    rows = near.rows
    reached, until = rows["timestamp"].min(), rows["timestamp"].max()
    since = min(near.shift.start, reached) if near.shift else reached
    met = alert_met(facts, entry.duration, points_of(facts, entry.duration))
    doubt = "" if near.is_new else "; as near in the baseline, or too short to tell"
    return [
        Finding(
            check=CHECK,
            severity=(met[0] if met else Severity.MEDIUM) if near.is_new else Severity.LOW,
            statement=(
                f"{name_of(entry)} came near its time limit from {span_words(reached, until)},"
                f" {counted(len(rows), 'point')} at {NEAR:.0%} of it or more{_near_words(facts, entry, near)}"
                f"; {'no more events than before tell' if entry.timeouts else 'no text is declared that would tell'}"
                f" of timeouts{doubt}"
            ),
            subject={"capacity": key, **customer_of(facts, key), "signal": "duration"},
            evidence=refs_of(rows),
            strength=float(rows["value"].max()) / entry.timeout_ms,
            first_seen=since,
            last_seen=until,
            observed=float(rows["value"].max()),
            baseline=float(near.before["value"].max()) if len(near.before) else None,
            unit="ms",
            next_step=first_step_of(facts, entry) or next_step(facts.profile, "timeout"),
        )
    ]
