"""What the server says is told apart: the classes that pganalyze's collector knows, each by a line of our own."""

from pathlib import Path

from log_corpus import events_of, pulled

KINDS: dict[str, tuple[str, ...]] = {
    "autovacuum": (
        'LOG automatic vacuum of table "a.b.c": index scans: 1',
        'LOG automatic aggressive vacuum of table "a.b.c": x',
        'LOG automatic aggressive vacuum to prevent wraparound of table "a.b.c": x',
        "LOG autovacuum launcher started",
        "LOG autovacuum launcher shutting down",
    ),
    "autoanalyze": ('LOG automatic analyze of table "a.b.c" system usage: CPU: user: 0.1 s',),
    "cancelled": (
        "ERROR canceling statement due to user request",
        "ERROR canceling statement due to statement timeout",
        "ERROR canceling autovacuum task",
        "ERROR canceling statement due to conflict with recovery",
        "FATAL canceling authentication due to timeout",
    ),
    "checkpoint": (
        "LOG checkpoint starting: time",
        "LOG checkpoint complete: wrote 3 buffers (0.0%)",
        "LOG restartpoint starting: xlog",
        "LOG restartpoint complete: wrote 3 buffers",
        "LOG checkpoints are occurring too frequently (2 seconds apart)",
    ),
    "connection": (
        "LOG connection received: host=10.0.0.1 port=5",
        "LOG connection authorized: user=a database=b",
        'LOG connection authenticated: identity="a" method=scram-sha-256 (x:3)',
    ),
    "disconnection": ("LOG disconnection: session time: 0:00:01.1 user=a database=b host=c",),
    "connection_failed": (
        'FATAL no pg_hba.conf entry for host "10.0.0.1", user "a", database "b", SSL off',
        'FATAL pg_hba.conf rejects connection for host "10.0.0.1"',
        'FATAL password authentication failed for user "a"',
        'FATAL Ident authentication failed for user "a"',
        "LOG could not connect to Ident server at address x",
        'FATAL role "a" is not permitted to log in',
        'FATAL database "b" is not currently accepting connections',
        "LOG incomplete startup packet",
        "LOG invalid length of startup packet",
        "FATAL no PostgreSQL user name specified in startup packet",
        "FATAL sorry, too many clients already",
        "FATAL remaining connection slots are reserved for non-replication superuser connections",
        'FATAL too many connections for role "a"',
        'FATAL too many connections for database "b"',
        "LOG could not accept SSL connection: EOF detected",
        "FATAL unsupported frontend protocol 65363.19778: x",
        "COMMERROR incomplete message from client",
        "FATAL the database system is starting up",
        'FATAL role "nobody" does not exist',
        'FATAL database "none" does not exist',
    ),
    "terminated": (
        "LOG unexpected EOF on client connection with an open transaction",
        "LOG unexpected EOF on client connection",
        "FATAL connection to client lost",
        "LOG could not receive data from client: Connection reset by peer",
        "LOG could not send data to client: Broken pipe",
        "FATAL terminating connection due to administrator command",
        "FATAL terminating connection because protocol synchronization was lost",
        "WARNING terminating connection because of crash of another server process",
        "FATAL terminating background worker due to administrator command",
    ),
    "idle_timeout": (
        "FATAL terminating connection due to idle-in-transaction timeout",
        "FATAL terminating connection due to idle-session timeout",
    ),
    "lock_wait": (
        "LOG process 5 still waiting for ShareLock on transaction 1 after 1000.1 ms",
        "LOG process 5 avoided deadlock for ShareLock on transaction 1 by rearranging queue order after 1.0 ms",
    ),
    "lock_acquired": ("LOG process 5 acquired AccessExclusiveLock on relation 1 of database 2 after 1000.1 ms",),
    "deadlock": (
        "ERROR deadlock detected",
        "LOG process 5 detected deadlock while waiting for ShareLock on transaction 1 after 1.0 ms",
    ),
    "lock_failed": (
        "ERROR canceling statement due to lock timeout",
        'ERROR could not obtain lock on row in relation "a"',
        'LOG skipping vacuum of "a" --- lock not available',
        'LOG skipping analyze of "a" --- lock not available',
    ),
    "temp_file": ('LOG temporary file: path "base/pgsql_tmp/pgsql_tmp1.0", size 5',),
    "settings": (
        "LOG received SIGHUP, reloading configuration files",
        'LOG parameter "work_mem" changed to "5MB"',
        'LOG configuration file "x" contains errors; unaffected changes were applied',
    ),
    "replication": (
        'LOG restored log file "00000001" from archive',
        "LOG started streaming WAL from primary at 1/2 on timeline 1",
        "LOG restarted WAL streaming at 1/2 on timeline 1",
        "FATAL could not receive data from WAL stream: x",
        "FATAL terminating walreceiver process due to administrator command",
        "LOG entering standby mode",
        "LOG consistent recovery state reached at 1/2",
        "FATAL according to history file, WAL location 1/2 belongs to x",
        "LOG archive command failed with exit code 1",
        "LOG recovery restart point at 1/2",
        "LOG invalid record length at 1/2: wanted 24, got 0",
        "LOG unexpected pageaddr 1/2 in log segment x",
    ),
    "server": (
        "LOG database system is ready to accept connections",
        "LOG database system was shut down at 2026-03-04 10:00:00 UTC",
        "LOG database system was interrupted; last known up at 2026-03-04 10:00:00 UTC",
        "LOG received fast shutdown request",
        "LOG aborting any active transactions",
        "LOG shutting down",
        "LOG database system is shut down",
        "LOG server process (PID 5) was terminated by signal 9: Killed",
        "ERROR out of memory",
        "LOG all server processes terminated; reinitializing",
        "LOG redo starts at 1/2",
        "LOG redo is not required",
        "LOG last completed transaction was at log time 2026-03-04 10:00:00+00",
        "WARNING pgstat wait timeout",
        "LOG worker process: parallel worker for PID 5 (PID 6) exited with exit code 1",
        'LOG background worker "x" (PID 6) exited with exit code 1',
        "LOG redirecting log output to logging collector process",
        'LOG could not open usermap file "x": y',
        'LOG could not link file "a" to "b": c',
        "WARNING page verification failed, calculated checksum 1 but expected 2",
        "ERROR invalid page in block 1 of relation b/1/2",
        'WARNING database "a" must be vacuumed within 10 transactions',
        "LOG archiver process (PID 5) exited with exit code 1",
        "LOG starting PostgreSQL 15.4 on x86_64",
        "LOG MultiXact member wraparound protections are now enabled",
    ),
    "error": (
        'ERROR duplicate key value violates unique constraint "a"',
        'ERROR insert or update on table "a" violates foreign key x',
        'ERROR null value in column "a" violates not-null constraint',
        'ERROR new row for relation "a" violates check constraint',
        'ERROR syntax error at or near "a" at character 5',
        'ERROR column "a" does not exist',
        "ERROR division by zero",
        'ERROR relation "a" does not exist',
        "ERROR function a() does not exist",
        "ERROR permission denied for table a",
        "ERROR current transaction is aborted, commands ignored until end of transaction block",
        "ERROR integer out of range",
        "ERROR value too long for type character varying(5)",
        "ERROR cannot drop table a because other objects depend on it",
    ),
}


def test_what_the_server_says_has_a_kind(tmp_path: Path):
    """Every message has the kind that is stated, whatever its level."""
    said = [(kind, *text.split(" ", 1)) for kind, texts in KINDS.items() for text in texts]
    said = [(kind, "LOG" if level == "COMMERROR" else level, message) for kind, level, message in said]
    lines = [f"2026-03-04 10:00:00 UTC::@:[{pid}]:{level}:  {message}" for pid, (_, level, message) in enumerate(said)]
    events, _ = events_of(pulled(tmp_path, {"a.log": "\n".join(lines).encode()}), tmp_path)
    found = {(event["message"], event["kind"]) for event in events}
    assert {(message, kind) for kind, _, message in said} - found == set()
    assert len(said) > 100
