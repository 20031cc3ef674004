"""Attributes that are missing because what has them failed: what only an answer holds, or what is known late.

Missing values that went wrong are a place where they were missing before; where they came with the failures, and what
goes well holds them as before, they are what failing did. More failures do not tell the two apart, the baseline does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.leaves import NONE, Coded

LOST = "went missing as the failures came"
LEAST_HELD = 0.05
MOST_OFF = 0.5
SIGMAS = 3.0
SIGMAS_GONE = 2.5
PRIOR = 2.0  # events that the rest of the cell is worth in a value of another attribute

Pair = Sequence[np.ndarray]
"""Something of each row of the window, and of the baseline."""


@dataclass(frozen=True, slots=True)
class Side:
    """Window or baseline, by row: the events that it stands for, and how many failed, or went wrong in any way."""

    count: np.ndarray
    failed: np.ndarray
    wrong: np.ndarray

    @classmethod
    def of(cls, frame: pd.DataFrame, failed: str, count: str | None, wrong: str | None) -> "Side":
        """Counts from the columns of a frame; without `count` one event a row, without `wrong` what failed."""
        counts = np.ones(len(frame)) if count is None else frame[count].to_numpy(dtype="float64")
        hit = frame[failed].to_numpy(dtype="float64")
        return cls(counts, hit, hit if wrong is None else np.maximum(hit, frame[wrong].to_numpy(dtype="float64")))

    @property
    def pair(self) -> tuple[np.ndarray, np.ndarray]:
        """Events and failures."""
        return self.count, self.failed

    @property
    def well(self) -> np.ndarray:
        """Events that went well."""
        return self.count - self.wrong

    def at(self, rows: np.ndarray) -> "Side":
        """Some of the rows."""
        return Side(self.count[rows], self.failed[rows], self.wrong[rows])


@dataclass(frozen=True, slots=True)
class _Rise:
    """Events by which absence rose, and what chance makes of it (a standard deviation).

    `more` fail without the attribute than in the baseline, of whom as many as `held` would usually have it.
    """

    more: float
    held: float
    events: float
    chance: float

    @property
    def is_sure(self) -> bool:
        """It rose, by about as many as fail."""
        return self.events >= max(MOST_OFF * self.held, SIGMAS * self.chance)

    @property
    def is_refuted(self) -> bool:
        """Those that fail lack it anyway, or absence did not rise as they did."""
        lack_it_anyway = not 0 < LEAST_HELD * self.more <= self.held
        return lack_it_anyway or self.events + SIGMAS * self.chance < MOST_OFF * self.held


def lost_by_failing(
    cells: Iterable[Mapping[str, str]], kept: Sequence[Coded], sides: tuple[Side, Side]
) -> dict[str, str]:
    """Attributes that cells lack because their events failed, with the reason; none without a baseline.

    Each is judged in the first cell that lacks it, among the events that the rest of that cell holds: absence has risen
    by more than chance and by about as many as fail without it, and what goes well lacks it as often as in the
    baseline. So it is, as far as can be told, in the values of every other attribute that they hold: absence that goes
    with one of them (jobs have no endpoint) is a place.
    """
    by_name = {attribute.name: attribute for attribute in kept}
    judged: dict[str, bool] = {}
    for cell in cells:
        rows = [np.ones(len(side.count), bool) for side in sides]
        for name, value in cell.items():
            if value != NONE:
                rows = [each & has for each, has in zip(rows, _has(by_name[name], value), strict=True)]
        inside = (sides[0].at(rows[0]), sides[1].at(rows[1]))
        for name in (name for name, value in cell.items() if value == NONE and name not in judged):
            lacks = [has[each] for has, each in zip(_has(by_name[name], NONE), rows, strict=True)]
            others = [attribute for attribute in kept if attribute.name not in cell]
            judged[name] = _is_lost(lacks, inside, others, rows)
    return {name: LOST for name, is_lost in judged.items() if is_lost}


def _has(attribute: Coded, value: str) -> Pair:
    """Which rows have a value."""
    code = int(np.flatnonzero(attribute.values == value)[0])
    return attribute.now == code, attribute.before == code


def _is_lost(lacks: Pair, sides: tuple[Side, Side], others: Sequence[Coded], rows: Pair) -> bool:
    if not sides[1].count.sum() or not goes_well_as_before(lacks, sides):
        return False
    failing = sides[0].failed * lacks[0]
    rises = [_rise(lacks, sides, [np.zeros(len(side.count), dtype="int64") for side in sides], 1)]
    for other in others:
        codes = [other.now[rows[0]], other.before[rows[1]]]
        if failing[other.values[codes[0]] != NONE].sum() >= failing.sum() / 2:
            rises.append(_rise(lacks, sides, codes, len(other.values)))
    return any(rise.is_sure for rise in rises) and not any(rise.is_refuted for rise in rises)


def goes_well_as_before(lacks: Pair, sides: tuple[Side, Side]) -> bool:
    """Whether what goes well lacks an attribute about as often as in the baseline; also where that has nothing.

    More often it may, by half of what fails without it.
    """
    now, before = sides
    usual = float(before.well.sum())
    if not usual:
        return True
    due = float(before.well[lacks[1]].sum()) / usual * float(now.well.sum())
    more = float(now.well[lacks[0]].sum()) - due
    chance = max(MOST_OFF * due, SIGMAS_GONE * np.sqrt(due))
    return bool(-chance <= more <= max(chance, MOST_OFF * float(now.failed[lacks[0]].sum())))


def _rise(lacks: Pair, sides: tuple[Side, Side], codes: Pair, size: int) -> "_Rise":
    """How far absence rose, value by value of some codes."""

    def sums(place: int, weights: np.ndarray) -> np.ndarray:
        return np.bincount(codes[place], weights=weights, minlength=size)

    now, before = sides
    events, past = sums(0, now.count), sums(1, before.count)
    missing, old_missing = sums(0, now.count * lacks[0]), sums(1, before.count * lacks[1])
    failing, old_failing = sums(0, now.failed * lacks[0]), sums(1, before.failed * lacks[1])
    usual = (old_missing + PRIOR * old_missing.sum() / past.sum()) / (past + PRIOR)
    more = failing - events * (old_failing + PRIOR * old_failing.sum() / past.sum()) / (past + PRIOR)
    due = events * usual
    return _Rise(
        more=float(more.sum()),
        held=float((more * (1 - usual)).sum()),
        events=float((missing - due).sum()),
        chance=float(np.sqrt((due * (1 - usual) * (1 + events / (past + PRIOR))).sum())),
    )
