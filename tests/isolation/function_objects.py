"""Faults and their clean likes around functions, fallbacks, and what is written.

Each is made in a plain schema that has none: SQL, and rule and object that must be found; nothing for the clean ones.
"""

from faulty_objects import CLOSED, GIVEN, OWN, SECURED, TABLE, X, policy

SETTING = "nullif(current_setting('app.tenant_id', true), '')"
USER = "nullif(current_setting('app.user_id', true), '')"
READING = "CREATE POLICY p ON x FOR SELECT USING (tenant_id = cur());"
Objects = dict[str, tuple[str, set[tuple[str, str]]]]


def sql(name: str, body: str, *, returns: str = "boolean", takes: str = "", rest: str = "STABLE") -> str:
    """A function in SQL."""
    return f"CREATE FUNCTION {name}({takes}) RETURNS {returns} LANGUAGE sql {rest} AS $f$ {body} $f$;"


def plpgsql(name: str, body: str, *, returns: str = "boolean", takes: str = "", declare: str = "", rest: str = "STABLE",
            ) -> str:  # fmt: skip
    """A function in PL/pgSQL."""
    head = f"CREATE FUNCTION {name}({takes}) RETURNS {returns} LANGUAGE plpgsql {rest} AS $f$"
    return f"{head} {f'DECLARE {declare}' if declare else ''} BEGIN {body} END $f$;"


def sees(function: str) -> str:
    """A table that goes by see(tenant_id)."""
    return function + policy("USING (see(tenant_id))")


T = "t text"
ALL = {("P1", X)}
OPEN = {("P2", X)}
FAULTY_FUNCTIONS: Objects = {
    "yes in PL/pgSQL": (plpgsql("yes", "RETURN true;") + policy("USING (yes())"), ALL),
    "yes of the row's tenant": (sees(sql("see", "SELECT t IS NOT NULL", takes=T)), ALL),
    "yes by number": (sees(sql("see", "SELECT $1 = $1", takes="text")), ALL),
    "yes through another": (
        plpgsql("deep", "RETURN 1 = 1;") + sql("mid", "SELECT deep()") + sees(sql("see", "SELECT mid()", takes=T)), ALL,
    ),
    "yes by a variable": (sees(plpgsql("see", "RETURN ok;", takes=T, declare="ok boolean := true;")), ALL),
    "yes in both branches": (
        sees(plpgsql("see", "IF t IS NULL THEN RETURN true; END IF; RETURN true;", takes=T)), ALL,
    ),
    "yes if there is such a tenant": (
        sees(sql("see", "SELECT EXISTS (SELECT 1 FROM public.tenants n WHERE n.id = t)", takes=T)), ALL,
    ),
    "yes although the setting is named": (
        sees(plpgsql("see", "RAISE NOTICE '%', current_setting('app.tenant_id', true); RETURN true;", takes=T)), ALL,
    ),
    "yes to whoever states a tenant": (sql("stated", "SELECT cur() IS NOT NULL") + policy("USING (stated())"), ALL),
    "the row's tenant is the row's": (
        sql("same", "SELECT t", returns="text", takes=T) + policy("USING (tenant_id = same(tenant_id))"), ALL,
    ),
    "a constant for a tenant": (
        plpgsql("home", "RETURN 't1';", returns="text") + policy("USING (tenant_id = home())"), ALL,
    ),
    "yes to members of any tenant": (
        sees(sql("see", f"SELECT EXISTS (SELECT 1 FROM users u WHERE u.id = {USER})", takes=T)), ALL,
    ),
    "yes in atomic SQL": (
        "CREATE FUNCTION see(t text) RETURNS boolean LANGUAGE sql STABLE RETURN true;"
        + policy("USING (see(tenant_id))"), ALL,
    ),
    "not a no": (sql("blocked", "SELECT false", takes=T) + policy("USING (NOT blocked(tenant_id))"), ALL),
    "yes in all arms": (sees(sql("see", "SELECT CASE WHEN cur() = t THEN true ELSE true END", takes=T)), ALL),
    "all tenants": (
        plpgsql("mine", "RETURN QUERY SELECT id FROM tenants;", returns="SETOF text")
        + policy("USING (tenant_id IN (SELECT mine()))"), ALL,
    ),
    "compared, or yes": (sees(sql("see", "SELECT t = cur() OR true", takes=T)), OPEN),
    "a handler says yes": (
        sees(plpgsql("see", "RETURN t = cur(); EXCEPTION WHEN others THEN RETURN true;", takes=T)), OPEN,
    ),
    "yes without a tenant": (
        sees(plpgsql("see", "IF cur() IS NULL THEN RETURN true; END IF; RETURN t = cur();", takes=T)), OPEN,
    ),
    "yes to unknown": (sees(sql("see", "SELECT coalesce(t = cur(), true)", takes=T)), OPEN),
    "refused only if another": (
        sees(plpgsql("see", "IF t <> cur() THEN RAISE EXCEPTION 'no'; END IF; RETURN true;", takes=T)), OPEN,
    ),
    "by the user's id in a function": (sees(sql("see", f"SELECT t = {USER}", takes=T)), {("P3", X)}),
    "a view by a function that says yes": (
        sees(plpgsql("see", "RETURN true;", takes=T)).replace(policy("USING (see(tenant_id))"), "")
        + "CREATE VIEW v AS SELECT * FROM documents WHERE see(tenant_id); GRANT SELECT ON v TO app;",
        {("V1", "public.v")},
    ),
    "a definer by a function that says yes": (
        sql("see", "SELECT length(t) > 0", takes=T)
        + sql("f", "SELECT count(*) FROM documents WHERE see(tenant_id)", returns="bigint", rest="SECURITY DEFINER"),
        {("F1", "public.f")},
    ),
}  # fmt: skip
FAULTY_FALLBACKS: Objects = {
    "a tenant by default": (policy(f"USING (tenant_id = coalesce({SETTING}, 't1'))"), OPEN),
    "a tenant by default of a function": (policy("USING (tenant_id = coalesce(cur(), 'acme'))"), OPEN),
    "a tenant by case": (policy("USING (tenant_id = CASE WHEN cur() IS NULL THEN 'acme' ELSE cur() END)"), OPEN),
    "a tenant by case of ''": (
        policy("USING (tenant_id = CASE current_setting('app.tenant_id', true) WHEN '' THEN 'acme' ELSE cur() END)"),
        OPEN,
    ),
    "a tenant by else": (policy("USING (tenant_id = CASE WHEN cur() IS NOT NULL THEN cur() ELSE 'acme' END)"), OPEN),
    "a tenant by default in a helper": (
        sql("mine", f"SELECT coalesce({SETTING}, 't1')", returns="text") + policy("USING (tenant_id = mine())"), OPEN,
    ),
    "a tenant by default in PL/pgSQL": (
        plpgsql("mine", "IF v IS NULL THEN v := 't1'; END IF; RETURN v;", returns="text",
                declare=f"v text := {SETTING};") + policy("USING (tenant_id = (SELECT mine()))"), OPEN,
    ),
    "a tenant returned by default": (
        plpgsql("mine", "SELECT cur() INTO v; IF v IS NOT NULL THEN RETURN v; END IF; RETURN 't1';", returns="text",
                declare="v text;") + policy("USING (tenant_id = mine())"), OPEN,
    ),
    "a tenant by a handler": (
        plpgsql("mine", "RETURN current_setting('app.tenant_id'); EXCEPTION WHEN others THEN RETURN 't1';",
                returns="text") + policy("USING (tenant_id = mine())"), OPEN | {("G2", "public.mine")},
    ),
    "a tenant where none is found": (
        plpgsql("mine", f"SELECT u.tenant_id INTO v FROM users u WHERE u.id = {USER};"
                " IF NOT FOUND THEN v := 't1'; END IF; RETURN v;", returns="text", declare="v text;")
        + policy("USING (tenant_id = mine())"), OPEN,
    ),
    "the first tenant": (
        policy("USING (tenant_id = coalesce(cur(), (SELECT min(id) FROM tenants)))"), OPEN,
    ),
    "the first tenant, by a function": (
        sql("first_one", "SELECT id FROM public.tenants ORDER BY id LIMIT 1", returns="text")
        + policy("USING (tenant_id = coalesce(cur(), first_one()))"), OPEN,
    ),
    "a default setting": (
        policy("USING (tenant_id = coalesce(cur(), current_setting('app.default_tenant', true)))"), OPEN,
    ),
    "in a list": (policy("USING (tenant_id IN (cur(), 'acme'))"), OPEN),
    "an arm for one tenant": (policy("USING (tenant_id = cur() OR (cur() IS NULL AND tenant_id = 't1'))"), OPEN),
    "a tenant by default in a sub-select": (
        policy("USING (tenant_id IN (SELECT coalesce(cur(), 't1')))"), OPEN,
    ),
    "a view by default": (
        "CREATE VIEW v AS SELECT * FROM documents WHERE tenant_id = coalesce(cur(), 't1'); GRANT SELECT ON v TO app",
        {("V1", "public.v")},
    ),
}  # fmt: skip
WRITTEN = {("P4", X)}
FAULTY_WRITES: Objects = {
    "written by user": (CLOSED + READING + f"CREATE POLICY q ON x FOR INSERT WITH CHECK (owner_id = {USER})", WRITTEN),
    "written by database user": (
        CLOSED + READING + "CREATE POLICY q ON x FOR INSERT WITH CHECK (owner_id = current_user)", WRITTEN,
    ),
    "moved by user": (policy(f"USING (tenant_id = cur()) WITH CHECK (owner_id = {USER})"), WRITTEN),
    "moved by user on update": (
        CLOSED + READING + "CREATE POLICY q ON x FOR UPDATE USING (tenant_id = cur())"
        f" WITH CHECK (owner_id = {USER} AND status = 'draft')", WRITTEN,
    ),
    "written by a parent": (
        CLOSED + READING + "CREATE POLICY q ON x FOR INSERT WITH CHECK (id IN (SELECT d.id FROM documents d))", WRITTEN,
    ),
    "written by a parent that exists": (
        CLOSED + READING + "CREATE POLICY q ON x FOR INSERT"
        " WITH CHECK (EXISTS (SELECT 1 FROM documents d WHERE d.id = x.id AND d.tenant_id = cur()))", WRITTEN,
    ),
    "written by a function of the user": (
        sql("is_me", f"SELECT u = {USER}", takes="u text")
        + CLOSED + READING + "CREATE POLICY q ON x FOR INSERT WITH CHECK (is_me(owner_id))", WRITTEN,
    ),
    "all by user": (policy(f"USING (owner_id = {USER})"), WRITTEN),
    "written by tenant or user": (
        CLOSED + READING + f"CREATE POLICY q ON x FOR INSERT WITH CHECK (tenant_id = cur() OR owner_id = {USER})",
        WRITTEN,
    ),
}  # fmt: skip
FAULTY = {**FAULTY_FUNCTIONS, **FAULTY_FALLBACKS, **FAULTY_WRITES}

CLEAN: dict[str, str] = {
    "compared in PL/pgSQL": sees(plpgsql("see", "RETURN t = cur();", takes=T)),
    "compared by number": sees(sql("see", "SELECT $1 = cur()", takes="text")),
    "no without a tenant": sees(
        plpgsql("see", "IF cur() IS NULL THEN RETURN false; END IF; RETURN t = cur();", takes=T)
    ),
    "compared with a variable": sees(
        plpgsql("see", "RETURN t = mine;", takes=T, declare="mine text := cur();")
    ),
    "an error for another's": sees(
        plpgsql("see", "IF t IS DISTINCT FROM cur() THEN RAISE EXCEPTION 'no'; END IF; RETURN true;", takes=T)
    ),
    "an error without a tenant": sees(
        plpgsql("see", "IF cur() IS NULL THEN RAISE EXCEPTION 'no'; END IF; IF t <> cur() THEN RETURN false; END IF;"
                " RETURN true;", takes=T)
    ),
    "no for none or another's": sees(
        plpgsql("see", "IF cur() IS NULL OR t <> cur() THEN RETURN false; END IF; RETURN true;", takes=T)
    ),
    "of the whole row": TABLE.format("x") + GIVEN.format("x") + SECURED.format("x")
    + sql("owns", "SELECT d.tenant_id = cur()", takes="d x") + "CREATE POLICY p ON x USING (owns(x))",
    "a membership that is found": sees(
        plpgsql("see", f"PERFORM 1 FROM users u WHERE u.id = {USER} AND u.tenant_id = t; RETURN FOUND;", takes=T)
    ),
    "memberships that are counted": sees(
        plpgsql("see", f"SELECT count(*) INTO n FROM users u WHERE u.id = {USER} AND u.tenant_id = t; RETURN n > 0;",
                takes=T, declare="n int;")
    ),
    "the user's tenant": sees(
        plpgsql("see", f"SELECT u.tenant_id INTO mine FROM users u WHERE u.id = {USER}; RETURN mine = t;", takes=T,
                declare="mine text;")
    ),
    "the user's record": sees(
        plpgsql("see", f"SELECT * INTO r FROM users u WHERE u.id = {USER}; RETURN r.tenant_id = t;", takes=T,
                declare="r record;")
    ),
    "through another": sql("inner_see", "SELECT o = cur()", takes="o text") + sees(
        plpgsql("see", "RETURN inner_see(t);", takes=T)
    ),
    "in a loop": sees(
        plpgsql("see", f"FOR r IN SELECT u.tenant_id FROM users u WHERE u.id = {USER} LOOP"
                " IF r.tenant_id = t THEN RETURN true; END IF; END LOOP; RETURN false;", takes=T, declare="r record;")
    ),
    "below in a tree": sees(
        sql("see", "WITH RECURSIVE tree AS (SELECT n.id FROM tenants n WHERE n.id = cur() UNION ALL SELECT n.id"
            " FROM tenants n JOIN tree ON n.name = tree.id) SELECT t IN (SELECT id FROM tree)", takes=T)
    ),
    "not another's": sql("foreign_row", "SELECT t IS DISTINCT FROM cur()", takes=T)
    + policy("USING (NOT foreign_row(tenant_id))"),
    "one of the user's": sql(
        "mine", f"SELECT array_agg(u.tenant_id) FROM users u WHERE u.id = {USER}", returns="text[]"
    ) + policy("USING (tenant_id = ANY (mine()))"),
    "by CASE": sees(plpgsql("see", "CASE WHEN t = cur() THEN RETURN true; ELSE RETURN false; END CASE;", takes=T)),
    "a handler says no": sees(
        plpgsql("see", "RETURN t = cur(); EXCEPTION WHEN others THEN RETURN false;", takes=T)
    ),
    "unknown is no": sees(sql("see", "SELECT coalesce(t = cur(), false)", takes=T)),
    "nobody by default": policy(f"USING (tenant_id = coalesce({SETTING}, ''))"),
    "nobody's number by default": policy(
        f"USING (tenant_id = coalesce({SETTING}, '00000000-0000-0000-0000-000000000000'))"
    ),
    "null by CASE": policy("USING (tenant_id = CASE WHEN cur() IS NULL THEN NULL ELSE cur() END)"),
    "one claim or another": policy(
        "USING (tenant_id = coalesce(cur(), nullif(current_setting('request.jwt.claims', true), '')::json"
        " ->> 'tenant_id'))"
    ),
    "the user's tenant by default": policy(
        f"USING (tenant_id = coalesce(cur(), (SELECT u.tenant_id FROM users u WHERE u.id = {USER})))"
    ),
    "an error by default": plpgsql(
        "mine", "IF v IS NULL THEN RAISE EXCEPTION 'no tenant'; END IF; RETURN v;", returns="text",
        declare=f"v text := {SETTING};",
    ) + policy("USING (tenant_id = mine())"),
    "null by a handler": plpgsql(
        "mine", f"RETURN {SETTING}; EXCEPTION WHEN others THEN RETURN NULL;", returns="text",
    ) + policy("USING (tenant_id = mine())"),
    "written by user and tenant": CLOSED + READING
    + f"CREATE POLICY q ON x FOR INSERT WITH CHECK (owner_id = {USER} AND tenant_id = cur())",
    "written by user, narrowed to the tenant": CLOSED + READING
    + f"CREATE POLICY q ON x FOR INSERT WITH CHECK (owner_id = {USER});"
    "CREATE POLICY r ON x AS RESTRICTIVE FOR INSERT WITH CHECK (tenant_id = cur())",
    "written by user whose tenant it is": CLOSED + READING
    + "ALTER TABLE x ADD FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);"
    f"CREATE POLICY q ON x FOR INSERT WITH CHECK (owner_id = {USER})",
    "read by user": CLOSED + f"CREATE POLICY q ON x FOR SELECT USING (owner_id = {USER})",
    "removed by user": CLOSED + READING + f"CREATE POLICY q ON x FOR DELETE USING (owner_id = {USER})",
    "written by membership": CLOSED + READING + "CREATE POLICY q ON x FOR INSERT WITH CHECK"
    f" (EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = x.tenant_id AND u.id = {USER}))",
    "written by pairs": CLOSED + READING + "CREATE POLICY q ON x FOR INSERT WITH CHECK"
    f" ((tenant_id, owner_id) IN (SELECT u.tenant_id, u.id FROM users u WHERE u.id = {USER}))",
    "written without a tenant column": "CREATE TABLE x (id int, owner_id text, document_id int REFERENCES documents);"
    + GIVEN.format("x") + SECURED.format("x") + f"CREATE POLICY p ON x USING (owner_id = {USER})",
}  # fmt: skip
USERS = f"""CREATE TABLE users (id text, tenant_id text NOT NULL, PRIMARY KEY (tenant_id, id));
GRANT SELECT ON users TO app;
{SECURED.format("users")} {OWN.format("users")}"""
