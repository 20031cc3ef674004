"""What may be said of a window: leaked, no leak seen over complete evidence, or cannot tell; and of which tenant."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ddms_ops.analysis.crossings import DISCLOSED, UNKNOWN
from ddms_ops.tenant_ids import compared_tenants
from ddms_ops.window import Window

LEAKED = "leaked"
NO_LEAK = "no leak seen over complete evidence"
CANNOT_TELL = "cannot tell"
INCOMPLETE = "not every pull is complete"
MINUTE = pd.Timedelta(minutes=1)
TOUCHING = pd.Timedelta(0)
NEAR = pd.Timedelta(minutes=10)  # disclosures no farther apart are one stretch


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open stretch [start, end) of the window, what is said of it, and why; `tenant` None: of all."""

    start: pd.Timestamp
    end: pd.Timestamp
    verdict: str
    why: tuple[str, ...] = ()
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class LeakVerdict:
    """The verdict on a window.

    `stretches` cover the window exactly, in order, each ending where the next begins; LEAKED are the minutes with a
    disclosure, and those between two that are at most NEAR apart. `may_hide` are the stretches over which no tenant can
    be told of, merged, whatever was disclosed in them; `limited` those over which one tenant cannot. `unaffected` were
    seen in the trail, with nothing disclosed and nothing that cannot be told; `cannot_tell` are the tenants that are
    neither.
    """

    word: str
    stretches: tuple[Stretch, ...]
    may_hide: tuple[Stretch, ...]
    limited: tuple[Stretch, ...]
    affected: tuple[str, ...]
    unaffected: tuple[str, ...]
    cannot_tell: tuple[str, ...]
    reasons: tuple[str, ...]

    def renamed(self, name: Callable[[str], str]) -> "LeakVerdict":
        """The same verdict with other names for its tenants, each of one."""
        return replace(
            self,
            limited=tuple(replace(one, tenant=name(str(one.tenant))) for one in self.limited),
            affected=tuple(sorted(map(name, self.affected))),
            unaffected=tuple(sorted(map(name, self.unaffected))),
            cannot_tell=tuple(sorted(map(name, self.cannot_tell))),
        )


def leak_verdict(
    crossings: pd.DataFrame,
    gaps: pd.DataFrame,
    window: Window,
    *,
    pulls_complete: bool,
    reasons: tuple[str, ...] = (),
    seen: Iterable[str] = (),
    folded: bool = True,
) -> LeakVerdict:
    """The verdict on a window; a gap, a pull that is not complete or a stated reason caps it at CANNOT_TELL.

    Args:
        crossings: CROSSINGS with their verdicts.
        gaps: GAPS.
        window: what was asked.
        pulls_complete: whether every pull that it rests on is all there.
        reasons: why nothing can be told of the whole window (a filtered role, no rows, a pull that failed).
        seen: tenants that the trail has rows of in the window.
        folded: whether tenants that differ only in case, hyphens or space are one.
    """
    whole = reasons if pulls_complete else (*reasons, INCOMPLETE)
    disclosed, unknown = (crossings[(crossings["verdict"] == word).to_numpy()] for word in (DISCLOSED, UNKNOWN))
    general = _general(gaps, unknown, window, whole)
    minutes = [_minute(stamp, LEAKED, "records were disclosed") for stamp in _minutes(disclosed)]
    leaked = _merged(minutes, window, near=NEAR)
    limited = _limited(gaps, unknown, window, folded=folded)
    affected = _names(disclosed["owner"], folded=folded)
    rest = _names(pd.Series(list(seen), dtype="str"), folded=folded) - affected
    doubtful = rest if general else rest & {str(stretch.tenant) for stretch in limited}
    word = LEAKED if len(disclosed) else CANNOT_TELL if general or limited else NO_LEAK
    hit, clear, doubted = (tuple(sorted(names)) for names in (affected, rest - doubtful, doubtful))
    return LeakVerdict(word, _partition(leaked, general, window), general, limited, hit, clear, doubted, whole)


def _general(gaps: pd.DataFrame, unknown: pd.DataFrame, window: Window, whole: tuple[str, ...]) -> tuple[Stretch, ...]:
    """Where no tenant can be told of."""
    found = [Stretch(window.start, window.end, CANNOT_TELL, (why,)) for why in whole]
    found += [_gap(gap) for gap in gaps[gaps["tenant"].isna()].itertuples()]
    ownerless = unknown[unknown["owner"].isna()]
    found += [_minute(stamp, CANNOT_TELL, "rows whose record's owner is not known") for stamp in _minutes(ownerless)]
    return _merged(found, window)


def _limited(gaps: pd.DataFrame, unknown: pd.DataFrame, window: Window, *, folded: bool) -> tuple[Stretch, ...]:
    """Where one tenant cannot be told of, merged tenant by tenant: its gaps, and who reached its records unknown."""
    owned = unknown[unknown["owner"].notna()]
    starts = owned["timestamp"].dt.floor("min")
    parts = [gaps.loc[gaps["tenant"].notna(), ["tenant", "start", "end", "why"]]]
    if len(owned):
        words = "rows on its records whose actor's tenant is not known"
        minutes = {"tenant": owned["owner"], "start": starts, "end": starts + MINUTE, "why": words}
        parts.append(pd.DataFrame(minutes).drop_duplicates())
    known = pd.concat(parts, ignore_index=True)
    names = compared_tenants(known["tenant"], is_folded=folded)
    return tuple(
        stretch
        for name, own in known.groupby(names, sort=True)
        for stretch in _merged([_gap(gap, str(name)) for gap in own.itertuples()], window)
    )


def _gap(gap: Any, tenant: str | None = None) -> Stretch:
    return Stretch(gap.start, gap.end, CANNOT_TELL, (str(gap.why),), tenant)


def _minutes(rows: pd.DataFrame) -> list[pd.Timestamp]:
    return list(rows["timestamp"].dt.floor("min").drop_duplicates())


def _minute(stamp: pd.Timestamp, verdict: str, why: str) -> Stretch:
    return Stretch(stamp, stamp + MINUTE, verdict, (why,))


def _merged(stretches: Iterable[Stretch], window: Window, *, near: pd.Timedelta = TOUCHING) -> tuple[Stretch, ...]:
    """The stretches within the window; those that overlap or are as near as that as one, with all their reasons."""
    found: list[Stretch] = []
    for each in sorted(stretches, key=lambda stretch: (stretch.start, stretch.end)):
        start, end = max(each.start, window.start), min(each.end, window.end)
        if start >= end:
            continue
        if found and start <= found[-1].end + near:
            last = found[-1]
            why = tuple(dict.fromkeys((*last.why, *each.why)))
            found[-1] = Stretch(last.start, max(last.end, end), last.verdict, why, last.tenant)
        else:
            found.append(Stretch(start, end, each.verdict, each.why, each.tenant))
    return tuple(found)


def _partition(leaked: tuple[Stretch, ...], general: tuple[Stretch, ...], window: Window) -> tuple[Stretch, ...]:
    """The window cut where what is said of it turns; a disclosure is said also where more may hide."""
    edges = {window.start, window.end}
    edges |= {edge for stretch in (*leaked, *general) for edge in (stretch.start, stretch.end)}
    cuts = sorted(edges)
    found: list[Stretch] = []
    turns = [iter(leaked), iter(general)]
    current = [next(turn, None) for turn in turns]
    for start, end in zip(cuts, cuts[1:], strict=False):
        for place, stretch in enumerate(current):
            if stretch is not None and stretch.end <= start:
                current[place] = next(turns[place], None)
        over = [stretch for stretch in current if stretch is not None and stretch.start <= start]
        why = tuple(dict.fromkeys(reason for stretch in over for reason in stretch.why))
        found.append(Stretch(start, end, over[0].verdict if over else NO_LEAK, why))
    return tuple(found)


def _names(tenants: pd.Series, *, folded: bool) -> set[str]:
    return set(compared_tenants(tenants, is_folded=folded).dropna())
