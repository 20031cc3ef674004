"""doctor on a real Postgres: who we are there, and whether that sees what reports need."""

from collections.abc import Iterator

import pandas as pd
import pytest
from postgres_server import running_postgres

from ddms_ops.deployment import Account
from ddms_ops.doctor.database import database_lines
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.aws.session import AwsSession


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running server with the scenario's tables; tests that need one are skipped where there is none."""
    with running_postgres() as running:
        running.load_scenario(tmp_path_factory.mktemp("export"))
        yield running


def database_said(**environ: str) -> list[tuple[str, str]]:
    """The lines about the database of dms."""
    database = load_profile("dms").database
    session = AwsSession(Account(region="us-east-1"))
    return list(database_lines(database, session, now=pd.Timestamp("2026-03-04T10:00Z"), environ=environ))


def test_the_shipped_role_is_enough(postgres: PostgresServer):
    """docs/postgres-role.sql gives all that dms' reports need, and sees all rows."""
    lines = database_said(DMS_DATABASE_URL=postgres.dsn("ddms_ops_ro"))
    assert {status for status, _ in lines} == {"ok"}
    words = "\n".join(words for _, words in lines)
    assert "database: ddms_ops_ro on dms, PostgreSQL" in words
    assert "row-level security of documents: on (forced), 1 policies, hides no row from us" in words
    assert "audit table audit_logs: may be read, all its rows" in words


def test_a_role_without_rights_is_told_its_grants(postgres: PostgresServer):
    """The application's role reads audit_logs, but not all its rows; and no statistics of others."""
    lines = database_said(DMS_DATABASE_URL=postgres.dsn("dms_app"))
    lacking = "\n".join(words for status, words in lines if status == "lacking")
    assert "add: GRANT pg_monitor TO dms_app" in lacking
    assert "audit table audit_logs: rows are hidden by row-level security; the role needs BYPASSRLS" in lacking
    assert "row-level security of users: hides rows from us" in lacking


def test_a_superuser_and_open_tables_are_not_ok(postgres: PostgresServer):
    """Reading needs no superuser; a table whose row-level security is off keeps nobody apart."""
    postgres.load("ALTER TABLE users DISABLE ROW LEVEL SECURITY")
    lines = database_said(DMS_DATABASE_URL=postgres.dsn())
    postgres.load("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    assert ("not ok", "row-level security of users: is off, nothing keeps tenants apart") in lines
    assert any(status == "not ok" and "is a superuser" in words for status, words in lines)


def test_without_a_database(postgres: PostgresServer):
    """No address, or a wrong password: lacking, and the password is not told."""
    [(status, words)] = database_said()
    assert (status, "DMS_DATABASE_URL is not set" in words) == ("lacking", True)
    [(status, words)] = database_said(DMS_DATABASE_URL=postgres.dsn().replace(postgres.password, "Hidden-Word"))
    assert (status, "Hidden-Word" in words) == ("lacking", False)
    assert "the user or the password was refused" in words
