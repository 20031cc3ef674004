"""What was refused for lack of capacity: throttles that a metric counts, and errors that say so."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.capacity_course import runs_of, step_of, zero_filled
from ddms_ops.analysis.impact import is_hit
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import (
    LOGS,
    METRICS,
    NAME_CHARS,
    alert_met,
    components_of,
    customer_of,
    events_began,
    has_points,
    hit_words,
    is_rise,
    lack_words,
    metric_name,
    name_of,
    period_of,
    refs_of,
    unit_of,
    watched,
)
from ddms_ops.checks.capacity_shares import shares_of
from ddms_ops.checks.cost_words import number
from ddms_ops.checks.refs import events_in_words, onset_words, span_words
from ddms_ops.checks.service_latency import ASKED
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.throttled_events import THROTTLED, throttle_severity
from ddms_ops.checks.watched import events_watched, first_step_of, groups_watched, points_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Capacity
from ddms_ops.redact import redact

CHECK = "throttling"
TOGETHER = pd.Timedelta(minutes=10)
"""Refusals no further apart than this are of one stretch: a client that backs off comes back sooner."""
RUN = 2
"""Points of throttles in a row that are more than those of a baseline with throttles: one may be a burst."""
BURST = 10
"""A single point is more than such a burst at so many times the highest of the baseline."""
STRAY = 0.1
"""A stretch with less than this share of the largest one's throttles does not belong to it."""
PART = "one part of it (a hot partition or key)"
NOTHING = "no entry of the profile's capacity names throttles (a metric) or components whose events would tell of them"


@dataclass(frozen=True, slots=True)
class _Run:
    """Points of throttles, what the baseline makes expected of them, and whether they are a rise.

    They come in `stretches`; those of the window that are no part of them sum up to `rest`.
    """

    rows: pd.DataFrame
    expected: float
    is_rise: bool
    shift: Shift | None = None
    stretches: int = 1
    rest: float = 0.0


def check_throttling(facts: Facts) -> list[Finding]:
    """Throttles above the baseline's, entry by entry, then errors of components whose entries show none.

    Severity is that of an alert on the metric, else HIGH at `triage.high_share` of what was asked, MEDIUM, and LOW
    under `triage.min_events`. Throttles over an alert in the baseline as well are LOW.

    Raises:
        CannotTell: no entry is declared, or none names what would tell.
    """
    declared = watched(facts, CHECK, NOTHING)
    counted = {key: found for key, entry in declared.items() if entry.throttles for found in _counted(facts, key)}
    told = {component for key in counted for component in declared[key].components}
    return [*counted.values(), *_said(facts, told)]


def throttling_lacks(facts: Facts) -> str:
    """What of the refusals could not be seen, in words; a metric without points is none where others have some."""
    declared = facts.profile.capacity.values()
    lacks = [
        f"{name_of(entry)}: no points of {metric_name(facts, entry.throttles)}, nor of any other metric of that service"
        for entry in declared
        if entry.throttles and not has_points(facts, entry)
    ]
    kinds = [*(METRICS if any(entry.throttles for entry in declared) else ())]
    kinds += LOGS if any(entry.components for entry in declared) else ()
    return lack_words(facts, lacks, *kinds)


def _counted(facts: Facts, key: str) -> Iterator[Finding]:
    """The finding about the throttles that one entry's metric counts."""
    entry = facts.profile.capacity[key]
    points = points_of(facts, entry.throttles)
    if not (points["value"] > 0).any():
        return
    run = _run(facts, entry, points, points_of(facts, entry.throttles, baseline=True))
    total = float(run.rows["value"].sum())
    asked = _asked(facts, entry, run.rows)
    share = min(total / asked, 1.0) if asked else 0.0
    met = alert_met(facts, entry.throttles, run.rows)
    if not run.is_rise and met is None:
        return
    severity = met[0] if met else throttle_severity(facts, total, share)
    severity = severity if run.is_rise else Severity.LOW
    yield _finding(facts, key, run, severity, f", {met[1]}" if met else "", asked)


def _run(facts: Facts, entry: Capacity, points: pd.DataFrame, before: pd.DataFrame) -> _Run:
    """The throttles that are to be told.

    Against a baseline without any: the stretch with the most, and those that are no strays beside it. Else the stretch
    most unlike the baseline, where it is a rise.
    """
    if not before["value"].sum() > 0:
        return _stretches(points)
    period = max(period_of(facts, entry.throttles), step_of(before, 0) / pd.Timedelta(seconds=1) * 0.5)
    now, usual = (
        zero_filled(points, facts.window, period_s=period),
        zero_filled(before, facts.baseline, period_s=period),
    )
    for shift in (each for each in shifts(now, baseline=usual) if each.is_above):
        until = shift.end or facts.window.end
        rows = between(points[points["value"] > 0], shift.start, until)
        expected = shift.expected * int(((now.index >= shift.start) & (now.index < until)).sum())
        expected *= _more_work(facts, entry)
        if _is_more(facts, rows, expected, usual):
            return _Run(rows, expected, is_rise=True, shift=shift)
    return _Run(points[points["value"] > 0], float(usual.mean() * len(now)), is_rise=False)


def _stretches(points: pd.DataFrame) -> _Run:
    """The stretches of throttles that are no strays beside the largest one."""
    runs = runs_of(points, points["value"] > 0, gap=TOGETHER)
    most = max(float(run["value"].sum()) for run in runs)
    own = [run for run in runs if run["value"].sum() >= STRAY * most]
    rows = pd.concat(own)
    rest = float(points["value"].sum() - rows["value"].sum())
    return _Run(rows, 0.0, is_rise=True, stretches=len(own), rest=rest)


def _is_more(facts: Facts, rows: pd.DataFrame, expected: float, usual: pd.Series) -> bool:
    """Whether throttles of a stretch are more than the baseline had in as long a time; a single point, far more."""
    total = float(rows["value"].sum())
    most = float(usual.rolling(max(1, len(rows)), min_periods=1).sum().max())
    if total < max(facts.profile.triage.rise * expected, most):
        return False
    return len(rows) >= RUN or total >= max(BURST * most, facts.profile.triage.min_events)


def _more_work(facts: Facts, entry: Capacity) -> float:
    """How many times the baseline's events an entry's components write; 1 where they write less, or none."""
    now, before = (len(events_watched(facts, entry, baseline=side)) for side in (False, True))
    rate = (now / facts.window.minutes) / (before / facts.baseline.minutes) if before else 1.0
    return max(rate, 1.0)


def _asked(facts: Facts, entry: Capacity, rows: pd.DataFrame) -> float:
    """What was asked of the same resource in the time of some points; 0 where no metric counts it."""
    mine = facts.profile.metrics.get(entry.throttles)
    own = f"{entry.account}:" if entry.account else ""
    for name, metric in facts.profile.metrics.items():
        same = mine and (metric.namespace, metric.dimensions) == (mine.namespace, mine.dimensions)
        if same and mine and metric.name in ASKED and name.startswith(own):
            points = points_of(facts, name)
            inside = points[points["timestamp"].between(rows["timestamp"].min(), rows["timestamp"].max())]
            refused = rows["value"].sum() if mine.namespace == "AWS/Lambda" else 0.0  # which counts those let in
            return float(inside["value"].sum() + refused) if len(inside) else 0.0
    return 0.0


def _finding(facts: Facts, key: str, run: _Run, severity: Severity, over: str, asked: float) -> Finding:
    entry, rows = facts.profile.capacity[key], run.rows
    since, until, total = rows["timestamp"].min(), rows["timestamp"].max(), float(rows["value"].sum())
    said = between(_throttled(facts, events_watched(facts, entry)), since - TOGETHER, until + TOGETHER)
    is_known = has_points(facts, entry, baseline=True)
    against = f"{number(run.expected)} expected from the baseline" if is_known else "no baseline"
    parts = f" in {run.stretches} stretches" if run.stretches > 1 else ""
    against += f", {number(run.rest)} more at other times" if run.rest else ""
    as_before = "" if run.is_rise else "; it was throttled in the baseline as much"
    words = f"; {events_in_words(facts, len(said))} of its components say so" if len(said) else ""
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{name_of(entry)}: {number(total)}{unit_of(facts, entry.throttles) or ' requests'} throttled{over}"
            f" from {span_words(since, until)}{parts}{onset_words(run.shift)}"
            f"{f', {min(total / asked, 1):.1%} of those that came' if asked else ''} ({against}){as_before}"
            f"{_beside(facts, entry, rows)}{words}{hit_words(facts, said)}"
        ),
        subject={"capacity": key, **customer_of(facts, key)},
        evidence=refs_of(rows, said),
        strength=total,
        first_seen=since,
        last_seen=until,
        observed=total,
        baseline=run.expected if is_known else None,
        unit=unit_of(facts, entry.throttles).strip() or "requests",
        next_step=first_step_of(facts, entry) or next_step(facts.profile, "ThrottlingException", fails=False),
    )


def _beside(facts: Facts, entry: Capacity, rows: pd.DataFrame) -> str:
    """What was used of the limit in that time: full, or throttled below it."""
    if not (entry.limit or entry.most):
        return ""
    shares = shares_of(facts, entry)
    inside = shares[shares["timestamp"].between(rows["timestamp"].min(), rows["timestamp"].max())]
    if inside.empty:
        return f"; what was used of {metric_name(facts, entry.used)} in that time is not known"
    most = float(inside["value"].max())
    if most >= entry.full:
        return f"; up to {most:.0%} of its limit was used in that time"
    why = "the limit that holds may be lower than the one declared" if entry.most else PART
    words = f"at most {most:.0%} of its limit was used in that time, so that it was throttled below it"
    return f"; {words}: {why}, or a burst within a period shows like this"


def _throttled(facts: Facts, events: pd.DataFrame) -> pd.DataFrame:
    """Events that speak of throttling, with `code` and `component`."""
    text = events["error"].astype("str").fillna("") + " " + events["message"].astype("str").fillna("")
    code = text.str.extract(THROTTLED, expand=False)
    rows = events[code.notna()]
    return rows.assign(code=code[code.notna()], component=components_of(facts, rows))


def _said(facts: Facts, told: set[str]) -> list[Finding]:
    """Findings about errors of components whose metrics showed no throttles, one for each error and component."""
    names = {name for entry in facts.profile.capacity.values() for name in groups_watched(facts, entry)}
    now, before = (
        _throttled(facts, logs[logs["log_group"].isin(names)]) for logs in (facts.log_events, facts.baseline_log_events)
    )
    now, before = (part[~part["component"].isin(told)] for part in (now, before))
    keys = ["component", "code"]
    earlier = dict(tuple(before.groupby(keys)))
    groups = list(now.groupby(keys))
    found = []
    for key, rows in groups:
        usual = earlier.get(key, before.iloc[:0])
        exposure = (len(facts.log_events), len(facts.baseline_log_events))
        if is_rise(facts, len(rows), len(usual), exposure, tests=len(groups)):
            found.append(_said_finding(facts, str(key[0]), str(key[1]), rows, usual))
    return found


def _said_finding(facts: Facts, component: str, code: str, rows: pd.DataFrame, usual: pd.DataFrame) -> Finding:
    since, shift = events_began(facts, rows, usual)
    until = rows["timestamp"].max()
    asked = between(facts.requests, since.floor("min"), until + pd.Timedelta(microseconds=1))
    share = float(is_hit(asked, rows).mean()) if facts.has_requests and len(asked) else 0.0
    against = f"{len(usual):,} in the baseline" if len(facts.baseline_log_events) else "no baseline"
    return Finding(
        check=CHECK,
        severity=throttle_severity(facts, len(rows), share),
        statement=(
            f"{redact(component)[:NAME_CHARS]}: {events_in_words(facts, len(rows))} of {code}"
            f" from {span_words(since, until)}{onset_words(shift)} ({against})"
            f"{f'; {share:.1%} of the requests of that time hit' if share else ''}{hit_words(facts, rows)}"
        ),
        subject={"component": redact(component)[:NAME_CHARS], "error": code},
        evidence=refs_of(rows),
        strength=float(len(rows)),
        first_seen=since,
        last_seen=until,
        observed=len(rows) / facts.window.minutes,
        baseline=len(usual) / facts.baseline.minutes if len(facts.baseline_log_events) else None,
        unit="events/min",
        next_step=next_step(facts.profile, code, fails=False),
    )
