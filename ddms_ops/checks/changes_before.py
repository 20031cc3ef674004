"""What changed just before?"""

from dataclasses import replace
from typing import Any

import pandas as pd

from ddms_ops.analysis.onset import bucket_s
from ddms_ops.analysis.suspects import alarms_before, first_seen_versions, suspect_changes
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.leading import leading
from ddms_ops.checks.steps import step_after_change
from ddms_ops.declaration import Profile
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

SHOWN = 5
CHARS = 200


def check_changes_before(facts: Facts) -> list[Finding]:
    """Changes within `triage.change_lookback_min` before the leading finding began; coincident, no more."""
    sign = leading(facts)
    names = ("log_group", "error", "message", "job_type", "version")
    return changes_near(facts, sign, about=" ".join(sign.subject.get(name, "") for name in names) if sign else "")


def changes_besides(facts: Facts) -> str:
    """Words for the changes of the window where none lies before a finding; empty where there are none."""
    number = int((facts.changes["is_write"] & facts.changes["error"].isna()).sum())
    return (
        f"{number:,} changing calls were made in the window or just before it, none of them just before what was found"
        if number
        else ""
    )


def changes_near(facts: Facts, sign: Finding | None, *, about: str, check: str = "changes_before") -> list[Finding]:
    """Changes within `triage.change_lookback_min` before a finding began, those that name what it is about first.

    Args:
        facts: the case.
        sign: the finding; none, or one without a beginning, has no changes before it.
        about: words of what is affected: log group, function, queue, table, error.
        check: whose findings these are.

    Raises:
        CannotTell: there is no record of changes.
    """
    if sign is None or sign.first_seen is None:
        return []
    if is_absent(facts, "changes"):
        raise CannotTell("no record of changes (CloudTrail)")
    triage = facts.profile.triage
    seen = [first_seen_versions(facts.log_events, facts.baseline_log_events), alarms_before(facts.alarms)]
    table = suspect_changes(
        pd.concat([facts.changes, *(part for part in seen if len(part))], ignore_index=True),
        _begun_by(facts, sign),
        lookback_min=triage.change_lookback_min,
        about=about,
        system=facts.profile.system,
    )
    found: dict[str, Finding] = {}
    for place, change in enumerate(table.head(SHOWN).itertuples()):
        when = _distance(change, sign) if sign.check != "traffic" else ""
        told = change_finding(facts.profile, change, sign, len(table) - place, check=check, when=when)
        if told.id in found:  # the same call by the same actor, some time apart
            told = replace(told, subject={**told.subject, "at": f"{change.first:%Y-%m-%dT%H:%MZ}"})
        found[told.id] = told
    return list(found.values())


def _distance(change: Any, sign: Finding) -> str:
    """How long before a finding began a change was made, or that it was in the very period in which it began."""
    minutes = (sign.first_seen - change.first) / pd.Timedelta(minutes=1)
    return f"{minutes:.0f} min before {sign.id} began" if minutes >= 0 else f"in the period in which {sign.id} began"


def _begun_by(facts: Facts, sign: Finding) -> pd.Timestamp:
    """The instant by which a finding had begun: of what is counted in buckets or periods, the end of its first."""
    assert sign.first_seen is not None
    seconds = bucket_s(facts.window) if sign.check == "traffic" else _period_s(facts, sign)
    return sign.first_seen + pd.Timedelta(seconds=seconds)


def _period_s(facts: Facts, sign: Finding) -> int:
    """The longest period of the metrics that a finding rests on alone; 0 where log events tell when it began."""
    if any(ref.kind != "metrics" for ref in sign.evidence):
        return 0
    rows = {int(each.rpartition(":")[2]) for ref in sign.evidence for each in ref.ids}
    names = facts.metrics.loc[facts.metrics["row"].isin(rows), "metric"].unique()
    known = [metric for name in names if (metric := facts.profile.metrics.get(str(name)))]
    return max((metric.period_s for metric in known), default=0)


def change_finding(
    profile: Profile, change: Any, sign: Finding, strength: int, *, check: str = "changes_before", when: str = ""
) -> Finding:
    """One row of `suspect_changes` as a finding that explains another; `when` is its distance in other words."""
    resource = "" if pd.isna(change.resource) else redact(str(change.resource))[:CHARS]
    actor = "" if pd.isna(change.actor) else redact(str(change.actor))[:CHARS]
    what = f"{change.calls}{' on ' + resource if resource else ''}{' by ' + actor if actor else ''}"
    distance = when or f"{change.minutes_before:.0f} min before {sign.id} began"
    at = f"at {change.first:%Y-%m-%d %H:%M} UTC, {distance}"
    return Finding(
        check=check,
        severity=Severity.LOW if change.is_related else Severity.INFO,
        statement=f"{what} {at}; coincident{'; it names the affected component' if change.is_related else ''}",
        subject={"change": str(change.calls), "resource": resource, "actor": actor, "explains": sign.id},
        evidence=(EvidenceRef.of(change.pull, change.rows), *(sign.evidence if change.is_related else ())),
        strength=float(strength),
        first_seen=change.first,
        last_seen=change.last,
        observed=float(change.minutes_before),
        unit="min before",
        next_step=step_after_change(profile, f"{change.service} {change.calls}"),
    )
