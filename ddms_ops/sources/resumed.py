"""The evidence of a run that is under way, before its source: what one notebook pulled, the next one takes."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ddms_ops.sources.base import (
    AlarmQuery,
    AuditQuery,
    ChangeQuery,
    CostQuery,
    DatabaseLogQuery,
    LogCountQuery,
    LogQuery,
    MetricQuery,
    Pull,
    Query,
    RecordQuery,
    Source,
    TrailQuery,
)
from ddms_ops.sources.recorded import RecordedSource

MARKER = ".under-way"
"""The file in a report folder that says so; whoever runs several notebooks puts it there, and takes it away."""

Q = TypeVar("Q", bound=Query)


def resumed(source: Source, report: Path) -> Source:
    """The source, or what answers first from the evidence of the run that the report folder is of."""
    return ResumedSource(RecordedSource(report), source) if (report / MARKER).exists() else source


class ResumedSource:
    """A source whose recorded answers are given again, by the name of the pull and the query.

    Args:
        recorded: the evidence so far.
        source: who is asked for what is not in it.
    """

    def __init__(self, recorded: RecordedSource, source: Source) -> None:
        self._recorded, self._source = recorded, source

    def log_groups(self) -> tuple[str, ...]:
        """Names of the log groups that the source holds, sorted."""
        return self._source.log_groups()

    def estimate_log_events(self, query: LogCountQuery) -> int | None:
        """As the source's first run had it: 0 where its events were all taken, None where they were counted."""
        known = query.log_group in self._recorded.log_groups()
        return (self._recorded if known else self._source).estimate_log_events(query)

    def fetch_log_events(self, query: LogQuery, *, pull: str) -> Pull:
        """Events of one log group."""
        return self._first(query, pull, self._recorded.fetch_log_events, self._source.fetch_log_events)

    def fetch_log_counts(self, query: LogCountQuery, *, pull: str) -> Pull:
        """Events of one log group by minute."""
        return self._first(query, pull, self._recorded.fetch_log_counts, self._source.fetch_log_counts)

    def fetch_metric_points(self, query: MetricQuery, *, pull: str) -> Pull:
        """Points of all metrics."""
        return self._first(query, pull, self._recorded.fetch_metric_points, self._source.fetch_metric_points)

    def fetch_changes(self, query: ChangeQuery, *, pull: str) -> Pull:
        """CloudTrail records."""
        return self._first(query, pull, self._recorded.fetch_changes, self._source.fetch_changes)

    def fetch_alarm_changes(self, query: AlarmQuery, *, pull: str) -> Pull:
        """Alarm state changes."""
        return self._first(query, pull, self._recorded.fetch_alarm_changes, self._source.fetch_alarm_changes)

    def fetch_audit_rows(self, query: AuditQuery, *, pull: str) -> Pull:
        """Rows of one audit table."""
        return self._first(query, pull, self._recorded.fetch_audit_rows, self._source.fetch_audit_rows)

    def fetch_records(self, query: RecordQuery, *, pull: str) -> Pull:
        """Records of one topic."""
        return self._first(query, pull, self._recorded.fetch_records, self._source.fetch_records)

    def fetch_trail_answer(self, query: TrailQuery, *, pull: str) -> Pull:
        """The answer to one question of a tenant audit."""
        return self._first(query, pull, self._recorded.fetch_trail_answer, self._source.fetch_trail_answer)

    def fetch_cost_answer(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question about the bill."""
        return self._first(query, pull, self._recorded.fetch_cost_answer, self._source.fetch_cost_answer)

    def fetch_database_log(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """Entries of the Postgres log."""
        return self._first(query, pull, self._recorded.fetch_database_log, self._source.fetch_database_log)

    def _first(self, query: Q, pull: str, recorded: Callable[..., Pull], source: Callable[..., Pull]) -> Pull:
        return (recorded if self._recorded.recorded(query, pull) else source)(query, pull=pull)
