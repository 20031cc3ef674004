"""The incidents of OpenData Pulse: one for each of its runbook's scenarios that leaves traces, and a quiet day."""

from dataclasses import replace
from functools import partial

import numpy as np

from ddms_ops.simulate.opendata.resources import resources
from ddms_ops.simulate.opendata.system import (
    ALARMS,
    API,
    APIS,
    DEPLOY,
    ETL,
    EXECUTE,
    EXTRAS,
    FAILURES,
    GAUGES,
    GRAPHQL,
    GRAPHQL_ROUTES,
    INGEST,
    INNOCENT,
    OPERATOR,
    PERIOD_S,
    REFUSED_ROUTE,
    REGION,
    REPORT,
    RULE,
    STREAMS,
    SYSTEM,
    TABLE,
    answered,
    raised,
    text,
)
from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Counted, Expected, Failure, Gauge, Scene, Slower, Traffic

HALF_DAY_MIN = 720
BETWEEN_RUNS_MIN = 285  # a quarter before the sixth hour: between two hourly runs, whatever the seed
FEW_READS = 25  # units a second
IDLE_EXTRAS = tuple(replace(extra, then_per_min=0.0) if extra.group == ETL else extra for extra in EXTRAS)
"""Where there is nothing to process, the ETL function says nothing."""
SIGNED_IN = tuple(route.name for route in GRAPHQL_ROUTES if route.name != REFUSED_ROUTE)

QUIET = Scene(
    "quiet_day", "Nothing planted: half a day with its hourly runs", SYSTEM, "2026-03-03T12:00Z", STREAMS, GAUGES,
    incident_title="Routine look", severity="Severity 4", length_min=HALF_DAY_MIN, failures=FAILURES, extras=EXTRAS,
    alarms=ALARMS, changes=INNOCENT, apis=APIS, documents=resources, region=REGION,
)  # fmt: skip


def _planted(name: str, title: str, noticed: str, severity: int, onset_min: float) -> Scene:
    """Two usual hours with an onset; what goes wrong is added to them."""
    return replace(
        QUIET, name=name, title=title, incident_title=noticed, severity=f"Severity {severity}", onset_min=onset_min,
        detected_min=14, start="2026-03-04T02:00Z", length_min=120,
    )  # fmt: skip


def _levels(scene: Scene, *gauges: Gauge) -> Scene:
    """The scene with these gauges, at these levels whatever the seed: a full share cannot be exceeded."""

    def vary(played: Scene, _rng: np.random.Generator) -> Scene:
        return played.with_gauges(*gauges)

    return replace(scene.with_gauges(*gauges), vary=vary)


def _gauge(metric: str, usual: float, then: float, *, noise: float = 0.08, climb_min: float = 0) -> Gauge:
    """A whole number every five minutes."""
    return Gauge(metric, usual, noise, then, climb_min, is_whole=True, period_s=PERIOD_S)


def _throttles(metric: str, then: float) -> Gauge:
    """So many every five minutes from the onset on; none before, and no points."""
    return Gauge(metric, 0, 0.2, then, is_whole=True, is_sparse=True, period_s=PERIOD_S)


def _ingestion_stopped() -> Scene:
    """The rule that starts the ingestion is disabled: no runs, no files, nothing to process, and no error."""
    disabled = Call(-1, "events", "DisableRule", {"name": RULE}, OPERATOR, resource=RULE)
    scene = replace(
        _planted("ingestion_stopped", "The hourly ingestion does not run any more", "No new data since the morning", 2,
                 BETWEEN_RUNS_MIN),
        start="2026-03-04T00:00Z", length_min=HALF_DAY_MIN, detected_min=170,
        traffic=(Traffic(INGEST, 0), Traffic(ETL, 0, after_min=3)), extras=IDLE_EXTRAS,
        changes=(disabled, *INNOCENT),
        expected=Expected("pipeline_backlog", ("ingestion", "run"), 3600, "DisableRule"),
    )  # fmt: skip
    return _levels(scene, _gauge("table_writes", 3_600, 40), _gauge("etl_concurrency", 3, 0, noise=0.2))


def _ingestion_failure() -> Scene:
    """The NSW API does not answer: every run, and each of its two retries, ends in a timeout."""
    end = ("END RequestId: $uuid", REPORT)
    timed_out = (
        "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api.nsw.gov.au', port=443): Max retries "
        "exceeded with url: /air-quality/v1/stations (Caused by ConnectTimeoutError('Connection to api.nsw.gov.au "
        "timed out. (connect timeout=20)'))"
    )
    frames = '\nTraceback (most recent call last):\n  File "/var/task/ingest.py", line 52, in handler\n    fetch(url)'
    attempt = (text("WARNING", "no answer from api.nsw.gov.au within 20 s"), text("ERROR", timed_out + frames), *end)
    again = ("START RequestId: $uuid Version: $$LATEST", *attempt)
    scene = _planted(
        "ingestion_failure",
        "The NSW API does not answer the ingestion",
        "Air quality is hours old",
        2,
        BETWEEN_RUNS_MIN,
    )
    return replace(
        scene, start="2026-03-04T00:00Z", length_min=HALF_DAY_MIN, detected_min=80,
        failures=(Failure(INGEST, (*attempt, *again, *again), 1.0, took_ms=21_000), *scene.failures),
        traffic=(Traffic(ETL, 0, after_min=3),), extras=IDLE_EXTRAS,
        expected=Expected("error_triage", ("connecttimeout", "ingest"), 3600),
    ).with_gauges(
        Gauge("ingest_errors", counted=Counted("failed", INGEST, scale=3), period_s=PERIOD_S),
        _gauge("table_writes", 3_600, 60),
    )  # fmt: skip


def _etl_backlog() -> Scene:
    """The ETL function is left two executions at a time: files wait, and go to the dead-letter queue."""
    function = "opendata-pulse-etl"
    lowered = Call(
        -1.3, "lambda", "PutFunctionConcurrency20171031", {"functionName": function, "reservedConcurrentExecutions": 2},
        OPERATOR, response={"reservedConcurrentExecutions": 2}, resource=function,
    )  # fmt: skip
    scene = replace(
        _planted("etl_backlog", "The ETL function is throttled, its files end in the dead-letter queue",
                 "Raw files are not processed", 2, 42),
        traffic=(Traffic(ETL, 0.35),),
        changes=(lowered, *INNOCENT),
        documents=partial(resources, dead=184, reserved=2),
        expected=Expected("pipeline_backlog", ("etl", "messages"), 1200, "PutFunctionConcurrency"),
    )  # fmt: skip
    return _levels(
        scene,
        _throttles("etl_throttles", 46),
        _gauge("etl_concurrency", 3, 2, noise=0.05),
        replace(_gauge("dlq_messages", 0, 184, noise=0, climb_min=60), after_min=15),
        _gauge("table_writes", 3_600, 1_300),
    )


def _graphql_latency() -> Scene:
    """The resolver that is asked most is left without its cache."""
    question = "Query getAirQualityData"
    changed = Call(
        -1.2, "appsync", "UpdateResolver", {"apiId": "GRAPHQL_API_ID", "typeName": "Query", "fieldName":
        "getAirQualityData", "dataSourceName": "HotAggregates"}, OPERATOR, resource="GRAPHQL_API_ID",
    )  # fmt: skip
    scene = replace(
        _planted("graphql_latency", "A GraphQL question takes seconds", "The map loads slowly", 3, 46),
        slower=(Slower(GRAPHQL, 21, (question,), ramp_min=1), Slower(API, 18, (question,), ramp_min=1)),
        changes=(changed, *INNOCENT),
        expected=Expected("slow_queries", ("getairqualitydata",), 300, "UpdateResolver"),
    )
    return _levels(
        scene, _gauge("table_reads", 9_000, 20_000), Gauge("target_response_time", 0.11, 0.09, 1.9, period_s=PERIOD_S)
    )


def _authentication_failures() -> Scene:
    """The user pool's client is not allowed any more to refresh tokens: nobody comes in, sessions run out."""
    changed = Call(
        -1.4, "cognito-idp", "UpdateUserPoolClient", {"userPoolId": "ap-southeast-2_Ax81kQz", "clientId":
        "4f6hh0vs0fq2c1", "explicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]}, OPERATOR,
        response={"userPoolClient": {"clientName": "opendata-web"}}, resource="4f6hh0vs0fq2c1",
    )  # fmt: skip
    error = "NotAuthorizedException"
    refused = raised(
        error, f"JWT validation failed: {error}: Auth flow not enabled for this client",
        userId="$user", sourceIp="$ip",
    )  # fmt: skip
    usual = _planted("authentication_failures", "Nobody can sign in", "Users cannot log in", 2, 49)
    sign_ins = ("Mutation signIn", "Mutation refreshSession")
    return replace(
        usual,
        failures=(
            Failure(API, (refused, answered("opendata-pulse-api")), 1.0, 401, sign_ins),
            *usual.failures,
        ),
        traffic=(Traffic(GRAPHQL, 0.12, SIGNED_IN, after_min=5), Traffic(GRAPHQL, 55, (REFUSED_ROUTE,), after_min=5)),
        changes=(changed, *INNOCENT),
        expected=Expected("access_anomalies", ("notauthorizedexception",), 300, "UpdateUserPoolClient"),
    ).with_gauges(Gauge("api_4xx", counted=Counted("requests", GRAPHQL, routes=(REFUSED_ROUTE,)), period_s=PERIOD_S))


def _dynamodb_throttling() -> Scene:
    """A stack update gives the table a quarter of its read capacity; what it had saved lasts five minutes more."""
    stack = "OpenDataPulseDataStack"
    changes = (
        Call(-8.1, "cloudformation", "ExecuteChangeSet", {"stackName": stack, "changeSetName": "cdk-deploy"},
             DEPLOY, resource=stack),
        Call(-6.4, "dynamodb", "UpdateTable", {"tableName": TABLE, "provisionedThroughput":
             {"readCapacityUnits": FEW_READS, "writeCapacityUnits": 50}}, EXECUTE,
             response={"tableDescription": {"tableStatus": "UPDATING"}}, resource=TABLE),
    )  # fmt: skip
    error = "ProvisionedThroughputExceededException"
    throttled = raised(
        error, f"An error occurred ({error}) when calling the Query operation (reached max retries: 4): The level of "
        "configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level "
        "with the UpdateTable API.", table=TABLE,
    )  # fmt: skip
    usual = _planted("dynamodb_throttling", "The table's reads are throttled", "Answers fail or come late", 2, 41)
    scene = replace(
        usual,
        failures=(
            Failure(API, (throttled, answered("opendata-pulse-api")), 0.4, 500,
                    ("Query getAirQualityData", "Query getTrends"), took_ms=2_900),
            *usual.failures,
        ),
        slower=(Slower(GRAPHQL, 3, ("Query getAirQualityData",)),),
        changes=(*changes, *INNOCENT),
        documents=partial(resources, read_limit=FEW_READS),
        expected=Expected("capacity", ("hot-aggregates", "throttle"), 300, "UpdateTable"),
    )  # fmt: skip
    return _levels(
        scene,
        _throttles("table_throttles", 210),
        Gauge("table_read_limit", 100, 0, FEW_READS, after_min=-6, period_s=PERIOD_S),
        _gauge("table_reads", 9_000, 7_480, noise=0.004),
        Gauge("table_latency", 5.8, 0.08, 19, period_s=PERIOD_S),
    )


OPENDATA_SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in (
        QUIET, _ingestion_stopped(), _ingestion_failure(), _etl_backlog(), _graphql_latency(),
        _authentication_failures(), _dynamodb_throttling(),
    )
}  # fmt: skip
"""By name."""
