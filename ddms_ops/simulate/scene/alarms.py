"""Alarm history of a scene, as its gauges would have made it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scene.declared import Alarm, Scene
from ddms_ops.simulate.scene.gauges import Series
from ddms_ops.simulate.scene.lines import iso_ms

REACTION_MS = 23_456


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alarm's state, by so many points of its metric."""

    time_ms: int
    alarm: Alarm
    period_s: int
    is_alarm: bool
    values: tuple[float, ...]


def transitions(scene: Scene, series: list[Series]) -> list[Transition]:
    """Every change of state, oldest first; a missing point breaks no limit.

    Raises:
        KeyError: an alarm is on a metric that no gauge of the scene has.
    """
    known = {each.gauge.metric: each for each in series}
    found = [change for alarm in scene.alarms for change in _changes(alarm, known[alarm.metric])]
    return sorted(found, key=lambda change: (change.time_ms, change.alarm.name))


def _changes(alarm: Alarm, series: Series) -> Iterator[Transition]:
    values, period_s = np.where(series.is_published, series.values, np.nan), series.gauge.period_s
    is_beyond = np.zeros(len(values), dtype=bool)
    if alarm.above is not None:
        is_beyond |= values > alarm.above
    if alarm.below is not None:
        is_beyond |= values < alarm.below
    is_alarm = False
    for place in range(alarm.points - 1, len(values)):
        recent = slice(place - alarm.points + 1, place + 1)
        is_next = bool(is_beyond[recent].any() if is_alarm else is_beyond[recent].all())
        if is_next != is_alarm:
            is_alarm = is_next
            time_ms = int(series.starts_ms[place]) + period_s * 1000 + REACTION_MS
            points = tuple(float(value) for value in values[recent] if not np.isnan(value))
            yield Transition(time_ms, alarm, period_s, is_alarm, points)


def write_alarms(folder: Path, changes: list[Transition]) -> None:
    """Write describe-alarm-history output, newest first."""
    items = [_item(change) for change in reversed(changes)]
    write_json(folder / "alarm-history.json", {"AlarmHistoryItems": items})


def _item(change: Transition) -> dict[str, str]:
    alarm = change.alarm
    old, new = ("OK", "ALARM") if change.is_alarm else ("ALARM", "OK")
    verb, threshold = ("greater", alarm.above) if alarm.above is not None else ("less", alarm.below)
    reason = (
        f"Threshold Crossed: {alarm.points} out of the last {alarm.points} datapoints"
        f" [{', '.join(map(str, change.values))}] were {'' if change.is_alarm else 'not '}{verb} than the threshold"
        f" ({threshold})."
    )
    told = {"version": "1.0", "period": change.period_s, "threshold": threshold, "recentDatapoints": change.values}
    state = {
        "version": "1.0",
        "oldState": {"stateValue": old, "stateReason": "previous state"},
        "newState": {"stateValue": new, "stateReason": reason, "stateReasonData": told},
    }
    return {
        "AlarmName": alarm.name,
        "AlarmType": "MetricAlarm",
        "Timestamp": f"{iso_ms(change.time_ms)[:-1]}000+00:00",
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {old} to {new}",
        "HistoryData": json.dumps(state),
    }
