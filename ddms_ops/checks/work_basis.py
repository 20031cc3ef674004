"""What the checks of the pipeline backlog share: declared pipelines, their metrics as series, alerts on them, words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from ddms_ops.analysis.capacity_course import runs_of
from ddms_ops.analysis.capacity_course import step_of as distance_of
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.watched import is_steady, points_of, series_of
from ddms_ops.coverage import FAULTY, Status
from ddms_ops.findings import Severity
from ddms_ops.operations import Pipeline
from ddms_ops.redact import redact

NAME = "pipeline_backlog"
SHOWN = 10
NAME_CHARS, TEXT_CHARS = 80, 160
SECOND = pd.Timedelta(seconds=1)
NEXT_TO = 1.5  # steps: points further apart have a hole between them
FEWEST = 4  # points, or no stretch can be told from the rest
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

    def is_beyond(self, values: pd.Series) -> pd.Series:
        """Which values are beyond it."""
        return values > self.above if self.above is not None else values < float(self.below or 0)

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


def values_of(facts: Facts, metric: str, *, baseline: bool = False) -> pd.Series:
    """Values of a metric by interval start, ordered; none where it has no points or is not declared."""
    return series_of(points_of(facts, metric, baseline=baseline))


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
    """The worst bound that points are beyond for long enough, and the longest stretch of them; None where none is.

    A hole between points ends a stretch.
    """
    step = step_of(facts, metric)
    points = points.sort_values("timestamp", ignore_index=True)
    for limit in limits_of(facts, metric):
        stretches = runs_of(points, limit.is_beyond(points["value"]), gap=NEXT_TO * step)
        run = max(stretches, key=_length, default=points.iloc[:0])
        if len(run) and _length(run) + step >= limit.for_s * SECOND:
            return limit, run
    return None


def _length(rows: pd.DataFrame) -> pd.Timedelta:
    """From the first row to the last."""
    return rows["timestamp"].iloc[-1] - rows["timestamp"].iloc[0]


def step_of(facts: Facts, metric: str) -> pd.Timedelta:
    """Length of one interval of a metric: the usual distance of its points, whatever is declared.

    A sum has no points while it is 0, so its distances tell nothing: what is declared.
    """
    declared = facts.profile.metrics.get(metric)
    period_s = declared.period_s if declared else 60
    if declared is not None and declared.statistic == "Sum":
        return period_s * SECOND
    points = pd.concat([points_of(facts, metric, baseline=side)[["timestamp"]] for side in (True, False)])
    apart = distance_of(points.drop_duplicates(), period_s)
    return apart if apart > pd.Timedelta(0) else period_s * SECOND


def counted_until(facts: Facts) -> pd.Timestamp:
    """By when the window's metric points end, no later than the window; its start where there is none."""
    lasts = facts.metrics.groupby(facts.metrics["metric"].astype("str"))["timestamp"].max()
    ends = [last + step_of(facts, str(metric)) for metric, last in lasts.items()]
    return min(max(ends, default=facts.window.start), facts.window.end)


def is_joined(facts: Facts) -> bool:
    """Whether the window begins where the baseline ends, so that its last points are those just before."""
    return bool(facts.baseline.end == facts.window.start)


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


def amount(value: float) -> str:
    """`35,000`, `24.8`, `0.247`: three figures where there are fewer than three before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def shown(text: object, *, most: int = TEXT_CHARS) -> str:
    """Other people's text on one line, without secrets, cut; empty for null."""
    return "" if pd.isna(text) else redact(" ".join(str(text).split()))[:most]


def without_points(facts: Facts, *fields: str) -> list[str]:
    """What is lacking of the metrics in some fields of the pipelines: no points, too few, a hole, an early end."""
    return [
        f"{title_of(entry)} has {lack}"
        for entry in facts.profile.pipelines.values()
        for field in fields
        if (name := getattr(entry, field)) and (lack := _lacking(facts, name, fewest=1 if field == "dead" else FEWEST))
    ]


def _lacking(facts: Facts, metric: str, *, fewest: int) -> str:
    """What is lacking of a metric's points, in words; empty where nothing is."""
    stamps, title = points_of(facts, metric)["timestamp"].drop_duplicates(), metric_title(facts, metric)
    if stamps.empty:
        return f"no points of {title}"
    if not is_steady(facts, metric):
        return ""
    step = step_of(facts, metric)
    late = max(5 * step, pd.Timedelta(minutes=10))  # so late a point may still come
    known = [facts.window.start - step, *stamps, facts.window.end]
    holes = [(since + step, until) for since, until in pairwise(known) if until - since - step > late]
    if holes:
        since, until = max(holes, key=lambda hole: hole[1] - hole[0])
        end = "on" if until == facts.window.end else f"to {until:%Y-%m-%d %H:%M} UTC"
        return f"no points of {title} from {since:%Y-%m-%d %H:%M} UTC {end}"
    return f"{len(stamps)} points of {title}, too few to tell what is unusual" if len(stamps) < fewest else ""


def ends_early(facts: Facts, metric: str) -> pd.Timestamp | None:
    """When the points of a metric end, where that is well before the window does."""
    stamps, step = points_of(facts, metric)["timestamp"], step_of(facts, metric)
    if stamps.empty or facts.window.end - stamps.max() - step <= max(5 * step, pd.Timedelta(minutes=10)):
        return None
    return min(stamps.max() + step, facts.window.end)


def lacking_pull(facts: Facts, kind: str) -> str:
    """Why a pull cannot be called clear, in words; empty where it is complete."""
    for row in facts.pulls(kind):
        if row.status is Status.NOT_CONFIGURED:
            return f"there is no record of {kind}"
        if row.status in FAULTY:
            return f"{row.pull} is {str(row.status).replace('_', ' ')}"
    return ""
