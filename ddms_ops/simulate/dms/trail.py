"""CloudTrail files: everyday reads and writes, the scenario's changes, one failed write, and reads of objects."""

from pathlib import Path

import numpy as np

from ddms_ops.simulate.cloudtrail import record
from ddms_ops.simulate.dms.catalog import (
    ACCOUNT,
    API_FUNCTION,
    API_GROUP,
    DEVELOPER,
    ON_CALL,
    PLATFORM,
    REGION,
    WORKER_FUNCTION,
    WORKER_GROUP,
)
from ddms_ops.simulate.dms.object_reads import Read
from ddms_ops.simulate.ids import hexes
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS, Call, Scenario

READS = 170
STREAMS = 14
READ_CALLS = (
    ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "/aws/lambda/dms"}, "dms-monitoring"),
    ("sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/dms-monitoring"}, "dms-monitoring"),
    ("ssm", "GetParameter", {"name": "/dms/prod/feature-flags", "withDecryption": True}, "dms-api-handler-prod-role"),
    ("cloudwatch", "DescribeAlarms", {"alarmNamePrefix": "dms-"}, ON_CALL),
    ("lambda", "GetFunctionConfiguration20150331v2", {"functionName": API_FUNCTION}, "dms-ci-deploy"),
    ("secretsmanager", "GetSecretValue", {"secretId": "dms/prod/aurora"}, "dms-processing-worker-prod-role"),
    ("rds", "DescribeDBClusters", {"dBClusterIdentifier": "dms-cluster-prod"}, "dms-monitoring"),
    ("s3", "ListBuckets", None, DEVELOPER),
)
EVERYDAY = (
    Call(-47, "s3", "PutBucketTagging", {"bucketName": "dms-access-logs-prod", "tagging": ""}, PLATFORM),
    Call(
        -12,
        "lambda",
        "UpdateFunctionConfiguration20150331v2",
        {"functionName": API_FUNCTION, "timeout": 60},
        DEVELOPER,
        error_code="AccessDenied",
        error_message=f"User: arn:aws:iam::{ACCOUNT}:user/{DEVELOPER} is not authorized to perform:"
        " lambda:UpdateFunctionConfiguration",
    ),
)


def write_trail(folder: Path, scenario: Scenario, reads: list[Read], salt: int, rng: np.random.Generator) -> int:
    """Write one file for each hour of baseline and window, the reads of objects among it; returns how many records."""
    timed = [(scenario.anchor_ms + round(call.at_min * MINUTE_MS), call) for call in EVERYDAY]
    timed += [(scenario.called_ms(call), call) for call in scenario.changes]
    span = scenario.end_ms - scenario.first_ms
    for offset in rng.integers(0, span, READS).tolist():
        service, name, parameters, actor = READ_CALLS[int(rng.integers(0, len(READ_CALLS)))]
        timed.append((scenario.first_ms + offset, Call(0, service, name, parameters or {}, actor)))
    for number, offset in enumerate(rng.integers(0, span, STREAMS).tolist()):
        group, function = ((API_GROUP, API_FUNCTION), (WORKER_GROUP, WORKER_FUNCTION))[number % 2]
        parameters = {"logGroupName": group, "logStreamName": f"{scenario.window.start:%Y/%m/%d}/[{number}]x"}
        timed.append((scenario.first_ms + offset, Call(0, "logs", "CreateLogStream", parameters, f"{function}-role")))
    timed.sort(key=lambda item: (item[0], item[1].name))
    records = [record(call, time_ms, number, salt) for number, (time_ms, call) in enumerate(timed)]
    objects = [{**record(call, time_ms, number, salt), **further} for number, (time_ms, call, further) in
               enumerate(reads, len(timed))]  # fmt: skip
    records = sorted((*records, *objects), key=lambda item: str(item["eventTime"]))
    hours: dict[str, list[dict[str, object]]] = {}
    for item in records:
        hours.setdefault(str(item["eventTime"])[:13], []).append(item)
    digits = hexes(np.arange(len(hours)), salt + 31)
    for (hour, inside), digit in zip(sorted(hours.items()), digits, strict=True):
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{hour.replace('-', '')}55Z_{digit[:16]}.json.gz"
        write_json(folder / name, {"Records": inside}, indent=None)
    return len(records)
