"""Records of a topic: which file reads it, and whether the profile names anything for it."""

from collections.abc import Iterator

import pandas as pd

from ddms_ops.deployment import Resources, of_account
from ddms_ops.sources.aws.apis import graphql_records, rest_records
from ddms_ops.sources.aws.containers import container_records
from ddms_ops.sources.aws.databases import database_records
from ddms_ops.sources.aws.functions import function_records
from ddms_ops.sources.aws.queues import queue_records
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.aws.tables import table_records
from ddms_ops.sources.aws.workflows import workflow_records
from ddms_ops.sources.base import RecordQuery
from ddms_ops.sources.json_files import Row

NAMED_BY = {
    "queues": ("queues",),
    "workflows": ("state_machines",),
    "functions": ("functions",),
    "tables": ("tables",),
    "containers": ("services",),
    "databases": ("databases",),
    "apis": ("graphql_apis", "rest_apis"),
}


def is_declared(topic: str, resources: Resources) -> bool:
    """Whether there is anything to ask for."""
    return any(getattr(resources, field) for field in NAMED_BY[topic])


def records(session: AwsSession, query: RecordQuery, resources: Resources, *, now: pd.Timestamp) -> Iterator[Row]:
    """Rows of RECORDS of one topic.

    Raises:
        AwsFault: the topic cannot be had at all.
    """
    window, resources = query.window, of_account(resources, session.name)
    if query.topic == "queues":
        yield from queue_records(session, resources.queues, window, now=now)
    elif query.topic == "workflows":
        yield from workflow_records(session, resources.state_machines, window)
    elif query.topic == "functions":
        yield from function_records(session, resources.functions)
    elif query.topic == "tables":
        yield from table_records(session, resources.tables)
    elif query.topic == "containers":
        yield from container_records(session, resources.services, window, now=now)
    elif query.topic == "databases":
        yield from database_records(session, resources.databases, window, now=now)
    else:
        yield from graphql_records(session, resources.graphql_apis)
        yield from rest_records(session, resources.rest_apis)
