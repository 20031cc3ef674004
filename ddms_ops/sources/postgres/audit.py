"""Rows of an audit table: what the catalog says of it first, then one ordered answer, written as it comes."""

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from ddms_ops.coverage import Coverage, Status
from ddms_ops.interrupts import whole_step
from ddms_ops.progress import Meter
from ddms_ops.sources.base import INTERRUPTED, TIME, AuditQuery, Provenance, Pull, no_records
from ddms_ops.sources.opening import scratch_file
from ddms_ops.sources.postgres.audit_table import audit_statement
from ddms_ops.sources.postgres.faults import DatabaseFault
from ddms_ops.sources.postgres.ordered import OrderedFile
from ddms_ops.sources.postgres.reader import PostgresReader


@dataclass(slots=True)
class _Outcome:
    provenance: Provenance
    file: OrderedFile
    fault: DatabaseFault | None = None
    is_interrupted: bool = False

    @property
    def reason(self) -> str:
        words = [self.fault.words] if self.fault else []
        return "; ".join(words + ([INTERRUPTED] if self.is_interrupted else []))


def fetch_audit_rows(
    reader: PostgresReader, query: AuditQuery, *, pull: str, scratch: Path, source: str = "live"
) -> Pull:
    """Rows of one audit table in the window, ordered by time and then by the other columns, in a Parquet file.

    An answer that breaks off is kept: it holds everything before its last time, and says why there is no more.

    Args:
        reader: closed afterwards.
        scratch: the folder for the file.
    """
    file = scratch_file(scratch, ".parquet")
    outcome = _Outcome(Provenance(source), OrderedFile(file, query.schema, query.time_column))
    try:
        with reader:
            _read(reader, query, outcome, pull=pull)
    except DatabaseFault as fault:
        outcome.fault = fault
    except KeyboardInterrupt:
        outcome.is_interrupted = True
    finally:
        outcome.file.close()
    return _pulled(query, outcome, pull=pull)


def _read(reader: PostgresReader, query: AuditQuery, outcome: _Outcome, *, pull: str) -> None:
    outcome.provenance = replace(outcome.provenance, identity=reader.server.words)
    statement, parameters = audit_statement(reader, query)
    meter = Meter(pull)
    with reader.stream(statement, parameters) as batches, meter:
        for batch in batches:
            with whole_step():  # a batch is written and counted, or neither
                outcome.file.add(_as_asked(batch, query.schema))
            meter.add(batch.num_rows, size=batch.nbytes)


def _as_asked(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """The batch's columns as text, its times in UTC."""
    columns = [
        column.cast(pa.timestamp("us")).cast(TIME) if kind == TIME and column.type != TIME else column.cast(kind)
        for column, kind in zip(batch.columns, schema.types, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _pulled(query: AuditQuery, outcome: _Outcome, *, pull: str) -> Pull:
    file, provenance, reason = outcome.file, outcome.provenance, outcome.reason
    if not file.rows:
        file.path.unlink()
        status = Status.EMPTY
        if reason:
            status = outcome.fault.status if outcome.fault else Status.FAILED
        empty = no_records(pull, query, provenance, query.schema, status, reason)
        if status is Status.EMPTY:
            empty = replace(empty, coverage=replace(empty.coverage, matched=0))
        return replace(empty, is_interrupted=outcome.is_interrupted)
    status = Status.PARTIAL if reason else Status.COMPLETE
    matched = None if reason else file.rows
    coverage = Coverage(
        pull, provenance.source, query.text, query.window, file.got, file.rows, matched, status, reason
    )  # fmt: skip
    return Pull(file.path, coverage, provenance, outcome.is_interrupted)
