"""What happened, by the clock: alarm history and alarms of CloudWatch, management events of CloudTrail."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ddms_ops.sandbox.export import AlarmChange
from ddms_ops.sandbox.refusal import Refusal
from ddms_ops.sandbox.wire import moment

MOST_ALARMS, MOST_EVENTS = 100, 50
LATEST = 1e12
STATE = "StateUpdate"
# What a lookup attribute is compared with in an answered event.
ATTRIBUTES = {
    "EventId": "EventId",
    "EventName": "EventName",
    "ReadOnly": "ReadOnly",
    "Username": "Username",
    "EventSource": "EventSource",
    "AccessKeyId": "AccessKeyId",
}


@dataclass(frozen=True, slots=True)
class Alarms:
    """DescribeAlarmHistory, and DescribeAlarms as of the last change of each alarm."""

    changes: tuple[AlarmChange, ...]
    account: str
    region: str

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]:
        """What answers each operation."""
        return {"DescribeAlarmHistory": self.history, "DescribeAlarms": self.states}

    def history(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Items of the history, newest first unless asked otherwise."""
        start, end = moment(asked.get("StartDate", 0)), moment(asked.get("EndDate", LATEST))
        kept = [
            change
            for change in sorted(self.changes, key=lambda change: change.at)
            if start <= change.at.timestamp() <= end
            and asked.get("AlarmName") in (None, change.alarm)
            and asked.get("HistoryItemType") in (None, change.type)
        ]
        ordered = kept if asked.get("ScanBy") == "TimestampAscending" else kept[::-1]
        items = [
            {
                "AlarmName": change.alarm,
                "AlarmType": "MetricAlarm",
                "Timestamp": change.at,
                "HistoryItemType": change.type,
                "HistorySummary": change.summary,
                "HistoryData": change.data,
            }
            for change in ordered
        ]
        return _page("AlarmHistoryItems", items, asked, size=int(asked.get("MaxRecords") or MOST_ALARMS))

    def states(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Alarms by name, each in the state that it was last brought to."""
        last = {
            change.alarm: change
            for change in sorted(self.changes, key=lambda change: change.at)
            if change.type == STATE
        }
        alarms = [
            {
                "AlarmName": name,
                "AlarmArn": f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{name}",
                "ActionsEnabled": True,
                "StateValue": _state(change),
                "StateReason": change.summary,
                "StateUpdatedTimestamp": change.at,
            }
            for name, change in sorted(last.items())
            if name.startswith(asked.get("AlarmNamePrefix", ""))
            and name in asked.get("AlarmNames", [name])
            and asked.get("StateValue") in (None, _state(change))
        ]
        page = _page("MetricAlarms", alarms, asked, size=int(asked.get("MaxRecords") or MOST_ALARMS))
        return {**page, "CompositeAlarms": []}


@dataclass(frozen=True, slots=True)
class Trail:
    """LookupEvents over CloudTrail records, given as JSON texts."""

    records: tuple[str, ...]

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]:
        """What answers each operation."""
        return {"LookupEvents": self.lookup}

    def lookup(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Management events, newest first, at most 50 a page; both ends inclusive."""
        start, end = moment(asked.get("StartTime", 0)), moment(asked.get("EndTime", LATEST))
        attributes = asked.get("LookupAttributes", [])
        if len(attributes) > 1 or any(each["AttributeKey"] not in ATTRIBUTES for each in attributes):
            raise Refusal("InvalidLookupAttributesException", f"give one of {', '.join(ATTRIBUTES)}")
        events = [_event(text) for text in self.records if json.loads(text).get("managementEvent", True)]
        kept = [
            event
            for event in sorted(events, key=lambda event: (event["EventTime"], event["EventId"]), reverse=True)
            if start <= event["EventTime"].timestamp() <= end
            and all(event.get(ATTRIBUTES[each["AttributeKey"]]) == each["AttributeValue"] for each in attributes)
        ]
        return _page("Events", kept, asked, size=min(int(asked.get("MaxResults") or MOST_EVENTS), MOST_EVENTS))


def _event(text: str) -> dict[str, Any]:
    record = json.loads(text)
    identity = record.get("userIdentity") or {}
    at = datetime.fromisoformat(str(record.get("eventTime", "1970-01-01T00:00:00Z")))
    named = identity.get("userName") or str(identity.get("arn", "")).rsplit("/", 1)[-1]
    told = {
        "EventId": record.get("eventID"),
        "EventName": record.get("eventName"),
        "EventSource": record.get("eventSource"),
        "Username": named or None,
        "AccessKeyId": identity.get("accessKeyId"),
        "ReadOnly": str(bool(record.get("readOnly"))).lower(),
        "EventTime": at.replace(tzinfo=at.tzinfo or UTC),
        "Resources": [],
        "CloudTrailEvent": text,
    }
    return {name: value for name, value in told.items() if value is not None}


def _state(change: AlarmChange) -> str:
    """The state that a change ends in."""
    try:
        state = json.loads(change.data).get("newState", {}).get("stateValue")
    except ValueError:
        state = None
    return str(state or change.summary.rsplit(" ", 1)[-1])


def _page(name: str, items: list[dict[str, Any]], asked: dict[str, Any], *, size: int) -> dict[str, Any]:
    token = asked.get("NextToken")
    if token is not None and not (token.startswith("item-") and token[5:].isdigit()):
        raise Refusal("InvalidNextToken", "the token was never given")
    place = int(token[5:]) if token else 0
    more = {"NextToken": f"item-{place + size}"} if place + size < len(items) else {}
    return {name: items[place : place + size], **more}
