"""Whether everything runs that should: what is running against what is wanted, and why tasks stop."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.capacity_course import STEP, runs_of, step_of
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import (
    METRICS,
    WATCHES,
    alert_met,
    customer_of,
    is_rise,
    known_minutes,
    lack_words,
    metric_name,
    name_of,
    period_of,
    points_lack,
    refs_of,
    watched,
)
from ddms_ops.checks.cost_words import number
from ddms_ops.checks.refs import counted, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.stopped_tasks import CONTAINERS, no_containers, stops_of, why_words
from ddms_ops.checks.watched import first_step_of, points_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.normalize.containers import ENDED
from ddms_ops.operations import Capacity

CHECK = "missing_tasks"
STARTS = pd.Timedelta(minutes=5)
"""How long a task may take to replace another without news: image, start and health check of a deployment."""
RESTART = pd.Timedelta(minutes=2)
"""How long nothing may run while the only task is replaced."""
LOOP = 3
"""Failed tasks that are a loop; a single one is replaced."""
SLACK = 1e-9
BEFORE = pd.Timedelta(minutes=15)
"""A task that stopped so long before something was missing belongs to it."""
NOTHING = (
    "no entry of the profile's capacity names what runs and what is wanted, or services; declare running (a metric)"
    " and wanted (a metric or a number), or services of resources"
)


@dataclass(frozen=True, slots=True)
class _Missing:
    """The stretch in which least ran, all points below what was wanted, and what the baseline says.

    `share` and `usual` are the shares of points below what was wanted in window and baseline, `before` is the least
    that ran in the baseline; None where it has no points.
    """

    run: pd.DataFrame
    below: pd.DataFrame
    step: pd.Timedelta
    share: float
    usual: float | None
    before: float | None
    since: pd.Timestamp
    is_over: bool

    @property
    def is_none(self) -> bool:
        """Whether nothing ran."""
        return bool((self.run["value"] <= SLACK).any())

    @property
    def length(self) -> pd.Timedelta:
        """How long the stretch lasted."""
        return self.run["timestamp"].iloc[-1] - self.run["timestamp"].iloc[0] + self.step


def check_missing_tasks(facts: Facts) -> list[Finding]:
    """Entries of which fewer run than are wanted, and services whose tasks fail again and again.

    HIGH at least where nothing runs of something wanted; else by an alert on what runs, else MEDIUM. LOW where fewer
    ran for no longer than a start takes, none for no longer than a restart, or as few in as much of the baseline.

    Raises:
        CannotTell: no entry is declared, or none names what should run.
    """
    found = []
    for key, entry in watched(facts, CHECK, NOTHING).items():
        missing = _missing(facts, entry) if entry.running else None
        if missing is not None:
            found.append(_finding(facts, key, entry, missing))
        if missing is None or not found[-1].severity.is_above_low:
            found += _stops(facts, key, entry)
    return found


def missing_lacks(facts: Facts) -> str:
    """What of the tasks could not be seen, in words."""
    declared = [entry for entry in facts.profile.capacity.values() if WATCHES[CHECK](entry)]
    lacks = []
    for entry in declared:
        lacks += points_lack(facts, entry, entry.running, entry.wanted if isinstance(entry.wanted, str) else "")
        lacks += no_containers(facts, entry)
    kinds = METRICS if any(entry.running for entry in declared) else ()
    faulty = [CONTAINERS] if any(entry.services for entry in declared) else []
    return lack_words(facts, lacks, *kinds, *faulty)


def running_below(facts: Facts, entry: Capacity, *, baseline: bool = False) -> pd.DataFrame:
    """Points of what runs with what is `wanted`, in order of time; those without it are left out."""
    points = points_of(facts, entry.running, baseline=baseline)
    if not isinstance(entry.wanted, str):
        return points.assign(wanted=float(entry.wanted))
    wanted = points_of(facts, entry.wanted, baseline=baseline)[["timestamp", "value"]]
    held = pd.merge_asof(points, wanted.rename(columns={"value": "wanted"}), on="timestamp")
    return held[held["wanted"].notna()].reset_index(drop=True)


def _missing(facts: Facts, entry: Capacity) -> _Missing | None:
    points, before = (running_below(facts, entry, baseline=side) for side in (False, True))
    is_below, was_below = (part["value"] < part["wanted"] - SLACK for part in (points, before))
    if not is_below.any():
        return None
    step = step_of(points, period_of(facts, entry.running))
    runs = runs_of(points, is_below, gap=STEP * step)
    run = max(runs, key=lambda rows: (bool((rows["value"] <= SLACK).any()), len(rows)))
    since = run["timestamp"].iloc[0]
    earlier = runs_of(before, was_below, gap=STEP * step)
    if earlier and facts.is_joined and since - earlier[-1]["timestamp"].iloc[-1] <= STEP * step:
        since = earlier[-1]["timestamp"].iloc[0]
    usual, least = (float(was_below.mean()), float(before["value"].min())) if len(before) else (None, None)
    is_over = bool(run["timestamp"].iloc[-1] < points["timestamp"].max())
    return _Missing(run, points[is_below], step, float(is_below.mean()), usual, least, since, is_over)


def _severity(facts: Facts, entry: Capacity, found: _Missing) -> tuple[Severity, str]:
    """How bad it is, and why it is no worse."""
    met = alert_met(facts, entry.running, found.run)
    severity = met[0] if met else Severity.MEDIUM
    if found.is_none and found.is_over and len(found.below) * found.step <= RESTART and not met:
        return Severity.LOW, "; no longer than a restart of the only task may take"
    if found.is_none:
        return min(severity, Severity.HIGH, key=lambda each: each.order), f"; {met[1]}" if met else ""
    if found.usual is not None and found.share < facts.profile.triage.rise * found.usual:
        return Severity.LOW, "; fewer ran in the baseline as well"
    if found.length <= STARTS and not met:
        return Severity.LOW, "; no longer than the start of a task may take"
    return severity, f"; {met[1]}" if met else ""


def _finding(facts: Facts, key: str, entry: Capacity, found: _Missing) -> Finding:
    severity, doubt = _severity(facts, entry, found)
    run, least = found.run, found.run.loc[found.run["value"].idxmin()]
    until = run["timestamp"].iloc[-1]
    stops, events = stops_of(facts, entry)
    stops, events = (between(part, found.since - BEFORE, until + STARTS) for part in (stops, events))
    minutes = known_minutes(facts, entry.running, len(found.below), found.step)
    still = " and at the end of the window still" if facts.window.end - until <= 2 * found.step else ""
    usual = "no baseline" if found.usual is None else f"in the baseline for {found.usual:.0%} of the time"
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{name_of(entry)}: {number(least['value'])} of {number(least['wanted'])} wanted run at the least,"
            f" fewer than wanted from {span_words(found.since, until)}{still}; {minutes} in all ({usual}){doubt}"
            f"{why_words(stops, events)}"
        ),
        subject={"capacity": key, **customer_of(facts, key)},
        evidence=refs_of(run, stops, events),
        strength=float((run["wanted"] - run["value"]).sum()),
        first_seen=found.since,
        last_seen=until,
        observed=float(least["value"]),
        baseline=found.before,
        unit="running at the least",
        next_step=first_step_of(facts, entry) or next_step(facts.profile, metric_name(facts, entry.running)),
    )


def _stops(facts: Facts, key: str, entry: Capacity) -> list[Finding]:
    """The finding about tasks that fail again and again while as many run as are wanted, or none says how many."""
    every, events = stops_of(facts, entry)
    stops = between(every, facts.window.start, facts.window.end)
    failed, ended = stops[stops["is_failure"]], stops[~stops["is_failure"] & (stops["stop_code"] == ENDED)]
    if failed.empty and len(ended) < LOOP:
        return []
    told = ended if failed.empty else failed
    since, until = told["timestamp"].min(), told["timestamp"].max()
    events = between(events, since - BEFORE, until + STARTS)
    earlier = between(every[every["is_failure"]], facts.baseline.start, facts.window.start)
    exposure = (facts.window.minutes, facts.baseline.minutes)
    is_more = len(failed) >= LOOP and is_rise(facts, len(failed), len(earlier), exposure, tests=1)
    before = (
        f"{len(earlier):,} from the start of the baseline to the window"
        if len(earlier)
        else "those of the baseline are not known"
    )
    how = "ended by themselves, as a service's should not," if failed.empty else "failed"
    return [
        Finding(
            check=CHECK,
            severity=Severity.MEDIUM if is_more else Severity.LOW,
            statement=(
                f"{name_of(entry)}: {counted(len(told), 'task')} {how} from {span_words(since, until)} ({before})"
                f"{why_words(failed, events)}"
            ),
            subject={"capacity": key, **customer_of(facts, key), "signal": "stopped tasks"},
            evidence=refs_of(told, events),
            strength=float(len(told)),
            first_seen=since,
            last_seen=until,
            observed=float(len(told)),
            unit="tasks",
            next_step=first_step_of(facts, entry) or next_step(facts.profile, "task stopped"),
        )
    ]
