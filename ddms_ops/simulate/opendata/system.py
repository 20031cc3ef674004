"""The system as it runs every day: hourly ingestion, the ETL of its files, the API's requests, and their noise."""

import json

from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Alarm, Api, Counted, Extra, Failure, Gauge, Route, Stream

SYSTEM, REGION = "opendata-pulse", "ap-southeast-2"
INGEST, ETL = "/aws/lambda/opendata-pulse-ingest", "/aws/lambda/opendata-pulse-etl"
API, GRAPHQL = "/aws/lambda/opendata-pulse-api", "/aws/appsync/apis/GRAPHQL_API_ID"
TABLE, QUEUE, RULE = "opendata-pulse-hot-aggregates", "opendata-pulse-processing-dlq", "opendata-pulse-hourly-ingestion"
DEPLOY, EXECUTE, OPERATOR = "cdk-hnb659fds-deploy-role", "cdk-hnb659fds-cfn-exec-role", "opendata-operator"
PERIOD_S = 300
READ_LIMIT, WRITE_LIMIT = 100, 50  # units a second
REFUSED_ROUTE = "Query expired"
NSW = "https://api.nsw.gov.au/air-quality/v1"


def text(level: str, said: str) -> str:
    """A line as the Lambda runtime of Python writes it, in text."""
    return f"[{level}]\t$iso\t$uuid\t{said}"


def event(level: str, said: str, **fields: object) -> str:
    """A line as the Lambda runtime of Python writes it, in JSON; in `fields` a "#$ms#" stands for a number."""
    told = {"timestamp": "$iso", "level": level, "message": said, "function_request_id": "$uuid", **fields}
    return json.dumps(told).replace('"#', "").replace('#"', "")


def answered(service: str, status: str = "$status") -> str:
    """The last line of one of the API's requests."""
    return event("INFO", "answered", service=service, fieldName="$path", parentType="$method", userId="$user",
                 sourceIp="$ip", statusCode=f"#{status}#", duration_ms="#$ms#")  # fmt: skip


def raised(error: str, said: str, **fields: object) -> str:
    """An exception, in JSON."""
    frames = ['  File "/var/task/app.py", line 6$n, in handler\n', '  File "/var/task/tables.py", line 31, in call\n']
    return event("ERROR", said, errorType=error, stackTrace=frames, **fields)


def summary(status: str = "$status") -> str:
    """What AppSync logs of each request; its latency is in ns."""
    return (
        '{"logType":"RequestSummary","requestId":"$uuid","graphQLAPIId":"GRAPHQL_API_ID",'
        f'"statusCode":{status},"latency":${{ms}}000000}}'
    )


TRACED = (
    '{"duration":${ms}000000,"logType":"Tracing","path":["$path"],"fieldName":"$path","startOffset":41$m,'
    '"resolverArn":"arn:aws:appsync:ap-southeast-2:123456789012:apis/GRAPHQL_API_ID/types/$method/resolvers/$path",'
    '"requestId":"$uuid","parentType":"$method","returnType":"AirQuality","graphQLAPIId":"GRAPHQL_API_ID"}'
)
REPORT = (
    "REPORT RequestId: $uuid\tDuration: $ms ms\tBilled Duration: $ms ms\tMemory Size: 512 MB\tMax Memory Used: 1$n$n MB"
)
ASKED = ("$uuid Begin Execution - Type Name: $method and Field Name: $path", TRACED, summary())
GRAPHQL_ROUTES = (
    Route("Query getAirQualityData", 0.55, 180, ASKED),
    Route("Query getStation", 0.2, 90, ASKED),
    Route("Query listSuburbs", 0.15, 60, ASKED),
    Route("Mutation saveFavourite", 0.08, 120, ASKED),
    Route(REFUSED_ROUTE, 0.015, 6, (summary("401"),)),
)
API_ROUTES = (
    Route("Query getAirQualityData", 0.52, 140, (answered("opendata-pulse-api"),)),
    Route("Query getTrends", 0.25, 310, (event("INFO", "trend over $n days"), answered("opendata-pulse-api"))),
    Route("Mutation refreshSession", 0.15, 80, (answered("opendata-pulse-api"),)),
    Route(
        "Mutation signIn", 0.07, 190, (event("INFO", "sign-in begun", userId="$user"), answered("opendata-pulse-api"))
    ),
)
ETL_ROUTES = (
    Route("process", 1, 1900, (
        event("INFO", "Processing raw file", key="nsw-air-quality/raw/2026/03/station-$m.json"),
        event("INFO", "Stored aggregates", rows="#1$m#", status="SUCCEEDED", duration_ms="#$ms#"),
    )),
)  # fmt: skip
INGEST_ROUTES = (
    Route("ingest", 1, 21_000, (
        "START RequestId: $uuid Version: $$LATEST",
        text("INFO", f"Fetching 48 stations from {NSW}/stations"),
        "END RequestId: $uuid",
        REPORT,
    ), 0.15),
)  # fmt: skip
STREAMS = (
    Stream(GRAPHQL, 0.4, GRAPHQL_ROUTES, users=400),
    Stream(API, 0.38, API_ROUTES, users=400, version="41"),
    Stream(ETL, 0.22, ETL_ROUTES, version="17"),
    Stream(INGEST, 0, INGEST_ROUTES, streams=1, every_min=60),
)
FAILURES = (
    Failure(API, (event("WARN", "client gave up before the answer"), answered("opendata-pulse-api")), 0.004, 499,
            ("Query getTrends",), usual=0.004, took_ms=9_000),
    Failure(API, (event("WARN", "Sign-in refused: NotAuthorizedException: Incorrect username or password.",
                        userId="$user", sourceIp="$ip"), answered("opendata-pulse-api")), 0.04, 401,
            ("Mutation signIn",), usual=0.04),
)  # fmt: skip
"""What fails on every day: a slow question that nobody waits for, and a mistyped password."""
EXTRAS = (
    Extra("odd reading", ETL, (event("WARN", "Reading out of range, left out", station="$m", value="#-$n#"),), 0.08),
    Extra("retry", API, (event("WARN", "DynamoDB answered late, tried again", attempt="#2#"),), 0.05),
)
GAUGES = (
    Gauge("ingest_invocations", counted=Counted("requests", INGEST), is_sparse=True, period_s=PERIOD_S),
    Gauge("ingest_errors", counted=Counted("failed", INGEST), period_s=PERIOD_S),
    Gauge("etl_invocations", counted=Counted("requests", ETL), period_s=PERIOD_S),
    Gauge("etl_errors", counted=Counted("failed", ETL), period_s=PERIOD_S),
    Gauge("etl_duration", counted=Counted("p95", ETL), period_s=PERIOD_S),
    Gauge("etl_throttles", is_whole=True, is_sparse=True, period_s=PERIOD_S),
    Gauge("etl_concurrency", 3, 0.2, is_whole=True, period_s=PERIOD_S),
    Gauge("api_4xx", 0.8, 0.7, is_whole=True, period_s=PERIOD_S),
    Gauge("api_5xx", period_s=PERIOD_S),
    Gauge("api_latency", counted=Counted("average", GRAPHQL), period_s=PERIOD_S),
    Gauge("api_max_latency", counted=Counted("maximum", GRAPHQL), period_s=PERIOD_S),
    Gauge("table_throttles", is_whole=True, is_sparse=True, period_s=PERIOD_S),
    Gauge("table_reads", 9_000, 0.08, is_whole=True, period_s=PERIOD_S),
    Gauge("table_read_limit", READ_LIMIT, 0, period_s=PERIOD_S),
    Gauge("table_writes", 3_600, 0.1, is_whole=True, period_s=PERIOD_S),
    Gauge("table_write_limit", WRITE_LIMIT, 0, period_s=PERIOD_S),
    Gauge("table_latency", 5.8, 0.08, period_s=PERIOD_S),
    Gauge("dlq_messages", is_whole=True, period_s=PERIOD_S),
    Gauge("target_response_time", 0.11, 0.09, period_s=PERIOD_S),
)
ALARMS = (
    Alarm("OpenDataPulse-API-ErrorRate", "api_4xx", above=5, points=2),
    Alarm("OpenDataPulse-Lambda-Errors", "etl_errors", above=5),
    Alarm("OpenDataPulse-DynamoDB-Throttling", "table_throttles", above=0),
)
INNOCENT = (
    Call(-52, "lambda", "TagResource20170331v2", {"resource": "arn:aws:lambda:ap-southeast-2:123456789012:function:"
         "opendata-pulse-api", "tags": {"costCenter": "4711"}}, DEPLOY, is_innocent=True),
    Call(-43, "monitoring", "PutMetricAlarm", {"alarmName": "opendata-pulse-budget", "threshold": 250}, DEPLOY,
         is_innocent=True),
    Call(-95, "lambda", "UpdateFunctionCode20150331v2", {"functionName": "opendata-pulse-health-check"}, EXECUTE,
         is_innocent=True),
)  # fmt: skip
"""A tag, an alarm, and a deploy of another part well before: they explain nothing."""
APIS = (
    Api("events", "DescribeRule", "opendata-pulse-health-check", per_hour=4, parameters={"name": RULE}),
    Api("dynamodb", "DescribeTable", "opendata-pulse-health-check", per_hour=4, parameters={"tableName": TABLE}),
    Api("lambda", "GetFunction20150331v2", "opendata-pulse-health-check", per_hour=4),
)
