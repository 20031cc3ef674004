"""ECS services: deployments, events, task definitions, stopped tasks; never a value of their environment."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ddms_ops.sources.aws.resource_rows import iso_text, of_each, picked, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.window import Window

MOST_EVENTS = 100  # that ECS keeps of a service
KEPT = pd.Timedelta(hours=1)  # how long ECS keeps stopped tasks
BATCH = 100  # tasks that one call describes
DEFINITION = (
    "taskDefinitionArn", "family", "revision", "status", "cpu", "memory", "networkMode", "taskRoleArn",
    "executionRoleArn", "requiresCompatibilities", "runtimePlatform", "registeredAt", "registeredBy",
)  # fmt: skip
CONTAINER = (
    "name", "image", "cpu", "memory", "memoryReservation", "essential", "portMappings", "dependsOn", "ulimits",
    "startTimeout", "stopTimeout",
)  # fmt: skip
TASK = (
    "taskArn", "taskDefinitionArn", "group", "startedBy", "lastStatus", "desiredStatus", "healthStatus", "stopCode",
    "stoppedReason", "createdAt", "startedAt", "stoppingAt", "stoppedAt", "availabilityZone", "launchType",
)  # fmt: skip
TASK_CONTAINER = ("name", "image", "imageDigest", "lastStatus", "exitCode", "reason", "healthStatus")


def container_records(session: AwsSession, names: Sequence[str], window: Window, *, now: pd.Timestamp) -> Iterator[Row]:
    """Rows of services (`cluster/service`), their events, task definitions and stopped tasks of the window.

    Task definitions and tasks are read by the fields above: no environment value, secret, command or label. ECS keeps
    100 events of a service, and a stopped task for an hour; a window that needs more is said to be partial.

    Raises:
        AwsFault: the credentials have ended.
    """

    def rows_of(name: str) -> Iterator[Row]:
        cluster, _, service_name = name.partition("/")
        answer = session.call("ecs", "DescribeServices", cluster=cluster, services=[service_name])
        if not answer.get("services"):
            yield {FAULT: f"service {name}: there is none of that name in this cluster"}
            return
        service = answer["services"][0]
        yield from _service(name, service, window)
        deployed = {one["taskDefinition"] for one in [service, *service.get("deployments", [])]}
        yield from of_each("task definition", sorted(deployed), lambda arn: _definition(session, arn))
        yield from _stopped(session, cluster, service_name, window)
        if now - window.start > KEPT:
            yield {FAULT: f"service {name}: ECS keeps stopped tasks for an hour only"}

    yield from of_each("service", names, rows_of)


def _service(name: str, service: dict[str, Any], window: Window) -> Iterator[Row]:
    events = service.get("events", [])
    yield record_row("service", name, {key: value for key, value in service.items() if key != "events"})
    for event in events:
        if window.start <= event["createdAt"] < window.end:
            yield record_row("service_event", event["id"], {**event, "service": name}, timestamp=event["createdAt"])
    first = min((event["createdAt"] for event in events), default=window.start)
    if len(events) >= MOST_EVENTS and first > window.start:
        yield {FAULT: f"service {name}: ECS keeps {MOST_EVENTS} events; those before {iso_text(first)} are gone"}


def _definition(session: AwsSession, arn: str) -> Iterator[Row]:
    definition = session.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]
    containers = [_container(container) for container in definition.get("containerDefinitions", [])]
    record = {**picked(definition, DEFINITION), "containerDefinitions": containers}
    yield record_row("task_definition", f"{definition['family']}:{definition['revision']}", record)


def _container(container: dict[str, Any]) -> dict[str, Any]:
    """The container's known fields, and the names of its variables and secrets."""
    variables = sorted(variable["name"] for variable in container.get("environment", []))
    secrets = sorted(secret["name"] for secret in container.get("secrets", []))
    driver = container.get("logConfiguration", {}).get("logDriver")
    return {**picked(container, CONTAINER), "environmentNames": variables, "secretNames": secrets, "logDriver": driver}


def _stopped(session: AwsSession, cluster: str, service: str, window: Window) -> Iterator[Row]:
    pages = session.pages(
        "ecs",
        "ListTasks",
        ask="nextToken",
        answer="nextToken",
        cluster=cluster,
        serviceName=service,
        desiredStatus="STOPPED",
    )
    for page in pages:
        arns = page.get("taskArns", [])
        answer = session.call("ecs", "DescribeTasks", cluster=cluster, tasks=arns) if arns else {}
        if lost := answer.get("failures", []):
            yield {FAULT: f"{len(lost)} stopped tasks of {service} are not described any more"}
        for task in answer.get("tasks", []):
            containers = [picked(container, TASK_CONTAINER) for container in task.get("containers", [])]
            stamp = task.get("stoppedAt")
            if stamp is None or window.start <= stamp < window.end:
                record = {**picked(task, TASK), "containers": containers}
                yield record_row("stopped_task", task["taskArn"], record, timestamp=stamp)
