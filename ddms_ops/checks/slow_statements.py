"""Which statements take more database time, and why?"""

from typing import Any

import numpy as np
import pandas as pd

from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.shifts import shifts
from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.analysis.time_bridge import residual
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.basis import LOG, Basis
from ddms_ops.checks.common_movement import STEPS, common_movement, moved_together, severity_of, statement_refs
from ddms_ops.checks.refs import ms_words
from ddms_ops.checks.unfinished_statements import cancelled_statements, running_statements
from ddms_ops.findings import Finding

SHOWN = 10
CERTAIN = 4.0  # standard errors by which calls or the mean must have moved
FEWEST = 5  # calls of each side, for a scatter that says anything
CHANCE = 0.001  # p-value of calls that became more
LONGEST_SCALE = 3.0  # of a baseline so many times shorter, a rare statement may just have been missed
TAIL_CALLS = 100  # from so many calls on a p99 is one
APART = 1.5  # a statement has moved by itself where it moved so many times as much as all of them
VERB = {
    "called_more": "called more", "slower": "slower", "new": "new", "again": "not called in the baseline",
    "over_limit": "over the limit of the log only now",
}  # fmt: skip


def check_slow_statements(facts: Facts) -> list[Finding]:
    """Statements that took more time than the baseline's pace, by what they add; see `analysis.time_bridge`.

    Called more often (`triage.surge`), slower (`triage.rise`, also where they are called less for it), both, or new;
    beyond chance, and not as all the others do. Then what was cancelled by its time limit, or has not ended.
    """
    try:
        basis = facts.statement_basis
    except CannotTell:
        unfinished = [*cancelled_statements(facts), *running_statements(facts)]
        if not unfinished:
            raise
        return unfinished
    calls, mean = common_movement(basis)
    total = basis.bridge["total_now_ms"].sum()
    found = []
    for row in basis.bridge.itertuples():
        kind = _kind(facts, basis, row, calls, mean)
        if kind and _weight(row, kind) >= facts.database.limits.medium_share * total:
            found.append(_finding(facts, basis, row, kind, total))
    found.sort(key=lambda finding: (-finding.strength, finding.id))
    together = moved_together(facts, basis, calls, mean, total)
    return [*together, *found[:SHOWN], *cancelled_statements(facts), *running_statements(facts)]


def _weight(row: Any, kind: str) -> float:
    """Time that a statement's movement adds; of one that is slower and called less for it, what the slowness adds."""
    return max(row.delta_ms, row.by_mean_ms) if kind == "slower" else row.delta_ms


def bridge_notes(facts: Facts, findings: list[Finding]) -> str:  # noqa: ARG001
    """What the comparison rests on, what it misses and what it leaves open."""
    try:
        basis = facts.statement_basis
    except CannotTell:
        return ""
    rest = f"compared by the {basis.kind}; the parts miss {residual(basis.bridge):.1g} of the difference"
    spans = facts.counter_spans
    lost = [
        fault for span in (spans.now, spans.before) for fault in span.faults if basis.kind == LOG and not span.is_valid
    ]
    is_there = len(facts.statistics.statements) > 0
    return "; ".join([rest, *basis.notes, *(f"of the counters: {fault}" for fault in lost if is_there)])


def unsure(facts: Facts) -> str:
    """Why nothing found may not mean that nothing became slow."""
    return "; ".join(facts.statement_basis.notes)


def _kind(facts: Facts, basis: Basis, row: Any, calls: float, mean: float) -> str:
    """How a statement moved beyond chance and beyond the others; empty where it did not."""
    triage = facts.profile.triage
    if row.kind == "new":
        return _newness(basis, row, triage.min_events)
    if row.kind == "vanished":
        return ""
    more = row.calls_now / row.calls_before
    longer = row.mean_now_ms / row.mean_before_ms if row.mean_before_ms else float("inf")
    is_more = basis.is_counted and _is_certain(basis, row) and more >= APART * max(calls, 1.0)
    is_longer = longer >= APART * max(mean, 1.0) and _is_slower(basis, row, triage.rise, triage.min_events)
    kinds = {
        "called_more": is_more and more >= triage.surge,
        "slower": is_longer and longer >= triage.rise,
    }
    if not any(kinds.values()) and row.total_before_ms and row.total_now_ms >= triage.rise * row.total_before_ms:
        kinds = {"called_more": is_more and is_longer, "slower": is_more and is_longer}  # a little of both
    parts = {"called_more": row.by_calls_ms, "slower": row.by_mean_ms}
    return max((kind for kind, moved in kinds.items() if moved), key=lambda kind: parts[kind], default="")


def _newness(basis: Basis, row: Any, fewest: int) -> str:
    """How a statement is new: to all, to the baseline only, or to a log of slow calls."""
    is_likely = row.calls_now >= fewest and _is_certain(basis, row)
    if not is_likely and (row.total_now_ms < 1000 or basis.scale > LONGEST_SCALE):
        return ""
    if str(row.Index) in basis.known:
        return "again"
    return "over_limit" if basis.limit_ms else "new"


def _is_certain(basis: Basis, row: Any) -> bool:
    """Whether so many more calls are beyond chance, by the calls that were counted."""
    counts = [int(side.loc[row.Index, "calls"]) if row.Index in side.index else 0 for side in (basis.now, basis.before)]
    ratio, p_value = rate_test(counts[0], counts[1], basis.scale, 1.0)
    return ratio > 1 and p_value < CHANCE


def _is_slower(basis: Basis, row: Any, rise: float, fewest: int) -> bool:
    """Whether a statement's time is beyond chance: its mean by its scatter, or its slow end."""
    now, before = basis.now.loc[row.Index], basis.before.loc[row.Index]
    if basis.kind != LOG:
        return bool(min(now["calls"], before["calls"]) >= fewest)
    if min(now["calls"], before["calls"]) >= TAIL_CALLS and now["p99_ms"] >= rise * before["p99_ms"]:
        return True
    if min(now["calls"], before["calls"]) < FEWEST:
        return False
    error = np.sqrt(sum(side["spread_ms"] ** 2 / side["calls"] for side in (now, before)))
    return bool(now["mean_ms"] - before["mean_ms"] >= CERTAIN * error)


def _finding(facts: Facts, basis: Basis, row: Any, kind: str, total: float) -> Finding:
    text = basis.text(row.Index)
    growth = basis.bridge.loc[basis.bridge["delta_ms"] > 0, "delta_ms"].sum()
    start = _start(facts, basis, row, kind)
    since = f", from {start:%Y-%m-%d %H:%M:%S} UTC" if start is not None else f" in {facts.window}"
    return Finding(
        check="slow_statements",
        severity=severity_of(facts, basis, _weight(row, kind), total),
        statement=(
            f"{VERB[kind].capitalize()}: {text}{since}: {_difference(row, growth)}: {_numbers(basis, row, kind)}"
        ),
        subject={"statement": str(row.Index), "change": kind},
        evidence=statement_refs(basis, row.Index),
        strength=float(_weight(row, kind)),
        first_seen=start,
        last_seen=_last(facts, basis, row.Index),
        observed=float(row.total_now_ms),
        baseline=float(row.total_before_ms),
        unit="ms of database time",
        next_step=STEPS[kind],
    )


def _difference(row: Any, growth: float) -> str:
    """How much more time than at the baseline's pace, as words."""
    if row.delta_ms <= 0:
        return f"{-row.delta_ms / 1000:,.2f} s less of database time than at the baseline's pace, for fewer calls"
    share = f" ({row.delta_ms / growth:.0%} of what grew)" if growth else ""
    return f"{row.delta_ms / 1000:,.2f} s more of database time than at the baseline's pace{share}"


def _numbers(basis: Basis, row: Any, kind: str) -> str:
    """Calls and times before and now, as words."""
    now = f"{row.calls_now:,.0f} calls of {ms_words(row.mean_now_ms)}"
    tail = ""
    if basis.kind == LOG:
        last = basis.now.loc[row.Index]
        tail = f" (p95 {ms_words(last['p95_ms'])}, max {ms_words(last['max_ms'])})"
    if kind in ("new", "again"):
        return f"{now}{tail}, none in the baseline"
    if kind == "over_limit":
        return f"{now}{tail} over {ms_words(basis.limit_ms)}, none in the baseline"
    if not basis.is_counted:
        return f"{now}{tail} against {ms_words(row.mean_before_ms)} a call"
    return (
        f"{now}{tail} against {row.calls_before:,.0f} of {ms_words(row.mean_before_ms)};"
        f" {row.by_calls_ms / 1000:+,.2f} s by calls, {row.by_mean_ms / 1000:+,.2f} s by time a call"
    )


def _start(facts: Facts, basis: Basis, row: Any, kind: str) -> pd.Timestamp | None:
    """When a statement began to be new, called more or slower; None where the log does not tell.

    A log beside snapshots tells of slow calls only: then it is when these became more.
    """
    logged = basis.now if basis.kind == LOG else facts.statement_log.stats(NOW)
    if row.Index not in logged.index:
        return None
    if kind in ("new", "again", "over_limit"):
        return pd.Timestamp(logged.loc[row.Index, "first_seen"])
    step_s = _step_s(facts)
    sides = [
        facts.statement_log.series(row.Index, side, start=window.start, step_s=step_s)
        for side, window in ((NOW, facts.window), (BEFORE, facts.baseline))
    ]
    if kind == "called_more" or basis.kind != LOG:
        series = [
            _every(side["calls"], window, step_s)
            for side, window in zip(sides, (facts.window, facts.baseline), strict=True)
        ]
    else:
        series = [side["total_ms"] / side["calls"] for side in sides]
    found = [shift for shift in shifts(series[0], baseline=series[1]) if shift.is_above]
    return max(found[0].start, facts.window.start) if found else None


def _step_s(facts: Facts) -> int:
    """Length of an interval in which calls are counted: a minute, less in short windows."""
    seconds = facts.window.length / pd.Timedelta(seconds=1)
    return int(min(60, max(1, seconds // 60)))


def _every(calls: pd.Series, window: Any, step_s: int) -> pd.Series:
    """Calls of every interval, 0 where there was none."""
    steps = pd.date_range(window.start, window.end, freq=f"{step_s}s", inclusive="left")
    return calls.reindex(steps, fill_value=0.0)


def _last(facts: Facts, basis: Basis, statement: Any) -> pd.Timestamp | None:
    """The last call that the log tells of."""
    logged = basis.now if basis.kind == LOG else facts.statement_log.stats(NOW)
    return pd.Timestamp(logged.loc[statement, "last_seen"]) if statement in logged.index else None
