"""Lengths of time such as 5m, and the start of the period a time lies in."""

from ddms_ops.insights.tree import Period, refusal

# The first fitting prefix wins, so "mo" stands before "m".
_UNITS = (("ms", "ms"), ("mil", "ms"), ("mi", "m"), ("mo", "mo"), ("s", "s"), ("m", "m"), ("h", "h"), ("d", "d"),
          ("w", "w"), ("q", "q"), ("y", "y"))  # fmt: skip
_MICROSECONDS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000,
                 "w": 604_800_000_000}  # fmt: skip
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_CENTURY_US = 100 * 366 * 86_400_000_000
_MONDAY = "TIMESTAMP '1970-01-05 00:00:00'"
_EPOCH = "TIMESTAMP '1970-01-01 00:00:00'"


def period_unit(word: str) -> str:
    """The unit that a word such as "minutes" stands for."""
    return next(unit for prefix, unit in _UNITS if word.lower().startswith(prefix))


def interval(period: Period) -> str:
    """SQL of a period as an interval.

    Raises:
        QueryError: the period is nothing, or longer than a century.
    """
    months = period.count * _MONTHS.get(period.unit, 0)
    microseconds = period.count * _MICROSECONDS.get(period.unit, 0)
    if period.count < 1 or months > 1200 or microseconds > _CENTURY_US:
        raise refusal(period.at, f"a period of {period.count}{period.unit} cannot be used; it must be 1ms to 100y")
    return f"to_months({months})" if months else f"to_microseconds({microseconds})"


def floored(time: str, period: Period) -> str:
    """SQL of the start of the period that a time lies in, in UTC; weeks start on Monday, the rest counts from 1970.

    Raises:
        QueryError: the period is nothing, or longer than a century.
    """
    return f"time_bucket({interval(period)}, {time}, {_MONDAY if period.unit == 'w' else _EPOCH})"
