"""Two snapshots of what a running Postgres counts and shows, some seconds apart, as RECORDS.

Each view is one small SELECT: the statement filter and the session's timeouts hold, nothing is reset, and no relation
is touched that somebody holds, or waits for, in exclusive mode. Statistics are of the instance that answers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg import sql

from ddms_ops.coverage import Coverage, Status
from ddms_ops.progress import report_progress
from ddms_ops.sources.base import INTERRUPTED, RECORDS, Provenance, Pull, RecordQuery, no_records, span
from ddms_ops.sources.json_files import Row, to_table
from ddms_ops.sources.postgres.faults import DatabaseFault
from ddms_ops.sources.postgres.reader import PostgresReader
from ddms_ops.sources.postgres.statistics_sql import EVERY_TIME, MOST_ROWS, NOW, ONCE, STATEMENTS, WHERE
from ddms_ops.sources.statistics_files import SWITCH_ON, hidden_words

OF_NOW = "the snapshots are of now, not of the window"
NOT_LOADED = "55000"  # the extension is there, the library is not loaded
SNAPSHOT_S = 60.0
BEFORE, AFTER = "before", "after"
STATEMENTS_VIEW, INFO_VIEW = "pg_stat_statements", "pg_stat_statements_info"


@dataclass(slots=True)
class _Outcome:
    provenance: Provenance
    rows: list[Row] = field(default_factory=list)
    faults: dict[str, Status] = field(default_factory=dict)  # in words, each once
    is_interrupted: bool = False

    def add(self, words: str, status: Status = Status.PARTIAL) -> None:
        self.faults.setdefault(words, status)


def fetch_statistics(
    reader: PostgresReader,
    query: RecordQuery,
    *,
    pull: str,
    source: str = "live",
    gap_s: float = 10.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Pull:
    """Two snapshots, called `before` and `after`; both are of now, whatever the window.

    A view that cannot be read is a fault and the others go on.

    Args:
        reader: closed afterwards.
        gap_s: time between them, s.
        sleep: how to wait.

    Returns:
        Records of the views: pg_stat_statements (the 5,000 with the most time; texts of at most 10,000 characters;
        with rolname and datname) and its info, pg_stat_activity, blocking, pg_locks (what is waited for), user tables
        and indexes, pg_stat_database; pg_settings and foreign keys once. Their time is the server's clock. PARTIAL
        where a view could not be read, with the reason.
    """
    outcome = _Outcome(Provenance(source))
    try:
        with reader:
            outcome.provenance = Provenance(source, identity=reader.server.words)
            _take(reader, outcome, BEFORE, {**EVERY_TIME, **ONCE})
            report_progress(f"{pull}: the second snapshot in {gap_s:g} s")
            sleep(gap_s)
            _take(reader, outcome, AFTER, EVERY_TIME)
    except DatabaseFault as fault:
        outcome.add(fault.words, fault.status)
    except KeyboardInterrupt:
        outcome.is_interrupted = True
        outcome.add(INTERRUPTED, Status.FAILED)
    return _pulled(query, outcome, pull=pull)


def _take(reader: PostgresReader, outcome: _Outcome, label: str, parts: dict[str, str]) -> None:
    """One snapshot.

    Raises:
        DatabaseFault: there is no connection any more.
    """
    started = time.monotonic()
    [clock] = reader.rows(NOW)
    statements = _of_statements(reader, outcome)
    for view, statement in {**statements, **parts}.items():
        if time.monotonic() - started > SNAPSHOT_S:
            outcome.add(f"{view} is left out: a snapshot may take {SNAPSHOT_S:g} s", Status.FAILED)
            continue
        try:
            found = reader.rows(statement)
        except DatabaseFault as fault:
            if not fault.code:
                raise
            is_off = view in statements and fault.code == NOT_LOADED
            words = SWITCH_ON if is_off else f"{view}: {fault.words}"
            outcome.add(words, Status.NOT_CONFIGURED if is_off else fault.status)
            continue
        _keep(outcome, view, label, clock["now"], found)


def _of_statements(reader: PostgresReader, outcome: _Outcome) -> dict[str, str]:
    """What to ask pg_stat_statements, in whichever schema and version it is; nothing where it is not."""
    views = {row["name"]: row for row in reader.rows(WHERE)}
    if STATEMENTS_VIEW not in views:
        outcome.add(SWITCH_ON, Status.NOT_CONFIGURED)
        return {}
    names = {
        name: sql.Identifier(row["schema"], name) for name, row in views.items() if name in (STATEMENTS_VIEW, INFO_VIEW)
    }
    total = sql.Identifier(views[STATEMENTS_VIEW]["total"])
    asked = {STATEMENTS_VIEW: sql.SQL(STATEMENTS).format(view=names[STATEMENTS_VIEW], total=total).as_string()}
    if INFO_VIEW in names:
        info = sql.SQL("SELECT to_jsonb(i)::text AS record FROM {view} AS i")
        asked[INFO_VIEW] = info.format(view=names[INFO_VIEW]).as_string()
    return asked


def _keep(outcome: _Outcome, view: str, label: str, now: object, found: list[dict]) -> None:
    """The records of a view, at most MOST_ROWS, and words for what they lack."""
    if len(found) > MOST_ROWS:
        outcome.add(f"{view}: only the first {MOST_ROWS:,} rows are taken")
    kept = found[:MOST_ROWS]
    outcome.rows += [{"timestamp": now, "kind": view, "id": label, "record": row["record"]} for row in kept]
    if hidden := hidden_words([{"query": row.get("query")} for row in kept]):
        outcome.add(f"{view}: {hidden}", Status.NO_PERMISSION)
    if locked := sum(bool(row.get("is_locked")) for row in kept):
        outcome.add(f"{view}: the definitions of {locked:,} are not read: their tables are locked in exclusive mode")


def _pulled(query: RecordQuery, outcome: _Outcome, *, pull: str) -> Pull:
    table, _, _ = to_table(outcome.rows, RECORDS)
    reason = "; ".join(outcome.faults)
    if not table.num_rows:
        status = next(iter(outcome.faults.values()), Status.EMPTY)
        status = Status.FAILED if status is Status.PARTIAL else status
        empty = no_records(pull, query, outcome.provenance, RECORDS, status, reason)
        return Pull(empty.records, empty.coverage, empty.provenance, outcome.is_interrupted)
    status = Status.PARTIAL if outcome.faults else Status.COMPLETE
    got = span(table)
    if got is not None and not query.window.contains(got.start):
        reason = "; ".join([*outcome.faults, OF_NOW])
    matched = None if outcome.faults else table.num_rows
    coverage = Coverage(
        pull, outcome.provenance.source, query.text, query.window, got, table.num_rows, matched, status, reason
    )  # fmt: skip
    return Pull(table, coverage, outcome.provenance, outcome.is_interrupted)
