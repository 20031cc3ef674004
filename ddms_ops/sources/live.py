"""`live`: AWS and Postgres as they are now, each account of the environment in turn."""

import contextlib
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.coverage import Status
from ddms_ops.declaration import Profile, log_group_names
from ddms_ops.errors import SourceError
from ddms_ops.sources.aws.alarms import alarm_changes
from ddms_ops.sources.aws.athena import trail_from_athena
from ddms_ops.sources.aws.collect import STATUS, collect
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.log_counts import LogCount
from ddms_ops.sources.aws.log_sample import Sample
from ddms_ops.sources.aws.logs import ROUTES, LogPull
from ddms_ops.sources.aws.metrics import metric_points
from ddms_ops.sources.aws.pacer import Pacers
from ddms_ops.sources.aws.records import is_declared, records
from ddms_ops.sources.aws.scan import GB, incoming
from ddms_ops.sources.aws.session import READ_TIMEOUT_S, AwsSession
from ddms_ops.sources.aws.trail import trail_changes
from ddms_ops.sources.base import (
    ALARM_CHANGES,
    CHANGE_RECORDS,
    DATABASE_LOG,
    INTERRUPTED,
    LOG_COUNTS,
    LOG_EVENTS,
    METRIC_POINTS,
    RECORDS,
    AlarmQuery,
    ChangeQuery,
    DatabaseLogQuery,
    LogCountQuery,
    LogQuery,
    MetricQuery,
    Provenance,
    Pull,
    Query,
    RecordQuery,
    no_records,
)
from ddms_ops.sources.database_log_group import entries_of, events_query
from ddms_ops.sources.json_files import FAULT, Row
from ddms_ops.sources.live_costs import LiveCosts
from ddms_ops.sources.live_database import DATABASE_TOPICS, SOURCE, LiveDatabase
from ddms_ops.sources.opening import scratch_file
from ddms_ops.sources.queries import ACCESS
from ddms_ops.window import parse_instant

ACCESS_LOGS = "copy S3 access logs into access/ of an export, and run from files:"
ROUTE = "DDMS_OPS_LOG_ROUTE"  # environment variable: fetch log events by "insights" or "filter" only
NOW = "DDMS_OPS_NOW"  # environment variable: the moment to work at, for drills on a recorded day
LOOKUP_DAYS = 90
GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
Rows = Callable[[AwsSession], Iterable[Row]]


class LiveSource(LiveDatabase, LiveCosts):
    """The accounts and the database that a profile's environment names; nothing is asked before the first pull.

    Args:
        profile: what to ask for.
        environment: where; empty means the profile's first.
        clock: of the caller: points and events are kept for a time only.
        environ: where the database's connection, and DDMS_OPS_NOW, are looked up; this process's by default.
        route: how log events are fetched, "insights" or "filter"; empty: as the environment variable
            DDMS_OPS_LOG_ROUTE says, or else whichever suits the size.
        read_timeout_s: how long one answer of AWS may be silent.

    Raises:
        SourceError: a route or a DDMS_OPS_NOW that cannot be used.
    """

    def __init__(
        self,
        profile: Profile,
        environment: str,
        *,
        clock: Callable[[], pd.Timestamp],
        environ: Mapping[str, str] = os.environ,
        route: str = "",
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.profile, self.environment = profile, environment or next(iter(profile.environments))
        self._clock, self._environ, self._route = clock, environ, route or environ.get(ROUTE, "")
        if self._route not in ROUTES:
            raise SourceError(f"{ROUTE}: {self._route!r} is no way to fetch log events; write insights or filter")
        self._drill = parse_instant(environ[NOW], now=None, name=NOW) if environ.get(NOW) else None
        pacers = Pacers()
        targets = profile.environments[self.environment].targets
        self.sessions = {
            name: AwsSession(account, name=name, pacers=pacers, read_timeout_s=read_timeout_s)
            for name, account in targets.items()
        }
        self._budget = round(profile.logs.scan_budget_gb * GB)
        self._counts: dict[LogCountQuery, Pull] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="ddms-ops-"))
        weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)

    def log_groups(self) -> tuple[str, ...]:
        """Names of the declared log groups, sorted; an account's other groups are not looked at."""
        return tuple(sorted(log_group_names(self.profile, self.environment)))

    def fetch_log_events(self, query: LogQuery, *, pull: str) -> Pull:
        """Events of one log group, in a Parquet file."""
        asked = self._log_group(query, pull, LOG_EVENTS)
        if isinstance(asked, Pull):
            return asked
        session, group, provenance = asked
        sample = None
        if query.one_in > 1:
            counts = self.fetch_log_counts(LogCountQuery(query.window, query.log_group), pull=pull)
            if counts.is_interrupted:
                empty = no_records(pull, query, provenance, LOG_EVENTS, Status.FAILED, INTERRUPTED)
                return replace(empty, is_interrupted=True)
            sample = Sample(query, counts)
        file = scratch_file(self._scratch, ".parquet")
        return LogPull(
            session, group, query, pull, file, provenance, self.now(), self._budget, self._route, sample
        ).fetch()  # fmt: skip

    def estimate_log_events(self, query: LogCountQuery) -> int | None:
        """By the group's own metrics, which cost nothing; None where they cannot be read or say nothing."""
        asked = self._log_group(query, "", LOG_COUNTS)
        if isinstance(asked, Pull):
            return 0
        session, group, _ = asked
        if session.was_refused("cloudwatch", "GetMetricData"):
            return None
        with contextlib.suppress(AwsFault):
            return incoming(session, group, query.window, now=self.now()).about
        return None

    def fetch_log_counts(self, query: LogCountQuery, *, pull: str) -> Pull:
        """Events of one log group by minute; counted once."""
        asked = self._log_group(query, pull, LOG_COUNTS)
        if isinstance(asked, Pull):
            return asked
        if query not in self._counts:
            start = self._clock()
            counts = LogCount(*asked[:2], query, pull, asked[2], self.now(), self._budget).fetch()
            if counts.is_interrupted:
                return counts
            self._counts[query] = counts.timed(start, self._clock())
        counts = self._counts[query]
        return replace(counts, coverage=replace(counts.coverage, pull=pull))

    def _log_group(
        self, query: LogQuery | LogCountQuery, pull: str, schema: pa.Schema
    ) -> tuple[AwsSession, str, Provenance] | Pull:
        """Whom to ask for a log group, by what name, and as whom; a pull without records where that is nobody."""
        account, _, group = query.log_group.rpartition(":")
        if account not in self.sessions or not GROUP_NAME.fullmatch(group):
            reason = f"no log group of the declared accounts can be named {query.log_group!r}"
            return no_records(pull, query, Provenance(SOURCE), schema, Status.NOT_CONFIGURED, reason)
        session = self.sessions[account]
        try:
            return session, group, self._provenance(session)
        except AwsFault as fault:
            return no_records(pull, query, Provenance(SOURCE), schema, fault.status, fault.words)

    def fetch_metric_points(self, query: MetricQuery, *, pull: str) -> Pull:
        """Points of every metric that the profile declares."""
        declared = {name: metric for name, metric in self.profile.metrics.items() if metric.ratio_of is None}
        if not declared:
            reason = "the profile declares no metrics"
            return no_records(pull, query, Provenance(SOURCE), METRIC_POINTS, Status.NOT_CONFIGURED, reason)

        def points(session: AwsSession) -> Iterable[Row]:
            of = f"{session.name}:" if session.name else ""
            own = {name: metric for name, metric in declared.items() if name.startswith(of)}
            return metric_points(session, query.window, own, now=self.now())

        return self._collect(query, pull, METRIC_POINTS, points)

    def fetch_changes(self, query: ChangeQuery, *, pull: str) -> Pull:
        """CloudTrail's record of changes; from Athena where the profile names a trail table and 90 days are over."""
        age = self.now() - query.window.start
        athena = self.profile.athena
        if athena is not None and athena.trail and age > pd.Timedelta(days=LOOKUP_DAYS):
            return self._collect(
                query, pull, CHANGE_RECORDS, lambda session: trail_from_athena(session, query.window, athena)
            )
        return self._collect(
            query, pull, CHANGE_RECORDS, lambda session: trail_changes(session, query.window, now=self.now())
        )

    def fetch_alarm_changes(self, query: AlarmQuery, *, pull: str) -> Pull:
        """State changes of every alarm of the accounts."""
        return self._collect(
            query,
            pull,
            ALARM_CHANGES,
            lambda session: alarm_changes(session, query.window, now=self.now()),
            named=("alarm",),
        )

    def fetch_database_log(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """Entries of the log group that Postgres logs to; nothing without one."""
        if query.log_group:
            events = self.fetch_log_events(events_query(query), pull=pull)
            return replace(entries_of(events, query, pull=pull, scratch=self._scratch), keeper=self)
        reason = "name the CloudWatch log groups that Postgres logs to under database.log_groups"
        return no_records(pull, query, Provenance(SOURCE), DATABASE_LOG, Status.NOT_CONFIGURED, reason)

    def fetch_records(self, query: RecordQuery, *, pull: str) -> Pull:
        """Records of the resources that the profile names for this topic, or snapshots of its Postgres."""
        if query.topic in DATABASE_TOPICS:
            return self.database_records(query, pull)
        if query.topic == ACCESS:
            return no_records(pull, query, Provenance(SOURCE), RECORDS, Status.NOT_CONFIGURED, ACCESS_LOGS)
        if not is_declared(query.topic, self.profile.resources):
            reason = f"the profile names no {query.topic} under resources"
            return no_records(pull, query, Provenance(SOURCE), RECORDS, Status.NOT_CONFIGURED, reason)
        return self._collect(
            query, pull, RECORDS,
            lambda session: records(session, query, self.profile.resources, now=self.now()), named=("id",),
        )  # fmt: skip

    def now(self) -> pd.Timestamp:
        """The moment that what AWS still keeps is counted from."""
        return self._clock() if self._drill is None else self._drill

    def _provenance(self, session: AwsSession) -> Provenance:
        """Who asks, and where.

        Raises:
            AwsFault: no usable credentials, or those of another account.
        """
        account, arn = session.identity
        return Provenance(SOURCE, account, session.region, arn)

    def _collect(self, query: Query, pull: str, schema: pa.Schema, rows: Rows, *, named: tuple[str, ...] = ()) -> Pull:
        """Rows of every account; `named` columns get the account's name before them where there are several."""
        provenance = Provenance(SOURCE, region=", ".join(sorted({s.region for s in self.sessions.values()})))
        known: list[tuple[str, str]] = []

        def all_rows() -> Iterator[Row]:
            for session in self.sessions.values():
                try:
                    known.append(session.identity)
                    for row in rows(session):
                        yield _named(row, session.name, named)
                except AwsFault as fault:
                    if len(self.sessions) == 1:
                        raise
                    yield {FAULT: f"{session.name}: {fault.words}", STATUS: fault.status}

        answer = collect(all_rows(), query, pull=pull, schema=schema, provenance=provenance)
        accounts, arns = (", ".join(dict.fromkeys(part)) for part in zip(*known, strict=True)) if known else ("", "")
        return replace(answer, provenance=replace(provenance, account=accounts, identity=arns))


def _named(row: Row, account: str, named: tuple[str, ...]) -> Row:
    if not account:
        return row
    return {**row, **{name: f"{account}:{row[name]}" for name in named if row.get(name)}}
