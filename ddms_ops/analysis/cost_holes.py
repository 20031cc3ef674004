"""Days on which a bill lacks much of what is charged every day: parts that are still to come, and holes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.cost_course_amounts import amounts, day_at, day_number, days_of, known, summed

NEAR_DAYS = 14
"""Days on either side of a day (or of several empty ones in a row) that tell what is charged every day."""
OFTEN = 0.8
"""Share of them from which a line is charged every day, if also on the same weekday of another week."""
MANY, LEAST_MISSING = 1 / 3, 3
"""A day is not complete where more than this share of such lines, and as many as this, are missing: a single kind that
is gone is news, not a hole."""
LEAST_SHARE = 0.1
"""Or where an account is missing that costs this share of the bill."""
SHORT, LEAST_SHORT = 0.9, 2
"""A last day breaks off where more than half of such lines have fewer lines than this share of the least of the days
before (a day of hourly lines that breaks off); one kind alone only where it has a line an hour."""
SHORT_COST = 0.5
"""Or where more than half of them cost less than this share of the least of the days before."""
LEAST_PRIOR, LEAST_SHORT_PRIOR = 3, 7
HOURS, WEEK = 24, 7


@dataclass(frozen=True, slots=True)
class Holes:
    """What is wrong with days (their starts) between a bill's first and last day of usage.

    `why` says of each day that is not complete what it lacks. `empty` are days without usage that lack nothing: no line
    is charged every day around them, so that they cost 0.
    """

    why: dict[pd.Timestamp, str]
    empty: tuple[pd.Timestamp, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """Lines and what they are billed by key (account and kind of line) and calendar day; `account` of each key."""

    first: int
    lines: np.ndarray
    cost: np.ndarray
    account: np.ndarray

    @property
    def has(self) -> np.ndarray:
        """Whether a key has a line on a day."""
        return self.lines > 0


def holes_of(used: pd.DataFrame, latest: int) -> Holes:
    """Days that are not complete, by what the days around them have.

    Args:
        used: frame in the COSTS schema by day, usage only; may be empty.
        latest: so many days at the end may still grow.

    Returns:
        One of the latest days lacks what all days before it had; an earlier one what came back later: what is gone for
        good is a fall.
    """
    if used.empty:
        return Holes({}, ())
    table = _table(used)
    size = table.lines.shape[1]
    is_late = np.arange(size) >= size - latest
    has_any = np.asarray(table.has.any(axis=0))
    places = range(size)
    why = {place: said for place in places if not (is_late[place] and has_any[place]) and (said := _hole(table, place))}
    whole = [place for place in range(max(0, size - latest - NEAR_DAYS), size - latest) if place not in why]
    for place in np.flatnonzero(is_late & has_any).tolist():
        if said := _broken_off(table, place, whole):
            why[place] = said
    empty = tuple(day_at(table.first + place) for place in places if not has_any[place] and place not in why)
    return Holes({day_at(table.first + place): said for place, said in sorted(why.items())}, empty)


def _table(used: pd.DataFrame) -> _Table:
    """Sums by key and calendar day."""
    number = [day_number(day) for day in days_of(used)]
    first, last = min(number), max(number)
    names = ("account", "service", "usage_type", "operation")
    keys = list(zip(*(known(used[name]) for name in names), strict=True))
    place = {key: index for index, key in enumerate(sorted(set(keys), key=lambda key: [part or "" for part in key]))}
    lines, cost = (np.zeros((len(place), last - first + 1)) for _ in range(2))
    for key, day, many in zip(keys, number, used["lines"].tolist(), strict=True):
        lines[place[key], day - first] += many
    for (key, day), amount in summed(zip(keys, number, strict=True), amounts(used, "billed")).items():
        cost[place[key], day - first] = float(amount)
    accounts = {name: code for code, name in enumerate(dict.fromkeys(key[0] for key in place))}
    return _Table(first, lines, cost, np.array([accounts[key[0]] for key in place]))


def _hole(table: _Table, place: int) -> str:
    """What a day lacks that is charged every day around it, and later again; empty where nothing much."""
    size = table.lines.shape[1]
    run = _empty_run(np.asarray(table.has.any(axis=0)), place)
    near = [n for n in range(max(0, run.start - NEAR_DAYS), min(size, run.stop + NEAR_DAYS)) if n not in run]
    has = table.has[:, near]
    later = np.array(near, dtype="int64") > place
    steady = (has.mean(axis=1) >= OFTEN) & has[:, later].any(axis=1)
    weekday = [n for n in near if (n - place) % WEEK == 0]
    if weekday:
        steady &= table.has[:, weekday].any(axis=1)
    if not table.has[:, place].any():
        return "the bill has no line on this day" if steady.any() else ""
    return _missing(table, place, steady, near)


def _empty_run(has_any: np.ndarray, place: int) -> range:
    """The days without any line that follow each other around a day; the day alone where it has one."""
    first = last = place
    while not has_any[place] and first > 0 and not has_any[first - 1]:
        first -= 1
    while not has_any[place] and last + 1 < len(has_any) and not has_any[last + 1]:
        last += 1
    return range(first, last + 1)


def _missing(table: _Table, place: int, steady: np.ndarray, near: list[int]) -> str:
    """Which of the steady keys, or which whole accounts of them, a day lacks; empty where few."""
    is_missing = steady & ~table.has[:, place]
    missing, many = int(is_missing.sum()), int(steady.sum())
    if missing >= LEAST_MISSING and missing > MANY * many:
        return f"{missing} of {many} kinds of lines that are charged every day are missing"
    there = set(table.account[table.has[:, place]].tolist())
    accounts = sorted(set(table.account[steady].tolist()))
    gone = [account for account in accounts if account not in there]
    share = _share(table.cost[:, near], np.isin(table.account, gone) & steady)
    if gone and share >= LEAST_SHARE:
        return f"{len(gone)} of {len(accounts)} accounts, {share:.0%} of the bill on other days, are missing"
    return ""


def _share(cost: np.ndarray, chosen: np.ndarray) -> float:
    """Share of the cost that some keys are."""
    whole = float(cost.sum())
    return float(cost[chosen].sum()) / whole if whole > 0 else 0.0


def _broken_off(table: _Table, place: int, whole: list[int]) -> str:
    """What one of the latest days lacks of what all whole days before had; empty where nothing much."""
    if len(whole) < LEAST_PRIOR:
        return ""
    steady = np.asarray(table.has[:, whole].all(axis=1))
    if said := _missing(table, place, steady, whole):
        return said.replace("are missing", "are still missing")
    many = int(steady.sum())
    if len(whole) < LEAST_SHORT_PRIOR or not many:
        return ""
    least = table.lines[steady][:, whole].min(axis=1)
    short = int((table.lines[steady, place] < SHORT * least).sum())
    if short > many / 2 and (short >= LEAST_SHORT or least[0] >= HOURS):
        return f"{short} of {many} kinds of lines have fewer lines than on any day before: it breaks off"
    cheap = int((table.cost[steady, place] < SHORT_COST * table.cost[steady][:, whole].min(axis=1)).sum())
    if cheap >= LEAST_MISSING and cheap > many / 2:
        return f"{cheap} of {many} kinds of lines cost less than half of the least of the days before: it breaks off"
    return ""
