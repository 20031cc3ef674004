"""The processing queue and its dead letters, as `aws sqs` prints them at the end of the window."""

import json
from hashlib import md5
from pathlib import Path

import numpy as np

from ddms_ops.simulate.dms.catalog import ACCOUNT, FILES, JOBS, REGION
from ddms_ops.simulate.dms.errors import error_text
from ddms_ops.simulate.dms.jobs import ATTEMPTS, PLANTED, Jobs
from ddms_ops.simulate.dms.metrics import Series
from ddms_ops.simulate.ids import hexes, mix, uuids
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import Scenario

QUEUE, DEAD_LETTERS = "dms-processing-queue-prod", "dms-processing-dlq-prod"
A_CALL = 10  # messages that one receive-message call gives
CALLS = 3
Record = dict[str, object]


def write_queues(
    folder: Path, scenario: Scenario, series: Series, jobs: Jobs, names: tuple[str, ...], salt: int
) -> None:
    """Write the attributes of both queues, and up to 30 messages out of the dead letters."""
    changed = scenario.first_ms // 1000 - 40 * 86_400
    redrive = json.dumps({"deadLetterTargetArn": _arn(DEAD_LETTERS), "maxReceiveCount": ATTEMPTS})
    depth, dead = int(series["queue_depth"][-1]), int(series["dlq_messages"][-1])
    for name, messages, further in ((QUEUE, depth, {"RedrivePolicy": redrive}), (DEAD_LETTERS, dead, {})):
        attributes = {
            "QueueArn": _arn(name),
            "ApproximateNumberOfMessages": str(messages),
            "ApproximateNumberOfMessagesNotVisible": "6" if name == QUEUE else "0",
            "ApproximateNumberOfMessagesDelayed": "0",
            "CreatedTimestamp": str(changed),
            "LastModifiedTimestamp": str(changed),
            "VisibilityTimeout": "960" if name == QUEUE else "30",
            "MessageRetentionPeriod": "345600" if name == QUEUE else "1209600",
            **further,
        }
        write_json(folder / f"{name}.json", {"Attributes": attributes})
    lost = np.flatnonzero(jobs.is_final & (jobs.error == PLANTED))[: CALLS * A_CALL]
    messages_ = _messages(jobs, lost, names, salt)
    for number, start in enumerate(range(0, len(messages_), A_CALL), 1):
        write_json(
            folder / f"{DEAD_LETTERS}-receive-message-{number}.json", {"Messages": messages_[start : start + A_CALL]}
        )


def _arn(queue: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


def _messages(jobs: Jobs, chosen: np.ndarray, names: tuple[str, ...], salt: int) -> list[Record]:
    """What is left of jobs that were given up: the task, and what its last attempt ended in."""
    draws, digits = mix(chosen, salt + 23).tolist(), hexes(chosen, salt + 19)
    requests, ids = uuids(jobs.request[chosen], salt), uuids(chosen, salt + 83)
    documents = uuids(jobs.document[chosen].astype(np.int64), salt + 3)
    found: list[Record] = []
    for place, draw, digit, request, document, name in zip(
        chosen.tolist(), draws, digits, requests, documents, ids, strict=True
    ):
        kind, tenant = jobs.kinds[jobs.error[place]], names[jobs.tenant[place]]
        body = {
            "jobType": JOBS[jobs.job_type[place]].name,
            "tenantId": tenant,
            "documentId": document,
            "requestId": request,
            "key": f"{tenant}/{document}/{FILES[draw % len(FILES)]}",
            "attempts": ATTEMPTS,
            "lastError": {"name": kind.name, "message": error_text(kind.message, draw, digit)},
        }
        text = json.dumps(body, ensure_ascii=False)
        time_ms = int(jobs.time_ms[place])
        sent = {"ApproximateReceiveCount": "1", "SentTimestamp": str(time_ms), "SenderId": "AROAEXAMPLE:worker",
                "ApproximateFirstReceiveTimestamp": str(time_ms), "DeadLetterQueueSourceArn": _arn(QUEUE)}  # fmt: skip
        found.append(
            {"MessageId": name, "ReceiptHandle": f"AQEB{digit}", "Body": text, "Attributes": sent,
             "MD5OfBody": md5(text.encode(), usedforsecurity=False).hexdigest()}
        )  # fmt: skip
    return found
