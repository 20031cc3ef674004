"""What is stuck, and at which step? Executions that run too long, and those that failed."""

import pandas as pd

from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.stuck import SUCCEEDED, Longest, began, failed_runs, finished, longest_run, stuck_runs
from ddms_ops.checks.backlog_words import length_words
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.refs import counted, onset_words
from ddms_ops.checks.slow_runs import ids_words, run_refs, slower_runs
from ddms_ops.checks.watched import first_step_of
from ddms_ops.checks.work_basis import SHOWN, declaring, lacking_pull, shown, title_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline

CHECK = "stuck_work"
IDS = 3
HISTORY = "the steps are not known: no history of them is there (get-execution-history)"
ONLY_MACHINES = (
    "only executions of state machines are looked at; a job that begins and does not end in the logs is not, as the"
    " profile does not say which lines begin and end one"
)


def check_stuck_work(facts: Facts) -> list[Finding]:
    """Executions that run longer than they may, by step, and those that ended badly, by step and error.

    Too long is over `stuck_min` and over what 99 in 100 of those that succeeded took. MEDIUM, LOW where all had run too
    long before the window began. Failures are MEDIUM from `triage.min_events` on where they are beyond the baseline's
    by `triage.rise` and by chance; without a baseline of executions, where they are `triage.high_share` of those that
    ended, or, in a list without successes, where they came together. Else LOW.

    Executions that succeed `triage.rise` times as slowly as in the baseline are MEDIUM.

    Raises:
        CannotTell: no pipeline declares state machines, or there is no record of workflows.
    """
    watched = declaring(facts, lambda entry: entry.state_machines, "state_machines")
    if is_absent(facts, "workflows"):
        raise CannotTell("there is no record of workflows (list-executions, get-execution-history)")
    found = [
        finding
        for name, entry in watched.items()
        for machine in entry.state_machines
        for judge in (_stuck, _failed, slower_runs)
        for finding in judge(facts, name, entry, runs_of(facts, machine))
    ]
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def unread_runs(facts: Facts) -> str:
    """Why nothing found may not be clear: the pull has a fault, or no execution of a state machine is in it."""
    held = set(facts.executions["machine"].dropna())
    named = {each: title_of(entry) for entry in facts.profile.pipelines.values() for each in entry.state_machines}
    others = sorted(held - set(named))
    which = f" (there are some of {', '.join(shown(name) for name in others[:IDS])})" if others else ""
    absent = [
        f"no execution of {shown(name)} ({title}) is in the evidence{which}"
        for name, title in named.items()
        if name not in held
    ]
    return "; ".join(part for part in (lacking_pull(facts, "workflows"), *absent) if part)


def stuck_notes(facts: Facts, _findings: list[Finding]) -> str:
    """What the findings leave out."""
    return "; ".join(part for part in (ONLY_MACHINES, unread_runs(facts)) if part)


def runs_of(facts: Facts, machine: str) -> pd.DataFrame:
    """EXECUTIONS of a state machine, by its name."""
    return facts.executions[facts.executions["machine"] == machine]


def may_take(facts: Facts, entry: Pipeline, runs: pd.DataFrame) -> Longest:
    """How long an execution of a state machine may run."""
    return longest_run(runs, declared_min=entry.stuck_min, before=facts.window.start)


def _stuck(facts: Facts, name: str, entry: Pipeline, runs: pd.DataFrame) -> list[Finding]:
    """The finding about executions of a state machine that run too long, with the steps where they stand."""
    longest = may_take(facts, entry, runs)
    rows = stuck_runs(runs, facts.window, longest_min=longest.minutes)
    if rows.empty:
        return []
    machine, begun = shown(rows["machine"].iloc[0]), rows["timestamp"].min()
    is_old = bool(rows["overdue"].max() < facts.window.start)
    before = "; all of them were stuck before the window began" if is_old else ""
    return [
        Finding(
            check=CHECK,
            severity=Severity.LOW if is_old else Severity.MEDIUM,
            statement=(
                f"{title_of(entry)}: {counted(len(rows), 'execution')} of {machine} run longer than"
                f" {length_words(longest.minutes)} ({_limit_words(longest)}), {_stands(rows)}; the first began"
                f" {begun:%Y-%m-%d %H:%M} UTC{before}; {ids_words(rows)}"
            ),
            subject={"pipeline": name, "machine": machine, "signal": "stuck"},
            evidence=run_refs(rows),
            strength=1e6 + len(rows),
            first_seen=begun,
            observed=float(len(rows)),
            unit="executions",
            next_step=first_step_of(facts, entry),
        )
    ]


def _limit_words(longest: Longest) -> str:
    """Where the limit comes from: the profile, or how long others took."""
    if longest.usually_min is None:
        return f"declared: {length_words(longest.declared_min)}"
    when = " before the window" if longest.is_earlier else ""
    took = f"99 in 100 of {longest.succeeded:,} that succeeded{when} took {length_words(longest.usually_min)} at most"
    is_declared = longest.declared_min >= longest.usually_min
    return f"stuck_min of the profile; {took}" if is_declared else took


def _stands(rows: pd.DataFrame) -> str:
    """At which steps some executions stand, the one that holds most first, and of how many that is known."""
    known = rows.loc[rows["entered"].notna(), "step"]
    if known.empty:
        return HISTORY
    counts = known.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    steps = [f"{shown(step)}{f' ({number:,})' if len(counts) > 1 else ''}" for step, number in counts.head(IDS).items()]
    of = f" (known of {len(known):,}, whose history is there)" if len(known) < len(rows) else ""
    return f"at step {', '.join(steps)}{of}"


def _failed(facts: Facts, name: str, entry: Pipeline, runs: pd.DataFrame) -> list[Finding]:
    """A finding for each step and error with which executions ended in the window."""
    failed, before = (failed_runs(runs, side) for side in (facts.window, facts.baseline))
    kinds = failed.groupby(["step", "error"], sort=True)
    found = []
    for (step, error), rows in kinds:
        usual = before[(before["step"] == step) & (before["error"] == error)]
        found.append(_failed_finding(facts, name, entry, runs, (rows, usual), kinds.ngroups))
    return found


def _failed_finding(
    facts: Facts,
    name: str,
    entry: Pipeline,
    runs: pd.DataFrame,
    sides: tuple[pd.DataFrame, pd.DataFrame],
    kinds: int,
) -> Finding:
    """The finding about executions that ended alike; `sides` are those of the window and of the baseline."""
    rows, before = sides
    machine, step, error = (shown(rows[column].iloc[0]) for column in ("machine", "step", "error"))
    ended, ended_before = (finished(runs, side) for side in (facts.window, facts.baseline))
    usual = before["ended"] if ended_before else None
    shift = began(rows["ended"], facts.window, before=usual, baseline=facts.baseline)
    first = rows["ended"].min() if shift is None else rows.loc[rows["ended"] >= shift.start, "ended"].min()
    is_shown = bool((runs["status"] == SUCCEEDED).any())
    shares = (len(rows), len(before), ended, ended_before) if is_shown else None
    return Finding(
        check=CHECK,
        severity=_failed_severity(facts, len(rows), shares, kinds, are_together=shift is not None),
        statement=(
            f"{title_of(entry)}: {counted(len(rows), 'execution')} of {machine} ended with {error}"
            f"{_shares_words(ended if is_shown else None, len(before), ended_before)},"
            f" from {first:%Y-%m-%d %H:%M} UTC{onset_words(shift)}, {_step_words(rows)}; {ids_words(rows)}"
        ),
        subject={"pipeline": name, "machine": machine, "step": step, "error": error, "signal": "failed"},
        evidence=run_refs(rows),
        strength=float(len(rows)),
        first_seen=first,
        last_seen=rows["ended"].max(),
        observed=float(len(rows)),
        baseline=float(len(before)) if ended_before else None,
        unit="executions",
        next_step=first_step_of(facts, entry),
    )


def _shares_words(ended: int | None, before: int, ended_before: int) -> str:
    """Of how many, now and in the baseline; `ended` is None where successes are not listed."""
    of = (
        ", of how many is not known: the list holds none that succeeded"
        if ended is None
        else f" of {ended:,} that ended"
    )
    return of + (f", {before:,} of {ended_before:,} in the baseline" if ended_before else ", no baseline of executions")


def _step_words(rows: pd.DataFrame) -> str:
    """At which step some executions stood, and what their error says."""
    cause = shown(next(iter(rows["cause"].dropna()), None))
    at = f"at step {shown(rows['step'].iloc[0])}" if rows["entered"].notna().any() else HISTORY
    return f"{at}; it says “{cause}”" if cause else at


def _failed_severity(
    facts: Facts, failed: int, shares: tuple[int, int, int, int] | None, kinds: int, *, are_together: bool
) -> Severity:
    """MEDIUM where failures are many and beyond what is usual, else LOW.

    Args:
        facts: the case.
        failed: how many there are.
        shares: failed and failed before, all that ended and ended before; None where successes are not listed.
        kinds: how many kinds of failures are compared.
        are_together: whether they came in one stretch.
    """
    triage = facts.profile.triage
    if failed < triage.min_events:
        return Severity.LOW
    if shares is None:
        return Severity.MEDIUM if are_together else Severity.LOW
    if shares[3]:
        ratio, p_value = rate_test(*shares)
        return Severity.MEDIUM if ratio >= triage.rise and p_value * kinds < triage.significance else Severity.LOW
    return Severity.MEDIUM if failed >= triage.high_share * shares[2] else Severity.LOW
