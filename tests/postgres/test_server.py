"""The throw-away Postgres: real, with the scenario's rows, and gone afterwards."""

import os
from pathlib import Path

import psycopg
import pytest

from ddms_ops.errors import RunError
from ddms_ops.sandbox.postgres import PostgresServer

RUNBOOK = "SELECT * FROM audit_logs WHERE tenant_id != user_tenant_id ORDER BY created_at DESC LIMIT 100"


@pytest.mark.usefixtures("server")
def test_it_leaves_nothing():
    """Its process and its folder end with the block, also while somebody is connected."""
    with PostgresServer() as server:
        pid = server.pid
        with psycopg.connect(server.dsn()) as client:
            [folder] = client.execute("SHOW data_directory").fetchone()
            client.commit()
            server.stop()
    assert not Path(folder).parent.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(RunError, match="not running"):
        assert server.pid


def test_passwords_are_required(server: PostgresServer):
    """Of everybody, also on this machine; and no other address is listened to."""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.dsn().replace(server.password, "other"))
    with psycopg.connect(server.dsn()) as session:
        assert session.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)


def test_the_runbook_finds_the_planted_row(superuser: psycopg.Connection):
    """Its query for access across tenants runs as it is written there."""
    [row] = superuser.execute(RUNBOOK).fetchall()
    assert row[2:4] == ("t2", "t1")


def test_the_application_sees_its_tenant(server: PostgresServer):
    """Rows of the tenant that the transaction names; none without a name, nor after it."""
    with psycopg.connect(server.dsn("dms_app"), autocommit=True) as session:
        count = "SELECT count(*) FROM audit_logs"
        assert session.execute(count).fetchone() == (0,)
        with session.transaction():
            session.execute("SET LOCAL app.tenant_id = 't1'")
            assert session.execute(count).fetchone() == (2,)
        assert session.execute(count).fetchone() == (0,)
