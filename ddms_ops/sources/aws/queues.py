"""SQS queues as they are, with the age of their oldest message in the window."""

from collections.abc import Iterator, Sequence

import pandas as pd

from ddms_ops.declaration import Metric
from ddms_ops.sources.aws.metrics import metric_points
from ddms_ops.sources.aws.resource_rows import of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.window import Window

AGE = "ageOfOldestMessageSeconds"


def queue_records(session: AwsSession, names: Sequence[str], window: Window, *, now: pd.Timestamp) -> Iterator[Row]:
    """One row a queue: its attributes, the queues whose dead letters it takes, its oldest message's greatest age.

    Raises:
        AwsFault: the credentials have ended.
    """

    def rows_of(name: str) -> Iterator[Row]:
        url = session.call("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]
        answer = session.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        record = {"url": url, "attributes": answer.get("Attributes", {}), "deadLetterSources": _sources(session, url)}
        ages: list[float] = []
        points = of_each(
            "age of queue", [name], lambda _: metric_points(session, window, {name: _age_of(name)}, now=now)
        )
        for point in points:
            if FAULT in point:
                yield point
            elif window.contains(pd.Timestamp(str(point["timestamp"]))):
                ages.append(float(str(point["value"])))
        yield record_row("queue", name, {**record, AGE: max(ages, default=None)})

    yield from of_each("queue", names, rows_of)


def _sources(session: AwsSession, url: str) -> list[str]:
    """URLs of the queues that send their dead letters here."""
    pages = session.pages("sqs", "ListDeadLetterSourceQueues", ask="NextToken", answer="NextToken", QueueUrl=url)
    return sorted(found for page in pages for found in page.get("queueUrls", []))


def _age_of(name: str) -> Metric:
    return Metric(
        namespace="AWS/SQS",
        name="ApproximateAgeOfOldestMessage",
        dimensions={"QueueName": name},
        statistic="Maximum",
        period_s=60,
        unit="s",
    )
