"""One pull from a source, which Ctrl-C may end; whatever the source, it is a pull then that says so."""

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from ddms_ops.coverage import Status
from ddms_ops.files import CELL_AGAIN, refused
from ddms_ops.interrupts import Stopped, interruptible
from ddms_ops.progress import report_step
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
    DATABASE_LOG,
    INTERRUPTED,
    LOG_COUNTS,
    LOG_EVENTS,
    METRIC_POINTS,
    RECORDS,
    Provenance,
    Pull,
    no_records,
)
from ddms_ops.sources.queries import (
    AlarmQuery,
    AuditQuery,
    ChangeQuery,
    CostQuery,
    DatabaseLogQuery,
    LogCountQuery,
    LogQuery,
    MetricQuery,
    Query,
    RecordQuery,
    TrailQuery,
)

SCHEMAS: dict[type, pa.Schema] = {
    LogQuery: LOG_EVENTS, LogCountQuery: LOG_COUNTS, MetricQuery: METRIC_POINTS, ChangeQuery: CHANGE_RECORDS,
    AlarmQuery: ALARM_CHANGES, RecordQuery: RECORDS, DatabaseLogQuery: DATABASE_LOG,
}  # fmt: skip


def fetched(fetch: Callable[..., Pull], query: Query, *, pull: str, source: str) -> Pull:
    """What a source answers; where Ctrl-C ended it before there was an answer, a pull without records.

    Args:
        fetch: the source's method for the query.
        pull: its name.
        source: the name of the source, for a pull without records.

    Raises:
        EvidenceError: there is no room, or no permission, to hold the records while they are read.
    """
    report_step(f"{pull}: asked for")
    answer: Pull | None = None
    try:
        with refused(f"{pull}: cannot be pulled", way_out=CELL_AGAIN), interruptible():
            answer = fetch(query, pull=pull)
    except KeyboardInterrupt:
        if answer is None:
            empty = no_records(pull, query, Provenance(source), _schema(query), Status.FAILED, INTERRUPTED)
            answer = replace(empty, is_interrupted=True)
    return answer


def stop_if_interrupted(pull: Pull) -> None:
    """End the work where Ctrl-C ended a pull, once that is recorded.

    Raises:
        Stopped: in one line, with what was kept.
    """
    if not pull.is_interrupted:
        return
    kept = f"kept {pull.coverage.rows:,} rows of {pull.coverage.pull}" if pull.coverage.rows else "kept nothing"
    of = "" if pull.coverage.rows else f" of {pull.coverage.pull}"
    raise Stopped(f"{INTERRUPTED}; {kept}{of}, marked {pull.coverage.status}; run the cell again to pull it anew")


def _schema(query: Query) -> pa.Schema:
    if isinstance(query, AuditQuery | TrailQuery | CostQuery):
        return query.schema
    return SCHEMAS[type(query)]
