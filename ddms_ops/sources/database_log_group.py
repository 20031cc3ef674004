"""The Postgres log of a CloudWatch log group, out of the pull of its events."""

from dataclasses import replace
from pathlib import Path

from ddms_ops.coverage import Status
from ddms_ops.sources.base import DATABASE_LOG, DatabaseLogQuery, LogQuery, Pull, no_records
from ddms_ops.sources.database_log import log_of_events


def events_query(query: DatabaseLogQuery) -> LogQuery:
    """The query for the events of the log group that a query of the Postgres log names."""
    return LogQuery(query.window, query.log_group)


def entries_of(events: Pull, query: DatabaseLogQuery, *, pull: str, scratch: Path) -> Pull:
    """The entries in some events, with the account of both: what is lacking of the events is lacking of them.

    Args:
        events: the pull of `events_query`.
        scratch: a folder for the entries; the caller's.
    """
    if events.coverage.status is Status.NOT_CONFIGURED:
        reason = events.coverage.reason
        return no_records(pull, query, events.provenance, DATABASE_LOG, Status.NOT_CONFIGURED, reason)
    found = log_of_events(events.records, query, pull=pull, scratch=scratch)
    parts = (events.coverage, found.coverage)
    status = next((part.status for part in parts if not part.is_all_there), found.coverage.status)
    reason = "; ".join(part.reason for part in parts if part.reason)
    coverage = replace(found.coverage, source=events.coverage.source, status=status, reason=reason)
    return replace(found, coverage=coverage, provenance=events.provenance, is_interrupted=events.is_interrupted)
