"""What Cost Explorer says, as `aws ce get-cost-and-usage` prints it, as lines of a bill.

Amounts are text there, and become decimals; the end of a period is not in it. One document may be one page of several.
Answers to the same question are put together, and of answers that are grouped in different ways those of one grouping
are taken, which has every day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from ddms_ops.cost_sql import category_of
from ddms_ops.sources.json_files import NotThatShape

RESULTS = "ResultsByTime"
BILLED = ("UnblendedCost", "NetUnblendedCost", "BlendedCost", "AmortizedCost", "NetAmortizedCost")
AMORTISED = ("AmortizedCost", "NetAmortizedCost")
DIMENSIONS = {
    "SERVICE": "service", "USAGE_TYPE": "usage_type", "OPERATION": "operation", "REGION": "region",
    "LINKED_ACCOUNT": "account", "RECORD_TYPE": "record_type",
}  # fmt: skip
NO_UNIT = "N/A"
NOTHING = ("NoRegion", "NoUsageType", "NoOperation", "NoService")
TAX = "Tax"
DAY = pd.Timedelta(days=1)
SAME = Decimal("0.01")  # totals that AWS rounded one group at a time
LARGEST = Decimal(10) ** 26
Grouping = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CostLine:
    """A group of a period: its times in naive UTC, its keys by what they are of, and its amounts."""

    begun: pd.Timestamp
    ended: pd.Timestamp
    grouping: Grouping
    keys: tuple[str, ...]
    service: str | None
    usage_type: str | None
    operation: str | None
    account: str | None
    region: str | None
    category: str
    unit: str | None
    currency: str
    estimated: bool | None
    billed: Decimal
    amortised: Decimal | None
    usage: Decimal | None
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CostDocument:
    """The lines of one document, what is wrong with it, and what it does not tell; `has_more` where pages follow."""

    grouping: Grouping
    lines: tuple[CostLine, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    has_more: bool


def is_cost_document(document: dict[str, Any]) -> bool:
    """Whether it is an answer of Cost Explorer."""
    return RESULTS in document


def cost_document(document: dict[str, Any], *, groups: Sequence[str] = ()) -> CostDocument:
    """The lines of one answer of Cost Explorer.

    Args:
        document: the answer.
        groups: what it was grouped by, such as `SERVICE` or `TAG:component`, where it does not say.

    Raises:
        NotThatShape: no period can be had from it.
    """
    periods = document.get(RESULTS)
    if not isinstance(periods, list) or not all(isinstance(period, dict) for period in periods):
        raise NotThatShape(f"holds no list of periods under {RESULTS}")
    grouping = tuple(groups) or _grouping(document)
    lines, lost, months = [], 0, []
    notes: dict[str, None] = {}
    for period in periods:
        span = _span(period)
        if span is None:
            lost += 1
        elif span[1] - span[0] > DAY:
            months.append(f"{span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}")
        else:
            for keys, metrics in _groups(period):
                found = _line(span, period, grouping, keys, metrics)
                lost += found is None
                lines += [found] if found else []
                notes |= dict.fromkeys(_notes(grouping, metrics)) if found else {}
    faults = [f"{lost:,} groups without a usable time or amount"] if lost else []
    if months:
        faults.append(f"holds periods over a day ({months[0]}): export it with --granularity DAILY")
    return CostDocument(grouping, tuple(lines), tuple(faults), tuple(notes), bool(document.get("NextPageToken")))


def united(lines: Iterable[CostLine]) -> tuple[list[CostLine], list[str], list[str]]:
    """The lines of several answers, each charge once; what cannot be put together; what was left out.

    Lines of the same grouping, period and keys are one; where they differ the last holds. Of groupings that have every
    day, the one that tells most apart is taken, for all days: a kind has to have one name.

    Returns:
        The lines; faults; notes.
    """
    one: dict[tuple[object, ...], CostLine] = {}
    again = differing = 0
    for line in lines:
        place = (line.begun, line.ended, line.grouping, line.keys)
        again += place in one
        differing += place in one and one[place] != line
        one[place] = line
    notes = [f"{again:,} groups that several answers hold taken once"] if again else []
    faults = [f"{differing:,} groups have other amounts in another answer: the last was taken"] if differing else []
    taken, dropped = _finest(list(one.values()))
    return taken, faults, [*notes, *dropped]


def why_not_united(lines: Sequence[CostLine]) -> str:
    """Words where groupings disagree on what a day cost, or none has every day; the empty string otherwise."""
    totals = _totals(lines)
    for day, sums in totals.items():
        if len(sums) > 1 and max(sums.values()) - min(sums.values()) >= SAME:
            told = " and ".join(sorted(_words(grouping) for grouping in sums))
            return (
                f"answers grouped {told} say different totals for {day:%Y-%m-%d}, so that it cannot be told what is in "
                "both; keep those of one question: one without a filter has all charges, grouped by RECORD_TYPE and "
                "SERVICE it tells fees and credits apart"
            )
    groupings = {grouping for sums in totals.values() for grouping in sums}
    if not groupings or any(all(grouping in sums for sums in totals.values()) for grouping in groupings):
        return ""
    held = {one: [day for day, sums in totals.items() if one in sums] for one in sorted(groupings)}
    told = " and ".join(f"{_words(one)} from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}" for one, days in held.items())
    return f"answers are grouped {told}: what they name differently is not compared; ask for all days in one grouping"


def _finest(lines: list[CostLine]) -> tuple[list[CostLine], list[str]]:
    """The lines of one grouping, and a note about the others."""
    days: dict[Grouping, set[pd.Timestamp]] = {}
    counts: dict[Grouping, int] = {}
    for line in lines:
        days.setdefault(line.grouping, set()).add(line.begun.normalize())
        counts[line.grouping] = counts.get(line.grouping, 0) + 1
    best = max(days, key=lambda one: (len(days[one]), len(one), counts[one], one), default=())
    others = " and ".join(_words(one) for one in sorted(set(days) - {best}))
    notes = [f"answers grouped {others} left out: those {_words(best)} hold the same days"] if others else []
    return [line for line in lines if line.grouping == best], notes


def _totals(lines: Iterable[CostLine]) -> dict[pd.Timestamp, dict[Grouping, Decimal]]:
    found: dict[pd.Timestamp, dict[Grouping, Decimal]] = {}
    for line in lines:
        sums = found.setdefault(line.begun.normalize(), {})
        sums[line.grouping] = sums.get(line.grouping, Decimal(0)) + line.billed
    return dict(sorted(found.items()))


def _words(grouping: Grouping) -> str:
    return f"by {' and '.join(grouping)}" if grouping else "by nothing"


def _grouping(document: dict[str, Any]) -> Grouping:
    found = document.get("GroupDefinitions")
    groups = found if isinstance(found, list) else []
    names = []
    for group in groups:
        kind, key = (str(group.get(name, "")) for name in ("Type", "Key")) if isinstance(group, dict) else ("", "")
        names.append(key if kind == "DIMENSION" else f"{kind}:{key}")
    return tuple(names)


def _span(period: dict[str, Any]) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    asked = period.get("TimePeriod")
    if not isinstance(asked, dict) or not all(isinstance(asked.get(name), str) for name in ("Start", "End")):
        return None
    start, end = (pd.to_datetime(asked[name], utc=True, errors="coerce", format="ISO8601") for name in ("Start", "End"))
    return None if pd.isna(start) or pd.isna(end) or end <= start else (start.tz_localize(None), end.tz_localize(None))


def _groups(period: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    groups = period.get("Groups")
    if isinstance(groups, list) and groups:
        for group in groups:
            keys = group.get("Keys") if isinstance(group, dict) else None
            metrics = group.get("Metrics") if isinstance(group, dict) else None
            yield tuple(map(str, keys)) if isinstance(keys, list) else (), metrics if isinstance(metrics, dict) else {}
    elif isinstance(period.get("Total"), dict) and period["Total"]:
        yield (), period["Total"]


def _line(
    span: tuple[pd.Timestamp, pd.Timestamp], period: dict[str, Any], grouping: Grouping, keys: tuple[str, ...],
    metrics: dict[str, Any],
) -> CostLine | None:  # fmt: skip
    billed = next((name for name in BILLED if name in metrics), "")
    cost = _amount(metrics, billed)
    if cost is None or len(keys) != len(grouping):
        return None
    said = {DIMENSIONS.get(name, name): key for name, key in zip(grouping, keys, strict=True)}
    named = {name: None if (key := said.get(name)) in NOTHING else key or None for name in DIMENSIONS.values()}
    quantity = metrics.get("UsageQuantity") if "usage_type" in said else None
    unit = quantity.get("Unit") if isinstance(quantity, dict) else None
    estimated = period.get("Estimated")
    kind = named.pop("record_type")
    category = category_of(kind) if kind else "tax" if TAX in (named["service"], named["usage_type"]) else "usage"
    return CostLine(
        *span, grouping, keys, **named, category=category, currency=str(metrics[billed].get("Unit", "")),
        unit=None if unit in (None, "", NO_UNIT) else str(unit),
        estimated=estimated if isinstance(estimated, bool) else None, billed=cost,
        amortised=next((found for name in AMORTISED if (found := _amount(metrics, name)) is not None), None),
        usage=_amount(metrics, "UsageQuantity") if quantity else None,
        tags=tuple(_tag(name, key) for name, key in said.items() if name.startswith("TAG:")),
    )  # fmt: skip


def _tag(grouping: str, key: str) -> tuple[str, str]:
    """A tag's name and value; a key is `name$value`, with nothing after it where the tag is absent."""
    name = grouping.removeprefix("TAG:")
    return name, key.removeprefix(f"{name}$")


def _amount(metrics: dict[str, Any], name: str) -> Decimal | None:
    metric = metrics.get(name)
    text = metric.get("Amount") if isinstance(metric, dict) else None
    try:
        found = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and abs(found) < LARGEST else None


def _notes(grouping: Grouping, metrics: dict[str, Any]) -> Iterator[str]:
    if not any(name in metrics for name in AMORTISED):
        yield "no AmortizedCost asked for: amortised is not known"
    billed = next(name for name in BILLED if name in metrics)
    if billed != BILLED[0]:
        yield f"no {BILLED[0]} asked for: {billed} taken as billed"
    if "RECORD_TYPE" not in grouping:
        yield "not grouped by RECORD_TYPE: all but Tax counts as usage, credits and fees too"
