"""What a bill's files hold, day by day, and what is to be said of it: refusals, faults, notes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

import pandas as pd

from ddms_ops.coverage import Status
from ddms_ops.sources.queries import CostQuery
from ddms_ops.window import Window

FAULTS_SHOWN = 10
DIGITS = 60  # of sums; the default is 28, which rounds
CODE = re.compile(r"[A-Z]{3}")
DAY = pd.Timedelta(days=1)
LACKS = {
    "time": "lines without a usable time",
    "amount": "lines without a usable amount or currency",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """The lines of one day of one file, in one currency, ours or others', usable or not; the rows of `facts_sql`."""

    file: int
    day: date | None
    currency: str | None
    is_ours: bool
    lack: str | None
    billed: Decimal | None
    lines: int
    usage_lines: int
    hourly_lines: int
    long_lines: int
    unspread_lines: int
    strange_lines: int


@dataclass(frozen=True, slots=True)
class Rivals:
    """Words about files that cannot both count, and the first and last day on which that is so."""

    first: date
    last: date
    words: str


@dataclass(frozen=True, slots=True)
class BillFacts:
    """All facts of a bill, with the form and name of each file, and what else is known of its files.

    `refusal` says why none of it can be used, `rivals` why not some of its days, `faults` and `notes` what is wrong and
    what should be known.
    """

    facts: tuple[Fact, ...]
    forms: tuple[str, ...]
    names: tuple[str, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    refusal: str
    is_denied: bool
    rivals: tuple[Rivals, ...] = ()

    @property
    def usable(self) -> list[Fact]:
        """What can be used."""
        return [fact for fact in self.facts if fact.lack is None]

    def inside(self, window: Window) -> list[Fact]:
        """What can be used of a window of days."""
        return [fact for fact in self.usable if window.start <= _start(fact) < window.end]

    def got(self, window: Window) -> Window | None:
        """From the first day with lines in a window to the end of the last, None without any."""
        days = sorted(_start(fact) for fact in self.inside(window))
        return Window(days[0], days[-1] + DAY) if days else None

    def why_not(self, query: CostQuery) -> str:
        """Why the bill cannot be used at all; the empty string where it can."""
        if not self.usable:
            return "; ".join(_shown([*self.faults, *self._unusable()])) or "the bill holds no lines"
        if self.refusal:
            return self.refusal
        both = sorted({self.forms[fact.file] for fact in self.inside(query.window)})
        if len(both) > 1:
            named = [f"{form} ({self.names[self.forms.index(form)]})" for form in both]
            return f"the export holds the bill as {' and as '.join(named)}: nothing is counted twice, keep one of them"
        for one in self.rivals:
            if _stamp(one.first) < query.window.end and _stamp(one.last) >= query.window.start:
                return one.words
        found = sorted({str(fact.currency) for fact in self.inside(query.window) if fact.is_ours})
        codes = sorted({code if CODE.fullmatch(code) else "another" for code in found})
        if len(found) > 1:
            return f"lines in {' and '.join(codes)}: amounts in different currencies are not added up; keep one"
        if codes == ["another"]:
            return "lines in a currency that is no code of three capital letters, as USD is"
        if query.costs.currency and found and found[0] != query.costs.currency:
            return f"lines in {codes[0]}, but the profile's costs.currency is {query.costs.currency}"
        return ""

    def account(self, query: CostQuery, rows: int) -> tuple[Status, str]:
        """Status and reason of an answer of so many rows."""
        first, last = min(map(_start, self.usable)), max(map(_start, self.usable))
        faults = [*self.faults, *self._unusable()]
        if last + DAY < query.end:
            faults.append(f"the bill ends with {last:%Y-%m-%d}")
        held = self.inside(query.window)
        long, lines = sum(fact.long_lines for fact in held), sum(fact.lines for fact in held)
        faults += (
            [f"{long:,} of {lines:,} lines last over a day: export the bill by day or hour"] if 2 * long > lines else []
        )
        begins = [f"the bill begins with {first:%Y-%m-%d}"] if first > query.window.start else []
        notes = [*self.notes, *_left_out(held, query), *begins, *_holes(held), *_doubts(held, query)]
        reason = "; ".join([*_shown(faults), *notes])
        if self.is_denied:
            return Status.NO_PERMISSION, reason
        if faults:
            return Status.PARTIAL, reason
        if rows:
            return Status.COMPLETE, reason
        total = sum(fact.lines for fact in self.usable)
        held_words = f"the bill holds {total:,} lines, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        return Status.EMPTY, reason or f"{held_words}; nothing of what is asked"

    def _unusable(self) -> list[str]:
        """What was left out of each file, and why."""
        counts: dict[tuple[int, str], int] = {}
        for fact in self.facts:
            if fact.lack is not None:
                counts[fact.file, fact.lack] = counts.get((fact.file, fact.lack), 0) + fact.lines
        return [
            f"{self.names[file]} {count:,} {LACKS[lack]} left out" for (file, lack), count in sorted(counts.items())
        ]


def _start(fact: Fact) -> pd.Timestamp:
    return _stamp(fact.day)


def _stamp(day: date | None) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def _left_out(held: Sequence[Fact], query: CostQuery) -> list[str]:
    """How much of the bill the profile's filters leave out."""
    others = [fact for fact in held if not fact.is_ours]
    if not others:
        return []
    filters = {"tags": query.costs.only_tags, "accounts": query.costs.only_accounts}
    by = " or ".join(name for name, asked in filters.items() if asked)
    with localcontext(prec=DIGITS):
        amount = sum((fact.billed for fact in others if fact.billed is not None), Decimal(0))
    return [f"{sum(fact.lines for fact in others):,} lines of other {by} left out ({amount:,.2f} billed)"]


def _holes(held: Sequence[Fact]) -> list[str]:
    """Days without a line between others."""
    days = {_start(fact) for fact in held}
    empty = [day for day in pd.date_range(min(days), max(days)) if day not in days] if days else []
    if len(empty) == 1:
        return [f"no lines on {empty[0]:%Y-%m-%d}"]
    return [f"no lines on {len(empty):,} days between, the first {empty[0]:%Y-%m-%d}"] if empty else []


def _doubts(held: Sequence[Fact], query: CostQuery) -> list[str]:
    ours = [fact for fact in held if fact.is_ours]
    usage, hourly = sum(fact.usage_lines for fact in ours), sum(fact.hourly_lines for fact in ours)
    longer, unspread = sum(fact.long_lines for fact in ours), sum(fact.unspread_lines for fact in ours)
    found = [f"{longer:,} charges that last over a day count on their first"] if longer else []
    if strange := sum(fact.strange_lines for fact in ours):
        found.append(f"{strange:,} lines of a type that is not known count as adjustments")
    if unspread and query.costs.measure == "amortised":
        found.append(f"{unspread:,} lines of usage cost something billed and nothing amortised")
    if query.part == "hours" and hourly < usage:
        found.append(f"{usage - hourly:,} of {usage:,} usage lines are not by the hour and not in it")
    return found


def _shown(faults: Sequence[str]) -> list[str]:
    more = [f"and {len(faults) - FAULTS_SHOWN} more faults"] if len(faults) > FAULTS_SHOWN else []
    return [*faults[:FAULTS_SHOWN], *more]
