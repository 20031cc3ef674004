"""Executions of state machines that succeed, but take longer than they did."""

import pandas as pd

from ddms_ops.analysis.endpoints import slower_p_value
from ddms_ops.analysis.stuck import lengths_min
from ddms_ops.checks.backlog_words import length_words
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, pair_refs
from ddms_ops.checks.watched import first_step_of
from ddms_ops.checks.work_basis import shown, title_of
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.operations import Pipeline

CHECK = "stuck_work"
IDS = 3
RARELY = 0.99
LEAST_MIN = 1.0  # minutes: what takes less is not stuck, however much longer it takes


def slower_runs(facts: Facts, name: str, entry: Pipeline, runs: pd.DataFrame) -> list[Finding]:
    """The finding about executions of a state machine whose median rose `triage.rise` times, and beyond chance.

    From `triage.min_events` on either side.
    """
    triage = facts.profile.triage
    now, before = (lengths_min(runs, side) for side in (facts.window, facts.baseline))
    if min(len(now), len(before)) < triage.min_events:
        return []
    median, usual = float(now["minutes"].median()), float(before["minutes"].median())
    p_value = slower_p_value(now["minutes"].to_numpy(), before["minutes"].to_numpy())
    machines = sum(len(each.state_machines) for each in facts.profile.pipelines.values())
    if median < max(triage.rise * usual, LEAST_MIN) or p_value * machines >= triage.significance:
        return []
    slow = now[now["minutes"] > float(before["minutes"].quantile(RARELY))]
    machine, begun = shown(now["machine"].iloc[0]), slow["timestamp"].min()
    return [
        Finding(
            check=CHECK,
            severity=Severity.MEDIUM,
            statement=(
                f"{title_of(entry)}: {counted(len(now), 'execution')} of {machine} that succeeded took"
                f" {length_words(median)} (median), {length_words(usual)} in the baseline ({len(before):,}); the first"
                f" slow one began {begun:%Y-%m-%d %H:%M} UTC; {ids_words(slow)}"
            ),
            subject={"pipeline": name, "machine": machine, "signal": "slow"},
            evidence=run_refs(slow),
            strength=float(len(slow)),
            first_seen=begun,
            last_seen=slow["ended"].max(),
            observed=median,
            baseline=usual,
            unit="min",
            next_step=first_step_of(facts, entry),
        )
    ]


def run_refs(rows: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """References to executions, and to the records of their histories that tell their step."""
    pulls = rows["pull"].astype("str")
    return pair_refs([*zip(pulls, rows["row"], strict=True), *zip(pulls, rows["told"], strict=True)])


def ids_words(rows: pd.DataFrame) -> str:
    """`e.g. a, b, c`: the first to begin."""
    return "e.g. " + ", ".join(shown(name) for name in rows.sort_values("timestamp")["id"].head(IDS))
