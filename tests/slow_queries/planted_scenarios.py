"""What is planted, scenario by scenario; before the `yield` is the baseline, after it the window."""

import threading
import time
from collections.abc import Iterator

from planted import CARD, EMAIL, STAMPED_PREFIX, Connection, Scenario, Stage, backend, refusals

TOTALS = f"SELECT owner, count(*) FROM documents WHERE owner <> '{EMAIL}' GROUP BY owner ORDER BY 2 DESC LIMIT 5"
HISTORY = "SELECT id, action FROM audit_logs WHERE document_id = %s ORDER BY id LIMIT 50"
NEW = f"SELECT count(*) FROM audit_logs WHERE md5(action || document_id) LIKE '%77%' AND action <> '{CARD}'"
PENDING = "SELECT id, note FROM queue WHERE state = 'pending' ORDER BY id LIMIT 5"
TRANSFER = "UPDATE accounts SET balance = balance + 1 WHERE id = %s RETURNING balance"
EXPORT = (
    "SELECT count(*), max(b.details::text) FROM audit_logs AS a JOIN audit_logs AS b ON b.id = a.document_id"
    f" WHERE a.action <> '{EMAIL}'"
)
HELD_S = 1.6
REFUSED = 15


def called_more(stage: Stage) -> Iterator[None]:
    """A statement is called ten times as often."""
    stage.plant("called_more", TOTALS, calls=(15, 150))
    stage.call(TOTALS, times=15)
    yield
    stage.call(TOTALS, times=150)


def index_dropped(stage: Stage) -> Iterator[None]:
    """A statement is called as often, but without its index."""
    stage.plant("slower", HISTORY, calls=(100, 100), index="audit_logs_of_document", table="audit_logs")
    stage.call(HISTORY, times=100)
    yield
    stage.run("DROP INDEX audit_logs_of_document")
    stage.call(HISTORY, times=100)


def new_statement(stage: Stage) -> Iterator[None]:
    """A statement that was never seen before."""
    stage.plant("new", NEW, calls=(0, 20))
    yield
    stage.call(NEW, times=20)


def plan_flip(stage: Stage) -> Iterator[None]:
    """ANALYZE ran while the whole queue was pending: the planner expects to find five at once, and walks it all."""
    stage.plant("plan_flip", PENDING, calls=(70, 70), before="queue_of_state", after="queue_pkey")
    stage.call(PENDING, times=70)
    yield
    stage.run(
        "UPDATE queue SET state = 'pending'", "ANALYZE queue", "UPDATE queue SET state = 'done' WHERE id <= 29990"
    )
    stage.call(PENDING, times=70)


def lock_chain(stage: Stage) -> Iterator[None]:
    """C waits for B, B waits for A, who works on."""
    yield
    with _session(stage) as root, _session(stage) as second, _session(stage) as third:
        stage.send(root, TRANSFER, (1,))
        stage.send(second, TRANSFER, (2,))
        pids = [backend(connection) for connection in (root, second, third)]
        stage.plant("lock_chain", TRANSFER, root=pids[0], chain=" ".join(map(str, pids)))
        working = _in_background(stage, root, f"SELECT pg_sleep({HELD_S})", ())
        waiting = _in_background(stage, second, TRANSFER, (1,))
        time.sleep(0.1)
        last = _in_background(stage, third, TRANSFER, (2,))
        stage.watch(for_s=HELD_S - 0.4)
        for thread, connection in ((working, root), (waiting, second), (last, third)):
            thread.join()
            connection.commit()


def idle_in_transaction(stage: Stage) -> Iterator[None]:
    """A changes a row and then does nothing; two others wait for it."""
    yield
    with _session(stage) as root, _session(stage) as second, _session(stage) as third:
        stage.send(root, TRANSFER, (7,))
        stage.plant("idle_in_transaction", TRANSFER, root=backend(root))
        waiting = [_in_background(stage, connection, TRANSFER, (7,)) for connection in (second, third)]
        time.sleep(0.3)
        stage.watch(for_s=HELD_S)
        root.commit()
        for thread in waiting:
            thread.join()


def exhaustion(stage: Stage) -> Iterator[None]:
    """All connections are taken; further ones are refused."""
    yield
    with stage.connect("postgres") as superuser:
        free = "SELECT current_setting('max_connections')::int - 3 - count(*) FROM pg_stat_activity WHERE {}"
        row = superuser.execute(free.format("backend_type = 'client backend'").encode()).fetchone()
    assert row is not None
    held = [stage.connect() for _ in range(row[0] + 1)]
    stage.plant("exhausted", refused=refusals(stage, times=REFUSED), held=len(held))
    stage.watch(for_s=0.5)
    for connection in held:
        connection.close()


def spill(stage: Stage) -> Iterator[None]:
    """A statement sorts in memory, then on disk."""
    stage.plant("spill", EXPORT, calls=(6, 6))
    stage.call(EXPORT, times=6)
    yield
    stage.run("ALTER ROLE dms_app SET work_mem = '64kB'")
    stage.call(EXPORT, times=6)


def quiet(stage: Stage) -> Iterator[None]:
    """Twice the same."""
    stage.plant("quiet", TOTALS, calls=(30, 30))
    stage.call(TOTALS, times=30)
    yield
    stage.call(TOTALS, times=30)


def counter_reset(stage: Stage) -> Iterator[None]:
    """A statement is called ten times as often, and somebody sets the counters to nothing meanwhile."""
    stage.plant("reset", TOTALS, calls=(15, 150))
    stage.call(TOTALS, times=15)
    yield
    stage.call(TOTALS, times=75)
    stage.run("SELECT pg_stat_statements_reset()")
    stage.call(TOTALS, times=75)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (called_more, index_dropped, new_statement, plan_flip, lock_chain, idle_in_transaction,
                     exhaustion, spill, quiet, counter_reset)
}  # fmt: skip
SETTINGS_OF = {
    "new_statement": {"log_line_prefix": STAMPED_PREFIX},
    "plan_flip": {"auto_explain.log_min_duration": "0"},
    "exhaustion": {"max_connections": "12"},
    "spill": {"work_mem": "32MB"},
}


def _session(stage: Stage) -> Connection:
    return stage.connect(autocommit=False)


def _in_background(
    stage: Stage, connection: Connection, statement: str, parameters: tuple[object, ...]
) -> threading.Thread:
    """Send a statement while others go on; its transaction ends with it, unless it is the root's."""

    def work() -> None:
        stage.send(connection, statement, parameters)
        connection.commit()

    thread = threading.Thread(target=work)
    thread.start()
    return thread
