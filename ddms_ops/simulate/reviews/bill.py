"""The platform's bill by day as `aws ce get-cost-and-usage` prints it: the NAT gateway's bytes rise at the onset."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ddms_ops.simulate.reviews.resources import resources
from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Gauge, Scene

DAYS_BEFORE = 49
DAY_MIN = 1440
NAT_TIMES = 4.5
SEED = 51
NOISE = 0.03
WEEKDAYS = (1.03, 1.05, 1.04, 1.02, 1.0, 0.93, 0.93)  # Monday first
NAT_BYTES_AN_HOUR = 176 * 2**30 / 24
HOUR_S = 3600
PER_MOMENT = ("api_concurrency", "analyze_concurrency", "table_read_limit", "table_write_limit", "cdn_5xx")
"""Metrics that are no sum."""
COUNTED_AN_HOUR: Mapping[str, float] = {
    "http_requests": 391_000, "http_5xx": 820, "http_4xx": 13_500, "http_latency": 980,
    "http_integration_latency": 960, "api_invocations": 391_000, "api_errors": 210, "api_duration": 240,
    "api_max_duration": 4_100, "api_duration_sum": 391_000 * 240, "analyze_invocations": 54_000, "analyze_errors": 33,
    "analyze_duration": 1_190, "analyze_max_duration": 7_900, "auth_invocations": 389_000,
}  # fmt: skip
"""Of metrics that other scenes count in the log: 9.4 million requests a day, as the bill has them."""
NAT = ("EC2 - Other", "NatGateway-Bytes")
CHARGES: Mapping[tuple[str, str], tuple[float, float, str]] = {  # usage of a usual day, its price, its unit
    ("AWS Lambda", "Lambda-GB-Second"): (1_900_000, 0.0000166667, "Lambda-GB-Second"),
    ("AWS Lambda", "Request"): (9_400_000, 0.0000002, "Requests"),
    ("Amazon DynamoDB", "ReadCapacityUnit-Hrs"): (1_440, 0.00013, "ReadCapacityUnit-Hrs"),
    ("Amazon DynamoDB", "WriteCapacityUnit-Hrs"): (960, 0.00065, "WriteCapacityUnit-Hrs"),
    ("Amazon DynamoDB", "TimedStorage-ByteHrs"): (4.1, 0.25, "GB-Mo"),
    ("Amazon CloudFront", "US-DataTransfer-Out-Bytes"): (563, 0.085, "GB"),
    ("Amazon CloudFront", "US-Requests-Tier2-HTTPS"): (1_296_000, 0.000001, "Requests"),
    ("Amazon API Gateway", "USE1-ApiGatewayHttpRequest"): (9_400_000, 0.000001, "Requests"),
    NAT: (176, 0.045, "GB"),
    ("EC2 - Other", "NatGateway-Hours"): (48, 0.045, "Hrs"),
    ("AmazonCloudWatch", "DataProcessing-Bytes"): (38, 0.5, "GB"),
    ("Amazon Bedrock", "USE1-MP:USE1_InputTokenCount-Units"): (41_000, 0.00025, "1K tokens"),
    ("AWS WAF", "USE1-WebACLV2"): (0.2, 5, "ACLs-Month"),
}
STEADY = ("NatGateway-Hours", "ReadCapacityUnit-Hrs", "WriteCapacityUnit-Hrs", "USE1-WebACLV2", "TimedStorage-ByteHrs")
"""What does not follow the traffic."""


def cost_documents(scene: Scene) -> Mapping[str, object]:
    """Two answers over the same days, by usage type and by record type: of seven weeks and the window after them."""
    rng = np.random.default_rng(SEED)
    first = _day(scene.start_ms - DAYS_BEFORE * DAY_MIN * MINUTE_MS)
    days = [first + timedelta(days=number) for number in range(DAYS_BEFORE + scene.length_min // DAY_MIN)]
    usage = {day: {key: _used(scene, day, key, rng) for key in CHARGES} for day in days}
    by_type = {
        day: [_group(key, amount, CHARGES[key]) for key, amount in inside.items()] for day, inside in usage.items()
    }
    by_record = {day: _by_record(inside) for day, inside in usage.items()}
    return {
        **resources(scene),
        "costs/by-usage-type.json": _answer("USAGE_TYPE", by_type),
        "costs/by-record-type.json": _answer("RECORD_TYPE", by_record),
    }


def hourly(gauge: Gauge) -> Gauge:
    """A metric by the hour, as a platform has it that serves the bill's requests: more than a small log holds."""
    if gauge.counted:
        return Gauge(gauge.metric, COUNTED_AN_HOUR[gauge.metric], NOISE, is_whole=True, period_s=HOUR_S)
    times = 1 if gauge.metric in PER_MOMENT else HOUR_S / gauge.period_s
    return replace(gauge, period_s=HOUR_S, usual=gauge.usual * times)


def _day(time_ms: int) -> date:
    return datetime.fromtimestamp(time_ms / 1000, UTC).date()


def _used(scene: Scene, day: date, key: tuple[str, str], rng: np.random.Generator) -> float:
    """Usage of one day; of the day of the onset only what comes after it is higher."""
    usual = CHARGES[key][0]
    if key[1] not in STEADY:
        usual *= WEEKDAYS[day.weekday()] * float(np.exp(NOISE * rng.standard_normal()))
    if key == NAT and scene.onset_ms is not None:
        midnight_ms = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
        after = min(1.0, max(0.0, 1 - (scene.onset_ms - midnight_ms) / (DAY_MIN * MINUTE_MS)))
        usual *= 1 + (NAT_TIMES - 1) * after
    return usual


def _by_record(inside: Mapping[tuple[str, str], float]) -> list[object]:
    services: dict[str, float] = {}
    for (service, usage_type), amount in inside.items():
        services[service] = services.get(service, 0.0) + amount * CHARGES[service, usage_type][1]
    return [_group((service, "Usage"), cost, (cost, 1.0, "N/A")) for service, cost in services.items()]


def _group(keys: tuple[str, str], usage: float, charge: tuple[float, float, str]) -> dict[str, object]:
    cost = {"Amount": f"{usage * charge[1]:.10f}", "Unit": "USD"}
    return {
        "Keys": list(keys),
        "Metrics": {
            "AmortizedCost": cost,
            "UnblendedCost": cost,
            "UsageQuantity": {"Amount": f"{usage:.10f}", "Unit": charge[2]},
        },
    }


def _answer(second: str, days: Mapping[date, Sequence[object]]) -> dict[str, object]:
    return {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", second)],
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": f"{day}", "End": f"{day + timedelta(days=1)}"},
                "Total": {},
                "Groups": list(groups),
                "Estimated": False,
            }
            for day, groups in days.items()
        ],
        "DimensionValueAttributes": [],
    }
