"""The frames of the tenant leakage audit; see `ddms_ops.schema`."""

from ddms_ops.schema import PULL, ROW, UTC, Column, Schema

CELLS = Schema(
    "CELLS",
    (
        Column("actor", "str", "tenant of who acted, as of the access, folded; null where nobody says"),
        Column("owner", "str", "tenant that the record belonged to then, folded; null where not known"),
        Column("outcome", "str", "served, denied or failed"),
        Column("rows", "int64", "audit rows"),
        Column("first", UTC, "first access"),
        Column("last", UTC, "last access"),
        PULL,
        ROW,
    ),
)

CROSSINGS = Schema(
    "CROSSINGS",
    (
        Column("timestamp", UTC, "when the audit row was written"),
        Column("id", "str", "the audit row's id"),
        Column("actor", "str", "tenant of who acted, as of the access; null where nobody says"),
        Column("owner", "str", "tenant that the record belonged to then; null where not known"),
        Column("row_tenant", "str", "tenant that the row was written for"),
        Column("user", "str", "who acted, null for a job"),
        Column("action", "str", "what was done"),
        Column("record_type", "str", "kind of record"),
        Column("record", "str", "the record that crossed; of a search one of its results"),
        Column("request_id", "str", "request that did it"),
        Column("outcome", "str", "served, denied or failed"),
        Column("seen_by", "str", "what names the other tenant: row, owner, user, key, search, job; comma-separated"),
        Column("verdict", "str", "disclosed, blocked, explained or unknown (actor or owner not known)"),
        Column("kind", "str", "fingerprint of a disclosure, empty for the others"),
        Column("rule", "str", "name of the exception, grant, membership … that explains it; empty for the others"),
        Column("why", "str", "why it is excused, or why not, in words"),
        Column("witnesses", "str", "other sources that show it: kinds of WITNESSES, comma-separated"),
        PULL,
        ROW,
    ),
)

WITNESSES = Schema(
    "WITNESSES",
    (
        Column("timestamp", UTC, "when"),
        Column("kind", "str", "token_path, response_tenant, cache, search_unfiltered, object_key, object_access"),
        Column("actor", "str", "tenant of who acted, null where nobody says"),
        Column("owner", "str", "tenant of what was reached, null where nobody says"),
        Column("user", "str", "who acted"),
        Column("record", "str", "the object, path or cache key"),
        Column("request_id", "str", "request that did it"),
        Column("outcome", "str", "served, denied or failed"),
        Column("words", "str", "what the source shows, in one sentence without secrets"),
        PULL,
        ROW,
    ),
)

GAPS = Schema(
    "GAPS",
    (
        Column(
            "kind",
            "str",
            "hole, silence, clock, unaudited, unread, retention, witness, unknown_actor, unknown_owner or untold",
        ),
        Column("start", UTC, "from when nothing can be told"),
        Column("end", UTC, "until when"),
        Column("tenant", "str", "tenant it is limited to, null for all"),
        Column("missing", "float64", "rows that are missing, or were to be expected; NaN where not known"),
        Column("why", "str", "why nothing can be told, in one sentence"),
        PULL,
        ROW,
    ),
)

# What the engine that holds the trail answers; each is one pull, named trail/<name>.
RHYTHM = Schema(
    "RHYTHM",
    (
        Column("minute", UTC, "start of the minute"),
        Column("tenant", "str", "tenant that the rows were written for, null for rows without one"),
        Column("rows", "int64", "audit rows"),
        PULL,
        ROW,
    ),
)
PAUSES = Schema(
    "PAUSES",
    (
        Column("tenant", "str", "tenant whose rows pause; null for the whole trail"),
        Column("start", UTC, "last row before"),
        Column("end", UTC, "first row after"),
        PULL,
        ROW,
    ),
)
HOLES = Schema(
    "HOLES",
    (
        Column("before", "int64", "last number before the hole"),
        Column("after", "int64", "first number after it"),
        Column("start", UTC, "time of the row before"),
        Column("end", UTC, "time of the row after; before `start` where the clock jumped back"),
        PULL,
        ROW,
    ),
)
EXTENT = Schema(
    "EXTENT",
    (
        Column("action", "str", "action"),
        Column("record_type", "str", "kind of record"),
        Column("rows", "int64", "audit rows in the window"),
        Column("without_tenant", "int64", "of these, rows that name no tenant"),
        Column(
            "without_actor",
            "int64",
            "of these, rows of a user whose tenant is not known (a job, without user, acts for its row)",
        ),
        Column("without_user", "int64", "of these, rows without a user"),
        Column("without_record", "int64", "of these, rows without a record"),
        Column("without_number", "int64", "of these, rows without a number of the sequence"),
        Column("unreadable", "int64", "of these, rows whose details are no JSON, or whose results are no list of ids"),
        Column("first", UTC, "first row"),
        Column("last", UTC, "last row"),
        PULL,
        ROW,
    ),
)
