"""Which metrics left their normal, whether or not a limit is declared for them?"""

import pandas as pd

from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, onset_words
from ddms_ops.checks.watched import series_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

SHOWN = 10
EACH = 3
NAME_CHARS = 120


def check_metrics_moved(facts: Facts) -> list[Finding]:
    """Up to three stretches of each metric that are unlike its baseline, or unlike its own rest without one.

    Always LOW: no limit says that it is bad. The ten most unusual are listed.
    """
    if facts.metrics.empty:
        raise CannotTell("no metric points in the window")
    before = dict(tuple(facts.baseline_metrics.groupby("metric", sort=True)))
    found = [
        (shift, str(name), points)
        for name, points in facts.metrics.groupby("metric", sort=True)
        for shift in shifts(
            series_of(points), baseline=series_of(before[name]) if name in before else None, at_most=EACH
        )
    ]
    found.sort(key=lambda each: (-abs(each[0].score), each[1], each[0].start))
    return [_finding(facts, name, shift, points) for shift, name, points in found[:SHOWN]]


def _finding(facts: Facts, name: str, shift: Shift, points: pd.DataFrame) -> Finding:
    metric = facts.profile.metrics.get(name)
    title = redact((metric.title if metric else "") or name)[:NAME_CHARS]
    unit = f" {metric.unit}" if metric else ""
    inside = points[points["timestamp"] >= shift.start]
    inside = inside if shift.end is None else inside[inside["timestamp"] < shift.end]
    own = "" if name in set(facts.baseline_metrics["metric"]) else " by its own course (it has no baseline)"
    return Finding(
        check="metrics_moved",
        severity=Severity.LOW,
        statement=(
            f"{title} {'rose' if shift.is_above else 'fell'} to {shift.observed:.4g}{unit} on average,"
            f" {shift.expected:.4g} expected{own}, from {shift.start:%Y-%m-%d %H:%M} UTC{onset_words(shift)}"
        ),
        subject={"metric": title, "start": f"{shift.start:%Y-%m-%dT%H:%MZ}"},
        evidence=log_refs(inside) or log_refs(points),
        strength=abs(shift.score),
        first_seen=shift.start,
        last_seen=inside["timestamp"].max() if len(inside) else None,
        observed=shift.observed,
        baseline=shift.expected,
        unit=unit.strip(),
    )
