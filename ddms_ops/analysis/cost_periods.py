"""Which days of a bill are compared, which are not, and why."""

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import DAY, days_in_words, days_of
from ddms_ops.analysis.cost_holes import holes_of
from ddms_ops.window import Window

WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A UTC day that is not compared, and why."""

    day: pd.Timestamp
    why: str


@dataclass(frozen=True, slots=True)
class CostPeriods:
    """The UTC days (their starts) that are compared: of the window and of the baseline, in order.

    `left_out` are days of either, or unfinished ones of the bill, that are not compared. `notes` say what is unequal
    about the two sides. `empty` are days of the bill without usage that cost 0, also of its history.
    """

    now: tuple[pd.Timestamp, ...]
    before: tuple[pd.Timestamp, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    empty: tuple[pd.Timestamp, ...] = ()

    @property
    def scale(self) -> Fraction:
        """Days of the window over days of the baseline; 1 without any in the baseline."""
        return Fraction(len(self.now), len(self.before)) if self.before else Fraction(1)

    @property
    def words(self) -> str:
        """Both sides in words."""
        return f"{_words(self.now)}, against {_words(self.before)}"


def cost_periods(days: pd.DataFrame, window: Window, baseline: Window, *, settle_h: int) -> CostPeriods:
    """The finished days of a bill that a window and its baseline touch.

    Args:
        days: frame in the COSTS schema by day, all that is known of the bill; may be empty.
        window: what is looked at; days that it touches count whole.
        baseline: what it is compared with; days of the window are left out of it.
        settle_h: a day that is estimated, or of which the bill does not say it, is finished so long after its end, by
            the end of the bill's last day of usage.

    Returns:
        The days of both sides. A baseline without a day of its own (a window of hours) is replaced by the same
        weekdays a week before, else by the nearest finished day before the window; this is a note.
    """
    is_usage = days["category"].eq("usage")
    used = days[is_usage] if is_usage.any() else days
    holes = holes_of(used, _latest(settle_h))
    charged = {*days_of(used).unique(), *holes.empty}
    why = {day: said for day, said in holes.why.items() if day in charged} | _unsettled(used, settle_h)
    asked = _touched(window)
    compared = [day for day in _touched(baseline) if day not in set(asked)]
    why |= {day: _absent(day, charged) for day in [*asked, *compared] if day not in charged}
    now = tuple(day for day in asked if day not in why)
    before = tuple(day for day in compared if day not in why)
    notes = []
    if not before and now:
        before, note = _instead(asked, sorted(charged - set(why) - set(asked)))
        notes.append(note)
    if zero := len({*now, *before} & set(holes.empty)):
        notes.append(f"{days_in_words(zero)} without any usage count as 0: nothing is charged every day around them")
    left_out = tuple(LeftOut(day, why[day]) for day in sorted(why))
    return CostPeriods(now, before, left_out, (*notes, *_unequal(now, before)), holes.empty)


def _touched(window: Window) -> list[pd.Timestamp]:
    """UTC days with an instant in the window."""
    return list(pd.date_range(window.start.floor("D"), window.end.ceil("D"), freq="D", inclusive="left"))


def _absent(day: pd.Timestamp, charged: set[pd.Timestamp]) -> str:
    """Why the bill has no usage of a day."""
    if not charged:
        return "the bill has no line at all"
    if day > max(charged):
        return f"the bill ends with {max(charged):%Y-%m-%d}"
    if day < min(charged):
        return f"the bill begins with {min(charged):%Y-%m-%d}"
    return "the bill has no line on this day"


def _instead(asked: list[pd.Timestamp], finished: list[pd.Timestamp]) -> tuple[tuple[pd.Timestamp, ...], str]:
    """Days to compare with where the baseline has none, and the note that says so."""
    week = tuple(day - WEEK for day in asked if day - WEEK in set(finished))
    if week:
        return week, "the baseline has no finished day of its own: compared with the same weekday a week before"
    earlier = [day for day in finished if day < asked[0]]
    if earlier:
        said = f"the nearest finished day before the window, {earlier[-1]:%Y-%m-%d}"
        return (earlier[-1],), f"the baseline has no finished day of its own: compared with {said}"
    return (), "no finished day of the bill lies before the window: there is nothing to compare with"


def _unsettled(used: pd.DataFrame, settle_h: int) -> dict[pd.Timestamp, str]:
    """The last days of a bill that AWS may still change, and why."""
    if used.empty or settle_h <= 0:
        return {}
    day = days_of(used)
    latest = {day.max() - n * DAY for n in range(_latest(settle_h))}
    near = f"less than {settle_h} h before the end of the bill's last day"
    unsaid, estimated = (
        set(day[chosen].unique()) for chosen in (used["estimated"].isna(), used["estimated"].eq(True).fillna(False))
    )
    said = dict.fromkeys(latest & unsaid, f"the bill does not say whether it is final, {near}")
    return said | dict.fromkeys(latest & estimated, f"AWS still estimates it, {near}")


def _latest(settle_h: int) -> int:
    """How many days at the end of a bill may still grow."""
    return max(1, math.ceil(settle_h / 24))


def _unequal(now: tuple[pd.Timestamp, ...], before: tuple[pd.Timestamp, ...]) -> list[str]:
    """What is not alike about two sides, in words."""
    if not now or not before:
        return []
    notes = []
    if len(now) != len(before):
        scale = Fraction(len(now), len(before))
        notes.append(
            f"{days_in_words(len(now))} against {days_in_words(len(before))}: the baseline is scaled by {scale}"
        )
    mixes = [{name: Fraction(many, len(side)) for name, many in _weekdays(side).items()} for side in (now, before)]
    if mixes[0] != mixes[1]:
        notes.append(f"other weekdays: {_mix(now)} against {_mix(before)}")
    firsts = [sorted(f"{day:%Y-%m-%d}" for day in side if day.day == 1) for side in (now, before)]
    if bool(firsts[0]) != bool(firsts[1]):
        side, first = ("window", firsts[0]) if firsts[0] else ("baseline", firsts[1])
        notes.append(f"only the {side} has a month's first day ({', '.join(first)}), on which monthly fees are charged")
    return notes


def _weekdays(side: tuple[pd.Timestamp, ...]) -> Counter[str]:
    """How many of each weekday, Monday first."""
    return Counter(f"{day:%a}" for day in sorted(side, key=lambda day: day.weekday()))


def _mix(side: tuple[pd.Timestamp, ...]) -> str:
    """Weekdays in words."""
    return ", ".join(f"{many} {name}" if many > 1 else name for name, many in _weekdays(side).items())


def _words(side: tuple[pd.Timestamp, ...]) -> str:
    """One side in words."""
    if not side:
        return "no day"
    ends = list(dict.fromkeys((f"{side[0]:%Y-%m-%d}", f"{side[-1]:%Y-%m-%d}")))
    return f"{days_in_words(len(side))}, {' to '.join(ends)}"
