"""Functions and tables as the AWS CLI prints them."""

from collections.abc import Mapping

from ddms_ops.simulate.cloudtrail import ACCOUNT, REGION
from ddms_ops.simulate.reviews.system import ANALYZE, API, AUTH, TABLE, TIMEOUT_S
from ddms_ops.simulate.scene.declared import Scene

READS, WRITES = 60, 40


def function(name: str, memory_mb: int, timeout_s: int, *, runtime: str = "nodejs20.x") -> Mapping[str, object]:
    """Output of get-function-configuration."""
    return {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "Runtime": runtime,
        "Role": f"arn:aws:iam::{ACCOUNT}:role/{name}-role",
        "Handler": "index.handler",
        "Timeout": timeout_s,
        "MemorySize": memory_mb,
        "Version": "$LATEST",
        "PackageType": "Zip",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Environment": {"Variables": {"LOG_LEVEL": "info", "TABLE_NAME": "set"}},
    }


def table(name: str, reads: int, writes: int) -> Mapping[str, object]:
    """Output of describe-table; reads and writes of 0 are a table on demand."""
    mode = "PROVISIONED" if reads else "PAY_PER_REQUEST"
    return {
        "Table": {
            "TableName": name,
            "TableArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
            "TableStatus": "ACTIVE",
            "BillingModeSummary": {"BillingMode": mode},
            "ProvisionedThroughput": {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes},
            "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            "ItemCount": 412_318,
            "TableSizeBytes": 389_120_455,
        }
    }


def resources(_scene: Scene, *, writes: int = WRITES, analyze_mb: int = 1024) -> Mapping[str, object]:
    """The platform's functions and its table, as they are after the window."""
    sizes = {API: 512, ANALYZE: analyze_mb, AUTH: 512}
    functions = {f"functions/{name}.json": function(name, memory, TIMEOUT_S) for name, memory in sizes.items()}
    return {**functions, f"tables/{TABLE}.json": table(TABLE, READS, writes)}
