"""Queues, the messages that were given up, and executions of state machines, out of raw RECORDS."""

from typing import Any

import pandas as pd
import pyarrow as pa

from ddms_ops.normalize.work_errors import error_of, fields_of, parsed, said
from ddms_ops.normalize.work_steps import AT, Steps, steps_of
from ddms_ops.schema import PULL, ROW, UTC, Column, Schema, conform

QUEUES = Schema(
    "QUEUES",
    (
        Column("queue", "str", "name"),
        Column("waiting", "float64", "messages that can be received, NaN where it is not said"),
        Column("in_flight", "float64", "messages received and not yet deleted, NaN where it is not said"),
        Column("oldest_s", "float64", "greatest age of the oldest message in the window, s; NaN where it is not said"),
        PULL,
        ROW,
    ),
)

MESSAGES = Schema(
    "MESSAGES",
    (
        Column("timestamp", UTC, "when the message was sent; SQS keeps that time when a message is given up"),
        Column("queue", "str", "name of the export's file, which should be the queue's"),
        Column("source", "str", "queue that gave it up, null where it is not said"),
        Column("id", "str", "message id"),
        Column("receives", "float64", "how often it was received, NaN where it is not said"),
        Column("error", "str", "name of the error, null where neither body nor attributes name one"),
        Column("text", "str", "what went wrong, null where neither body nor attributes say"),
        Column("fields", "str", "names of the body's fields, or `text`"),
        PULL,
        ROW,
    ),
)

EXECUTIONS = Schema(
    "EXECUTIONS",
    (
        Column("timestamp", UTC, "when it began"),
        Column("ended", UTC, "when it ended, null while it runs"),
        Column("id", "str", "execution's name"),
        Column("machine", "str", "name of the state machine"),
        Column("status", "str", "RUNNING SUCCEEDED FAILED TIMED_OUT ABORTED PENDING_REDRIVE"),
        Column("step", "str", "state that it entered last and did not leave, null where no history tells"),
        Column("entered", UTC, "when it entered that state"),
        Column("error", "str", "name of its error"),
        Column("cause", "str", "what its error says"),
        Column("told", "float64", "row of the record of its history that tells step or error, NaN without one"),
        PULL,
        ROW,
    ),
)


def queue_states(records: pa.Table, pull: str) -> pd.DataFrame:
    """QUEUES of the records of topic `queues`."""
    rows = [
        {"queue": row["id"], **_depths(row["record"]), "pull": pull, "row": row["row"]}
        for row in _rows(records, "queue")
    ]
    return conform(pd.DataFrame(rows, columns=QUEUES.names), QUEUES)


def messages(records: pa.Table, pull: str) -> pd.DataFrame:
    """MESSAGES of the records of topic `queues`, by time."""
    rows = [_message(row) | {"pull": pull, "row": row["row"]} for row in _rows(records, "message")]
    frame = conform(pd.DataFrame(rows, columns=MESSAGES.names), MESSAGES)
    return frame.sort_values(["timestamp", "id"], ignore_index=True)


def executions(records: pa.Table, pull: str) -> pd.DataFrame:
    """EXECUTIONS of the records of topic `workflows`, by their begin; the history of one is laid beside it."""
    steps = _histories(records)
    found: dict[str, dict[str, object]] = {}
    for row in _rows(records, "execution"):
        arn = str(row["record"].get("executionArn") or row["id"])
        name = str(row["record"].get("name") or arn.rpartition(":")[2])
        one = _execution(row, arn, name, steps.get(arn) or steps.get(name) or Steps())
        found[arn] = one | {"pull": pull, "row": row["row"]}
    frame = conform(pd.DataFrame(list(found.values()), columns=EXECUTIONS.names), EXECUTIONS)
    return frame.sort_values(["timestamp", "id"], ignore_index=True)


def _rows(records: pa.Table, kind: str) -> list[dict[str, Any]]:
    """Records of a kind, parsed, with their place; what is no object is left out."""
    found = []
    for place, row in enumerate(records.select(["timestamp", "kind", "id", "record"]).to_pylist()):
        if row["kind"] == kind and isinstance(record := parsed(row["record"]), dict):
            found.append({**row, "record": record, "row": place})
    return found


def _depths(record: dict[str, Any]) -> dict[str, float]:
    """Depths of a queue; live records hold its attributes one level down."""
    attributes = record.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else record
    return {
        "waiting": _number(attributes.get("ApproximateNumberOfMessages")),
        "in_flight": _number(attributes.get("ApproximateNumberOfMessagesNotVisible")),
        "oldest_s": _number(record.get("ageOfOldestMessageSeconds")),
    }


def _message(row: dict[str, Any]) -> dict[str, object]:
    record, name = row["record"], str(row["id"])
    attributes = record.get("Attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    body = parsed(record.get("Body"))
    error, text = error_of([record.get("MessageAttributes"), body])
    source = attributes.get("DeadLetterQueueSourceArn")
    return {
        "timestamp": row["timestamp"],
        "queue": name.rpartition("/")[0],
        "id": name.rpartition("/")[2],
        "source": source.rpartition(":")[2] if isinstance(source, str) else None,
        "receives": _number(attributes.get("ApproximateReceiveCount")),
        "error": error,
        "text": text,
        "fields": fields_of(body),
    }


def _histories(records: pa.Table) -> dict[str, Steps]:
    """What the histories tell, by the execution's ARN or the name of the file that holds the events."""
    events: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(records, "execution_history"):
        told = row["record"].get("events")
        events[str(row["id"])] = [event | {AT: row["row"]} for event in told or [] if isinstance(event, dict)]
    for row in _rows(records, "event"):
        name, _, number = str(row["id"]).rpartition("/")
        if name and number.isdigit() and "previousEventId" in row["record"]:
            events.setdefault(name, []).append(row["record"] | {AT: row["row"]})
    return {name: steps_of(told) for name, told in events.items()}


def _execution(row: dict[str, Any], arn: str, name: str, steps: Steps) -> dict[str, object]:
    record = row["record"]
    parts = arn.split(":")
    machine = str(record.get("stateMachineArn") or "").rpartition(":")[2] or (parts[6] if len(parts) > 7 else "")
    error = said(record.get("error")) or steps.error
    cause = said(record.get("cause")) or steps.cause
    named, text = error_of([parsed(cause)]) if cause else (None, None)
    return {
        "timestamp": _instant(record.get("startDate"), row["timestamp"]),
        "ended": _instant(record.get("stopDate"), None),
        "id": name,
        "machine": machine or None,
        "status": str(record.get("status") or ("SUCCEEDED" if record.get("stopDate") else "RUNNING")),
        "step": steps.step,
        "entered": _instant(steps.entered, None),
        "error": error or named,
        "cause": text or cause,
        "told": steps.row,
    }


def _instant(value: object, otherwise: object) -> pd.Timestamp | None:
    """UTC time of an ISO text, or of seconds or milliseconds since 1970."""
    if isinstance(value, str):
        stamp = pd.to_datetime(value, utc=True, errors="coerce", format="ISO8601")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        stamp = pd.to_datetime(value, unit="s" if abs(value) < 1e11 else "ms", utc=True, errors="coerce")
    else:
        stamp = pd.NaT
    if pd.notna(stamp):
        return stamp
    return pd.Timestamp(otherwise) if otherwise is not None else None  # type: ignore[arg-type]


def _number(value: object) -> float:
    """A count that may be written as text; NaN of anything else."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")
    return number if number >= 0 and number != float("inf") else float("nan")
