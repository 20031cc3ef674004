"""Did requests become slow?"""

import pandas as pd

from ddms_ops.analysis.requests import between, latency
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, ms_words, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity

EVERY = "5min"
RUN = 2


def check_latency(facts: Facts) -> list[Finding]:
    """5-minute p95 above the profile's alert, or `triage.rise` times the baseline's, twice in a row."""
    timed = facts.requests[facts.requests["duration_ms"].notna()]
    if timed.empty:
        raise CannotTell("no event of the window carries a duration")
    p95 = latency(timed, EVERY)
    p95 = p95[
        timed.groupby(timed["timestamp"].dt.floor(EVERY)).size().reindex(p95.index) >= facts.profile.triage.min_events
    ]
    usual = facts.baseline_requests["duration_ms"].quantile(0.95)
    _, alert = facts.profile.latency_limits
    limit, severity = (
        (alert, Severity.HIGH) if alert is not None else (usual * facts.profile.triage.rise, Severity.MEDIUM)
    )
    if pd.isna(limit):
        raise CannotTell("no latency threshold in the profile and no duration in the baseline to compare with")
    slow = _longest_run(p95 > limit)
    if len(slow) < RUN:
        return []
    since, until = max(slow[0], facts.window.start), min(slow[-1] + pd.Timedelta(EVERY), facts.window.end)
    rows = between(timed, since, until)
    return [_finding(facts, rows, since, until, limit, usual, severity)]


def _finding(
    facts: Facts,
    rows: pd.DataFrame,
    since: pd.Timestamp,
    until: pd.Timestamp,
    limit: float,
    usual: float,
    severity: Severity,
) -> Finding:
    value = float(rows["duration_ms"].quantile(0.95))
    against = f"{ms_words(usual)} in the baseline" if pd.notna(usual) else "no baseline"
    return Finding(
        check="latency",
        severity=severity,
        statement=(
            f"p95 latency {ms_words(value)} from {span_words(since, until)},"
            f" over the limit of {ms_words(limit)} ({against})"
        ),
        subject={"signal": "latency", "limit_ms": f"{limit:.17g}"},
        evidence=log_refs(rows[rows["duration_ms"] > limit]) or log_refs(rows),
        strength=value / limit,
        first_seen=since,
        last_seen=until,
        observed=value,
        baseline=float(usual) if pd.notna(usual) else None,
        unit="ms",
        next_step=next_step(facts.profile, "timeout"),
    )


def _longest_run(is_over: pd.Series) -> list[pd.Timestamp]:
    """Times of the longest unbroken run of True, the first among equals."""
    is_break = (is_over != is_over.shift()) | (is_over.index.to_series().diff() > pd.Timedelta(EVERY))
    runs = is_break.cumsum()
    found = [list(part.index) for _, part in is_over[is_over].groupby(runs[is_over])]
    return max(found, key=len, default=[])
