"""The minutes before and after a change that can be compared: those that were read, of each kind."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.requests import between
from ddms_ops.coverage import Coverage
from ddms_ops.hops.reading import KINDS, is_of
from ddms_ops.hops.views import Ground
from ddms_ops.window import Window

LEAST = pd.Timedelta(minutes=1)
ENOUGH = 4


@dataclass(frozen=True, slots=True)
class Sides:
    """Spans before and after a change, as long as each other, and the log groups that were read over both.

    `read` is what was read of them in one piece around it.
    `metrics` are the spans of the metrics, before and after, and what was read of them around; None where they were
    not read on both sides.
    """

    before: Window
    after: Window
    read: Window
    log_groups: tuple[str, ...]
    metrics: tuple[Window, Window, Window] | None

    def of(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows after, and rows before."""
        return between(frame, self.after.start, self.after.end), between(frame, self.before.start, self.before.end)


def spans(
    case: Ground, first: pd.Timestamp, last: pd.Timestamp, length: pd.Timedelta
) -> tuple[Sides | None, tuple[str, ...]]:
    """The spans to compare, cut to what was read, and that in words; None where one of them would be empty."""
    read = _read_spans(case)
    around = [span for span in read if span.start <= first <= span.end]
    if not around:
        words = " and ".join(str(span) for span in read)
        return None, (f"It was made outside what was read ({words}), so what moved after it cannot be told.",)
    least = Window(first - LEAST, last + LEAST)
    if not _holds(around[0], least):
        words = f"There is under a minute of what was read ({around[0]}) on one side of it: nothing to compare."
        return None, (words,)
    held = {name: [span for span in spans if _holds(span, least)] for name, spans in _held(case).items() if spans}
    inside = [around[0], *(span for spans in held.values() for span in spans)]
    common = Window(max(span.start for span in inside), min(span.end for span in inside))
    room = min(length, first - common.start, common.end - last)
    compared = tuple(name for name, spans in held.items() if spans)
    cut = f", cut to what was read ({common})" if room < length else ""
    words = f"{_minutes(room, first, last)}{cut}."
    left = [name for name, spans in held.items() if not spans]
    metrics, note, is_left = _metric_sides(case, around[0], least, length)
    left += ["metrics"] if is_left else []
    is_apart = metrics is not None and metrics[0].length != room
    notes = [words, *([note] if is_apart else [])]
    notes += [f"Not compared, for it was not read on both sides: {', '.join(left)}."] if left else []
    return Sides(Window(first - room, first), Window(last, last + room), common, compared, metrics), tuple(notes)


def few_words(case: Ground, sides: Sides) -> tuple[str, ...]:
    """That little is known of how metrics usually go, where under four times the compared minutes were read before."""
    if sides.metrics is None:
        return ()
    before = sides.metrics[0]
    known = [min(span.end, before.end) - span.start for span in (case.window, case.baseline) if span.start < before.end]
    minutes = sum(known, start=0 * LEAST)
    if minutes >= ENOUGH * before.length:
        return ()
    return (f"Only {minutes / LEAST:.4g} min before it were read: of metrics only very large moves can be told.",)


def _metric_sides(
    case: Ground, around: Window, least: Window, length: pd.Timedelta
) -> tuple[tuple[Window, Window, Window] | None, str, bool]:
    """Spans of the metrics before and after, how long they are, and whether they were read on one side only."""
    read = _metric_spans(case)
    holding = [span for span in read if _holds(span, least)]
    if not holding:
        return None, "", bool(read)
    first, last = least.start + LEAST, least.end - LEAST
    common = Window(max(holding[0].start, around.start), min(holding[0].end, around.end))
    room = min(length, first - common.start, common.end - last)
    cut = f", cut to what was read of them ({common})" if room < length else ""
    sides = Window(first - room, first), Window(last, last + room), common
    return sides, f"Metrics: {_minutes(room, first, last)}{cut}.", False


def _minutes(room: pd.Timedelta, first: pd.Timestamp, last: pd.Timestamp) -> str:
    minutes = f"{room / LEAST:.4g} min"
    return f"{minutes} before {first:%H:%M:%S} UTC against {minutes} after {last:%H:%M:%S} UTC"


def _holds(span: Window, other: Window) -> bool:
    return span.start <= other.start and other.end <= span.end


def _read_spans(case: Ground) -> list[Window]:
    """Window and baseline, as one where they touch."""
    return _joined([case.window, case.baseline])


def _metric_spans(case: Ground) -> list[Window]:
    """The spans that were read of metrics; a point stands for the minutes until the next one."""
    steps = case.metrics.groupby("metric")["timestamp"].diff().dropna()
    step = steps.median() if len(steps) else LEAST
    rows = [(row, _known(row)) for row in (*case.pulls("metrics.baseline"), *case.pulls("metrics"))]
    return _joined(
        Window(span.start, max(span.end, min(span.end + step, row.asked.end))) for row, span in rows if span is not None
    )


def _held(case: Ground) -> dict[str, list[Window]]:
    """The spans that were read of each log group: of a pull that is not all there from its first event to its last.

    Of a stream whose clock was off other minutes were read, later or earlier by as much.
    """
    found: dict[str, list[Window]] = {name: [] for name in case.log_groups}
    offsets = case.clock_offsets["offset_s"] if len(case.clock_offsets) else {}
    for name, spans in found.items():
        rows = [row for side in KINDS.values() for row in case.pulls(side) if is_of(row, [name])]
        spans += _joined(span for span in map(_known, rows) if span is not None)
        for (group, _), seconds in offsets.items():
            if group == name:
                spans[:] = [cut for span in spans if (cut := _cut(span, pd.Timedelta(seconds=round(seconds))))]
    return found


def _known(row: Coverage) -> Window | None:
    """What was read of a pull."""
    return row.asked if row.is_all_there else row.got


def _cut(span: Window, off: pd.Timedelta) -> Window | None:
    """What a span and the same span later by `off` have in common."""
    start, end = max(span.start, span.start + off), min(span.end, span.end + off)
    return Window(start, end) if start < end else None


def _joined(spans: Iterable[Window]) -> list[Window]:
    """The spans by time, as one where there is under a minute between them."""
    joined: list[Window] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start - joined[-1].end < LEAST:
            before = joined.pop()
            span = Window(before.start, max(before.end, span.end))
        joined.append(span)
    return joined
