"""Which work takes longer? Durations of jobs in the logs by kind, and the metrics of duration and success."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ddms_ops.analysis.endpoints import slower_p_value
from ddms_ops.analysis.onset import counts_per_bucket, expected_counts, onset_of
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, ms_words, of_sample
from ddms_ops.checks.severities import worst
from ddms_ops.checks.task_metrics import CHECK, of_duration, of_success, unread_success
from ddms_ops.checks.watched import events_watched, first_step_of
from ddms_ops.checks.work_basis import SHOWN, declaring, lacking_pull, shown, title_of, without_points
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline

SLOW, RARELY = 0.95, 0.99
UNSEEN = 0.5  # slow pieces that a baseline without any may have missed
LONG_MS = 10_000.0
NAMED = 1000.0  # a kind of work that is named says more than a metric of all work
ALL = "(no kind named)"


def check_task_durations(facts: Facts) -> list[Finding]:
    """Kinds of work whose median or p95 rose `triage.rise` times beyond chance, and metrics that left their usual.

    Jobs of the logs are compared by a rank test, corrected for the kinds compared, from `triage.min_events` on either
    side: MEDIUM, the slowest as bad as the pipeline's metrics. A `duration` is MEDIUM at `triage.rise` times its
    baseline, a `success` where the share that does not succeed rose as much, or by its alert.

    Raises:
        CannotTell: no pipeline declares components, duration or success, or there is nothing to compare.
    """
    watched = declaring(
        facts, lambda entry: entry.components or entry.duration or entry.success, "components, duration or success"
    )
    tables = {name: durations_compared(facts, entry) for name, entry in watched.items()}
    kinds = sum(len(table) for table in tables.values())
    found = []
    for name, entry in watched.items():
        metrics = [*of_duration(facts, name, entry), *of_success(facts, name, entry)]
        slower = _of_logs(facts, name, entry, tables[name], kinds)
        if slower and metrics:
            slower[0] = replace(slower[0], severity=worst(slower[0].severity, *(each.severity for each in metrics)))
        found += [*slower, *metrics]
    if not found and (lacking := uncompared(facts, found)):
        raise CannotTell(lacking)
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def uncompared(facts: Facts, _findings: list[Finding]) -> str:
    """Words for the pipelines whose durations could not be compared."""
    lacking = without_points(facts, "duration", "success")
    for entry in facts.profile.pipelines.values():
        if entry.success and (unread := unread_success(facts, entry)):
            lacking.append(f"{title_of(entry)}: {unread}")
        if entry.components and not entry.duration and durations_compared(facts, entry).empty:
            lacking.append(
                f"no kind of work of {title_of(entry)} has {facts.profile.triage.min_events} durations in the logs of"
                " window and baseline each"
            )
    return "; ".join(lacking)


def unsure_durations(facts: Facts) -> str:
    """Why nothing found may not be clear: what could not be compared, or logs of the components with a fault."""
    has_logs = any(entry.components for entry in facts.profile.pipelines.values())
    faults = [lacking_pull(facts, kind) for kind in ("logs", "logs.baseline") if has_logs]
    return "; ".join(part for part in (uncompared(facts, []), *faults) if part)


def timed_work(facts: Facts, entry: Pipeline, *, baseline: bool = False) -> pd.DataFrame:
    """LOGS of a pipeline's components that state a duration, with `kind`: the kind of job."""
    rows = events_watched(facts, entry, baseline=baseline)
    rows = rows[rows["duration_ms"].notna() & (rows["duration_ms"] >= 0)]
    kind = rows["job_type"].astype("object").where(rows["job_type"].notna(), rows["endpoint"].astype("object"))
    return rows.assign(kind=kind.fillna(ALL).astype("str"))


def durations_compared(facts: Facts, entry: Pipeline) -> pd.DataFrame:
    """Durations of each kind of work that has enough of them on both sides.

    Returns:
        Index the kind; n, n_before (int64), p50_ms, p50_before_ms, p95_ms, p95_before_ms, p_value (float64, of one
        comparison), the longest median first.
    """
    now, before = (timed_work(facts, entry, baseline=side) for side in (False, True))
    least, rows = facts.profile.triage.min_events, []
    for kind, part in now.groupby("kind", sort=True):
        a, b = (side.to_numpy() for side in (part["duration_ms"], before.loc[before["kind"] == kind, "duration_ms"]))
        if min(len(a), len(b)) >= least:
            quantiles = [float(np.quantile(side, at)) for at in (0.5, SLOW) for side in (a, b)]
            rows.append((str(kind), len(a), len(b), *quantiles, slower_p_value(a, b)))
    columns = ["kind", "n", "n_before", "p50_ms", "p50_before_ms", "p95_ms", "p95_before_ms", "p_value"]
    table = pd.DataFrame(rows, columns=columns).set_index("kind")
    return table.sort_values("p50_ms", ascending=False, kind="stable")


def _of_logs(facts: Facts, name: str, entry: Pipeline, table: pd.DataFrame, kinds: int) -> list[Finding]:
    """Kinds of work that became slower."""
    triage, found = facts.profile.triage, []
    for row in table.itertuples():
        pairs = ((row.p50_ms, row.p50_before_ms), (row.p95_ms, row.p95_before_ms))
        ratio = max(now / before if before > 0 else 1.0 for now, before in pairs)
        if ratio >= triage.rise and row.p_value * kinds < triage.significance:
            found.append(_log_finding(facts, name, entry, row, ratio))
    return sorted(found, key=lambda each: -each.strength)


def _log_finding(facts: Facts, name: str, entry: Pipeline, row: Any, ratio: float) -> Finding:
    kind = str(row.Index)
    rows = timed_work(facts, entry)
    rows = rows[rows["kind"] == kind]
    start = _began(facts, entry, kind, rows)
    late = rows[rows["timestamp"] >= start]
    return Finding(
        check=CHECK,
        severity=Severity.MEDIUM,
        statement=(
            f"{title_of(entry)}: {shown(kind)} takes longer: median {_length(row.p50_ms)}, was"
            f" {_length(row.p50_before_ms)}; p95 {_length(row.p95_ms)}, was {_length(row.p95_before_ms)}"
            f" ({row.n:,} pieces, {row.n_before:,} before{of_sample(facts)}) from {start:%Y-%m-%d %H:%M} UTC"
        ),
        subject={"pipeline": name, "kind": shown(kind)},
        evidence=log_refs(late if len(late) else rows),
        strength=NAMED * ratio,
        first_seen=start,
        last_seen=rows["timestamp"].max(),
        observed=float(row.p50_ms),
        baseline=float(row.p50_before_ms),
        unit="ms",
        next_step=first_step_of(facts, entry),
    )


def _began(facts: Facts, entry: Pipeline, kind: str, rows: pd.DataFrame) -> pd.Timestamp:
    """When the first slow piece of a kind of work ended; its first piece where that cannot be told.

    It is slow above what 99 in 100 of the baseline stay below, and no earlier than such pieces came oftener than then.
    """
    before = timed_work(facts, entry, baseline=True)
    before = before[before["kind"] == kind]
    slow = rows.loc[rows["duration_ms"] > float(before["duration_ms"].quantile(RARELY)), "timestamp"]
    usual = max(len(before) * (1 - RARELY), UNSEEN) / facts.baseline.minutes
    rise = onset_of(counts_per_bucket(slow, facts.window), expected_counts(usual, facts.window), facts.window)
    late = slow if rise is None else slow[slow >= rise.start]
    return late.min() if len(late) else rows["timestamp"].min()


def _length(ms: float) -> str:
    """`240 ms`, `173 s`."""
    return ms_words(ms) if ms < LONG_MS else f"{ms / 1000:,.0f} s"
