"""The finding that the checks after it explain: the strongest sign that something began."""

import pandas as pd

from ddms_ops.analysis.requests import refused
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.error_rate import REFUSED
from ddms_ops.findings import Finding, Verdict

GROUPED = ("new_errors", "risen_errors", "warnings")
SIGNS = (*GROUPED, "error_rate", "traffic", "latency")
TOGETHER = pd.Timedelta(minutes=10)


def leading(facts: Facts) -> Finding | None:
    """The worst finding above LOW of the checks that date an onset, None where all are clear.

    Raises:
        CannotTell: nothing found, and not all of those checks could be made.
    """
    return leading_of(facts, SIGNS)


def leading_of(facts: Facts, names: tuple[str, ...]) -> Finding | None:
    """The worst finding above LOW of some checks, the earlier check's among equals, None where all are clear.

    Raises:
        CannotTell: nothing found, and not all of those checks could be made.
    """
    results = [facts.result(name) for name in names]
    found = [
        (finding.severity.order, position, -finding.strength, finding.id, finding)
        for position, result in enumerate(results)
        for finding in result.findings
        if finding.severity.is_above_low
    ]
    if found:
        return min(found)[-1]
    if any(result.status is Verdict.NOT_CHECKED for result in results):
        raise CannotTell("no onset was found, and not every check that dates one could be made")
    return None


def leading_or_none(facts: Facts) -> Finding | None:
    """`leading`, None also where it cannot be told."""
    try:
        return leading(facts)
    except CannotTell:
        return None


def events_of(facts: Facts, finding: Finding) -> pd.DataFrame:
    """The events behind a leading finding: of its groups and those that began with it, slow or failed requests."""
    if "limit_ms" in finding.subject:
        return facts.requests[facts.requests["duration_ms"] > float(finding.subject["limit_ms"])]
    if finding.subject.get("signal") == REFUSED:
        return facts.requests[refused(facts.requests)]
    if "group" not in finding.subject:
        return facts.requests[facts.requests["failed"]]
    kin = [other for name in GROUPED for other in facts.result(name).findings if _began_with(other, finding)]
    groups = {group for sign in (finding, *kin) for group in sign.subject["group"].split(",")}
    return facts.log_events[facts.log_events["group"].isin(groups)]


def _began_with(other: Finding, finding: Finding) -> bool:
    """Whether a finding above LOW began at nearly the same time."""
    if not other.severity.is_above_low or other.first_seen is None or finding.first_seen is None:
        return False
    return abs(other.first_seen - finding.first_seen) <= TOGETHER
