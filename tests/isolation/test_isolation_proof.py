"""The live proof on a real server: what a role sees is shown, whatever the catalogs say, and nothing is changed."""

import psycopg
import pytest
from clean_schemas import PLAIN
from faulty_objects import CLOSED, OWN, policy

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.postgres import DatabaseFault
from ddms_ops.sources.postgres.isolation_proof import Proof, prove_isolation
from ddms_ops.tenancy import Isolation

TENANTS = ("t1", "t2", "t3")
ROWS = "INSERT INTO x (id, tenant_id) VALUES (1, 't1'), (2, 't2'), (3, 't3');"
KEPT = CLOSED + OWN.format("x") + ROWS
ODD = "a'b\"c%s 😀;--"


def shown(server: PostgresServer, *statements: str, user: str = "postgres", role: str = "app", **given: object,
          ) -> list[Proof]:  # fmt: skip
    """The proof of the table x after some SQL."""
    for text in (PLAIN, *statements):
        server.load(text)
    options = {"tenants": TENANTS, "setting": "app.tenant_id", **given}
    found = prove_isolation(
        Database(dsn_variable="URL"), Isolation(), role=role, environ={"URL": server.dsn(user)}, **options
    )
    return [proof for proof in found if proof.table == "public.x"]


def test_a_leaking_table_is_shown(empty_server: PostgresServer):
    """For the first tenant, the last, and none."""
    found = shown(empty_server, policy("USING (true)") + ROWS)
    assert [(proof.tenant, proof.shows_foreign, proof.words) for proof in found] == [
        ("none", True, "a session without tenant sees rows of tenants"),
        ("t1", True, "a session of that tenant sees rows of others"),
        ("t3", True, "a session of that tenant sees rows of others"),
    ]


def test_a_kept_table_shows_nothing(empty_server: PostgresServer):
    """Nor does it to a session without tenant."""
    assert [proof.shows_foreign for proof in shown(empty_server, KEPT)] == [False, False, False]


def test_a_table_that_opens_without_a_tenant(empty_server: PostgresServer):
    """Only the session that states none sees rows."""
    found = shown(empty_server, policy("USING (cur() IS NULL OR tenant_id = cur())") + ROWS)
    assert [(proof.tenant, proof.shows_foreign) for proof in found] == [("none", True), ("t1", False), ("t3", False)]


def test_a_table_that_falls_back_to_a_tenant(empty_server: PostgresServer):
    """The same."""
    found = shown(empty_server, policy("USING (tenant_id = coalesce(cur(), 't1'))") + ROWS)
    assert [proof.shows_foreign for proof in found] == [True, False, False]


def test_an_error_without_a_tenant_shows_nothing(empty_server: PostgresServer):
    """A policy that insists on its setting."""
    found = shown(empty_server, policy("USING (tenant_id = current_setting('app.tenant_id'))") + ROWS,
                  "ALTER DATABASE dms RESET app.tenant_id")  # fmt: skip
    assert [proof.shows_foreign for proof in found] == [False, False, False]
    assert found[0].words == "a session without tenant is answered with an error (SQLSTATE 42704), not with rows"


def test_the_proof_agrees_with_the_rule_on_the_empty_text(empty_server: PostgresServer):
    """'' matches only rows whose tenant is ''."""
    found = shown(empty_server, policy("USING (tenant_id = current_setting('app.tenant_id', true))") + ROWS,
                  tenants=("",))  # fmt: skip
    assert [proof.shows_foreign for proof in found] == [False, False]


def test_who_may_not_become_the_role_is_told_what_to_grant(empty_server: PostgresServer):
    """And after the grant it goes."""
    empty_server.load(f"CREATE ROLE auditor LOGIN PASSWORD '{empty_server.password}'")
    with pytest.raises(DatabaseFault, match="role auditor may not SET ROLE app: GRANT app TO auditor") as caught:
        shown(empty_server, KEPT, user="auditor")
    assert caught.value.status is Status.NO_PERMISSION
    empty_server.load("DROP TABLE x; GRANT app TO auditor")
    found = prove_isolation(
        Database(dsn_variable="URL"), Isolation(), role="app", setting="app.tenant_id", tenants=TENANTS,
        environ={"URL": empty_server.dsn("auditor")},
    )  # fmt: skip
    assert {proof.table: proof.shows_foreign for proof in found}["public.documents"] is False


def test_a_role_that_is_not_there(empty_server: PostgresServer):
    """Is said."""
    with pytest.raises(DatabaseFault, match="there is no role web"):
        shown(empty_server, role="web")


def test_no_answer_in_time_is_none(empty_server: PostgresServer):
    """A policy that takes too long tells nothing."""
    slow = (
        "CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(9); RETURN true; END $$;"
    )
    found = shown(empty_server, slow + policy("USING (slow())") + ROWS, tenants=())
    assert [(proof.shows_foreign, proof.words) for proof in found] == [(None, "no answer within 2 s")]


def test_a_large_table_without_index_is_not_asked(empty_server: PostgresServer):
    """By the estimate of the catalogs."""
    large = "UPDATE pg_class SET reltuples = 2000000 WHERE relname = 'x'"
    found = shown(empty_server, KEPT, large, tenants=())
    assert [(proof.shows_foreign, proof.words) for proof in found] == [
        (None, "not asked: about 2,000,000 rows and no index on tenant_id")
    ]
    empty_server.load("CREATE INDEX ON x (tenant_id)")
    empty_server.load(large)
    assert [proof.shows_foreign for proof in shown_again(empty_server)] == [False]


def shown_again(server: PostgresServer) -> list[Proof]:
    """The same proof of x once more, without tenants."""
    found = prove_isolation(
        Database(dsn_variable="URL"), Isolation(), role="app", setting="app.tenant_id", tenants=(),
        environ={"URL": server.dsn()},
    )  # fmt: skip
    return [proof for proof in found if proof.table == "public.x"]


def test_a_shared_table_and_one_without_rights_are_left_out(empty_server: PostgresServer):
    """Nothing is asked of them."""
    for text in (PLAIN, KEPT):
        empty_server.load(text)
    found = prove_isolation(
        Database(dsn_variable="URL"), Isolation(shared={"public.x": "prices"}), role="app", setting="app.tenant_id",
        tenants=TENANTS, environ={"URL": empty_server.dsn()},
    )  # fmt: skip
    assert {"public.x", "public.internal"} & {proof.table for proof in found} == set()
    assert "public.documents" in {proof.table for proof in found}


def test_a_hostile_tenant_is_a_value(empty_server: PostgresServer):
    """Quotes, percent signs and emoji are bound, never spliced."""
    found = shown(empty_server, KEPT, tenants=(ODD,))
    assert [(proof.tenant, proof.shows_foreign) for proof in found] == [("none", False), (ODD, False)]


@pytest.mark.parametrize(
    ("views", "sees_foreign"),
    [
        ("CREATE VIEW v AS SELECT * FROM x", True),
        ("CREATE VIEW u WITH (security_invoker) AS SELECT * FROM x; CREATE VIEW v AS SELECT * FROM u", False),
        ("CREATE VIEW u AS SELECT * FROM x; GRANT SELECT ON u TO app;"
         "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM u", True),
        ("CREATE VIEW u WITH (security_invoker) AS SELECT * FROM x; GRANT SELECT ON u TO app;"
         "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM u", False),
        ("CREATE VIEW t WITH (security_invoker) AS SELECT * FROM x;"
         "CREATE VIEW u WITH (security_invoker) AS SELECT * FROM t; CREATE VIEW v AS SELECT * FROM u;"
         "GRANT SELECT ON t TO app", False),
    ],
)  # fmt: skip
def test_the_rule_about_views_says_what_the_server_does(judge, empty_server, views: str, sees_foreign: bool):
    """A view is a fault, itself or by one that it reads, exactly where the application sees foreign rows through it."""
    found = judge(PLAIN, KEPT, views, "GRANT SELECT ON v TO app")
    with psycopg.connect(empty_server.dsn()) as connection:
        connection.execute("SET ROLE app")
        connection.execute("SELECT set_config('app.tenant_id', 't1', true)")
        [(rows,)] = connection.execute("SELECT count(*) FROM v WHERE tenant_id <> 't1'").fetchall()
    assert (rows > 0, any(fault.rule == "V1" for fault in found)) == (sees_foreign, sees_foreign)
