"""One fault each, made in a plain schema that has none: SQL, and rule and object that must be found."""

TABLE = "CREATE TABLE {0} (id int PRIMARY KEY, tenant_id text NOT NULL, owner_id text, status text, is_public boolean);"
GIVEN = "GRANT SELECT, INSERT, UPDATE, DELETE ON {0} TO app;"
SECURED = "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY; ALTER TABLE {0} FORCE ROW LEVEL SECURITY;"
OWN = "CREATE POLICY own ON {0} USING (tenant_id = cur());"
BARE = (TABLE + GIVEN).format("x")
CLOSED = (TABLE + GIVEN + SECURED).format("x")


def policy(rest: str) -> str:
    """A closed table with one policy."""
    return f"{CLOSED} CREATE POLICY p ON x {rest};"


def beside(rest: str) -> str:
    """A closed table with a good policy and another."""
    return f"{CLOSED} {OWN.format('x')} CREATE POLICY p ON x {rest};"


X = "public.x"
FAULTY: dict[str, tuple[str, set[tuple[str, str]]]] = {
    "no row-level security": (BARE, {("T1", X)}),
    "granted by column": ("CREATE TABLE x (i int, tenant_id text NOT NULL); GRANT SELECT (i) ON x TO app", {("T1", X)}),
    "granted to PUBLIC": ("CREATE TABLE x (tenant_id text NOT NULL); GRANT SELECT ON x TO PUBLIC", {("T1", X)}),
    "granted through a group": (
        "CREATE ROLE staff; GRANT staff TO app; CREATE TABLE x (tenant_id text NOT NULL); GRANT SELECT ON x TO staff",
        {("T1", X)},
    ),
    "by pg_read_all_data": (
        "CREATE TABLE x (tenant_id text NOT NULL); GRANT pg_read_all_data TO app",
        {("T1", X), ("T1", "public.internal"), ("C1", "public.internal"), ("C2", "public.events_2026"),
         ("V2", "public.hidden")},
    ),
    "policies switched off": (f"{BARE} CREATE POLICY p ON x USING (tenant_id = cur())", {("T2", X)}),
    "not forced on the owner": (
        "CREATE TABLE x (tenant_id text NOT NULL); ALTER TABLE x ENABLE ROW LEVEL SECURITY;"
        " CREATE POLICY p ON x USING (tenant_id = cur()); ALTER TABLE x OWNER TO app",
        {("T3", X)},
    ),
    "superuser": ("ALTER ROLE app SUPERUSER", {("T4", "app")}),
    "bypasses": ("ALTER ROLE app BYPASSRLS", {("T4", "app")}),
    "member of one that bypasses": ("CREATE ROLE boss BYPASSRLS; GRANT boss TO app", {("T4", "app")}),
    "member of the owner": ("GRANT keeper TO app", {("T4", "app")}),
    "true": (policy("USING (true)"), {("P1", X)}),
    "true for reading": (policy("FOR SELECT USING (true)"), {("P1", X)}),
    "itself": (policy("USING (tenant_id = tenant_id)"), {("P1", X)}),
    "any tenant": (policy("USING (tenant_id IS NOT NULL)"), {("P1", X)}),
    "any number": (policy("USING (id > 0)"), {("P1", X)}),
    "any user who is logged in": (policy("USING (current_setting('app.user_id', true) IS NOT NULL)"), {("P1", X)}),
    "a function that says yes": (
        "CREATE FUNCTION yes() RETURNS boolean LANGUAGE sql AS 'SELECT true';" + policy("USING (yes())"),
        {("P1", X)},
    ),
    "a membership of any tenant": (
        policy("USING (EXISTS (SELECT 1 FROM shares s WHERE s.tenant_id = s.tenant_id AND s.tenant_id = cur()))"),
        {("P1", X)},
    ),
    "open without a tenant": (policy("USING (cur() IS NULL OR tenant_id = cur())"), {("P2", X)}),
    "open without a tenant, by coalesce": (policy("USING (tenant_id = coalesce(cur(), tenant_id))"), {("P2", X)}),
    "open without a tenant, by case": (
        policy("USING (CASE WHEN cur() IS NULL THEN true ELSE tenant_id = cur() END)"),
        {("P2", X)},
    ),
    "open to unknown": (policy("USING ((tenant_id = cur()) IS NOT FALSE)"), {("P2", X)}),
    "or one is one": (policy("USING (tenant_id = cur() OR 1 = 1)"), {("P2", X)}),
    "or a status": (policy("USING (tenant_id = cur() OR status = 'done')"), {("P2", X)}),
    "a second policy": (beside("FOR SELECT USING (true)"), {("P2", X)}),
    "a second policy by status": (beside("FOR SELECT TO app USING (status = 'done')"), {("P2", X)}),
    "wrong column": (policy("USING (owner_id = cur())"), {("P3", X)}),
    "wrong setting": (policy("USING (tenant_id = current_setting('app.user_id', true))"), {("P3", X)}),
    "by pattern": (policy("USING (tenant_id LIKE cur() || '%')"), {("P3", X)}),
    "inverted": (policy("USING (tenant_id <> cur())"), {("P3", X)}),
    "writes anything new": (
        policy("FOR SELECT USING (tenant_id = cur())") + "CREATE POLICY q ON x FOR INSERT WITH CHECK (true)",
        {("P4", X)},
    ),
    "moves to any tenant": (policy("USING (tenant_id = cur()) WITH CHECK (true)"), {("P4", X)}),
    "public rows": (policy("USING (tenant_id = cur() OR is_public)"), {("P5", X)}),
    "a view of the superuser's": (
        "CREATE VIEW v AS SELECT * FROM documents; GRANT SELECT ON v TO app",
        {("V1", "public.v")},
    ),
    "a view through a view": (
        "CREATE VIEW u AS SELECT * FROM documents; CREATE VIEW v AS SELECT * FROM u; GRANT SELECT ON v TO app",
        {("V1", "public.v")},
    ),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM documents; GRANT SELECT ON m TO app",
        {("V2", "public.m")},
    ),
    "a definer": (
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.documents'",
        {("F1", "public.f")},
    ),
    "a definer by argument": (
        "CREATE FUNCTION f(tenant text) RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT count(*) FROM public.documents WHERE tenant_id = tenant'",
        {("F1", "public.f")},
    ),
    "a definer in PL/pgSQL": (
        "CREATE FUNCTION f(i int) RETURNS SETOF documents LANGUAGE plpgsql SECURITY DEFINER AS"
        " $$ BEGIN RETURN QUERY SELECT * FROM documents WHERE id = i; END $$",
        {("F1", "public.f")},
    ),
    "a definer that runs text": (
        "CREATE FUNCTION f(i text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS"
        " $$ BEGIN EXECUTE 'DELETE FROM documents WHERE name = ' || quote_literal(i); END $$",
        {("F1", "public.f")},
    ),
    "a definer in atomic SQL": (
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " BEGIN ATOMIC SELECT count(*) FROM documents; END",
        {("F1", "public.f")},
    ),
    "a child without tenant": (
        "CREATE TABLE x (id int, document_id int REFERENCES documents); GRANT SELECT ON x TO app",
        {("C1", X)},
    ),
    "a grandchild": (
        "CREATE TABLE x (id int, page_id int REFERENCES pages); GRANT SELECT ON x TO app",
        {("C1", X)},
    ),
    "tenant may be null": (
        "CREATE TABLE x (id int, tenant_id text); GRANT SELECT ON x TO app;" + SECURED.format("x") + OWN.format("x"),
        {("C1", X)},
    ),
    "a partition": ("GRANT SELECT ON events_2026 TO app", {("C2", "public.events_2026")}),
    "a role's own tenant": ("ALTER ROLE app SET app.tenant_id = 't1'", {("G1", "app")}),
    "the database's tenant": ("ALTER DATABASE dms SET app.tenant_id = 't1'", {("G1", "dms")}),
    "set for the session": (
        "CREATE FUNCTION f(t text) RETURNS void LANGUAGE sql AS $$ SELECT set_config('app.tenant_id', t, false) $$",
        {("G1", "public.f")},
    ),
    "empty is no tenant": (policy("USING (tenant_id = current_setting('app.tenant_id', true))"), {("G2", X)}),
    "empty is no tenant, in a function": (
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('app.tenant_id', true) $$;"
        + policy("USING (tenant_id = f())"),
        {("G2", "public.f")},
    ),
    "default privileges": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA public GRANT SELECT ON TABLES TO app",
        {("D1", "public")},
    ),
    "a foreign table": (
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        " CREATE FOREIGN TABLE x (id int, tenant_id text NOT NULL) SERVER s; GRANT SELECT ON x TO app",
        {("T5", X)},
    ),
}  # fmt: skip
