"""Did the data services that are no Postgres become slow, or turn requests away: DynamoDB, AppSync, Lambda, SQS, …?"""

import re
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.capacity_used import RUN, capacity_used, longest_over
from ddms_ops.checks.refs import log_refs, onset_words, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.throttled_events import (
    CHECK,
    NAME_CHARS,
    NO_KEY,
    key_columns,
    rose,
    throttle_severity,
    throttled_events,
)
from ddms_ops.checks.watched import series_of
from ddms_ops.declaration import Metric
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

SHOWN = 10
USUAL = 0.95
SERVICES = frozenset(
    f"AWS/{name}"
    for name in (
        "DynamoDB", "DAX", "AppSync", "ApiGateway", "Lambda", "SQS", "SNS", "ES", "AOSS", "ElastiCache", "Kinesis",
        "Firehose", "S3", "States", "Textract", "Bedrock", "Comprehend", "ApplicationELB", "Neptune", "DocDB",
    )
)  # fmt: skip
IN_FRONT = ("AWS/ApiGateway", "AWS/ApplicationELB")
"""Their 5XX errors are the error rate, which has its own check."""
LATENCY = re.compile(r"Latency|Duration|ResponseTime|IteratorAge|AgeOfOldest|Execution(?:Run)?[Tt]ime")
THROTTLES = re.compile(r"Throttl|Rejected|ThroughputExceeded")
ERRORS = re.compile(r"SystemErrors|ServerErrors?|InternalFailure|5[Xx][Xx]")
DISTINCT = re.compile(
    r"SuccessfulRequestLatency|IntegrationLatency|SearchLatency|IndexingLatency|ApproximateAgeOfOldestMessage"
    r"|IteratorAge|ThrottledRequests|(?:Read|Write)ThrottleEvents|Throttles|SystemErrors"
)
"""CloudWatch names that mean one thing whether or not the profile declares them."""
COUNTING = ("Sum", "SampleCount")
"""Statistics of a latency that are none: all the time spent, and how often."""
ASKED = ("Invocations", "Count", "RequestCount", "Requests", "SampleCount")
LACKING = (
    "the profile declares no latency, throttles or capacity of a data service, and no log event speaks of throttling; "
    "declare under metrics e.g. table_throttles: {namespace: AWS/DynamoDB, name: ThrottledRequests, "
    "dimensions: {TableName: …}, statistic: Sum, period_s: 60, unit: requests}"
)


@dataclass(frozen=True, slots=True)
class _Signal:
    """One metric of a data service, in window and baseline."""

    name: str
    kind: re.Pattern[str]
    metric: Metric | None
    points: pd.DataFrame
    before: pd.DataFrame

    @property
    def title(self) -> str:
        return redact((self.metric.title if self.metric else "") or self.name)[:NAME_CHARS]

    @property
    def unit(self) -> str:
        return f" {self.metric.unit}" if self.metric else ""

    @property
    def is_dynamodb(self) -> bool:
        return self.metric is None or self.metric.namespace == "AWS/DynamoDB"


def check_service_latency(facts: Facts) -> list[Finding]:
    """Latencies that rose, throttles and system errors that appeared or rose, and used-up capacity; from logs too.

    A metric over the profile's alert has that alert's severity. Else a latency is MEDIUM above all stretches of the
    baseline as long, and at `triage.rise` times its mean and what one in twenty of them reach; or where it left its
    target. Throttles are MEDIUM, HIGH at `triage.high_share` of the requests, LOW under `triage.min_events`. Capacity
    is MEDIUM where all that is provisioned is used, LOW from four fifths on.

    Raises:
        CannotTell: nothing of the kind is declared or seen, or no metric that is declared has points.
    """
    signals = _signals(facts)
    seen = [signal for signal in signals if len(signal.points)]
    judges = {LATENCY: _slow, THROTTLES: _turned_away, ERRORS: _turned_away}
    found = [finding for signal in seen for finding in judges[signal.kind](facts, signal)]
    found += [*capacity_used(facts), *throttled_events(facts)]
    if not found and (words := unseen_services(facts, found)):
        raise CannotTell(f"{words}; the others did not rise" if seen else words)
    if not found and not signals:
        raise CannotTell(LACKING)
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def unseen_services(facts: Facts, _findings: list[Finding]) -> str:
    """Words for the metrics that could not be judged, empty when all could.

    DynamoDB sends no points of throttles and errors while there are none: these are lacking only where all are.
    """
    is_counted = len(facts.metrics) > 0
    signals = [signal for signal in _signals(facts) if signal.kind is LATENCY or not is_counted]
    unseen = [signal.title for signal in signals if signal.points.empty]
    return f"no points of: {', '.join(unseen)}" if unseen else ""


def _signals(facts: Facts) -> list[_Signal]:
    """Metrics of data services that are declared, or whose CloudWatch name is known."""
    now, before = (
        {str(k): part for k, part in side.groupby("metric")} for side in (facts.metrics, facts.baseline_metrics)
    )
    found = []
    for name in sorted({*facts.profile.metrics, *now}):
        metric = facts.profile.metrics.get(name)
        if metric is None:
            kind = _kind(name, "") if DISTINCT.fullmatch(name) else None
        else:
            kind = _kind(metric.name, metric.namespace) if metric.namespace in SERVICES else None
            kind = None if kind is LATENCY and metric.statistic in COUNTING else kind
        if kind is not None:
            sides = (side.get(name, facts.metrics.iloc[:0]) for side in (now, before))
            found.append(_Signal(name, kind, metric, *sides))
    return found


def _kind(name: str, namespace: str) -> re.Pattern[str] | None:
    kind = next((each for each in (THROTTLES, LATENCY, ERRORS) if each.search(name)), None)
    return None if kind is ERRORS and namespace in IN_FRONT else kind


def _limit(facts: Facts, name: str) -> tuple[float, Severity] | None:
    """The value over which a metric is an alert, and how severe that is."""
    for alert in facts.profile.alerts.values():
        if alert.metric == name and alert.above is not None:
            return alert.above, facts.profile.severity_of(alert.severity)
    metric = facts.profile.metrics.get(name)
    above = metric.alert.above if metric and metric.alert else None
    return None if above is None else (above, Severity.HIGH)


def _slow(facts: Facts, signal: _Signal) -> list[Finding]:
    """The finding about one latency."""
    usual = series_of(signal.before) if len(signal.before) else None
    rises = [shift for shift in shifts(series_of(signal.points), baseline=usual) if shift.is_above]
    limit = _limit(facts, signal.name)
    over = longest_over(signal.points, limit[0]) if limit else signal.points.iloc[:0]
    rise = facts.profile.triage.rise
    if limit and len(over) >= RUN:
        was, now = signal.before["value"].mean(), over["value"].mean()
        severity = Severity.LOW if was > limit[0] and now < rise * was else limit[1]
        shift = next((each for each in rises if each.end is None or each.end > over["timestamp"].min()), None)
        words = f"over its alert of {limit[0]:.4g}{signal.unit}"
        return [_metric_finding(facts, signal, over, severity, words, shift, float(was))]
    metric = signal.metric
    target = metric.target.below if metric and metric.target else None
    for shift in rises:
        inside = between(signal.points, shift.start, shift.end or facts.window.end)
        is_out = target is not None and shift.observed > target >= shift.expected
        usually, most = _reached(signal, inside)
        high = max(rise * shift.expected, rise * usually, most)
        if len(inside) >= RUN and (is_out or shift.observed > high):
            words = f"over its target of {target:.4g}{signal.unit}" if is_out else "rose"
            return [_metric_finding(facts, signal, inside, Severity.MEDIUM, words, shift, shift.expected)]
    return []


def _reached(signal: _Signal, inside: pd.DataFrame) -> tuple[float, float]:
    """What one in twenty stretches as long as some points, and the highest, reach on average in the baseline.

    In the rest of the window where there is no baseline; 0 where there is nothing. Of a signal that mostly is 0, as
    the age of messages, both are its highest point.
    """
    rest = signal.before if len(signal.before) else signal.points.drop(index=inside.index)
    if not rest["value"].median() > 0:
        most = float(rest["value"].max()) if len(rest) else 0.0
        return most, most
    means = series_of(rest).rolling(max(len(inside), 1), min_periods=1).mean()
    return float(means.quantile(USUAL)), float(means.max())


def _metric_finding(
    facts: Facts,
    signal: _Signal,
    rows: pd.DataFrame,
    severity: Severity,
    words: str,
    shift: Shift | None,
    usual: float,
) -> Finding:
    since, until = rows["timestamp"].min(), rows["timestamp"].max()
    now = float(rows["value"].mean())
    against = f"{usual:.4g}{signal.unit} in the baseline" if len(signal.before) else "no baseline"
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{signal.title} {words}: {now:.4g}{signal.unit} on average and at most {rows['value'].max():.4g}"
            f" from {span_words(since, until)}{onset_words(shift)}, {against}"
        ),
        subject={"metric": signal.title, "signal": "latency"},
        evidence=log_refs(rows),
        strength=now / usual if usual > 0 else now,
        first_seen=since,
        last_seen=until,
        observed=now,
        baseline=usual if len(signal.before) else None,
        unit=signal.unit.strip(),
        next_step=next_step(facts.profile, f"{signal.title} resolver timeout", fails=False),
    )


def _turned_away(facts: Facts, signal: _Signal) -> list[Finding]:
    """The finding about requests that a service throttled, or failed by its own fault."""
    rows = signal.points[signal.points["value"] > 0]
    total, before = float(rows["value"].sum()), float(signal.before["value"].sum())
    is_known = len(facts.baseline_metrics) > 0
    if not rose(facts, total, before, is_known=is_known):
        return []
    since, until = rows["timestamp"].min(), rows["timestamp"].max()
    asked = _asked(facts, signal, since, until)
    share = min(total / asked, 1.0) if asked else 0.0
    limit = _limit(facts, signal.name)
    is_over = limit is not None and bool((rows["value"] > limit[0]).any())
    severity = limit[1] if limit and is_over else throttle_severity(facts, total, share)
    what = "throttled" if signal.kind is THROTTLES else "failed by the service's own fault"
    usual = before * (facts.window.length / facts.baseline.length)
    against = f"{usual:,.4g} expected from the baseline" if is_known else "no baseline"
    key = f". {NO_KEY}" if signal.kind is THROTTLES and signal.is_dynamodb and not key_columns(facts) else ""
    return [
        Finding(
            check=CHECK,
            severity=severity,
            statement=(
                f"{signal.title}: {total:,.4g}{signal.unit or ' requests'} {what} from {span_words(since, until)}"
                f"{f', {share:.1%} of those that came' if asked else ''} ({against}){key}"
            ),
            subject={"metric": signal.title, "signal": what},
            evidence=log_refs(rows),
            strength=total,
            first_seen=since,
            last_seen=until,
            observed=total,
            baseline=usual if is_known else None,
            unit=signal.unit.strip() or "requests",
            next_step=next_step(facts.profile, f"{signal.title} ThrottlingException", fails=False),
        )
    ]


def _asked(facts: Facts, signal: _Signal, since: pd.Timestamp, until: pd.Timestamp) -> float:
    """Requests to the same resource in the same time; 0 where none counts them. Lambda counts those let in."""
    mine = signal.metric
    if mine is None:
        return 0.0
    for name, metric in facts.profile.metrics.items():
        if (metric.namespace, metric.dimensions) == (mine.namespace, mine.dimensions) and metric.name in ASKED:
            points = facts.metrics[(facts.metrics["metric"] == name) & facts.metrics["timestamp"].between(since, until)]
            extra = signal.points["value"].sum() if mine.namespace == "AWS/Lambda" else 0.0
            return float(points["value"].sum() + extra) if len(points) else 0.0
    return 0.0
