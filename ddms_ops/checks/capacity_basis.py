"""What the checks of capacity share: entries, alerts on a metric, beginnings, who is hit, what could not be seen."""

from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from ddms_ops.analysis.capacity_course import from_first_departure, runs_of, step_of
from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.impact import blast_radius
from ddms_ops.analysis.onset import bucket_s, counts_per_bucket, expected_counts, onset_of, with_beginning
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.beginnings import QUIET, first_event
from ddms_ops.checks.error_rate import scan_limit
from ddms_ops.checks.leading import leading_of
from ddms_ops.checks.refs import log_refs, tenants_in_words
from ddms_ops.checks.watched import groups_watched, is_on_call, is_steady, points_of, series_of
from ddms_ops.declaration import Bound, log_group_names
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.operations import Capacity
from ddms_ops.redact import redact

WATCHES: dict[str, Callable[[Capacity], bool]] = {
    "throttling": lambda entry: bool(entry.throttles or entry.components),
    "missing_tasks": lambda entry: bool(entry.running or entry.services),
    "timeouts": lambda entry: bool(entry.timeouts or entry.timeout_ms),
    "saturation": lambda entry: bool(entry.limit or entry.most),
    "cold_starts": lambda entry: bool(entry.cold_starts),
}
"""The checks that date an onset, and whether an entry declares what they judge."""
SIGNS = tuple(WATCHES)
NAME_CHARS = 120
TELLING = 2
LACKS = 6
METRICS = ("metrics", "metrics.baseline")
LOGS = ("logs", "logs.baseline")
UNDECLARED = (
    "the profile declares no capacity; declare under capacity what can run out, e.g. table: {title: Orders table, "
    "throttles: table_throttles, used: table_reads, limit: table_read_limit, components: [backend]}"
)


def leading_capacity(facts: Facts) -> Finding | None:
    """The worst finding above LOW about what ran out; None where all that is declared is clear.

    Raises:
        CannotTell: no entry is declared; or nothing found, and not every check of what is declared could be made.
    """
    declared = entries(facts).values()
    return leading_of(facts, tuple(name for name, has in WATCHES.items() if any(map(has, declared))))


def entries(facts: Facts) -> Mapping[str, Capacity]:
    """The profile's capacity.

    Raises:
        CannotTell: it declares none.
    """
    if not facts.profile.capacity:
        raise CannotTell(UNDECLARED)
    return facts.profile.capacity


def watched(facts: Facts, check: str, lacking: str) -> dict[str, Capacity]:
    """The entries that declare what a check judges.

    Raises:
        CannotTell: no entry is declared, or none of them does; `lacking` says what to declare.
    """
    found = {key: entry for key, entry in entries(facts).items() if WATCHES[check](entry)}
    if not found:
        raise CannotTell(lacking)
    return found


def name_of(entry: Capacity) -> str:
    """The entry as a report calls it."""
    return redact(entry.title)[:NAME_CHARS]


def metric_name(facts: Facts, name: str) -> str:
    """A metric as a report calls it."""
    metric = facts.profile.metrics.get(name)
    return redact((metric.title if metric else "") or name)[:NAME_CHARS]


def unit_of(facts: Facts, name: str) -> str:
    """Unit of a metric with a space before it, empty where it is not declared."""
    metric = facts.profile.metrics.get(name)
    return f" {metric.unit}" if metric else ""


def period_of(facts: Facts, name: str) -> float:
    """Declared period of a metric, s."""
    metric = facts.profile.metrics.get(name)
    return float(metric.period_s) if metric else 60.0


def known_minutes(facts: Facts, name: str, points: int, step: pd.Timedelta) -> str:
    """`6 min`: how long so many points of a metric tell of; `6 to 60 min` where they are further apart than declared.

    Points of a metric that has none while nothing is called tell of their own period only.
    """
    minute, period = pd.Timedelta(minutes=1), pd.Timedelta(seconds=period_of(facts, name))
    least, most = points * (min(step, period) / minute), points * (step / minute)
    return f"{least:g} min" if least == most or is_on_call(facts, name) else f"{least:g} to {most:g} min"


def refs_of(*frames: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """References to the rows of several frames, each row once."""
    held = [frame[["pull", "row"]].astype({"pull": "str"}) for frame in frames if len(frame)]
    return log_refs(pd.concat(held).drop_duplicates()) if held else ()


def alert_met(facts: Facts, metric: str, points: pd.DataFrame) -> tuple[Severity, str] | None:
    """Severity and words of the worst declared limit that points of a metric were beyond for as long as it asks.

    The limit of the metric itself, where no alert names it, is HIGH as soon as one point is beyond it.
    """
    named = [alert for alert in facts.profile.alerts.values() if alert.metric == metric]
    limits = [
        (facts.profile.severity_of(alert.severity), Bound(above=alert.above, below=alert.below), alert.for_s)
        for alert in named
    ]
    declared = facts.profile.metrics.get(metric)
    if not named and declared and declared.alert:
        limits = [(Severity.HIGH, declared.alert, 0)]
    met = [(severity, bound) for severity, bound, for_s in limits if _is_beyond(facts, metric, points, bound, for_s)]
    if not met:
        return None
    severity, bound = min(met, key=lambda each: each[0].order)
    return severity, f"beyond its alert ({bound}{unit_of(facts, metric)})"


def _is_beyond(facts: Facts, metric: str, points: pd.DataFrame, bound: Bound, for_s: int) -> bool:
    points = points.sort_values("timestamp", ignore_index=True)
    is_over = points["value"] > bound.limit if bound.above is not None else points["value"] < bound.limit
    step = step_of(points, period_of(facts, metric))
    return any(
        run["timestamp"].iloc[-1] - run["timestamp"].iloc[0] + step >= pd.Timedelta(seconds=for_s)
        for run in runs_of(points, is_over, gap=step * 1.5)
    )


def is_rise(facts: Facts, now: int, before: int, exposure: tuple[float, float], *, tests: int) -> bool:
    """Whether a rate rose by `triage.rise` or more, and beyond chance among so many tests.

    Where the baseline has none, or nothing to compare with, every count above 0 has risen.
    """
    if now <= 0 or before <= 0 or exposure[1] <= 0:
        return now > 0
    ratio, p_value = rate_test(now, before, max(exposure[0], 1.0), exposure[1])
    return ratio >= facts.profile.triage.rise and p_value * max(tests, 1) < facts.profile.triage.significance


def rises(points: pd.DataFrame, before: pd.DataFrame) -> list[Shift]:
    """Stretches in which a metric was above its normal, from where it left it; by its own course without a baseline."""
    if points.empty:
        return []
    values, usual = series_of(points), series_of(before)
    found = shifts(values, baseline=usual if len(usual) else None)
    return [from_first_departure(shift, values, usual) for shift in found if shift.is_above]


def events_began(facts: Facts, rows: pd.DataFrame, before: pd.DataFrame) -> tuple[pd.Timestamp, Shift | None]:
    """When some events began to come more often than in the baseline: the first of them, and the shift.

    Fewer than `triage.min_events` have no shape: their first, and None.

    Args:
        facts: the case.
        rows: the events of the window, at least one.
        before: those of the baseline.
    """
    expected = expected_counts(max(len(before), QUIET) / facts.baseline.minutes, facts.window)
    counts = counts_per_bucket(rows["timestamp"], facts.window)
    found = onset_of(counts, expected, facts.window)
    if found is None or len(rows) < facts.profile.triage.min_events:
        return rows["timestamp"].min(), None
    found = with_beginning(found, counts, expected, facts.window, limit=scan_limit(facts))
    first = first_event(facts, found, rows["timestamp"])
    return (rows["timestamp"].min() if pd.isna(first) else first), found


def bucket(facts: Facts) -> pd.Timedelta:
    """Length of the buckets in which events of the window are counted."""
    return pd.Timedelta(seconds=bucket_s(facts.window))


def hit_words(facts: Facts, rows: pd.DataFrame) -> str:
    """Components, endpoints and tenants that most of some events are of, each clause behind `; `; empty without."""
    if rows.empty:
        return ""
    parts = [_most("component", components_of(facts, rows)), _most("endpoint", _endpoints(facts, rows))]
    impact = blast_radius(
        facts.requests, rows, rows["timestamp"].min(), rows["timestamp"].max() + pd.Timedelta(microseconds=1)
    )
    return "".join(f"; {part}" for part in (*parts, tenants_in_words(impact)) if part)


def components_of(facts: Facts, rows: pd.DataFrame) -> pd.Series:
    """Component of each event, its log group where none is declared."""
    groups = log_group_names(facts.profile, facts.incident.environment)
    named = {group: declared.component for group, declared in groups.items() if declared.component}
    return rows["log_group"].astype("str").map(lambda group: named.get(group, group)).astype("str")


def _endpoints(facts: Facts, rows: pd.DataFrame) -> pd.Series:
    """Endpoint of each event, from its request where it names none."""
    own = rows["endpoint"].astype("str")
    known = facts.requests[facts.requests["endpoint"].notna() & facts.requests["request_id"].notna()]
    known = known.drop_duplicates("request_id").set_index("request_id")["endpoint"].astype("str")
    return own.fillna(rows["request_id"].astype("str").map(known)) if len(known) else own


def _most(what: str, names: pd.Series) -> str:
    """`endpoint GET /a (30), POST /b (2)`; empty where none is named."""
    counts = names.dropna().value_counts()
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    shown = ", ".join(f"{redact(str(name))[:NAME_CHARS]} ({number:,})" for name, number in counts.head(TELLING).items())
    more = f" and {len(counts) - TELLING:,} more" if len(counts) > TELLING else ""
    return f"{what} {shown}{more}" if shown else ""


def has_points(facts: Facts, entry: Capacity, *, baseline: bool = False) -> bool:
    """Whether a metric of the entry's account and the namespace of its throttles has points: those of none are 0 then.

    Metrics of other services may be of another pull, which says nothing of this one.
    """
    points = facts.baseline_metrics if baseline else facts.metrics
    own, mine = f"{entry.account}:" if entry.account else "", facts.profile.metrics.get(entry.throttles)
    space = mine.namespace if mine else ""
    alike = [name for name, each in facts.profile.metrics.items() if each.namespace == space and name.startswith(own)]
    return bool(points["metric"].isin(alike).any())


def points_lack(facts: Facts, entry: Capacity, *metrics: str) -> list[str]:
    """Words for each of the metrics of an entry that has no points in the window, or of which they lack for long."""
    found = []
    for name in filter(None, metrics):
        points = points_of(facts, name)
        if points.empty:
            found.append(f"{name_of(entry)}: no points of {metric_name(facts, name)}")
            continue
        stamps = pd.Series([facts.window.start, *points["timestamp"], facts.window.end])
        late = max(5 * step_of(points, period_of(facts, name)), pd.Timedelta(minutes=10))  # so late one may still come
        place = int(stamps.diff().argmax())
        if is_steady(facts, name) and stamps[place] - stamps[place - 1] > late:
            since, until = (f"{stamps[each]:%Y-%m-%d %H:%M} UTC" for each in (place - 1, place))
            is_end, what = place == len(stamps) - 1, metric_name(facts, name)
            words = f"points of {what} end at {since}" if is_end else f"no points of {what} from {since} to {until}"
            found.append(f"{name_of(entry)}: {words}")
    return found


def events_lack(facts: Facts, entry: Capacity, what: str) -> list[str]:
    """Words where an entry has texts of log events to look for, and no events to look through."""
    groups = groups_watched(facts, entry)
    if not entry.components:
        return [f"{name_of(entry)}: {what} are declared, but no components whose events would tell"]
    if not groups:
        return [f"{name_of(entry)}: no log group of the components {', '.join(map(redact, entry.components))}"]
    if not facts.log_events["log_group"].isin(groups).any():
        return [f"{name_of(entry)}: no log events of {', '.join(map(redact, groups))}"]
    return []


def lack_words(facts: Facts, lacks: Iterable[str], *kinds: str) -> str:
    """What could not be seen in one sentence: of entries, then pulls that are not complete; empty when nothing."""
    named = list(dict.fromkeys(lacks))
    pulls = [row for kind in kinds for row in facts.pulls(kind) if not row.is_all_there]
    named += [f"{row.pull} is {str(row.status).replace('_', ' ')}" for row in pulls]
    more = [f"{len(named) - LACKS} more"] if len(named) > LACKS else []
    return "; ".join([*named[:LACKS], *more])


def customer_of(facts: Facts, key: str) -> dict[str, str]:
    """The tenant whose account an entry is in, as part of a subject; empty where accounts are no tenants."""
    account = facts.profile.capacity[key].account
    return {"tenant": account} if account and facts.profile.logs.tenant_of_account else {}
