"""Named reads of Postgres' own catalogs, for an incident.

None asks for a relation's size or definition: these wait behind an exclusive lock, and are killed by lock_timeout.
Statistics are of the instance that answers, so ask each. pg_stat_statements is looked for in the schema public;
`extensions` says where it is.
"""

from types import MappingProxyType

STATEMENTS = """
SELECT s.queryid, d.datname::text AS database, r.rolname::text AS role, s.query, s.calls, s.total_exec_time AS total_ms,
    s.mean_exec_time AS mean_ms, s.max_exec_time AS max_ms, s.stddev_exec_time AS stddev_ms, s.rows,
    s.shared_blks_hit, s.shared_blks_read, s.temp_blks_written, i.dealloc AS evicted, i.stats_reset
FROM public.pg_stat_statements AS s CROSS JOIN public.pg_stat_statements_info AS i
    LEFT JOIN pg_database AS d ON d.oid = s.dbid LEFT JOIN pg_roles AS r ON r.oid = s.userid
ORDER BY s.total_exec_time DESC
"""
EXTENSION = """
SELECT e.extname::text AS name, n.nspname::text AS schema, e.extversion AS version
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace ORDER BY e.extname
"""
ACTIVITY = """
SELECT pid, datname::text AS database, usename::text AS role, application_name, state, wait_event_type, wait_event,
    backend_type, backend_start, xact_start, query_start, state_change,
    CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END AS blocked_by, query
FROM pg_stat_activity WHERE pid <> pg_backend_pid() ORDER BY xact_start NULLS LAST, pid
"""
LOCKS = """
SELECT l.pid, l.locktype, l.mode, l.granted, l.waitstart, n.nspname::text AS schema, c.relname::text AS relation
FROM pg_locks AS l LEFT JOIN pg_class AS c ON c.oid = l.relation AND l.locktype = 'relation'
    LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE l.pid <> pg_backend_pid() ORDER BY l.granted, l.waitstart, l.pid, l.locktype, l.mode
"""
TABLES = """
SELECT s.schemaname::text AS schema, s.relname::text AS "table", c.relpages::int8 * 8192 AS bytes_estimated,
    c.reltuples::float8 AS rows_estimated, s.n_live_tup AS rows_live, s.n_dead_tup AS rows_dead, s.seq_scan,
    s.seq_tup_read, s.idx_scan, s.n_tup_ins AS inserted, s.n_tup_upd AS updated, s.n_tup_del AS deleted,
    s.last_autovacuum, s.last_autoanalyze
FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid ORDER BY s.seq_tup_read DESC
"""
ROW_SECURITY = """
SELECT n.nspname::text AS schema, c.relname::text AS "table", pg_get_userbyid(c.relowner)::text AS owner,
    c.relrowsecurity AS is_enabled, c.relforcerowsecurity AS is_forced, row_security_active(c.oid) AS filters_this_role,
    p.policyname::text AS policy, p.permissive, p.roles::text AS roles, p.cmd AS command, p.qual AS using_rule,
    p.with_check AS check_rule
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_policies AS p ON p.schemaname = n.nspname AND p.tablename = c.relname
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname, p.policyname
"""
SETTINGS = """
SELECT name, setting, unit, source, boot_val AS default_setting, pending_restart
FROM pg_settings WHERE name !~ 'conninfo|command|passphrase' ORDER BY name
"""
CATALOG = MappingProxyType({
    "pg_stat_statements": STATEMENTS,
    "extensions": EXTENSION,
    "activity": ACTIVITY,
    "locks": LOCKS,
    "tables": TABLES,
    "row_security": ROW_SECURITY,
    "settings": SETTINGS,
})  # fmt: skip
