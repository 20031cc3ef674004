"""What a snapshot asks Postgres, version 12 or later: each view's rows as JSON, so that no column list ages.

A lock in exclusive mode, held or waited for, makes a reader of a table's definition wait too: such are left out.
"""

MOST_ROWS = 5_000
MOST_TEXT = 10_000
LIMIT = MOST_ROWS + 1  # one more says that there are more

NOW = "SELECT clock_timestamp() AS now"
WHERE = """
SELECT c.relname::text AS name, n.nspname::text AS schema,
    (SELECT a.attname::text FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attname IN ('total_exec_time', 'total_time') LIMIT 1) AS total
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname IN ('pg_stat_statements', 'pg_stat_statements_info')
WHERE e.extname = 'pg_stat_statements'
"""
STATEMENTS = f"""
SELECT (to_jsonb(s) || jsonb_build_object('query', left(s.query, {MOST_TEXT}), 'rolname', r.rolname,
    'datname', d.datname))::text AS record, left(s.query, 40) AS query
FROM (SELECT * FROM {{view}} ORDER BY {{total}} DESC LIMIT {LIMIT}) AS s
    LEFT JOIN pg_database AS d ON d.oid = s.dbid LEFT JOIN pg_roles AS r ON r.oid = s.userid
ORDER BY s.{{total}} DESC
"""
ACTIVITY = f"""
SELECT (to_jsonb(a) || jsonb_build_object('query', left(a.query, {MOST_TEXT})))::text AS record,
    left(a.query, 40) AS query
FROM pg_stat_activity AS a
WHERE a.pid <> pg_backend_pid() AND (a.wait_event_type IS DISTINCT FROM 'Activity' OR a.state IS NOT NULL)
ORDER BY a.xact_start NULLS LAST, a.pid LIMIT {LIMIT}
"""
BLOCKING = f"""
SELECT (to_jsonb(a) || jsonb_build_object('query', left(a.query, {MOST_TEXT}),
    'blocked_by', to_jsonb(pg_blocking_pids(a.pid))))::text AS record
FROM pg_stat_activity AS a WHERE a.wait_event_type = 'Lock' ORDER BY a.query_start, a.pid LIMIT {LIMIT}
"""
LOCKS = f"""
WITH held AS MATERIALIZED (SELECT * FROM pg_locks)
SELECT (to_jsonb(l) || jsonb_build_object('relation_name', c.relname, 'schema_name', n.nspname))::text AS record
FROM held AS l LEFT JOIN pg_class AS c ON c.oid = l.relation
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE EXISTS (SELECT FROM held AS w WHERE NOT w.granted
    AND (w.locktype, w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid, w.classid, w.objid,
        w.objsubid) IS NOT DISTINCT FROM (l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid,
        l.transactionid, l.classid, l.objid, l.objsubid))
ORDER BY l.granted, l.pid LIMIT {LIMIT}
"""
TABLES = f"""
SELECT (to_jsonb(s) || jsonb_build_object('bytes_estimated', c.relpages::int8 * 8192,
    'rows_estimated', c.reltuples))::text AS record
FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
ORDER BY c.relpages DESC, s.relid LIMIT {LIMIT}
"""
INDEXES = f"""
WITH closed AS MATERIALIZED (SELECT l.relation FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock'
    AND l.relation IS NOT NULL)
SELECT ((to_jsonb(s) - 'is_locked' - 'relpages') || jsonb_build_object('indisvalid', i.indisvalid,
    'indisunique', i.indisunique, 'indisprimary', i.indisprimary, 'bytes_estimated', s.relpages::int8 * 8192,
    'definition', CASE WHEN NOT s.is_locked THEN pg_get_indexdef(s.indexrelid) END))::text AS record,
    s.is_locked
FROM (SELECT u.*, c.relpages, EXISTS (SELECT FROM closed WHERE closed.relation IN (u.relid, u.indexrelid)) AS is_locked
    FROM pg_stat_user_indexes AS u JOIN pg_class AS c ON c.oid = u.indexrelid
    ORDER BY c.relpages DESC, u.indexrelid LIMIT {LIMIT}) AS s
    JOIN pg_index AS i ON i.indexrelid = s.indexrelid
"""
DATABASE = """
SELECT (to_jsonb(d) || jsonb_build_object('postmaster_start_time', pg_postmaster_start_time()))::text AS record
FROM pg_stat_database AS d WHERE d.datname = current_database()
"""
SETTINGS = """
SELECT jsonb_build_object('name', s.name, 'setting', s.setting, 'unit', s.unit, 'source', s.source,
    'boot_val', s.boot_val, 'pending_restart', s.pending_restart)::text AS record
FROM pg_settings AS s
WHERE s.name ~ '^(log_|track_|auto_explain\\.|pg_stat_statements\\.|autovacuum|.*_cost$|.*_timeout$|jit)'
    OR s.name IN ('server_version', 'server_version_num', 'max_connections', 'superuser_reserved_connections',
        'reserved_connections', 'work_mem', 'hash_mem_multiplier', 'maintenance_work_mem', 'shared_buffers',
        'effective_cache_size', 'temp_file_limit', 'temp_buffers', 'max_parallel_workers',
        'max_parallel_workers_per_gather', 'max_worker_processes', 'plan_cache_mode', 'default_statistics_target',
        'max_wal_size', 'checkpoint_completion_target', 'synchronous_commit', 'compute_query_id',
        'shared_preload_libraries', 'idle_in_transaction_session_timeout', 'max_locks_per_transaction')
ORDER BY s.name
"""
FOREIGN_KEYS = f"""
SELECT jsonb_build_object('conname', k.conname, 'contype', k.contype, 'schema', n.nspname, 'table', c.relname,
    'columns', (SELECT jsonb_agg(a.attname ORDER BY place.number) FROM unnest(k.conkey) WITH ORDINALITY
        AS place(attnum, number) JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = place.attnum),
    'referenced_schema', m.nspname, 'referenced_table', f.relname)::text AS record
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_class AS f ON f.oid = k.confrelid JOIN pg_namespace AS m ON m.oid = f.relnamespace
WHERE k.contype = 'f' ORDER BY n.nspname, c.relname, k.conname LIMIT {LIMIT}
"""
EVERY_TIME = {
    "pg_stat_activity": ACTIVITY,
    "blocking": BLOCKING,
    "pg_locks": LOCKS,
    "pg_stat_user_tables": TABLES,
    "pg_stat_user_indexes": INDEXES,
    "pg_stat_database": DATABASE,
}
ONCE = {"pg_settings": SETTINGS, "pg_constraint": FOREIGN_KEYS}
