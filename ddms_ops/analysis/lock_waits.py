"""Who waited for whom: lock waits, one by one.

A wait comes from the log (`still waiting for …`, with the holders named in its detail; needs log_lock_waits) or from
samples of pg_stat_activity with pg_blocking_pids. Both are cut to the same frame.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ddms_ops.analysis.statement_log import NO_TEXT

UNKNOWN = -1
"""Stands for a holder that the log does not name (log_error_verbosity = terse)."""
PREPARED = 0
"""Stands for a prepared transaction, which no process holds."""

FIELDS = ["server", "pid", "kind", "wait_ms", "lock", "holders", "id", "pull", "row", "message"]
TIME = "datetime64[us, UTC]"
SLACK_US = 1_000_000  # stamps of the log may be whole seconds
DOWN = re.compile(r"all server processes terminated|database system is (?:shut down|ready)")
AVOIDED = " avoided deadlock "


class Wait(NamedTuple):
    """One backend that waits for another: a row of the frames of waits, with `start` and `end` in µs since 1970."""

    server: str
    waiter: int
    holder: int
    start: int
    end: int
    lock: str | None
    statement: str | None
    pull: str
    row: int


COLUMNS = list(Wait._fields)


@dataclass(frozen=True, slots=True)
class Chain:
    """Backends that waited, directly or through others, for one that did not.

    `root` is its pid, UNKNOWN or PREPARED. `depth` counts the waits from the last waiter to the root; `waited_ms` is
    the time of all waiters together, `longest_ms` that of the longest wait; `statement_ms` are those that waited with
    their time, the most first; `rows` are (pull, row) of its evidence; `spans` are start and end of each wait in µs.
    """

    root: int
    server: str
    depth: int
    waiters: tuple[int, ...]
    start: pd.Timestamp
    end: pd.Timestamp
    waited_ms: float
    longest_ms: float
    locks: tuple[str, ...]
    statement_ms: tuple[tuple[str, float], ...]
    rows: tuple[tuple[str, int], ...]
    spans: tuple[tuple[int, int], ...] = field(repr=False)

    @property
    def statements(self) -> tuple[str, ...]:
        """What waited, the most waiting first."""
        return tuple(name for name, _ in self.statement_ms)

    def waited_ms_in(self, start: pd.Timestamp, end: pd.Timestamp) -> float:
        """Its waiting between two instants, of all waiters together."""
        return _inside_ms(np.array(self.spans, dtype="int64").reshape(-1, 2), start, end)


@dataclass(slots=True)
class _Open:
    """A wait of the log whose end was not read yet; `holders` has where each was named."""

    start: int
    lock: str | None
    statement: str | None
    holders: dict[int, tuple[str, int]]

    def is_told_by(self, event: Any, start: int) -> bool:
        """Whether the event tells of the same wait once more."""
        return self.lock == event.lock and abs(start - self.start) <= SLACK_US

    def waits(self, server: str, waiter: int, end: int) -> list[Wait]:
        """One for each holder."""
        last = max(end, self.start)
        return [
            Wait(server, waiter, holder, self.start, last, self.lock, self.statement, *self.holders[holder])
            for holder in sorted(self.holders)
        ]


def logged_waits(events: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Lock waits of a log.

    Args:
        events: of kinds lock_wait, lock_acquired, lock_failed, cancelled, deadlock, terminated, server, in the order of
            the log, with `id` (statement); as `StatementLog.of` gives them.
        until: end of a wait whose end was not logged.

    Returns:
        One row for each wait and holder, COLUMNS; start and end in UTC.
    """
    found: list[Wait] = []
    pending: dict[tuple[str, int], _Open] = {}
    stamps = _us(events["timestamp"])
    for at, event in zip(stamps, events[FIELDS].itertuples(index=False), strict=True):
        key = (str(event.server), int(event.pid) if pd.notna(event.pid) else UNKNOWN)
        if AVOIDED in str(event.message):
            continue
        if event.kind == "lock_wait":
            found += _begun(pending, key, event, at)
        elif event.kind in ("server", "terminated") and DOWN.search(str(event.message)):
            for other in [other for other in pending if other[0] == key[0]]:
                found += pending.pop(other).waits(*other, at)
        elif event.kind != "server" and key in pending:
            wait = pending.pop(key)
            found += wait.waits(*key, _end_of(event, at, wait.start))
    last = _us(pd.Series([until]))[0]
    for key, wait in pending.items():
        found += wait.waits(*key, last)
    return frame_of(sorted(found, key=lambda wait: (wait.server, wait.start, wait.waiter, wait.holder)))


def _begun(pending: dict[tuple[str, int], _Open], key: tuple[str, int], event: Any, at: int) -> list[Wait]:
    """Notes a wait that begins, or who else it is for; the wait that is over by that."""
    start = at - (0 if pd.isna(event.wait_ms) else int(event.wait_ms * 1000))
    holders = {pid: (str(event.pull), int(event.row)) for pid in _pids(event.holders) or [UNKNOWN]}
    known = pending.get(key)
    if known is not None and known.is_told_by(event, start):
        known.holders = {**holders, **known.holders}
        if len(known.holders) > 1:
            known.holders.pop(UNKNOWN, None)
        return []
    pending[key] = _Open(start, event.lock, None if event.id == NO_TEXT else event.id, holders)
    return known.waits(*key, start) if known is not None else []


def _end_of(event: Any, at: int, start: int) -> int:
    """When a wait was over: by its own count where the log has whole seconds, else by the stamp."""
    if event.kind == "lock_acquired" and pd.notna(event.wait_ms):
        return start + int(event.wait_ms * 1000)
    return at


def sampled_waits(activity: pd.DataFrame) -> pd.DataFrame:
    """Lock waits of samples of pg_stat_activity.

    Args:
        activity: captured_at, pid, blocked_by (list of pids), query_start, xact_start, statement (its id), pull, row.

    Returns:
        COLUMNS, `server` empty. A wait began when both the waiter's statement and the holder's transaction had, or with
        the first of the samples in a row that show it, where its statement has no time; `end` is the last sample.
    """
    stamps = sorted(activity["captured_at"].unique())
    number = {stamp: place for place, stamp in enumerate(stamps)}
    begun = dict(zip(zip(activity["captured_at"], activity["pid"], strict=True), activity["xact_start"], strict=True))
    found: dict[tuple[int, int, pd.Timestamp], list[Any]] = {}
    runs: dict[tuple[int, int], tuple[int, pd.Timestamp]] = {}
    for row in activity.sort_values(["captured_at", "row"], kind="stable").itertuples():
        for holder in _pids(row.blocked_by):
            start = _sampled_start(row, begun.get((row.captured_at, holder)))
            if start is None:
                last, first = runs.get((row.pid, holder), (-2, row.captured_at))
                start = first if number[row.captured_at] - last <= 1 else row.captured_at
                runs[row.pid, holder] = (number[row.captured_at], start)
            found[int(row.pid), holder, start] = [row.captured_at, row.statement, row.pull, row.row]
    rows = [("", *key, values[0], None, *values[1:]) for key, values in found.items()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"start": TIME, "end": TIME})


def _sampled_start(row: Any, begun: Any) -> pd.Timestamp | None:
    """The later of when its statement and the holder's transaction began; None where it has no time."""
    if pd.isna(row.query_start):
        return None
    known = [row.query_start] if begun is None or pd.isna(begun) else [row.query_start, begun]
    return min(max(known), row.captured_at)


def waiting_ms(waits: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> float:
    """The waiting of all backends between two instants, each wait once, ms.

    Args:
        waits: COLUMNS.
        start: from when.
        end: until when.
    """
    spans = waits.drop_duplicates(["server", "waiter", "start"])
    return _inside_ms(np.column_stack([_us(spans["start"]), _us(spans["end"])]), start, end)


def _inside_ms(spans: np.ndarray, start: pd.Timestamp, end: pd.Timestamp) -> float:
    low, high = _us(pd.Series([start, end]))
    clipped = np.clip(spans, low, high)
    return float((clipped[:, 1] - clipped[:, 0]).sum()) / 1000


def _pids(values: Any) -> list[int]:
    return [] if values is None or isinstance(values, float) else sorted({int(pid) for pid in values})


def _us(stamps: pd.Series) -> list[int]:
    return [int(value) for value in pd.to_datetime(stamps, utc=True).astype(TIME).astype("int64")]


def rows_of(waits: pd.DataFrame) -> list[Wait]:
    """The rows of a frame of waits."""
    texts = {name: waits[name].astype(object).where(waits[name].notna(), None) for name in ("lock", "statement")}
    columns = {**{name: waits[name] for name in COLUMNS}, **texts}
    columns |= {"start": _us(waits["start"]), "end": _us(waits["end"])}
    return [Wait(*values) for values in zip(*(columns[name] for name in COLUMNS), strict=True)]


def frame_of(waits: list[Wait]) -> pd.DataFrame:
    """Waits as a frame: COLUMNS, start and end in UTC."""
    frame = pd.DataFrame(waits, columns=COLUMNS)
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name].astype("int64"), unit="us", utc=True).astype(TIME)
    return frame
