"""Schemas that keep tenants apart, each of its own style; nothing is to be found in them."""

CUR = "nullif(current_setting('app.tenant_id', true), '')"

PLAIN = f"""
CREATE ROLE app LOGIN; CREATE ROLE keeper; CREATE ROLE support LOGIN;
GRANT USAGE ON SCHEMA public TO app, keeper, support; GRANT CREATE ON SCHEMA public TO keeper;
CREATE FUNCTION cur() RETURNS text LANGUAGE sql STABLE AS $$ SELECT {CUR} $$;
CREATE TABLE tenants (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE countries (id int PRIMARY KEY, name text);
CREATE TABLE documents (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants,
    country int REFERENCES countries, name text, created_by text, is_public boolean DEFAULT false);
ALTER TABLE documents OWNER TO keeper;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY; ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON documents USING (tenant_id = cur());
GRANT SELECT ON tenants, countries TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO app;
CREATE POLICY all_of_support ON documents TO support USING (true);
GRANT SELECT ON documents TO support;

-- a child that goes by its parent, in three ways
CREATE TABLE pages (id int PRIMARY KEY, document_id int REFERENCES documents, body text);
ALTER TABLE pages ENABLE ROW LEVEL SECURITY; ALTER TABLE pages FORCE ROW LEVEL SECURITY;
CREATE POLICY of_document ON pages USING (EXISTS (SELECT 1 FROM documents d WHERE d.id = pages.document_id));
CREATE TABLE notes (id int PRIMARY KEY, document_id int REFERENCES documents, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY of_document ON notes USING (document_id IN (SELECT id FROM documents WHERE tenant_id = cur()));
GRANT SELECT, INSERT, UPDATE, DELETE ON pages, notes TO app;

-- a partitioned table whose partitions nobody was given
CREATE TABLE events (id int, tenant_id text NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE events ENABLE ROW LEVEL SECURITY; ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON events FOR SELECT USING (tenant_id = cur());
CREATE POLICY own_new ON events FOR INSERT WITH CHECK (tenant_id = cur());
GRANT SELECT, INSERT ON events TO app;

-- a wide policy that a restrictive one narrows; a bypass for a role that the application is not
CREATE TABLE invoices (id int PRIMARY KEY, tenant_id text CHECK (tenant_id IS NOT NULL), amount int);
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY; ALTER TABLE invoices FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON invoices USING (true);
CREATE POLICY own ON invoices AS RESTRICTIVE USING (tenant_id = cur());
CREATE TABLE payments (id int PRIMARY KEY, tenant_id text NOT NULL);
ALTER TABLE payments ENABLE ROW LEVEL SECURITY; ALTER TABLE payments FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON payments USING (tenant_id = (SELECT cur()) OR current_user = 'support');
GRANT SELECT, INSERT, UPDATE, DELETE ON invoices, payments TO app;

-- shares, views and functions that keep to the tenant
CREATE TABLE shares (document_id int REFERENCES documents, tenant_id text NOT NULL);
ALTER TABLE shares ENABLE ROW LEVEL SECURITY; ALTER TABLE shares FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON shares USING (tenant_id = cur());
GRANT SELECT ON shares TO app;
CREATE TABLE shared_files (id int PRIMARY KEY, tenant_id text NOT NULL);
ALTER TABLE shared_files ENABLE ROW LEVEL SECURITY; ALTER TABLE shared_files FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON shared_files FOR SELECT USING (tenant_id = cur()
    OR EXISTS (SELECT 1 FROM shares s WHERE s.document_id = shared_files.id AND s.tenant_id = cur()));
GRANT SELECT ON shared_files TO app;
CREATE VIEW invoker WITH (security_invoker = true) AS SELECT * FROM documents;
CREATE VIEW of_keeper AS SELECT * FROM documents; ALTER VIEW of_keeper OWNER TO keeper;
CREATE VIEW filtered AS SELECT * FROM documents WHERE tenant_id = cur();
CREATE VIEW names AS SELECT name FROM countries;
CREATE MATERIALIZED VIEW per_country AS SELECT count(*) FROM countries;
CREATE MATERIALIZED VIEW hidden AS SELECT * FROM documents;
GRANT SELECT ON invoker, of_keeper, filtered, names, per_country TO app;
CREATE FUNCTION count_own() RETURNS bigint LANGUAGE sql SECURITY DEFINER
    AS $$ SELECT count(*) FROM public.documents WHERE tenant_id = public.cur() $$;
CREATE FUNCTION own_names() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN RETURN QUERY SELECT name FROM public.documents d WHERE d.tenant_id = public.cur(); END $$;
CREATE FUNCTION all_documents() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM public.documents $$;
CREATE FUNCTION purge() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM public.documents $$;
REVOKE EXECUTE ON FUNCTION purge() FROM PUBLIC;
CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN INSERT INTO public.events VALUES (NEW.id, NEW.tenant_id, now()); RETURN NEW; END $$;
CREATE FUNCTION version_of() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT name FROM public.countries $$;
CREATE TABLE internal (id int, tenant_id text);
ALTER DATABASE dms SET app.tenant_id = '';
CREATE FUNCTION act_as(t text) RETURNS void LANGUAGE sql AS $$ SELECT set_config('app.tenant_id', t, true) $$;
"""

SUPABASE = """
CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN; CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT; GRANT anon, authenticated, service_role TO authenticator;
CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth, public TO anon, authenticated, service_role;
CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text $$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
CREATE TABLE public.tenants (id uuid PRIMARY KEY, name text NOT NULL, created_by uuid REFERENCES auth.users);
CREATE TABLE public.memberships (tenant_id uuid NOT NULL REFERENCES public.tenants,
    user_id uuid NOT NULL REFERENCES auth.users, role text NOT NULL, PRIMARY KEY (tenant_id, user_id));
CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users, display_name text);
CREATE TABLE public.projects (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES public.tenants, name text);
CREATE TABLE public.tasks (id uuid PRIMARY KEY, project_id uuid NOT NULL REFERENCES public.projects, title text);
CREATE TABLE public.invoices (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES public.tenants);
CREATE TABLE public.files (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES public.tenants,
    user_id uuid NOT NULL);
CREATE FUNCTION public.user_tenant_ids() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$ SELECT tenant_id FROM public.memberships WHERE user_id = (SELECT auth.uid()) $$;
CREATE FUNCTION public.is_member(_tenant uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$ SELECT EXISTS (SELECT 1 FROM public.memberships m WHERE m.tenant_id = _tenant AND m.user_id = auth.uid()) $$;
ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.invoices ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.files ENABLE ROW LEVEL SECURITY;
CREATE POLICY "Members see their tenants" ON public.tenants FOR SELECT TO authenticated
    USING (id IN (SELECT tenant_id FROM public.memberships WHERE user_id = (SELECT auth.uid())));
CREATE POLICY "Users see own memberships" ON public.memberships FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = user_id);
CREATE POLICY "Profiles are viewable by everyone" ON public.profiles FOR SELECT USING (true);
CREATE POLICY "Users update own profile" ON public.profiles FOR UPDATE TO authenticated USING (auth.uid() = id);
CREATE POLICY "Members read" ON public.projects FOR SELECT TO authenticated
    USING (tenant_id IN (SELECT tenant_id FROM public.memberships WHERE user_id = auth.uid()));
CREATE POLICY "Members insert" ON public.projects FOR INSERT TO authenticated
    WITH CHECK (tenant_id IN (SELECT public.user_tenant_ids()));
CREATE POLICY "Admins update" ON public.projects FOR UPDATE TO authenticated
    USING (EXISTS (SELECT 1 FROM public.memberships m WHERE m.tenant_id = projects.tenant_id
        AND m.user_id = auth.uid() AND m.role = 'admin'))
    WITH CHECK (public.is_member(tenant_id));
CREATE POLICY "Members of the project" ON public.tasks TO authenticated
    USING (EXISTS (SELECT 1 FROM public.projects p JOIN public.memberships m ON m.tenant_id = p.tenant_id
        WHERE p.id = tasks.project_id AND m.user_id = auth.uid()));
CREATE POLICY "By claim" ON public.invoices TO authenticated
    USING (tenant_id = ((SELECT auth.jwt()) -> 'app_metadata' ->> 'tenant_id')::uuid);
CREATE POLICY "By top-level claim" ON public.files FOR SELECT TO authenticated
    USING ((auth.jwt() ->> 'tenant_id')::uuid = tenant_id AND auth.role() = 'authenticated');
CREATE POLICY "Own files" ON public.files FOR INSERT TO authenticated
    WITH CHECK (auth.uid() = user_id AND tenant_id = ANY (ARRAY(SELECT public.user_tenant_ids())));
CREATE POLICY "Service" ON public.files TO service_role USING (true) WITH CHECK (true);
CREATE VIEW public.my_projects WITH (security_invoker = on) AS SELECT * FROM public.projects;
"""

RAILS = """
CREATE ROLE rails LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO rails; SET ROLE rails;
CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar);
CREATE TABLE accounts (id uuid PRIMARY KEY, name varchar NOT NULL, subdomain varchar);
CREATE TABLE users (id uuid PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES accounts, email varchar NOT NULL);
CREATE TABLE posts (id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES accounts, user_id uuid REFERENCES users);
CREATE TABLE comments (id bigserial PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES accounts, post_id bigint REFERENCES posts);
CREATE TABLE active_storage_blobs (id bigserial PRIMARY KEY, key varchar NOT NULL);
CREATE TABLE active_storage_attachments (id bigserial PRIMARY KEY, blob_id bigint REFERENCES active_storage_blobs);
ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE posts ENABLE ROW LEVEL SECURITY; ALTER TABLE posts FORCE ROW LEVEL SECURITY;
ALTER TABLE comments ENABLE ROW LEVEL SECURITY; ALTER TABLE comments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON users USING (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY tenant_isolation ON posts USING (tenant_id = current_setting('app.current_tenant')::uuid)
    WITH CHECK (tenant_id = current_setting('app.current_tenant')::uuid);
CREATE POLICY tenant_isolation ON comments FOR ALL TO rails
    USING (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
RESET ROLE;
"""
