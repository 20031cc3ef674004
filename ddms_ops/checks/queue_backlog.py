"""Is work waiting, since when, with what does it go, and how long until it is done?"""

import pandas as pd

from ddms_ops.analysis.backlog import Backlog, Flow, backlog_of, drain_min, pace, per_minute, recent_since
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, onset_words, pair_refs
from ddms_ops.checks.watched import first_step_of, points_of
from ddms_ops.checks.work_basis import (
    SHOWN,
    counted_until,
    declaring,
    limits_of,
    met,
    metric_title,
    series_of,
    shown,
    step_of,
    title_of,
    unit_of,
    without_points,
)
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline

CHECK = "queue_backlog"
OLDEST_S = 300.0  # an attempt that failed waits out its visibility timeout, minutes by default: no backlog by itself
HOUR = 60.0


def check_queue_backlog(facts: Facts) -> list[Finding]:
    """Depths and ages of the pipelines' queues that are over an alert, or far above their baseline.

    An alert that is met has its severity, LOW where the baseline was as high. Else a depth is MEDIUM at `triage.surge`
    times what is expected, above all stretches of the baseline as long and at `triage.min_events` messages or more; an
    age likewise, at five minutes or more. What waits in a queue without points is LOW.

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
    values = series_of(facts, metric)
    least = float(triage.min_events) if is_depth else OLDEST_S * _a_second(unit_of(facts, metric))
    usual = series_of(facts, metric, baseline=True)
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
    severity = over[0].severity if over else Severity.MEDIUM
    words = f"; it is {over[0].words} from {over[1]['timestamp'].min():%H:%M} UTC" if over else _short_of(facts, metric)
    values = inside.set_index("timestamp")["value"]
    return [_finding(facts, name, entry, metric, values, backlog, severity, words, is_depth=is_depth)]


def _short_of(facts: Facts, metric: str) -> str:
    """That no alert is met, or that none is declared."""
    limits = limits_of(facts, metric)
    return f"; not {limits[0].words} for long enough" if limits else "; no alert is declared for it"


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
    unit, usual = unit_of(facts, metric), series_of(facts, metric, baseline=True)
    since, until = inside.index[0], inside.index[-1]
    expected = float(usual.mean()) if len(usual) else None
    against = f"{expected:,.4g} in the baseline" if expected is not None else "no baseline"
    about = (flow_words(facts, entry, inside) + drain_words(facts, entry, metric, backlog)) if is_depth else ""
    rows = points_of(facts, metric)
    rows = rows[rows["timestamp"].isin(inside.index)]
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{title_of(entry)}: {metric_title(facts, metric)} rose to {inside.max():,.6g} {unit}"
            f" from {since:%Y-%m-%d %H:%M} UTC{onset_words(backlog.shift if backlog else None)}, {against}"
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


def flow_of(facts: Facts, entry: Pipeline, inside: pd.Series) -> Flow:
    """What came in and went out, a minute, from a backlog's beginning to its peak, and in the baseline."""
    since, peak = inside.index[0], inside.idxmax()
    until = min(max(peak + step_of(facts, entry.depth), since + 2 * step_of(facts, entry.depth)), counted_until(facts))
    rates: list[float | None] = []
    for metric in (entry.arrived, entry.done):
        now, before = series_of(facts, metric), series_of(facts, metric, baseline=True)
        rates.append(_rate(now, since, until))
        rates.append(_rate(before, facts.baseline.start, facts.baseline.end))
    return Flow(*rates)


def _rate(sums: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> float | None:
    """Pieces a minute; 0 where the metric has points, but none then, None where it has none at all."""
    if sums.empty or end <= start:
        return None
    return per_minute(sums, start, end) or 0.0


def flow_words(facts: Facts, entry: Pipeline, inside: pd.Series) -> str:
    """What a backlog goes with, in words; what is not declared or has no points is said."""
    flow = flow_of(facts, entry, inside)
    parts = [
        f"{now:,.3g} a minute {verb}" + (f" ({before:,.3g} before)" if before is not None else "")
        for verb, now, before in (("came in", flow.came, flow.came_before), ("were done", flow.done, flow.done_before))
        if now is not None
    ]
    lacking = [word for word, rate in (("comes in", flow.came), ("is done", flow.done)) if rate is None]
    goes = f"; it goes with this: {flow.goes_with}" if flow.goes_with else ""
    rates = f"; while it grew, {', '.join(parts)}" if parts else ""
    return goes + rates + (f"; not known what {' and what '.join(lacking)}" if lacking else "")


def drain_words(facts: Facts, entry: Pipeline, metric: str, backlog: Backlog | None) -> str:
    """How long until the backlog is done at the present pace, or that it is over, or that it is not drained."""
    values = series_of(facts, metric)
    if backlog is None or values.empty:
        return ""
    if backlog.shift.end is not None:
        return f"; back to its usual by {backlog.shift.end:%H:%M} UTC"
    end = min(values.index[-1] + step_of(facts, metric), facts.window.end)
    since = recent_since(values, end, backlog.peak_at)
    sums = [series_of(facts, each) for each in (entry.arrived, entry.done)]
    came, done = (_rate(each, since, end) for each in sums)
    if came is not None and done is not None:
        left, how = done - came, f"{done:,.3g} a minute done, {came:,.3g} come in"
    else:
        slope = pace(values[values.index >= since])
        if slope is None:
            return f"; {backlog.last:,.4g} wait at the end, too few points to say how fast they fall"
        left, how = -slope, f"it {'falls' if slope < 0 else 'rises'} by {abs(slope):,.3g} a minute"
    minutes = drain_min(backlog.last, left)
    if minutes is None:
        return f"; {backlog.last:,.4g} wait at the end and it does not drain at this rate: {how}"
    return f"; {backlog.last:,.4g} wait at the end, drained in about {length_words(minutes)} at this rate: {how}"


def length_words(minutes: float) -> str:
    """`40 min`, `3.5 h`."""
    return f"{minutes:,.0f} min" if minutes < 2 * HOUR else f"{minutes / HOUR:,.1f} h"


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
