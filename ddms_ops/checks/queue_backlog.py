"""Is work waiting, since when, with what does it go, and how long until it is done?"""

import pandas as pd

from ddms_ops.analysis.backlog import Backlog, backlog_of
from ddms_ops.analysis.requests import between
from ddms_ops.checks.backlog_words import course_words, drain_words, flow_words
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, pair_refs
from ddms_ops.checks.watched import first_step_of, points_of
from ddms_ops.checks.work_basis import (
    SHOWN,
    amount,
    counted_until,
    declaring,
    limits_of,
    met,
    metric_title,
    shown,
    title_of,
    unit_of,
    values_of,
    without_points,
)
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline

CHECK = "queue_backlog"
OLDEST_S = 300.0  # an attempt that failed waits out its visibility timeout, minutes by default: no backlog by itself
LASTING = pd.Timedelta(minutes=5)  # what is worked off sooner was a burst
ALERTS = 3


def check_queue_backlog(facts: Facts) -> list[Finding]:
    """Depths and ages of the pipelines' queues that are over an alert, or far above their baseline.

    An alert that is met has its severity, LOW where the baseline was as high. Else a depth is MEDIUM at `triage.surge`
    times what is expected, above all stretches of the baseline as long and at `triage.min_events` messages or more; an
    age likewise, at five minutes or more; LOW where it was over within five minutes. What waits in a queue without
    points is LOW.

    Raises:
        CannotTell: no pipeline declares a depth or an age, or nothing was found and some have no points.
    """
    watched = declaring(facts, lambda entry: entry.depth or entry.age, "depth or age, the metrics of its queue")
    found = [
        finding
        for name, entry in watched.items()
        for field in ("depth", "age")
        if (metric := getattr(entry, field))
        for finding in _of_metric(facts, name, entry, metric, is_depth=field == "depth")
    ]
    found += [finding for name, entry in watched.items() for finding in _of_state(facts, name, entry)]
    if not found and (lacking := without_points(facts, "depth", "age")):
        raise CannotTell("; ".join(lacking))
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def unwatched_queues(facts: Facts, _findings: list[Finding]) -> str:
    """Words for queues that could not be judged."""
    return "; ".join(without_points(facts, "depth", "age"))


def backlog_in(facts: Facts, metric: str, *, is_depth: bool) -> Backlog | None:
    """The stretch in which a depth or an age was far above its baseline."""
    triage = facts.profile.triage
    values = values_of(facts, metric)
    least = float(triage.min_events) if is_depth else OLDEST_S * _a_second(unit_of(facts, metric))
    usual = values_of(facts, metric, baseline=True)
    return backlog_of(values, baseline=usual, surge=triage.surge, least=least) if len(values) else None


def _a_second(unit: str) -> float:
    """One second in the unit of an age."""
    return {"ms": 1000.0, "milliseconds": 1000.0, "min": 1 / 60, "minutes": 1 / 60}.get(unit, 1.0)


def _of_metric(facts: Facts, name: str, entry: Pipeline, metric: str, *, is_depth: bool) -> list[Finding]:
    """The finding about one depth or age."""
    points, before = points_of(facts, metric), points_of(facts, metric, baseline=True)
    backlog = backlog_in(facts, metric, is_depth=is_depth)
    over = met(facts, metric, points)
    if backlog is None and over is None:
        return []
    if backlog is None:
        assert over is not None
        limit, rows = over
        was = met(facts, metric, before) is not None
        values = rows.set_index("timestamp")["value"]
        severity = Severity.LOW if was else limit.severity
        words = f"; it is {limit.words}{', as in the baseline' if was else ''}"
        return [_finding(facts, name, entry, metric, values, None, severity, words, is_depth=is_depth)]
    inside = between(points, backlog.shift.start, backlog.shift.end or facts.window.end)
    is_burst = (backlog.shift.end or counted_until(facts)) - backlog.shift.start < LASTING
    severity = over[0].severity if over else Severity.LOW if is_burst else Severity.MEDIUM
    words = (
        f"; it is {over[0].words} from {over[1]['timestamp'].min():%H:%M} UTC"
        if over
        else _short_of(facts, metric, points["value"])
    )
    values = inside.set_index("timestamp")["value"]
    return [_finding(facts, name, entry, metric, values, backlog, severity, words, is_depth=is_depth)]


def _short_of(facts: Facts, metric: str, values: pd.Series) -> str:
    """Which alerts are not met, and whether they were reached at all, or that none is declared."""
    limits = limits_of(facts, metric)
    parts = [
        f"{limit.words}, but not for its {limit.for_s:,} s" if limit.is_beyond(values).any() else f"never {limit.words}"
        for limit in limits[:ALERTS]
    ]
    return f"; {', '.join(parts)}" if parts else "; no alert is declared for it"


def _finding(
    facts: Facts,
    name: str,
    entry: Pipeline,
    metric: str,
    inside: pd.Series,
    backlog: Backlog | None,
    severity: Severity,
    limit_words: str,
    *,
    is_depth: bool,
) -> Finding:
    unit, usual = unit_of(facts, metric), values_of(facts, metric, baseline=True)
    since, until = inside.index[0], inside.index[-1]
    expected = float(usual.max()) if len(usual) else None
    against = f"at most {amount(expected)} in the baseline" if expected is not None else "no baseline"
    about = (flow_words(facts, entry, inside) + drain_words(facts, entry, metric, backlog)) if is_depth else ""
    rows = points_of(facts, metric)
    rows = rows[rows["timestamp"].isin(inside.index)]
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{title_of(entry)}: {metric_title(facts, metric)} rose to {amount(inside.max())} {unit}"
            f" from {since:%Y-%m-%d %H:%M} UTC{course_words(facts, metric, backlog)}, {against}"
            f"{about}{limit_words}"
        ),
        subject={"pipeline": name, "metric": metric},
        evidence=log_refs(pd.concat([rows, _flow_rows(facts, entry, since, until)])),
        strength=(1e6 if is_depth else 0.0) + (backlog.shift.score if backlog else 0.0),
        first_seen=since,
        last_seen=until,
        observed=float(inside.max()),
        baseline=expected,
        unit=unit,
        next_step=first_step_of(facts, entry),
    )


def _flow_rows(facts: Facts, entry: Pipeline, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """METRICS of arrivals and completions in a stretch."""
    rows = facts.metrics[facts.metrics["metric"].isin([name for name in (entry.arrived, entry.done) if name])]
    return rows[rows["timestamp"].between(since, until)]


def _of_state(facts: Facts, name: str, entry: Pipeline) -> list[Finding]:
    """What waits in a queue whose metrics have no points: known, but not since when."""
    if any(len(points_of(facts, metric)) for metric in (entry.depth, entry.age) if metric) or not entry.queues:
        return []
    facts.pulls("queues")
    states = facts.queue_states
    rows = states[states["queue"].isin(entry.queues) & (states["waiting"] >= facts.profile.triage.min_events)]
    return [
        Finding(
            check=CHECK,
            severity=Severity.LOW,
            statement=(
                f"{title_of(entry)}: {row.waiting:,.0f} messages waited in {shown(row.queue)} when its state was taken;"
                " its metrics have no points, so it is not known since when, or whether that is usual"
            ),
            subject={"pipeline": name, "queue": shown(row.queue)},
            evidence=pair_refs([(str(row.pull), row.row)]),
            strength=float(row.waiting),
            observed=float(row.waiting),
            unit="messages",
            next_step=first_step_of(facts, entry),
        )
        for row in rows.itertuples()
    ]
