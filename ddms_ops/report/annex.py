"""The breach annex: what the notification of a personal data breach must hold, as far as the trail tells it.

Regulation (EU) 2016/679 (GDPR): Art. 33(1) 72 hours after the controller has become aware, and reasons for a delay
beyond; 33(2) a processor tells its controller without undue delay, with no hours to spare; 33(3) (a)–(d) what the
notification holds at least; 33(4) in phases where not all is known at once; Art. 34 telling the data subjects where
the risk is high. Aware: a reasonable degree of certainty that personal data were compromised (EDPB Guidelines 9/2022,
version 2.0, section II.A). The clock here counts 72 plain hours, weekends and holidays too; what is told of it, and
whether notification is due at all, is for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.crossings import DISCLOSED, UNKNOWN
from ddms_ops.analysis.leak_verdict import LEAKED, LeakVerdict
from ddms_ops.window import iso

CLOCK_H = 72
HOUR = pd.Timedelta(hours=1)
BY_PEOPLE = "to be supplied by people"
OTHERS = "of a kind that the profile names no category for"
RECORD = ["owner", "record_type", "record"]


@dataclass(frozen=True, slots=True)
class Range:
    """A number that lies between two; `at_least` says that what is not seen may add to it."""

    least: int
    most: int
    at_least: bool = False

    def __str__(self) -> str:
        words = f"{self.least:,}" if self.least == self.most else f"{self.least:,} to {self.most:,}"
        return f"at least {words}" if self.at_least else words


@dataclass(frozen=True, slots=True)
class Deadline:
    """The 72 hours: from when they count, when they end, and how many are left (negative: over)."""

    aware: pd.Timestamp
    due: pd.Timestamp
    hours_left: float

    def __str__(self) -> str:
        left = f"{self.hours_left:.1f} h left" if self.hours_left >= 0 else f"over since {-self.hours_left:.1f} h"
        return f"due {iso(self.due)}, {left}" + (
            "" if self.hours_left >= 0 else "; the reasons for the delay go with it"
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the notification must hold; `text` is BY_PEOPLE where the trail does not tell it."""

    article: str
    title: str
    text: str

    @property
    def is_supplied(self) -> bool:
        """Whether the trail tells it."""
        return not self.text.startswith(BY_PEOPLE)


@dataclass(frozen=True, slots=True)
class Annex:
    """What is known of a breach, for people to complete.

    `records` counts records distinct by tenant, kind and id: disclosed ones at least, those that may have been
    disclosed at most. `tenants` has one row a tenant affected: its `tenant`, `records` (Range in words), `accesses`
    (int64), `first` and `last` (UTC); most records first. `actors` are the tenants that acted.
    """

    phase: int
    records: Range
    categories: tuple[tuple[str, Range], ...]
    tenants: pd.DataFrame
    unaffected: tuple[str, ...]
    cannot_tell: tuple[str, ...]
    actors: tuple[str, ...]
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    deadline: Deadline | None
    items: tuple[Item, ...]


def breach_annex(
    crossings: pd.DataFrame,
    verdict: LeakVerdict,
    *,
    now: pd.Timestamp,
    aware: pd.Timestamp | None = None,
    categories: Mapping[str, str] | None = None,
    phase: int = 1,
) -> Annex:
    """The annex over what was disclosed and what may have been.

    Args:
        crossings: CROSSINGS with their verdicts, each tenant in one spelling; blocked and explained ones count nowhere.
        verdict: the verdict on the same crossings; what it cannot tell makes every number an "at least".
        now: the clock to count the hours that are left by.
        aware: when people became aware, as they state it; None: not stated.
        categories: record type → category of personal data.
        phase: which notification it is, 1 for the first.
    """
    kept = crossings[crossings["verdict"].isin((DISCLOSED, UNKNOWN)).to_numpy()]
    disclosed = kept[(kept["verdict"] == DISCLOSED).to_numpy()]
    hidden = bool(verdict.may_hide or verdict.limited)
    records, kinds = _range(kept, hidden), _categories(kept, categories or {}, hidden)
    first, last = (None, None) if disclosed.empty else (disclosed["timestamp"].min(), disclosed["timestamp"].max())
    deadline = _deadline(aware, now)
    return Annex(
        phase=phase,
        records=records,
        categories=kinds,
        tenants=_by_tenant(kept, verdict),
        unaffected=verdict.unaffected,
        cannot_tell=verdict.cannot_tell,
        actors=tuple(sorted(disclosed["actor"].dropna().astype("str").unique())),
        first=first,
        last=last,
        deadline=deadline,
        items=(*_nature(verdict, records, kinds, first, last), *_of_people(deadline, phase)),
    )


def _range(kept: pd.DataFrame, hidden: bool) -> Range:
    sure = kept[(kept["verdict"] == DISCLOSED).to_numpy()]
    return Range(len(sure[RECORD].drop_duplicates()), len(kept[RECORD].drop_duplicates()), hidden)


def _categories(kept: pd.DataFrame, names: Mapping[str, str], hidden: bool) -> tuple[tuple[str, Range], ...]:
    """Records of each category, most first."""
    named = kept["record_type"].map(lambda kind: names.get(str(kind), OTHERS))
    found = [(str(name), _range(own, hidden)) for name, own in kept.groupby(named, sort=True)]
    return tuple(sorted(found, key=lambda pair: (-pair[1].least, -pair[1].most, pair[0])))


def _by_tenant(kept: pd.DataFrame, verdict: LeakVerdict) -> pd.DataFrame:
    limited = {stretch.tenant for stretch in verdict.limited}
    sure = kept[(kept["verdict"] == DISCLOSED).to_numpy()]
    table = sure.groupby("owner").agg(
        accesses=("timestamp", "size"), first=("timestamp", "min"), last=("timestamp", "max")
    )
    most, least = (frame[RECORD].drop_duplicates().groupby("owner").size() for frame in (kept, sure))
    table = table.assign(least=least, most=most).rename_axis("tenant").reset_index()
    table = table.sort_values(["least", "tenant"], ascending=[False, True], ignore_index=True)
    ranges = [
        str(Range(int(row.least), int(row.most), bool(verdict.may_hide) or row.tenant in limited))  # type: ignore[call-overload,arg-type]
        for row in table.itertuples()
    ]
    named = table.assign(records=pd.Series(ranges, dtype="str"), accesses=table["accesses"].astype("int64"))
    return named[["tenant", "records", "accesses", "first", "last"]]


def _deadline(aware: pd.Timestamp | None, now: pd.Timestamp) -> Deadline | None:
    if aware is None:
        return None
    due = aware + CLOCK_H * HOUR
    return Deadline(aware, due, float((due - now) / HOUR))


def _nature(
    verdict: LeakVerdict,
    records: Range,
    kinds: tuple[tuple[str, Range], ...],
    first: pd.Timestamp | None,
    last: pd.Timestamp | None,
) -> tuple[Item, ...]:
    """Art. 33(3)(a): what happened, whose and which data, how many."""
    if verdict.word == LEAKED and first is not None and last is not None:
        nature = f"records of one customer were disclosed to another, between {iso(first)} and {iso(last)}"
    else:
        nature = f"no disclosure is shown; the verdict is: {verdict.word}"
    named = "; ".join(f"{name}: {number}" for name, number in kinds) or "none"
    subjects = f"{BY_PEOPLE}: the trail names records, not the people they are about; customers affected"
    article = "Art. 33(3)(a)"
    return (
        Item(article, "Nature of the breach", f"loss of confidentiality: {nature}"),
        Item(article, "Categories of data subjects", BY_PEOPLE),
        Item(article, "Number of data subjects", f"{subjects}: {len(verdict.affected):,}"),
        Item(article, "Categories of records", named),
        Item(article, "Number of records", str(records)),
    )


def _of_people(deadline: Deadline | None, phase: int) -> tuple[Item, ...]:
    """What the trail cannot tell, and the clock."""
    more = "to be completed in phases without undue further delay"
    return (
        Item("Art. 33(3)(b)", "Data protection officer or other contact", BY_PEOPLE),
        Item("Art. 33(3)(c)", "Likely consequences", BY_PEOPLE),
        Item("Art. 33(3)(d)", "Measures taken or proposed", BY_PEOPLE),
        Item("Art. 33(1)", "72 hours", str(deadline) if deadline else f"{BY_PEOPLE}: awareness time not stated"),
        Item("Art. 33(4)", "Phase", f"{phase}; {more}"),
        Item("Art. 34", "Whether data subjects are to be told", BY_PEOPLE),
    )
