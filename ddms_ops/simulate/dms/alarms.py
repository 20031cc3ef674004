"""Alarm history, as the metrics would have made it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.metrics import Series, error_rate
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario


@dataclass(frozen=True, slots=True)
class Rule:
    """An alarm: a metric beyond its threshold for so many minutes in a row."""

    alarm: str
    metric: str
    threshold: float
    minutes: int
    is_below: bool = False


RULES = (
    Rule("dms-high-api-error-rate-prod", "api_error_rate", 0.05, 5),
    Rule("dms-api-p95-latency-prod", "api_p95_latency", 1000, 5),
    Rule("dms-upload-success-rate-prod", "upload_success_rate", 0.95, 5, is_below=True),
    Rule("dms-processing-success-rate-prod", "processing_success_rate", 0.90, 5, is_below=True),
    Rule("dms-dlq-messages-prod", "dlq_messages", 0, 1),
    Rule("dms-queue-depth-prod", "queue_depth", 1000, 15),
    Rule("dms-processing-duration-prod", "processing_p95_duration", 300, 3),
    Rule("dms-database-connections-prod", "db_connections", 380, 3),
)
OLD = Rule("dms-search-p95-latency-prod", "search_p95_latency", 2000, 5)
OLD_AT_MS, REACTION_MS = 11 * MINUTE_MS, 23_456


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alarm's state."""

    time_ms: int
    rule: Rule
    is_alarm: bool
    values: tuple[float, ...]


def transitions(scenario: Scenario, series: Series) -> list[Transition]:
    """Every change of state, oldest first; the first is an old one that went back to OK in the baseline."""
    found = [Transition(scenario.first_ms + OLD_AT_MS + REACTION_MS, OLD, False, (412.0,) * 5)]
    known = {**series, "api_error_rate": error_rate(series)}
    for rule in RULES:
        found += _changes(rule, known[rule.metric], scenario.first_ms)
    return sorted(found, key=lambda item: (item.time_ms, item.rule.alarm))


def _changes(rule: Rule, values: NDArray[np.float64], first_ms: int) -> Iterator[Transition]:
    is_beyond = values < rule.threshold if rule.is_below else values > rule.threshold
    is_alarm = False
    for place in range(rule.minutes - 1, len(values)):
        recent = slice(place - rule.minutes + 1, place + 1)
        is_next = bool(is_beyond[recent].all()) if not is_alarm else bool(is_beyond[recent].any())
        if is_next != is_alarm:
            is_alarm = is_next
            time_ms = first_ms + (place + 1) * MINUTE_MS + REACTION_MS
            yield Transition(time_ms, rule, is_alarm, tuple(round(float(v), 4) for v in values[recent]))


def write_alarms(folder: Path, changes: list[Transition]) -> None:
    """Write describe-alarm-history output, newest first."""
    items = [_item(change) for change in reversed(changes)]
    write_json(folder / "alarm-history.json", {"AlarmHistoryItems": items})


def _item(change: Transition) -> dict[str, str]:
    rule = change.rule
    old, new = ("OK", "ALARM") if change.is_alarm else ("ALARM", "OK")
    verb = "less" if rule.is_below else "greater"
    points = ", ".join(map(str, change.values))
    reason = (
        f"Threshold Crossed: {rule.minutes} out of the last {rule.minutes} datapoints [{points}] were"
        f" {'' if change.is_alarm else 'not '}{verb} than the threshold ({rule.threshold})."
    )
    seconds, ms = divmod(change.time_ms, 1000)
    stamp = f"{np.datetime64(seconds, 's')}.{ms:03d}000+00:00"
    state = {
        "version": "1.0",
        "oldState": {"stateValue": old, "stateReason": "previous state"},
        "newState": {
            "stateValue": new,
            "stateReason": reason,
            "stateReasonData": {
                "version": "1.0",
                "period": 60,
                "threshold": rule.threshold,
                "recentDatapoints": change.values,
            },
        },
    }
    return {
        "AlarmName": rule.alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": stamp,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {old} to {new}",
        "HistoryData": json.dumps(state),
    }
