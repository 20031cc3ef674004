"""What the checks of the pipeline backlog share: declared pipelines, their metrics as series, alerts on them, words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.capacity_used import longest_over
from ddms_ops.checks.watched import points_of
from ddms_ops.coverage import FAULTY, Status
from ddms_ops.findings import Severity
from ddms_ops.operations import Pipeline
from ddms_ops.redact import redact

NAME = "pipeline_backlog"
SHOWN = 10
NAME_CHARS, TEXT_CHARS = 80, 160
SECOND = pd.Timedelta(seconds=1)
NO_PIPELINES = (
    "the profile declares no pipelines; declare e.g. pipelines: {intake: {title: …, queues: [my-queue], dead_letters: "
    "[my-dlq], depth: queue_depth, dead: dlq_messages}} with the metrics' names"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of the profile on a metric, and how bad it is to be beyond it for `for_s`."""

    title: str
    severity: Severity
    above: float | None
    below: float | None
    for_s: int

    @property
    def words(self) -> str:
        """`above 1,000 (High Queue Depth)`."""
        side = f"above {self.above:,.6g}" if self.above is not None else f"below {self.below:,.6g}"
        return f"{side} ({self.title})" if self.title else side


def pipelines_of(facts: Facts) -> Mapping[str, Pipeline]:
    """The profile's pipelines by name.

    Raises:
        CannotTell: it declares none.
    """
    if not facts.profile.pipelines:
        raise CannotTell(NO_PIPELINES)
    return facts.profile.pipelines


def declaring(facts: Facts, is_declared: Callable[[Pipeline], object], lacking: str) -> Mapping[str, Pipeline]:
    """The pipelines that declare something.

    Raises:
        CannotTell: there is no pipeline, or none does; `lacking` says what to declare.
    """
    found = {name: entry for name, entry in pipelines_of(facts).items() if is_declared(entry)}
    if not found:
        titles = ", ".join(title_of(entry) for entry in facts.profile.pipelines.values())
        raise CannotTell(f"no pipeline ({titles}) declares {lacking}")
    return found


def series_of(facts: Facts, metric: str, *, baseline: bool = False) -> pd.Series:
    """Values of a metric by interval start, ordered; none where it has no points or is not declared."""
    return points_of(facts, metric, baseline=baseline).set_index("timestamp")["value"].sort_index()


def limits_of(facts: Facts, metric: str) -> list[Limit]:
    """The profile's alerts on a metric, worst first; its own alert where no other is declared."""
    profile = facts.profile
    found = [
        Limit(alert.title, profile.severity_of(alert.severity), alert.above, alert.below, alert.for_s)
        for alert in profile.alerts.values()
        if alert.metric == metric
    ]
    own = profile.metrics[metric].alert if metric in profile.metrics else None
    if not found and own is not None:
        found = [Limit("", Severity.HIGH, own.above, own.below, 0)]
    return sorted(found, key=lambda limit: limit.severity.order)


def met(facts: Facts, metric: str, points: pd.DataFrame) -> tuple[Limit, pd.DataFrame] | None:
    """The worst bound that points are beyond for long enough, and the longest run of them; None where none is."""
    step = step_of(facts, metric)
    for limit in limits_of(facts, metric):
        if limit.above is not None:
            run = longest_over(points, limit.above)
        else:
            run = longest_over(points.assign(value=-points["value"]), -float(limit.below or 0))
            run = points.loc[run.index]
        if len(run) and run["timestamp"].iloc[-1] - run["timestamp"].iloc[0] + step >= limit.for_s * SECOND:
            return limit, run
    return None


def step_of(facts: Facts, metric: str) -> pd.Timedelta:
    """Length of one interval of a metric."""
    declared = facts.profile.metrics.get(metric)
    return pd.Timedelta(seconds=declared.period_s if declared else 60)


def counted_until(facts: Facts) -> pd.Timestamp:
    """By when the window's metric points end, no later than the window; its start where there is none."""
    if facts.metrics.empty:
        return facts.window.start
    last = facts.metrics.sort_values("timestamp").iloc[-1]
    return min(last["timestamp"] + step_of(facts, str(last["metric"])), facts.window.end)


def unit_of(facts: Facts, metric: str) -> str:
    """Unit of a metric, as declared."""
    declared = facts.profile.metrics.get(metric)
    return declared.unit if declared else ""


def title_of(entry: Pipeline) -> str:
    """A pipeline's title as a report shows it, with its account."""
    account = f" ({redact(entry.account)[:NAME_CHARS]})" if entry.account else ""
    return redact(entry.title)[:NAME_CHARS] + account


def metric_title(facts: Facts, metric: str) -> str:
    """A metric's title as a report shows it."""
    declared = facts.profile.metrics.get(metric)
    return redact((declared.title if declared else "") or metric)[:NAME_CHARS]


def shown(text: object, *, most: int = TEXT_CHARS) -> str:
    """Other people's text on one line, without secrets, cut; empty for null."""
    return "" if pd.isna(text) else redact(" ".join(str(text).split()))[:most]


def without_points(facts: Facts, *fields: str) -> list[str]:
    """The metrics in some fields of the pipelines that have no point in the window, in words."""
    return [
        f"{title_of(entry)} has no points of {metric_title(facts, name)}"
        for entry in facts.profile.pipelines.values()
        for name in (getattr(entry, field) for field in fields)
        if name and points_of(facts, name).empty
    ]


def lacking_pull(facts: Facts, kind: str) -> str:
    """Why a pull cannot be called clear, in words; empty where it is complete."""
    for row in facts.pulls(kind):
        if row.status is Status.NOT_CONFIGURED:
            return f"there is no record of {kind}"
        if row.status in FAULTY:
            return f"{row.pull} is {str(row.status).replace('_', ' ')}"
    return ""
