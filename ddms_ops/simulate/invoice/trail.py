"""CloudTrail files, one a day of window and baseline: reads, everyday writes, and the scenario's changes."""

from pathlib import Path

import numpy as np

from ddms_ops.simulate.cloudtrail import ACCOUNT, DEVELOPER, ON_CALL, REGION, event_time, record
from ddms_ops.simulate.ids import hexes
from ddms_ops.simulate.invoice.calls import INNOCENT
from ddms_ops.simulate.invoice.catalog import GROUPS, INFERENCE, UPLOAD
from ddms_ops.simulate.invoice.scenario import CostScenario
from ddms_ops.simulate.invoice.work import is_logged
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS, Call

READS = 240
READ_CALLS = (
    ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "/aws/lambda/smart-invoice"}, "smart-invoice-monitoring"),
    ("ce", "GetCostAndUsage", {"granularity": "DAILY"}, "smart-invoice-budget-bot"),
    ("cloudwatch", "DescribeAlarms", {"alarmNamePrefix": "smart-invoice-"}, ON_CALL),
    ("lambda", "GetFunctionConfiguration20150331v2", {"functionName": INFERENCE}, DEVELOPER),
    ("secretsmanager", "GetSecretValue", {"secretId": "smart-invoice/prod/portal"}, f"{UPLOAD}-role"),
    ("logs", "CreateLogStream", {"logGroupName": GROUPS["inference"]}, f"{INFERENCE}-role"),
)  # fmt: skip


def called_ms(scenario: CostScenario, call: Call) -> int:
    """When a call is made, epoch ms."""
    return scenario.anchor_ms + round(call.at_min * MINUTE_MS)


def told(scenario: CostScenario, call: Call) -> dict[str, str]:
    """A call as the truth tells it."""
    return {
        "time": event_time(called_ms(scenario, call)),
        "name": call.name.split("2015")[0].split("2017")[0],
        "source": f"{call.service}.amazonaws.com",
        "actor": call.actor,
        "resource": call.resource,
    }


def write_trail(folder: Path, scenario: CostScenario, salt: int, seed: int) -> int:
    """Write the files; returns how many records."""
    rng = scenario.draws(seed, 24)
    starts = [round(window.start.timestamp() * 1000) for window in (scenario.before, scenario.window)]
    length = scenario.end_ms - scenario.start_ms
    offsets = rng.integers(0, length, READS).tolist()
    timed = []
    for number, offset in enumerate(offsets):
        service, name, parameters, actor = READ_CALLS[int(rng.integers(0, len(READ_CALLS)))]
        timed.append((starts[number % 2] + offset, Call(0, service, name, parameters, actor)))
    timed += [(called_ms(scenario, call), call) for call in (*INNOCENT, *scenario.changes)]
    places = np.flatnonzero(is_logged(scenario, np.array([time_ms for time_ms, _ in timed]))).tolist()
    kept = sorted((timed[place] for place in places), key=lambda item: (item[0], item[1].name))
    days: dict[str, list[dict[str, object]]] = {}
    for number, (time_ms, call) in enumerate(kept):
        days.setdefault(event_time(time_ms)[:10], []).append(record(call, time_ms, number, salt))
    for (day, inside), digits in zip(days.items(), hexes(np.arange(len(days)), salt + 31), strict=True):
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{day.replace('-', '')}T2355Z_{digits[:16]}.json.gz"
        write_json(folder / name, {"Records": inside}, indent=None)
    return len(kept)
