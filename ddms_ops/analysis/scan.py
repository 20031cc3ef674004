"""Intervals of a signal that are most unlike what is expected, at every length, in units of what is usual.

Each interval's signed root of its log-likelihood ratio is divided by what the signal's own worst usual stretches
reach at that length, so that bursty and slowly wandering signals are judged by their own manners.
"""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from ddms_ops.analysis.noise import Evidence

GROWTH = 1.5
BLOCKS = 12
FALSE_ALARMS = 0.02
USUAL_FROM = 2.5
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Segment:
    """Buckets start..end-1; `score` is in standard deviations, signed, calibrated."""

    start: int
    end: int
    score: float


def lengths_upto(most: int) -> list[int]:
    """Interval lengths that are looked at, buckets: 1, 2, 3 and on, each about half as long again as the last."""
    found = [1]
    while found[-1] * GROWTH <= most and found[-1] + 1 <= most:
        found.append(max(found[-1] + 1, int(found[-1] * GROWTH)))
    return found


def totals(values: np.ndarray) -> np.ndarray:
    """Sum of the first 0, 1, 2 … values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def rooted(seen: np.ndarray, want: np.ndarray, is_counts: bool) -> np.ndarray:
    """Signed root of twice the log-likelihood ratio of sums: standard deviations from expectation."""
    if not is_counts:
        return seen / np.sqrt(np.maximum(want, 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(seen > 0, seen * np.log(seen / want), 0.0) - (seen - want)
    return np.sign(seen - want) * np.sqrt(2 * np.maximum(ratio, 0.0))


class Sums:
    """Running totals of a signal's evidence: scores of all intervals of a length."""

    def __init__(self, evidence: Evidence, wander: float) -> None:
        self.is_counts, self.wander = evidence.is_counts, wander
        self.first, self.seen, self.whole = evidence.seen, totals(evidence.clipped()), totals(evidence.seen)
        self.want, self.weight = totals(evidence.want), totals(evidence.weight)
        self.size = len(evidence.seen)

    def scores(self, length: int) -> np.ndarray:
        """Score of every interval of a length, by its first bucket."""
        want = self.want[length:] - self.want[:-length]
        seen = self.first if length == 1 else self.seen[length:] - self.seen[:-length]
        return rooted(seen, want, self.is_counts)

    def beyond_wander(self, length: int) -> np.ndarray:
        """Size of every interval's score where the level may have wandered, by the interval's first bucket."""
        want = self.want[length:] - self.want[:-length]
        score = rooted(self.whole[length:] - self.whole[:-length], want, self.is_counts)
        return np.abs(score) / np.sqrt(1 + self.wander**2 * (self.weight[length:] - self.weight[:-length]))


@dataclass(frozen=True, slots=True)
class Usual:
    """What a signal's own usual stretches reach at one length and in one direction.

    `worst` is the median of their bests, `tail` how much wider those lie than independent noise would have them.
    """

    worst: float
    factor: float
    tail: float

    def calibrated(self, score: np.ndarray) -> np.ndarray:
        """Scores as they would be in independent noise."""
        even = score / self.factor
        edge = self.worst / self.factor
        return np.where(even > edge, edge + (even - edge) / self.tail, even) if np.isfinite(edge) else even


def usual_of(score: np.ndarray, length: int) -> Usual:
    """What the stretches of a signal reach; that of independent noise where there are fewer than three stretches."""
    blocks = min(BLOCKS, len(score) // max(2 * length, 8))
    if blocks < 3:
        return Usual(np.inf, 1.0, 1.0)
    best = np.array([part.max() for part in np.array_split(score, blocks)])
    tries = independent(len(score) / blocks, length)
    middle, high = (NORMAL.inv_cdf(share ** (1 / tries)) for share in (0.5, 0.75))
    worst = float(np.median(best))
    factor = max(1.0, worst / max(1.05 * middle, 0.5))
    spread = float(np.subtract(*np.quantile(best, [0.75, 0.5], method="lower"))) / factor
    return Usual(worst, factor, max(1.0, spread / (1.5 * (high - middle))))


def independent(places: float, length: int) -> float:
    """How many independent intervals as many overlapping ones are worth, at least 2."""
    return max(2.0, places / length * (1.0 if length == 1 else 2.3 if length < 5 else 5.0))


def needed(places: int, length: int, scales: int) -> float:
    """Score over which an interval is unusual, among all of its length and all lengths, in both directions."""
    return NORMAL.inv_cdf(1 - FALSE_ALARMS / (2 * scales * independent(places, length)))


class Scanner:
    """Finds the most unusual intervals of a signal, one after the other.

    Args:
        evidence: the signal.
        calm: what it is usually like; the signal itself where it is its own baseline.
        support: how many buckets an expected value rests on.
        cell: how many buckets' expected values move together.
        wander: how far the level is from normal on usual days, as a share of it.
        day: place of each bucket in its day and number of its day, of the signal and of `calm`; None where the
            signal knows no other day.
        longest: length up to which intervals are looked at, buckets.
    """

    def __init__(
        self,
        evidence: Evidence,
        calm: Evidence,
        *,
        support: float,
        cell: float,
        wander: float,
        day: "DayPlaces | None",
        longest: int,
    ) -> None:
        self.evidence, self.support, self.cell, self.wander = evidence, support, cell, wander
        self.lengths = lengths_upto(longest)
        self._own = Sums(evidence, wander)
        self._calm = self._own if calm is evidence else Sums(calm, wander)
        self._day = day
        self._manners: dict[tuple[int, int], tuple[Usual, np.ndarray | float]] = {}

    def best(self, evidence: Evidence) -> Segment | None:
        """The interval that exceeds what it needs by most; None where none does."""
        found, excess, n = None, 0.0, int(evidence.known.sum())
        sums = Sums(evidence, self.wander)
        for bound, length, sign, raw in self._promising(sums, n):
            if bound <= excess:
                break
            need = needed(n, length, len(self.lengths))
            score = self._calibrated(raw, length, sign)
            score[(score <= need) | (sums.beyond_wander(length) <= need)] = 0.0
            place = int(np.argmax(score))
            over = score[place] ** 2 - need**2
            if over > excess:
                excess, found = over, Segment(place, place + length, sign * float(score[place]))
        return found

    def _promising(self, sums: Sums, known: int) -> list[tuple[float, int, int, np.ndarray]]:
        """Lengths and directions that may hold an unusual interval, with the most that its score can exceed."""
        found = []
        for length in self.lengths:
            raw, need = sums.scores(length), needed(known, length, len(self.lengths))
            for sign in (1, -1):
                most = float(sign * (raw.max() if sign > 0 else raw.min()))
                if most > need:
                    found.append((most**2 - need**2, length, sign, sign * raw))
        return sorted(found, key=lambda each: (-each[0], each[1], -each[2]))

    def _calibrated(self, score: np.ndarray, length: int, sign: int) -> np.ndarray:
        """Scores as they would be in independent noise, what is usual at the hour taken off."""
        if (length, sign) not in self._manners:
            own = sign * self._own.scores(length)
            calm = own if self._calm is self._own else sign * self._calm.scores(length)
            hour = 0.0 if self._day is None else self._day.usual_hour(own, calm, length)
            self._manners[length, sign] = usual_of(calm, length), hour
        usual, hour = self._manners[length, sign]
        if isinstance(hour, np.ndarray):
            hour = hour[: len(score)]
            score = np.where(score < 2 * hour, 0.0, score - hour)
        return usual.calibrated(score) / np.sqrt(1 + min(length, self.cell) / self.support)

    def segments(self, most: int) -> list[Segment]:
        """Up to `most` intervals that do not overlap, the most unusual first."""
        found: list[Segment] = []
        left = self.evidence
        while len(found) < most and (best := self.best(left)) is not None:
            exact = bounded(left, best)
            found.append(exact)
            left = without(left, min(best.start, exact.start), max(best.end, exact.end))
        return found


def without(evidence: Evidence, start: int, end: int) -> Evidence:
    """The same evidence, with buckets start..end-1 as expected."""
    seen, known = evidence.seen.copy(), evidence.known.copy()
    seen[start:end] = evidence.want[start:end] if evidence.is_counts else 0.0
    known[start:end] = False
    return replace(evidence, seen=seen, known=known)


def bounded(evidence: Evidence, segment: Segment) -> Segment:
    """The segment with the bounds that make it most unlike expectation; each moves by at most its length."""
    start, end = segment.start, segment.end
    length, sign = end - start, 1 if segment.score > 0 else -1
    sums = totals(evidence.seen if length == 1 else evidence.clipped())
    wants = totals(evidence.want)
    for _ in range(6):
        firsts = np.arange(max(0, start - length), end)
        score = rooted(sums[end] - sums[firsts], wants[end] - wants[firsts], evidence.is_counts)
        start = int(firsts[np.argmax(sign * score)])
        lasts = np.arange(start + 1, min(len(sums) - 1, end + length) + 1)
        score = rooted(sums[lasts] - sums[start], wants[lasts] - wants[start], evidence.is_counts)
        end = int(lasts[np.argmax(sign * score)])
    return Segment(start, end, segment.score)


@dataclass(frozen=True, slots=True)
class DayPlaces:
    """Place in the day and number of the day of each bucket, of the signal and of its baseline (empty without one)."""

    place: np.ndarray
    number: np.ndarray
    other_place: np.ndarray
    other_number: np.ndarray
    slots: int

    def usual_hour(self, own: np.ndarray, other: np.ndarray, length: int) -> np.ndarray:
        """What intervals at the same time of day score on most other days, by the signal's buckets; 0 where little."""
        days = int(max(self.number.max(initial=0), self.other_number.max(initial=0))) + 1
        table = np.full((days, self.slots), np.nan)
        others = len(self.other_place[: len(other)])
        table[self.other_number[:others], self.other_place[:others]] = other[:others]
        table[self.number[: len(own)], self.place[: len(own)]] = own
        near = min(max(2, length // 4), self.slots // 2)
        padded = np.pad(np.nan_to_num(table, nan=-np.inf), ((0, 0), (near, near)), mode="wrap")
        best = _rolling_max(padded, 2 * near + 1)
        known = np.isfinite(best)
        ranked = np.sort(np.where(known, best, np.inf), axis=0)
        middle = np.maximum(known.sum(axis=0) - 2, 0) // 2
        usual = ranked[middle, np.arange(self.slots)]
        usual = np.where((known.sum(axis=0) >= 2) & (usual > USUAL_FROM), usual, 0.0)
        return usual[self.place]


def _rolling_max(rows: np.ndarray, width: int) -> np.ndarray:
    """Greatest of each `width` neighbours in a row, by doubling."""
    reached, best = 1, rows
    while reached < width:
        step = min(reached, width - reached)
        best = np.maximum(best[:, :-step], best[:, step:])
        reached += step
    return best
