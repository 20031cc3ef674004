"""The calls that scenarios make, and those that explain nothing."""

from ddms_ops.simulate.cloudtrail import DEVELOPER, ON_CALL, PLATFORM
from ddms_ops.simulate.invoice.catalog import CI, INFERENCE, UPLOAD
from ddms_ops.simulate.scenario import Call

CODE, PUBLISH, ALIAS = "UpdateFunctionCode20150331v2", "PublishVersion20150331", "UpdateAlias20150331"
CONFIGURE = "UpdateFunctionConfiguration20150331v2"
HIDDEN = {"variables": "HIDDEN_DUE_TO_SECURITY_REASONS"}


def deploy(function: str, version: str, number: int, *, at_min: float = -0.1) -> tuple[Call, ...]:
    """New code for a function, published and made live."""
    key = f"{function.removesuffix('-prod')}/{version}.zip"
    name = {"functionName": function}
    return (
        Call(at_min - 2.8, "lambda", CODE, {**name, "s3Bucket": "smart-invoice-artifacts", "s3Key": key}, CI,
             response={**name, "lastUpdateStatus": "InProgress"}, resource=function),
        Call(at_min - 2.2, "lambda", PUBLISH, {**name, "description": version}, CI,
             response={**name, "version": str(number)}, resource=function),
        Call(at_min, "lambda", ALIAS, {**name, "name": "live", "functionVersion": str(number)}, CI,
             response={"name": "live", "functionVersion": str(number)}, resource=function),
    )  # fmt: skip


def configure(function: str, description: str, actor: str = DEVELOPER) -> tuple[Call, ...]:
    """New environment variables, of which the trail shows the description alone."""
    parameters = {"functionName": function, "environment": HIDDEN, "description": description}
    response = {"functionName": function, "lastUpdateStatus": "InProgress"}
    return (Call(-1.5, "lambda", CONFIGURE, parameters, actor, response=response, resource=function),)


def resize(function: str, memory_mb: int) -> tuple[Call, ...]:
    """More memory for a function."""
    sized = {"functionName": function, "memorySize": memory_mb}
    return (Call(-2, "lambda", CONFIGURE, sized, DEVELOPER, response=sized, resource=function),)


DELETE_ENDPOINT = Call(
    -4, "ec2", "DeleteVpcEndpoints", {"DeleteVpcEndpointsRequest": {"VpcEndpointId": {"content": "vpce-0c4fe1a9b7"}}},
    PLATFORM, response={"DeleteVpcEndpointsResponse": {"unsuccessful": ""}}, resource="vpce-0c4fe1a9b7",
)  # fmt: skip
END_FLEET = Call(
    -6, "autoscaling", "DeleteAutoScalingGroup", {"autoScalingGroupName": "invoice-batch-fleet", "forceDelete": True},
    PLATFORM, resource="invoice-batch-fleet",
)  # fmt: skip
BEGIN_ENDPOINT = Call(
    -9, "sagemaker", "CreateEndpoint", {"endpointName": "invoice-embeddings"}, DEVELOPER,
    response={"endpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/invoice-embeddings"},
    resource="invoice-embeddings",
)  # fmt: skip
RESERVE = Call(
    -1, "rds", "PurchaseReservedDBInstancesOffering",
    {"reservedDBInstanceId": "ri-2026-db-r6g-large", "dBInstanceCount": 2}, PLATFORM, resource="ri-2026-db-r6g-large",
)  # fmt: skip
INNOCENT = (
    *deploy(UPLOAD, "1.4.2", 31, at_min=-4 * 1440 + 95),
    Call(-71, "lambda", "TagResource20170331v2", {"resource": INFERENCE, "tags": {"costCenter": "4711"}}, PLATFORM,
         resource=INFERENCE),
    Call(-55, "monitoring", "PutMetricAlarm", {"alarmName": "smart-invoice-prod-dlq", "threshold": 1}, ON_CALL,
         resource="smart-invoice-prod-dlq"),
    Call(190, "lambda", CONFIGURE, {"functionName": UPLOAD, "timeout": 60}, ON_CALL,
         response={"functionName": UPLOAD, "timeout": 60}, resource=UPLOAD),
)  # fmt: skip
"""Changes that no scenario plants: some before the onset, one after."""
