"""Chains of lock waits, each from a root that waits for nobody; the waits are those of `lock_waits`."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import accumulate

import pandas as pd

from ddms_ops.analysis.lock_waits import SLACK_US, UNKNOWN, Chain, Wait, frame_of, rows_of

MOST = 20_000
"""Chains are made of so many waits, the longest."""
HELD = 0.5  # a holder that itself waits for less of the time than this is a root


def joined_waits(logged: pd.DataFrame, sampled: pd.DataFrame) -> pd.DataFrame:
    """Waits of log and samples together; what the log tells of is not taken from the samples again.

    Args:
        logged: `lock_waits.COLUMNS`; a holder that it does not name is taken from the samples.
        sampled: the same columns; they are taken to be of the log's server where it is of one.

    Returns:
        The same columns.
    """
    if sampled.empty:
        return logged
    told, servers = rows_of(logged), logged["server"].unique()
    server = str(servers[0]) if len(servers) == 1 else ""
    by_waiter = _Overlaps(told, lambda wait: wait.waiter)
    fresh: list[Wait] = []
    named: dict[Wait, set[int]] = {}
    for wait in rows_of(sampled):
        same = by_waiter.of(wait.waiter, wait.start, wait.end)
        fresh += [] if same else [wait._replace(server=server)]
        for other in same:
            if other.holder == UNKNOWN:
                named.setdefault(other, set()).add(wait.holder)
    known = [wait._replace(holder=pid) for wait in told for pid in sorted(named.get(wait, {wait.holder}))]
    return frame_of([*known, *fresh])


def lock_chains(waits: pd.DataFrame, *, most: int = MOST) -> list[Chain]:
    """The chains of some waits, those that cost most waiting first.

    Args:
        waits: `lock_waits.COLUMNS`; may hold waits of several servers, which do not meet.
        most: of how many waits chains are made, the longest.
    """
    kept = sorted(rows_of(waits), key=lambda wait: wait.start - wait.end)[:most]
    own = _Overlaps(kept, lambda wait: (wait.server, wait.waiter))
    led: dict[tuple[str, int], list[Wait]] = {}
    for wait in kept:
        for root in _roots(own, wait):
            led.setdefault((wait.server, root), []).append(wait)
    found = [_chain(server, root, burst) for (server, root), part in sorted(led.items()) for burst in _bursts(part)]
    return sorted(found, key=lambda chain: (-chain.waited_ms, chain.start, chain.root))


class _Overlaps:
    """Finds the waits of a key that overlap an interval."""

    def __init__(self, waits: Iterable[Wait], key: Callable[[Wait], Hashable]) -> None:
        by_key: dict[Hashable, list[Wait]] = {}
        for wait in sorted(waits, key=lambda wait: (wait.start, wait.waiter, wait.holder)):
            by_key.setdefault(key(wait), []).append(wait)
        self._of = {
            name: (part, [wait.start for wait in part], list(accumulate((wait.end for wait in part), max)))
            for name, part in by_key.items()
        }

    def of(self, key: Hashable, start: int, end: int) -> list[Wait]:
        """Those that overlap, or miss by less than SLACK_US."""
        if key not in self._of:
            return []
        waits, starts, reached = self._of[key]
        first, last = bisect_right(reached, start - SLACK_US), bisect_left(starts, end + SLACK_US)
        return [wait for wait in waits[first:last] if wait.end > start - SLACK_US]


def _roots(own: _Overlaps, wait: Wait) -> set[int]:
    """The backends at the end of a wait that do not wait themselves at that time; of a ring, its smallest pid."""
    order, roots, ring = [wait.waiter], set[int](), wait.waiter
    pending = [(wait.holder, wait.start, wait.end)]
    while pending:
        holder, start, end = pending.pop()
        if holder in order:
            ring = holder
            continue
        order.append(holder)
        waits = own.of((wait.server, holder), start, end)
        inside = [(each.holder, max(start, each.start), min(end, each.end)) for each in waits]
        if _covered_us(inside) < HELD * (end - start) or not waits:
            roots.add(holder)
        else:
            pending += sorted(inside, key=lambda part: part[2] - part[1])
    return roots or {min(order[order.index(ring) :])}


def _covered_us(parts: list[tuple[int, int, int]]) -> int:
    """How long any of some intervals lasts."""
    covered, reached = 0, -(1 << 62)
    for _, start, end in sorted(parts, key=lambda part: part[1]):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _bursts(waits: list[Wait]) -> Iterator[list[Wait]]:
    """Waits apart where for a second nobody waits."""
    burst: list[Wait] = []
    reached = 0
    for wait in sorted(waits, key=lambda wait: (wait.start, wait.waiter, wait.holder)):
        if burst and wait.start > reached + SLACK_US:
            yield burst
            burst = []
        reached = max(reached, wait.end) if burst else wait.end
        burst.append(wait)
    yield burst


def _chain(server: str, root: int, waits: list[Wait]) -> Chain:
    each = {(wait.waiter, wait.start): wait for wait in waits}
    by_statement: dict[str, float] = {}
    for wait in each.values():
        if wait.statement is not None:
            by_statement[wait.statement] = by_statement.get(wait.statement, 0.0) + (wait.end - wait.start) / 1000
    lengths = [(wait.end - wait.start) / 1000 for wait in each.values()]
    return Chain(
        root=root,
        server=server,
        depth=_depth(waits, root),
        waiters=tuple(dict.fromkeys(wait.waiter for wait in waits)),
        start=_stamp(waits[0].start),
        end=_stamp(max(wait.end for wait in waits)),
        waited_ms=sum(lengths),
        longest_ms=max(lengths),
        locks=tuple(dict.fromkeys(wait.lock for wait in waits if wait.lock is not None)),
        statement_ms=tuple(sorted(by_statement.items(), key=lambda item: (-item[1], item[0]))),
        rows=tuple(dict.fromkeys((wait.pull, wait.row) for wait in waits)),
        spans=tuple((wait.start, wait.end) for wait in each.values()),
    )


def _depth(waits: list[Wait], root: int) -> int:
    """Waits from the farthest waiter to the root."""
    waiting: dict[int, set[int]] = {}
    for wait in waits:
        waiting.setdefault(wait.holder, set()).add(wait.waiter)
    level, depth, seen = {root}, 0, {root}
    while level := set().union(*(waiting.get(pid, set()) for pid in level)) - seen:
        seen |= level
        depth += 1
    return max(depth, 1)


def _stamp(us: int) -> pd.Timestamp:
    return pd.Timestamp(us, unit="us", tz="UTC")
