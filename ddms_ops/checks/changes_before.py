"""What changed just before?"""

import pandas as pd

from ddms_ops.analysis.suspects import suspect_changes
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.leading import leading
from ddms_ops.coverage import Status
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

SHOWN = 5
CHARS = 200


def check_changes_before(facts: Facts) -> list[Finding]:
    """Changes within `triage.change_lookback_min` before the leading finding began; coincident, no more."""
    sign = leading(facts)
    if sign is None or sign.first_seen is None:
        return []
    if all(pull.status is Status.NOT_CONFIGURED for pull in facts.pulls("changes")):
        raise CannotTell("no record of changes (CloudTrail)")
    triage = facts.profile.triage
    about = " ".join(sign.subject.get(name, "") for name in ("log_group", "error", "message", "job_type"))
    table = suspect_changes(
        facts.changes,
        sign.first_seen,
        lookback_min=triage.change_lookback_min,
        about=about,
        system=facts.profile.system,
    )
    pull = facts.pulls("changes")[0].pull
    return [
        _finding(change, sign, pull, len(table) - place) for place, change in enumerate(table.head(SHOWN).itertuples())
    ]


def _finding(change: object, sign: Finding, pull: str, strength: int) -> Finding:
    on = f" on {redact(str(change.resource))[:CHARS]}" if not pd.isna(change.resource) else ""  # type: ignore[attr-defined]
    by = f" by {redact(str(change.actor))[:CHARS]}" if not pd.isna(change.actor) else ""  # type: ignore[attr-defined]
    related = "; it names the affected component" if change.is_related else ""  # type: ignore[attr-defined]
    return Finding(
        check="changes_before",
        severity=Severity.LOW if change.is_related else Severity.INFO,  # type: ignore[attr-defined]
        statement=(
            f"{change.calls}{on}{by} at {change.last:%Y-%m-%d %H:%M} UTC,"  # type: ignore[attr-defined]
            f" {change.minutes_before:.0f} min before the first event of the finding above; coincident{related}"  # type: ignore[attr-defined]
        ).replace("the finding above", f"finding {sign.id}"),
        subject={"change": str(change.calls), "resource": on.removeprefix(" on "), "explains": sign.id},  # type: ignore[attr-defined]
        evidence=(EvidenceRef.of(pull, change.rows), *sign.evidence),  # type: ignore[attr-defined]
        strength=float(strength),
        first_seen=change.first,  # type: ignore[attr-defined]
        last_seen=change.last,  # type: ignore[attr-defined]
        observed=float(change.minutes_before),  # type: ignore[attr-defined]
        unit="min before",
    )
