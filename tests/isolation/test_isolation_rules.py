"""On a real server: each fault is found with its object, and nothing in schemas that keep tenants apart."""

import pytest
from clean_schemas import PLAIN, RAILS, SUPABASE
from faulty_objects import FAULTY, SECURED

from ddms_ops.analysis.isolation import FAULTS, RULES, NoPosture, fault_frame, set_kept
from ddms_ops.analysis.isolation.judged import isolation_faults
from ddms_ops.findings import Severity
from ddms_ops.normalize.posture import Posture
from ddms_ops.tenancy import Isolation

ODD = "a'b\"c%s\n😀;--"
QUOTED = '"' + ODD.replace('"', '""') + '"'


@pytest.mark.parametrize("name", FAULTY)
def test_each_fault_is_found_with_its_object(judge, name: str):
    """And nothing else is."""
    sql, expected = FAULTY[name]
    found = judge(PLAIN, sql)
    assert {(fault.rule, fault.object) for fault in found} == expected
    assert all(fault.consequence and fault.remedy and fault.rows for fault in found)


def test_each_rule_has_a_fault():
    """No rule without an object that breaks it."""
    assert {rule for _, expected in FAULTY.values() for rule, _ in expected} == set(RULES)


@pytest.mark.parametrize(
    ("schema", "roles"),
    [
        (PLAIN, ("app",)),
        (SUPABASE, ("anon", "authenticated")),
        (SUPABASE, ("authenticator", "anon", "authenticated")),
        (SUPABASE, ()),
        (RAILS, ("rails",)),
        (RAILS, ()),
    ],
)
def test_nothing_is_found_where_tenants_are_kept_apart(judge, schema: str, roles: tuple[str, ...]):
    """Whatever the style; without roles all that log in are judged."""
    assert judge(schema, roles=roles) == []


def test_the_setting_of_the_profile_is_the_one_that_counts(judge):
    """Policies that go by another are by the wrong one."""
    found = judge(RAILS, roles=("rails",), setting="app.tenant_id")
    assert {(fault.rule, fault.object) for fault in found} == {
        ("P3", "public.users"), ("P3", "public.posts"), ("P3", "public.comments"),
    }  # fmt: skip


def test_a_shared_table_is_accepted(judge):
    """By name, with or without its schema."""
    sql = "CREATE TABLE x (tenant_id text); CREATE TABLE y (tenant_id text); GRANT SELECT ON x, y TO app"
    assert judge(PLAIN, sql, shared={"x": "price list", "public.y": "holidays"}) == []


def test_names_come_through_whole(judge):
    """Quotes, percent signs, line ends and emoji of a table and a policy are quoted in the remedy."""
    sql = f"""CREATE TABLE {QUOTED} (tenant_id text NOT NULL); GRANT SELECT ON {QUOTED} TO app;
        ALTER TABLE {QUOTED} ENABLE ROW LEVEL SECURITY; CREATE POLICY {QUOTED} ON {QUOTED} USING (true)"""
    [fault] = judge(PLAIN, sql)
    assert (fault.rule, fault.object, fault.part) == ("P1", f"public.{ODD}", ODD)
    assert fault.remedy.startswith(f'ALTER POLICY {QUOTED} ON "public".{QUOTED} USING ("tenant_id" = ')


def test_the_remedy_removes_the_fault(judge, empty_server):
    """Run after review, the statement leaves nothing to be found."""
    sql = "CREATE TABLE x (tenant_id text NOT NULL); GRANT SELECT ON x TO app"
    [fault] = judge(PLAIN, sql)
    empty_server.load(fault.remedy)
    assert judge() == []


def test_rows_make_it_worse(judge):
    """An open table that holds rows is critical."""
    sql = "CREATE TABLE x (tenant_id text NOT NULL); GRANT SELECT ON x TO app; INSERT INTO x VALUES ('t1'); ANALYZE x"
    [fault] = judge(PLAIN, sql)
    assert fault.severity is Severity.CRITICAL


def test_a_role_that_is_not_there_is_said(judge):
    """With those that log in."""
    with pytest.raises(NoPosture, match="there is no role web; roles that log in: app, postgres, support"):
        judge(PLAIN, roles=("app", "web"))


def test_a_database_without_tenant_columns_is_said(judge):
    """Nothing found would be no news there."""
    with pytest.raises(NoPosture, match="no table of the database dms has a column tenant_id"):
        judge("CREATE ROLE app LOGIN; CREATE TABLE x (id int)")


def test_faults_of_several_roles_are_one(judge):
    """With the names of all."""
    sql = "CREATE ROLE web LOGIN; CREATE TABLE x (tenant_id text NOT NULL); GRANT SELECT ON x TO app, web"
    [fault] = judge(PLAIN, "GRANT USAGE ON SCHEMA public TO PUBLIC", sql, roles=("app", "web"))
    assert (fault.rule, fault.role) == ("T1", "app, web")


def test_a_trigger_that_secures_new_tables_makes_defaults_safe(judge):
    """Default privileges are no fault where each new table gets row-level security."""
    trigger = """CREATE FUNCTION secure() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE 'ALTER TABLE x ENABLE ROW LEVEL SECURITY'; END $$;
        CREATE EVENT TRIGGER secure ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION secure();"""
    grant = "ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA public GRANT SELECT ON TABLES TO app"
    assert judge(PLAIN, grant, trigger) == []


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("SET app.tenant_id = 't1'", {"app.tenant_id"}),
        ("/* web */ SET SESSION app.tenant_id TO $1", {"app.tenant_id"}),
        ("SET LOCAL app.tenant_id = 't1'", set()),
        ("SET app.tenant_id TO DEFAULT", set()),
        ("RESET app.tenant_id", set()),
        ("SELECT set_config('app.tenant_id', 't1', false)", {"app.tenant_id"}),
        ("SELECT set_config('app.tenant_id', 't1', true)", set()),
        ("SELECT set_config($1, $2, $3)", set()),
    ],
)
def test_a_setting_that_outlives_its_transaction(text: str, settings: set[str]):
    """SET without LOCAL, and set_config whose third argument is false."""
    assert set_kept(text) == settings


def test_statements_that_set_a_tenant_for_the_session(judge, fetch):
    """One finding for each setting, whatever the number of statements."""
    judge(PLAIN)
    texts = ["SET app.tenant_id = 't1'", "SET app.tenant_id = 't2'", "SET search_path = x"]
    found = isolation_faults(Posture(fetch().table, "p"), Isolation(app_roles=("app",)), statements=texts,
                             settings=("app.tenant_id",))  # fmt: skip
    assert [(fault.rule, fault.object, fault.part) for fault in found] == [("G1", "app.tenant_id", "statements")]
    assert found[0].consequence.startswith("2 statements set app.tenant_id for the session")


def test_faults_as_a_frame(judge):
    """In the schema, worst first."""
    faults = judge(PLAIN, "ALTER ROLE app BYPASSRLS")
    frame = fault_frame(faults, "posture")
    assert (list(frame.columns), frame["rule"].tolist(), len(fault_frame([], "p"))) == (FAULTS.names, ["T4"], 0)


def test_a_restrictive_policy_for_one_command_does_not_close_the_others(judge):
    """Reading stays open where only writing is narrowed."""
    sql = f"""CREATE TABLE x (tenant_id text NOT NULL); GRANT SELECT, UPDATE ON x TO app; {SECURED.format("x")}
        CREATE POLICY wide ON x USING (true);
        CREATE POLICY narrow ON x AS RESTRICTIVE FOR UPDATE USING (tenant_id = cur())"""
    assert [(fault.rule, fault.part) for fault in judge(PLAIN, sql)] == [("P1", "wide")]
