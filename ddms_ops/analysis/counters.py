"""Which snapshots of the statement counters a window and its baseline go by, and what was gained between them.

A window goes from the last snapshot at or before its start, else the first inside, to the first at or after its end,
else the last inside; one inside that is nearer, and within a tenth of the window, goes before. The interval between the
snapshots is kept: it is what the numbers are of. Nothing is repaired in silence; where the counters were reset in
between, nothing is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.counter_deltas import Snapshot, gained, gained_nothing, held
from ddms_ops.window import Window, iso

BEFORE, AFTER = "before", "after"
NEAR = pd.Timedelta(minutes=1)  # views of one snapshot may be read one after the other
SHARE_OFF = 0.1
NOTHING = "no snapshot of pg_stat_statements: cannot tell"


@dataclass(frozen=True, slots=True)
class CounterSpan:
    """What the counters of statements gained between two moments.

    Attributes:
        start, end: the moments, NaT where not known.
        seconds: the time between them, None where not known: then calls cannot be compared, only means.
        deltas: one row a statement with calls: query_id user database toplevel text (str, bool), calls total_ms
            mean_ms stddev_ms rows blocks_* temp_* wal_bytes plan_ms jit_ms (float64, of the span), min_ms max_ms
            (NaN: they are only known of all time), is_new, is_lower_bound, pull, row and row_before (the evidence:
            of the later and the earlier snapshot). Those with the most time first. Empty where it is not valid.
        faults: all that is wrong or to be known, one sentence each.
        is_valid: False means "cannot tell".
        is_lower_bound: calls may have been missed.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    seconds: float | None
    deltas: pd.DataFrame
    faults: tuple[str, ...]
    is_valid: bool
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class CounterSpans:
    """The span of a window, and that which it is compared with."""

    now: CounterSpan
    before: CounterSpan


def counter_spans(
    counters: pd.DataFrame, info: pd.DataFrame, window: Window, baseline: Window, *, database: pd.DataFrame
) -> CounterSpans:
    """What the statements did in a window and in its baseline, as far as the snapshots tell.

    Snapshots without a time but with the labels before and after are taken to stand at the window's start and end. The
    baseline is a span of its own where there are snapshots for it; else all that the counters held at the start of the
    window's span, since they were last reset. Where all snapshots follow shortly after the window, as those of a live
    source do, the span is between the first two of them, and its faults say so.

    Args:
        counters, info, database: frames in STATEMENT_COUNTERS, COUNTERS_INFO and DATABASE_COUNTERS; may be empty.

    Returns:
        Both spans; one that cannot be told is not valid and says why.
    """
    snapshots, words = _snapshots(counters, info, database, window)
    first, last = _ends(snapshots, window)
    if first is None or last is None or first is last:
        why = NOTHING if not snapshots else _lack(snapshots, window)
        return CounterSpans(_untold([*words, why]), _untold([]))
    now = _span(snapshots, first, last, [*words, *_edge_words(first, last, window)])
    return CounterSpans(now, _baseline(snapshots, first, last, window, baseline))


def _baseline(
    snapshots: list[Snapshot], first: Snapshot, last: Snapshot, window: Window, wanted: Window
) -> CounterSpan:
    """The span of the baseline, which shares no time with that of the window."""
    is_earlier = wanted.start < window.start
    apart = [shot for shot in snapshots if (shot.at <= first.at if is_earlier else shot.at >= last.at)]
    start, end = _ends(apart, wanted)
    if start is not None and end is not None and start is not end:
        return _span(apart, start, end, _edge_words(start, end, wanted))
    return (
        _since_reset(first) if is_earlier else _untold(["no two snapshots after the window: nothing to compare with"])
    )


def _span(snapshots: list[Snapshot], first: Snapshot, last: Snapshot, words: list[str]) -> CounterSpan:
    """What was gained between two of the snapshots."""
    between = snapshots[snapshots.index(first) : snapshots.index(last) + 1]
    found = gained(between)
    seconds = (last.at - first.at).total_seconds()
    faults = (*words, *found.words)
    return CounterSpan(first.at, last.at, seconds, found.deltas, faults, found.is_valid, found.is_lower_bound)


def _since_reset(snapshot: Snapshot) -> CounterSpan:
    """All that the counters of a snapshot hold."""
    start = snapshot.stats_reset
    start = snapshot.rows["stats_since"].min() if pd.isna(start) else start
    words = []
    if pd.isna(start) or start >= snapshot.at:
        odd = "" if pd.isna(start) else f" (reset at {iso(start)}, after the snapshot: a clock is off)"
        words.append(f"since when the counters count is not known{odd}: only means can be compared, not calls")
        start, seconds = pd.NaT, None
    else:
        seconds = (snapshot.at - start).total_seconds()
        words.append(f"compared with all of the {seconds / 3600:,.1f} h since the counters were reset at {iso(start)}")
    is_lower_bound = snapshot.dealloc > 0
    if is_lower_bound:
        words.append(f"the least used statements were dropped {snapshot.dealloc:,.0f} times since: some may be missing")
    return CounterSpan(
        start, snapshot.at, seconds, held(snapshot), tuple(words), is_valid=True, is_lower_bound=is_lower_bound
    )


def _untold(words: Sequence[str]) -> CounterSpan:
    return CounterSpan(pd.NaT, pd.NaT, None, gained_nothing(), tuple(words), is_valid=False, is_lower_bound=False)


def _ends(snapshots: list[Snapshot], window: Window) -> tuple[Snapshot | None, Snapshot | None]:
    """The snapshots that a window goes from and to."""
    earlier = [shot for shot in snapshots if shot.at <= window.start]
    inside = [shot for shot in snapshots if window.start < shot.at < window.end]
    later = [shot for shot in snapshots if shot.at >= window.end]
    if not earlier and not inside and len(later) > 1 and later[0].at - window.end <= window.length:
        return later[0], later[1]
    slack = SHARE_OFF * window.length
    return (
        _one_of(earlier[-1:], inside[:1], window.start, slack),
        _one_of(later[:1], inside[-1:], window.end, slack),
    )


def _one_of(outer: list[Snapshot], inner: list[Snapshot], at: pd.Timestamp, slack: pd.Timedelta) -> Snapshot | None:
    """The snapshot outside of a window, or that inside where it is nearer to the window's edge, and near."""
    if not outer or not inner:
        return next(iter(outer or inner), None)
    is_nearer = abs(inner[0].at - at) < min(abs(outer[0].at - at), slack)
    return inner[0] if is_nearer else outer[0]


def _lack(snapshots: list[Snapshot], window: Window) -> str:
    """Why no two snapshots enclose anything of a window."""
    if len(snapshots) == 1:
        return f"there is only one snapshot, of {iso(snapshots[0].at)}: cannot tell; a second one makes a difference"
    if snapshots[0].at == snapshots[-1].at:
        return f"all snapshots are of one time, {iso(snapshots[0].at)}: the same one twice, cannot tell"
    times = f"{iso(snapshots[0].at)} to {iso(snapshots[-1].at)}"
    return f"no two of the {len(snapshots):,} snapshots, of {times}, enclose a part of the window {window}: cannot tell"


def _edge_words(first: Snapshot, last: Snapshot, window: Window) -> list[str]:
    """Words where the span is not the window."""
    length = last.at - first.at
    if first.at >= window.end:
        return [
            f"the snapshots were taken after {window}, from {iso(first.at)} on, {length.total_seconds():,.1f} s apart"
        ]
    off = max(abs(first.at - window.start), abs(last.at - window.end))
    if off <= SHARE_OFF * window.length:
        return []
    span = f"{iso(first.at)} to {iso(last.at)}, {length.total_seconds():,.0f} s"
    return [f"the snapshots enclose {span}; the numbers are of that time, not of {window}"]


def _snapshots(
    counters: pd.DataFrame, info: pd.DataFrame, database: pd.DataFrame, window: Window
) -> tuple[list[Snapshot], list[str]]:
    """The snapshots in order of time, and words for those that have no place in it."""
    assumed = {BEFORE: window.start, AFTER: window.end}
    found, placeless, untimed = [], [], []
    for (at, label), rows in counters.groupby(["captured_at", "snapshot"], dropna=False, sort=True, observed=True):
        if pd.isna(at) and label not in assumed:
            placeless.append(label or "without a label")
            continue
        of_info, of_server = _of(info, at, label), _of(database, at, label)
        untimed += [label] if pd.isna(at) else []
        found.append(
            Snapshot(
                assumed[label] if pd.isna(at) else at,
                label,
                rows,
                of_info["stats_reset"].max(),
                float(of_info["dealloc"].max()),
                of_server["stats_reset"].max(),
                of_server["server_started"].max(),
            )
        )
    words = [f"snapshot {label!r}: neither a time nor the label before or after: left out" for label in placeless]
    if untimed:
        words.append("the snapshots have no time: before is taken to stand at the window's start, after at its end")
    if _is_turned(found):
        words.append("the snapshot before is timed later than that called after: the times count, not the labels")
    return sorted(found, key=lambda shot: (shot.at, shot.label != BEFORE)), words


def _is_turned(snapshots: list[Snapshot]) -> bool:
    """Whether the labels before and after contradict the times."""
    times = {label: [shot.at for shot in snapshots if shot.label == label] for label in (BEFORE, AFTER)}
    return bool(times[BEFORE] and times[AFTER]) and max(times[BEFORE]) > min(times[AFTER])


def _of(frame: pd.DataFrame, at: pd.Timestamp, label: str) -> pd.DataFrame:
    """Rows of another view that belong to a snapshot: those of its label nearest in time, or of a minute around it."""
    same = frame[frame["snapshot"] == label] if label else frame.iloc[:0]
    if pd.isna(at):
        return same
    near = same if len(same) else frame[(frame["captured_at"] - at).abs() <= NEAR]
    off = (near["captured_at"] - at).abs()
    return near if off.isna().all() else near[off == off.min()]
