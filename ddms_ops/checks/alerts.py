"""Which of the runbook's alerts were met, and since when?"""

import pandas as pd

from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs
from ddms_ops.declaration import Alert, Metric
from ddms_ops.findings import Finding

SECOND = pd.Timedelta(seconds=1)


def check_alerts(facts: Facts) -> list[Finding]:
    """Alerts whose condition held long enough within the window."""
    if not facts.profile.alerts:
        raise CannotTell("the profile declares no alerts")
    findings = []
    for key, alert in facts.profile.alerts.items():
        rows = _metric_rows(facts, alert) if alert.metric else _log_rows(facts, alert)
        if rows.empty:
            continue
        metric = facts.profile.metrics.get(alert.metric)
        met = _met_by_metric(alert, metric, rows) if metric else _met_by_logs(alert, rows)
        if met is not None:
            findings.append(_finding(facts, key, alert, *met))
    if not findings and (words := unseen_alerts(facts, findings)):
        raise CannotTell(f"{words}; the other alerts were not met")
    return findings


def unseen_alerts(facts: Facts, _findings: list[Finding]) -> str:
    """Words for the alerts that could not be judged, empty when all could."""
    alerts = facts.profile.alerts.values()
    unseen = [alert.title for alert in alerts if alert.metric and _metric_rows(facts, alert).empty]
    return f"no points of the metric behind: {', '.join(unseen)}" if unseen else ""


def _metric_rows(facts: Facts, alert: Alert) -> pd.DataFrame:
    return facts.metrics[facts.metrics["metric"] == alert.metric]


def _log_rows(facts: Facts, alert: Alert) -> pd.DataFrame:
    """Error events whose text holds one of the alert's phrases, whatever the case."""
    errors = facts.logs[facts.logs["is_error"]]
    text = (errors["error"].fillna("") + " " + errors["message"].fillna("")).str.lower()
    matches = pd.Series(False, index=errors.index)
    for phrase in alert.log_matches:
        matches |= text.str.contains(phrase.lower(), regex=False)
    return errors[matches]


def _met_by_metric(alert: Alert, metric: Metric, points: pd.DataFrame) -> tuple[pd.DataFrame, str, float] | None:
    """Points of the unbroken runs over the limit that lasted `for_s`, in words, and the worst value."""
    points = points.sort_values("timestamp")
    is_over = points["value"] > alert.above if alert.above is not None else points["value"] < alert.below
    step = max(pd.Timedelta(seconds=metric.period_s), points["timestamp"].diff().median())
    breaks = (is_over != is_over.shift()) | (points["timestamp"].diff() > step)
    runs = [run for _, run in points[is_over].groupby(breaks.cumsum()[is_over])]
    long = [run for run in runs if run["timestamp"].iloc[-1] - run["timestamp"].iloc[0] + step >= alert.for_s * SECOND]
    if not long:
        return None
    run = pd.concat(long)
    worst = float(run["value"].max() if alert.above is not None else run["value"].min())
    limit = f"above {alert.above:g}" if alert.above is not None else f"below {alert.below:g}"
    minutes = len(run) * (step / pd.Timedelta(minutes=1))
    return (
        run,
        f"{metric.title or alert.metric} {limit} {metric.unit} for {minutes:g} min in all, at worst {worst:.4g}",
        worst,
    )


def _met_by_logs(alert: Alert, rows: pd.DataFrame) -> tuple[pd.DataFrame, str, float] | None:
    """Events since the first stretch of `for_s` with more than `above` of them."""
    rows = rows.sort_values("timestamp")
    needed = int(alert.above or 0) + 1
    if len(rows) < needed:
        return None
    stamps = rows["timestamp"]
    spans = stamps.shift(-(needed - 1)) - stamps
    first = spans[spans <= alert.for_s * SECOND]
    if first.empty:
        return None
    met = rows[rows["timestamp"] >= stamps[first.index[0]]]
    return met, f"{len(met):,} matching log events, over {alert.above:g} in {alert.for_s / 60:g} min", float(len(met))


def _finding(facts: Facts, key: str, alert: Alert, rows: pd.DataFrame, words: str, observed: float) -> Finding:
    since = rows["timestamp"].min()
    impact = f". Impact: {alert.impact}" if alert.impact else ""
    return Finding(
        check="alerts",
        severity=facts.profile.severity_of(alert.severity),
        statement=(
            f"Alert condition “{alert.title}” ({alert.severity}) met since {since:%Y-%m-%d %H:%M} UTC: {words}{impact}"
        ),
        subject={"alert": key},
        evidence=log_refs(rows),
        strength=float(len(rows)),
        first_seen=since,
        last_seen=rows["timestamp"].max(),
        observed=observed,
        baseline=alert.above if alert.above is not None else alert.below,
        unit=facts.profile.metrics[alert.metric].unit if alert.metric else "events",
        next_step=alert.steps[0],
    )
