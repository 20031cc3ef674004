"""Athena through awswrangler: the account's data lake, where a service's own memory or one machine ends."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import pandas as pd
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ddms_ops.coverage import Status
from ddms_ops.deployment import Athena
from ddms_ops.interrupts import whole_step
from ddms_ops.progress import Meter
from ddms_ops.sources.aws.faults import AwsFault, fault_of
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import Row
from ddms_ops.window import Window, iso

NAME = re.compile(r"[A-Za-z0-9_]+")
SELECT = re.compile(r"\s*(SELECT|WITH)\b[^;]*", re.IGNORECASE)
POLL_S = 0.5
TB, USD_A_TB = 10**12, Decimal(5)  # the list price of us-east-1
LEAST_BYTES = 10_000_000  # that are billed for a query
DAYS = "timestamp"  # the partition of the documented CloudTrail table, yyyy/MM/dd of delivery
PLAIN = {
    "eventtime": "eventTime", "eventid": "eventID", "eventname": "eventName", "eventsource": "eventSource",
    "awsregion": "awsRegion", "sourceipaddress": "sourceIPAddress", "useragent": "userAgent",
    "errorcode": "errorCode", "errormessage": "errorMessage", "readonly": "readOnly",
    "recipientaccountid": "recipientAccountId",
}  # fmt: skip
JSON_TEXTS = {"requestparameters": "requestParameters", "responseelements": "responseElements"}
IDENTITY = {
    "useridentity.type": "type", "useridentity.arn": "arn", "useridentity.username": "userName",
    "useridentity.invokedby": "invokedBy", "useridentity.sessioncontext.sessionissuer.username": "issuer",
}  # fmt: skip


def athena_rows(
    session: AwsSession,
    sql: str,
    parameters: Sequence[str | int],
    athena: Athena,
    *,
    scanned: Callable[[int], None] | None = None,
) -> pa.Table:
    """The answer to one SELECT; the bytes it scanned are told as progress. Ctrl-C stops the query at AWS.

    Args:
        session: where to ask.
        sql: one SELECT, with a `?` for each value.
        parameters: the values, in order.
        athena: database and workgroup.
        scanned: told the bytes, which AWS bills.

    Raises:
        AwsFault: not answered, or not to be asked.
    """
    if not SELECT.fullmatch(sql):
        raise AwsFault(Status.FAILED, "Athena is asked for one SELECT without a semicolon, nothing else")
    _checked(athena.database)
    _must_have_a_place(session, athena.workgroup)
    try:
        table, size = _answer(session, sql, [_literal(value) for value in parameters], athena)
    except ClientError as error:
        raise fault_of(error, "athena", error.operation_name) from None
    except BotoCoreError as error:
        raise fault_of(error, "athena", "StartQueryExecution") from None
    except ResponseParserError:
        raise AwsFault(Status.FAILED, "athena: an answer was cut off") from None
    if scanned is not None:
        scanned(size)
    return table


def _must_have_a_place(session: AwsSession, workgroup: str) -> None:
    """Results must have their place: awswrangler would make up a bucket whose name anybody can guess.

    Raises:
        AwsFault: the workgroup has none, or cannot be read.
    """
    group = session.call("athena", "GetWorkGroup", WorkGroup=workgroup)["WorkGroup"]
    configuration = group.get("Configuration", {})
    is_managed = configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled", False)
    if not is_managed and not configuration.get("ResultConfiguration", {}).get("OutputLocation"):
        words = f"Athena workgroup {workgroup!r} has no place for results; set its output location"
        raise AwsFault(Status.FAILED, words)


def _answer(session: AwsSession, sql: str, literals: list[str], athena: Athena) -> tuple[pa.Table, int]:
    import awswrangler
    import boto3

    boto3_session = boto3.Session(botocore_session=session.botocore, region_name=session.region)
    query_id, meter = "", Meter("Athena, bytes scanned")
    try:
        with whole_step():  # a query that was started can be stopped only by its id
            query_id = awswrangler.athena.start_query_execution(
                sql,
                database=athena.database,
                workgroup=athena.workgroup,
                params=literals,
                paramstyle="qmark",
                boto3_session=boto3_session,
            )
        state = awswrangler.athena.wait_query(query_id, boto3_session, POLL_S)
    except KeyboardInterrupt:
        if query_id:
            with contextlib.suppress(AwsFault):
                session.call("athena", "StopQueryExecution", QueryExecutionId=query_id)
        raise
    except (awswrangler.exceptions.QueryFailed, awswrangler.exceptions.QueryCancelled) as error:
        raise AwsFault(Status.FAILED, f"the Athena query ended as {type(error).__name__}") from None
    size = int(state.get("Statistics", {}).get("DataScannedInBytes", 0))
    meter.add(size=size, usd=Decimal(max(size, LEAST_BYTES)) / TB * USD_A_TB)
    meter.end()
    frame = awswrangler.athena.get_query_results(query_id, use_threads=False, boto3_session=boto3_session)
    return pa.Table.from_pandas(frame, preserve_index=False), size


def trail_from_athena(session: AwsSession, window: Window, athena: Athena) -> Iterator[Row]:
    """Rows of CHANGE_RECORDS of this account from the CloudTrail table that AWS documents.

    Reads are left out. Where the table is partitioned by day of delivery (`timestamp`), only the window's days and
    the one after it are scanned.

    Raises:
        AwsFault: not answered.
    """
    account, _ = session.identity
    columns = ", ".join(f"{column} AS c{place}" for place, column in enumerate([*PLAIN, *JSON_TEXTS, *IDENTITY]))
    condition = "eventtime >= ? AND eventtime < ? AND readonly = 'false' AND recipientaccountid = ?"
    parameters: list[str | int] = [iso(window.start.floor("s")), iso(window.end.ceil("s")), account]
    if DAYS in _partitions(session, athena):
        condition += f' AND "{DAYS}" BETWEEN ? AND ?'
        parameters += [f"{window.start:%Y/%m/%d}", f"{window.end + pd.Timedelta(days=1):%Y/%m/%d}"]
    sql = f'SELECT {columns} FROM "{_checked(athena.trail)}" WHERE {condition}'
    for values in athena_rows(session, sql, parameters, athena).to_pylist():
        record = _record(list(values.values()))
        text = json.dumps(record, ensure_ascii=False, sort_keys=True)
        yield {
            "timestamp": record.get("eventTime"),
            "event_id": record.get("eventID"),
            "name": record.get("eventName"),
            "record": text,
        }


def _partitions(session: AwsSession, athena: Athena) -> list[str]:
    table = session.call("glue", "GetTable", DatabaseName=_checked(athena.database), Name=_checked(athena.trail))
    return [key["Name"] for key in table["Table"].get("PartitionKeys", [])]


def _record(values: list[str | None]) -> dict[str, object]:
    """A CloudTrail record as it was delivered, of one row's values."""
    names = [*PLAIN.values(), *JSON_TEXTS.values(), *IDENTITY.values()]
    found = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    identity: dict[str, object] = {name: found.pop(name) for name in IDENTITY.values() if name in found}
    if issuer := identity.pop("issuer", None):
        identity["sessionContext"] = {"sessionIssuer": {"userName": issuer}}
    parsed = {name: _parsed(str(found[name])) for name in JSON_TEXTS.values() if name in found}
    return {**found, **parsed, "userIdentity": identity}


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _literal(value: str | int) -> str:
    """A value as Athena wants it: texts in single quotes."""
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _checked(name: str) -> str:
    """A database's or table's name, which no parameter can stand for.

    Raises:
        AwsFault: it holds other characters than letters, digits and underscores.
    """
    if not NAME.fullmatch(name):
        raise AwsFault(Status.FAILED, f"athena: {name!r} is no table's or database's name; letters, digits, _")
    return name
