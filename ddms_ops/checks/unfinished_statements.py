"""Statements that did not end as they should: cancelled by a time limit, or still running."""

import pandas as pd

from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.findings import Finding, Severity

RISE = 2.0
SHOWN = 3
LONG_S, LONG_SHARE = 60.0, 0.1  # of the window: a statement that has run longer is told
TIMED_OUT = "statement timeout"


def cancelled_statements(facts: Facts) -> list[Finding]:
    """Statements that the statement timeout cancelled, `triage.min_events` times and twice as often as before."""
    events = facts.statement_log.of("cancelled")
    events = events[events["message"].astype("str").str.contains(TIMED_OUT)]
    found = []
    scale = facts.window.length / facts.baseline.length
    for statement, rows in events[events["side"] == NOW].groupby("id", sort=True):
        usual = float(((events["side"] == BEFORE) & (events["id"] == statement)).sum()) * scale
        if len(rows) < max(facts.profile.triage.min_events, RISE * usual):
            continue
        first, last = rows["timestamp"].min(), rows["timestamp"].max()
        found.append(
            Finding(
                check="slow_statements",
                severity=Severity.HIGH,
                statement=(
                    f"Cancelled: {facts.statement_text(str(statement))} ran into the statement timeout"
                    f" {counted(len(rows), 'time')} from {first:%Y-%m-%d %H:%M:%S} UTC, {usual:.3g} expected by the"
                    " baseline"
                ),
                subject={"statement": str(statement), "change": "cancelled"},
                evidence=log_refs(rows),
                strength=float(len(rows)),
                first_seen=first,
                last_seen=last,
                observed=float(len(rows)),
                baseline=usual,
                unit="statements cancelled",
                next_step="Compare its plans below; its calls that were cancelled have no duration in the log",
            )
        )
    return sorted(found, key=lambda finding: -finding.strength)[:SHOWN]


def running_statements(facts: Facts) -> list[Finding]:
    """Statements that samples show running for a minute and a tenth of the window or more, and not before."""
    least_s = max(LONG_S, LONG_SHARE * (facts.window.length / pd.Timedelta(seconds=1)))
    now, before = (_longest(facts, side) for side in (NOW, BEFORE))
    found = []
    for row in now[now["seconds"] >= least_s].sort_values("seconds", ascending=False, kind="stable").itertuples():
        if row.Index in before.index and before.loc[row.Index, "seconds"] >= least_s:
            continue
        rows = row.rows
        found.append(
            Finding(
                check="slow_statements",
                severity=Severity.MEDIUM,
                statement=(
                    f"Running: {facts.statement_text(str(row.Index))} ran for {row.seconds:,.0f} s and had not ended at"
                    f" {row.seen:%Y-%m-%d %H:%M:%S} UTC, in {counted(int(row.sessions), 'session')} of the samples"
                ),
                subject={"statement": str(row.Index), "change": "running"},
                evidence=log_refs(rows),
                strength=float(row.seconds),
                first_seen=row.began,
                last_seen=row.seen,
                observed=float(row.seconds),
                unit="s",
                next_step="See what it waits for below; pg_cancel_backend(its pid) ends it",
            )
        )
    return found[:SHOWN]


def _longest(facts: Facts, side: str) -> pd.DataFrame:
    """Active statements of the samples: indexed by statement, seconds, sessions, began, seen, rows (a frame)."""
    seen = facts.sampled_sessions(side)
    active = seen[(seen["state"] == "active") & seen["query_start"].notna() & seen["statement"].notna()]
    active = active.assign(seconds=(active["captured_at"] - active["query_start"]) / pd.Timedelta(seconds=1))
    parts = [
        {
            "statement": name,
            "seconds": rows["seconds"].max(),
            "sessions": rows["pid"].nunique(),
            "began": rows["query_start"].min(),
            "seen": rows["captured_at"].max(),
            "rows": rows[["pull", "row"]],
        }
        for name, rows in active.groupby("statement", sort=True)
    ]
    columns = ["statement", "seconds", "sessions", "began", "seen", "rows"]
    return pd.DataFrame(parts, columns=columns).set_index("statement")
