"""What goes wrong half-way: what came is kept, why no more came is said, nothing runs on."""

import os
import re
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from builders import DAY, window
from pg_builders import active_queries, backend, table

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.progress import VARIABLE
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import AuditQuery, Pull
from ddms_ops.sources.postgres import DatabaseFault, PostgresReader, fetch_audit_rows

MANY = 600_000
QUERY = AuditQuery(window("00:00", "23:00"), "many", ("t", "v"), "t")
DATABASE = Database(dsn_variable="URL")
BROKEN = "the answer broke off: the server ended it, or the connection was lost"
ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000000000) AS g"


@pytest.fixture(scope="module")
def many(server: PostgresServer) -> PostgresServer:
    """A server with more rows than fit into sockets and one batch."""
    server.load(
        f"CREATE TABLE many AS SELECT '{DAY}'::timestamptz + i * interval '1 ms' AS t, repeat(md5(i::text), 5) AS v "
        f"FROM generate_series(1, {MANY}) AS i; CREATE INDEX ON many (t); ANALYZE many"
    )
    return server


@pytest.fixture
def half_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[], None]], None]:
    """Runs something once the pull has told of its first rows."""
    told = tmp_path / "progress"
    monkeypatch.setenv(VARIABLE, str(told))

    def half_way(act: Callable[[], None]) -> None:
        def watch() -> None:
            while not (told.exists() and told.read_text()):
                time.sleep(0.001)
            act()

        threading.Thread(target=watch, daemon=True).start()

    return half_way


def check_kept(pull: Pull, reason: str, folder: Path) -> None:
    """A partial pull that holds the first rows, each once: all that had been told of when it was cut off, or more."""
    coverage = pull.coverage
    assert (coverage.status, coverage.reason, coverage.matched) == (Status.PARTIAL, reason, None)
    rows = pull.table
    told = int(re.search(r"([\d,]+) rows", (folder / "progress").read_text())[1].replace(",", ""))
    assert 0 < told <= rows.num_rows == coverage.rows < MANY
    first, last = (rows["t"][place].as_py() for place in (0, -1))
    assert (last - first).total_seconds() * 1000 == rows.num_rows - 1


@pytest.mark.usefixtures("many")
def test_a_killed_backend(reader_of, superuser, half_way, tmp_path: Path):
    """The server ends the connection: what came is kept."""
    half_way(lambda: superuser.execute("SELECT pg_terminate_backend(%s)", [backend(superuser)]))
    pull = fetch_audit_rows(reader_of("postgres"), QUERY, pull="audit/many", scratch=tmp_path)
    check_kept(pull, BROKEN, tmp_path)


def test_a_killed_server(half_way, tmp_path: Path):
    """kill -9 of the process that answers brings the whole server down."""
    with PostgresServer() as server, psycopg.connect(server.dsn(), autocommit=True) as superuser:
        definition = f"AS SELECT '{DAY}'::timestamptz + i * interval '1 ms' AS t, repeat(md5(i::text), 5) AS v"
        table(superuser, f"{definition} FROM generate_series(1, {MANY}) AS i", name="many")
        half_way(lambda: os.kill(backend(superuser), signal.SIGKILL))
        reader = PostgresReader(DATABASE, environ={"URL": server.dsn()})
        pull = fetch_audit_rows(reader, QUERY, pull="audit/many", scratch=tmp_path)
        check_kept(pull, BROKEN, tmp_path)


@pytest.mark.usefixtures("many")
def test_ctrl_c(reader_of, superuser, half_way, tmp_path: Path):
    """What came is kept, the pull says so, and nothing runs on the server."""
    half_way(lambda: os.kill(os.getpid(), signal.SIGINT))
    pull = fetch_audit_rows(reader_of("postgres"), QUERY, pull="audit/many", scratch=tmp_path)
    check_kept(pull, "stopped by hand", tmp_path)
    assert (pull.is_interrupted, active_queries(superuser)) == (True, 0)


def test_ctrl_c_before_the_first_row(reader_of, superuser):
    """It is felt at once, while the server still computes."""
    reader = reader_of("postgres")
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        reader.read_arrow(ENDLESS)
    assert (time.monotonic() - started < 3, active_queries(superuser)) == (True, 0)


@pytest.mark.usefixtures("many")
def test_leaving_early_ends_the_query(reader_of, superuser):
    """Not every row has to be taken."""
    with reader_of("postgres").stream("SELECT * FROM public.many") as batches:
        assert next(iter(batches)).num_rows
    assert active_queries(superuser) == 0


def test_the_statement_timeout(reader_of, superuser):
    """Said as such, for rows and for streams, and no query is left."""
    words = "the statement timeout of 1 s was over; raise database.statement_timeout_s or ask for less"
    for read in (reader_of("postgres", timeout_s=1).rows, reader_of("postgres", timeout_s=1).read_arrow):
        with pytest.raises(DatabaseFault) as caught:
            read(ENDLESS)
        assert (caught.value.words, caught.value.code) == (words, "57014")
    assert active_queries(superuser) == 0


@pytest.mark.usefixtures("many")
def test_the_statement_timeout_half_way(reader_of):
    """The driver gives no SQLSTATE there; the clock tells."""
    stream = reader_of("postgres", timeout_s=1).stream("SELECT * FROM public.many")
    with stream as batches, pytest.raises(DatabaseFault, match="the statement timeout of 1 s was over"):
        assert [time.sleep(0.6) for _ in batches]


def test_a_cancelled_query_is_no_timeout(reader_of, superuser):
    """Somebody else ended it."""
    ours = "query LIKE '%1000000000000) AS g' AND application_name LIKE 'ddms_ops/%'"
    cancel = f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE {ours}"
    threading.Timer(0.5, lambda: superuser.execute(cancel)).start()
    with pytest.raises(DatabaseFault, match="^the query was cancelled on the server$"):
        reader_of("postgres").rows(ENDLESS)


@pytest.mark.usefixtures("many")
def test_a_locked_table_is_not_waited_for(reader_of, superuser, tmp_path: Path):
    """Half a second, then it is said."""
    with superuser.transaction():
        superuser.execute("LOCK TABLE public.many IN ACCESS EXCLUSIVE MODE")
        pull = fetch_audit_rows(reader_of("postgres"), QUERY, pull="audit/many", scratch=tmp_path)
    words = "the table is locked by somebody else; not waited for"
    assert (pull.coverage.status, pull.coverage.reason) == (Status.FAILED, words)


def test_no_database(tmp_path: Path):
    """A pull without rows, with all its columns."""
    for url, words in {
        "postgresql://u:hunter2@127.0.0.1:1/d": "database of URL: nothing listens at that address",
        "": "the environment variable URL is not set; set it to postgresql://user@host:5432/database",
    }.items():
        reader = PostgresReader(DATABASE, environ={"URL": url})
        pull = fetch_audit_rows(reader, QUERY, pull="audit/many", scratch=tmp_path)
        assert (pull.coverage.reason, pull.table.schema) == (words, QUERY.schema)
    assert list(tmp_path.iterdir()) == []


def test_no_message_holds_a_value(reader_of):
    """Postgres' own message has the value; ours has its code."""
    with pytest.raises(DatabaseFault) as caught:
        reader_of().read_arrow("SELECT $1::int", ["hunter2"])
    assert str(caught.value) == "Postgres answered with an error (SQLSTATE 22P02)"


def test_a_reader_connects_again(reader_of, superuser):
    """After its connection was lost."""
    reader = reader_of("postgres")
    [row] = reader.rows("SELECT pg_backend_pid() AS pid")
    superuser.execute("SELECT pg_terminate_backend(%s)", [row["pid"]])
    with pytest.raises(DatabaseFault, match="the server ended the connection"):
        reader.rows("SELECT 1")
    assert reader.rows("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.usefixtures("many")
def test_memory_is_flat(reader_of, tmp_path: Path):
    """Rows are written as they come: 600,000 of 170 bytes need less than they are."""
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pull = fetch_audit_rows(reader_of("postgres"), QUERY, pull="audit/many", scratch=tmp_path)
    assert (pull.coverage.status, pull.coverage.rows) == (Status.COMPLETE, MANY)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    assert grown_mb < 120
