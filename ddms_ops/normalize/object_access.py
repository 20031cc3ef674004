"""Accesses to S3 objects, out of CloudTrail's data events and S3's access logs, in one frame."""

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.engine import offline_engine
from ddms_ops.schema import PULL, ROW, UTC, Column, Schema, conform

OBJECT_ACCESS = Schema(
    "OBJECT_ACCESS",
    (
        Column("timestamp", UTC, "when"),
        Column("operation", "str", "API call (GetObject), or operation of the access log (REST.GET.OBJECT)"),
        Column("bucket", "str", "bucket"),
        Column("key", "str", "key, of a listing the prefix; null without one"),
        Column("is_listing", "bool", "whether it lists keys"),
        Column("principal", "str", "ARN of who called, else another id; null where nobody is named"),
        Column("user", "str", "user or session that called"),
        Column("account", "str", "account of who called"),
        Column("is_presigned", "bool", "whether by a pre-signed URL: its principal is who signed"),
        Column("source_ip", "str", "address it came from"),
        Column("request_id", "str", "S3's request id, the same in both sources"),
        Column("error", "str", "error code, null when it was served"),
        Column("outcome", "str", "served, denied or failed"),
        PULL,
        ROW,
    ),
)

TRAIL_PATHS = {
    "source": "$.eventSource",
    "category": "$.eventCategory",
    "management": "$.managementEvent",
    "operation": "$.eventName",
    "bucket": "$.requestParameters.bucketName",
    "object": "$.requestParameters.key",
    "prefix": "$.requestParameters.prefix",
    "copied": '$.requestParameters."x-amz-copy-source"',
    "arn": "$.userIdentity.arn",
    "principal_id": "$.userIdentity.principalId",
    "user_name": "$.userIdentity.userName",
    "account": "$.userIdentity.accountId",
    "method": "$.additionalEventData.AuthenticationMethod",
    "error": "$.errorCode",
    "source_ip": "$.sourceIPAddress",
    "request_id": "$.requestID",
}
ACCESS_PATHS = {
    name: f"$.{name}"
    for name in ("operation", "bucket", "key", "requester", "remote_ip", "request_id", "http_status", "error_code",
                 "auth_type", "request_uri")
}  # fmt: skip
LISTING = "^(ListObjects|ListObjectsV2|ListObjectVersions|REST\\.GET\\.BUCKET|REST\\.GET\\.BUCKETVERSIONS)$"
REFUSED = (
    "AccessDenied|Forbidden|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|NoSuchKey|NoSuchBucket|^40[134]$"
)
OUTCOME = (
    f"CASE WHEN error IS NULL THEN 'served' WHEN regexp_matches(error, '{REFUSED}') THEN 'denied' ELSE 'failed' END"
)
ARN_ACCOUNT = "^arn:[^:]*:(?:iam|sts)::([0-9]{12}):"
COPIED = "^/?([^/]+)/([^?]*)"
SIGNED = "(?i)[?&](x-amz-algorithm|awsaccesskeyid)="
PREFIX = "[?&]prefix=([^& ]*)"


def object_accesses(
    changes: pa.Table | None = None,
    access: pa.Table | None = None,
    *,
    changes_pull: str = "changes",
    access_pull: str = "access",
) -> pd.DataFrame:
    """Accesses to objects of both sources, by time.

    Args:
        changes: raw CloudTrail records (CHANGE_RECORDS); what is no data event of S3 is left out.
        access: requests of S3's access logs (RECORDS, kind s3_access).
        changes_pull, access_pull: what the pulls are called.

    Returns:
        OBJECT_ACCESS frame; a request that both sources tell of has a row of each. A copy has a row for what it reads
        and one for what it writes. Records that are no JSON are left out.
    """
    parts = [
        _read(table, query).assign(pull=pull)
        for table, query, pull in ((changes, _of_trail(), changes_pull), (access, _of_access(), access_pull))
        if table is not None and table.num_rows
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if found.empty:
        return conform(pd.DataFrame(), OBJECT_ACCESS)
    order = ["timestamp", "pull", "row", "bucket", "key"]
    return conform(found.sort_values(order, kind="stable", ignore_index=True), OBJECT_ACCESS)


def _read(table: pa.Table, query: str) -> pd.DataFrame:
    connection = offline_engine()
    try:
        numbered = table.select(["timestamp", "record"]).append_column("row", pa.array(np.arange(table.num_rows)))
        connection.register("records", numbered)
        return connection.sql(query).to_arrow_table().to_pandas()
    finally:
        connection.close()


def _values(paths: dict[str, str]) -> str:
    """SQL of the values in a record, a column each."""
    listed = ", ".join(f"'{path}'" for path in paths.values())
    named = ", ".join(f"nullif(x[{place}], '') AS {name}" for place, name in enumerate(paths, start=1))
    return f"""(SELECT timestamp, row, {named} FROM (SELECT timestamp, row, CASE WHEN json_valid(record)
        THEN json_extract_string(record, [{listed}]) END AS x FROM records) WHERE x IS NOT NULL)"""


def _of_trail() -> str:
    """SQL of OBJECT_ACCESS from CloudTrail records."""
    columns = f"""timestamp, row, operation, regexp_matches(operation, '{LISTING}') AS is_listing,
        coalesce(arn, principal_id) AS principal, coalesce(user_name, nullif(split_part(arn, '/', -1), '')) AS user,
        account, coalesce(method = 'QueryString', false) AS is_presigned, source_ip, request_id, error,
        {OUTCOME} AS outcome"""
    is_access = """source = 's3.amazonaws.com' AND bucket IS NOT NULL AND coalesce(category, 'Data') = 'Data'
        AND coalesce(management, 'false') = 'false'"""
    return f"""WITH said AS (FROM {_values(TRAIL_PATHS)} WHERE {is_access})
        SELECT {columns}, bucket, coalesce(object, prefix) AS key FROM said
        UNION ALL SELECT {columns}, regexp_extract(copied, '{COPIED}', 1),
            coalesce(try(url_decode(regexp_extract(copied, '{COPIED}', 2))), regexp_extract(copied, '{COPIED}', 2))
            FROM said WHERE regexp_matches(copied, '{COPIED}')"""


def _of_access() -> str:
    """SQL of OBJECT_ACCESS from lines of access logs; keys are escaped twice there, a requester may be an id."""
    key = f"coalesce(key, nullif(regexp_extract(request_uri, '{PREFIX}', 1), ''))"
    refused = "coalesce(error_code, CASE WHEN try_cast(http_status AS INTEGER) >= 400 THEN http_status END)"
    plain = "coalesce(try(url_decode(once)), once)"
    return f"""SELECT *, {OUTCOME} AS outcome, {plain} AS key FROM (SELECT timestamp, row, operation, bucket,
        regexp_matches(operation, '{LISTING}') AS is_listing, requester AS principal,
        nullif(split_part(requester, '/', -1), '') AS user,
        nullif(regexp_extract(requester, '{ARN_ACCOUNT}', 1), '') AS account,
        coalesce(auth_type = 'QueryString', regexp_matches(request_uri, '{SIGNED}'), false) AS is_presigned,
        remote_ip AS source_ip, request_id, {refused} AS error,
        coalesce(try(url_decode({key})), {key}) AS once FROM {_values(ACCESS_PATHS)})"""
