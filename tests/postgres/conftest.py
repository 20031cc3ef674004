"""A real Postgres for these tests, with the scenario's schema and roles and a few audit rows."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from builders import DAY
from postgres_server import running_postgres

from ddms_ops.deployment import Database
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.postgres import PostgresReader

COLUMNS = (
    "id", "created_at", "tenant_id", "user_tenant_id", "user_id", "action", "resource_type", "resource_id",
    "request_id", "ip_address", "status", "details",
)  # fmt: skip
ID = "00000000-0000-4000-8000-00000000000"
AUDIT = f"""{",".join(COLUMNS)}
{ID}2,{DAY} 10:00:00.5+00,t1,t1,u1,document.read,document,d1,r2,10.0.0.1,200,"{{""a"": 1}}"
{ID}1,{DAY} 10:00:00.5+00,t2,t1,u1,document.read,document,d2,r1,2001:db8::1,200,
{ID}3,{DAY} 10:01:00+00,t1,,,document.read,document,,,,403,
"""
ReaderOf = Callable[..., PostgresReader]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running server; tests that need one are skipped where there is none."""
    export = tmp_path_factory.mktemp("export")
    (export / "audit").mkdir()
    (export / "audit" / "audit_logs.csv").write_text(AUDIT)
    with running_postgres() as running:
        running.load_scenario(export)
        yield running


@pytest.fixture
def reader_of(server: PostgresServer) -> Iterator[ReaderOf]:
    """A reader as a given user, closed at the end."""
    opened = []

    def reader_of(user: str = "ddms_ops_ro", *, timeout_s: int = 15) -> PostgresReader:
        database = Database(dsn_variable="DMS_DATABASE_URL", statement_timeout_s=timeout_s)
        opened.append(PostgresReader(database, environ={"DMS_DATABASE_URL": server.dsn(user)}))
        return opened[-1]

    yield reader_of
    for reader in opened:
        reader.close()


@pytest.fixture
def superuser(server: PostgresServer) -> Iterator[psycopg.Connection]:
    """A connection that may do everything, for a test's own tables."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        yield connection
