"""The budget's alarm on a day's spend, as describe-alarm-history prints it."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from ddms_ops.simulate.bill import Line
from ddms_ops.simulate.invoice.scenario import HOUR_MS, CostScenario, moment
from ddms_ops.simulate.output import write_json

ALARM = "smart-invoice-prod-daily-spend"
BILLED_AFTER_MS = 9 * HOUR_MS
LEARNT_DAYS = 28
USUAL_PLACE = 24  # the threshold is above all but the dearest days of those learnt
MORE = Decimal("1.2")


def ring_times(scenario: CostScenario, lines: Sequence[Line]) -> list[tuple[int, Decimal, Decimal]]:
    """When the alarm goes off in the window: epoch ms, the day's spend, and the threshold."""
    days: dict[date, Decimal] = {}
    for line in sorted(lines, key=lambda line: line.start):
        day = line.start.date()
        days[day] = days.get(day, Decimal(0)) + line.cost
    threshold = (sorted(list(days.values())[:LEARNT_DAYS])[USUAL_PLACE] * MORE).quantize(Decimal(1))
    found, was_above = [], False
    for number in range(scenario.days - 1):  # the last day's spend is known after the window
        start_ms = scenario.start_ms + number * 24 * HOUR_MS
        spent = days.get(moment(start_ms).date(), Decimal(0))
        if spent > threshold and not was_above:
            found.append((start_ms + 24 * HOUR_MS + BILLED_AFTER_MS, spent, threshold))
        was_above = spent > threshold
    return found


def write_alarms(folder: Path, scenario: CostScenario, lines: Sequence[Line]) -> int | None:
    """Write the history, newest first; returns when the alarm first went off in the window, epoch ms."""
    rings = ring_times(scenario, lines)
    items = [_item(time_ms, f"{spent:.2f}", f"{threshold}") for time_ms, spent, threshold in reversed(rings)]
    write_json(folder / "alarm-history.json", {"AlarmHistoryItems": items})
    return rings[0][0] if rings else None


def _item(time_ms: int, spent: str, threshold: str) -> dict[str, str]:
    at = moment(time_ms) + timedelta(milliseconds=123)
    reason = (
        f"Threshold Crossed: 1 out of the last 1 datapoints [{spent}] was greater than the threshold ({threshold}.0)."
    )
    state = {
        "version": "1.0",
        "oldState": {"stateValue": "OK", "stateReason": "previous state"},
        "newState": {
            "stateValue": "ALARM",
            "stateReason": reason,
            "stateReasonData": {"version": "1.0", "period": 86400, "threshold": float(threshold),
                                "recentDatapoints": [float(spent)]},
        },
    }  # fmt: skip
    return {
        "AlarmName": ALARM,
        "AlarmType": "MetricAlarm",
        "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00",
        "HistoryItemType": "StateUpdate",
        "HistorySummary": "Alarm updated from OK to ALARM",
        "HistoryData": json.dumps(state),
    }
