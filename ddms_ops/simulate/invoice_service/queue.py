"""What the pipeline runs on as the AWS CLI prints it; of its dead-letter queue also messages that Lambda gave up."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from ddms_ops.simulate.cloudtrail import ACCOUNT, REGION
from ddms_ops.simulate.ids import hexes, uuids
from ddms_ops.simulate.invoice.catalog import INFERENCE, UPLOAD
from ddms_ops.simulate.invoice_service.system import DLQ, MEMORY_MB, PARSE_ERROR, PARSE_MESSAGE, TABLE, TIMEOUT_S
from ddms_ops.simulate.reviews.resources import function, table
from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Scene

RUNTIME = "python3.12"
RECEIVED = 10
"""As many messages as one call of receive-message gives."""
GIVEN_UP_MIN = 3.2
"""Lambda tries an event again after one minute and after two more, then gives it up."""
APART_S = 71
SALT = 4711


def resources(_scene: Scene, *, messages: int = 0) -> Mapping[str, object]:
    """The pipeline's functions, its table and its queue, as they are after the window."""
    return {
        f"functions/{UPLOAD}.json": function(UPLOAD, 512, 30, runtime=RUNTIME),
        f"functions/{INFERENCE}.json": function(INFERENCE, MEMORY_MB, TIMEOUT_S, runtime=RUNTIME),
        f"tables/{TABLE}.json": table(TABLE, 0, 0),
        f"queues/{DLQ}.json": attributes(messages),
    }


def attributes(messages: int) -> Mapping[str, object]:
    """Output of get-queue-attributes."""
    return {
        "Attributes": {
            "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{DLQ}",
            "ApproximateNumberOfMessages": str(messages),
            "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
            "CreatedTimestamp": "1704880800",
            "LastModifiedTimestamp": "1704880800",
            "VisibilityTimeout": "30",
            "MaximumMessageSize": "262144",
            "MessageRetentionPeriod": "1209600",
            "DelaySeconds": "0",
            "ReceiveMessageWaitTimeSeconds": "0",
            "SqsManagedSseEnabled": "true",
        }
    }


def filled_queue(scene: Scene, messages: int) -> Mapping[str, object]:
    """The same with messages in the queue; the first: events that ended in the same error, and one other."""
    ids, digests = uuids(np.arange(3 * RECEIVED), SALT), hexes(np.arange(RECEIVED), SALT + 1)
    first_ms = scene.anchor_ms + round(GIVEN_UP_MIN * MINUTE_MS)
    received = [
        _message(first_ms + place * APART_S * 1000, place, tuple(ids[3 * place : 3 * place + 3]), digests[place])
        for place in range(RECEIVED)
    ]
    return {
        **resources(scene, messages=messages),
        f"queues/{DLQ}.messages.json": {"Messages": received},
    }


def _message(time_ms: int, place: int, ids: tuple[str, ...], digest: str) -> Mapping[str, object]:
    """One message: the event as S3 sent it, and what Lambda says of the failure in its attributes."""
    message_id, request_id, invoice_id = ids
    uploaded = datetime.fromtimestamp((time_ms - round(GIVEN_UP_MIN * MINUTE_MS)) / 1000, UTC)
    kind, words = (PARSE_ERROR, PARSE_MESSAGE) if place != RECEIVED // 2 else ("Runtime.ExitError", "Runtime exited")
    body = json.dumps(
        {"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
            "eventTime": f"{uploaded:%Y-%m-%dT%H:%M:%S}.000Z", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "smart-invoice-prod-invoices"},
                   "object": {"key": f"uploads/{invoice_id}.pdf", "size": 180_000 + 997 * place}},
        }]}
    )  # fmt: skip
    told = json.dumps({"errorType": kind, "errorMessage": words, "requestId": request_id})
    return {
        "MessageId": message_id,
        "ReceiptHandle": f"AQEB{digest}",
        "MD5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "Body": body,
        "Attributes": {
            "SenderId": f"AROA6EXAMPLE:{ACCOUNT}",
            "SentTimestamp": str(time_ms),
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": str(time_ms + 600_000),
        },
        "MessageAttributes": {
            "RequestID": {"StringValue": request_id, "DataType": "String"},
            "ErrorCode": {"StringValue": "200", "DataType": "Number"},
            "ErrorMessage": {"StringValue": told, "DataType": "String"},
        },
    }
