"""Silences of the audit trail: pauses that the trail's own rhythm does not make likely.

A pause is unlikely where N/b·exp(-m/b) is below ALPHA: m rows are to be expected in it, b rows come as one burst, and
it could have followed any of the N/b bursts (Bonferroni). exp(-m/b) is the chance of an empty stretch of a compound
Poisson process with bursts of b, and no less than that chance where b is the variance of counts over their mean, for
that is E[c²]/E[c] of the burst size c, which is no less than E[c] (Cox and Lewis, "The Statistical Analysis of Series
of Events", 1966; Daley and Vere-Jones, "An Introduction to the Theory of Point Processes", 2003).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ddms_ops.schema import UTC

ALPHA = 0.005  # of the whole trail, and once more of all tenants together
CONTEXT_MIN, CONTEXT = 60, 8  # the rate is measured over an hour around, or eight times the pause
LEAST_BINS = 8  # stretches of a length, to measure there how counts scatter
LONG_MIN = 60.0  # pauses beyond are judged by as much of them, and compared with other days too
MINUTE = pd.Timedelta(minutes=1)
DAY_MIN = 1440
DAYS = 28
FEW_EMPTY = 3  # empty minutes that may have been missed by chance (the rule of three)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows in each minute from `origin` on, and how much they scatter over stretches of a length."""

    origin: pd.Timestamp
    rows: np.ndarray
    total: np.ndarray = field(init=False)  # rows before each minute
    empty: np.ndarray = field(init=False)  # minutes without any before each minute
    scatter: dict[int, tuple[np.ndarray, np.ndarray]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", _running(self.rows))
        object.__setattr__(self, "empty", _running(self.rows == 0))

    def place(self, stamp: pd.Timestamp) -> float:
        """Minutes from the origin."""
        return float((stamp - self.origin) / MINUTE)

    def between(self, first: int, last: int) -> tuple[float, int]:
        """Rows in the minutes [first, last), and how many of those minutes there are."""
        first, last = max(first, 0), min(last, len(self.rows))
        return (float(self.total[last] - self.total[first]), last - first) if last > first else (0.0, 0)

    def burst(self, start: float, end: float) -> float:
        """Rows that come as one, measured on stretches up to as long as [start, end) (minutes), that left out.

        At least 1; the variance of counts over their mean at the length where it is largest. Less where fewer minutes
        are empty than that makes likely, as far as counts scatter over a minute as over the other lengths.
        """
        length = min(max(end - start, 1.0), LONG_MIN)
        longest = min(int(np.log2(length)), int(np.log2(max(len(self.rows) / LEAST_BINS, 1))))
        found = [self._overdispersion(2**power, start, end) for power in range(longest + 1)]
        found[-1] = 1 + (found[-1] - 1) * max(length / 2**longest, 1.0)
        largest = max(found)
        return min(largest, self._per_empty(start, end) * largest / found[0])

    def _overdispersion(self, width: int, start: float, end: float) -> float:
        """Variance of counts over their mean, by stretches of a width; 1 where above by no more than its own error."""
        expected, squares = self._residuals(width)
        (rows, others), (off, _) = _outside(expected, width, start, end), _outside(squares, width, start, end)
        if not rows:
            return 1.0
        measured = off / rows
        error = float(np.sqrt((2 + others / rows) / others))
        return measured if measured > 1 + error else 1.0

    def _per_empty(self, start: float, end: float) -> float:
        """Rows a minute over those of a Poisson process with as many empty minutes; at least 1."""
        (rows, others), (empty, _) = _outside(self.total, 1, start, end), _outside(self.empty, 1, start, end)
        if not rows:
            return 1.0
        share = min((empty + FEW_EMPTY) / others, 1.0)
        return max(rows / others / max(-float(np.log(share)), 1e-9), 1.0)

    def _residuals(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """What neighbours make expect of stretches of a width, and the squares of what those are off by; running."""
        if width not in self.scatter:
            bins = len(self.rows) // width
            counts = self.rows[: bins * width].reshape(bins, width).sum(axis=1).astype(float)
            half = max(CONTEXT_MIN // width, CONTEXT) // 2
            total = _running(counts)
            low, high = np.maximum(np.arange(bins) - half, 0), np.minimum(np.arange(bins) + half + 1, bins)
            expected = (total[high] - total[low] - counts) / np.maximum(high - low - 1, 1)
            self.scatter[width] = (_running(expected), _running((counts - expected) ** 2))
        return self.scatter[width]


def _running(values: np.ndarray) -> np.ndarray:
    """The sum before each place, and of all."""
    return np.concatenate(([0.0], np.cumsum(values, dtype=float)))


def _outside(running: np.ndarray, width: int, start: float, end: float) -> tuple[float, int]:
    """Sum over the stretches of a width that [start, end) does not touch, and how many these are."""
    stretches = len(running) - 1
    low = min(max(int(start // width), 0), stretches)
    high = min(max(int(-(-end // width)), low), stretches)
    return float(running[low] + (running[-1] - running[high])), stretches - (high - low)


def unlikely_silences(rhythm: pd.DataFrame, pauses: pd.DataFrame) -> pd.DataFrame:
    """Pauses of the whole trail and of tenants that are no chance, given the rhythm around them and on other days.

    A stop of 4 minutes is found from about 4 bursts a minute on (8 to 9 in 10, in an hour or a day), from 6 always;
    with fewer, chance alone makes pauses as long. A quiet night is none where the rhythm fades, where other days have
    it too, or, of a tenant, where the whole trail has it.

    Args:
        rhythm: RHYTHM of the window; it may reach beyond, and other days in it tell what is usual.
        pauses: PAUSES, of at least the longest of the trail and of each tenant.

    A pause in whose whole minutes the rhythm has rows is none (of ids that are folded into one, another's rows).

    Returns:
        `tenant` (null for the whole trail), `start`, `end` (UTC), `missing` (float64, rows to be expected), `pull` and
        `row` of the pause; longest first. Empty: every pause is as the rhythm has it.
    """
    if rhythm.empty or pauses.empty:
        return _framed([])
    origin = rhythm["minute"].min()
    span = int((rhythm["minute"].max() - origin) / MINUTE) + 1
    whole = _counts(rhythm, origin, span)
    known = rhythm.loc[rhythm["tenant"].notna()]
    parts = dict(tuple(known.groupby("tenant", sort=False)))
    silences: list[tuple[Any, ...]] = []
    for tenant, own in pauses.groupby("tenant", dropna=False, sort=False):
        is_whole = bool(pd.isna(tenant))
        if not is_whole and tenant not in parts:
            continue
        counts = whole if is_whole else _counts(parts[tenant], origin, span)
        trials = float((rhythm if is_whole else known)["rows"].sum())
        for pause in own.itertuples():
            expected = _expected(counts, whole, pause.start, pause.end, is_whole=is_whole)
            if _is_unlikely(counts, counts.place(pause.start), counts.place(pause.end), expected, trials):
                name = None if is_whole else tenant
                silences.append((name, pause.start, pause.end, expected, str(pause.pull), int(pause.row)))
    silences.sort(key=lambda silence: silence[1] - silence[2])
    return _framed(silences)


def _is_unlikely(counts: Counts, start: float, end: float, expected: float, trials: float) -> bool:
    """Whether [start, end) without rows is no chance, where so many rows are expected; never where rows lie in it."""
    if counts.between(int(np.floor(start)) + 1, int(np.floor(end)))[0]:
        return False
    judged = expected * min(LONG_MIN / max(end - start, 1.0), 1.0)
    if judged < np.log(trials / ALPHA):  # with a burst of 1, so with any
        return False
    spread = counts.burst(start, end)
    return bool(trials / spread * np.exp(-judged / spread) < ALPHA)


def _framed(silences: list[tuple[Any, ...]]) -> pd.DataFrame:
    dtypes = {"tenant": "str", "start": UTC, "end": UTC, "missing": "float64", "pull": "str", "row": "int64"}
    return pd.DataFrame(silences, columns=list(dtypes)).astype(dtypes)


def _counts(rhythm: pd.DataFrame, origin: pd.Timestamp, span: int) -> Counts:
    """Rows in each minute, those without rows too."""
    places = ((rhythm["minute"] - origin) // MINUTE).to_numpy()
    return Counts(origin, np.bincount(places, weights=rhythm["rows"].to_numpy(), minlength=span))


def _expected(counts: Counts, whole: Counts, start: pd.Timestamp, end: pd.Timestamp, *, is_whole: bool) -> float:
    """Rows to be expected in a pause: by its quieter side, near and far, by other days, by what the whole trail had."""
    first, last = counts.place(start), counts.place(end)
    length = last - first
    before, after = int(np.floor(first)), int(np.floor(last)) + 1
    near = CONTEXT_MIN // 2
    rates = []
    for half in {near, int(max(near, CONTEXT / 2 * length)) if length <= LONG_MIN else near}:
        sides = [counts.between(before - half, before), counts.between(after, after + half)]
        rates += [rows / minutes for rows, minutes in sides if minutes >= near]
    if not rates:
        rates = [sum(rows for rows, _ in sides) / (sum(minutes for _, minutes in sides) + length)]
    bounds = [min(rates) * length]
    if length > LONG_MIN:
        bounds += _on_other_days(counts, start, first, last)
    if not is_whole:
        around = sum(whole.between(*side)[0] for side in ((before - near, before), (after, after + near)))
        own = sum(counts.between(*side)[0] for side in ((before - near, before), (after, after + near)))
        then, minutes = whole.between(before + 1, after - 1)
        bounds += [own / around * then / minutes * length] if minutes and around else []
    return min(bounds)


def _on_other_days(counts: Counts, start: pd.Timestamp, first: float, last: float) -> list[float]:
    """Rows that days of the same kind (working day or not) had at these hours, else any days: the median."""
    days: dict[bool, list[float]] = {True: [], False: []}
    is_weekend = start.day_of_week >= 5
    for day in (number for number in range(-DAYS, DAYS + 1) if number):
        low, high = int(first) + day * DAY_MIN, int(last) + day * DAY_MIN
        if low >= 0 and high <= len(counts.rows):
            other = start + pd.Timedelta(days=day)
            days[(other.day_of_week >= 5) == is_weekend].append(counts.between(low, high)[0])
    same = days[True] or days[False]
    return [float(np.median(same))] if same else []
