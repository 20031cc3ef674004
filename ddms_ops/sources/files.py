"""`files:DIR`: a folder of exports as the AWS CLI and S3 write them, read with DuckDB.

    logs/<log group, "/" as "__">/**    metrics/*.json    trail/**    alarms/*.json
    audit/<table>.csv|parquet           queues/*.json     workflows/*.json …  (for each of AWS_TOPICS)
    database/*.log (the Postgres log)   database/<view>[.<label>].csv (snapshots of its statistics)
    database/posture.csv                access/* (S3 access logs)
    costs/** (the bill: CUR, FOCUS, or what Cost Explorer said)

Every file but Parquet may be gzipped; anything may be absent, which is NOT_CONFIGURED. Log files and audit tables are
read once, whatever the number of windows asked for.
"""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import SourceError
from ddms_ops.progress import Meter, report_progress
from ddms_ops.sources.accounts import SHOWN_FILES, account, edged
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
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
    relative_paths,
    sampled_account,
    span,
)
from ddms_ops.sources.cost_files import CostFiles
from ddms_ops.sources.database_log import DatabaseLogs
from ddms_ops.sources.database_log_group import entries_of, events_query
from ddms_ops.sources.edges import edge_reason, minutes_edge_reason, points_edge_reason, records_edge_reason
from ddms_ops.sources.json_files import (
    FileRows,
    Reader,
    alarm_changes,
    change_records,
    metric_points,
    read_json_file,
    to_table,
)
from ddms_ops.sources.listing import exports_below, has_files, is_export, listing, log_group_of, relative
from ddms_ops.sources.metric_names import with_names
from ddms_ops.sources.opening import scratch_file
from ddms_ops.sources.queries import ACCESS, AWS_TOPICS
from ddms_ops.sources.record_files import records_inside, resource_records
from ddms_ops.sources.staged_logs import StagedLogs
from ddms_ops.sources.tables import NAIVE, Tables, table_files
from ddms_ops.sources.topic_files import LACKS, OWN_READERS, read_topic
from ddms_ops.sources.trail import fetch_trail
from ddms_ops.sources.trail_files import TrailTables
from ddms_ops.window import Window

COSTS = "costs"
FOLDERS = ("logs", "metrics", "trail", "alarms", "audit", "database", COSTS, ACCESS, *AWS_TOPICS)
NOT_JSON = (".csv", ".csv.gz", ".parquet")
Edge = Callable[[pa.Table, Window], str]


class FilesSource:
    """A folder of exports.

    Raises:
        SourceError: not a folder, not readable, or nothing in it that the layout knows.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._check()
        self._scratch = Path(tempfile.mkdtemp(prefix="ddms-ops-"))
        weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        self._staged: dict[str, StagedLogs] = {}
        self._tables: Tables | None = None
        self._database_logs: DatabaseLogs | None = None
        self._trail: TrailTables | None = None
        self._costs: CostFiles | None = None

    def _check(self) -> None:
        if not self.root.exists():
            raise SourceError(f"source: {self.root}: no such folder; give files:<folder of exports>")
        if not self.root.is_dir():
            raise SourceError(f"source: {self.root}: is a file; give files:<folder of exports>")
        try:
            present = [path.name for path in self.root.iterdir()]
        except PermissionError:
            raise SourceError(f"source: {self.root}: no permission to read it") from None
        if not any(has_files(self.root / name) for name in FOLDERS):
            found = f"; it holds {', '.join(sorted(present)[:SHOWN_FILES])}" if present else "; it is empty"
            raise SourceError(f"source: {self.root}: no exports; expected a folder {'/, '.join(FOLDERS)}/ in it{found}")

    def log_groups(self) -> tuple[str, ...]:
        """Names of the log groups that have a folder (or a file) under logs/, sorted."""
        return tuple(sorted(self._groups()))

    def _groups(self) -> dict[str, list[Path]]:
        """Export files by log group."""
        found: dict[str, list[Path]] = {}
        for path in listing(self.root / "logs"):
            if path.is_dir() or is_export(path):
                found.setdefault(log_group_of(path), []).extend(exports_below(path) if path.is_dir() else [path])
        return found

    def fetch_log_events(self, query: LogQuery, *, pull: str) -> Pull:
        """Events of one log group, ordered by time, stream and message."""
        staged = self._staged_logs(query.log_group)
        if staged is None:
            return _unknown_group(query, pull, LOG_EVENTS)
        file = scratch_file(self._scratch, ".parquet")
        rows, matched, got = staged.write(query, file)
        status, reason = self._log_account(staged, query, rows, rows if query.one_in > 1 else matched)
        status, reason = sampled_account(query, status, reason, matched)
        coverage = Coverage(pull, "files", query.text, query.window, got, rows, matched, status, reason)
        return Pull(file, coverage, self._log_provenance(staged), keeper=self)

    def estimate_log_events(self, query: LogCountQuery) -> int | None:
        """Exactly how many events there are: the files are read for it, once."""
        staged = self._staged_logs(query.log_group)
        return staged.total(query) if staged else 0

    def fetch_log_counts(self, query: LogCountQuery, *, pull: str) -> Pull:
        """Events of one log group by minute."""
        staged = self._staged_logs(query.log_group)
        if staged is None:
            return _unknown_group(query, pull, LOG_COUNTS)
        counts = staged.counts(query)
        status, reason = self._log_account(staged, query, counts.num_rows, counts.num_rows)
        return _pull(pull, query, self._log_provenance(staged), counts, counts.num_rows, status, reason)

    def _staged_logs(self, group: str) -> StagedLogs | None:
        """The log group's files, read now if need be; None where the export has none."""
        if group not in self._staged:
            paths = self._groups().get(group)
            if paths is None:
                return None
            self._staged[group] = StagedLogs(group, paths, self.root / "logs", self._scratch)
        return self._staged[group]

    def _log_provenance(self, staged: StagedLogs) -> Provenance:
        return Provenance("files", files=relative_paths([account.path for account in staged.accounts], self.root))

    def _log_account(
        self, staged: StagedLogs, query: LogQuery | LogCountQuery, rows: int, matched: int
    ) -> tuple[Status, str]:
        """What is wrong with the files, and with what they hold of the window."""
        faults = [f"{relative(a.path, self.root)} {fault}" for a in staged.accounts for fault in a.faults]
        notes = sorted({account.note for account in staged.accounts if account.note})
        notes += [f"{staged.repeated:,} repeated events in the export taken once"] if staged.repeated else []
        status, reason = account(rows, matched, faults, notes, any(account.is_denied for account in staged.accounts))
        return edged(status, reason, query.window, lambda: edge_reason(staged.times(), query.window))

    def fetch_metric_points(self, query: MetricQuery, *, pull: str) -> Pull:
        """Points of every file under metrics/; partial where none is of the metrics that should be there."""
        found = self._json(query, pull, "metrics", metric_points, METRIC_POINTS, edge=points_edge_reason)
        return with_names(found, query.metrics)

    def fetch_changes(self, query: ChangeQuery, *, pull: str) -> Pull:
        """CloudTrail records of every file under trail/."""
        return self._json(query, pull, "trail", change_records, CHANGE_RECORDS, edge=records_edge_reason)

    def fetch_alarm_changes(self, query: AlarmQuery, *, pull: str) -> Pull:
        """Alarm state changes of every file under alarms/."""
        return self._json(query, pull, "alarms", alarm_changes, ALARM_CHANGES)

    def fetch_records(self, query: RecordQuery, *, pull: str) -> Pull:
        """Records of every JSON file under the topic's folder; snapshots of statistics from database/."""
        if query.topic in OWN_READERS:
            return self._of_topic(query, pull)
        return self._json(query, pull, query.topic, resource_records, RECORDS)

    def fetch_database_log(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """Entries of the Postgres logs under database/, or of a log group."""
        if query.log_group:
            events = self.fetch_log_events(events_query(query), pull=pull)
            return replace(entries_of(events, query, pull=pull, scratch=self._scratch), keeper=self)
        self._database_logs = self._database_logs or DatabaseLogs(self.root, self._scratch)
        return self._database_logs.fetch(query, pull=pull)

    def _of_topic(self, query: RecordQuery, pull: str) -> Pull:
        found = read_topic(query.topic, self.root, self._scratch, query.window)
        provenance = Provenance("files", files=relative_paths(list(found.files), self.root))
        if not found.files:
            return no_records(pull, query, provenance, RECORDS, Status.NOT_CONFIGURED, LACKS[query.topic])
        rows = found.records.num_rows
        status, reason = account(rows, rows, list(found.faults), list(found.notes), found.is_denied)
        return _pull(pull, query, provenance, found.records, rows, status, reason)

    def fetch_audit_rows(self, query: AuditQuery, *, pull: str) -> Pull:
        """Rows of the files of one table under audit/; see `sources.tables`."""
        paths = table_files(self.root / "audit", query.table)
        provenance = Provenance("files", files=relative_paths(paths, self.root))
        if not paths:
            present = ", ".join([relative(path, self.root) for path in listing(self.root / "audit")][:SHOWN_FILES])
            reason = f"no table {query.table} (CSV or Parquet) in the export's folder audit"
            reason += f"; there is {present}" if present else ""
            return no_records(pull, query, provenance, query.schema, Status.NOT_CONFIGURED, reason)
        self._tables = self._tables or Tables(self._scratch)
        found = self._tables.read(query, paths)
        faults = [f"{relative(file.path, self.root)} {fault}" for file in found.files for fault in file.faults]
        notes = [NAIVE] if any(file.is_naive for file in found.files) else []
        notes += [f"{found.repeated:,} repeated rows in the export taken once"] if found.repeated else []
        report_progress(f"audit {query.table}: {len(paths):,} files, {found.rows:,} rows in the window")
        status, reason = account(found.rows, found.rows, faults, notes, any(file.is_denied for file in found.files))
        if status is Status.EMPTY and found.held:
            reason = "; ".join([f"the export holds {found.held:,} rows, {found.span}; nothing in the window", *notes])
        held = partial(self._tables.minutes, query, paths)
        status, reason = edged(status, reason, query.window, lambda: minutes_edge_reason(held(), query.window))
        coverage = Coverage(pull, "files", query.text, query.window, found.got, found.rows, found.rows, status, reason)
        return Pull(found.records, coverage, provenance, keeper=self)

    def fetch_trail_answer(self, query: TrailQuery, *, pull: str) -> Pull:
        """The answer to one question of a tenant audit, from the tables under audit/."""
        self._trail = self._trail or TrailTables(self.root, self._scratch)
        self._trail.forget()
        return replace(fetch_trail(self._trail, query, pull=pull, source="files"), keeper=self)

    def fetch_cost_answer(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question about the bill, from the files under costs/."""
        self._costs = self._costs or CostFiles(exports_below(self.root / COSTS), self.root, self._scratch)
        return self._costs.answer(query, pull=pull)

    def _json(
        self, query: Query, pull: str, name: str, reader: Reader, schema: pa.Schema, *, edge: Edge | None = None
    ) -> Pull:
        paths = exports_below(self.root / name)
        provenance = Provenance("files", files=relative_paths(paths, self.root))
        if not paths:
            return no_records(pull, query, provenance, schema, Status.NOT_CONFIGURED, f"no {name}/ in the export")
        later = [path for path in paths if path.name.lower().endswith(NOT_JSON)]
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        read = _read_files([path for path in paths if path not in later], name, reader, scratch)
        rows = [row for file in read for row in file.rows]
        table, lost, repeated = to_table(rows, schema)
        kept = records_inside(table, query.window) if schema is RECORDS else inside(table, query.window)
        faults = [f"{relative(file.path, self.root)} {fault}" for file in read for fault in file.faults]
        faults += [f"{relative(path, self.root)} cannot be read yet" for path in later]
        faults += [f"{lost:,} records without a usable time or value"] if lost else []
        notes = [f"{repeated:,} repeated records in the export taken once"] if repeated else []
        status, reason = account(kept.num_rows, kept.num_rows, faults, notes, any(file.is_denied for file in read))
        if status is Status.EMPTY and table.num_rows:
            reason = f"the export holds {table.num_rows:,} records, {span(table)}; nothing in the window"
        if edge:
            status, reason = edged(status, reason, query.window, lambda: edge(table, query.window))
        return _pull(pull, query, provenance, kept, kept.num_rows, status, reason)


def _read_files(paths: list[Path], name: str, reader: Reader, scratch: Path) -> list[FileRows]:
    with Meter(name, "records", size=sum(path.stat().st_size for path in paths), parts=len(paths)) as meter:
        found = []
        for path in paths:
            found.append(read_json_file(path, reader, scratch))
            meter.add(len(found[-1].rows), size=path.stat().st_size, parts=1)
    return found


def _unknown_group(query: LogQuery | LogCountQuery, pull: str, schema: pa.Schema) -> Pull:
    reason = f"no folder logs/{query.log_group.replace('/', '__')} in the export"
    return no_records(pull, query, Provenance("files"), schema, Status.NOT_CONFIGURED, reason)


def _pull(
    pull: str, query: Query, provenance: Provenance, rows: pa.Table, matched: int, status: Status, reason: str
) -> Pull:
    coverage = Coverage(pull, "files", query.text, query.window, span(rows), rows.num_rows, matched, status, reason)
    return Pull(rows, coverage, provenance)
