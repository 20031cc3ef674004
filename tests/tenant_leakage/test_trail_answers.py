"""Postgres and an export answer the questions of a tenant audit alike, and say what they may not or cannot read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from builders import window
from leak_builders import COLUMNS, DECLARED, TABLES, declared, row, stamp, write_trail
from postgres_server import running_postgres

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import Pull
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.postgres import PostgresReader, fetch_trail_answer
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.tenancy import Tenants
from ddms_ops.trail_sql import PARTS

ROWS = (
    row("10:00:00.5", seq="1"),
    row("10:00:01", seq="2", user_tenant_id="t2", user_id="u2"),
    row("10:01:00", seq="3", tenant_id="t2", user_tenant_id="t2", user_id="u2", action="document.search",
        resource_id="", details='{"results": ["d1", "d2", 7, null]}'),
    row("10:02:30", seq="7", user_id="", user_tenant_id="", resource_id="d2"),
    row("10:03:00", seq="8", tenant_id="o'brien %\n💧", details='{"key": "t2/d2.pdf"}'),
    row("10:03:01", seq="9", status="403", tenant_id="t2"),
    row("11:00:00", seq="10", tenant_id="t2"),
    row("none", seq="11", created_at=""),
)  # fmt: skip
SHARES = [f"d1,t2,{stamp('09:00:00')},{stamp('09:30:00')},", f"d1,t2,{stamp('09:00:00')},,"]
TYPES = {"created_at": "timestamptz", "valid_from": "timestamptz", "valid_until": "timestamptz", "since": "timestamptz",
         "expires_at": "timestamptz", "revoked_at": "timestamp", "until": "timestamptz", "began_at": "timestamptz",
         "ended_at": "timestamptz", "seq": "bigint", "status": "int", "details": "jsonb"}  # fmt: skip
Ask = Callable[..., Pull]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export that both hold."""
    return write_trail(tmp_path_factory.mktemp("export"), *ROWS, document_shares=SHARES)


@pytest.fixture(scope="module")
def server(export: Path) -> Iterator[PostgresServer]:
    """A server with the export's tables, and two roles that see less."""
    with running_postgres() as running:
        with psycopg.connect(running.dsn(), autocommit=True) as connection:
            _load(connection, export)
            for role in ("filtered", "barred"):
                connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{running.password}'".encode())
            connection.execute("CREATE DATABASE another")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO filtered")
            connection.execute("ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY")
        yield running


def _load(connection: psycopg.Connection, export: Path) -> None:
    """The export's tables, with the types that such tables have."""
    for name, columns in {"audit_logs": COLUMNS, **TABLES}.items():
        fields = ", ".join(f'"{column}" {TYPES.get(column, "text")}' for column in columns.split(","))
        connection.execute(f"CREATE TABLE {name} ({fields})".encode())
        with connection.cursor().copy(f"COPY {name} FROM STDIN CSV HEADER".encode()) as copy:
            copy.write((export / "audit" / f"{name}.csv").read_bytes())


@pytest.fixture
def ask_postgres(server: PostgresServer) -> Ask:
    """Put one question to the server as a role."""

    def ask(part: str, tenants: Tenants | None = None, *, user: str = "", database: str = "") -> Pull:
        address = server.dsn(user) if user else server.dsn()
        address = f"{address.rpartition('/')[0]}/{database}" if database else address
        reader = PostgresReader(Database(dsn_variable="URL"), environ={"URL": address})
        return fetch_trail_answer(reader, query(part, tenants), pull=f"trail/{part}")

    return ask


def query(part: str, tenants: Tenants | None = None) -> TrailQuery:
    """The question, 10:00 to 11:00."""
    return TrailQuery(window("10:00", "11:00"), part, tenants or declared())


def ask_files(export: Path, part: str, tenants: Tenants | None = None) -> Pull:
    """Put one question to an export."""
    return FilesSource(export).fetch_trail_answer(query(part, tenants), pull=f"trail/{part}")


@pytest.mark.parametrize("part", list(PARTS))
def test_both_give_the_same_answer(part: str, export: Path, ask_postgres: Ask):
    """Row by row, in the same order."""
    there, here = ask_postgres(part), ask_files(export, part)
    assert there.coverage.status is here.coverage.status
    assert there.table.to_pylist() == here.table.to_pylist()
    assert there.table.schema == here.table.schema == PARTS[part].schema


@pytest.mark.parametrize("part", ["matrix", "crossings", "rhythm", "bounds"])
def test_hidden_rows_are_no_empty_trail(part: str, ask_postgres: Ask):
    """A role whose rows are filtered, one without rights, the wrong database: each says so."""
    filtered, barred = ask_postgres(part, user="filtered"), ask_postgres(part, user="barred")
    elsewhere = ask_postgres(part, database="another")
    pulls = (filtered, barred, elsewhere)
    assert [pull.coverage.status for pull in pulls] == [
        Status.NO_PERMISSION, Status.NO_PERMISSION, Status.NOT_CONFIGURED,
    ]  # fmt: skip
    for pull, words in zip(pulls, ("BYPASSRLS", "GRANT SELECT", "no table 'audit_logs'"), strict=True):
        assert words in pull.coverage.reason
    assert not any(pull.coverage.is_all_there for pull in pulls)


@pytest.mark.parametrize("source", ["files", "postgres"])
def test_a_wrong_name_is_said(source: str, export: Path, ask_postgres: Ask):
    """A table or column that is not there, with what is meant."""
    tenants = {
        "table": declared(trail={**DECLARED["trail"], "table": "audit_log"}),
        "column": declared(trail={**DECLARED["trail"], "row_tenant": "tenantid"}),
    }
    pulls = {
        name: ask_postgres("matrix", given) if source == "postgres" else ask_files(export, "matrix", given)
        for name, given in tenants.items()
    }
    assert pulls["table"].coverage.status is Status.NOT_CONFIGURED
    assert pulls["column"].coverage.status is Status.FAILED
    assert "has no column 'tenantid'" in pulls["column"].coverage.reason
    assert "tenant_id" in pulls["column"].coverage.reason


@pytest.mark.parametrize("source", ["files", "postgres"])
def test_without_owners_it_is_partial(source: str, export: Path, ask_postgres: Ask):
    """What the trail itself says is still told."""
    tenants = declared(records={**DECLARED["records"], "table": "papers"})
    pull = ask_postgres("crossings", tenants) if source == "postgres" else ask_files(export, "crossings", tenants)
    assert pull.coverage.status is Status.PARTIAL
    assert pull.coverage.reason.startswith("whose the records were is not known")
    assert "a-10:00:01" in pull.table["id"].to_pylist()


def test_a_trail_without_members_is_counted(ask_postgres: Ask):
    """Where no field holds what a search showed or an object's key, none of it is unreadable."""
    pull = ask_postgres("extent", declared(trail={**DECLARED["trail"], "results": "", "object_key": ""}))
    assert pull.coverage.status is Status.COMPLETE
    assert set(pull.table["unreadable"].to_pylist()) == {0}


def test_names_are_never_spliced(export: Path, ask_postgres: Ask):
    """A hostile name in a profile is looked for, and not found."""
    hostile = "audit_logs; DROP TABLE documents --"
    for part in ("matrix", "rhythm"):
        tenants = declared(trail={**DECLARED["trail"], "table": hostile})
        assert ask_postgres(part, tenants).coverage.status is Status.NOT_CONFIGURED
        assert ask_files(export, part, tenants).coverage.status is Status.NOT_CONFIGURED
    quoted = declared(trail={**DECLARED["trail"], "details": 'details" FROM x', "object_key": "k'"})
    assert ask_postgres("crossings", quoted).coverage.status is Status.FAILED
    member = declared(trail={**DECLARED["trail"], "object_key": "ke'y\"", "results": "re'sults"})
    assert ask_postgres("crossings", member).coverage.status is Status.COMPLETE
    assert ask_files(export, "crossings", member).coverage.status is Status.COMPLETE
    assert ask_postgres("known").coverage.rows == 2


def test_a_time_that_cannot_be_read_makes_it_partial(tmp_path: Path):
    """Such rows are counted, and "nothing crossed" is not said over them."""
    root = write_trail(tmp_path, row("10:01:00"), row("10:02:00", created_at="yesterday"))
    pull = ask_files(root, "crossings")
    assert pull.coverage.status is Status.PARTIAL
    assert "1 row without a usable time in 'created_at'" in pull.coverage.reason
    assert ask_files(root, "bounds").table["timeless"].to_pylist() == [1]


def test_a_row_in_two_files_counts_once(tmp_path: Path):
    """Exports may overlap."""
    write_trail(tmp_path, row("10:01:00"), row("10:02:00"))
    (tmp_path / "audit" / "audit_logs.2.csv").write_text(f"{COLUMNS}\n{row('10:02:00')}\n{row('10:03:00')}\n")
    assert sum(ask_files(tmp_path, "rhythm").table["rows"].to_pylist()) == 3
