"""Money, rates and days in words."""

import math
from decimal import Decimal

import pandas as pd

from ddms_ops.analysis.cost_rises import Rise
from ddms_ops.redact import redact

CENT = Decimal("0.01")
SMALL = Decimal("0.1")
NAME_CHARS = 80


def money(amount: Decimal | float, currency: str, *, signed: bool = False) -> str:
    """`1,204.50 USD`, of less than ten cents `0.0312 USD`; with its sign where that is asked for."""
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(float(amount)))
    sign = "+" if signed else ""
    is_small = exact != 0 and abs(exact) < SMALL
    words = plain(float(exact), sign=sign) if is_small else f"{exact.quantize(CENT):{sign},.2f}"
    return f"{words} {currency}".strip()


def plain(value: float, *, sign: str = "") -> str:
    """Three digits that count, never with an exponent: `0.0000031`."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:{sign},.{digits}f}"


def is_told(amount: Decimal) -> bool:
    """Whether an amount is worth a word: half a cent or more."""
    return abs(amount) >= CENT / 2


def number(value: float) -> str:
    """`12,400`, `4.98`, `0.0031`; `unknown` of NaN."""
    if value != value:
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else plain(value)


def kind_name(service: str | None, usage_type: str | None) -> str:
    """A kind of lines as a report names it: service, then usage type."""
    parts = [redact(str(part))[:NAME_CHARS] for part in (service, usage_type) if part and not pd.isna(part)]
    return " ".join(parts) or ("all usage" if service is None and usage_type is None else "lines without a service")


def since_words(rise: Rise, window_start: pd.Timestamp) -> str:
    """`since 2026-03-02`, with a word where that is before the window, and until when."""
    early = ", before the window" if rise.start < window_start.floor("D") else ""
    if rise.end is None:
        return f"since {rise.start:%Y-%m-%d}{early}"
    days = dict.fromkeys((f"{rise.start:%Y-%m-%d}", f"{rise.end:%Y-%m-%d}"))
    return f"{' to '.join(days)}{early}"
