"""Capacity of tables against what is provisioned: consumed units a second over provisioned ones."""

import pandas as pd

from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import log_refs, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.throttled_events import CHECK, NAME_CHARS
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

RUN = 2
FULL, NEARLY_FULL = 1.0, 0.8


def capacity_used(facts: Facts) -> list[Finding]:
    """Capacity of tables that is used to four fifths or more of what is provisioned."""
    found = []
    for name, used in facts.profile.metrics.items():
        if not (used.name.startswith("Consumed") and used.statistic == "Sum"):
            continue
        wanted = used.name.replace("Consumed", "Provisioned")
        limits = [
            key
            for key, metric in facts.profile.metrics.items()
            if (metric.name, metric.dimensions) == (wanted, used.dimensions)
        ]
        if limits:
            sides = [
                _used_share(side, name, used.period_s, limits[0]) for side in (facts.metrics, facts.baseline_metrics)
            ]
            found += _capacity_finding(facts, redact(used.title or name)[:NAME_CHARS], *sides)
    return found


def _used_share(points: pd.DataFrame, name: str, period_s: int, limit: str) -> pd.DataFrame:
    """Points of consumed capacity as a share of the provisioned one, 0..; those without a limit are left out."""
    used, limits = (points[points["metric"] == each].sort_values("timestamp") for each in (name, limit))
    step = used["timestamp"].diff().min()
    seconds = period_s if pd.isna(step) else step / pd.Timedelta(seconds=1)
    both = pd.merge_asof(used, limits[["timestamp", "value"]], on="timestamp", suffixes=("", "_limit"))
    share = both["value"] / seconds / both["value_limit"].where(both["value_limit"] > 0)
    return both.assign(value=share)[share.notna()]


def _capacity_finding(facts: Facts, title: str, now: pd.DataFrame, before: pd.DataFrame) -> list[Finding]:
    rows = longest_over(now, NEARLY_FULL - 1e-9)
    if len(rows) < RUN:
        return []
    most, usual = float(rows["value"].max()), before["value"].max()
    return [
        Finding(
            check=CHECK,
            severity=Severity.MEDIUM if most >= FULL and not usual >= FULL else Severity.LOW,
            statement=(
                f"{title}: up to {most:.0%} of what is provisioned was used from"
                f" {span_words(rows['timestamp'].min(), rows['timestamp'].max())},"
                f" {f'at most {usual:.0%} in the baseline' if pd.notna(usual) else 'no baseline'}"
            ),
            subject={"metric": title, "signal": "capacity"},
            evidence=log_refs(rows),
            strength=most,
            first_seen=rows["timestamp"].min(),
            last_seen=rows["timestamp"].max(),
            observed=most,
            baseline=float(usual) if pd.notna(usual) else None,
            unit="ratio",
            next_step=next_step(facts.profile, "ProvisionedThroughputExceededException", fails=False),
        )
    ]


def longest_over(points: pd.DataFrame, limit: float) -> pd.DataFrame:
    """The longest run of points above a limit."""
    points = points.sort_values("timestamp")
    is_over = points["value"] > limit
    runs = [run for _, run in points[is_over].groupby((is_over != is_over.shift()).cumsum()[is_over])]
    return max(runs, key=len, default=points.iloc[:0])
