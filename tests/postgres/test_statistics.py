"""Snapshots of a real server's statistics: what ran is counted exactly, and what cannot be read is named."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import psycopg
import pyarrow as pa
import pytest
from builders import window

from ddms_ops.analysis.counters import CounterSpan, counter_spans
from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.normalize import statistics as frames
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.base import RECORDS, Pull, RecordQuery
from ddms_ops.sources.postgres import PostgresReader
from ddms_ops.sources.postgres.guard import RefusedStatement, check_statement
from ddms_ops.sources.postgres.statistics import fetch_statistics
from ddms_ops.sources.postgres.statistics_sql import EVERY_TIME, NOW, ONCE, STATEMENTS, WHERE
from ddms_ops.sources.statistics_files import SWITCH_ON, read_statistics
from ddms_ops.window import Window

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "database-snapshot.sql"
QUERY = RecordQuery(window("10:00", "11:00"), "statistics")
PLANTED = "SELECT count(*) FROM public.tenants WHERE name = %s"


@pytest.fixture
def extension(superuser: psycopg.Connection) -> None:
    """With pg_stat_statements."""
    superuser.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")


@pytest.fixture
def without_extension(superuser: psycopg.Connection) -> Iterator[None]:
    """Without pg_stat_statements, which is there again afterwards."""
    superuser.execute("DROP EXTENSION IF EXISTS pg_stat_statements")
    yield
    superuser.execute("CREATE EXTENSION pg_stat_statements SCHEMA public")


@pytest.fixture
def fetch(reader_of) -> Callable[..., Pull]:
    """Both snapshots, with something done between them."""

    def fetch(between: Callable[[], None] = lambda: None, user: str = "ddms_ops_ro") -> Pull:
        return fetch_statistics(reader_of(user), QUERY, pull="statistics", sleep=lambda _: between())

    return fetch


def reader_on(server: PostgresServer) -> PostgresReader:
    """A reader on a test's own server."""
    return PostgresReader(Database(dsn_variable="URL"), environ={"URL": server.dsn()})


def plant(superuser: psycopg.Connection, calls: int = 1_000) -> None:
    """That many calls of one statement."""
    for number in range(calls):
        superuser.execute(PLANTED, [str(number)])


def now_of(table: pa.Table) -> CounterSpan:
    """What was gained between the first and the last snapshot."""
    counters = frames.statement_counters(table, "p")
    asked = Window(counters["captured_at"].min(), counters["captured_at"].max())
    info, database = frames.counters_info(table, "p"), frames.database_counters(table, "p")
    return counter_spans(counters, info, asked, asked.shifted(-asked.length), database=database).now


def planted_calls(table: pa.Table) -> float:
    """Calls of the planted statement, of which nothing is in doubt."""
    now = now_of(table)
    assert (now.is_valid, now.is_lower_bound, now.faults) == (True, False, ())
    [calls] = now.deltas.loc[now.deltas["text"].str.contains("public.tenants", regex=False), "calls"]
    return calls


@pytest.mark.usefixtures("extension")
def test_a_thousand_calls_are_a_thousand(fetch, superuser: psycopg.Connection):
    """The counters of the two snapshots differ by exactly what ran between them."""
    plant(superuser, 7)
    pull = fetch(lambda: plant(superuser))
    assert pull.table.schema == RECORDS
    assert (pull.coverage.status, pull.coverage.reason) == (
        Status.COMPLETE,
        "the snapshots are of now, not of the window",
    )
    assert planted_calls(pull.table) == 1_000


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_reset_between_the_snapshots(fetch, superuser: psycopg.Connection, *, is_whole: bool):
    """Of all statements, nothing is told; of one, its calls are a lower bound."""
    plant(superuser, 9)
    chosen = "0, 0, 0" if is_whole else "0, 0, min(queryid)"
    reset = f"SELECT pg_stat_statements_reset({chosen}) FROM pg_stat_statements WHERE query LIKE '%public.tenants%'"

    def between() -> None:
        superuser.execute(reset)
        plant(superuser, 5)

    now = now_of(fetch(between).table)
    assert (now.is_valid, now.is_lower_bound) == (not is_whole, not is_whole)
    words = "the counters were reset inside the span" if is_whole else "1 statement began anew in the span"
    assert now.faults[0].startswith(words)
    assert now.deltas.loc[now.deltas["is_lower_bound"], "calls"].tolist() == ([] if is_whole else [5])


@pytest.mark.usefixtures("server")
def test_evictions_between_the_snapshots():
    """A server that keeps 100 statements and ran 300: the numbers are lower bounds."""
    with PostgresServer({"pg_stat_statements.max": "100"}) as small, psycopg.connect(small.dsn(), autocommit=True) as c:
        c.execute("CREATE EXTENSION pg_stat_statements")

        def run(_: float) -> None:
            for number in range(1, 300):
                c.execute(f"SELECT {', '.join('1' * number)}".encode())

        now = now_of(fetch_statistics(reader_on(small), QUERY, pull="statistics", sleep=run).table)
    assert (now.is_valid, now.is_lower_bound) == (True, True)
    assert now.faults[0].startswith("the least used statements were dropped")


@pytest.mark.usefixtures("server")
def test_an_extension_whose_library_is_not_loaded():
    """CREATE EXTENSION alone counts nothing: the setting that is missing is said, once."""
    with PostgresServer({"shared_preload_libraries": ""}) as bare:
        bare.load("CREATE EXTENSION pg_stat_statements")
        pull = fetch_statistics(reader_on(bare), QUERY, pull="statistics", sleep=lambda _: None)
    assert pull.coverage.status is Status.PARTIAL
    assert pull.coverage.reason == f"{SWITCH_ON}; the snapshots are of now, not of the window"


@pytest.mark.usefixtures("extension")
def test_both_snapshots_hold_the_views(fetch, superuser: psycopg.Connection):
    """Counters twice; settings and foreign keys, which hardly change, once."""
    plant(superuser, 1)
    table = fetch().table
    found = set(zip(table["kind"].to_pylist(), table["id"].to_pylist(), strict=True))
    usual = {"pg_stat_statements", "pg_stat_statements_info", "pg_stat_activity", "pg_stat_user_tables",
             "pg_stat_user_indexes", "pg_stat_database"}  # fmt: skip
    once = {("pg_settings", "before"), ("pg_constraint", "before")}
    assert found == {(view, label) for view in usual for label in ("before", "after")} | once
    assert frames.database_counters(table, "p")["server_started"].notna().all()
    assert {"max_connections", "work_mem"} <= set(frames.settings_of(table, "p")["name"])


@pytest.mark.usefixtures("without_extension")
def test_without_the_extension_it_says_what_to_switch_on(fetch):
    """The other views are there all the same."""
    pull = fetch()
    assert pull.coverage.status is Status.PARTIAL
    assert "shared_preload_libraries = 'pg_stat_statements'" in pull.coverage.reason
    assert "pg_stat_user_tables" in pull.table["kind"].to_pylist()


@pytest.mark.usefixtures("extension")
def test_the_extension_may_be_in_any_schema(fetch, superuser: psycopg.Connection):
    """It is looked up, and its name quoted."""
    superuser.execute(
        'CREATE SCHEMA "Odd $"; GRANT USAGE ON SCHEMA "Odd $" TO public'
        '; ALTER EXTENSION pg_stat_statements SET SCHEMA "Odd $"'
    )
    try:
        pull = fetch()
    finally:
        superuser.execute('ALTER EXTENSION pg_stat_statements SET SCHEMA public; DROP SCHEMA "Odd $"')
    assert {"pg_stat_statements", "pg_stat_statements_info"} <= set(pull.table["kind"].to_pylist())


@pytest.mark.usefixtures("extension")
def test_hidden_texts_are_told(fetch, superuser: psycopg.Connection):
    """A role without pg_read_all_stats sees its own statements only."""
    plant(superuser, 1)
    pull = fetch(user="dms_app")
    assert pull.coverage.status is Status.PARTIAL
    assert "rows are hidden: the role needs pg_read_all_stats" in pull.coverage.reason


def test_a_locked_table_is_left_alone(fetch, server: PostgresServer):
    """Who waits for whom is seen, and the definition of an index that is held in exclusive mode is not asked for."""
    with psycopg.connect(server.dsn()) as holder, psycopg.connect(server.dsn()) as waiter:
        holder.execute("LOCK TABLE public.documents IN ACCESS EXCLUSIVE MODE")
        waiting = waiter.pgconn
        waiting.send_query(b"SELECT 1 FROM public.documents")
        while not holder.execute("SELECT pg_blocking_pids(%s)", [waiting.backend_pid]).fetchone()[0]:
            pass
        pull, held, waits = fetch(), holder.info.backend_pid, waiting.backend_pid
        holder.rollback()
        while waiting.get_result():
            pass
    sessions = frames.activity(pull.table, "p").query("snapshot == 'after'").set_index("pid")
    assert sessions.loc[[held, waits], "blocked_by"].tolist() == [(), (held,)]
    indexes = frames.index_statistics(pull.table, "p").groupby("table")["definition"].count()
    assert (indexes["documents"], indexes["audit_logs"] > 0) == (0, True)
    locks = frames.locks(pull.table, "p").query("snapshot == 'after'").groupby("is_granted")["pid"].agg(set)
    assert (waits in locks[False], held in locks[True]) == (True, True)
    assert "are not read: their tables are locked" in pull.coverage.reason


def test_a_part_that_is_refused_does_not_end_the_others(fetch, superuser: psycopg.Connection):
    """No right to one function: its view is a fault, by name."""
    superuser.execute("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_blocking_pids(int) FROM public")
    superuser.execute("REVOKE SELECT ON pg_catalog.pg_stat_user_tables FROM public")
    try:
        pull = fetch()
    finally:
        superuser.execute("GRANT EXECUTE ON FUNCTION pg_catalog.pg_blocking_pids(int) TO public")
        superuser.execute("GRANT SELECT ON pg_catalog.pg_stat_user_tables TO public")
    assert pull.coverage.status is Status.PARTIAL
    assert "pg_stat_user_tables: not allowed" in pull.coverage.reason
    assert Counter(pull.table["kind"].to_pylist())["pg_stat_database"] == 2


def test_interrupted_while_it_waits(fetch):
    """Ctrl-C keeps the first snapshot."""

    def press() -> None:
        raise KeyboardInterrupt

    pull = fetch(press)
    assert (pull.is_interrupted, pull.coverage.status) == (True, Status.PARTIAL)
    assert set(pull.table["id"].to_pylist()) == {"before"}


def test_no_server_is_no_snapshot(reader_of, server: PostgresServer):
    """What went wrong at the connection is the whole answer."""
    reader = reader_of("nobody_of_that_name")
    pull = fetch_statistics(reader, QUERY, pull="statistics", sleep=lambda _: None)
    assert (pull.coverage.status, pull.table.num_rows, server.port > 0) == (Status.FAILED, 0, True)


def test_nothing_is_ever_reset():
    """All statements pass the filter; the one that would reset the counters does not."""
    for statement in (*EVERY_TIME.values(), *ONCE.values(), NOW, WHERE, STATEMENTS.replace("{", '"').replace("}", '"')):
        check_statement(statement)
    for call in ("pg_stat_statements_reset()", "pg_stat_reset()", "public.pg_stat_statements_reset(0, 0, 1)"):
        with pytest.raises(RefusedStatement):
            check_statement(f"SELECT {call}")


@pytest.mark.usefixtures("extension")
@pytest.mark.skipif(which("psql") is None, reason="no psql")
def test_the_script_takes_the_same(server: PostgresServer, superuser: psycopg.Connection, tmp_path: Path):
    """docs/database-snapshot.sql writes files that read back without a fault, with the same exact count."""
    (tmp_path / "database").mkdir()
    for label in ("before", "after"):
        command = ["psql", "-X", server.dsn("ddms_ops_ro"), "-v", f"label={label}", "-f", str(SCRIPT)]
        done = subprocess.run(command, cwd=tmp_path / "database", capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
        plant(superuser)
    found = read_statistics(tmp_path, tmp_path)
    assert (found.faults, found.notes, len(found.files)) == ((), (), 20)
    assert planted_calls(found.records) == 1_000
    assert frames.settings_of(found.records, "p")["captured_at"].nunique() == 2


@pytest.mark.usefixtures("without_extension")
@pytest.mark.skipif(which("psql") is None, reason="no psql")
def test_the_script_without_the_extension(server: PostgresServer, tmp_path: Path):
    """It says what to switch on, writes the other files, and names them by the time."""
    command = ["psql", "-X", server.dsn("ddms_ops_ro"), "-f", str(SCRIPT)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "shared_preload_libraries = 'pg_stat_statements'" in done.stderr
    (tmp_path / "database").mkdir()
    for path in tmp_path.glob("*.csv"):
        path.rename(tmp_path / "database" / path.name)
    found = read_statistics(tmp_path, tmp_path)
    assert (found.faults, len(found.files)) == ((), 8)
    assert len(found.notes) == 1
