"""How many events a log group has in each minute, counted by Logs Insights; nothing is fetched for it."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Event

import pandas as pd
import pyarrow as pa

from ddms_ops.coverage import Coverage, Status
from ddms_ops.progress import Meter
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.insights_query import InsightsQueries, QueryTimedOut
from ddms_ops.sources.aws.log_windows import bin_counts, whole_seconds
from ddms_ops.sources.aws.scan import GB, Incoming, Scan, incoming, period_s, price
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import INTERRUPTED, LOG_COUNTS, LogCountQuery, Provenance, Pull, no_records, span
from ddms_ops.window import Window

MINUTE = pd.Timedelta(minutes=1)
MOST_MINUTES = 10_000  # rows that an answer gives without being asked for more
MILLISECOND = pd.Timedelta(milliseconds=1)
EPOCH = pd.Timestamp(0, tz="UTC")


@dataclass(slots=True)
class _Counted:
    """What came so far: events by start of minute (seconds since 1970), and words for what did not."""

    minutes: dict[int, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    bytes_scanned: int = 0


@dataclass(frozen=True, slots=True)
class LogCount:
    """How the events of one log group are counted.

    Where Insights may not be asked, or would read more than the budget, the group's own metric tells, which counts
    events when they arrive; the pull is partial then.

    Args:
        now: for how long ago the window is.
        budget_bytes: what Insights may read for one pull.
    """

    session: AwsSession
    log_group: str
    query: LogCountQuery
    pull: str
    provenance: Provenance
    now: pd.Timestamp
    budget_bytes: int

    def fetch(self) -> Pull:
        """Events by minute, and their coverage."""
        took_in = self._incoming()
        size = round(sum(took_in.bytes.values()))
        if size > self.budget_bytes:
            budget = f"the budget is {self.budget_bytes / GB:g} GB (logs.scan_budget_gb)"
            return self._by_metric(took_in, f"counting would read {Scan(size)}, {budget}", Status.FAILED)
        counted = _Counted()
        queries = InsightsQueries(self.session, self.log_group, stopping=Event())
        try:
            pieces = list(_pieces(self.query.window, MOST_MINUTES))
            with Meter(self.query.log_group, "events counted", parts=len(pieces)) as meter:
                for piece in pieces:
                    before, size = sum(counted.minutes.values()), counted.bytes_scanned
                    _count(queries, piece, counted)
                    size = counted.bytes_scanned - size
                    meter.add(sum(counted.minutes.values()) - before, size=size, parts=1, usd=price(size))
        except AwsFault as fault:
            if not counted.minutes:
                return self._by_metric(took_in, fault.words, fault.status)
            counted.missing.append(fault.words)
        except KeyboardInterrupt:
            counted.missing.append(INTERRUPTED)
            return replace(self._pulled(counted), is_interrupted=True)
        return self._pulled(counted)

    def _incoming(self) -> Incoming:
        """What the group took in by its metrics; nothing where they cannot be read."""
        if not self.session.was_refused("cloudwatch", "GetMetricData"):
            with contextlib.suppress(AwsFault):
                return incoming(self.session, self.log_group, self.query.window, now=self.now)
        return Incoming({}, {})

    def _by_metric(self, took_in: Incoming, why: str, status: Status) -> Pull:
        if not took_in.events:
            return no_records(self.pull, self.query, self.provenance, LOG_COUNTS, status, why)
        every = period_s(self.query.window.start, self.now)
        minutes = {round(stamp.timestamp()): round(number) for stamp, number in took_in.events.items()}
        words = f"{why}; told by the metric IncomingLogEvents every {every} s, by time of arrival"
        return self._pulled(_Counted(minutes, [words]))

    def _pulled(self, counted: _Counted) -> Pull:
        starts = sorted(minute for minute, number in counted.minutes.items() if number)
        columns = {
            "timestamp": pa.array([start * 1_000_000 for start in starts], pa.int64()).cast(LOG_COUNTS.types[0]),
            "log_group": pa.repeat(pa.scalar(self.query.log_group), len(starts)),
            "events": pa.array([counted.minutes[start] for start in starts], pa.int64()),
        }
        table = pa.table(columns, schema=LOG_COUNTS)
        status = Status.COMPLETE if starts else Status.EMPTY
        if counted.missing:
            status = Status.PARTIAL if starts else Status.FAILED
        matched = None if counted.missing else len(starts)
        coverage = Coverage(
            self.pull, self.provenance.source, self.query.text, self.query.window, span(table), len(starts), matched,
            status, "; ".join(counted.missing),
        )  # fmt: skip
        return Pull(table, coverage, replace(self.provenance, bytes_scanned=counted.bytes_scanned))


def _pieces(window: Window, minutes: int) -> Iterable[Window]:
    """A window cut at whole minutes, so that no piece has more of them."""
    start = window.start
    while start < window.end:
        end = min(start.floor("min") + minutes * MINUTE, window.end)
        yield Window(start, end)
        start = end


def _count(queries: InsightsQueries, piece: Window, counted: _Counted) -> None:
    """Add the counts of a piece; asked again in halves where a query runs into its time limit.

    Raises:
        AwsFault: queries cannot be asked at all.
    """
    first, end = (-((EPOCH - stamp) // MILLISECOND) for stamp in (piece.start, piece.end))
    inside = f"filter toMillis(@timestamp) >= {first} and toMillis(@timestamp) < {end}"  # both ends of a query are in
    text = f"{inside} | stats count(*) as n by bin(1m) | limit {MOST_MINUTES}"
    try:
        answer = queries.run(text, whole_seconds(piece))
    except QueryTimedOut:
        half = max(1, -(-(piece.end - piece.start) // MINUTE) // 2)
        if piece.start.floor("min") + MINUTE >= piece.end:
            counted.missing.append(f"{piece} was not counted: the query timed out, also for a minute")
            return
        for part in _pieces(piece, half):
            _count(queries, part, counted)
        return
    counts = dict(bin_counts(answer.rows))
    counted.minutes |= counts
    counted.bytes_scanned += answer.bytes_scanned
    lacking = answer.matched - sum(counts.values())
    if lacking or answer.fault:
        counted.missing.append(f"{piece}: {lacking:,} of {answer.matched:,} events are in no count")
