"""CloudTrail records as CALLS: who called what, from where, and with what outcome.

The fields are those of the CloudTrail record contents reference (userIdentity, sourceIPAddress, userAgent, errorCode,
requestParameters, additionalEventData).
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.access_schemas import CALLS
from ddms_ops.engine import offline_engine
from ddms_ops.normalize.changes import RESOURCE_KEYS
from ddms_ops.schema import conform

TEXT_CHARS, PARAMETER_CHARS = 400, 20_000
VERSION = r"\d{8}(v\d+)?$"
PATHS = {
    "name": "$.eventName",
    "source": "$.eventSource",
    "region": "$.awsRegion",
    "user_name": "$.userIdentity.userName",
    "issuer": "$.userIdentity.sessionContext.sessionIssuer.userName",
    "invoker": "$.userIdentity.invokedBy",
    "arn": "$.userIdentity.arn",
    "type": "$.userIdentity.type",
    "owner": "$.userIdentity.accountId",
    "recipient": "$.recipientAccountId",
    "source_ip": "$.sourceIPAddress",
    "agent": "$.userAgent",
    "code": "$.errorCode",
    "said": "$.errorMessage",
    "read_only": "$.readOnly",
    "mfa_used": "$.additionalEventData.MFAUsed",
    "mfa_session": "$.userIdentity.sessionContext.attributes.mfaAuthenticated",
    "login": "$.responseElements.ConsoleLogin",
    "parameters": "$.requestParameters",
    "listed": "$.resources[0].ARN",
    "made": "$.responseElements.accessKey.accessKeyId",
}


def normalize_calls(table: pa.Table, pull: str) -> pd.DataFrame:
    """CloudTrail records as a CALLS frame, in the table's order.

    Args:
        table: raw records (CHANGE_RECORDS).
        pull: what the pull is called.

    Returns:
        CALLS frame; a record that is no JSON object is an `unknown call` of nobody.
    """
    if not table.num_rows:
        return conform(pd.DataFrame(), CALLS)
    connection = offline_engine()
    try:
        numbered = table.select(["timestamp", "record"]).append_column("row", pa.array(np.arange(table.num_rows)))
        connection.register("records", numbered)
        found = connection.sql(_query()).to_arrow_table().to_pandas()
    finally:
        connection.close()
    return conform(found.assign(pull=pull), CALLS)


def _query() -> str:
    """SQL of CALLS from the table `records`."""
    paths = [*PATHS.values(), *(f"$.requestParameters.{key}" for key in RESOURCE_KEYS)]
    listed = ", ".join(f"'{path}'" for path in paths)
    named = ", ".join(f"nullif(x[{place}], '') AS {name}" for place, name in enumerate(PATHS, start=1))
    first = len(PATHS) + 1
    # An object or a list is no name: names do not begin with a bracket.
    names = ", ".join(
        f"CASE WHEN regexp_matches(x[{place}], '^[^{{\\[]') THEN x[{place}] END"
        for place in range(first, first + len(RESOURCE_KEYS))
    )
    return f"""WITH said AS (SELECT timestamp, row, {named}, coalesce({names}) AS named FROM (
            SELECT timestamp, row, CASE WHEN json_valid(record) THEN json_extract_string(record, [{listed}]) END AS x
            FROM records))
        SELECT timestamp, row, region, source_ip, made,
            coalesce(regexp_replace(name, '{VERSION}', ''), 'unknown call') AS name,
            regexp_replace(source, '[.]amazonaws[.]com$', '') AS service,
            coalesce(user_name, issuer, nullif(invoker, 'AWS Internal'), nullif(split_part(arn, '/', -1), ''),
                type) AS actor,
            coalesce(type, CASE WHEN invoker <> 'AWS Internal' THEN 'AWSService' ELSE 'Unknown' END) AS actor_type,
            coalesce(owner, recipient) AS account, left(agent, {TEXT_CHARS}) AS user_agent,
            coalesce(code, CASE WHEN name = 'ConsoleLogin' AND login = 'Failure' THEN 'Failure' END) AS error,
            left(said, {TEXT_CHARS}) AS error_message,
            coalesce(lower(read_only) <> 'true', true) AS is_write,
            CASE lower(coalesce(mfa_used, mfa_session)) WHEN 'yes' THEN 'yes' WHEN 'true' THEN 'yes' WHEN 'no' THEN 'no'
                WHEN 'false' THEN 'no' END AS mfa,
            coalesce(named, listed) AS resource,
            CASE WHEN coalesce(lower(read_only) <> 'true', true) AND len(parameters) <= {PARAMETER_CHARS}
                AND parameters <> 'null' THEN parameters END AS parameters
        FROM said ORDER BY row"""
