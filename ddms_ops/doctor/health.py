"""The runbook's health checks: each row ok, not ok, or not checked."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from ddms_ops.declaration import Metric
from ddms_ops.deployment import HealthCheck
from ddms_ops.doctor.lines import LACKING, NOT_CHECKED, NOT_OK, OK, Line
from ddms_ops.doctor.resources import ResourceStates
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.metrics import metric_points
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT
from ddms_ops.window import Window

Values = dict[str, list[float]]  # by metric


def health_lines(
    session: AwsSession,
    checks: Mapping[str, HealthCheck],
    metrics: Mapping[str, Metric],
    states: ResourceStates,
    *,
    now: pd.Timestamp,
) -> Iterator[Line]:
    """One line a check.

    Args:
        session: the account to ask.
        checks: the profile's.
        metrics: those of this account, by the names that checks use.
        states: of this account.
        now: the end of the minutes looked at.

    Raises:
        AwsFault: the credentials have ended.
    """
    lengths = {check.minutes for check in checks.values() if check.metric}
    values = {minutes: _values(session, metrics, minutes, now=now) for minutes in sorted(lengths)}
    for check in checks.values():
        if check.metric:
            status, words = _metric(check, metrics, values[check.minutes])
        elif check.resource:
            status, words = states.of(check.resource, check.name)
            status = NOT_OK if status == LACKING else status
        else:
            status, words = NOT_CHECKED, f"{check.url}: ask it yourself; doctor calls no address of the system"
        yield status, f"health: {check.title}: {words}"


def _metric(check: HealthCheck, metrics: Mapping[str, Metric], values: Values | AwsFault) -> Line:
    if isinstance(values, AwsFault):
        return NOT_CHECKED, values.words
    return judge(check, metrics[check.metric], reduced(check.metric, metrics, values))


def judge(check: HealthCheck, metric: Metric, values: Sequence[float]) -> Line:
    """Whether a metric's values of the last minutes are on the healthy side.

    A sum is judged as the total of the minutes, an average as their mean, a ratio as one number, and everything
    else (percentiles, maxima, minima) by its worst value.
    """
    last = f"in the last {check.minutes} minutes"
    if not values:
        return NOT_CHECKED, f"no points {last}"
    is_ceiling = check.below is not None
    if metric.statistic == "Sum":
        value, how = sum(values), "in all "
    elif metric.statistic == "Average":
        value, how = sum(values) / len(values), "on average "
    elif metric.ratio_of is not None:
        value, how = values[-1], ""
    else:
        value, how = (max(values) if is_ceiling else min(values)), "at worst "
    is_healthy = value < check.below if check.below is not None else value > (check.above or 0.0)
    limit = f"below {check.below:g}" if check.below is not None else f"above {check.above:g}"
    return OK if is_healthy else NOT_OK, f"{value:.4g} {metric.unit} {how}{last}; healthy {limit}"


def reduced(name: str, metrics: Mapping[str, Metric], values: Mapping[str, Sequence[float]]) -> Sequence[float]:
    """A metric's values; of a ratio its parts' totals divided, none where the whole is 0."""
    ratio = metrics[name].ratio_of
    if ratio is None:
        return values.get(name, ())
    part, whole = (sum(values.get(one, ())) for one in ratio)
    return (part / whole,) if whole else ()


def _values(
    session: AwsSession, metrics: Mapping[str, Metric], minutes: int, *, now: pd.Timestamp
) -> Values | AwsFault:
    """Values of the last minutes, or why there are none."""
    window = Window(now - pd.Timedelta(minutes=minutes), now)
    found: Values = {}
    try:
        for row in metric_points(session, window, metrics, now=now):
            if FAULT not in row and window.contains(pd.Timestamp(str(row["timestamp"]))):
                found.setdefault(str(row["id"]), []).append(float(str(row["value"])))
    except AwsFault as fault:
        if fault.is_signed_out:
            raise
        return fault
    return found
