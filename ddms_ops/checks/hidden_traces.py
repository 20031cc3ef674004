"""Was watching switched off: trails, detectors, flow logs, alarms, logs?

The calls and their sources (CloudTrail and GuardDuty documentation, CIS AWS Foundations Benchmark 4.x) stand in
`ddms_ops.analysis.call_kinds`.
"""

import pandas as pd

from ddms_ops.analysis.blinding import JUDGES, blinding
from ddms_ops.analysis.call_kinds import DARK, DIM
from ddms_ops.checks.access_words import must_have_calls
from ddms_ops.checks.base import Facts
from ddms_ops.checks.opened_access import SHOWN, Effect, effect_finding, effects, is_of_aws
from ddms_ops.declaration import log_group_names
from ddms_ops.findings import Finding, Severity

CHECK = "hidden_traces"
SEVERITIES = {DARK: Severity.HIGH, DIM: Severity.MEDIUM}


def check_hidden_traces(facts: Facts) -> list[Finding]:
    """One finding for each actor, call and effect, ten at most.

    HIGH is what switches off all of one kind of watching (a trail, GuardDuty, Config, flow logs, a log group of the
    profile), MEDIUM what takes a part (alarms, log groups, days of retention), LOW the rest, what was refused or
    failed, what automation did to the same effect in the baseline, and what Control Tower does by itself.

    Raises:
        CannotTell: there is no record of calls.
    """
    must_have_calls(facts)
    found = [effect_finding(facts, CHECK, one) for one in hidden(facts)]
    found.sort(key=lambda one: (one.severity.order, -one.strength, one.id))
    return found[:SHOWN]


def hidden(facts: Facts) -> list[Effect]:
    """What the calls of the window and of `triage.change_lookback_min` before it take away from watching."""
    return effects(facts, losses(facts, facts.calls), losses(facts, facts.baseline_calls), severity_of_darkness)


def losses(facts: Facts, calls: pd.DataFrame) -> pd.DataFrame:
    """Calls that take watching away, not of AWS's services, with `to` (how much) and `words`.

    Args:
        facts: the case, for its own log groups.
        calls: CALLS frame.
    """
    calls = calls[calls["is_write"] & ~is_of_aws(calls)]
    judged = [
        blinding(name, given) for name, given in zip(calls["name"].astype("str"), calls["parameters"], strict=True)
    ]
    own = [name.split(":", 1)[-1] for name in log_group_names(facts.profile, facts.incident.environment)]
    levels = [one[0] if one else "" for one in judged]
    table = calls.assign(to=levels, words=[one[1] if one else "" for one in judged])
    is_own = (table["name"] == "DeleteLogGroup") & table["resource"].isin(own)
    table = table.assign(to=table["to"].mask(is_own, DARK))
    return table[table["to"] != ""]


def severity_of_darkness(to: str) -> Severity:
    """HIGH where all of one kind goes, MEDIUM where a part does, else LOW."""
    return SEVERITIES.get(to, Severity.LOW)


def hidden_doubt(facts: Facts) -> str:
    """Why no finding may not mean that nothing was switched off."""
    calls = facts.calls
    lost = int((calls["name"].isin(JUDGES) & calls["error"].isna() & calls["parameters"].isna()).sum())
    return f"what {lost:,} changes of what watches did is not known: without parameters" if lost else ""
