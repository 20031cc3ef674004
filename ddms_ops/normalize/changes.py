"""CloudTrail records as CHANGES and alarm history as ALARMS."""

import json
import re

import pandas as pd
import pyarrow as pa

from ddms_ops.schema import ALARMS, CHANGES, conform

# The request parameter that names what a call changes, the most telling first.
RESOURCE_KEYS = (
    "functionName", "keyId", "bucketName", "dBClusterIdentifier", "dBInstanceIdentifier", "dBProxyName", "tableName",
    "stateMachineArn", "queueUrl", "topicArn", "service", "cluster", "hostedZoneId", "distributionId", "groupId",
    "roleName", "userName", "policyArn", "secretId", "name", "stackName", "ruleName", "alarmName", "restApiId", "apiId",
    "logGroupName", "instanceId", "resourceArn", "aRN", "arn",
)  # fmt: skip
TRANSITION = re.compile(r"from (\w+) to (\w+)")
VERSION_SUFFIX = re.compile(r"\d{8}(v\d+)?$")


def normalize_changes(table: pa.Table, pull: str) -> pd.DataFrame:
    """CloudTrail records as a CHANGES frame, in the table's order."""
    rows = []
    for row, (stamp, text) in enumerate(zip(table["timestamp"].to_pylist(), table["record"].to_pylist(), strict=True)):
        rows.append({"timestamp": stamp, "row": row, "pull": pull, **_change(_object(text))})
    return conform(pd.DataFrame(rows, columns=CHANGES.names), CHANGES)


def _object(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _change(record: dict[str, object]) -> dict[str, object]:
    name = str(record.get("eventName") or "unknown call")
    return {
        "name": VERSION_SUFFIX.sub("", name),
        "service": str(record.get("eventSource") or "").removesuffix(".amazonaws.com") or None,
        "resource": _resource(record),
        "actor": _actor(_dict(record.get("userIdentity"))),
        "is_write": str(record.get("readOnly")).lower() != "true",
        "error": record.get("errorCode"),
    }


def _resource(record: dict[str, object]) -> str | None:
    parameters = _dict(record.get("requestParameters"))
    for key in RESOURCE_KEYS:
        if isinstance(parameters.get(key), str):
            return str(parameters[key])
    listed = record.get("resources")
    for item in listed if isinstance(listed, list) else []:
        arn = _dict(item).get("ARN")
        if isinstance(arn, str):
            return arn
    return None


def _actor(identity: dict[str, object]) -> str | None:
    issuer = _dict(_dict(identity.get("sessionContext")).get("sessionIssuer")).get("userName")
    arn = str(identity.get("arn") or "").rsplit("/", 1)[-1]
    for found in (identity.get("userName"), issuer, identity.get("invokedBy"), arn, identity.get("type")):
        if found:
            return str(found)
    return None


def normalize_alarms(table: pa.Table, pull: str) -> pd.DataFrame:
    """Alarm state changes as an ALARMS frame, in the table's order; other history items are left out."""
    rows = []
    for row, item in enumerate(table.to_pylist()):
        if item["type"] not in (None, "StateUpdate"):
            continue
        data = _object(item["data"])
        found = TRANSITION.search(item["summary"] or "")
        old, new = (_dict(data.get(key)).get("stateValue") for key in ("oldState", "newState"))
        rows.append(
            {
                "timestamp": item["timestamp"],
                "alarm": item["alarm"],
                "old_state": old or (found[1] if found else None),
                "new_state": new or (found[2] if found else None),
                "pull": pull,
                "row": row,
            }
        )
    return conform(pd.DataFrame(rows, columns=ALARMS.names), ALARMS)
