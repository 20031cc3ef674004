"""Whose a shared cost is: by what each tenant used, with what nobody can be given in a row of its own."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import EXACT, ZERO, known, scaled, total
from ddms_ops.analysis.cost_course_amounts import amounts as cost_amounts
from ddms_ops.analysis.cost_drivers import driver_lines
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.signal_hours import hours_of, step_hours
from ddms_ops.schema import Column, Schema, conform
from ddms_ops.spending import Costs, Driver
from ddms_ops.tenant_ids import other_spellings
from ddms_ops.window import Window

STEP = Decimal("1e-9")
LITTLE = 0.05
"""By so much the share that holes usually hold may differ between the sides for tenants' costs to be compared: it is
the share of the cost by which a tenant's difference is wrong at most."""
MORE_MISSING = 2
"""How many times what holes usually hold they may have held, for the range."""

TENANT_COST = Schema(
    "TENANT_COST",
    (
        Column("tenant", "str", "tenant; null: what cannot be given to any (the last row)"),
        Column("before", "object", "Decimal, cost of the baseline, scaled; None where its shares are not known"),
        Column("now", "object", "Decimal, cost of the window's days"),
        Column("delta", "object", "Decimal, now - before, or None"),
        Column("low", "object", "Decimal, the least that `now` may be"),
        Column("high", "object", "Decimal, the most"),
        Column("share", "float64", "of the whole cost of the window's days, 0..1; NaN of no cost"),
    ),
)


@dataclass(frozen=True, slots=True)
class Used:
    """What each tenant used on one side; of nobody known; and what holes of the telemetry usually hold."""

    tenants: dict[str, float]
    nobody: float
    missing: float

    def part(self, tenant: str, cost: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        """A tenant's part of a cost: as far as is known, the least and the most."""
        own, whole, more = self.tenants.get(tenant, 0.0), self.seen + self.missing, MORE_MISSING * self.missing
        found = [own / whole, own / (self.seen + more), (own + self.nobody + more) / (self.seen + more)]
        part, low, high = (EXACT.quantize(EXACT.multiply(cost, Decimal(share)), STEP) for share in found)
        return part, min(low, part), max(high, part)

    @property
    def seen(self) -> float:
        """All that was seen used."""
        return math.fsum([*self.tenants.values(), self.nobody])

    @property
    def is_whole(self) -> bool:
        """Whether all of it is some tenant's."""
        return self.nobody == 0 and self.missing == 0

    @property
    def lacking(self) -> float:
        """What share of all that was used holes usually hold, 0..1."""
        return self.missing / (self.seen + self.missing) if self.missing else 0.0


def tenant_cost(
    name: str,
    driver: Driver,
    bridge: pd.DataFrame,
    amounts: pd.DataFrame,
    periods: CostPeriods,
    *,
    asked: Sequence[Window] = (),
) -> pd.DataFrame:
    """Cost of a driver's lines by tenant, in proportion to what each used of the driver's key step.

    Args:
        name: the driver's name in the profile.
        bridge: BRIDGE of the whole bill.
        amounts: AMOUNTS of all drivers' steps.
        periods: the days that are compared.
        asked: what telemetry was asked for (window and baseline); empty: all of the days.

    Returns:
        TENANT_COST, most cost first, the remainder last: what events without a tenant used, and what hours without
        telemetry usually hold. `before` and `now` sum to the cost of the driver's lines exactly. The range of a tenant
        reaches from where all of the remainder is others' to where all is its own, with twice as much in the holes. Of
        a key without tenants (a metric), and of a cost not above 0, all is remainder. Where only the baseline's shares
        are not known, and where hours without telemetry hold clearly more of one side than of the other, they cannot be
        compared: `before` and `delta` of the tenants are None, and `delta` of the remainder too.
    """
    lines = driver_lines(driver, bridge)
    costs = [total(lines[side]) for side in ("before", "now")]
    every, first = hours_of([*periods.before, *periods.now]), hours_of(periods.before)
    hours = step_hours(name, [driver.key], amounts, every, baseline=first, asked=asked)[driver.key]
    rows = amounts[amounts["signal"] == f"{name}/{driver.key}"]
    before, now = (_used(rows, hours, days) for days in (periods.before, periods.now))
    old, new = _parts(before, costs[0]), _parts(now, costs[1])
    is_known = not costs[0] or bool(before and before.tenants)
    if before and now and all(costs):
        is_known &= abs(now.lacking - before.lacking) <= LITTLE
    tenants = sorted({*old, *new}, key=lambda tenant: (-new.get(tenant, (ZERO,))[0], tenant))
    zeros = (ZERO, ZERO, ZERO)
    found = [(tenant, old.get(tenant, zeros)[0] if is_known else None, *new.get(tenant, zeros)) for tenant in tenants]
    return _table(found, costs)


def _used(rows: pd.DataFrame, hours: pd.Series, days: Sequence[pd.Timestamp]) -> Used | None:
    """What was used on some days; None where nothing tells."""
    side = hours.reindex(hours_of(days))
    seen = side.dropna()
    own = rows[rows["timestamp"].isin(seen.index)].sort_values("value")
    if seen.empty or own.empty:
        return None
    by_clock = seen.groupby(seen.index.hour).mean()
    holes = side[side.isna()].index
    missing = math.fsum(by_clock.reindex(holes.hour).fillna(seen.mean()))
    tenants = own[own["tenant"].notna()].groupby("tenant")["value"].sum()
    nobody = math.fsum(own.loc[own["tenant"].isna(), "value"])
    return Used({str(tenant): float(value) for tenant, value in tenants.items()}, nobody, missing)


def _parts(used: Used | None, cost: Decimal) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Each tenant's part of a cost with its range; where all is some tenant's they sum to it exactly."""
    if used is None or cost <= 0 or not used.tenants or not used.seen:
        return {}
    found = {tenant: used.part(tenant, cost) for tenant in used.tenants}
    if used.is_whole:
        largest = min(found, key=lambda tenant: (-found[tenant][0], tenant))
        rest = total([cost, *(-part[0] for tenant, part in found.items() if tenant != largest)])
        found[largest] = (rest, rest, rest)
    return found


def tenant_totals(frames: Mapping[str, pd.DataFrame], bridge: pd.DataFrame) -> pd.DataFrame:
    """Cost by tenant over all drivers.

    Args:
        frames: TENANT_COST by driver. Of a line that two of them share out, the remainder is too small by one share.
        bridge: BRIDGE of the whole bill.

    Returns:
        TENANT_COST, most cost first; the last row is what no driver gives to a tenant. `before` and `now` sum to the
        bill exactly.
    """
    parts: dict[str, list[tuple[Decimal | None, Decimal, Decimal, Decimal]]] = {}
    for frame in frames.values():
        for row in frame[frame["tenant"].notna()].itertuples(index=False):
            parts.setdefault(row.tenant, []).append((row.before, row.now, row.low, row.high))
    found = []
    for tenant, rows in parts.items():
        before, now, low, high = zip(*rows, strict=True)
        found.append((tenant, None if None in before else total(before), total(now), total(low), total(high)))
    found.sort(key=lambda row: (-row[2], row[0]))
    return _table(found, [total(bridge[side]) for side in ("before", "now")])


def tagged_cost(
    details: pd.DataFrame, bridge: pd.DataFrame, costs: Costs, periods: CostPeriods, *, is_folded: bool = False
) -> pd.DataFrame:
    """Cost by the tenant that a cost allocation tag names.

    Args:
        details: DETAILS of the days compared.
        bridge: BRIDGE of the whole bill.
        costs: the profile's section; without `tenant_tag` there is nothing to tell.
        periods: the days that are compared.
        is_folded: whether tags that differ only in case, hyphens or space around are one tenant's.

    Returns:
        TENANT_COST, most cost first; the last row is what lines without the tag cost. `before` and `now` sum to the
        bill exactly. No rows without `tenant_tag`.
    """
    if not costs.tenant_tag:
        return conform(pd.DataFrame(), TENANT_COST)
    names = {text: _tag(text, costs.tenant_tag) for text in details["tags"].dropna().unique()}
    lines = details["tags"].dropna().astype("str").map(names).value_counts()
    others = other_spellings(lines[lines.index != ""], is_folded=is_folded)
    names = {text: others.get(tenant, tenant) for text, tenant in names.items()}
    sums: dict[str, dict[str, list[Decimal]]] = {}
    values = cost_amounts(details, costs.measure)
    for text, side, value in zip(known(details["tags"]), details["side"], values, strict=True):
        if tenant := names.get(text):
            sums.setdefault(tenant, {"before": [], "now": []})[side].append(value)
    found = []
    for tenant, both in sums.items():
        now = total(both["now"])
        found.append((tenant, scaled(total(both["before"]), periods.scale), now, now, now))
    found.sort(key=lambda row: (-row[2], row[0]))
    return _table(found, [total(bridge[side]) for side in ("before", "now")])


def _tag(text: str, name: str) -> str:
    """Value of a tag, empty without it."""
    try:
        tags = json.loads(text)
    except ValueError:
        return ""
    return str(tags.get(name) or "") if isinstance(tags, dict) else ""


def _table(
    found: Sequence[tuple[str, Decimal | None, Decimal, Decimal, Decimal]], costs: Sequence[Decimal]
) -> pd.DataFrame:
    """TENANT_COST of tenants' rows (tenant, before, now, low, high) and the remainder."""
    before, now = costs
    old = total([before, *(-row[1] for row in found if row[1] is not None)])
    new, most, least = (
        total([now, *(-amount for amount in amounts)])
        for amounts in ([row[2] for row in found], [row[3] for row in found], [row[4] for row in found])
    )
    is_known = all(row[1] is not None for row in found)
    rows: list[tuple[object, ...]] = [
        (tenant, first, last, None if first is None else total([last, -first]), low, high)
        for tenant, first, last, low, high in found
    ]
    delta = total([new, -old]) if is_known else None
    rows.append((None, old, new, delta, max(min(ZERO, new), least), max(most, new)))
    table = pd.DataFrame(rows, columns=TENANT_COST.names[:-1], dtype="object")
    shares = [float(part / now) if now else math.nan for part in table["now"]]
    return conform(table.assign(share=shares), TENANT_COST)
