"""`case:DIR`: the evidence folder of an earlier run answers the same queries.

DIR is a report folder or the evidence folder in it.
"""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.coverage import ALL_THERE, Coverage, Status
from ddms_ops.errors import EvidenceError, SourceError
from ddms_ops.evidence import MANIFEST, Recorded, intact, read_manifest, read_table
from ddms_ops.sampling import sampled
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
    DATABASE_LOG,
    LOG_COUNTS,
    LOG_EVENTS,
    METRIC_POINTS,
    RECORDS,
    AlarmQuery,
    AuditQuery,
    ChangeQuery,
    CostQuery,
    DatabaseLogQuery,
    LogCountQuery,
    LogQuery,
    MetricQuery,
    Provenance,
    Pull,
    Query,
    RecordQuery,
    TrailQuery,
    inside,
    no_records,
    sampled_account,
    span,
)
from ddms_ops.sources.ordering import stamps
from ddms_ops.sources.queries import POSTURE, STATISTICS
from ddms_ops.sources.record_files import records_inside
from ddms_ops.window import EVER, Window


class RecordedSource:
    """An evidence folder.

    Raises:
        SourceError: no evidence there, or a manifest that cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / "evidence" if (root / "evidence").is_dir() else root
        if not (self.folder / MANIFEST).exists():
            raise SourceError(f"source: {root}: holds no evidence/{MANIFEST}; give case:<report folder>")
        try:
            self.entries = read_manifest(self.folder)
        except EvidenceError as fault:
            raise SourceError(f"source: {fault}") from None

    def log_groups(self) -> tuple[str, ...]:
        """Names of the log groups that were recorded, sorted."""
        return tuple(sorted({str(e.parameters["log_group"]) for e in self.entries if "log_group" in e.parameters}))

    def recorded(self, query: Query, pull: str) -> Recorded | None:
        """The entry that holds exactly this query's answer, under the same pull name."""
        for entry in self._entries(query):
            if (
                entry.coverage.pull == pull
                and entry.coverage.asked == query.window
                and entry.coverage.query == query.text
            ):
                return entry
        return None

    def fetch_log_events(self, query: LogQuery, *, pull: str) -> Pull:
        """Recorded events of one log group."""
        return self._fetch(query, pull, LOG_EVENTS)

    def estimate_log_events(self, query: LogCountQuery) -> int | None:
        """0 where no counts were recorded: they are where there were too many events to take all."""
        return None if self._entries(query) else 0

    def fetch_log_counts(self, query: LogCountQuery, *, pull: str) -> Pull:
        """Recorded counts of one log group."""
        return self._fetch(query, pull, LOG_COUNTS)

    def fetch_metric_points(self, query: MetricQuery, *, pull: str) -> Pull:
        """Recorded metric points."""
        return self._fetch(query, pull, METRIC_POINTS)

    def fetch_changes(self, query: ChangeQuery, *, pull: str) -> Pull:
        """Recorded CloudTrail records."""
        return self._fetch(query, pull, CHANGE_RECORDS)

    def fetch_alarm_changes(self, query: AlarmQuery, *, pull: str) -> Pull:
        """Recorded alarm state changes."""
        return self._fetch(query, pull, ALARM_CHANGES)

    def fetch_audit_rows(self, query: AuditQuery, *, pull: str) -> Pull:
        """Recorded rows of one audit table; all columns asked for must have been recorded."""
        return self._fetch(query, pull, query.schema)

    def fetch_records(self, query: RecordQuery, *, pull: str) -> Pull:
        """Recorded records of one topic."""
        return self._fetch(query, pull, RECORDS)

    def fetch_database_log(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """Recorded entries of the Postgres log."""
        return self._fetch(query, pull, DATABASE_LOG)

    def fetch_trail_answer(self, query: TrailQuery, *, pull: str) -> Pull:
        """The recorded answer to one question; it was counted for its window, and tells nothing of another."""
        return self._exactly(query, pull)

    def fetch_cost_answer(self, query: CostQuery, *, pull: str) -> Pull:
        """The recorded answer to one question about the bill, for the same days."""
        return self._exactly(query, pull)

    def _exactly(self, query: TrailQuery | CostQuery, pull: str) -> Pull:
        exact = self.recorded(query, pull)
        if exact is not None:
            return Pull(intact(self.folder, exact), exact.coverage, exact.provenance)
        reason = "was not recorded in this case for this window"
        return no_records(pull, query, Provenance("case"), query.schema, Status.NOT_CONFIGURED, reason)

    def _entries(self, query: Query) -> list[Recorded]:
        if isinstance(query, LogQuery):
            of_group = [entry for entry in self.entries if entry.parameters.get("log_group") == query.log_group]
            counted = LogCountQuery(query.window, query.log_group).text
            return [entry for entry in of_group if entry.coverage.query != counted]
        if isinstance(query, AuditQuery):
            return [entry for entry in self.entries if entry.parameters.get("table") == query.table]
        if isinstance(query, LogCountQuery):
            counts = [entry for entry in self.entries if entry.coverage.query == query.text]
            return [entry for entry in counts if _holds_minutes(entry.coverage.asked, query.window)][:1]
        return [entry for entry in self.entries if entry.coverage.query == query.text]

    def _fetch(self, query: Query, pull: str, schema: pa.Schema) -> Pull:
        exact = self.recorded(query, pull)
        if exact is not None:
            return Pull(intact(self.folder, exact), exact.coverage, exact.provenance)
        entries = [entry for entry in self._entries(query) if not entry.parameters.get("contains")]
        if not entries:
            reason = "was not recorded in this case"
            return no_records(pull, query, Provenance("case"), schema, Status.NOT_CONFIGURED, reason)
        return self._slice(query, pull, schema, entries)

    def _slice(self, query: Query, pull: str, schema: pa.Schema, entries: list[Recorded]) -> Pull:
        """Records of the recorded windows that lie in the one asked for."""
        read = [(entry, read_table(self.folder / entry.file)) for entry in entries]
        held = [(entry, table) for entry, table in read if set(schema.names) <= set(table.column_names)]
        if not held:
            missing = ", ".join(map(repr, sorted(set(schema.names) - set(read[0][1].column_names))))
            reason = f"without the column {missing}, which was not recorded in this case"
            return no_records(pull, query, Provenance("case"), schema, Status.NOT_CONFIGURED, reason)
        entries = [entry for entry, _ in held]
        table = _matching(pa.concat_tables(table.select(schema.names).cast(schema) for _, table in held), query)
        matched: int | None = table.num_rows
        if isinstance(query, LogQuery) and query.one_in > 1:
            table = table.filter(pa.array(sampled(stamps(table, "timestamp"), query.window, query.one_in)))
        taken = table.num_rows
        if isinstance(query, LogQuery) and query.limit is not None:
            table = table.slice(0, query.limit)
        status, reason = _status(query, entries, table.num_rows, taken)
        if isinstance(query, LogQuery) and query.one_in > 1:
            matched = matched if status in ALL_THERE else None
            status, reason = sampled_account(query, status, reason, matched)
        source, got = entries[0].provenance.source, span(table, time=_time(query))
        coverage = Coverage(pull, source, query.text, query.window, got, table.num_rows, matched, status, reason)
        return Pull(table, coverage, replace(entries[0].provenance))


def _holds_minutes(asked: Window, window: Window) -> bool:
    """Whether counts by minute of one window tell those of another: its edges are whole minutes, or the same."""
    starts = asked.start <= window.start and window.start in (asked.start, window.start.floor("min"))
    return starts and window.end <= asked.end and window.end in (asked.end, window.end.floor("min"))


def _time(query: Query) -> str:
    return query.time_column if isinstance(query, AuditQuery) else "timestamp"


def _matching(table: pa.Table, query: Query) -> pa.Table:
    time = _time(query)
    order = [(time, "ascending"), *((name, "ascending") for name in table.schema.names if name not in (time, "value"))]
    if isinstance(query, RecordQuery) and query.topic not in (STATISTICS, POSTURE):
        return records_inside(table.sort_by(order), query.window)
    if isinstance(query, RecordQuery):  # snapshots: those outside are what counters are counted from
        return table.sort_by(order)
    table = inside(table, query.window, time=time)
    if isinstance(query, DatabaseLogQuery):
        return table.sort_by([("log", "ascending"), ("line", "ascending")])
    if isinstance(query, LogQuery) and query.contains:
        table = table.filter(pc.match_substring(table["message"], query.contains))
    return table.sort_by(order)


def _status(query: Query, entries: list[Recorded], rows: int, matched: int) -> tuple[Status, str]:
    """Complete only where recorded windows cover all that is asked for."""
    reached = query.window.start
    for asked in sorted((entry.coverage.asked for entry in entries), key=lambda window: window.start):
        if asked.start <= reached:
            reached = max(reached, asked.end)
    touched = [
        e for e in entries if e.coverage.asked.start < query.window.end and query.window.start < e.coverage.asked.end
    ]
    if reached < query.window.end and query.window != EVER:
        return (Status.PARTIAL if rows else Status.FAILED), "the window was not recorded in whole in this case"
    faulty = [entry.coverage for entry in touched if not entry.coverage.is_all_there]
    if faulty:
        return faulty[0].status, faulty[0].reason
    if rows < matched:
        return Status.TRUNCATED, f"{rows:,} of {matched:,} taken, as asked"
    return (Status.COMPLETE if rows else Status.EMPTY), ""
