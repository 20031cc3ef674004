-- The role that ddms-ops reads your Postgres as. Run it once in the system's database, as its owner or a superuser
-- (Amazon RDS and Aurora: as a member of rds_superuser). Adjust the tables and columns to those that your profile
-- declares under database: audit.
--
-- What it is allowed is the barrier; the settings at the end are seat belts that hold behind a proxy too.
-- Never grant it pg_read_all_data (opens password hashes), pg_signal_backend, or EXECUTE on
-- pg_stat_statements_reset.

-- A pull uses two connections; those of the one before may just be ending.
CREATE ROLE ddms_ops_ro LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5;
-- Then either a password (psql: \password ddms_ops_ro), or with IAM authentication:
-- GRANT rds_iam TO ddms_ops_ro;

-- Whole texts of pg_stat_activity and pg_stat_statements; without it they read "<insufficient privilege>".
GRANT pg_monitor TO ddms_ops_ro;

-- The audited tables, only the columns that are read. `details` may hold personal data: leave it out where no
-- notebook of yours needs it.
GRANT USAGE ON SCHEMA public TO ddms_ops_ro;
GRANT SELECT (id, created_at, tenant_id, user_tenant_id, user_id, action, resource_type, resource_id, request_id,
              ip_address, status, details, seq) ON public.audit_logs TO ddms_ops_ro;
GRANT SELECT (id, created_at, tenant_id, name, created_by) ON public.documents TO ddms_ops_ro;
GRANT SELECT (id, created_at, tenant_id) ON public.users TO ddms_ops_ro;
GRANT SELECT (id, created_at, name) ON public.tenants TO ddms_ops_ro;
GRANT SELECT (id, created_at, tenant_id, document_id, shared_with, expires_at, revoked_at)
    ON public.document_shares TO ddms_ops_ro;
GRANT SELECT (id, started_at, ended_at, tenant_id, user_id, ticket) ON public.support_sessions TO ddms_ops_ro;

-- An audit across tenants sees nothing through row-level security, and a count of 0 would look like "no leak".
-- ddms-ops turns row_security off, so that without this line reading such a table is an error and no empty answer.
ALTER ROLE ddms_ops_ro BYPASSRLS;

ALTER ROLE ddms_ops_ro SET default_transaction_read_only = on;
ALTER ROLE ddms_ops_ro SET statement_timeout = '15s';
ALTER ROLE ddms_ops_ro SET lock_timeout = '500ms';
ALTER ROLE ddms_ops_ro SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE ddms_ops_ro SET row_security = off;
ALTER ROLE ddms_ops_ro SET search_path = pg_catalog;
ALTER ROLE ddms_ops_ro SET work_mem = '64MB';
ALTER ROLE ddms_ops_ro SET temp_file_limit = '1GB';  -- superusers only; leave it out where that is refused
