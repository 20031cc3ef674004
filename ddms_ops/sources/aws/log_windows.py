"""Cutting a window so that each piece fits a query. Times are whole seconds since 1970, half-open."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from ddms_ops.window import Window

PLAN_BINS = 3_600


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """Whole seconds [start_s, end_s)."""

    start_s: int
    end_s: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end_s - self.start_s

    def halves(self) -> tuple["Slice", "Slice"]:
        """Two slices; only for one longer than a second."""
        middle = self.start_s + self.seconds // 2
        return Slice(self.start_s, middle), Slice(middle, self.end_s)

    def __str__(self) -> str:
        start, end = (pd.Timestamp(second, unit="s") for second in (self.start_s, self.end_s))
        return f"{start:%Y-%m-%d %H:%M:%S}–{end:%H:%M:%S} UTC"


def whole_seconds(window: Window) -> Slice:
    """The least whole seconds that hold a window."""
    start, end = window.start.timestamp(), window.end.timestamp()
    return Slice(int(start // 1), int(-(-end // 1)))


def bin_counts(rows: pa.Table) -> list[tuple[int, int]]:
    """Start second and count of each bin of `stats count(*) as n by bin(…)`; the service names the bin's column."""
    if not rows.num_rows:
        return []
    [bins] = [name for name in rows.column_names if name != "n"]
    starts = pd.to_datetime(rows[bins].to_pandas(), utc=True)
    return [(int(start.timestamp()), int(float(n))) for start, n in zip(starts, rows["n"].to_pylist(), strict=True)]


def bin_s(whole: Slice, most: int = PLAN_BINS) -> int:
    """Seconds of a bin, so that a plan has at most that many bins."""
    return max(1, -(-whole.seconds // most))


def planned(whole: Slice, counts: Iterable[tuple[int, int]], *, bin_s: int, cap: int) -> list[Slice]:
    """Slices in order that cover `whole`, each with at most `cap` events where the bins allow it.

    Args:
        counts: start second and number of events of each bin that has any.
        bin_s: seconds of a bin.
        cap: events a slice may hold; a fuller bin is a slice of its own.
    """
    slices: list[Slice] = []
    start, held = whole.start_s, 0
    for second, number in sorted(counts):
        border = min(max(second, whole.start_s), whole.end_s)
        if held and held + number > cap and border > start:
            slices.append(Slice(start, border))
            start, held = border, 0
        held += number
        after = min(second + bin_s, whole.end_s)
        if held >= cap and after > start:
            slices.append(Slice(start, after))
            start, held = after, 0
    if start < whole.end_s:
        slices.append(Slice(start, whole.end_s))
    return slices


def evenly(whole: Slice, number: int) -> list[Slice]:
    """At most `number` slices of about the same length."""
    number = max(1, min(number, whole.seconds))
    borders = [whole.start_s + whole.seconds * place // number for place in range(number + 1)]
    return [Slice(start, end) for start, end in zip(borders, borders[1:], strict=False)]
