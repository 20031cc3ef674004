"""The metrics `duration` and `success` of a pipeline: where they left what is usual."""

import pandas as pd

from ddms_ops.analysis.backlog import Backlog, backlog_of
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import log_refs, onset_words
from ddms_ops.checks.watched import first_step_of, points_of
from ddms_ops.checks.work_basis import Limit, amount, met, metric_title, title_of, unit_of, values_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline

CHECK = "task_durations"
RUN = 3  # intervals: one slow or failed piece may make up one
PERCENT = ("percent", "%")
SLACK = 0.001  # of a ratio: rounding
LEAST_FAILING = 0.01  # a smaller share is no finding, however far above its usual


def of_duration(facts: Facts, name: str, entry: Pipeline) -> list[Finding]:
    """The finding about the metric of durations: where it rose `triage.rise` times, or over its alert."""
    values = values_of(facts, entry.duration)
    usual = values_of(facts, entry.duration, baseline=True)
    rose = backlog_of(values, baseline=usual, surge=facts.profile.triage.rise) if len(values) else None
    return _left(facts, name, entry, entry.duration, rose)


def of_success(facts: Facts, name: str, entry: Pipeline) -> list[Finding]:
    """The finding about the ratio of success: where the rest of it rose `triage.rise` times, or under its alert."""
    if unread_success(facts, entry):
        return []
    full = _full(facts, entry.success)
    values, usual = (values_of(facts, entry.success, baseline=side) / full for side in (False, True))
    rise = facts.profile.triage.rise
    rose = backlog_of(1 - values, baseline=1 - usual, surge=rise, least=LEAST_FAILING) if len(values) else None
    return _left(facts, name, entry, entry.success, rose)


def unread_success(facts: Facts, entry: Pipeline) -> str:
    """Why a ratio of success cannot be read as one, in words; empty where it can."""
    both = pd.concat([values_of(facts, entry.success, baseline=side) for side in (False, True)])
    most = both.max() if len(both) else 0.0
    if most <= _full(facts, entry.success) * (1 + SLACK):
        return ""
    title, unit = metric_title(facts, entry.success), unit_of(facts, entry.success)
    return f"{title} is up to {most:.3g}, which is no {unit or 'ratio'}; declare its unit: ratio or percent"


def _full(facts: Facts, metric: str) -> float:
    """What is all of a ratio, in its unit."""
    return 100.0 if unit_of(facts, metric).lower() in PERCENT else 1.0


def _left(facts: Facts, name: str, entry: Pipeline, metric: str, left: Backlog | None) -> list[Finding]:
    """The finding about a metric that left its usual, or met an alert that the baseline did not meet."""
    points, before = points_of(facts, metric), points_of(facts, metric, baseline=True)
    over = met(facts, metric, points) if len(points) else None
    if left is not None:
        rows = between(points, left.shift.start, left.shift.end or facts.window.end)
        if len(rows) >= RUN or over:
            onset = onset_words(left.shift)
            return [_finding(facts, name, entry, metric, rows, over[0] if over else None, onset)]
    if over is None or met(facts, metric, before):
        return []
    return [_finding(facts, name, entry, metric, over[1], over[0], "")]


def _finding(
    facts: Facts, name: str, entry: Pipeline, metric: str, rows: pd.DataFrame, limit: Limit | None, onset: str
) -> Finding:
    unit, usual = unit_of(facts, metric), values_of(facts, metric, baseline=True)
    now, expected = float(rows["value"].mean()), float(usual.mean()) if len(usual) else None
    against = f"{_amount(expected, unit)} in the baseline" if expected is not None else "no baseline"
    since = rows["timestamp"].min()
    verb = "is at" if expected is None else "fell to" if now < expected else "rose to"
    return Finding(
        check=CHECK,
        severity=limit.severity if limit else Severity.MEDIUM,
        statement=(
            f"{title_of(entry)}: {metric_title(facts, metric)} {verb} {_amount(now, unit)}"
            f" on average from {since:%Y-%m-%d %H:%M} UTC{onset}, {against}{f'; it is {limit.words}' if limit else ''}"
        ),
        subject={"pipeline": name, "metric": metric},
        evidence=log_refs(rows),
        strength=abs(now - expected) / abs(expected) if expected else abs(now),
        first_seen=since,
        last_seen=rows["timestamp"].max(),
        observed=now,
        baseline=expected,
        unit=unit,
        next_step=first_step_of(facts, entry),
    )


def _amount(value: float, unit: str) -> str:
    """`300 ms`; a ratio as `98.5%`."""
    if unit == "ratio":
        return f"{value:.1%}"
    return f"{value:.1f}%" if unit.lower() in PERCENT else f"{amount(value)} {unit}".strip()
