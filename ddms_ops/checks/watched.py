"""What a profile's `pipelines` and `capacity` name, found in a case: log events, metric points, the runbook's steps."""

import pandas as pd

from ddms_ops.checks.base import Facts
from ddms_ops.declaration import Alert, Scenario, log_group_names
from ddms_ops.operations import Capacity, Pipeline

ON_CALL = ("AWS/Lambda", "AWS/ApiGateway", "AWS/AppSync", "AWS/States")
"""Namespaces whose metrics have points only while something is called."""


def groups_watched(facts: Facts, entry: Pipeline | Capacity) -> tuple[str, ...]:
    """Log groups of an entry's components, in its account; none where it names no component."""
    named = log_group_names(facts.profile, facts.incident.environment)
    own = f"{entry.account}:" if entry.account else ""
    return tuple(name for name, group in named.items() if group.component in entry.components and name.startswith(own))


def events_watched(facts: Facts, entry: Pipeline | Capacity, *, baseline: bool = False) -> pd.DataFrame:
    """Events of those log groups, with groups; LOGS of the window, or of the baseline."""
    logs = facts.baseline_log_events if baseline else facts.log_events
    return logs[logs["log_group"].isin(groups_watched(facts, entry))]


def points_of(facts: Facts, metric: str, *, baseline: bool = False) -> pd.DataFrame:
    """METRICS of one metric by our name, in order of time; no rows where it has none or `metric` is empty."""
    points = facts.baseline_metrics if baseline else facts.metrics
    return points[points["metric"] == metric].sort_values("timestamp", ignore_index=True)


def series_of(points: pd.DataFrame) -> pd.Series:
    """Values of METRICS points by time, in its order."""
    return points.set_index("timestamp")["value"].sort_index()


def is_on_call(facts: Facts, metric: str) -> bool:
    """Whether a metric has points only while something is called."""
    declared = facts.profile.metrics.get(metric)
    return declared is not None and declared.namespace in ON_CALL


def is_steady(facts: Facts, metric: str) -> bool:
    """Whether a metric has points all the time, not only while something is counted or called."""
    declared = facts.profile.metrics.get(metric)
    return declared is not None and declared.statistic != "Sum" and not is_on_call(facts, metric)


def procedure_of(facts: Facts, entry: Pipeline | Capacity) -> Alert | Scenario | None:
    """The alert or scenario whose steps are for an entry; None where it names none."""
    own = f"{entry.account}:{entry.runbook}" if entry.account else entry.runbook
    known: dict[str, Alert | Scenario] = {**facts.profile.scenarios, **facts.profile.alerts}
    return known.get(own) or known.get(entry.runbook)


def first_step_of(facts: Facts, entry: Pipeline | Capacity) -> str:
    """`title: first step` of that alert or scenario, empty where there is none."""
    procedure = procedure_of(facts, entry)
    return f"{procedure.title}: {procedure.steps[0]}" if procedure else ""
