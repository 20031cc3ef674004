"""The platform as it runs every day: a backend on ECS, a database and a function for each customer, and their noise."""

from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Alarm, Api, Counted, Extra, Failure, Gauge, Route, Stream

CUSTOMERS = ("dhbw", "edt", "unilux")  # the first has most requests
SHARES = (0.45, 0.3, 0.25)
SYSTEM, START = "lecture", "2026-03-04T10:00Z"
DEPLOY, TERRAFORM = "lecture-deploy", "lecture-terraform"
SIGN_IN = "failed sign-in"
LOCATION = "/opt/venv/lib/python3.12/site-packages"


def group(customer: str) -> str:
    """The backend's log group in a customer's account."""
    return f"{customer}:/ecs/lecture-backend"


def line(level: str, logger: str, text: str) -> str:
    """A line as Python's logging writes it."""
    return f"$iso {level} [{logger}] {text}"


def access(status: str = "$status") -> str:
    """A request's line in the access log of the application server."""
    return line("INFO", "uvicorn.access", f'$ip:5$m - "$method $path HTTP/1.1" {status}')


def failed(error: str, *frames: str) -> str:
    """An error with its stack trace, as one event."""
    above = "".join(f'\n  File "{frame}' for frame in frames)
    return line("ERROR", "lecture.api", f"$method $path failed\nTraceback (most recent call last):{above}\n{error}")


def _said(text: str) -> str:
    return line("INFO", "lecture.api", text)


GONE = (line("WARNING", "lecture.api", "no such lecture: l-$k"), access("404"))
ENDED = (line("INFO", "lecture.auth", "session of $user has ended"), access("401"))
ROUTES = (
    Route("GET /health", 0.08, 4, (access(),)),
    Route("GET /api/courses", 0.26, 70, (_said("courses of $user listed"), access())),
    Route("GET /api/lectures", 0.23, 95, (_said("lectures of course c-$m listed"), access())),
    Route("GET /api/transcripts", 0.17, 130, (_said("transcript t-$k read"), access())),
    Route("POST /api/uploads", 0.14, 420, (_said("upload u-$k begun, 1$n.$n MB"), access())),
    Route("POST /api/chat", 0.1, 900, (_said("question answered with $n passages"), access())),
    Route("GET /api/lectures/archived", 0.012, 25, GONE),
    Route("GET /api/session", 0.01, 9, ENDED),
)


def streams() -> tuple[Stream, ...]:
    """The backends' log groups."""
    return tuple(
        Stream(group(customer), share, ROUTES, users=120, streams=2, version="2.8.1")
        for customer, share in zip(CUSTOMERS, SHARES, strict=True)
    )


def usual_failures() -> tuple[Failure, ...]:
    """What fails on every day: a rare timeout of the chat's model."""
    slow = (failed("TimeoutError: model did not answer within 30 s", f'{LOCATION}/lecture/chat.py", line 88'), access())
    return tuple(
        Failure(group(customer), slow, 0.01, 504, ("POST /api/chat",), usual=0.01, took_ms=30_000)
        for customer in CUSTOMERS
    )


def usual_extras() -> tuple[Extra, ...]:
    """Sign-ins with a wrong password, statements that take long, and what a scheduler says."""
    found = []
    for customer in CUSTOMERS:
        own = group(customer)
        wrong = line("WARNING", "lecture.auth", "Login failed for $user from $ip: invalid credentials")
        slow = line(
            "WARNING", "lecture.db", "slow query ${ms}0 ms: SELECT * FROM transcript_segments WHERE lecture_id = %s"
        )
        synced = line("INFO", "lecture.scheduler", "calendar synchronised, $n events")
        found += [
            Extra(SIGN_IN, own, (wrong,), 0.12),
            Extra("slow query", own, (slow,), 0.15),
            Extra("calendar", own, (synced,), 0.1, every_min=10),
        ]
    return tuple(found)


def usual_gauges() -> tuple[Gauge, ...]:
    """Every metric of the profile, in each account."""
    return tuple(gauge for customer in CUSTOMERS for gauge in _gauges(customer))


def _gauges(customer: str) -> tuple[Gauge, ...]:
    own, name = group(customer), f"{customer}:{{}}".format
    counted = {
        "api_requests": Counted("requests", own),
        "api_5xx": Counted("failed", own),
        "api_latency": Counted("p95", own),
        "failed_logins": Counted("extra", own, SIGN_IN),
    }
    return (
        *(Gauge(name(metric), counted=count) for metric, count in counted.items()),
        Gauge(name("backend_cpu"), 36, 0.08),
        Gauge(name("backend_memory"), 54, 0.02),
        Gauge(name("running_tasks"), 2, 0),
        Gauge(name("db_connections"), 46, 0.07),
        Gauge(name("db_cpu"), 23, 0.09),
        Gauge(name("db_read_latency"), 0.0021, 0.1),
        Gauge(name("lambda_invocations"), 9, 0.25, is_whole=True),
        Gauge(name("lambda_errors"), 0, 0),
        Gauge(name("lambda_duration"), 840, 0.12),
        Gauge(name("cdn_cache_hit_rate"), 91, 0.01),
        Gauge(name("bucket_4xx"), 0.6, 0.6, is_whole=True),
    )


def alarms() -> tuple[Alarm, ...]:
    """ECS-Service-TaskCount-Low of each account: 2 periods of 300 s."""
    return tuple(
        Alarm(f"{customer}:ECS-Service-TaskCount-Low", f"{customer}:running_tasks", below=1, points=10)
        for customer in CUSTOMERS
    )


INNOCENT = (
    Call(-55, "ecs", "TagResource", {"resourceArn": "arn:aws:ecs:us-east-1:123456789012:service/lecture-edt-cluster/"
         "lecture-backend-service", "tags": [{"key": "costCenter", "value": "4711"}]}, TERRAFORM, is_innocent=True),
    Call(-46, "monitoring", "PutMetricAlarm", {"alarmName": "lecture-lambda-duration", "threshold": 25000}, TERRAFORM,
         is_innocent=True),
    Call(-88, "lambda", "UpdateFunctionCode20150331v2", {"functionName": "lecture-unilux-function", "publish": True,
         "s3Bucket": "lecture-artifacts", "s3Key": "function/2.8.1.zip"}, DEPLOY, is_innocent=True),
)  # fmt: skip
"""A tag, an alarm, and a deploy of another part well before: they explain nothing."""
APIS = (
    Api("ecs", "DescribeServices", "lecture-health-check", per_hour=6),
    Api("rds", "DescribeDBClusters", "lecture-health-check", per_hour=3),
    Api("s3", "GetBucketPolicy", TERRAFORM, per_hour=0.7, parameters={"bucketName": "content-dhbw-prod"}),
)
