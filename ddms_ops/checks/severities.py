"""How bad a finding is, by the profile's limits."""

import pandas as pd

from ddms_ops.analysis.impact import is_hit
from ddms_ops.analysis.requests import between, refused
from ddms_ops.checks.base import Facts
from ddms_ops.checks.impacts import Hit
from ddms_ops.findings import Severity


def error_severity(facts: Facts, hit: Hit, share: float) -> Severity:
    """CRITICAL over the error-rate alert, HIGH over the target or a telling share of one cell, else MEDIUM.

    Args:
        facts: the case.
        hit: impact of the errors; only that on requests is held against the profile's limits.
        share: failing share, 0..1, of the cell that the errors concentrate on.
    """
    target, alert = facts.profile.error_rate_limits if hit.are_requests else (None, None)
    if alert is not None and hit.impact.share > alert:
        return Severity.CRITICAL
    is_telling = max(share, hit.impact.share) >= facts.profile.triage.high_share
    return Severity.HIGH if (target is not None and hit.impact.share > target) or is_telling else Severity.MEDIUM


def rate_severity(facts: Facts, rows: pd.DataFrame) -> Severity:
    """Severity of the error-rate finding where at least half of the failures behind it are these events', else LOW."""
    for found in facts.result("error_rate").findings:
        assert found.first_seen is not None
        assert found.last_seen is not None
        failed = between(facts.requests, found.first_seen, found.last_seen)
        failed = failed[failed["failed"]]
        if len(failed) and is_hit(failed, rows).mean() >= 1 / 2:
            return found.severity
    return Severity.LOW


def worst(*severities: Severity) -> Severity:
    """The worst of some severities."""
    return min(severities, key=lambda severity: severity.order)


def warning_severity(facts: Facts, rows: pd.DataFrame, share: float) -> Severity:
    """HIGH at a telling share of one cell, else MEDIUM; LOW where most of what was warned about was refused.

    A request answered with 400 to 499 was refused as the client's fault.
    """
    hit = facts.requests[is_hit(facts.requests, rows)]
    if len(hit) and refused(hit).mean() > 1 / 2:
        return Severity.LOW
    return Severity.HIGH if share >= facts.profile.triage.high_share else Severity.MEDIUM
