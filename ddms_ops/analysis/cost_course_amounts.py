"""Exact sums of a bill's money and usage, and the UTC days that they belong to."""

from collections.abc import Hashable, Iterable, Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import TypeVar

import pandas as pd

Key = TypeVar("Key", bound=Hashable)
Kind = tuple[str, str | None]
"""A service, "" where the bill does not name it, and a usage type, None where it does not."""
EXACT = Context(prec=120)
"""Sums of 38 digits are never rounded."""
PICOS = 10**12
ZERO = Decimal(0)
DAY = pd.Timedelta(days=1)


def amounts(frame: pd.DataFrame, measure: str) -> list[Decimal]:
    """What each line costs by a measure.

    Args:
        frame: with columns `billed` and `amortised` of Decimal or None.
        measure: amortised or billed.

    Returns:
        One Decimal a row; the other measure where the asked one is not known, 0 where neither is.
    """
    asked, other = (frame[name].tolist() for name in _columns(measure))
    return [
        first if isinstance(first, Decimal) else second if isinstance(second, Decimal) else ZERO
        for first, second in zip(asked, other, strict=True)
    ]


def measure_note(frame: pd.DataFrame, measure: str) -> str:
    """What stands in for a measure that the bill does not give for all of its lines; empty where it does."""
    asked, other = _columns(measure)
    missing = sum(not isinstance(value, Decimal) for value in frame[asked].tolist())
    if not missing:
        return ""
    return f"{missing} of {len(frame)} sums of the bill have no {asked} amount: the {other} one is taken there"


def _columns(measure: str) -> tuple[str, str]:
    """The column asked for, and the one that stands in."""
    return ("billed", "amortised") if measure == "billed" else ("amortised", "billed")


def known(values: pd.Series) -> list:
    """Values of a column with None for null."""
    return values.astype("object").where(values.notna(), None).tolist()


def kind_of(service: str | None, usage_type: str | None) -> Kind:
    """The kind of line of two names of the bill; null and the empty name are one."""
    return service or "", usage_type or None


def is_kind(frame: pd.DataFrame, service: str | None, usage_type: str | None) -> pd.Series:
    """Whether a row is of a kind of line; null and the empty name are one.

    Args:
        frame: with columns `service` and `usage_type`.
        service, usage_type: names as in a `Rise`, or as the bill has them.
    """
    has = (frame[name].fillna("").eq(asked or "") for name, asked in (("service", service), ("usage_type", usage_type)))
    return next(has) & next(has)


def total(values: Iterable[Decimal]) -> Decimal:
    """Their exact sum; 0 of none."""
    with localcontext(EXACT):
        return sum(values, ZERO)


def summed(keys: Iterable[Key], values: Iterable[Decimal]) -> dict[Key, Decimal]:
    """Exact sum of the values of each key, keys in the order of their first value."""
    sums: dict[Key, Decimal] = {}
    with localcontext(EXACT):
        for key, value in zip(keys, values, strict=True):
            sums[key] = sums[key] + value if key in sums else value
    return sums


def scaled(amount: Decimal, scale: Fraction) -> Decimal:
    """An amount times a fraction, to the nearest 1e-12."""
    return _picos(round(Fraction(amount) * scale * PICOS))


def all_scaled(values: Sequence[Decimal], scale: Fraction) -> list[Decimal]:
    """Each amount times a fraction, so that they sum exactly to their scaled total.

    Returns:
        Each within 1e-12 of its own; what rounding leaves is carried on to the next one, and 0 stays 0.
    """
    if scale == 1:
        return list(values)
    done, carried, parts = 0, Fraction(0), []
    for value in values:
        carried += Fraction(value) * scale * PICOS
        parts.append(_picos(round(carried) - done))
        done = round(carried)
    return parts


def _picos(number: int) -> Decimal:
    """So many 1e-12."""
    return EXACT.scaleb(EXACT.create_decimal(number), -12)


def days_of(frame: pd.DataFrame) -> pd.Series:
    """UTC day of each row's `timestamp`, its start."""
    return frame["timestamp"].dt.floor("D")


def day_number(day: pd.Timestamp) -> int:
    """Days since the epoch."""
    return day.value // DAY.value


def day_at(number: int) -> pd.Timestamp:
    """Start of a day, UTC, from its number since the epoch."""
    return pd.Timestamp(int(number), unit="D", tz="UTC")


def days_in_words(many: int) -> str:
    """So many days."""
    return f"{many} day{'' if many == 1 else 's'}"
