-- psql "$DMS_DATABASE_URL" -v label=before -f database-snapshot.sql    in the folder database/ of an export
-- and once more with label=after when the time in question is over; without a label the files are named by the time.
--
-- One snapshot of the database's statistics, each view a CSV file in the current folder, for ddms-ops to read. It only
-- reads, resets nothing, and asks no table that somebody holds, or waits for, in exclusive mode. Statistics are of the
-- instance that answers. The role needs pg_read_all_stats, or texts and sessions of others are hidden. The files hold
-- statements, those of running sessions with their constants: keep them as you keep the logs.
\set ON_ERROR_STOP off
\set ON_ERROR_ROLLBACK on
\set QUIET on
SET default_transaction_read_only = on;
SET statement_timeout = '15s';
SET lock_timeout = '500ms';
SET search_path = pg_catalog;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, MDY';
\if :{?label}
\else
    SELECT to_char(now(), 'YYYYMMDD"T"HH24MISS"Z"') AS label \gset
\endif
SELECT count(*) > 0 AS has_statements, coalesce(min(n.nspname), 'public') AS home,
    count(*) FILTER (WHERE to_regclass(quote_ident(n.nspname) || '.pg_stat_statements_info') IS NOT NULL) > 0 AS has_info
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements' \gset

BEGIN;
\if :has_statements
    \set file pg_stat_statements. :label .csv
    COPY (SELECT now() AS captured_at, s.*, r.rolname, d.datname FROM :"home".pg_stat_statements AS s
          LEFT JOIN pg_roles AS r ON r.oid = s.userid LEFT JOIN pg_database AS d ON d.oid = s.dbid)
    TO STDOUT WITH (FORMAT csv, HEADER) \g :file
    \if :has_info
        \set file pg_stat_statements_info. :label .csv
        COPY (SELECT now() AS captured_at, i.* FROM :"home".pg_stat_statements_info AS i)
        TO STDOUT WITH (FORMAT csv, HEADER) \g :file
    \endif
\else
    \warn 'pg_stat_statements is not there: set shared_preload_libraries = ''pg_stat_statements'' (Amazon RDS: in the parameter group), restart, and run CREATE EXTENSION pg_stat_statements'
\endif
\set file pg_stat_activity. :label .csv
COPY (SELECT now() AS captured_at, a.* FROM pg_stat_activity AS a
      WHERE a.pid <> pg_backend_pid() AND (a.wait_event_type IS DISTINCT FROM 'Activity' OR a.state IS NOT NULL))
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file blocking. :label .csv
COPY (SELECT now() AS captured_at, a.*, pg_blocking_pids(a.pid) AS blocked_by FROM pg_stat_activity AS a
      WHERE a.wait_event_type = 'Lock')
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file pg_locks. :label .csv
COPY (WITH held AS MATERIALIZED (SELECT * FROM pg_locks)
      SELECT now() AS captured_at, l.*, c.relname AS relation_name FROM held AS l
      LEFT JOIN pg_class AS c ON c.oid = l.relation
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      WHERE EXISTS (SELECT FROM held AS w WHERE NOT w.granted
          AND (w.locktype, w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid, w.classid, w.objid,
              w.objsubid) IS NOT DISTINCT FROM (l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid,
              l.transactionid, l.classid, l.objid, l.objsubid)))
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file pg_stat_user_tables. :label .csv
COPY (SELECT now() AS captured_at, s.*, c.relpages::int8 * 8192 AS bytes_estimated, c.reltuples AS rows_estimated
      FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid)
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file pg_stat_user_indexes. :label .csv
COPY (WITH closed AS MATERIALIZED (SELECT l.relation FROM pg_locks AS l
          WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL)
      SELECT now() AS captured_at, s.*, i.indisvalid, i.indisunique, i.indisprimary,
          c.relpages::int8 * 8192 AS bytes_estimated,
          CASE WHEN NOT EXISTS (SELECT FROM closed WHERE closed.relation IN (s.relid, s.indexrelid))
              THEN pg_get_indexdef(s.indexrelid) END AS definition
      FROM pg_stat_user_indexes AS s JOIN pg_index AS i ON i.indexrelid = s.indexrelid
          JOIN pg_class AS c ON c.oid = s.indexrelid)
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file pg_stat_database. :label .csv
COPY (SELECT now() AS captured_at, d.*, pg_postmaster_start_time() AS postmaster_start_time
      FROM pg_stat_database AS d WHERE d.datname = current_database())
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file pg_settings. :label .csv
COPY (SELECT now() AS captured_at, s.name, s.setting, s.unit, s.source, s.boot_val, s.pending_restart
      FROM pg_settings AS s WHERE s.name !~ 'conninfo|command|passphrase')
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
\set file pg_constraint. :label .csv
COPY (SELECT now() AS captured_at, k.conname, k.contype, n.nspname AS schema, c.relname AS "table",
          ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS place(attnum, number)
              JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = place.attnum
              ORDER BY place.number) AS columns,
          f.relname AS referenced_table
      FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN pg_class AS f ON f.oid = k.confrelid WHERE k.contype = 'f')
TO STDOUT WITH (FORMAT csv, HEADER) \g :file
COMMIT;
