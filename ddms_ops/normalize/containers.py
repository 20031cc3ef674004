"""Stopped tasks and service events out of what ECS says of services and tasks."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from ddms_ops.schema import PULL, ROW, UTC, Column, Schema, conform

STOPPED = Schema(
    "STOPPED",
    (
        Column("timestamp", UTC, "when the task stopped, null where the record does not say"),
        Column("service", "str", "cluster/service, or the group of a task that no service started; null without one"),
        Column("task", "str", "id of the task"),
        Column("stop_code", "str", "EssentialContainerExited, TaskFailedToStart, …, null without one"),
        Column("reason", "str", "why, in the words of ECS and of the containers, null without any"),
        Column(
            "is_failure",
            "bool",
            "False where it ended well, or was stopped by people, a deployment, or AWS that took its machine back",
        ),
        PULL,
        ROW,
    ),
)
SERVICE_EVENTS = Schema(
    "SERVICE_EVENTS",
    (
        Column("timestamp", UTC, "when ECS said it"),
        Column("service", "str", "cluster/service"),
        Column("message", "str", "what ECS said"),
        PULL,
        ROW,
    ),
)
WANTED = frozenset({"ServiceSchedulerInitiated", "UserInitiated"})
"""Stop codes of tasks that were to stop; ECS gives the first also to unhealthy tasks, whose reason says so."""
TAKEN_BACK = frozenset({"SpotInterruption", "TerminationNotice"})
ENDED = "EssentialContainerExited"
WELL = (0, 143)
"""Exit codes of containers that ended by themselves, or as they were told to."""
BAD = ("unhealthy", "failed", "error", "unable", "outofmemory")
CHARS = 1000


def stopped_tasks(table: pa.Table, pull: str) -> pd.DataFrame:
    """Tasks that stopped, as STOPPED in order of time.

    Args:
        table: RECORDS of the topic `containers`.
        pull: its name.
    """
    rows = [
        {**_stopped(record, prefix), "pull": pull, "row": row}
        for row, kind, prefix, record in _records(table)
        if kind in ("stopped_task", "task") and (record.get("stoppedAt") or record.get("lastStatus") == "STOPPED")
    ]
    return conform(pd.DataFrame(rows), STOPPED).sort_values(["timestamp", "row"], ignore_index=True)


def service_events(table: pa.Table, pull: str) -> pd.DataFrame:
    """What ECS said of its services, as SERVICE_EVENTS in order of time; also from before the window.

    Args:
        table: RECORDS of the topic `containers`.
        pull: its name.
    """
    rows = []
    for row, kind, prefix, record in _records(table):
        events = record.get("events") if kind == "service" else [record] if kind == "service_event" else []
        name = f"{prefix}{record.get('service') or _name(record)}"
        rows += [
            {"timestamp": _time(event.get("createdAt")), "service": name, "message": str(event.get("message"))[:CHARS],
             "pull": pull, "row": row}
            for event in (events if isinstance(events, list) else []) if isinstance(event, dict)
        ]  # fmt: skip
    return conform(pd.DataFrame(rows), SERVICE_EVENTS).sort_values(["timestamp", "row"], ignore_index=True)


def _records(table: pa.Table) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Row, kind, `<account>:` where several accounts were read, and record."""
    named = zip(table["kind"].to_pylist(), table["id"].to_pylist(), table["record"].to_pylist(), strict=True)
    for row, (kind, name, text) in enumerate(named):
        record = json.loads(text)
        if isinstance(record, dict):
            account = str(name).partition(":")[0]
            yield row, str(kind), f"{account}:" if ":" in str(name) and account != "arn" else "", record


def _name(service: dict[str, Any]) -> str:
    cluster = str(service.get("clusterArn") or "").rpartition("/")[2]
    return f"{cluster}/{service.get('serviceName') or ''}"


def _stopped(task: dict[str, Any], prefix: str) -> dict[str, object]:
    cluster = str(task.get("clusterArn") or "").rpartition("/")[2]
    parts = str(task.get("taskArn") or "").split("/")
    cluster = cluster or (parts[1] if len(parts) == 3 else "")  # arn:…:task/<cluster>/<id>
    group = str(task.get("group") or "").removeprefix("service:")
    code = str(task.get("stopCode") or "")
    return {
        "timestamp": _time(task.get("stoppedAt") or task.get("stoppingAt")),
        "service": f"{prefix}{cluster}/{group}" if group else None,
        "task": parts[-1] or None,
        "stop_code": code or None,
        "reason": _reason(task) or None,
        "is_failure": _is_failure(task, code),
    }


def _is_failure(task: dict[str, Any], code: str) -> bool:
    """Whether a task did not end well, by its stop code, the words of ECS (no names of ours) and its exit codes."""
    held = _containers(task)
    said = " ".join(str(each) for each in (task.get("stoppedReason"), *(one.get("reason") for one in held)) if each)
    if any(word in said.lower() for word in BAD):
        return True
    if code == ENDED:
        return not held or any(one.get("exitCode") not in WELL for one in held)
    return code not in WANTED | TAKEN_BACK


def _containers(task: dict[str, Any]) -> list[dict[str, Any]]:
    held = task.get("containers")
    return [each for each in (held if isinstance(held, list) else []) if isinstance(each, dict)]


def _reason(task: dict[str, Any]) -> str:
    """What ECS says of the task, then what it says of containers that did not end well."""
    said = [str(task["stoppedReason"])] if task.get("stoppedReason") else []
    for container in _containers(task):
        code = container.get("exitCode")
        said += [str(container["reason"])] if container.get("reason") else []
        said += [f"{container.get('name') or 'container'} ended with exit code {code}"] if code else []
    return "; ".join(dict.fromkeys(said))[:CHARS]


def _time(value: object) -> pd.Timestamp:
    """UTC time of an ISO text or of seconds since 1970; NaT of anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return pd.to_datetime(value, unit="s", utc=True, errors="coerce")
    return pd.to_datetime(value if isinstance(value, str) else None, utc=True, errors="coerce", format="ISO8601")
