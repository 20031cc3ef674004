"""The frames of the notebook `access_anomalies`: calls of the AWS API, and sign-ins; see `ddms_ops.schema`."""

from ddms_ops.schema import PULL, ROW, UTC, Column, Schema

CALLS = Schema(
    "CALLS",
    (
        Column("timestamp", UTC, "when the call was made"),
        Column("name", "str", "API call, e.g. UpdateFunctionCode, without a version"),
        Column("service", "str", "AWS service that was called, without .amazonaws.com"),
        Column("region", "str", "region"),
        Column("actor", "str", "who called: user, role or service; as in CHANGES"),
        Column("actor_type", "str", "IAMUser, AssumedRole, Root, FederatedUser, AWSService, AWSAccount, Unknown, …"),
        Column("account", "str", "account of who called, null without one"),
        Column("source_ip", "str", "address it came from; the name of an AWS service that called for the actor"),
        Column("user_agent", "str", "what the caller says it is, at most 400 characters"),
        Column("error", "str", "error code, null when the call succeeded; of a refused ConsoleLogin `Failure`"),
        Column("error_message", "str", "what the error says, at most 400 characters"),
        Column("is_write", "bool", "False for reads"),
        Column("mfa", "str", "yes or no, of the sign-in or of the session; null where the record does not say"),
        Column("resource", "str", "what was called on, null when the record does not say; as in CHANGES"),
        Column(
            "parameters", "str", "request parameters of a write as JSON, null without any or above 20,000 characters"
        ),
        Column("made", "str", "id of the access key that the call made, null for every other call"),
        PULL,
        ROW,
    ),
)

SIGN_INS = Schema(
    "SIGN_INS",
    (
        Column("timestamp", UTC, "when"),
        Column("is_refused", "bool", "whether it was refused; else it was let in"),
        Column("user", "str", "who, null where nobody is named"),
        Column("address", "str", "client's address, null without one"),
        Column("reason", "str", "why refused: error code, text of the profile or HTTP status; null where let in"),
        Column("place", "str", "endpoint or log group, or the API call of CloudTrail"),
        PULL,
        ROW,
    ),
)
