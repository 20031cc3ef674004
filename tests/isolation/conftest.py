"""A real Postgres whose schema each test makes anew, and its posture."""

from collections.abc import Callable, Iterator

import pytest
from builders import window
from postgres_server import running_postgres

from ddms_ops.analysis.isolation import Fault, isolation_faults
from ddms_ops.deployment import UNDECLARED, Database
from ddms_ops.normalize.posture import Posture
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import Pull, RecordQuery
from ddms_ops.sources.postgres import PostgresReader
from ddms_ops.sources.postgres.posture import fetch_posture
from ddms_ops.tenancy import Isolation

QUERY = RecordQuery(window("10:00", "11:00"), "posture")
EMPTY = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', one.name);
    END LOOP;
    FOR one IN SELECT fdwname AS name FROM pg_foreign_data_wrapper LOOP
        EXECUTE format('DROP FOREIGN DATA WRAPPER %I CASCADE', one.name);
    END LOOP;
    FOR one IN SELECT evtname AS name FROM pg_event_trigger LOOP
        EXECUTE format('DROP EVENT TRIGGER %I', one.name);
    END LOOP;
    FOR one IN SELECT rolname AS name FROM pg_roles WHERE rolname <> 'postgres' AND rolname !~ '^pg_' LOOP
        EXECUTE format('DROP OWNED BY %I CASCADE', one.name);
        EXECUTE format('DROP ROLE %I', one.name);
    END LOOP;
    ALTER DATABASE dms RESET ALL;
    CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
END $$
"""
Fetch = Callable[..., Pull]
Judge = Callable[..., list[Fault]]


@pytest.fixture(scope="session")
def bare_server() -> Iterator[PostgresServer]:
    """A running server; tests that need one are skipped where there is none."""
    with running_postgres() as running:
        yield running


@pytest.fixture
def empty_server(bare_server: PostgresServer) -> PostgresServer:
    """The same, without roles and tables."""
    bare_server.load(EMPTY)
    return bare_server


@pytest.fixture
def fetch(empty_server: PostgresServer) -> Fetch:
    """The posture's pull, as some user, of a profile's database."""

    def fetch(user: str = "postgres", **declared: object) -> Pull:
        database = Database(dsn_variable="URL", **declared)
        reader = PostgresReader(database, environ={"URL": empty_server.dsn(user)})
        return fetch_posture(reader, QUERY, pull="posture")

    return fetch


@pytest.fixture
def judge(empty_server: PostgresServer, fetch: Fetch) -> Judge:
    """Faults after running some SQL, for a role or several."""

    def judge(*statements: str, roles: tuple[str, ...] = ("app",), **isolation: object) -> list[Fault]:
        for text in statements:
            empty_server.load(text)
        posture = Posture(fetch().table, "posture")
        declared = Isolation(app_roles=roles, **isolation)
        return isolation_faults(posture, declared, settings=UNDECLARED.tenant_settings)

    return judge
