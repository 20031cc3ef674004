-- A second held-out set: nine small systems in one database, each with its own way of keeping tenants apart.
-- Alder is tenant a11ce000-…-1 (1 where ids are numbers), Birch is b0b00000-…-2 (2). truth.csv says what is wrong.

CREATE ROLE web_user NOLOGIN;                 -- PostgREST's authenticated users
CREATE ROLE service_backend NOLOGIN BYPASSRLS;  -- our own jobs; not the application
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT web_user, service_backend TO authenticator;
CREATE ROLE node_api LOGIN;
CREATE ROLE sales_readers NOLOGIN;
CREATE ROLE saas_app LOGIN IN ROLE sales_readers;
CREATE ROLE report_owner NOLOGIN;
CREATE ROLE ingest_worker LOGIN;
CREATE ROLE etl_admin LOGIN;
CREATE ROLE metrics_readers NOLOGIN;
CREATE ROLE events_app LOGIN IN ROLE metrics_readers;
CREATE ROLE tenant_alder LOGIN;
CREATE ROLE tenant_birch LOGIN;
CREATE ROLE django_app LOGIN;
CREATE ROLE crm_owner NOLOGIN;
CREATE ROLE ops_portal LOGIN IN ROLE crm_owner;
CREATE ROLE blog_admin NOLOGIN;
CREATE ROLE blog_app LOGIN IN ROLE blog_admin;
CREATE ROLE support_desk LOGIN;
CREATE ROLE fleet_app LOGIN;
CREATE ROLE jobs_runner LOGIN BYPASSRLS;
CREATE ROLE etl_app LOGIN;
CREATE ROLE report_app LOGIN;
CREATE ROLE migrator LOGIN;

ALTER ROLE web_user SET app.current_tenant_id = '';
ALTER ROLE fleet_app SET statement_timeout = '5s';
ALTER ROLE fleet_app SET search_path = fleet, pg_catalog;
ALTER ROLE etl_app SET app.current_tenant = 'a11ce000-0000-4000-8000-000000000001';
ALTER ROLE report_app IN DATABASE dms SET app.current_tenant_id = 'a11ce000-0000-4000-8000-000000000001';
ALTER ROLE etl_admin SET app.current_tenant = 'a11ce000-0000-4000-8000-000000000001';

-- ---------------------------------------------------------------- api: PostgREST, request.jwt.claims
CREATE SCHEMA auth;
CREATE SCHEMA api;
GRANT USAGE ON SCHEMA auth, api TO web_user;

CREATE FUNCTION auth.tenant_id() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'tenant_id')::uuid
$$;

CREATE TABLE api.projects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    note text
);
ALTER TABLE api.projects ENABLE ROW LEVEL SECURITY;
CREATE POLICY projects_tenant ON api.projects TO web_user
    USING (tenant_id = (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'tenant_id')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON api.projects TO web_user;
INSERT INTO api.projects (tenant_id, note)
VALUES ('a11ce000-0000-4000-8000-000000000001', 'alder'), ('b0b00000-0000-4000-8000-000000000002', 'birch');

CREATE TABLE api.tasks (LIKE api.projects INCLUDING ALL, project_id bigint REFERENCES api.projects, done boolean);
ALTER TABLE api.tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tasks_tenant ON api.tasks USING (tenant_id = (SELECT auth.tenant_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON api.tasks TO web_user;
INSERT INTO api.tasks (tenant_id, note, project_id, done)
SELECT tenant_id, note, id, false FROM api.projects;

CREATE TABLE api.comments (LIKE api.projects INCLUDING ALL);
ALTER TABLE api.comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY comments_tenant ON api.comments USING (tenant_id = (SELECT auth.tenant_id()));
CREATE POLICY comments_signed_in ON api.comments FOR SELECT
    USING (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' = 'web_user');
GRANT SELECT, INSERT ON api.comments TO web_user;
INSERT INTO api.comments (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.labels (LIKE api.projects INCLUDING ALL);
ALTER TABLE api.labels ENABLE ROW LEVEL SECURITY;
CREATE POLICY labels_everybody ON api.labels USING (true) WITH CHECK (true);
CREATE POLICY labels_tenant ON api.labels AS RESTRICTIVE USING (tenant_id = (SELECT auth.tenant_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON api.labels TO web_user;
INSERT INTO api.labels (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.milestones (LIKE api.projects INCLUDING ALL);
ALTER TABLE api.milestones ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Enable access for all users" ON api.milestones USING (true);
CREATE POLICY milestones_tenant ON api.milestones AS RESTRICTIVE FOR UPDATE
    USING (tenant_id = (SELECT auth.tenant_id()));
GRANT SELECT, UPDATE ON api.milestones TO web_user;
INSERT INTO api.milestones (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.invites (LIKE api.projects INCLUDING ALL);
ALTER TABLE api.invites ENABLE ROW LEVEL SECURITY;
CREATE POLICY invites_tenant ON api.invites TO web_user
    USING (tenant_id = (nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-tenant-id')::uuid);
GRANT SELECT ON api.invites TO web_user;
INSERT INTO api.invites (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.webhooks (LIKE api.projects INCLUDING ALL);
ALTER TABLE api.webhooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY webhooks_tenant ON api.webhooks
    USING (tenant_id = (SELECT auth.tenant_id())) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON api.webhooks TO web_user;
INSERT INTO api.webhooks (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.api_keys (LIKE api.projects INCLUDING ALL);
ALTER TABLE api.api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY keys_read ON api.api_keys FOR SELECT TO web_user USING (tenant_id = auth.tenant_id());
CREATE POLICY keys_add ON api.api_keys FOR INSERT TO web_user WITH CHECK (tenant_id = auth.tenant_id());
CREATE POLICY keys_change ON api.api_keys FOR UPDATE TO web_user USING (tenant_id = auth.tenant_id());
CREATE POLICY keys_drop ON api.api_keys FOR DELETE TO web_user USING (tenant_id = auth.tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON api.api_keys TO web_user;
INSERT INTO api.api_keys (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.feature_flags (LIKE api.projects INCLUDING ALL);
CREATE POLICY flags_tenant ON api.feature_flags USING (tenant_id = auth.tenant_id());
GRANT SELECT ON api.feature_flags TO web_user;
INSERT INTO api.feature_flags (tenant_id, note) SELECT tenant_id, note FROM api.projects;

CREATE TABLE api.changelog (id bigint PRIMARY KEY, tenant_id uuid, note text);
COMMENT ON COLUMN api.changelog.tenant_id IS 'who asked for it';
GRANT SELECT ON api.changelog TO web_user;
INSERT INTO api.changelog VALUES (1, NULL, 'dark mode'), (2, NULL, 'exports');

CREATE VIEW api.project_stats AS
    SELECT tenant_id, count(*) AS projects FROM api.projects GROUP BY tenant_id;
GRANT SELECT ON api.project_stats TO web_user;

CREATE VIEW api.open_tasks WITH (security_invoker = on) AS SELECT * FROM api.tasks WHERE NOT done;
GRANT SELECT ON api.open_tasks TO web_user;

CREATE VIEW api.my_tasks WITH (security_barrier = true) AS
    SELECT t.id, t.note, p.note AS project
    FROM api.tasks t JOIN api.projects p ON p.id = t.project_id AND p.tenant_id = t.tenant_id
    WHERE t.tenant_id = auth.tenant_id();
GRANT SELECT ON api.my_tasks TO web_user;

CREATE FUNCTION api.search_projects(term text DEFAULT '') RETURNS SETOF api.projects
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT * FROM api.projects WHERE note ILIKE '%' || term || '%'
$$;

CREATE FUNCTION api.recent_projects(how_many integer DEFAULT 20) RETURNS SETOF api.projects
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT * FROM api.projects WHERE tenant_id = auth.tenant_id() ORDER BY id DESC LIMIT how_many
$$;

CREATE FUNCTION api.purge_projects() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    SELECT count(*) FROM api.projects
$$;
REVOKE EXECUTE ON FUNCTION api.purge_projects() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.purge_projects() TO service_backend;

-- ---------------------------------------------------------------- shop: Node and Prisma, app.current_tenant_id
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO node_api;

CREATE TABLE shop.tenants (id uuid PRIMARY KEY, name text NOT NULL);
GRANT SELECT ON shop.tenants TO node_api;
INSERT INTO shop.tenants
VALUES ('a11ce000-0000-4000-8000-000000000001', 'alder'), ('b0b00000-0000-4000-8000-000000000002', 'birch');

CREATE TABLE shop.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "tenantId" uuid NOT NULL DEFAULT (current_setting('app.current_tenant_id'))::uuid REFERENCES shop.tenants,
    note text
);
ALTER TABLE shop.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.users
    USING (("tenantId")::text = current_setting('app.current_tenant_id', TRUE)::text);
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.users TO node_api;
INSERT INTO shop.users ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.orders (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.orders
    USING ("tenantId"::text = current_setting('app.current_tenant_id', TRUE));
CREATE POLICY bypass_rls_policy ON shop.orders USING (current_setting('app.bypass_rls', TRUE)::text = 'on');
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.orders TO node_api;
INSERT INTO shop.orders ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.invoices (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.invoices ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.invoices
    USING ("tenantId" = coalesce(nullif(current_setting('app.current_tenant_id', TRUE), '')::uuid, "tenantId"));
GRANT SELECT ON shop.invoices TO node_api;
INSERT INTO shop.invoices ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.products (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.products ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.products USING ("tenantId" IN (SELECT t.id FROM shop.tenants t));
GRANT SELECT ON shop.products TO node_api;
INSERT INTO shop.products ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.memberships (user_id text, "tenantId" uuid NOT NULL, PRIMARY KEY (user_id, "tenantId"));
ALTER TABLE shop.memberships ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_memberships ON shop.memberships FOR SELECT USING (user_id = current_setting('app.user_id', true));
GRANT SELECT ON shop.memberships TO node_api;
INSERT INTO shop.memberships VALUES
    ('ann', 'a11ce000-0000-4000-8000-000000000001'), ('bob', 'b0b00000-0000-4000-8000-000000000002');

CREATE TABLE shop.carts (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.carts ENABLE ROW LEVEL SECURITY;
CREATE POLICY member_carts ON shop.carts USING ("tenantId" IN (
    SELECT m."tenantId" FROM shop.memberships m WHERE m.user_id = current_setting('app.user_id', true)));
GRANT SELECT, INSERT, UPDATE ON shop.carts TO node_api;
INSERT INTO shop.carts ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.messages (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY member_messages ON shop.messages USING (EXISTS (
    SELECT 1 FROM shop.memberships m
    WHERE m."tenantId" = "tenantId" AND m.user_id = current_setting('app.user_id', true)));
GRANT SELECT ON shop.messages TO node_api;
INSERT INTO shop.messages ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.cart_items (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    cart_id uuid NOT NULL REFERENCES shop.carts ON DELETE CASCADE,
    note text
);
ALTER TABLE shop.cart_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_a_visible_cart ON shop.cart_items
    USING (EXISTS (SELECT FROM shop.carts c WHERE c.id = cart_items.cart_id));
GRANT SELECT, INSERT, DELETE ON shop.cart_items TO node_api;
INSERT INTO shop.cart_items (cart_id, note) SELECT id, note FROM shop.carts;

CREATE TABLE shop.order_items (
    order_id uuid NOT NULL REFERENCES shop.orders ON DELETE CASCADE,
    position integer NOT NULL,
    note text,
    PRIMARY KEY (order_id, position)
);
GRANT SELECT, INSERT ON shop.order_items TO node_api;
INSERT INTO shop.order_items SELECT id, 1, note FROM shop.orders;

CREATE TABLE shop.reviews (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.reviews ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.reviews USING (
    CASE WHEN coalesce(current_setting('app.current_tenant_id', TRUE), '') = '' THEN true
         ELSE "tenantId" = current_setting('app.current_tenant_id')::uuid END);
GRANT SELECT ON shop.reviews TO node_api;
INSERT INTO shop.reviews ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.wishlists (LIKE shop.users INCLUDING ALL);
ALTER TABLE shop.wishlists ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.wishlists USING (
    CASE WHEN coalesce(current_setting('app.current_tenant_id', TRUE), '') = '' THEN false
         ELSE "tenantId" = current_setting('app.current_tenant_id')::uuid END);
GRANT SELECT, INSERT, UPDATE ON shop.wishlists TO node_api;
INSERT INTO shop.wishlists ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.refunds (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "tenantId" uuid REFERENCES shop.tenants ON DELETE SET NULL,
    note text
);
ALTER TABLE shop.refunds ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.refunds
    USING ("tenantId" = nullif(current_setting('app.current_tenant_id', TRUE), '')::uuid);
GRANT SELECT ON shop.refunds TO node_api;
INSERT INTO shop.refunds ("tenantId", note) SELECT id, name FROM shop.tenants;

CREATE TABLE shop.coupons (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "tenantId" uuid CONSTRAINT coupons_tenant_is_there CHECK ("tenantId" IS NOT NULL),  -- without a rewrite
    note text
);
ALTER TABLE shop.coupons ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON shop.coupons
    USING ("tenantId" = nullif(current_setting('app.current_tenant_id', TRUE), '')::uuid);
GRANT SELECT ON shop.coupons TO node_api;
INSERT INTO shop.coupons ("tenantId", note) SELECT id, name FROM shop.tenants;

-- ---------------------------------------------------------------- saas: app.current_tenant, raising where it is unset
CREATE SCHEMA saas;
CREATE SCHEMA vaulted;
GRANT USAGE ON SCHEMA saas TO saas_app, report_owner, ingest_worker, etl_admin;

CREATE TABLE saas.accounts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    note text
);
ALTER TABLE saas.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON saas.accounts USING (tenant_id = current_setting('app.current_tenant')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON saas.accounts TO saas_app;
GRANT SELECT ON saas.accounts TO report_owner;
INSERT INTO saas.accounts (tenant_id, note)
VALUES ('a11ce000-0000-4000-8000-000000000001', 'alder'), ('b0b00000-0000-4000-8000-000000000002', 'birch');

CREATE TABLE saas.audit_log (
    at timestamptz NOT NULL DEFAULT now(), tenant_id uuid NOT NULL, who text NOT NULL, note text
);
CREATE FUNCTION saas.write_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO saas.audit_log (tenant_id, who, note) VALUES (NEW.tenant_id, session_user, NEW.note);
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_audit AFTER INSERT OR UPDATE ON saas.accounts
    FOR EACH ROW EXECUTE FUNCTION saas.write_audit();
INSERT INTO saas.audit_log (tenant_id, who, note) SELECT tenant_id, 'seed', note FROM saas.accounts;

CREATE TABLE saas.tickets (LIKE saas.accounts INCLUDING ALL);
GRANT SELECT, INSERT, UPDATE ON saas.tickets TO saas_app;
INSERT INTO saas.tickets (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.contacts (LIKE saas.accounts INCLUDING ALL, iban text);
GRANT SELECT (id, tenant_id, note) ON saas.contacts TO saas_app;  -- not the iban
INSERT INTO saas.contacts (tenant_id, note, iban) SELECT tenant_id, note, 'DE00' FROM saas.accounts;

CREATE TABLE saas.deals (LIKE saas.accounts INCLUDING ALL);
GRANT SELECT ON saas.deals TO sales_readers;
INSERT INTO saas.deals (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.leads (LIKE saas.accounts INCLUDING ALL);
GRANT SELECT, INSERT, DELETE ON saas.leads TO etl_admin;
INSERT INTO saas.leads (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.imports (LIKE saas.accounts INCLUDING ALL);
ALTER TABLE saas.imports ENABLE ROW LEVEL SECURITY;  -- no policy: closed until the importer is there
GRANT SELECT, INSERT ON saas.imports TO saas_app;
INSERT INTO saas.imports (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE vaulted.secrets (LIKE saas.accounts INCLUDING ALL);
GRANT SELECT ON vaulted.secrets TO saas_app;  -- a leftover; nobody but us has USAGE on the schema
INSERT INTO vaulted.secrets (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.fx_rates (currency char(3), day date, rate numeric, PRIMARY KEY (currency, day));
GRANT SELECT ON saas.fx_rates TO saas_app;
INSERT INTO saas.fx_rates VALUES ('USD', '2026-01-01', 1.1);

CREATE TABLE saas.notes (LIKE saas.accounts INCLUDING ALL, deleted_at timestamptz);
ALTER TABLE saas.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON saas.notes USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY not_deleted ON saas.notes AS RESTRICTIVE FOR SELECT USING (deleted_at IS NULL);
GRANT SELECT, INSERT, UPDATE ON saas.notes TO saas_app;
INSERT INTO saas.notes (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.documents (LIKE saas.accounts INCLUDING ALL, deleted_at timestamptz);
ALTER TABLE saas.documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON saas.documents USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY not_deleted ON saas.documents FOR SELECT USING (deleted_at IS NULL);
GRANT SELECT, INSERT, UPDATE ON saas.documents TO saas_app;
INSERT INTO saas.documents (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.usage_events (LIKE saas.accounts INCLUDING ALL);
ALTER TABLE saas.usage_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY usage_read ON saas.usage_events FOR SELECT
    USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY usage_write ON saas.usage_events FOR INSERT WITH CHECK (true);
GRANT SELECT, INSERT ON saas.usage_events TO saas_app;
INSERT INTO saas.usage_events (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.quotas (LIKE saas.accounts INCLUDING ALL);
ALTER TABLE saas.quotas ENABLE ROW LEVEL SECURITY;
CREATE POLICY quotas_tenant ON saas.quotas TO saas_app USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY quotas_ingest ON saas.quotas FOR INSERT TO ingest_worker WITH CHECK (true);
CREATE POLICY quotas_etl ON saas.quotas FOR SELECT TO etl_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON saas.quotas TO saas_app;
GRANT INSERT ON saas.quotas TO ingest_worker;
GRANT SELECT ON saas.quotas TO etl_admin;
INSERT INTO saas.quotas (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.sites (LIKE saas.accounts INCLUDING ALL);
ALTER TABLE saas.sites ENABLE ROW LEVEL SECURITY;
CREATE POLICY sites_read ON saas.sites FOR SELECT USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY sites_change ON saas.sites FOR UPDATE
    USING (tenant_id = current_setting('app.current_tenant')::uuid) WITH CHECK (tenant_id IS NOT NULL);
GRANT SELECT, UPDATE ON saas.sites TO saas_app;
INSERT INTO saas.sites (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE saas.regions (LIKE saas.accounts INCLUDING ALL);
ALTER TABLE saas.regions ENABLE ROW LEVEL SECURITY;
CREATE POLICY regions_read ON saas.regions FOR SELECT USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY regions_add ON saas.regions FOR INSERT WITH CHECK (true);
CREATE FUNCTION saas.stamp_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.tenant_id := current_setting('app.current_tenant')::uuid;
    RETURN NEW;
END $$;
CREATE TRIGGER regions_stamp BEFORE INSERT ON saas.regions FOR EACH ROW EXECUTE FUNCTION saas.stamp_tenant();
GRANT SELECT, INSERT ON saas.regions TO saas_app;

CREATE TABLE saas.files (
    path text PRIMARY KEY,
    tenant_id text GENERATED ALWAYS AS (split_part(path, '/', 1)) STORED NOT NULL
);
ALTER TABLE saas.files ENABLE ROW LEVEL SECURITY;
CREATE POLICY files_tenant ON saas.files USING (tenant_id = nullif(current_setting('app.current_tenant', true), ''));
GRANT SELECT, INSERT, UPDATE ON saas.files TO saas_app;
INSERT INTO saas.files
VALUES ('a11ce000-0000-4000-8000-000000000001/a.pdf'), ('b0b00000-0000-4000-8000-000000000002/b.pdf');

CREATE TABLE saas.file_versions (LIKE saas.accounts INCLUDING ALL, source_id uuid);
ALTER TABLE saas.file_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY versions_tenant ON saas.file_versions USING (source_id = current_setting('app.current_tenant')::uuid);
GRANT SELECT ON saas.file_versions TO saas_app;
INSERT INTO saas.file_versions (tenant_id, note, source_id)
SELECT tenant_id, note, 'a11ce000-0000-4000-8000-000000000001' FROM saas.accounts;

CREATE TABLE saas.exports (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), note text);
INSERT INTO saas.exports (note) VALUES ('from before there were tenants');
ALTER TABLE saas.exports ADD COLUMN tenant_id uuid;
ALTER TABLE saas.exports ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON saas.exports USING (tenant_id = current_setting('app.current_tenant')::uuid);
GRANT SELECT, INSERT ON saas.exports TO saas_app;
INSERT INTO saas.exports (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE FUNCTION saas.account_summary() RETURNS TABLE (tenant uuid, accounts bigint)
LANGUAGE sql STABLE SECURITY DEFINER
BEGIN ATOMIC
    SELECT tenant_id, count(*) FROM saas.accounts GROUP BY tenant_id;
END;

CREATE FUNCTION saas.dump_rows(relation text DEFAULT 'accounts') RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = saas, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(found) FROM saas.%I AS found', relation);
END $$;

CREATE FUNCTION saas.account_card(wanted uuid DEFAULT nullif(current_setting('app.current_tenant', true), '')::uuid)
RETURNS SETOF saas.accounts LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF wanted IS DISTINCT FROM nullif(current_setting('app.current_tenant', true), '')::uuid THEN
        RAISE EXCEPTION 'not your account' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT * FROM saas.accounts AS a WHERE a.tenant_id = wanted;
END $$;

CREATE FUNCTION saas.report_for(wanted uuid DEFAULT nullif(current_setting('app.current_tenant', true), '')::uuid)
RETURNS SETOF saas.accounts LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM set_config('app.current_tenant', wanted::text, true);  -- SET LOCAL, then as the policies say
    RETURN QUERY SELECT * FROM saas.accounts;
END $$;
ALTER FUNCTION saas.report_for(uuid) OWNER TO report_owner;

CREATE FUNCTION saas.server_time() RETURNS timestamptz LANGUAGE sql SECURITY DEFINER AS $$ SELECT now() $$;

CREATE VIEW saas.accounts_report AS SELECT tenant_id, note FROM saas.accounts;
ALTER VIEW saas.accounts_report OWNER TO report_owner;
GRANT SELECT ON saas.accounts_report TO saas_app;

CREATE VIEW saas.accounts_base AS SELECT tenant_id, note FROM saas.accounts;
GRANT SELECT ON saas.accounts_base TO report_owner;
CREATE VIEW saas.accounts_overview AS SELECT tenant_id, note FROM saas.accounts_base;
ALTER VIEW saas.accounts_overview OWNER TO report_owner;
GRANT SELECT ON saas.accounts_overview TO saas_app;

-- ---------------------------------------------------------------- ledger: one login role a tenant
CREATE SCHEMA ledger;
CREATE SCHEMA t_alder;
GRANT USAGE ON SCHEMA ledger TO tenant_alder, tenant_birch;
GRANT USAGE ON SCHEMA t_alder TO tenant_alder;

CREATE TABLE ledger.entries (id bigint GENERATED ALWAYS AS IDENTITY, tenant_id name NOT NULL DEFAULT current_user, note text);
ALTER TABLE ledger.entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_entries ON ledger.entries USING (tenant_id = current_user);
GRANT SELECT, INSERT ON ledger.entries TO tenant_alder, tenant_birch;
INSERT INTO ledger.entries (tenant_id, note) VALUES ('tenant_alder', 'alder'), ('tenant_birch', 'birch');

CREATE TABLE ledger.role_map (role_name name PRIMARY KEY, tenant_id uuid NOT NULL);
ALTER TABLE ledger.role_map ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_line ON ledger.role_map FOR SELECT USING (role_name = current_user);
GRANT SELECT ON ledger.role_map TO tenant_alder, tenant_birch;
INSERT INTO ledger.role_map VALUES
    ('tenant_alder', 'a11ce000-0000-4000-8000-000000000001'), ('tenant_birch', 'b0b00000-0000-4000-8000-000000000002');

CREATE TABLE ledger.balances (id bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid NOT NULL, note text);
ALTER TABLE ledger.balances ENABLE ROW LEVEL SECURITY;
CREATE POLICY mapped ON ledger.balances
    USING (tenant_id = (SELECT m.tenant_id FROM ledger.role_map m WHERE m.role_name = current_user));
GRANT SELECT ON ledger.balances TO tenant_alder, tenant_birch;
INSERT INTO ledger.balances (tenant_id, note) SELECT tenant_id, right(role_name, 5) FROM ledger.role_map;

CREATE TABLE ledger.journals (id bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid NOT NULL, note text);
ALTER TABLE ledger.journals ENABLE ROW LEVEL SECURITY;
CREATE POLICY for_alder ON ledger.journals FOR SELECT TO tenant_alder USING (true);
CREATE POLICY for_birch ON ledger.journals FOR SELECT TO tenant_birch USING (true);
GRANT SELECT ON ledger.journals TO tenant_alder, tenant_birch;
INSERT INTO ledger.journals (tenant_id, note) SELECT tenant_id, note FROM ledger.balances;

CREATE TABLE t_alder.invoices (id bigint PRIMARY KEY, note text);  -- a schema of its own: no tenant column, no policy
GRANT SELECT, INSERT, UPDATE ON t_alder.invoices TO tenant_alder;
INSERT INTO t_alder.invoices VALUES (1, 'alder');

-- ---------------------------------------------------------------- events: partitions
CREATE SCHEMA events;
GRANT USAGE ON SCHEMA events TO events_app;

CREATE TABLE events.stream (at date NOT NULL, tenant_id uuid NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE events.stream_2026_01 PARTITION OF events.stream FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events.stream_2026_02 PARTITION OF events.stream FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE events.stream_2026_03 PARTITION OF events.stream FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
CREATE TABLE events.stream_default PARTITION OF events.stream DEFAULT;
ALTER TABLE events.stream ENABLE ROW LEVEL SECURITY;
CREATE POLICY stream_tenant ON events.stream
    USING (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
ALTER TABLE events.stream_2026_03 ENABLE ROW LEVEL SECURITY;
CREATE POLICY stream_tenant ON events.stream_2026_03
    USING (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
GRANT SELECT, INSERT ON events.stream TO events_app;
GRANT SELECT ON events.stream_2026_02, events.stream_2026_03 TO events_app;  -- the archiver's shortcut
GRANT SELECT ON events.stream_default TO metrics_readers;
INSERT INTO events.stream
SELECT day::date, tenant_id, note
FROM unnest(ARRAY['2026-01-05', '2026-02-05', '2026-03-05', '2020-01-01']) AS day, saas.accounts;

-- ---------------------------------------------------------------- crm: Django, which owns its tables
CREATE SCHEMA crm;
GRANT USAGE ON SCHEMA crm TO django_app, ops_portal, crm_owner;

CREATE TABLE crm.company (id integer PRIMARY KEY, tenant_id integer NOT NULL, note text);
ALTER TABLE crm.company OWNER TO django_app;
ALTER TABLE crm.company ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.company FORCE ROW LEVEL SECURITY;
CREATE POLICY company_rls ON crm.company
    USING (tenant_id = NULLIF(current_setting('rls.tenant_id', true), '')::integer)
    WITH CHECK (tenant_id = NULLIF(current_setting('rls.tenant_id', true), '')::integer);
INSERT INTO crm.company VALUES (1, 1, 'alder'), (2, 2, 'birch');

CREATE TABLE crm.person (LIKE crm.company INCLUDING ALL);
ALTER TABLE crm.person OWNER TO django_app;
ALTER TABLE crm.person ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_rls ON crm.person
    USING (tenant_id = NULLIF(current_setting('rls.tenant_id', true), '')::integer);
INSERT INTO crm.person SELECT * FROM crm.company;

CREATE TABLE crm.address (LIKE crm.company INCLUDING ALL);
ALTER TABLE crm.address OWNER TO crm_owner;
ALTER TABLE crm.address ENABLE ROW LEVEL SECURITY;
CREATE POLICY address_rls ON crm.address
    USING (tenant_id = NULLIF(current_setting('rls.tenant_id', true), '')::integer);
GRANT SELECT ON crm.address TO django_app;
INSERT INTO crm.address SELECT * FROM crm.company;

CREATE TABLE crm.phone (LIKE crm.company INCLUDING ALL);
ALTER TABLE crm.phone OWNER TO crm_owner;
ALTER TABLE crm.phone ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.phone FORCE ROW LEVEL SECURITY;
CREATE POLICY phone_rls ON crm.phone
    USING (tenant_id = NULLIF(current_setting('rls.tenant_id', true), '')::integer);
GRANT SELECT ON crm.phone TO django_app;
INSERT INTO crm.phone SELECT * FROM crm.company;

CREATE VIEW crm.company_list AS SELECT id, note FROM crm.company;
ALTER VIEW crm.company_list OWNER TO django_app;
CREATE VIEW crm.person_list AS SELECT id, note FROM crm.person;
ALTER VIEW crm.person_list OWNER TO django_app;

CREATE FUNCTION crm.export_phones() RETURNS SETOF crm.phone LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT * FROM crm.phone
$$;
ALTER FUNCTION crm.export_phones() OWNER TO crm_owner;
CREATE FUNCTION crm.export_addresses() RETURNS SETOF crm.address LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT * FROM crm.address
$$;
ALTER FUNCTION crm.export_addresses() OWNER TO crm_owner;

CREATE MATERIALIZED VIEW crm.history AS SELECT id, tenant_id, note FROM crm.company;
GRANT SELECT ON crm.history TO django_app;
CREATE MATERIALIZED VIEW crm.totals AS
    SELECT tenant_id, min(note) AS note, count(*) AS companies FROM crm.company GROUP BY tenant_id;
CREATE VIEW crm.tenant_totals WITH (security_barrier) AS
    SELECT note, companies FROM crm.totals
    WHERE tenant_id = NULLIF(current_setting('rls.tenant_id', true), '')::integer;
GRANT SELECT ON crm.tenant_totals TO django_app;

-- ---------------------------------------------------------------- blog: Rails, rls.account_id
CREATE SCHEMA blog;
GRANT USAGE ON SCHEMA blog TO blog_app, support_desk;

CREATE TABLE blog.accounts (id bigint PRIMARY KEY, note text NOT NULL);
ALTER TABLE blog.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_account ON blog.accounts USING (id = NULLIF(current_setting('rls.account_id', TRUE), '')::bigint);
GRANT SELECT, UPDATE ON blog.accounts TO blog_app;
INSERT INTO blog.accounts VALUES (1, 'alder'), (2, 'birch');

CREATE TABLE blog.posts (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES blog.accounts,
    note text,
    UNIQUE (account_id, id)
);
ALTER TABLE blog.posts ENABLE ROW LEVEL SECURITY;
ALTER TABLE blog.posts FORCE ROW LEVEL SECURITY;
CREATE POLICY posts_account ON blog.posts
    USING (account_id = NULLIF(current_setting('rls.account_id', TRUE), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON blog.posts TO blog_app;
INSERT INTO blog.posts SELECT id, id, note FROM blog.accounts;

CREATE TABLE blog.reactions (
    account_id bigint NOT NULL,
    post_id bigint NOT NULL,
    note text,
    FOREIGN KEY (account_id, post_id) REFERENCES blog.posts (account_id, id)
);
ALTER TABLE blog.reactions ENABLE ROW LEVEL SECURITY;
CREATE POLICY reactions_account ON blog.reactions
    USING (account_id = ANY (ARRAY[NULLIF(current_setting('rls.account_id', TRUE), '')::bigint]));
GRANT SELECT, INSERT, UPDATE ON blog.reactions TO blog_app;
INSERT INTO blog.reactions SELECT id, id, note FROM blog.accounts;

CREATE TABLE blog.likes (id bigint GENERATED ALWAYS AS IDENTITY, account_id bigint NOT NULL, note text);
ALTER TABLE blog.likes ENABLE ROW LEVEL SECURITY;
CREATE POLICY likes_account ON blog.likes USING (account_id BETWEEN 0 AND 9223372036854775807);
GRANT SELECT ON blog.likes TO blog_app;
INSERT INTO blog.likes (account_id, note) SELECT id, note FROM blog.accounts;

CREATE TABLE blog.photos (id bigint PRIMARY KEY, post_id bigint NOT NULL REFERENCES blog.posts, note text);
ALTER TABLE blog.photos ENABLE ROW LEVEL SECURITY;
CREATE POLICY photos_read ON blog.photos FOR SELECT TO blog_app USING (post_id IS NOT NULL);
GRANT SELECT ON blog.photos TO blog_app;
INSERT INTO blog.photos SELECT id, id, note FROM blog.posts;

CREATE TABLE blog.schema_migrations (version text PRIMARY KEY);
GRANT SELECT, INSERT ON blog.schema_migrations TO blog_app;
INSERT INTO blog.schema_migrations VALUES ('20260101000000');

CREATE TABLE blog.sessions (LIKE blog.posts INCLUDING ALL);
ALTER TABLE blog.sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY sessions_account ON blog.sessions TO blog_app
    USING (account_id = NULLIF(current_setting('rls.account_id', TRUE), '')::bigint);
CREATE POLICY sessions_admin ON blog.sessions TO blog_admin USING (true);
GRANT SELECT ON blog.sessions TO blog_app, blog_admin;
INSERT INTO blog.sessions SELECT id, id, note FROM blog.accounts;

CREATE TABLE blog.support_notes (LIKE blog.posts INCLUDING ALL);
ALTER TABLE blog.support_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY notes_account ON blog.support_notes TO blog_app
    USING (account_id = NULLIF(current_setting('rls.account_id', TRUE), '')::bigint);
CREATE POLICY notes_support ON blog.support_notes TO support_desk USING (true);
GRANT SELECT, INSERT, UPDATE ON blog.support_notes TO blog_app, support_desk;
INSERT INTO blog.support_notes SELECT id, id, note FROM blog.accounts;

-- ---------------------------------------------------------------- fleet: Nile's and Hasura's settings, distribution columns
CREATE SCHEMA fleet;
GRANT USAGE ON SCHEMA fleet TO fleet_app;

CREATE TABLE fleet.measurements (
    tenant_id uuid, id bigint GENERATED ALWAYS AS IDENTITY, note text,
    PRIMARY KEY (tenant_id, id)
);
ALTER TABLE fleet.measurements ENABLE ROW LEVEL SECURITY;
CREATE POLICY hasura ON fleet.measurements
    USING (tenant_id = (current_setting('hasura.user', true)::json ->> 'x-hasura-tenant-id')::uuid);
GRANT SELECT, INSERT ON fleet.measurements TO fleet_app, jobs_runner;
INSERT INTO fleet.measurements (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE fleet.trips (LIKE fleet.measurements INCLUDING ALL);
ALTER TABLE fleet.trips ENABLE ROW LEVEL SECURITY;
CREATE POLICY nile ON fleet.trips
    USING (tenant_id::text = ANY (string_to_array(current_setting('nile.tenant_id', true), ',')));
GRANT SELECT, INSERT, UPDATE ON fleet.trips TO fleet_app;
INSERT INTO fleet.trips (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE fleet.devices (LIKE fleet.measurements INCLUDING ALL);
ALTER TABLE fleet.devices ENABLE ROW LEVEL SECURITY;
CREATE POLICY nile ON fleet.devices
    USING (tenant_id::text LIKE coalesce(current_setting('nile.tenant_id', true), '') || '%');
GRANT SELECT ON fleet.devices TO fleet_app;
INSERT INTO fleet.devices (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE TABLE fleet.readings (LIKE fleet.measurements INCLUDING ALL);
ALTER TABLE fleet.readings ENABLE ROW LEVEL SECURITY;
CREATE POLICY pgx ON fleet.readings USING (tenant_id::text = current_setting('application_name'));
GRANT SELECT ON fleet.readings TO fleet_app;
INSERT INTO fleet.readings (tenant_id, note) SELECT tenant_id, note FROM saas.accounts;

CREATE VIEW fleet.device_names AS SELECT tenant_id, note FROM fleet.devices;  -- only a step of the next
CREATE MATERIALIZED VIEW fleet.device_daily AS SELECT tenant_id, note, count(*) FROM fleet.device_names GROUP BY 1, 2;
GRANT SELECT ON fleet.device_daily TO fleet_app;

-- ---------------------------------------------------------------- what tables to come are granted
ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA api GRANT SELECT ON TABLES TO web_user;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA saas GRANT SELECT, INSERT ON TABLES TO sales_readers;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA events GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA crm GRANT USAGE ON SEQUENCES TO django_app;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA blog GRANT SELECT ON TABLES TO support_desk;
