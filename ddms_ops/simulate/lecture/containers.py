"""The backends' ECS services and their stopped tasks, as the AWS CLI prints them."""

from collections.abc import Mapping

from ddms_ops.simulate.ids import hexes_of, uuids_of
from ddms_ops.simulate.lecture.system import CUSTOMERS
from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Scene
from ddms_ops.simulate.scene.lines import iso_ms

ACCOUNT = "123456789012"
ECS = f"arn:aws:ecs:us-east-1:{ACCOUNT}"
REPOSITORY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/lecture-backend"
SERVICE, WANTED, STEADY_MIN, RETRY_MIN, SALT = "lecture-backend-service", 2, 360, 4, 61
USUAL_TAG, BROKEN_TAG = "2.8.1", "2.9.0"
UNABLE = (
    "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the "
    "Amazon ECS Developer Guide."
)
Told = dict[str, object]


def healthy(scene: Scene) -> Mapping[str, object]:
    """Services that all run what they should."""
    return {path: text for customer in CUSTOMERS for path, text in _documents(scene, customer, is_broken=False).items()}


def broken(scene: Scene, customer: str) -> Mapping[str, object]:
    """The same, but one customer's: its new tasks stop because their image cannot be pulled."""
    return {
        path: text for each in CUSTOMERS for path, text in _documents(scene, each, is_broken=each == customer).items()
    }


def _documents(scene: Scene, customer: str, *, is_broken: bool) -> Told:
    """Services, tasks that stopped, and the task definition of one customer."""
    tries = list(range(scene.anchor_ms + 30_000, scene.end_ms, RETRY_MIN * MINUTE_MS)) if is_broken else []
    tasks = [task for number, at in enumerate(tries) for task in _stopped(customer, number, at)]
    return {
        f"containers/{customer}-services.json": {"services": [_service(scene, customer, tries)], "failures": []},
        f"containers/{customer}-tasks.json": {"tasks": tasks, "failures": []},
        f"containers/{customer}-task-definition.json": {"taskDefinition": _definition(customer, is_broken=is_broken)},
    }


def _clock(time_ms: int) -> str:
    return iso_ms(time_ms).replace("Z", "000+00:00")


def _arn(kind: str, customer: str, name: str) -> str:
    return f"{ECS}:{kind}/lecture-{customer}-cluster/{name}"


def _revision(*, is_broken: bool) -> str:
    return f"{ECS}:task-definition/lecture-backend:{48 if is_broken else 47}"


def _definition(customer: str, *, is_broken: bool) -> Told:
    container = {
        "name": "lecture-backend",
        "image": f"{REPOSITORY}:{BROKEN_TAG if is_broken else USUAL_TAG}",
        "cpu": 1024,
        "memory": 2048,
        "essential": True,
        "environment": [{"name": "CUSTOMER", "value": customer}, {"name": "DATABASE_POOL_SIZE", "value": "10"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/lecture-backend"}},
    }
    return {
        "taskDefinitionArn": _revision(is_broken=is_broken),
        "family": "lecture-backend",
        "revision": 48 if is_broken else 47,
        "status": "ACTIVE",
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [container],
    }


def _service(scene: Scene, customer: str, tries: list[int]) -> Told:
    """One service with its events, the newest first."""
    running = 0 if tries else WANTED
    deployment = {
        "id": "ecs-svc/5148230977016420931",
        "status": "PRIMARY",
        "taskDefinition": _revision(is_broken=bool(tries)),
        "desiredCount": WANTED,
        "runningCount": running,
        "failedTasks": WANTED * len(tries),
        "createdAt": _clock(tries[0] - 90_000 if tries else scene.first_ms - 9 * 24 * 60 * MINUTE_MS),
        "rolloutState": "IN_PROGRESS" if tries else "COMPLETED",
    }
    return {
        "serviceArn": _arn("service", customer, SERVICE),
        "serviceName": SERVICE,
        "clusterArn": f"{ECS}:cluster/lecture-{customer}-cluster",
        "status": "ACTIVE",
        "desiredCount": WANTED,
        "runningCount": running,
        "pendingCount": WANTED if tries else 0,
        "launchType": "FARGATE",
        "taskDefinition": _revision(is_broken=bool(tries)),
        "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0},
        "deployments": [deployment],
        "events": _events(scene, customer, tries),
    }


def _events(scene: Scene, customer: str, tries: list[int]) -> list[Told]:
    """What ECS says of the service: a steady state every six hours, and each start that failed."""
    steady = range(scene.first_ms - STEADY_MIN * MINUTE_MS, tries[0] if tries else scene.end_ms, STEADY_MIN * MINUTE_MS)
    told = [(at, f"(service {SERVICE}) has reached a steady state.") for at in steady]
    for number, at in enumerate(tries):
        ids = _ids(customer, number)
        told.append((at - 20_000, f"(service {SERVICE}) has started {WANTED} tasks: (task {ids[0]}) (task {ids[1]})."))
        told.append((at, f"(service {SERVICE}) (task {ids[0]}) failed to start: {_reason()}"))
    if tries:
        ended = f"(task {_ids(customer, 99)[0]}) (task {_ids(customer, 98)[0]})"
        told.append((tries[0] - 60_000, f"(service {SERVICE}) has stopped {WANTED} running tasks: {ended}."))
        told.append((tries[-1] + 5_000, f"(service {SERVICE}) {UNABLE}"))
    ids = uuids_of(range(len(told)), SALT + CUSTOMERS.index(customer))
    events: list[Told] = [
        {"id": name, "createdAt": _clock(at), "message": text}
        for name, (at, text) in zip(ids, sorted(told), strict=True)
        if at < scene.end_ms
    ]
    return events[::-1]


def _ids(customer: str, number: int) -> list[str]:
    """Ids of the two tasks of one try."""
    return hexes_of((2 * number, 2 * number + 1), SALT + 7 + CUSTOMERS.index(customer))


def _reason() -> str:
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        f"{REPOSITORY}:{BROKEN_TAG}: {REPOSITORY}:{BROKEN_TAG}: not found"
    )


def _stopped(customer: str, number: int, time_ms: int) -> list[Told]:
    """The two tasks of one try, stopped before they ran."""
    return [
        {
            "taskArn": _arn("task", customer, name),
            "clusterArn": f"{ECS}:cluster/lecture-{customer}-cluster",
            "taskDefinitionArn": _revision(is_broken=True),
            "group": f"service:{SERVICE}",
            "startedBy": "ecs-svc/5148230977016420931",
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "stopCode": "TaskFailedToStart",
            "stoppedReason": _reason(),
            "createdAt": _clock(time_ms - 20_000),
            "stoppingAt": _clock(time_ms),
            "stoppedAt": _clock(time_ms + 9_000),
            "launchType": "FARGATE",
            "containers": [{"name": "lecture-backend", "image": f"{REPOSITORY}:{BROKEN_TAG}", "lastStatus": "STOPPED"}],
        }
        for name in _ids(customer, number)
    ]
