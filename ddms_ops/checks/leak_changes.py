"""What changed just before the first disclosure?"""

from dataclasses import replace

from ddms_ops.analysis.suspects import suspect_changes
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.changes_before import SHOWN, change_finding
from ddms_ops.findings import Finding, Verdict

CHECK = "leak_changes"


def leading_leak(facts: Facts) -> Finding | None:
    """The kind of disclosure with the most rows; None without any."""
    findings = facts.result("tenant_leaks").findings or facts.result("tenant_witnesses").findings
    return min((found for found in findings if found.severity.is_above_low), key=_weight, default=None)


def check_leak_changes(facts: Facts) -> list[Finding]:
    """Changes within `triage.change_lookback_min` before the leading kind of disclosure began; coincident, no more.

    They name no step: the runbook's steps after a change are those of alerts, and none of them fired.
    """
    sign = leading_leak(facts)
    if sign is None or sign.first_seen is None:
        if facts.result("tenant_leaks").status is Verdict.NOT_CHECKED:
            raise CannotTell("whether anything was disclosed could not be judged")
        return []
    if is_absent(facts, "changes"):
        raise CannotTell("no record of changes (CloudTrail)")
    table = suspect_changes(
        facts.changes,
        sign.first_seen,
        lookback_min=facts.profile.triage.change_lookback_min,
        about=" ".join(sign.subject.values()),
        system=facts.profile.system,
    )
    return [
        replace(change_finding(facts.profile, change, sign, len(table) - place, check=CHECK), next_step="")
        for place, change in enumerate(table.head(SHOWN).itertuples())
    ]


def _weight(found: Finding) -> tuple[int, float, str]:
    return found.severity.order, -found.strength, found.id
