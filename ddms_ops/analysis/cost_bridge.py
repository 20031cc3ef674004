"""Why a bill is higher or lower than before: more usage, other prices, new kinds of lines, gone ones, and the rest.

For a kind of line with usage u and cost c = u × p on both sides:

    Δ = (u_now − u_before) × p_before  +  what remains (price, and the mix of prices within the kind)

so that the bars of every row add up to its Δ exactly, and all rows to that of the bill. It is the price-volume bridge
of accounting; the cross term goes to the price.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import (
    EXACT,
    ZERO,
    all_scaled,
    amounts,
    days_of,
    is_kind,
    known,
    scaled,
    summed,
    total,
)
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.cost_schemas import BARS, BRIDGE, BRIDGE_KEYS
from ddms_ops.schema import conform

Key = tuple[str | None, ...]
Amount = tuple[Decimal, Decimal | None]
Units = dict[str | None, Amount]

KEYS = [*BRIDGE_KEYS, "category", "unit"]
SIDE = [*KEYS, "billed", "amortised", "usage"]
DETAIL = ["resource", "tags", "before", "now", "delta"]
OTHERS = "others"
UNLISTED = (None, None)
MOST_DETAILS = 20
BAR_OF = {
    "commitment": "commitment",
    "credit": "credits",
    "refund": "credits",
    "fee": "fees",
    "tax": "fees",
    "adjustment": "fees",
}
"""The bar of each category but usage."""


def sides(days: pd.DataFrame, periods: CostPeriods) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the days of the baseline and of the window add up to, by kind of line, category and unit.

    Args:
        days: frame in the COSTS schema by day.
        periods: the days of either side.

    Returns:
        (before, now), each with the columns SIDE, sorted by KEYS: accounts and regions are added up. billed and
        amortised are Decimal, the other one standing in where one is not known; usage is None where a line with a cost
        does not say it.
    """
    day = days_of(days)
    before, now = (_side(days[day.isin(list(chosen))]) for chosen in (periods.before, periods.now))
    return before, now


def _side(days: pd.DataFrame) -> pd.DataFrame:
    """Sums of lines by KEYS."""
    keys = list(zip(*(known(days[name]) for name in KEYS), strict=True))
    billed, amortised = amounts(days, "billed"), amounts(days, "amortised")
    usage = days["usage"].tolist()
    unsaid = {
        key
        for key, cost, other, used in zip(keys, billed, amortised, usage, strict=True)
        if not isinstance(used, Decimal) and (cost or other)
    }
    sums = [summed(keys, values) for values in (billed, amortised, [_or_zero(used) for used in usage])]
    any_usage = {key for key, used in zip(keys, usage, strict=True) if isinstance(used, Decimal)}
    rows = [
        (*key, sums[0][key], sums[1][key], sums[2][key] if key in any_usage and key not in unsaid else None)
        for key in sorted(sums[0], key=_order)
    ]
    return pd.DataFrame(rows, columns=SIDE, dtype="object")


def _or_zero(value: object) -> Decimal:
    """0 for what is not known."""
    return value if isinstance(value, Decimal) else ZERO


def _order(key: Key) -> tuple[tuple[bool, str], ...]:
    """Nulls last."""
    return tuple((part is None, part or "") for part in key)


def period_totals(days: pd.DataFrame, periods: CostPeriods, *, measure: str) -> tuple[Decimal, Decimal]:
    """What the bill says of both sides, straight from its days: (baseline, scaled as in a bridge; window)."""
    day = days_of(days)
    before, now = (total(amounts(days[day.isin(list(side))], measure)) for side in (periods.before, periods.now))
    return scaled(before, periods.scale), now


def bridge(before: pd.DataFrame, now: pd.DataFrame, *, scale: Fraction, measure: str) -> pd.DataFrame:
    """The difference of two sides of a bill, by kind of line and by why.

    Args:
        before, now: as `sides` gives them.
        scale: days of the window over days of the baseline; cost and usage of `before` are multiplied by it.
        measure: amortised or billed.

    Returns:
        Frame in the BRIDGE schema, the largest |delta| first. A kind with neither cost nor usage on one side is new or
        gone. Where usage is not known or not above 0 on a side, or is in a unit that the other side has not (then all
        units are one row, unit null and both usages None), all of delta is price. Rows that are 0 on both sides are
        left out.
    """
    old, new = _amounts_of(before, measure), _amounts_of(now, measure)
    costs = all_scaled([cost for cost, _ in old.values()], scale)
    used = [None if usage is None else scaled(usage, scale) for _, usage in old.values()]
    old = dict(zip(old, zip(costs, used, strict=True), strict=True))
    units: dict[Key, tuple[Units, Units]] = {}
    for side, pairs in enumerate((old, new)):
        for key, pair in pairs.items():
            units.setdefault(key[:4], ({}, {}))[side][key[4]] = pair
    rows = [
        dict(zip(KEYS, (*kind, unit), strict=True)) | _parts(kind[3], *pair)
        for kind in sorted(units, key=_order)
        for unit, *pair in _by_unit(*units[kind])
    ]
    rows.sort(key=lambda row: -row["delta"].copy_abs())
    return conform(pd.DataFrame(rows, columns=BRIDGE.names, dtype="object"), BRIDGE)


def _amounts_of(side: pd.DataFrame, measure: str) -> dict[Key, Amount]:
    """Cost and usage of what has either, in the order of the keys."""
    found = {
        tuple(key): (cost, usage)
        for *key, cost, usage in zip(*(side[name].tolist() for name in (*KEYS, measure, "usage")), strict=True)
        if cost or usage
    }
    return {key: found[key] for key in sorted(found, key=_order)}


def _by_unit(old: Units, new: Units) -> list[tuple[str | None, Amount | None, Amount | None]]:
    """One kind on both sides: each unit for itself, or all together and without usage where units changed.

    What has neither unit nor usage (a discount) may be on one side only.
    """
    alone = [unit for unit in (*old, *new) if not (unit in old and unit in new)]
    if not old or not new:
        return [(unit, old.get(unit), new.get(unit)) for unit in alone]
    if any(_is_counted(unit, (old.get(unit) or new[unit])[1]) for unit in alone):
        alone = list(dict.fromkeys((*old, *new)))
    pairs: list[tuple[str | None, Amount | None, Amount | None]] = [
        (unit, old[unit], new[unit]) for unit in old if unit not in alone
    ]
    if alone:
        costs = [total(side[unit][0] for unit in alone if unit in side) for side in (old, new)]
        pairs.append((alone[0] if len(alone) == 1 else None, (costs[0], None), (costs[1], None)))
    return pairs


def _is_counted(unit: str | None, usage: Decimal | None) -> bool:
    """Whether lines of a unit have, or may have, usage."""
    return bool(usage) or (usage is None and unit is not None)


def _parts(category: str | None, old: Amount | None, new: Amount | None) -> dict[str, Any]:
    """The columns of a row beside its keys."""
    (before, usage_before), (now, usage_now) = old or (ZERO, None), new or (ZERO, None)
    delta = EXACT.subtract(now, before)
    parts = dict.fromkeys(BARS, ZERO)
    own = BAR_OF.get(category or "", "")
    if own:
        parts[own] = delta
    elif old is None or new is None:
        parts["new" if old is None else "gone"] = delta
    else:
        parts["usage"] = _usage_effect(before, usage_before, usage_now)
        parts["price"] = EXACT.subtract(delta, parts["usage"])
    sign = -1 if delta < 0 else 1
    usages = {"usage_before": usage_before, "usage_now": usage_now}
    bar = max(BARS, key=lambda name: parts[name] * sign if delta else abs(parts[name]))
    return {"before": before, "now": now, "delta": delta, **usages, **parts, "bar": own or bar}


def _usage_effect(before: Decimal, usage_before: Decimal | None, usage_now: Decimal | None) -> Decimal:
    """What more usage costs at the price of before; 0 where a side has no usage above 0."""
    if usage_before is None or usage_now is None or usage_before <= 0 or usage_now <= 0:
        return ZERO
    return scaled(before, (Fraction(usage_now) - Fraction(usage_before)) / Fraction(usage_before))


def bars(bridge: pd.DataFrame) -> dict[str, Decimal]:
    """Sum of each bar of a bridge, in the order of BARS."""
    return {name: total(bridge[name].tolist()) for name in BARS}


def totals(bridge: pd.DataFrame) -> tuple[Decimal, Decimal, Decimal]:
    """Cost of the baseline (scaled), of the window, and their difference."""
    before, now, delta = (total(bridge[name].tolist()) for name in ("before", "now", "delta"))
    return before, now, delta


def residual(bridge: pd.DataFrame, before_total: Decimal, now_total: Decimal) -> Decimal:
    """What the bars of a bridge miss of the difference of two totals of the bill; see `period_totals`."""
    return EXACT.subtract(EXACT.subtract(now_total, before_total), total(bars(bridge).values()))


def detail_rows(
    details: pd.DataFrame,
    *,
    service: str,
    usage_type: str | None,
    operation: str | None = None,
    scale: Fraction,
    measure: str,
    most: int = MOST_DETAILS,
) -> pd.DataFrame:
    """Who within a kind of line moved: its resources and tags.

    Args:
        details: frame in the DETAILS schema.
        service, usage_type, operation: the kind; no operation is any of them.
        scale: as for `bridge`.
        measure: amortised or billed.
        most: rows at most; what is beyond joins the last row.

    Returns:
        Columns DETAIL (before scaled, money as Decimal), usage lines only, the largest |delta| first. What the bill's
        answer does not list one by one is the last row, resource "others", where it is not 0. No rows where the kind
        has no usage lines.
    """
    is_asked = details["category"].eq("usage") & is_kind(details, service, usage_type)
    rows = details[is_asked if operation is None else is_asked & details["operation"].eq(operation)]
    keys = list(zip(*(known(rows[name]) for name in ("side", "resource", "tags")), strict=True))
    sums = summed(keys, amounts(rows, measure))
    names = sorted({key[1:] for key in sums}, key=_order)
    before = all_scaled([sums.get(("before", *name), ZERO) for name in names], scale)
    now = [sums.get(("now", *name), ZERO) for name in names]
    moved = [(*name, old, new, EXACT.subtract(new, old)) for name, old, new in zip(names, before, now, strict=True)]
    moved.sort(key=lambda row: (row[:2] == UNLISTED, -row[4].copy_abs()))
    shown = [row for row in moved[:most] if row[:2] != UNLISTED]
    others = [total(row[place] for row in moved[len(shown) :]) for place in (2, 3, 4)]
    frame = pd.DataFrame([*shown, *([(OTHERS, None, *others)] if any(others) else [])], columns=DETAIL, dtype="object")
    return frame.astype({"resource": "str", "tags": "str"})
