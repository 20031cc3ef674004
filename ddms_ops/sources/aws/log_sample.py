"""What to ask for so that a sample by time comes: the blocks of full minutes, and sparse stretches whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from ddms_ops.coverage import Coverage, Status
from ddms_ops.sampling import MINUTE_US, sample_bounds, sampled
from ddms_ops.sources.aws.log_windows import Slice, evenly
from ddms_ops.sources.base import LogQuery, Pull, sampled_account
from ddms_ops.sources.ordering import stamps
from ddms_ops.window import Window

SECOND_US = 1_000_000
FEW = 5_000  # events that are asked for at once though most of them are outside the blocks: one call instead of many
CAP = 20_000  # events planned into one query


@dataclass(frozen=True)
class Sample:
    """The blocks of a query, and the counts that tell how full they are.

    Args:
        query: with a share to take.
        counts: of the query's window, from `fetch_log_counts`.
    """

    query: LogQuery
    counts: Pull

    @property
    def coverage(self) -> Coverage:
        """Of the counts."""
        return self.counts.coverage

    @cached_property
    def minutes(self) -> Mapping[int, int] | None:
        """Events by start of minute (seconds since 1970); None where not every minute was counted."""
        if not self.coverage.is_all_there:
            return None
        table = self.counts.table
        starts = (stamps(table, "timestamp") // SECOND_US).tolist()
        return dict(zip(starts, table["events"].to_pylist(), strict=True))

    @property
    def matched(self) -> int | None:
        """How many events the whole window has, None where that is not known."""
        return None if self.minutes is None or self.query.contains else sum(self.minutes.values())

    def slices(self, window: Window) -> list[Slice]:
        """Slices, in order of time, that hold the blocks in a part of the query's window.

        Minutes without events are left out. Neighbours that have few events in all are asked for together.
        """
        found: list[Slice] = []
        held = 0
        starts, ends = sample_bounds(window, self.query.one_in)
        for start_us, end_us in zip(starts.tolist(), ends.tolist(), strict=True):
            block = Slice(start_us // SECOND_US, -(-end_us // SECOND_US))
            if self.minutes is None:
                found.append(block)
                continue
            events = self.minutes.get(start_us // MINUTE_US * 60, 0)
            if not events:
                continue
            if held and held + events <= FEW:
                found[-1] = Slice(found[-1].start_s, block.end_s)
                held += events
            else:
                found += evenly(block, -(-events // (self.query.one_in * CAP)))
                held = events if events <= FEW else 0
        return found

    def share(self, slices: list[Slice]) -> float:
        """Share of the window's events that slices ask for, 0..1; of its time where they were not counted."""
        whole = self.query.window.length.total_seconds()
        if self.minutes is None:
            return min(1.0, sum(piece.seconds for piece in slices) / whole)
        asked = sum(
            self.minutes.get(minute, 0) * min(60, piece.seconds) / 60
            for piece in slices
            for minute in range(piece.start_s // 60 * 60, piece.end_s, 60)
        )
        return min(1.0, asked / max(1, sum(self.minutes.values())))

    def account(self, status: Status, reasons: list[str]) -> tuple[Status, list[str]]:
        """Status and reasons of the sample, from those of the events that came."""
        if not self.coverage.is_all_there:
            reasons = [*reasons, f"the number of all events is not known: {self.coverage.reason}"]
        status, words = sampled_account(self.query, status, "; ".join(reasons), self.matched)
        return status, [words]

    def kept(self, events: pa.Table) -> pa.Table:
        """The events that lie in the blocks."""
        inside = sampled(stamps(events, "timestamp"), self.query.window, self.query.one_in)
        return events.filter(pa.array(inside))
