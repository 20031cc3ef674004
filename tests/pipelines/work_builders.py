"""A small system with one pipeline, and exports of its metrics, queues and executions."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from builders import DAY, at, envelope

from ddms_ops.case import Case
from ddms_ops.declaration import Alert, Metric, Profile
from ddms_ops.incident import Incident, resolve
from ddms_ops.operations import Pipeline
from ddms_ops.sources import open_source

GROUP = "/aws/lambda/worker"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:intake"
RUN = "arn:aws:states:us-east-1:123456789012:execution:intake:"
METRICS = {
    "depth": ("ApproximateNumberOfMessagesVisible", "Maximum", "messages"),
    "age": ("ApproximateAgeOfOldestMessage", "Maximum", "s"),
    "dead": ("ApproximateNumberOfMessagesVisible", "Maximum", "messages"),
    "arrived": ("NumberOfMessagesSent", "Sum", "messages"),
    "done": ("NumberOfMessagesDeleted", "Sum", "messages"),
    "runs": ("Invocations", "Sum", "runs"),
    "duration": ("Duration", "p95", "ms"),
    "success": ("Success", "Average", "ratio"),
}
INTAKE = Pipeline(
    title="Intake", queues=("jobs",), dead_letters=("jobs-dlq",), depth="depth", age="age", dead="dead",
    arrived="arrived", done="done",
)  # fmt: skip


@cache
def profile_with(*pipelines: Pipeline, alerts: tuple[Alert, ...] = ()) -> Profile:
    """A profile that declares METRICS and some pipelines, named p0, p1 and so on."""
    _, dms = resolved()
    metrics = {
        name: Metric(namespace="AWS/X", name=theirs, statistic=statistic, period_s=60, unit=unit, title=name.title())
        for name, (theirs, statistic, unit) in METRICS.items()
    }
    groups = {GROUP: {"component": "worker"}}
    return dms.model_copy(
        update={
            "metrics": metrics,
            "pipelines": {f"p{place}": entry for place, entry in enumerate(pipelines)},
            "alerts": {f"a{place}": alert for place, alert in enumerate(alerts)},
            "scenarios": {},
            "logs": dms.logs.model_copy(update={"groups": type(dms.logs).model_validate(
                dms.logs.model_dump() | {"groups": groups}
            ).groups}),
        }
    )  # fmt: skip


@cache
def resolved() -> tuple[Incident, Profile]:
    """The incident, 10:00 to 12:00 against the two hours before, and the profile that is its start."""
    given = {"incident_id": "test", "system": "dms", "start": f"{DAY}T10:00Z", "end": f"{DAY}T12:00Z"}
    return resolve({**given, "source": "files:."}, now=at("12:00"))


def case_of(root: Path, *pipelines: Pipeline, alerts: tuple[Alert, ...] = (), **given: str) -> Case:
    """A case over the export below `root` of a system with some pipelines (INTAKE where none is given).

    `given` are `start`, `end` or `baseline` of the incident where they are others.
    """
    incident, dms = resolved()
    incident = replace(incident, source=f"files:{root}", **given)
    profile = profile_with(*(pipelines or (INTAKE,)), alerts=alerts)
    source = open_source(incident.source, profile=dms, environment=incident.environment, clock=lambda: at("12:00"))
    return Case(incident, profile, source, root / "reports" / "test", clock=lambda: at("12:00"))


def put_metrics(root: Path, **series: Iterable[float] | Callable[[int], float | None]) -> Path:
    """Series every minute from 08:00 to 12:00; a function is asked minute by minute, None is no point."""
    results = []
    for name, values in series.items():
        every = [values(minute) for minute in range(240)] if callable(values) else list(values)
        kept = [(minute, value) for minute, value in enumerate(every) if value is not None]
        stamps = [clock(minute) for minute, _ in kept]
        results.append({"Id": name, "Label": name, "Timestamps": stamps, "Values": [value for _, value in kept]})
    return put(root, "metrics/all.json", {"MetricDataResults": results})


def clock(minute: int) -> str:
    """An instant so many minutes after 08:00, ISO."""
    return f"{DAY}T{8 + minute // 60:02d}:{minute % 60:02d}:00Z"


def put(root: Path, path: str, document: object) -> Path:
    """One JSON file of an export; its root."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(json.dumps(document), encoding="utf-8")
    return root


def message(name: str, body: object, *, minute: int = 150, **attributes: str) -> dict[str, object]:
    """One message as receive-message prints it, sent so many minutes after 08:00."""
    sent = str(round(at("08:00").timestamp() * 1000) + minute * 60_000)
    text = body if isinstance(body, str) else json.dumps(body)
    kept = {"SentTimestamp": sent, "ApproximateReceiveCount": "4", **attributes}
    return {"MessageId": name, "ReceiptHandle": "x", "Body": text, "Attributes": kept}


def execution(name: str, start: int, end: int | None = None, status: str = "") -> dict[str, str]:
    """One item of list-executions, in minutes after 08:00."""
    run = {"executionArn": RUN + name, "stateMachineArn": MACHINE, "name": name, "startDate": clock(start)}
    ended = {} if end is None else {"stopDate": clock(end)}
    return run | ended | {"status": status or ("RUNNING" if end is None else "SUCCEEDED")}


def history(*steps: str, start: int, error: str = "", cause: str = "") -> dict[str, list]:
    """get-execution-history: states entered, `-name` is one that was left; then how it failed."""
    events: list[dict] = [{"id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": clock(start)}]
    for step in steps:
        kind = "StateExited" if step.startswith("-") else "StateEntered"
        details = {f"s{kind[1:]}EventDetails": {"name": step.removeprefix("-")}}
        events.append({"type": f"Task{kind}", "timestamp": clock(start), **details})
    if error:
        details = {"executionFailedEventDetails": {"error": error, "cause": cause}}
        events.append({"type": "ExecutionFailed", "timestamp": clock(start + 1), **details})
    return {"events": [{**event, "id": n + 1, "previousEventId": n} for n, event in enumerate(events)]}


def worker_line(minute: int, second: int = 0, **fields: object) -> str:
    """One event of the worker, so many minutes after 08:00, as an export line."""
    return envelope(
        f"{8 + minute // 60:02d}:{minute % 60:02d}:{second:02d}", {"level": "info", "message": "x"} | fields
    )
