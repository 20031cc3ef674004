"""The incidents of the lecture platform: one for each of its runbook's issues that leaves traces, and a quiet day."""

from dataclasses import replace
from functools import partial

import numpy as np

from ddms_ops.simulate.lecture.containers import broken, healthy
from ddms_ops.simulate.lecture.system import (
    APIS,
    DEPLOY,
    INNOCENT,
    LOCATION,
    START,
    SYSTEM,
    TERRAFORM,
    access,
    alarms,
    failed,
    group,
    line,
    streams,
    usual_extras,
    usual_failures,
    usual_gauges,
)
from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Counted, Expected, Extra, Failure, Gauge, Scene, Slower, Traffic

POSTGRES = f'{LOCATION}/psycopg/connection.py", line 119, in connect'
STORAGE = f'{LOCATION}/botocore/client.py", line 1023, in _make_api_call'
QUERY = f'{LOCATION}/psycopg/cursor.py", line 97, in execute'
MOST_CONNECTIONS = 200

QUIET = Scene(
    "quiet_day", "Nothing planted: only the usual noise of three customers", SYSTEM, START, streams(), usual_gauges(),
    incident_title="Routine look at all customers", severity="P3", failures=usual_failures(), extras=usual_extras(),
    alarms=alarms(), changes=INNOCENT, apis=APIS, documents=healthy,
)  # fmt: skip


def _levels(scene: Scene, *gauges: Gauge) -> Scene:
    """The scene with these gauges, at these levels whatever the seed: a full share cannot be exceeded."""

    def vary(played: Scene, _rng: np.random.Generator) -> Scene:
        return played.with_gauges(*gauges)

    return replace(scene.with_gauges(*gauges), vary=vary)


def _planted(name: str, title: str, noticed: str, severity: str, onset_min: float) -> Scene:
    """The usual day with an onset; what goes wrong is added to it."""
    return replace(
        QUIET, name=name, title=title, incident_title=noticed, severity=severity, onset_min=onset_min, detected_min=9,
    )  # fmt: skip


def _rolled_out(customer: str, revision: int, *, at_min: float) -> tuple[Call, ...]:
    """A new task definition, and the service told to run it."""
    cluster = f"lecture-{customer}-cluster"
    definition = f"arn:aws:ecs:us-east-1:123456789012:task-definition/lecture-backend:{revision}"
    return (
        Call(at_min - 0.6, "ecs", "RegisterTaskDefinition", {"family": "lecture-backend", "cpu": "1024"},
             DEPLOY, response={"taskDefinition": {"taskDefinitionArn": definition, "revision": revision}},
             resource="lecture-backend"),
        Call(at_min, "ecs", "UpdateService", {"cluster": cluster, "service": "lecture-backend-service",
             "taskDefinition": f"lecture-backend:{revision}", "forceNewDeployment": False}, DEPLOY,
             response={"service": {"serviceName": "lecture-backend-service", "desiredCount": 2}},
             resource="lecture-backend-service"),
    )  # fmt: skip


def _ecs_startup() -> Scene:
    """One customer's tasks are stopped for new ones, whose image is not there."""
    customer = "dhbw"
    scene = _planted(
        "ecs_startup",
        "One customer's new tasks cannot pull their image",
        "dhbw: the platform does not answer",
        "P1",
        44,
    )
    named = replace(
        scene,
        traffic=(Traffic(group(customer), 0),),
        extras=tuple(_ended(extra) if extra.group == group(customer) else extra for extra in scene.extras),
        changes=(*_rolled_out(customer, 48, at_min=-1.2), *INNOCENT),
        documents=partial(broken, customer=customer),
        expected=Expected("capacity", ("dhbw", "lecture-backend", "cannotpull"), 60, "UpdateService"),
    )
    return _levels(
        named,
        Gauge(f"{customer}:running_tasks", 2, 0, then=0),
        Gauge(f"{customer}:backend_cpu", 36, 0.08, then=0),
        Gauge(f"{customer}:backend_memory", 54, 0.02, then=0),
        Gauge(f"{customer}:db_connections", 46, 0.07, then=4),
        Gauge(f"{customer}:db_cpu", 23, 0.09, then=5),
        Gauge(f"{customer}:api_requests", 31, 0.12, is_whole=True),
        Gauge(f"{customer}:api_5xx", 0, 0.12, then=29, is_whole=True),
        Gauge(f"{customer}:api_latency", 240, 0.2, then=28),
    )


def _ended(extra: Extra) -> Extra:
    return replace(extra, then_per_min=0.0)


def _rds_connections() -> Scene:
    """One customer's backend opens connections and does not give them back, until the database has none left."""
    customer, own = "edt", group("edt")
    scene = _planted(
        "rds_connections",
        "One customer's database connections climb to their maximum",
        "edt: pages fail to load",
        "P1",
        40,
    )
    refused = failed(
        f'psycopg.OperationalError: connection failed: connection to server at "lecture-{customer}-cluster.cluster-c2k.'
        'us-east-1.rds.amazonaws.com", port 5432 failed: FATAL:  remaining connection slots are reserved for roles '
        "with the SUPERUSER attribute", POSTGRES,
    )  # fmt: skip
    warned = line("WARNING", "lecture.db", "connection pool grown to 1$n of 10: connections were not returned")
    routes = ("GET /api/courses", "GET /api/lectures", "GET /api/transcripts", "POST /api/uploads", "POST /api/chat")
    named = replace(
        scene,
        failures=(
            Failure(own, (refused, access()), 0.55, 500, routes, after_min=13, ramp_min=3),
            *scene.failures,
        ),
        extras=(Extra("pool", own, (warned,), 0.0, then_per_min=1.5), *scene.extras),
        changes=(*_rolled_out(customer, 51, at_min=-1.5), *INNOCENT),
        versions={own: "2.9.0"},
        expected=Expected("capacity", ("edt", "connections"), 900, "UpdateService", is_gradual=True),
    )
    return _levels(named, Gauge(f"{customer}:db_connections", 46, 0.015, then=0.95 * MOST_CONNECTIONS, climb_min=13))


def _s3_access() -> Scene:
    """A bucket policy denies one customer's uploads."""
    customer, own = "unilux", group("unilux")
    scene = _planted("s3_access", "One customer's uploads are denied by the bucket", "unilux: uploads fail", "P1", 52)
    denied = failed(
        "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject operation: User: "
        f"arn:aws:sts::123456789012:assumed-role/lecture-{customer}-ecs-role/$hex is not authorized to perform: "
        f's3:PutObject on resource: "arn:aws:s3:::content-{customer}-prod/uploads/u-$k.mp4" with an explicit deny in a '
        "resource-based policy", STORAGE,
    )  # fmt: skip
    policy = Call(
        -1.1, "s3", "PutBucketPolicy", {"bucketName": f"content-{customer}-prod", "Host": "s3.us-east-1.amazonaws.com",
        "bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*",
        "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::content-{customer}-prod/*", "Condition":
        {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}}]}}, TERRAFORM,
        resource=f"content-{customer}-prod",
    )  # fmt: skip
    return replace(
        scene,
        failures=(Failure(own, (denied, access()), 1.0, 403, ("POST /api/uploads",), took_ms=120), *scene.failures),
        changes=(policy, *INNOCENT),
        expected=Expected("error_triage", ("unilux", "accessdenied", "putobject"), 300, "PutBucketPolicy"),
    ).with_gauges(
        Gauge(f"{customer}:bucket_4xx", 0.6, 0.3, then=7, is_whole=True),
        Gauge(f"{customer}:api_5xx", counted=Counted("failed", own, routes=("POST /api/chat",))),
    )


def _high_cpu() -> Scene:
    """One customer's backend computes until its tasks have no CPU left."""
    customer, own = "dhbw", group("dhbw")
    scene = _planted("high_cpu", "One customer's backend runs out of CPU", "dhbw: pages take seconds", "P2", 47)
    overdue = (failed("asyncio.exceptions.TimeoutError: upstream request timeout after 29 s",
                      f'{LOCATION}/starlette/middleware/base.py", line 191, in __call__'), access())  # fmt: skip
    named = replace(
        scene,
        slower=(Slower(own, 9, ramp_min=2),),
        failures=(
            Failure(own, overdue, 0.04, 504, ("POST /api/chat", "POST /api/uploads"), after_min=4, took_ms=29_000),
            *scene.failures,
        ),
        changes=(*_rolled_out(customer, 49, at_min=-1.4), *INNOCENT),
        versions={own: "2.9.0"},
        expected=Expected("capacity", ("dhbw", "cpu"), 300, "UpdateService"),
    )  # fmt: skip
    return _levels(named, Gauge(f"{customer}:backend_cpu", 36, 0.01, then=96, climb_min=2))


def _database_slow() -> Scene:
    """One customer's database is given a smaller machine: it has no CPU left, and statements take long."""
    customer, own = "unilux", group("unilux")
    scene = _planted("database_slow", "One customer's database became slow", "unilux: lists take seconds", "P2", 50)
    canceled = (failed("psycopg.errors.QueryCanceled: canceling statement due to statement timeout", QUERY), access())
    slow = line(
        "WARNING", "lecture.db", "slow query ${m}1 ms: SELECT l.* FROM lectures l JOIN enrolments e USING (course_id)"
    )
    routes = ("GET /api/courses", "GET /api/lectures", "GET /api/transcripts")
    smaller = Call(
        -2, "rds", "ModifyDBInstance", {"dBInstanceIdentifier": f"lecture-{customer}-cluster-1", "dBInstanceClass":
        "db.t4g.medium", "applyImmediately": True}, TERRAFORM, response={"dBInstanceStatus": "available",
        "pendingModifiedValues": {"dBInstanceClass": "db.t4g.medium"}}, resource=f"lecture-{customer}-cluster-1",
    )  # fmt: skip
    named = replace(
        scene,
        slower=(Slower(own, 12, (*routes, "POST /api/uploads", "POST /api/chat"), ramp_min=1),),
        failures=(Failure(own, canceled, 0.12, 500, routes, after_min=2, took_ms=15_000), *scene.failures),
        extras=(Extra("slow statement", own, (slow,), 0.0, then_per_min=3), *scene.extras),
        changes=(smaller, *INNOCENT),
        expected=Expected("slow_queries", ("unilux", "latency"), 300, "ModifyDBInstance"),
    )
    return _levels(
        named,
        Gauge(f"{customer}:db_cpu", 23, 0.01, then=96, climb_min=2),
        Gauge(f"{customer}:db_read_latency", 0.0021, 0.1, then=0.046, climb_min=1),
        Gauge(f"{customer}:db_connections", 46, 0.05, then=92, climb_min=4),
    )


LECTURE_SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in (QUIET, _ecs_startup(), _rds_connections(), _s3_access(), _high_cpu(), _database_slow())
}
"""By name."""
