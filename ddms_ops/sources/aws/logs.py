"""All log events of a window: planned, fetched side by side, written in order, and their coverage."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ddms_ops.coverage import Coverage, Status
from ddms_ops.interrupts import whole_step
from ddms_ops.progress import Meter, report_progress
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.filter_events import FilterEvents
from ddms_ops.sources.aws.insights_events import InsightsEvents
from ddms_ops.sources.aws.log_answer import SliceAnswer
from ddms_ops.sources.aws.log_sample import Sample
from ddms_ops.sources.aws.log_windows import Slice, evenly, whole_seconds
from ddms_ops.sources.aws.scan import GB, Scan, estimate, price
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.aws.spool import Spool
from ddms_ops.sources.base import INTERRUPTED, TIME, LogQuery, Provenance, Pull, inside
from ddms_ops.window import Window

WORKERS = 4
AHEAD = 3  # slices that may be finished before their turn to be written
FREE_BYTES = 20_000_000  # below this, FilterLogEvents is quick enough, and free
SLICE_BYTES = 16_000_000
LEAST_SLICES, MOST_SLICES = 16, 512
FAULTS = 3  # slices that may fail before the rest is given up
SHOWN = 8
HOPELESS = frozenset({Status.NO_PERMISSION, Status.NOT_CONFIGURED})
ROUTES = ("", "insights", "filter")


@dataclass(slots=True)
class _Outcome:
    """What the slices came to."""

    missing: list[str] = field(default_factory=list)
    faults: list[AwsFault] = field(default_factory=list)
    bytes_scanned: int = 0
    is_interrupted: bool = False

    def take(self, answer: SliceAnswer) -> None:
        self.missing += answer.missing
        self.faults += [answer.fault] if answer.fault else []
        self.bytes_scanned += answer.bytes_scanned

    @property
    def is_hopeless(self) -> bool:
        """Whether asking on is of no use."""
        sure = any(fault.status in HOPELESS or fault.is_signed_out for fault in self.faults)
        return sure or len(self.faults) >= FAULTS


@dataclass(frozen=True, slots=True)
class LogPull:
    """How one log group is pulled.

    Args:
        path: the Parquet file to write.
        now: for how long ago the window is.
        budget_bytes: what Insights may read for one pull.
        route: "insights" or "filter"; empty: whichever suits the size.
        sample: the blocks to take, where the query asks for a share.
    """

    session: AwsSession
    log_group: str
    query: LogQuery
    pull: str
    path: Path
    provenance: Provenance
    now: pd.Timestamp
    budget_bytes: int
    route: str = ""
    sample: Sample | None = None

    def fetch(self) -> Pull:
        """The events in the window, in a Parquet file, and their coverage."""
        stopping = Event()
        scan = self._estimate()
        window, narrowed = self._within_budget(scan)
        outcome = _Outcome()
        spool = Spool(self.path, self.query.log_group)
        try:
            fetch, slices = self._planned(scan, window, stopping, outcome)
            self._run(fetch, slices, spool, stopping, outcome)
        except AwsFault as fault:
            outcome.faults.append(fault)
            outcome.missing.append(fault.words)
        except KeyboardInterrupt:
            outcome.is_interrupted = True
        finally:
            spool.close()
        return self._pulled(spool, outcome, narrowed)

    def _estimate(self) -> Scan:
        """Bytes in the window by the group's own metric; unknown where that cannot be read."""
        scan = Scan(None)
        if not self.session.was_refused("cloudwatch", "GetMetricData"):
            with contextlib.suppress(AwsFault):
                scan = estimate(self.session, self.log_group, self.query.window, now=self.now)
        if self.sample is not None:
            size = scan.bytes if scan.bytes is not None else self.sample.counts.provenance.bytes_scanned or None
            share = self.sample.share(self.sample.slices(self.query.window))
            scan = Scan(round(size * share) if size is not None else None)
        elif scan.bytes is not None and not self._is_filter(scan):
            scan = Scan(2 * scan.bytes)  # once to count, once to fetch
        report_progress(f"{self.query.log_group}: {scan} to read")
        return scan

    def _is_filter(self, scan: Scan) -> bool:
        return self.route == "filter" or (not self.route and scan.bytes is not None and scan.bytes <= FREE_BYTES)

    def _within_budget(self, scan: Scan) -> tuple[Window, str]:
        """The part of the window, from its start, that may be read, and words where that is not all."""
        window = self.query.window
        if self._is_filter(scan) or scan.bytes is None or scan.bytes <= self.budget_bytes:
            return window, ""
        end = window.start + (window.end - window.start) * (self.budget_bytes / scan.bytes)
        kept = Window(window.start, max(end.floor("s"), window.start.ceil("s") + pd.Timedelta(seconds=1)))
        words = (
            f"the window takes {scan}, the budget is {self.budget_bytes / GB:g} GB: "
            f"only {whole_seconds(kept)} was read; raise logs.scan_budget_gb or ask for less"
        )
        return kept, words

    def _planned(
        self, scan: Scan, window: Window, stopping: Event, outcome: _Outcome
    ) -> tuple[Callable[[Slice], SliceAnswer], Sequence[Slice]]:
        """How to fetch a slice, and the slices."""
        whole = whole_seconds(window)
        by_filter = FilterEvents(self.session, self.log_group, stopping=stopping)
        number = min(MOST_SLICES, max(LEAST_SLICES, -(-(scan.bytes or 0) // SLICE_BYTES)))
        if self._is_filter(scan):
            if self.sample is not None:
                return by_filter.fetch, self.sample.slices(window)
            small = scan.bytes is not None and scan.bytes <= FREE_BYTES
            return by_filter.fetch, evenly(whole, 4 if small else max(number, 64 if scan.bytes is None else number))
        by_query = InsightsEvents(self.session, self.log_group, contains=self.query.contains, stopping=stopping)
        if self.sample is not None:
            may_query = not self.session.was_refused("logs", "StartQuery")
            return by_query.fetch if may_query else by_filter.fetch, self.sample.slices(window)
        try:
            slices, scanned = by_query.plan(whole)
        except AwsFault as fault:
            if fault.status is not Status.NO_PERMISSION:
                raise
            return by_filter.fetch, evenly(whole, max(number, 64))  # Insights is not allowed, reading may be
        outcome.bytes_scanned += scanned
        return by_query.fetch, slices if scan.bytes is not None else self._affordable(slices, scanned, outcome)

    def _affordable(self, slices: Sequence[Slice], scanned: int, outcome: _Outcome) -> Sequence[Slice]:
        """The first slices that the budget has room for, where counting was the first to tell the size."""
        share = (self.budget_bytes - scanned) / scanned if scanned else 1.0
        kept = len(slices) if share >= 1 else max(0, int(len(slices) * share))
        if kept < len(slices):
            rest = Slice(slices[kept].start_s, slices[-1].end_s)
            budget = f"the budget of {self.budget_bytes / GB:g} GB (logs.scan_budget_gb)"
            outcome.missing.append(f"{rest} was not read: counting took {Scan(scanned)} of {budget}")
        return slices[:kept]

    def _run(
        self,
        fetch: Callable[[Slice], SliceAnswer],
        slices: Sequence[Slice],
        spool: Spool,
        stopping: Event,
        outcome: _Outcome,
    ) -> None:
        """Fetch the slices with a few threads, hand each to the spool.

        No slice is begun more than AHEAD before the oldest that is still out. After Ctrl-C what is under way is
        waited for, and what it has is kept.
        """
        out: dict[Future[SliceAnswer], int] = {}
        place = -1
        meter = Meter(self.query.log_group, "events", parts=len(slices))
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="ddms-ops-logs") as pool, meter:
            try:
                for place, piece in enumerate(slices):
                    while len(out) == WORKERS or place - min(out.values(), default=place) > AHEAD:
                        self._take(wait(out, return_when=FIRST_COMPLETED).done, out, spool, outcome, meter)
                    if outcome.is_hopeless:
                        rest = Slice(piece.start_s, slices[-1].end_s)
                        outcome.missing.append(f"{rest} was not asked for any more")
                        break
                    out[pool.submit(fetch, piece)] = place
                while out:
                    self._take(wait(out, return_when=FIRST_COMPLETED).done, out, spool, outcome, meter)
            except KeyboardInterrupt:
                stopping.set()
                outcome.is_interrupted = True
                following = max(out.values(), default=place) + 1
                if following < len(slices):
                    rest = Slice(slices[following].start_s, slices[-1].end_s)
                    outcome.missing.append(f"{rest} was not asked for any more")
            self._take(wait(out).done, out, spool, outcome, meter)

    def _take(
        self,
        done: set[Future[SliceAnswer]],
        out: dict[Future[SliceAnswer], int],
        spool: Spool,
        outcome: _Outcome,
        meter: Meter,
    ) -> None:
        for future in done:
            with whole_step():  # a slice is handed over once
                answer, place = future.result(), out.pop(future)
                events = self._kept(answer.events)
                spool.add(place, events)
                outcome.take(answer)
            size = answer.bytes_scanned
            meter.add(events.num_rows, size=size or answer.events.nbytes, parts=1, usd=price(size))

    def _kept(self, events: pa.Table) -> pa.Table:
        """Events inside the window, with the text that was asked for."""
        events = events.set_column(0, "timestamp", events["timestamp"].cast(TIME))
        events = inside(events, self.query.window)
        if self.sample is not None:
            events = self.sample.kept(events)
        if self.query.contains:
            events = events.filter(pc.fill_null(pc.match_substring(events["message"], self.query.contains), False))
        return events

    def _pulled(self, spool: Spool, outcome: _Outcome, narrowed: str) -> Pull:
        records: pa.Table | Path = spool.path
        rows, got = spool.rows, spool.got
        matched: int | None = spool.rows
        reasons = _reasons(outcome, rows)
        reasons += [INTERRUPTED] if outcome.is_interrupted else []
        status = _status(rows, outcome, bool(reasons), narrowed)
        limit = self.query.limit
        if limit is not None and rows > limit:
            records = pq.read_table(spool.path).slice(0, limit)
            rows = limit
            status = Status.TRUNCATED if status is Status.COMPLETE else status
            reasons.append(f"{limit:,} of {matched:,} taken, as asked")
        reasons += [narrowed] if narrowed else []
        if outcome.missing or outcome.is_interrupted or narrowed:
            matched = None
        if self.sample is not None:
            matched, (status, reasons) = self.sample.matched, self.sample.account(status, reasons)
        coverage = Coverage(
            self.pull, self.provenance.source, self.query.text, self.query.window, got, rows, matched, status,
            "; ".join(reasons),
        )  # fmt: skip
        provenance = replace(self.provenance, bytes_scanned=outcome.bytes_scanned)
        if outcome.bytes_scanned:
            report_progress(f"{self.query.log_group}: {Scan(outcome.bytes_scanned)} were read")
        return Pull(records, coverage, provenance, outcome.is_interrupted)


def _reasons(outcome: _Outcome, rows: int) -> list[str]:
    """What is missing, in order of time; one fault that explains that there is nothing stands alone."""
    hopeless = [fault.words for fault in outcome.faults if fault.status in HOPELESS]
    if hopeless and not rows:
        return hopeless[:1]
    missing = sorted(outcome.missing)
    return [*missing[:SHOWN], *([f"and {len(missing) - SHOWN} more faults"] if len(missing) > SHOWN else [])]


def _status(rows: int, outcome: _Outcome, is_lacking: bool, narrowed: str) -> Status:
    if is_lacking and rows:
        return Status.PARTIAL
    if is_lacking:
        return next((fault.status for fault in outcome.faults if fault.status in HOPELESS), Status.FAILED)
    if narrowed:
        return Status.TRUNCATED
    return Status.COMPLETE if rows else Status.EMPTY
