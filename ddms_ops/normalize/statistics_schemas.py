"""Frames of a database's statistics: one row for each row of a view in each snapshot."""

from ddms_ops.schema import PULL, ROW, UTC, Column, Schema

SNAPSHOT = (
    Column("captured_at", UTC, "when the snapshot was taken, null where that is not known"),
    Column("snapshot", "str", "the snapshot's label: before, after, its time, or a word; empty without one"),
)
ACCOUNT = (PULL, ROW)


def _schema(name: str, *columns: Column) -> Schema:
    return Schema(name, (*SNAPSHOT, *columns, *ACCOUNT))


STATEMENT_COUNTERS = _schema(
    "STATEMENT_COUNTERS",
    Column("query_id", "str", "Postgres' queryid, null where the export has none or the text is hidden"),
    Column("user", "str", "role that ran it, its oid where only that is known"),
    Column("database", "str", "database it ran in, its oid where only that is known"),
    Column("toplevel", "bool", "False where it ran inside a function; True before Postgres 14, which does not say"),
    Column("text", "str", "the statement, constants as $1"),
    Column("calls", "float64", "times it ended"),
    Column("total_ms", "float64", "time in execution, ms"),
    Column("mean_ms", "float64", "time a call, ms"),
    Column("min_ms", "float64", "shortest call, ms"),
    Column("max_ms", "float64", "longest call, ms"),
    Column("stddev_ms", "float64", "deviation of the calls' times, ms"),
    Column("rows", "float64", "rows returned or changed"),
    Column("blocks_hit", "float64", "blocks found in shared buffers"),
    Column("blocks_read", "float64", "blocks read from outside of them"),
    Column("blocks_dirtied", "float64", "blocks changed first by it"),
    Column("temp_read", "float64", "blocks read from temporary files"),
    Column("temp_written", "float64", "blocks written to temporary files"),
    Column("wal_bytes", "float64", "bytes of write-ahead log"),
    Column("plan_ms", "float64", "time in planning, ms; 0 where the server does not track it"),
    Column("jit_ms", "float64", "time in compiling, ms"),
    Column("stats_since", UTC, "when its counters began (Postgres 17 and later)"),
)
COUNTERS_INFO = _schema(
    "COUNTERS_INFO",
    Column("stats_reset", UTC, "when all counters of statements were last set to 0"),
    Column("dealloc", "float64", "times that the least used statements were dropped since"),
)
ACTIVITY = _schema(
    "ACTIVITY",
    Column("pid", "int64", "process id of the session"),
    Column("user", "str", "its role"),
    Column("database", "str", "its database"),
    Column("application", "str", "its application_name"),
    Column("state", "str", "active, idle, idle in transaction …; null for the server's own processes"),
    Column("wait_type", "str", "kind of what it waits for: Lock, LWLock, IO, Client …; null where it does not"),
    Column("wait_event", "str", "what it waits for"),
    Column("backend_start", UTC, "when it connected"),
    Column("xact_start", UTC, "when its transaction began, null without one"),
    Column("query_start", UTC, "when its statement began"),
    Column("state_change", UTC, "when its state last changed"),
    Column("query_id", "str", "queryid of its statement"),
    Column("text", "str", "its statement, the last one where it is idle; with constants"),
    Column("blocked_by", "object", "tuple of process ids that it waits for; 0 is a prepared transaction"),
)
LOCKS = _schema(
    "LOCKS",
    Column("pid", "int64", "process that holds or waits"),
    Column("lock_type", "str", "relation, transactionid, tuple …"),
    Column("mode", "str", "lock mode, e.g. AccessExclusiveLock"),
    Column("is_granted", "bool", "False where it waits"),
    Column("wait_start", UTC, "since when it waits (Postgres 14 and later)"),
    Column("relation", "str", "table or index, its oid where only that is known"),
    Column("target", "str", "what is locked, alike for all that want the same"),
)
TABLE_STATISTICS = _schema(
    "TABLE_STATISTICS",
    Column("schema", "str", "schema"),
    Column("table", "str", "table"),
    Column("bytes_estimated", "float64", "size by pg_class, bytes"),
    Column("rows_live", "float64", "rows, estimated"),
    Column("rows_dead", "float64", "dead rows, estimated"),
    Column("changed_since_analyze", "float64", "rows changed since it was last analysed"),
    Column("sequential_scans", "float64", "scans of the whole table"),
    Column("sequential_rows", "float64", "rows that these read"),
    Column("index_scans", "float64", "scans of its indexes"),
    Column("inserted", "float64", "rows inserted"),
    Column("updated", "float64", "rows updated"),
    Column("deleted", "float64", "rows deleted"),
    Column("last_vacuum", UTC, "when it was last vacuumed, by hand or by autovacuum"),
    Column("last_analyze", UTC, "when it was last analysed, by hand or by autovacuum"),
)
INDEX_STATISTICS = _schema(
    "INDEX_STATISTICS",
    Column("schema", "str", "schema"),
    Column("table", "str", "table"),
    Column("index", "str", "index"),
    Column("definition", "str", "CREATE INDEX statement, null where it was not read"),
    Column("is_valid", "bool", "False where it was left unfinished and is not used; True where that is not known"),
    Column("is_unique", "bool", "whether it keeps its columns unique; False where that is not known"),
    Column("scans", "float64", "scans of it; NaN where only its definition is known"),
    Column("rows_read", "float64", "entries that these returned"),
    Column("bytes_estimated", "float64", "size by pg_class, bytes"),
)
SETTINGS = _schema(
    "SETTINGS",
    Column("name", "str", "setting"),
    Column("value", "str", "value, in `unit`"),
    Column("unit", "str", "unit of the value, null without one"),
    Column("default", "str", "value that the server comes with"),
    Column("source", "str", "where the value comes from"),
)
DATABASE_COUNTERS = _schema(
    "DATABASE_COUNTERS",
    Column("database", "str", "database"),
    Column("connections", "float64", "sessions connected"),
    Column("commits", "float64", "transactions committed"),
    Column("rollbacks", "float64", "transactions rolled back"),
    Column("blocks_hit", "float64", "blocks found in shared buffers"),
    Column("blocks_read", "float64", "blocks read from outside of them"),
    Column("temp_files", "float64", "temporary files written"),
    Column("temp_bytes", "float64", "bytes of these"),
    Column("deadlocks", "float64", "deadlocks"),
    Column("stats_reset", UTC, "when these counters were last set to 0"),
    Column("server_started", UTC, "when the server started, null where the export does not say"),
)
FOREIGN_KEYS = _schema(
    "FOREIGN_KEYS",
    Column("name", "str", "constraint"),
    Column("schema", "str", "schema of the table that refers"),
    Column("table", "str", "table that refers"),
    Column("columns", "object", "tuple of its columns, in order"),
    Column("referenced_table", "str", "table that is referred to"),
)
