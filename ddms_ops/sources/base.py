"""The seam: typed queries in, raw records and their coverage out.

Every backend obeys the half-open window, keeps its columns when empty, orders records by time
and says in `Coverage` whether they are all there. Raw tables, all times UTC:

    log events     timestamp log_group log_stream message event_id ingestion_time
    log counts     timestamp (start of a minute that has any) log_group events
    metric points  timestamp id label statistic unit value
    changes        timestamp event_id name record (the whole CloudTrail record, as JSON text)
    alarm changes  timestamp alarm type summary data
    database log   timestamp log line entry (an entry of the Postgres log with all its lines; see DATABASE_LOG)
    records        timestamp kind id record (what a list or describe call says of one resource, as JSON text)
    audit rows     the table's own columns: the time column as a time, every other as the text Postgres prints
    trail answers  the question's own columns; see `trail_sql.PARTS`
    cost answers   the question's own columns; see `cost_sql.COST_PARTS`

A record's `timestamp` is null where it is a present state and no event.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ddms_ops.coverage import Coverage, Status
from ddms_ops.sampling import sample_words
from ddms_ops.sources.queries import (
    TIME,
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
from ddms_ops.window import Window

LOG_EVENTS = pa.schema(
    [
        ("timestamp", TIME),
        ("log_group", pa.string()),
        ("log_stream", pa.string()),
        ("message", pa.string()),
        ("event_id", pa.string()),
        ("ingestion_time", TIME),
    ]
)
LOG_COUNTS = pa.schema([("timestamp", TIME), ("log_group", pa.string()), ("events", pa.int64())])
METRIC_POINTS = pa.schema(
    [
        ("timestamp", TIME),
        ("id", pa.string()),
        ("label", pa.string()),
        ("statistic", pa.string()),
        ("unit", pa.string()),
        ("value", pa.float64()),
    ]
)
CHANGE_RECORDS = pa.schema(
    [("timestamp", TIME), ("event_id", pa.string()), ("name", pa.string()), ("record", pa.string())]
)
ALARM_CHANGES = pa.schema(
    [
        ("timestamp", TIME),
        ("alarm", pa.string()),
        ("type", pa.string()),
        ("summary", pa.string()),
        ("data", pa.string()),
    ]
)
DATABASE_LOG = pa.schema(
    [
        ("timestamp", TIME),  # the entry's own time; of what is no entry, that of the entry before
        ("log", pa.string()),  # the file or log stream that it stands in
        ("line", pa.int64()),  # position of its first line there, from 0
        ("prefix", pa.string()),  # its log_line_prefix, "csv" or "json"; null where it is no entry
        ("entry", pa.string()),  # all its lines, untouched but for the last line's end
    ]
)
INTERRUPTED = "stopped by hand"  # the reason of a pull that Ctrl-C ended
RECORDS = pa.schema([("timestamp", TIME), ("kind", pa.string()), ("id", pa.string()), ("record", pa.string())])


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where and when the records were read; empty where the source does not know.

    The clock is the reader's, at the start and the end of the pull, ISO 8601 in UTC. `bytes_scanned` are those that
    the service bills, 0 where it bills none.
    """

    source: str
    account: str = ""
    region: str = ""
    identity: str = ""
    files: tuple[str, ...] = field(default=())
    clock_start: str = ""
    clock_end: str = ""
    bytes_scanned: int = 0


@dataclass(frozen=True, slots=True)
class Pull:
    """Raw records as the source gave them, and the account of them.

    `records` is a table, or a Parquet file in the source's scratch folder where they may be too many to hold.
    `is_interrupted` says that somebody pressed Ctrl-C: the records until then are kept, the run ends. `keeper` is
    what the file lives and ends with.
    """

    records: pa.Table | Path
    coverage: Coverage
    provenance: Provenance
    is_interrupted: bool = False
    keeper: object = field(default=None, repr=False, compare=False)

    @property
    def table(self) -> pa.Table:
        """The records, read into memory if need be."""
        return self.records if isinstance(self.records, pa.Table) else pq.read_table(self.records)

    def timed(self, start: pd.Timestamp, end: pd.Timestamp) -> "Pull":
        """The same pull with the reader's clock at its start and end."""
        start_text, end_text = (
            stamp.tz_convert("UTC").tz_localize(None).isoformat(timespec="milliseconds") + "Z" for stamp in (start, end)
        )
        return replace(self, provenance=replace(self.provenance, clock_start=start_text, clock_end=end_text))


class Source(Protocol):
    """A place that answers queries; see the module docstring for the tables."""

    def log_groups(self) -> tuple[str, ...]:
        """Names of the log groups it holds, sorted."""
        ...

    def fetch_log_events(self, query: LogQuery, *, pull: str) -> Pull:
        """Events of one log group; an unknown group is NOT_CONFIGURED, not an error."""
        ...

    def estimate_log_events(self, query: LogCountQuery) -> int | None:
        """About how many events there are, where that costs next to nothing; None where only counting tells."""
        ...

    def fetch_log_counts(self, query: LogCountQuery, *, pull: str) -> Pull:
        """Events of one log group by minute; exact where the coverage says complete."""
        ...

    def fetch_metric_points(self, query: MetricQuery, *, pull: str) -> Pull:
        """Points of all metrics."""
        ...

    def fetch_changes(self, query: ChangeQuery, *, pull: str) -> Pull:
        """CloudTrail records."""
        ...

    def fetch_alarm_changes(self, query: AlarmQuery, *, pull: str) -> Pull:
        """Alarm state changes."""
        ...

    def fetch_audit_rows(self, query: AuditQuery, *, pull: str) -> Pull:
        """Rows of one audit table; an unknown table is NOT_CONFIGURED, an unknown column FAILED, not an error."""
        ...

    def fetch_records(self, query: RecordQuery, *, pull: str) -> Pull:
        """Records of one topic."""
        ...

    def fetch_database_log(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """Entries of the Postgres log, in the order they stand in."""
        ...

    def fetch_trail_answer(self, query: TrailQuery, *, pull: str) -> Pull:
        """The answer to one question of a tenant audit, from where the trail is; see `sources.trail.fetch_trail`."""
        ...

    def fetch_cost_answer(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question about the bill, from where the bill is."""
        ...


def no_records(pull: str, query: Query, provenance: Provenance, schema: pa.Schema, status: Status, reason: str) -> Pull:
    """A pull without records, with all its columns and the reason."""
    coverage = Coverage(pull, provenance.source, query.text, query.window, None, 0, None, status, reason)
    return Pull(schema.empty_table(), coverage, provenance)


def inside(table: pa.Table, window: Window, *, time: str = "timestamp") -> pa.Table:
    """The records of a raw table that lie in [start, end) by the column `time`."""
    stamps = table[time]
    start, end = (pa.scalar(stamp.to_pydatetime(), type=stamps.type) for stamp in (window.start, window.end))
    return table.filter(pc.and_(pc.greater_equal(stamps, start), pc.less(stamps, end)))


def span(table: pa.Table, *, time: str = "timestamp") -> Window | None:
    """From the first record of a table to just after the last by the column `time`, None without any."""
    extent = pc.min_max(table[time]).as_py()
    return span_of(extent["min"], extent["max"])


def span_of(first: datetime | None, last: datetime | None) -> Window | None:
    """From an instant to just after another, in UTC where they name no zone; None without them."""
    if first is None or last is None:
        return None
    start, end = (pd.to_datetime(instant, utc=True) for instant in (first, last))
    return Window(start, end + pd.Timedelta(microseconds=1))


def sampled_account(query: LogQuery, status: Status, reason: str, matched: int | None) -> tuple[Status, str]:
    """Status and reason of a pull of log events that may be a sample; unchanged where it is none.

    Args:
        status, reason: of the events of the sample.
        matched: how many events the whole window has, None where that is not known.
    """
    if query.one_in == 1 or status not in (Status.COMPLETE, Status.EMPTY, Status.PARTIAL, Status.TRUNCATED):
        return status, reason
    if status is Status.EMPTY and matched == 0:
        return status, reason
    words = "; ".join(part for part in (sample_words(query.one_in), reason) if part)
    return (Status.PARTIAL if status is Status.PARTIAL else Status.TRUNCATED), words


def relative_paths(paths: list[Path], root: Path) -> tuple[str, ...]:
    """Paths relative to the root, sorted, with forward slashes."""
    return tuple(sorted(path.relative_to(root).as_posix() for path in paths))
