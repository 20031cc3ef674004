"""Whether a finding tells what was planted; the one comparison of drills and of benchmarks.

A truth is what the simulator writes beside a case. Systems plant differently: dms in its requests, smart-invoice in its
bill, the small systems and the work that waits by the notebook that asks and words that its first finding holds.
"""

from typing import Any

import pandas as pd

from ddms_ops.findings import Finding

SUDDEN_S, GRADUAL_S, HOUR_S = 60, 900, 3_600
COSTS, LEAK = "cost_spike", "tenant_leakage_audit"
Truth = dict[str, Any]


def asked_notebook(truth: Truth) -> str:
    """The notebook that is to tell it; empty where any may."""
    if "usage_type" in truth:
        return COSTS
    return LEAK if truth["kind"] == "leak" else str(truth.get("notebook") or "")


def bucket_s(truth: Truth) -> int:
    """Within how many seconds of the truth a start is right."""
    if "usage_type" in truth:
        return HOUR_S
    return GRADUAL_S if truth["gradual"] else int(truth.get("bucket_s") or SUDDEN_S)


def tells(finding: Finding, truth: Truth) -> bool:
    """Whether a finding of the asked notebook names what was planted."""
    if "usage_type" in truth:
        return (finding.check, finding.subject.get("usage_type")) == ("cost_rise", truth["usage_type"])
    if truth["kind"] == "leak":
        return finding.severity.is_above_low
    if truth.get("says"):
        said = " ".join((finding.statement, *finding.subject.values())).casefold()
        return all(words.casefold() in said for words in truth["says"])
    return cause_of(finding, truth) is not None


def cause_of(finding: Finding, truth: Truth) -> Truth | None:
    """The planted cause in requests that a finding names: the truth itself, or one of its causes; None for no such."""
    if truth["kind"] in ("traffic", "latency"):
        return truth if finding.check == truth["kind"] else None
    for cause in truth["causes"]:
        if cause["message_contains"] in finding.statement:
            return cause  # type: ignore[no-any-return]
    told = any(error["message_contains"] in finding.statement for error in truth["errors"])
    return truth if told and not truth["causes"] else None


def off_s(finding: Finding, onset: str) -> float | None:
    """How many seconds after the onset a finding begins, by its minute, negative where before; None without a start."""
    if finding.first_seen is None:
        return None
    return float((finding.first_seen.floor("min") - pd.Timestamp(onset)) / pd.Timedelta(seconds=1))


def planted_changes(truth: Truth) -> list[Truth]:
    """The calls of the planted change, each with name, resource and time; none where nothing was changed."""
    causes = [cause["change"] for cause in truth.get("causes") or () if cause["change"]]
    calls = truth.get("change_calls") or truth.get("changes") or [truth["change"]]
    return [call for call in (*calls, *causes) if call]
