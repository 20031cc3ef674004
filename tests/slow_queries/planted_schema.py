"""The planted scenarios' tables, ordinary traffic, and what a snapshot asks."""

CARD, EMAIL = "4929123456789012", "planted.person@example.com"
SCHEMA = """
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE ROLE dms_app LOGIN PASSWORD '{password}';
CREATE TABLE tenants (id text PRIMARY KEY, name text NOT NULL);
INSERT INTO tenants SELECT 't' || n, 'Tenant ' || n FROM generate_series(0, 19) AS n;
CREATE TABLE documents (
    id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, name text NOT NULL, owner text, size int NOT NULL);
INSERT INTO documents
SELECT n, 't' || n % 20, 'contract ' || md5(n::text), 'user' || n % 900 || '@example.org', n % 5000
FROM generate_series(1, 20000) AS n;
CREATE INDEX documents_of_tenant ON documents (tenant_id, id);
CREATE TABLE audit_logs (
    id bigserial PRIMARY KEY, tenant_id text NOT NULL, document_id int, action text NOT NULL, details jsonb);
INSERT INTO audit_logs (tenant_id, document_id, action, details)
SELECT 't' || n % 20, n % 20000, 'document.read', jsonb_build_object('n', n) FROM generate_series(1, 100000) AS n;
CREATE INDEX audit_logs_of_document ON audit_logs (document_id);
CREATE TABLE queue (id int PRIMARY KEY, state text NOT NULL, note text) WITH (autovacuum_enabled = off);
INSERT INTO queue SELECT n, CASE WHEN n > 29990 THEN 'pending' ELSE 'done' END, md5(n::text)
FROM generate_series(1, 30000) AS n;
CREATE INDEX queue_of_state ON queue (state);
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 20) AS n;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO dms_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dms_app;
ANALYZE;
"""

NOBODYS = "SELECT name FROM tenants WHERE id = 't{tenant}'"  # sent after the transaction
# Each is formatted with a request's number and its tenant's.
ORDINARY = (
    "BEGIN",
    "SELECT set_config('app.tenant_id', 't{tenant}', true)",
    "SELECT id, name FROM documents WHERE tenant_id = current_setting('app.tenant_id') AND id > {request} % 9000\n"
    "ORDER BY id LIMIT 20 /*request_id='r{request}',route='GET /documents'*/",
    f"SELECT count(*) FROM documents WHERE tenant_id = 't{{tenant}}' AND (owner = '{EMAIL}' OR name = '{CARD}')"
    " /*request_id='r{request}',route='GET /documents'*/",
    "INSERT INTO audit_logs (tenant_id, document_id, action, details) VALUES (current_setting('app.tenant_id'),"
    f""" {{request}} % 20000, 'document.read', '{{{{"paid with": "{CARD}"}}}}')"""
    " /*request_id='r{request}',route='GET /documents'*/",
    "COMMIT",
    NOBODYS,
)

NOW = "SELECT clock_timestamp() AS captured_at, "
WATCHED = {
    "blocking": NOW + "a.*, pg_blocking_pids(a.pid) AS blocked_by FROM pg_stat_activity AS a",
    "pg_locks": NOW + "l.* FROM pg_locks AS l",
}
SNAPSHOTS = {
    "pg_stat_statements": NOW + "s.*, r.rolname, d.datname FROM pg_stat_statements AS s"
    " LEFT JOIN pg_roles AS r ON r.oid = s.userid LEFT JOIN pg_database AS d ON d.oid = s.dbid",
    **{
        view: f"{NOW}v.* FROM {view} AS v"
        for view in ("pg_stat_statements_info", "pg_stat_user_tables", "pg_stat_user_indexes", "pg_indexes",
                     "pg_settings", "pg_stat_database")
    },
    **WATCHED,
}  # fmt: skip
