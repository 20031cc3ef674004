"""Faults and their clean likes around memberships, definers that refuse first, and views of the role's own.

As function_objects has them.
"""

from faulty_objects import CLOSED, GIVEN, OWN, SECURED, X, policy
from function_objects import SETTING, USER, Objects, T, plpgsql

VIEWER = "current_setting('app.viewer', true)"
MEMBERS = f"""CREATE TABLE members (tenant_id text NOT NULL, member_id text NOT NULL, status text);
GRANT SELECT ON members TO app; {SECURED.format("members")}
CREATE POLICY mine ON members FOR SELECT USING (member_id = {VIEWER});"""
OF_MEMBERS = f"tenant_id IN (SELECT m.tenant_id FROM members m WHERE m.member_id = {VIEWER})"
CHILD = f"""CREATE TABLE child (id int, x_id int REFERENCES x); {GIVEN.format("child")} {SECURED.format("child")}
CREATE POLICY p ON child USING (EXISTS (SELECT 1 FROM x WHERE x.id = child.x_id));"""
OWNED = f"""CREATE TABLE x (id int PRIMARY KEY, tenant_id text NOT NULL); ALTER TABLE x OWNER TO app;
ALTER TABLE x ENABLE ROW LEVEL SECURITY; {OWN.format("x")}"""
VIEW = "CREATE VIEW v AS SELECT * FROM x; ALTER VIEW v OWNER TO app;"
READS = " SELECT count(*) INTO n FROM public.documents WHERE tenant_id = t; RETURN n;"
REACHES = {("F1", "public.f")}


def definer(body: str, *, takes: str = T, declare: str = "n bigint;") -> str:
    """A definer in PL/pgSQL."""
    return plpgsql("f", body, returns="bigint", takes=takes, declare=declare, rest="SECURITY DEFINER")


def refuses(condition: str, then: str = "RAISE EXCEPTION 'no';", *, takes: str = T) -> str:
    """A definer that goes on only where a condition is not true, and reads the tenant that it was given."""
    return definer(f"IF {condition} THEN {then} END IF;{READS}", takes=takes)


REFUSED = f"IF t IS DISTINCT FROM {SETTING} THEN RAISE EXCEPTION 'no'; END IF;"
FAULTY: Objects = {
    "a member of itself": (
        MEMBERS + policy(f"USING (EXISTS (SELECT 1 FROM members m WHERE m.tenant_id = tenant_id"
                         f" AND m.member_id = {VIEWER}))"), {("P1", X)},
    ),
    "a tenant by the viewer": (policy(f"USING (tenant_id = {VIEWER})"), {("P3", X)}),
    "a member by the tenant's setting": (
        MEMBERS.replace("app.viewer", "app.org_id"), {("P3", "public.members")},
    ),
    "a child of an open parent": (
        policy("FOR SELECT USING (true)") + CHILD, {("P1", X), ("P1", "public.child")},
    ),
    "a child of any parent": (
        CLOSED + OWN.format("x") + CHILD.replace("child.x_id", "x.id"), {("P1", "public.child")},
    ),
    "refuses where both are known": (refuses(f"t <> {SETTING}"), REACHES),
    "refuses what is known not to be": (refuses(f"NOT (t = {SETTING})"), REACHES),
    "refuses all but one": (refuses(f"t IS DISTINCT FROM {SETTING} AND t <> 'admin'"), REACHES),
    "refuses by another argument": (refuses(f"u IS DISTINCT FROM {SETTING}", takes="t text, u text"), REACHES),
    "refuses by another setting": (refuses(f"t IS DISTINCT FROM {VIEWER}"), REACHES),
    "refuses by a fallback": (refuses(f"t IS DISTINCT FROM coalesce({SETTING}, 't1')"), REACHES),
    "only says so": (refuses(f"t IS DISTINCT FROM {SETTING}", "RAISE NOTICE 'no';"), REACHES),
    "reads as it refuses": (
        refuses(f"t IS DISTINCT FROM {SETTING}", "RETURN (SELECT count(*) FROM documents WHERE tenant_id = t);"),
        REACHES,
    ),
    "refuses, then takes another": (definer(f"{REFUSED} t := 't2'; {READS}"), REACHES),
    "refuses, then loops over others": (
        definer(f"{REFUSED} FOREACH t IN ARRAY ARRAY['t1', 't2'] LOOP {READS} END LOOP;"), REACHES,
    ),
    "refuses, then hides it": (definer(f"{REFUSED} DECLARE t text := 't2'; BEGIN {READS} END;"), REACHES),
    "refuses at times": (definer(f"IF u THEN {REFUSED} END IF; {READS}", takes="t text, u boolean"), REACHES),
    "refuses in vain": (definer(f"BEGIN {REFUSED} EXCEPTION WHEN others THEN NULL; END; {READS}"), REACHES),
    "reads where it refused": (definer(f"{REFUSED} {READS} EXCEPTION WHEN others THEN {READS}"), REACHES),
    "refuses, and reads all": (
        definer(f"{REFUSED} SELECT count(*) INTO n FROM public.documents; RETURN n;"), REACHES,
    ),
    "refuses unknown tenants": (refuses("NOT EXISTS (SELECT 1 FROM tenants n WHERE n.id = t)"), REACHES),
    "a view of the role's own": (OWNED + VIEW, {("T3", X), ("V1", "public.v")}),
    "a view of the role's own through another": (
        OWNED + VIEW + "CREATE VIEW w AS SELECT * FROM v; ALTER VIEW w OWNER TO app;",
        {("T3", X), ("V1", "public.v"), ("V1", "public.w")},
    ),
    "a view of a role that it is a member of": (
        "CREATE ROLE team; GRANT USAGE ON SCHEMA public TO team; GRANT team TO app;"
        + (OWNED + VIEW).replace("TO app", "TO team"), {("T3", X), ("T4", "app"), ("V1", "public.v")},
    ),
}  # fmt: skip
CLEAN: dict[str, str] = {
    "tenants of the viewer": MEMBERS + policy(f"USING ({OF_MEMBERS})"),
    "the viewer is a member": MEMBERS + policy(
        f"USING (EXISTS (SELECT 1 FROM members m WHERE m.tenant_id = x.tenant_id AND m.member_id = {VIEWER}))"
    ),
    "a child of what the viewer sees": MEMBERS + policy(f"USING ({OF_MEMBERS})") + CHILD,
    "a token without claims is nobody's": policy(
        "USING (tenant_id = coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb"
        " ->> 'tenant_id')"
    ),
    "refuses others": refuses(f"t IS DISTINCT FROM {SETTING}"),
    "refuses others, told the other way": refuses("cur() IS DISTINCT FROM t"),
    "refuses by number": definer(
        REFUSED.replace("IF t", "IF $1") + READS.replace("= t", "= $1"), takes="text"
    ),
    "refuses by a variable": definer(
        f"mine := {SETTING}; IF t IS DISTINCT FROM mine THEN RAISE EXCEPTION 'no'; END IF;{READS}",
        declare="n bigint; mine text;",
    ),
    "refuses none, then others": definer(
        f"IF {SETTING} IS NULL THEN RAISE EXCEPTION 'no'; END IF;"
        f" IF t <> {SETTING} THEN RAISE EXCEPTION 'no'; END IF;{READS}"
    ),
    "refuses none or others": refuses(f"{SETTING} IS NULL OR t <> {SETTING}"),
    "refuses all that is not so": refuses(f"NOT coalesce(t = {SETTING}, false)"),
    "returns nothing of others": refuses(f"t IS DISTINCT FROM {SETTING}", "RETURN 0;"),
    "refuses who is no member": refuses(
        f"NOT EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = t AND u.id = {USER})"
    ),
    "refuses, with a handler": definer(f"{REFUSED} {READS} EXCEPTION WHEN others THEN RETURN NULL;"),
    "refuses, then runs a text": definer(
        f"{REFUSED} EXECUTE 'SELECT count(*) FROM public.documents WHERE tenant_id = $1' INTO n USING t; RETURN n;"
    ),
    "a view of the role's own over a forced table": OWNED + "ALTER TABLE x FORCE ROW LEVEL SECURITY;" + VIEW,
    "a view of the role's own over another's table": CLOSED + OWN.format("x") + VIEW,
}  # fmt: skip
