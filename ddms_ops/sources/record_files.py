"""Records out of the JSON that the AWS CLI prints for a list, describe or get call.

    {"executions": [{…}, …]}      one record each, its kind the list's name in the singular
    {"Table": {…}}                one record; get-queue-attributes may name no queue: its file does

A record with a time is what happened then; one without is a state. What has an end, or still runs, is in every window
that it reaches into; so is a message that was received for the export, and each step of an execution's history.
Environment variables keep their names only.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.sources.base import inside
from ddms_ops.sources.json_files import FAULT, NotThatShape, Row
from ddms_ops.window import Window

Record = dict[str, Any]
QUEUE = "Attributes"
MESSAGE = "message"
SENT = "SentTimestamp"
KINDS = {"Aliases": "function_alias", "Configuration": "function", "Versions": "function_version", "items": "rest_api"}
WHOLE = {"executionArn": "execution", "stateMachineArn": "state_machine", "FunctionName": "function"}
IDS = (
    "executionArn", "taskArn", "FunctionName", "TableName", "DBInstanceIdentifier", "DBClusterIdentifier",
    "SourceIdentifier", "MessageId", "serviceName", "name", "Name", "id", "Id", "arn", "Arn",
)  # fmt: skip
TIMES = ("startDate", "timestamp", "Timestamp", "Date", "startTime", "StartTime", "stoppedAt", "startedAt")
EVENTS = frozenset({"execution", "event"})  # kinds that are nothing without a time
OF_FILE = frozenset({"event", MESSAGE})  # named by their file too: an event's number says nothing, a message no queue
STEP = "previousEventId"
MORE = ("NextPageToken", "NextMarker", "Marker", "position")
ASIDE = frozenset({"ResponseMetadata", "Code", "Tags", "Concurrency"})
FAILURES = "failures"
VALUES = frozenset({"variables", "environment", "stagevariableoverrides"})
LONGEST_TIME = 16  # digits
SECONDS_BELOW = 1e11  # larger numbers are milliseconds


def resource_records(document: Record, stem: str) -> Iterator[Row]:
    """Records of one document; `stem` is the name of its file.

    Raises:
        NotThatShape: no record can be had from it.
    """
    timeless = 0
    for kind, name, record in _found(document, stem):
        stamp = _time_of(record)
        if kind in EVENTS and not _is_time(stamp):
            timeless += 1
            continue
        text = json.dumps(_without_values(record), ensure_ascii=False, sort_keys=True)
        stamp = stamp if _is_time(stamp) else None
        yield {"timestamp": stamp, "kind": _valid(kind), "id": _valid(name), "record": _valid(text)}
    if timeless:
        yield {FAULT: f"{timeless:,} records without a usable time"}
    if isinstance(failures := document.get(FAILURES), list) and failures:
        yield {FAULT: f"AWS could not tell of {len(failures):,} of the names asked for"}
    if any(isinstance(document.get(token), str) for token in MORE):
        yield {FAULT: "ends in a token for more: there are more records than it holds"}


def records_inside(table: pa.Table, window: Window) -> pa.Table:
    """The states of a table of RECORDS, what happened in the window, and what reaches into it from before."""
    earlier = table.filter(
        pc.less(table["timestamp"], pa.scalar(window.start.to_pydatetime(), table["timestamp"].type))
    )
    reaches = [_reaches(json.loads(text), kind, window) for kind, text in zip(*_columns(earlier), strict=True)]
    states = table.filter(pc.is_null(table["timestamp"]))
    return pa.concat_tables([states, earlier.filter(pa.array(reaches, pa.bool_())), inside(table, window)])


def _columns(table: pa.Table) -> tuple[list[str], list[str]]:
    return table["kind"].to_pylist(), table["record"].to_pylist()


def _reaches(record: Record, kind: str, window: Window) -> bool:
    """Whether something that began before the window ended in it or after it, still runs, or is a step of a history."""
    if kind == "execution":
        return not _is_time(end := record.get("stopDate")) or bool(_instant(end) >= window.start)
    return kind == MESSAGE or (kind == "event" and STEP in record)


def _found(document: Record, stem: str) -> Iterator[tuple[str, str, Record]]:
    """Kind, id and record of everything in a document."""
    lists = {key: value for key, value in document.items() if _is_list(value) and key not in ASIDE | {FAILURES}}
    single = {key: value for key, value in document.items() if isinstance(value, dict) and key not in ASIDE}
    if isinstance(document.get(QUEUE), dict):
        name = str(document[QUEUE].get("QueueArn", stem)).rpartition(":")[2]
        yield "queue", name, document[QUEUE]
    elif whole := [key for key in WHOLE if key in document]:
        yield WHOLE[whole[0]], _id_of(document, stem), document
    elif lists:
        for key, values in lists.items():
            kind = _kind(key)
            for value in values:
                name = _id_of(value, stem)
                is_of_file = kind in OF_FILE and (kind == MESSAGE or name.isdigit())
                yield kind, f"{stem}/{name}" if is_of_file else name, value
    elif single:
        for key, value in single.items():
            yield _kind(key), _id_of(value, stem), value
    else:
        raise NotThatShape("holds no list of records, and no record")


def _kind(key: str) -> str:
    """A list's or object's name in the singular, as words: `DBInstances` is db_instance."""
    if key in KINDS:
        return KINDS[key]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key).lower()
    return re.sub(r"ies$", "y", words) if words.endswith("ies") else words.removesuffix("s")


def _id_of(record: Record, stem: str) -> str:
    return next((str(record[key]) for key in IDS if record.get(key) not in (None, "")), stem)


def _time_of(record: Record) -> object:
    """When a record happened; of a message when it was sent, which SQS writes as a text of milliseconds."""
    attributes = record.get(QUEUE)
    if "MessageId" in record and isinstance(attributes, dict):
        sent = attributes.get(SENT)
        return int(sent) if isinstance(sent, str) and sent.isdecimal() and len(sent) <= LONGEST_TIME else sent
    return next((record[key] for key in TIMES if record.get(key) is not None), None)


def _is_time(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and not pd.isna(_instant(value))


def _instant(value: Any) -> pd.Timestamp:
    """UTC time of an ISO text, or of seconds or milliseconds since 1970; NaT of anything else."""
    if isinstance(value, str):
        return pd.to_datetime(value, utc=True, errors="coerce", format="ISO8601")
    unit = "s" if abs(value) < SECONDS_BELOW else "ms"
    return pd.to_datetime(value, unit=unit, utc=True, errors="coerce")


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _valid(text: str) -> str:
    """The text without half surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()


def _without_values(value: Any) -> Any:
    """The same, with the names of environment and stage variables in place of their values."""
    if isinstance(value, list):
        return [_without_values(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _names(item) if key.lower() in VALUES and _names(item) is not None else _without_values(item)
        for key, item in value.items()
    }


def _names(variables: object) -> list[str] | None:
    """Names of `{name: value}` with text values, or of `[{"name", "value"}]`; None where it is neither."""
    if isinstance(variables, dict) and all(isinstance(item, str) for item in variables.values()):
        return sorted(variables)
    if _is_list(variables) and all("name" in item for item in variables):  # type: ignore[attr-defined]
        return sorted(str(item["name"]) for item in variables)  # type: ignore[attr-defined]
    return None
