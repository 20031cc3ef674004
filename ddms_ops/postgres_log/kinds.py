"""What an event of the log is, told by its level and how its message begins (English, `lc_messages = C`)."""

from ddms_ops.postgres_log.prefix import FOLLOWERS
from ddms_ops.sql_text import masked_expression

CALLS = {
    "statement": "statement", "execute fetch from ": "fetch", "execute": "execute", "parse": "parse", "bind": "bind",
    "fastpath": "fastpath",
}  # fmt: skip
"""Kinds by what follows a duration; "fetch" is a portal that is read on: its time counts, it is no further call."""
TEXTED = ("statement", "execute", "fetch", "parse", "bind")
EXECUTED = ("statement", "execute", "log_statement", "plan")
"""Kinds whose statement was run: what it sets holds, what it ends is ended."""
LONGEST_MS = 315_576_000_000  # ten years: longer is no measurement
BEGINNINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lock_failed", ("canceling statement due to lock timeout", "could not obtain lock on", "skipping analyze of",
                     "skipping vacuum of")),
    ("cancelled", ("canceling statement due to", "canceling autovacuum task", "canceling authentication due to")),
    ("idle_timeout", ("terminating connection due to idle-in-transaction timeout",
                      "terminating connection due to idle-session timeout",
                      "terminating connection due to transaction timeout")),
    ("replication", ("terminating walreceiver", "could not receive data from WAL stream", "could not send data to WAL",
                     "restored log file", "started streaming WAL", "restarted WAL streaming", "streaming replication",
                     "primary server contains no more WAL", "replication terminated", "according to history file",
                     "entering standby mode", "consistent recovery state", "fetching timeline history",
                     "invalid record",
                     "record with", "unexpected pageaddr", "received replication command", "logical replication",
                     "starting logical decoding", "logical decoding", "standby", "recovery restart point",
                     "archive command",
                     "selected new timeline", "requested WAL segment", "new timeline", "terminating walsender",
                     "logical decoding found", "acquired replication slot", "released replication slot",
                     "invalidating obsolete replication slot", "invalidating slot", "requested starting point",
                     "parameter \"recovery", "replication slot")),
    ("terminated", ("terminating connection", "terminating background worker", "terminating autovacuum process",
                    "connection to client lost", "unexpected EOF on client", "could not receive data from client",
                    "could not send data to client", "canceling wait for synchronous", "terminating any other")),
    ("connection_failed", ("password authentication failed", "no pg_hba.conf entry", "pg_hba.conf rejects",
                           "sorry, too many clients", "remaining connection slots", "too many connections for",
                           "could not accept SSL", "unsupported frontend protocol", "incomplete startup packet",
                           "invalid length of startup packet", "no PostgreSQL user name", "invalid startup packet",
                           "Ident authentication failed", "Peer authentication failed", "could not connect to Ident",
                           "certificate authentication failed", "GSSAPI authentication failed", "PAM authentication",
                           "LDAP authentication", "incomplete message from client", "the database system is",
                           "SCRAM authentication", "RADIUS authentication", "connection limit exceeded",
                           "provided user name", "no pg_hba", "expected SSL response", "SSL error")),
    ("connection", ("connection received:", "connection authorized:", "connection authenticated:",
                    "connection ready:", "replication connection authorized:")),
    ("disconnection", ("disconnection:",)),
    ("checkpoint", ("checkpoint ", "checkpoints are occurring", "restartpoint ")),
    ("autovacuum", ("automatic vacuum of table", "automatic aggressive vacuum", "autovacuum")),
    ("autoanalyze", ("automatic analyze of table",)),
    ("temp_file", ("temporary file: path", "temporary file:")),
    ("settings", ("received SIGHUP", "parameter \"", "configuration file \"", "pg_hba.conf was not reloaded",
                  "reloading configuration")),
    ("server", ("database system ", "starting PostgreSQL", "listening on", "received fast shutdown",
                "received smart shutdown", "received immediate shutdown", "aborting any active", "shutting down",
                "server process", "all server processes", "background worker", "worker process", "redo ",
                "last completed transaction", "out of memory", "MultiXact", "redirecting log output",
                "ending log output", "startup process", "recovering prepared", "archiver process", "pgstat wait",
                "using stale statistics", "could not fork", "could not open", "could not write", "could not link",
                "could not create", "could not rename", "could not remove", "could not fsync", "invalid page in block",
                "page verification failed", "no space left", "pg_stop_backup", "pg_backup_stop", "performing",
                "transaction ID wrap limit", "starting backup recovery", "completed backup recovery", "logger shutting",
                "invalid primary checkpoint", "could not locate", "removing", "begin rolling", "abnormal database",
                "interrupted by", "oldest xmin", "resetting unlogged", "forked new backend")),
)  # fmt: skip
"""Kinds of messages of any level, by how they begin."""
DATABASE_STATES = (" must be vacuumed within", " is not currently accepting connections")
ERRORS = "('ERROR', 'FATAL', 'PANIC')"
NAMED_FAILURES = r"^(?:role|database|user) .* (?:does not exist|is not permitted to log in|is not currently accepting)"


def _any(beginnings: tuple[str, ...]) -> str:
    quoted = (beginning.replace("'", "''") for beginning in beginnings)
    return " OR ".join(f"starts_with(message, '{beginning}')" for beginning in quoted)


def _durations() -> str:
    cases = " ".join(f"WHEN starts_with(rest, '  {word}') THEN '{kind}'" for word, kind in CALLS.items())
    return f"CASE {cases} WHEN starts_with(rest, '  plan:') THEN 'plan' ELSE 'duration' END"


KIND = f"""CASE
    WHEN level IS NULL THEN 'garbage'
    WHEN rest IS NOT NULL THEN {_durations()}
    WHEN starts_with(message, 'statement:') AND level = 'LOG' THEN 'log_statement'
    WHEN starts_with(message, 'execute ') AND level = 'LOG' THEN 'log_statement'
    WHEN starts_with(message, 'fastpath function call:') THEN 'fastpath'
    WHEN starts_with(message, 'process ') AND contains(message, ' after ') THEN CASE
        WHEN contains(message, ' still waiting for ') THEN 'lock_wait'
        WHEN contains(message, ' acquired ') THEN 'lock_acquired'
        WHEN contains(message, ' avoided deadlock ') THEN 'lock_wait'
        WHEN contains(message, ' deadlock ') THEN 'deadlock'
        WHEN contains(message, ' failed to acquire ') THEN 'lock_failed'
        ELSE 'other' END
    WHEN starts_with(message, 'deadlock detected') THEN 'deadlock'
    {" ".join(f"WHEN {_any(beginnings)} THEN '{kind}'" for kind, beginnings in BEGINNINGS)}
    WHEN level = 'FATAL' AND regexp_matches(message, '{NAMED_FAILURES}') THEN 'connection_failed'
    WHEN level IN {ERRORS} THEN 'error'
    WHEN contains(message, 'must be vacuumed within') THEN 'server'
    WHEN level = 'WARNING' THEN 'other'
    ELSE 'other' END"""
"""DuckDB's SQL of the kind of an event, of the columns level, message and rest (what follows `duration: … ms`)."""

LOCK = r"(?:for|acquired|acquire) (\w+ on .+?)(?: by rearranging .+?)? after ([\d.]+) ms"
NUMBERS = "list_transform(regexp_extract_all({}, '[0-9]+'), lambda x: CAST(x AS BIGINT))"
HOLDERS = NUMBERS.format(r"regexp_extract(detail, 'holding the lock: ([0-9, ]+)', 1)")
WAITERS = NUMBERS.format(r"regexp_extract(detail, 'Wait queue: ([0-9, ]+)', 1)")
LOCKED = "kind IN ('lock_wait', 'lock_acquired', 'lock_failed', 'deadlock') AND starts_with(message, 'process ')"


def _possible(text: str) -> str:
    """Milliseconds that a text gives; null where they are not finite, negative or over ten years."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    return f"CASE WHEN {number} BETWEEN 0 AND {LONGEST_MS} THEN {number} END"


SQL_LINE = r"^\s*Process [0-9]+: "
LINES = f"""array_to_string(list_transform(string_split(detail, chr(10)), lambda x: CASE
    WHEN regexp_matches(x, '^\\s*Process [0-9]+ waits for ') THEN x
    ELSE regexp_extract(x, '{SQL_LINE}') ||
        {masked_expression(f"regexp_replace(x, '{SQL_LINE}', '')")} END), chr(10))"""
NO_PARAMETERS = r"(?is)(?:\b(?:bind )?parameters: |prepare: ).*"
DETAIL = f"""CASE WHEN detail IS NULL THEN NULL WHEN kind = 'deadlock' THEN left({LINES}, 2000)
    ELSE nullif(left(regexp_replace(detail, '{NO_PARAMETERS}', ''), 2000), '') END"""
CONTEXT = f"""CASE WHEN context IS NULL THEN NULL
    WHEN contains(context, 'SQL statement') OR contains(context, 'parameters')
        THEN left({masked_expression(r"regexp_replace(context, '(?s)parameters: .*', '')")}, 2000)
    ELSE left(context, 2000) END"""
FACTS = f"""
    WITH split AS (SELECT *, CASE WHEN starts_with(message, 'duration: ') THEN instr(message, ' ms') END AS unit FROM
        (SELECT row, level, detail, context, query, CASE WHEN substr(message, 6, 2) = ': '
                AND regexp_matches(message, '^[0-9A-Z]{{5}}: ') THEN left(message, 5) END AS code,
            CASE WHEN code IS NULL THEN message ELSE ltrim(substr(message, 8), ' ') END AS message,
            coalesce(sqlstate, code) AS sqlstate FROM parts)),
    timed AS (SELECT *, CASE WHEN unit > 0 THEN substr(message, unit + 3) END AS rest FROM split),
    kinds AS (SELECT *, {KIND} AS kind FROM timed)
    SELECT row, kind, sqlstate,
    {_possible("CASE WHEN rest IS NOT NULL THEN substr(message, 11, unit - 11) END")} AS duration_ms,
    CASE WHEN kind IN {TEXTED}
            THEN ltrim(substr(rest, instr(rest, ':') + 1), ' ' || chr(10))
        WHEN kind = 'log_statement' THEN ltrim(substr(message, instr(message, ':') + 1), ' ' || chr(10))
        WHEN level = 'STATEMENT' THEN message
        WHEN kind NOT IN ('plan', 'fastpath', 'duration') THEN query END AS text,
    CASE WHEN kind = 'log_statement' THEN CASE WHEN starts_with(message, 'execute fetch from ') THEN 'fetch'
        WHEN starts_with(message, 'execute') THEN 'execute' ELSE 'statement' END END AS form,
    CASE WHEN kind = 'plan' THEN ltrim(substr(rest, 8), chr(10)) END AS plan,
    CASE WHEN {LOCKED} THEN nullif(regexp_extract(message, '{LOCK}', 1), '') END AS lock,
    CASE WHEN {LOCKED} THEN {_possible(f"regexp_extract(message, '{LOCK}', 2)")} END AS wait_ms,
    CASE WHEN {LOCKED} AND detail IS NOT NULL AND NOT contains(message, ' avoided deadlock ') THEN {HOLDERS}
        ELSE [] END AS holders,
    CASE WHEN {LOCKED} AND detail IS NOT NULL THEN {WAITERS} ELSE [] END AS waiters,
    CASE WHEN kind = 'temp_file' THEN TRY_CAST(regexp_extract(message, 'size ([0-9]+)', 1) AS BIGINT) END AS bytes,
    CASE WHEN kind IN {(*TEXTED, "plan", "log_statement", "fastpath", "duration")}
        OR level IN {FOLLOWERS} THEN NULL ELSE left(message, 1000) END AS message,
    {DETAIL} AS detail,
    {CONTEXT} AS context
    FROM kinds"""
"""Kinds and further columns of the table `parts` (row and heads.PARTS)."""
