"""Which of the runbook's alerts were met, and since when?"""

import pandas as pd

from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.declaration import Alert, Metric
from ddms_ops.findings import Finding, Severity

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
        if met is None and metric is not None and metric.ratio_of is not None:
            met = _met_by_sums(facts, alert, metric, rows)
        if met is not None:
            findings.append(_finding(facts, key, alert, *met, is_of_few=_is_of_few(facts, metric, met[0])))
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
    errors = facts.log_events[facts.log_events["is_error"]]
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


def _met_by_sums(
    facts: Facts, alert: Alert, metric: Metric, rows: pd.DataFrame
) -> tuple[pd.DataFrame, str, float] | None:
    """Points of a ratio of so few events that one of them decides: over its limit over `for_s` taken together.

    At least half of the points that have any must lie beyond the limit, so that one burst is no such stretch.
    """
    assert metric.ratio_of is not None
    sides = [facts.metrics[facts.metrics["metric"] == name].set_index("timestamp")["value"] for name in metric.ratio_of]
    part, whole = (side.sort_index() for side in sides)
    span = f"{alert.for_s}s"
    if part.empty or whole.empty or alert.above is None or whole.median() * alert.above >= 1:
        return None
    sums = part.rolling(span).sum(), whole.rolling(span).sum()
    share = (sums[0] / sums[1].where(sums[1] > 0)).dropna()
    beyond = (part / whole.where(whole > 0)).dropna().gt(alert.above).rolling(span).mean()
    is_long = share.index - part.index.min() >= (alert.for_s - metric.period_s) * SECOND
    is_over = (share > alert.above) & (beyond.reindex(share.index) >= 1 / 2) & is_long
    if not is_over.any():
        return None
    since = share.index[is_over.argmax()] - (alert.for_s - metric.period_s) * SECOND
    met = rows[(rows["timestamp"] >= since) & (rows["value"] > alert.above)]
    worst = float(share[is_over].max())
    words = f"{metric.title or alert.metric} above {alert.above:g} {metric.unit} over {alert.for_s / 60:g} min together"
    return (met, f"{words}, at worst {worst:.4g}", worst) if len(met) else None


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


def _is_of_few(facts: Facts, metric: Metric | None, rows: pd.DataFrame) -> bool:
    """Whether a ratio was over its limit by fewer than `triage.min_events` of what it counts."""
    if metric is None or metric.ratio_of is None:
        return False
    part = facts.metrics[facts.metrics["metric"] == metric.ratio_of[0]]
    inside = part[part["timestamp"].isin(rows["timestamp"])]
    return bool(len(inside)) and float(inside["value"].sum()) < facts.profile.triage.min_events


def _finding(
    facts: Facts, key: str, alert: Alert, rows: pd.DataFrame, words: str, observed: float, *, is_of_few: bool
) -> Finding:
    """An alert that was met; LOW where it was by a few events only."""
    since = rows["timestamp"].min()
    impact = f". Impact: {alert.impact}" if alert.impact else ""
    words += f", by fewer than {counted(facts.profile.triage.min_events, 'event')} in all" if is_of_few else ""
    return Finding(
        check="alerts",
        severity=Severity.LOW if is_of_few else facts.profile.severity_of(alert.severity),
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
