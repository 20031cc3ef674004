"""The calls that scenarios make: deploys, configuration, and changes that explain nothing."""

from collections.abc import Mapping
from dataclasses import replace

from ddms_ops.simulate.dms.catalog import ACCOUNT, API_FUNCTION, CI, ON_CALL, PLATFORM, REGION
from ddms_ops.simulate.scenario import Call

LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
CONFIGURE = "UpdateFunctionConfiguration20150331v2"
HIDDEN = {"variables": "HIDDEN_DUE_TO_SECURITY_REASONS"}

RAISE_MEMORY = Call(
    5,
    "lambda",
    CONFIGURE,
    {"functionName": API_FUNCTION, "memorySize": 1536},
    ON_CALL,
    response={"functionName": API_FUNCTION, "memorySize": 1536},
    resource=API_FUNCTION,
)
TAG_FUNCTION = Call(
    -52,
    "lambda",
    "TagResource20170331v2",
    {"resource": f"{LAMBDA}:{API_FUNCTION}", "tags": {"costCenter": "4711"}},
    PLATFORM,
    resource=API_FUNCTION,
    is_innocent=True,
)
MOVE_ALARM = Call(
    -38,
    "monitoring",
    "PutMetricAlarm",
    {"alarmName": "dms-search-p95-latency-prod", "threshold": 2000, "evaluationPeriods": 5},
    ON_CALL,
    resource="dms-search-p95-latency-prod",
    is_innocent=True,
)
INNOCENT = (TAG_FUNCTION, MOVE_ALARM, RAISE_MEMORY)
INNOCENT_LATER = (TAG_FUNCTION, MOVE_ALARM, replace(RAISE_MEMORY, at_min=27))
"""Where the onset is gradual: nothing is changed while nobody could tell whether it has begun."""


def deploy(function: str, version: str, number: int) -> tuple[Call, ...]:
    """New code for a function, published and made live."""
    return (
        Call(
            -2.9,
            "lambda",
            "UpdateFunctionCode20150331v2",
            {
                "functionName": function,
                "publish": False,
                "s3Bucket": "dms-artifacts-prod",
                "s3Key": f"{function.removesuffix('-prod')}/{version}.zip",
                "dryRun": False,
            },
            CI,
            response={
                "functionName": function,
                "runtime": "nodejs20.x",
                "version": "$LATEST",
                "lastUpdateStatus": "InProgress",
            },
            resource=function,
        ),
        Call(
            -2.4,
            "lambda",
            "PublishVersion20150331",
            {"functionName": function, "description": version},
            CI,
            response={
                "functionName": function,
                "functionArn": f"{LAMBDA}:{function}:{number}",
                "version": str(number),
            },
            resource=function,
        ),
        go_live(function, number, CI),
    )


def go_live(function: str, number: int, actor: str) -> Call:
    """A published version of a function takes the requests."""
    return Call(
        -0.05,
        "lambda",
        "UpdateAlias20150331",
        {"functionName": function, "name": "live", "functionVersion": str(number)},
        actor,
        response={"aliasArn": f"{LAMBDA}:{function}:live", "name": "live", "functionVersion": str(number)},
        resource=function,
    )


def configure(at_min: float, function: str, description: str, actor: str = PLATFORM, *, fault: int = 0) -> Call:
    """New environment variables for a function, of which the trail shows the description alone."""
    return Call(
        at_min,
        "lambda",
        CONFIGURE,
        {"functionName": function, "environment": HIDDEN, "description": description},
        actor,
        response={"functionName": function, "lastUpdateStatus": "InProgress"},
        resource=function,
        fault=fault,
    )


def changed(
    at_min: float, service: str, name: str, parameters: Mapping[str, object], resource: str, *, fault: int = 0
) -> Call:
    """A write by the platform's automation."""
    return Call(at_min, service, name, parameters, PLATFORM, resource=resource, fault=fault)
