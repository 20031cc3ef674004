"""Rows that arrive one by one, made into a pull: what came is kept, and why no more came is said."""

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from ddms_ops.coverage import Coverage, Status
from ddms_ops.progress import Meter
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.base import (
    INTERRUPTED,
    AuditQuery,
    Provenance,
    Pull,
    Query,
    RecordQuery,
    inside,
    no_records,
    span,
)
from ddms_ops.sources.json_files import FAULT, Row, to_table

STATUS = "status"  # in a fault row: what it makes of a pull that holds nothing
SHOWN = 10
STEP = 50


def collect(rows: Iterable[Row], query: Query, *, pull: str, schema: pa.Schema, provenance: Provenance) -> Pull:
    """The rows as a raw table inside the window, and their coverage.

    A row `{FAULT: words}` makes the pull partial; where nothing else came, the pull is what all its faults say under
    STATUS, or failed. An `AwsFault` ends it: what came before is kept. Ctrl-C ends it
    too, and the pull says so.
    """
    kept: list[Row] = []
    faults: list[str] = []
    statuses: set[object] = set()
    is_interrupted = False
    try:
        with Meter(pull, "records") as meter:
            for row in rows:
                if FAULT in row:
                    faults.append(str(row[FAULT]))
                    statuses.add(row.get(STATUS, Status.FAILED))
                else:
                    kept.append(row)
                    if len(kept) % STEP == 0:
                        meter.add(STEP)
            meter.add(len(kept) % STEP)
    except AwsFault as fault:
        statuses.add(fault.status)
        faults.append(fault.words)
    except KeyboardInterrupt:
        is_interrupted = True
        statuses.add(Status.FAILED)
        faults.append(INTERRUPTED)
    if not kept and faults:
        status = statuses.pop() if len(statuses) == 1 else Status.FAILED
        empty = no_records(pull, query, provenance, schema, _without_rows(status), _words(faults))
        return replace(empty, is_interrupted=is_interrupted)
    table, lost, _ = to_table(kept, schema)
    faults += [f"{lost:,} records without a usable time or value"] if lost else []
    return _pull(table, query, faults, pull=pull, provenance=provenance, is_interrupted=is_interrupted)


def _without_rows(status: object) -> Status:
    return status if isinstance(status, Status) and status is not Status.PARTIAL else Status.FAILED


def _words(faults: list[str]) -> str:
    more = [f"and {len(faults) - SHOWN} more faults"] if len(faults) > SHOWN else []
    return "; ".join([*faults[:SHOWN], *more])


def _pull(
    table: pa.Table, query: Query, faults: list[str], *, pull: str, provenance: Provenance, is_interrupted: bool
) -> Pull:
    is_state = isinstance(query, RecordQuery | AuditQuery)
    table = table if is_state else inside(table, query.window)
    status = Status.COMPLETE if table.num_rows else Status.EMPTY
    if faults:
        status = Status.PARTIAL if table.num_rows else Status.FAILED
    matched = None if faults else table.num_rows
    got = span(table) if table.num_rows else None
    coverage = Coverage(
        pull, provenance.source, query.text, query.window, got, table.num_rows, matched, status, _words(faults)
    )
    return Pull(table, coverage, provenance, is_interrupted)
