"""The system's queue, functions and table, as the AWS CLI prints them."""

from collections.abc import Mapping

from ddms_ops.simulate.ids import hexes_of, uuids_of
from ddms_ops.simulate.opendata.system import QUEUE, READ_LIMIT, REGION, TABLE, WRITE_LIMIT
from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Scene
from ddms_ops.simulate.scene.lines import iso_ms

ACCOUNT = "123456789012"
FUNCTIONS = ("opendata-pulse-ingest", "opendata-pulse-etl", "opendata-pulse-health-check", "opendata-pulse-api")
READ_AT_ONCE, HELD_MIN, SALT = 10, 15, 67  # messages that one call receives; the events' greatest age before they go
Told = dict[str, object]


def resources(scene: Scene, *, dead: int = 0, read_limit: int = READ_LIMIT, reserved: int = 10) -> Mapping[str, object]:
    """Everything as it is at the end.

    Args:
        scene: as the seed plays it.
        dead: messages in the dead-letter queue, of files that the ETL function was too busy for.
        read_limit: read units a second that the table is given.
        reserved: executions at a time that are kept for the ETL function.
    """
    found: Told = {f"queues/{QUEUE}.json": _queue(scene, dead), f"tables/{TABLE}.json": {"Table": _table(read_limit)}}
    for name in FUNCTIONS:
        found[f"functions/{name}.json"] = _function(name, reserved)
    if dead:
        messages = [_message(scene, number) for number in range(min(dead, READ_AT_ONCE))]
        found[f"queues/{QUEUE}-messages.json"] = {"Messages": messages}
    return found


def _queue(scene: Scene, dead: int) -> Told:
    attributes = {
        "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}",
        "ApproximateNumberOfMessages": str(dead),
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "CreatedTimestamp": str(scene.first_ms // 1000 - 9_000_000),
        "MessageRetentionPeriod": "1209600",
        "VisibilityTimeout": "30",
    }
    return {"Attributes": attributes}


def _message(scene: Scene, number: int) -> Told:
    """An event that Lambda gave up, as its dead-letter queue holds it."""
    sent_ms = scene.anchor_ms + (HELD_MIN + 1 + 2 * number) * MINUTE_MS
    [request, message] = uuids_of((2 * number, 2 * number + 1), SALT)
    key = f"nsw-air-quality/raw/{iso_ms(scene.start_ms)[:10].replace('-', '/')}/station-{(37 * number) % 480}.json"
    body = (
        '{"Records":[{"eventSource":"aws:s3","awsRegion":"ap-southeast-2","eventName":"ObjectCreated:Put","s3":'
        f'{{"bucket":{{"name":"opendata-pulse-raw-data-{ACCOUNT}"}},"object":'
        f'{{"key":"{key}","size":{18_000 + 211 * number}}}}}}}]}}'
    )
    return {
        "MessageId": message,
        "ReceiptHandle": "AQEB" + "".join(hexes_of((number,), SALT + 1)),
        "MD5OfBody": hexes_of((number,), SALT + 2)[0],
        "Body": body,
        "Attributes": {
            "SentTimestamp": str(sent_ms),
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": str(scene.end_ms - 60_000),
            "SenderId": f"AROAEXAMPLE:{FUNCTIONS[1]}",
        },
        "MessageAttributes": {
            "RequestID": {"StringValue": request, "DataType": "String"},
            "ErrorCode": {"StringValue": "429", "DataType": "Number"},
            "ErrorMessage": {"StringValue": "Rate Exceeded.", "DataType": "String"},
        },
    }


def _table(read_limit: int) -> Told:
    throughput = {"ReadCapacityUnits": read_limit, "WriteCapacityUnits": WRITE_LIMIT, "NumberOfDecreasesToday": 0}
    return {
        "TableName": TABLE,
        "TableArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}",
        "TableStatus": "ACTIVE",
        "ItemCount": 184_220,
        "ProvisionedThroughput": throughput,
        "GlobalSecondaryIndexes": [{"IndexName": "GeographicIndex", "IndexStatus": "ACTIVE"}],
    }


def _function(name: str, reserved: int) -> Told:
    """As get-function prints it."""
    configuration = {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "Runtime": "python3.12",
        "Timeout": 300,
        "MemorySize": 512,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Environment": {"Variables": {"LOG_LEVEL": "INFO"}},
    }
    told: Told = {"Configuration": configuration, "Code": {"RepositoryType": "S3"}}
    return told | ({"Concurrency": {"ReservedConcurrentExecutions": reserved}} if name == FUNCTIONS[1] else {})
