"""The incidents of the reviews platform: one for each runbook on incidents, the cost review, and a quiet day."""

from dataclasses import replace
from functools import partial

import numpy as np

from ddms_ops.simulate.cloudtrail import DEVELOPER, PLATFORM
from ddms_ops.simulate.reviews.bill import NAT_BYTES_AN_HOUR, NAT_TIMES, cost_documents, hourly
from ddms_ops.simulate.reviews.intruder import INTRUDER_CALLS, KEY_OWNER, STUFFING, STUFFING_MIN, USUAL_OF_OWNER
from ddms_ops.simulate.reviews.resources import resources
from ddms_ops.simulate.reviews.system import (
    ANALYZE,
    ANALYZE_GROUP,
    ANALYZED,
    ANALYZED_LATE,
    ANALYZED_WEIGHT,
    API,
    API_GROUP,
    BUSY,
    CI,
    CODE,
    CONFIGURE,
    CREATE,
    CREATE_BROKEN,
    CREATE_WEIGHT,
    GATEWAY_GROUP,
    GAUGES,
    INNOCENT,
    LATE,
    NEVER,
    NEW,
    RARELY,
    STREAMS,
    SUMMARY,
    SUMMARY_LATE,
    SUMMARY_WEIGHT,
    SYSTEM,
    TABLE,
    USUAL_CALLS,
)
from ddms_ops.simulate.scenario import Call
from ddms_ops.simulate.scene.declared import Alarm, Expected, Gauge, Scene, Slower, Traffic

HTTP_ALARM = Alarm("reviews-prod-api-5xx", "http_5xx", above=1, points=2)
ERRORS_ALARM = Alarm("reviews-prod-api-errors", "api_errors", above=1, points=2)
DURATION_ALARM = Alarm("reviews-prod-analyze-duration", "analyze_duration", above=5_000, points=3)
THROTTLES_ALARM = Alarm("reviews-prod-write-throttles", "table_write_throttles", above=0, points=2)


def _scene(name: str, title: str, start: str, *changes: Call) -> Scene:
    return Scene(
        name,
        title,
        SYSTEM,
        start,
        STREAMS,
        GAUGES,
        failures=(LATE,),
        apis=USUAL_CALLS,
        changes=(*changes, *INNOCENT),
        documents=resources,
    )


def _turns(group: str, usual: str, weight: float, failing: str, share: float) -> tuple[Traffic, Traffic]:
    """From the onset on a share of one route's requests goes another way, which is rare or unknown before."""
    before = RARELY if failing == ANALYZED_LATE else NEVER
    return Traffic(group, 1 - share, (usual,)), Traffic(group, share * weight / before, (failing,))


def _at_the_limit(scene: Scene, _rng: np.random.Generator) -> Scene:
    """The scene with the table's new limit as the change sets it, and as much written as it allows."""
    return scene.with_gauges(Gauge("table_write_limit", 40, 0, then=6), Gauge("table_writes", 540, 0.015, then=345))


QUIET_DAY = replace(
    _scene("quiet_day", "Nothing planted: only the usual noise", "2026-03-11T13:00Z"),
    incident_title="A look at an ordinary day",
    severity="P4",
    alarms=(HTTP_ALARM, ERRORS_ALARM, DURATION_ALARM, THROTTLES_ALARM),
)
HIGH_ERROR_RATE = replace(
    _scene(
        "high_error_rate", "After a deploy the API function fails on new reviews", "2026-03-18T14:00Z",
        Call(-0.6, "lambda", CODE, {"functionName": API, "publish": True, "s3Bucket": "reviews-artifacts",
                                    "s3Key": f"api/{NEW}.zip"}, CI,
             response={"functionName": API, "version": "88", "lastUpdateStatus": "InProgress"}, resource=API),
    ),
    incident_title="Users cannot post reviews", severity="P1", onset_min=47,
    traffic=(
        *_turns(API_GROUP, CREATE, CREATE_WEIGHT, CREATE_BROKEN, 0.85),
        *_turns(GATEWAY_GROUP, CREATE, CREATE_WEIGHT, CREATE_BROKEN, 0.85),
    ),
    versions={API_GROUP: NEW},
    alarms=(HTTP_ALARM, ERRORS_ALARM),
    expected=Expected("error_triage", ("Cannot read properties of undefined",), 300, change="UpdateFunctionCode"),
)  # fmt: skip
API_5XX = replace(
    _scene(
        "api_5xx", "The API's integration timeout is lowered: slow summaries end with 504", "2026-03-25T10:00Z",
        Call(-0.8, "apigateway", "UpdateIntegration",
             {"apiId": "reviews-prod", "integrationId": "a1b2c3d", "timeoutInMillis": 3000}, PLATFORM,
             response={"integrationId": "a1b2c3d", "timeoutInMillis": 3000}, resource="reviews-prod"),
    ),
    incident_title="Review summaries do not load", severity="P1", onset_min=52,
    traffic=_turns(GATEWAY_GROUP, SUMMARY, SUMMARY_WEIGHT, SUMMARY_LATE, 0.85),
    alarms=(HTTP_ALARM,),
    expected=Expected("error_triage", ("timed out",), bucket_s=300, change="UpdateIntegration"),
)  # fmt: skip
LAMBDA_TIMEOUT = replace(
    _scene(
        "lambda_timeout", "The analyze function has a quarter of its memory and runs into its time limit",
        "2026-04-01T09:00Z",
        Call(-0.7, "lambda", CONFIGURE, {"functionName": ANALYZE, "memorySize": 256}, DEVELOPER,
             response={"functionName": ANALYZE, "memorySize": 256}, resource=ANALYZE),
    ),
    incident_title="New reviews are not analyzed", severity="P2", onset_min=44,
    traffic=_turns(ANALYZE_GROUP, ANALYZED, ANALYZED_WEIGHT, ANALYZED_LATE, 0.55),
    slower=(Slower(ANALYZE_GROUP, 3.2, (ANALYZED,)),),
    alarms=(DURATION_ALARM,), documents=partial(resources, analyze_mb=256),
    expected=Expected("capacity", ("analyze", "time"), bucket_s=300, change="UpdateFunctionConfiguration"),
)  # fmt: skip
DYNAMODB_THROTTLING = replace(
    _scene(
        "dynamodb_throttling", "The table's write capacity is lowered: writes are throttled", "2026-04-08T15:00Z",
        Call(-1.4, "dynamodb", "UpdateTable",
             {"tableName": TABLE, "provisionedThroughput": {"readCapacityUnits": 60, "writeCapacityUnits": 6}},
             PLATFORM, response={"tableDescription": {"tableName": TABLE, "tableStatus": "UPDATING"}},
             resource=TABLE),
    ),
    incident_title="Posting a review is slow or fails", severity="P2", onset_min=49,
    traffic=(
        *_turns(API_GROUP, CREATE, CREATE_WEIGHT, BUSY, 0.45),
        *_turns(GATEWAY_GROUP, CREATE, CREATE_WEIGHT, BUSY, 0.45),
    ),
    slower=(Slower(API_GROUP, 3.5, (CREATE,)), Slower(GATEWAY_GROUP, 3.2, (CREATE,))),
    alarms=(THROTTLES_ALARM,), documents=partial(resources, writes=6),
    expected=Expected("capacity", ("writes of the reviews table",), change="UpdateTable"), vary=_at_the_limit,
).with_gauges(
    Gauge("table_write_limit", 40, 0, then=6),
    Gauge("table_writes", 540, 0.015, then=345),
    Gauge("table_write_throttles", then=52, noise=0.3, is_sparse=True, is_whole=True),
    Gauge("throttled_puts", then=48, noise=0.3, is_sparse=True, is_whole=True),
)  # fmt: skip
SECURITY_INCIDENT = replace(
    _scene(
        "security_incident", "Sign-ins are tried from few addresses; then a key is used from one of them",
        "2026-04-15T02:00Z",
    ),
    incident_title="Unusual activity: refused sign-ins and unknown API calls", severity="P1", onset_min=41,
    detected_min=38, extras=STUFFING, apis=(*USUAL_CALLS, *USUAL_OF_OWNER, *INTRUDER_CALLS),
    expected=Expected("access_anomalies", (KEY_OWNER,), bucket_s=600),
).with_gauges(
    Gauge("http_4xx", 1.6, 0.6, then=30, until_min=STUFFING_MIN, is_whole=True),
    Gauge("waf_blocked", 3, 0.5, then=14, until_min=STUFFING_MIN, is_whole=True),
)  # fmt: skip
COST_REVIEW = replace(
    _scene(
        "cost_review", "A VPC endpoint is deleted: its traffic goes through the NAT gateway", "2026-05-11T00:00Z",
        Call(-4, "ec2", "DeleteVpcEndpoints",
             {"DeleteVpcEndpointsRequest": {"VpcEndpointId": {"content": "vpce-0d51c2e8b3"}}}, PLATFORM,
             response={"DeleteVpcEndpointsResponse": {"unsuccessful": ""}}, resource="vpce-0d51c2e8b3"),
    ),
    incident_title="Cost review: EC2 (other) is above plan", severity="P3", onset_min=33 * 60,
    length_min=7 * 1440, baseline="last-week", documents=cost_documents, apis=(),
    gauges=tuple(map(hourly, GAUGES)),
    expected=Expected("cost_spike", ("NAT",), bucket_s=86_400, change="DeleteVpcEndpoints"),
).with_gauges(
    Gauge("nat_bytes", NAT_BYTES_AN_HOUR, 0.08, then=NAT_BYTES_AN_HOUR * NAT_TIMES, is_whole=True, period_s=3600),
)  # fmt: skip
REVIEW_SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in (
        QUIET_DAY,
        HIGH_ERROR_RATE,
        API_5XX,
        LAMBDA_TIMEOUT,
        DYNAMODB_THROTTLING,
        SECURITY_INCIDENT,
        COST_REVIEW,
    )
}
"""The scenes by name, in the order in which they are listed."""
