"""What moves all statements alike: more traffic, or a database that is slow throughout."""

from typing import Any

import pandas as pd

from ddms_ops.checks.base import Facts
from ddms_ops.checks.basis import Basis
from ddms_ops.checks.refs import pair_refs
from ddms_ops.findings import EvidenceRef, Finding, Severity

ALL = "all"
FEWEST_ALIKE = 3
THROUGHOUT = {
    "called_more": "More calls throughout in {window}: half of the time went to statements called {ratio:.2g}",
    "slower": "Slower throughout in {window}: half of the time went to statements whose calls took {ratio:.2g}",
}
STEPS = {
    "again": "Find the job or endpoint that runs it now and then; the counters knew it before the baseline",
    "over_limit": "Compare its plans below; the log does not tell of its quicker calls, new or not",
    "called_more": "Find what calls it more: the endpoint and tenant below, a retry loop, a deploy just before",
    "new": "Find the deploy that brought it, and read its plan with EXPLAIN (without ANALYZE) on a reader",
    "slower": "Compare its plans below, then indexes, statistics (last analyze) and lock waits of its tables",
}


def common_movement(basis: Basis) -> tuple[float, float]:
    """By how much calls and mean time moved for the usual statement: the lesser of two medians, one by time."""
    both = basis.bridge[(basis.bridge["calls_before"] > 0) & (basis.bridge["calls_now"] > 0)]
    if len(both) < FEWEST_ALIKE:
        return 1.0, 1.0
    weights = both["total_before_ms"].clip(upper=both["total_before_ms"].sum() / FEWEST_ALIKE)
    ratios = (both["calls_now"] / both["calls_before"], both["mean_now_ms"] / both["mean_before_ms"])
    found = [min(_median(ratio, weights), float(ratio.median())) for ratio in ratios]
    return found[0], found[1]


def _median(values: pd.Series, weights: pd.Series) -> float:
    order = values.sort_values().index
    reached = weights[order].cumsum()
    return float(values[order][reached >= reached.iloc[-1] / 2].iloc[0]) if len(order) and reached.iloc[-1] else 1.0


def moved_together(facts: Facts, basis: Basis, calls: float, mean: float, total: float) -> list[Finding]:
    """That all statements are called more, or are slower, by about the same factor: no one of them is the cause."""
    triage, bridge = facts.profile.triage, basis.bridge
    moved = [("called_more", calls, triage.surge, "by_calls_ms")] if basis.is_counted else []
    found = []
    for kind, ratio, limit, part in [*moved, ("slower", mean, triage.rise, "by_mean_ms")]:
        delta = bridge[part].sum()
        if ratio < limit or delta < facts.database.limits.medium_share * total:
            continue
        found.append(
            Finding(
                check="slow_statements",
                severity=severity_of(facts, basis, delta, total),
                statement=(
                    f"{THROUGHOUT[kind].format(window=facts.window, ratio=ratio)} times as before or more;"
                    f" {delta / 1000:+,.2f} s in all"
                ),
                subject={"statement": ALL, "change": kind},
                evidence=statement_refs(basis, *bridge.nlargest(3, part).index),
                strength=float(delta),
                observed=float(bridge["total_now_ms"].sum()),
                baseline=float(bridge["total_before_ms"].sum()),
                unit="ms of database time",
                next_step=STEPS[kind],
            )
        )
    return found


def severity_of(facts: Facts, basis: Basis, delta_ms: float, total: float) -> Severity:
    """By the load it adds, and by its share of all database time."""
    limits = facts.database.limits
    load = delta_ms / 1000 / basis.seconds if basis.seconds else 0.0
    if load >= limits.high_load and delta_ms >= limits.high_share * total:
        return Severity.HIGH
    return Severity.MEDIUM if load >= limits.medium_load else Severity.LOW


def statement_refs(basis: Basis, *statements: Any) -> tuple[EvidenceRef, ...]:
    """Rows behind statements: the slowest calls of the log, or the counters."""
    sides = (basis.now, basis.before)
    return pair_refs(
        pair for side in sides for name in statements if name in side.index for pair in side.loc[name, "evidence"]
    )
