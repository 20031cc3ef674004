"""Posture from a real server and from psql's file: the same records, and what is lacking is said."""

import gzip
import subprocess
from pathlib import Path
from shutil import which

import psycopg
import pytest
from clean_schemas import PLAIN
from faulty_objects import FAULTY

from ddms_ops.analysis.isolation import isolation_faults
from ddms_ops.coverage import Status
from ddms_ops.normalize.posture import Posture
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import RECORDS
from ddms_ops.sources.postgres.guard import check_statement
from ddms_ops.sources.postgres.posture_sql import EVERYTHING, PARTS
from ddms_ops.sources.posture_files import read_posture
from ddms_ops.tenancy import Isolation

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "database-posture.sql"


def run_script(server: PostgresServer, folder: Path, user: str = "postgres") -> subprocess.CompletedProcess[str]:
    """docs/database-posture.sql, run by psql in a folder."""
    folder.mkdir()
    command = ["psql", "-X", server.dsn(user), "-f", str(SCRIPT)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def reader(server: PostgresServer) -> None:
    """A role that may log in, with the server's password."""
    server.load(f"CREATE ROLE reader LOGIN PASSWORD '{server.password}'")


def test_the_script_asks_what_we_ask():
    """One SQL for both; each part passes the statement filter."""
    assert EVERYTHING in SCRIPT.read_text(encoding="utf-8")
    for statement, _ in PARTS.values():
        check_statement(statement)


@pytest.mark.skipif(which("psql") is None, reason="no psql")
def test_the_script_gives_the_same(empty_server: PostgresServer, fetch, tmp_path: Path):
    """Record by record, so that the findings are the same; packed too."""
    empty_server.load(PLAIN)
    for sql in [
        sql for name, (sql, _) in FAULTY.items() if name in ("a definer", "a partition", "a materialized view")
    ]:
        empty_server.load(sql)
    done = run_script(empty_server, tmp_path / "database")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    live, files = fetch().table, read_posture(tmp_path, tmp_path)
    assert (files.faults, files.records.schema) == ((), RECORDS)
    assert files.records.equals(live)
    faults = [isolation_faults(Posture(table, "p"), Isolation(app_roles=("app",))) for table in (live, files.records)]
    assert faults[0] == faults[1] != []
    plain = tmp_path / "database" / "posture.csv"
    (tmp_path / "database" / "posture.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert read_posture(tmp_path, tmp_path).records.equals(live)


def test_any_role_may_read_it(empty_server: PostgresServer, fetch):
    """No grant is needed but to connect."""
    empty_server.load(PLAIN)
    reader(empty_server)
    pull = fetch("reader")
    assert (pull.coverage.status, pull.coverage.reason) == (Status.COMPLETE, "")
    assert pull.table.drop(["id"]).num_rows == fetch().table.num_rows


def test_a_role_without_rights_on_a_catalog_is_told_what_to_grant(empty_server: PostgresServer, fetch):
    """The part is named, the others are there."""
    empty_server.load(PLAIN)
    reader(empty_server)
    empty_server.load("REVOKE SELECT ON pg_catalog.pg_policy FROM PUBLIC")
    try:
        pull = fetch("reader")
    finally:
        empty_server.load("GRANT SELECT ON pg_catalog.pg_policy TO PUBLIC")
    assert pull.coverage.status is Status.PARTIAL
    assert pull.coverage.reason == "policies: not allowed; GRANT SELECT ON pg_policy, pg_locks, pg_depend to reader"
    assert "relation" in pull.table["kind"].to_pylist()


def test_the_wrong_database_is_said(empty_server: PostgresServer, fetch):
    """None of the profile's tables is there: nothing is handed over."""
    empty_server.load(PLAIN)
    pull = fetch(row_security=("orders", "customers"))
    assert (pull.coverage.status, pull.table.num_rows) == (Status.NOT_CONFIGURED, 0)
    words = "the database dms has none of the profile's tables (orders, customers): it is another one"
    assert pull.coverage.reason == words
    assert fetch(row_security=("documents",)).coverage.status is Status.COMPLETE


def test_no_server_is_no_posture(empty_server: PostgresServer, fetch):
    """What went wrong at the connection is the whole answer."""
    pull = fetch("nobody_of_that_name")
    assert (pull.coverage.status, pull.table.num_rows, empty_server.port > 0) == (Status.FAILED, 0, True)


def test_a_locked_table_is_left_alone(empty_server: PostgresServer, fetch):
    """Its policies and views are counted as unread; nothing waits."""
    empty_server.load(PLAIN)
    with psycopg.connect(empty_server.dsn()) as holder:
        holder.execute("LOCK TABLE public.documents IN ACCESS EXCLUSIVE MODE")
        pull = fetch()
    assert pull.coverage.status is Status.PARTIAL
    assert "policies: the definitions of 4 are not read: their tables are locked" in pull.coverage.reason
    assert "views: the definitions of 4 are not read" in pull.coverage.reason


def test_values_of_settings_are_not_read(empty_server: PostgresServer, fetch):
    """They may be secrets."""
    empty_server.load("CREATE ROLE app LOGIN; ALTER ROLE app SET app.jwt_secret = 'planted-secret'")
    text = "\n".join(fetch().table["record"].to_pylist())
    assert ("planted-secret" in text, "app.jwt_secret" in text) == (False, True)


def test_a_file_that_is_none_is_said(tmp_path: Path):
    """By its name, without its contents."""
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "posture.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    found = read_posture(tmp_path, tmp_path)
    assert found.faults == ("database/posture.csv has no column id, kind, record: it is no posture",)
    (tmp_path / "database" / "posture.csv").write_text('kind,id,record\nrole,x,{"oid\n', encoding="utf-8")
    words = read_posture(tmp_path, tmp_path).faults
    assert "1 rows whose record is no JSON object" in " ".join(words)


def test_no_file_is_nothing(tmp_path: Path):
    """And no fault."""
    found = read_posture(tmp_path, tmp_path)
    assert (found.records.num_rows, found.files, found.faults) == (0, (), ())
