"""DynamoDB tables as they are."""

from collections.abc import Iterator, Sequence

from ddms_ops.sources.aws.resource_rows import of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import Row


def table_records(session: AwsSession, names: Sequence[str]) -> Iterator[Row]:
    """One row a table: keys, indexes, throughput, state; no item is read.

    Raises:
        AwsFault: the credentials have ended.
    """

    def rows_of(name: str) -> Iterator[Row]:
        yield record_row("table", name, session.call("dynamodb", "DescribeTable", TableName=name)["Table"])

    yield from of_each("table", names, rows_of)
