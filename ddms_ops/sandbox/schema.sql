-- The document management system's database: who there is, what they keep, what they did.
-- Rows are kept apart by tenant: the application sets app.tenant_id in each transaction (SET LOCAL).

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') THEN
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
    END IF;
END
$$;

CREATE TABLE tenants (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE users (
    id          text PRIMARY KEY,
    tenant_id   text NOT NULL REFERENCES tenants,
    email       text NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE documents (
    id          uuid PRIMARY KEY,
    tenant_id   text NOT NULL REFERENCES tenants,
    name        text NOT NULL,
    created_by  text,
    created_at  timestamptz NOT NULL
);
CREATE INDEX ON documents (tenant_id);

-- tenant_id: whose resource it was; user_tenant_id: whose user asked.
CREATE TABLE audit_logs (
    id              uuid PRIMARY KEY,
    created_at      timestamptz NOT NULL,
    tenant_id       text NOT NULL,
    user_tenant_id  text,
    user_id         text,
    action          text NOT NULL,
    resource_type   text NOT NULL,
    resource_id     text,
    request_id      text,
    ip_address      inet,
    status          int,
    details         jsonb
);
CREATE INDEX ON audit_logs (created_at);
CREATE INDEX ON audit_logs (tenant_id);

CREATE ROLE dms_app LOGIN;
GRANT SELECT ON tenants TO dms_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, documents TO dms_app;
GRANT SELECT, INSERT ON audit_logs TO dms_app;

-- '' is what the setting reads after RESET and after the transaction: no tenant, no rows.
CREATE FUNCTION current_tenant() RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT nullif(current_setting('app.tenant_id', true), '') $$;

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY users_of_tenant ON users USING (tenant_id = current_tenant());

ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY documents_of_tenant ON documents USING (tenant_id = current_tenant());

ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_logs_of_tenant ON audit_logs FOR SELECT USING (tenant_id = current_tenant());
CREATE POLICY audit_logs_written ON audit_logs FOR INSERT WITH CHECK (user_tenant_id = current_tenant());
