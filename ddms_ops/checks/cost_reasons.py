"""What the system did that a rise of the bill goes with, and whose work it was."""

from decimal import Decimal
from typing import Any

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import total
from ddms_ops.analysis.cost_drivers import Factor, Story
from ddms_ops.analysis.driver_starts import Start
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.cost_basis import risen
from ddms_ops.checks.cost_words import is_told, money, number
from ddms_ops.checks.refs import counted, pair_refs
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

CHECK, TENANTS = "cost_drivers", "tenant_costs"
SHOWN_TENANTS = 3
TELLING = Decimal(1) / 3  # of what a driver's cost grew by
NO_DRIVERS = "the profile declares no driver (costs.drivers) for what costs more"
FELL = "of the driver of what rose, all lines together fell against the baseline"


def risen_stories(facts: Facts) -> list[tuple[Finding, str, Story]]:
    """For each rise with a declared driver its finding, the driver's name and its story, most money first."""
    found, seen = [], set()
    for finding in sorted(facts.result("cost_rise").findings, key=lambda one: (-one.strength, one.id)):
        name = finding.subject["driver"]
        if name and name not in seen:
            seen.add(name)
            found.append((finding, name, facts.cost_stories[name]))
    return found


def _stories(facts: Facts) -> list[tuple[Finding, str, Story]]:
    """`risen_stories`; none where nothing rose.

    Raises:
        CannotTell: something rose, and no driver is declared for any of it, or what it drives fell in all.
    """
    if not risen(facts):
        return []
    stories = risen_stories(facts)
    if not stories:
        raise CannotTell(NO_DRIVERS)
    grew = [each for each in stories if each[2].delta > 0]
    if not grew:
        raise CannotTell(FELL)
    return grew


def check_cost_drivers(facts: Facts) -> list[Finding]:
    """Each step from what users do to what is billed, with its share of the difference; coincident, no more."""
    return [_driver_finding(facts, sign, name, told) for sign, name, told in _stories(facts)]


def drivers_note(facts: Facts, found: list[Finding]) -> str:
    """What rose without a declared driver, and what makes a story doubtful."""
    rises = facts.result("cost_rise").findings
    others = [finding for finding in rises if not finding.subject["driver"]]
    doubts = dict.fromkeys(doubt for one in found for doubt in facts.cost_stories[one.subject["driver"]].doubts)
    parts = [f"{counted(len(others), 'rise')} without a declared driver"] if others else []
    return "; ".join([*parts, *doubts])


def _driver_finding(facts: Facts, sign: Finding, name: str, told: Story) -> Finding:
    lead, currency = told.leading, facts.currency
    order = sorted(told.factors, key=lambda each: (each is not lead, -abs(each.effect), each.step))
    shown = [each for each in order if is_told(each.effect)]
    parts = "; ".join(factor_words(each, currency) for each in shown)
    start = facts.driver_start(name)
    return Finding(
        check=CHECK,
        severity=Severity.LOW,
        statement=(
            f"{redact(told.title)} make {money(told.delta, currency, signed=True)} in"
            f" {counted(len(facts.cost_periods.now), 'day')}, of it {parts or 'no factor'}{start_words(start)};"
            " coincident"
        ),
        subject={"driver": name, "step": lead.step, "means": lead.means, "explains": sign.id},
        evidence=(*pair_refs(told.refs), *sign.evidence),
        strength=float(abs(told.delta)),
        first_seen=start.at if start else None,
        observed=lead.now if lead.now == lead.now else None,
        baseline=lead.before if lead.before == lead.before else None,
        unit=lead.unit,
    )


def factor_words(factor: Factor, currency: str) -> str:
    """`calls per invoice 1.02 → 4.98 (retries) +980.10 USD`."""
    means = f" ({factor.means})" if factor.means not in ("volume", "price", "billed") else ""
    own, _, per = factor.unit.partition("/")
    unit = f" {redact(factor.unit)}" if own and own != per else ""
    moved = f"{number(factor.before)} → {number(factor.now)}{unit}"
    return f"{redact(factor.title)} {moved}{means} {money(factor.effect, currency, signed=True)}"


def start_words(start: Start | None) -> str:
    """`; began between 2026-03-02 14:00 and 15:00 UTC`, empty where that is not known."""
    if start is None:
        return ""
    hour = pd.Timedelta(hours=1)
    until = start.latest + hour
    last = f"{until:%H:%M}" if until.date() == start.earliest.date() else f"{until:%Y-%m-%d %H:%M}"
    return f"; began between {start.earliest:%Y-%m-%d %H:%M} and {last} UTC"


def check_tenant_costs(facts: Facts) -> list[Finding]:
    """Tenants whose use makes a third or more of what a driver's cost grew by, with what cannot be allocated.

    Where none does, the one whose cost is the most, as INFO.
    """
    found = []
    untold = []
    for sign, name, told in _stories(facts):
        table = facts.tenant_costs[name]
        known = table[table["tenant"].notna()]
        if known.empty:
            untold.append(name)
            continue
        is_telling = pd.Series([_is_telling(delta, told) for delta in known["delta"]], index=known.index)
        grew = known[is_telling] if is_telling.any() else known.head(1)
        found += [
            _tenant_finding(facts, sign, name, row, table, is_telling=bool(is_telling.any()))
            for row in grew.head(SHOWN_TENANTS).itertuples()
        ]
    if untold and not found:
        raise CannotTell(f"no use of {', '.join(untold)} names a tenant")
    return found


def _is_telling(delta: Decimal | None, told: Story) -> bool:
    """Whether a tenant's rise is much of a driver's; unknown where the baseline names no tenant."""
    return delta is not None and delta >= TELLING * told.delta


def _tenant_finding(
    facts: Facts, sign: Finding, name: str, row: Any, table: pd.DataFrame, *, is_telling: bool
) -> Finding:
    told, currency = facts.cost_stories[name], facts.currency
    tenant, days = redact(str(row.tenant)), counted(len(facts.cost_periods.now), "day")
    rest = total(table.loc[table["tenant"].isna(), "now"])
    others = "" if is_telling else f"; no tenant stands out among {len(table) - 1:,}"
    spread = f" (between {money(row.low, '')} and {money(row.high, '')})" if row.low != row.high else ""
    return Finding(
        check=TENANTS,
        severity=Severity.LOW if is_telling else Severity.INFO,
        statement=(
            f"Tenant {tenant} has {money(row.now, currency)}{spread} of {redact(told.title)} in {days}, {row.share:.0%}"
            f" of it, {_against(row, told, currency)}; {money(rest, currency)} not allocated{others}"
        ),
        subject={"tenant": tenant, "driver": name, "explains": sign.id},
        evidence=(*pair_refs(told.refs), *sign.evidence),
        strength=float(row.now if row.delta is None else row.delta),
        observed=float(row.now),
        baseline=None if row.before is None else float(row.before),
        unit=currency,
    )


def _against(row: Any, told: Story, currency: str) -> str:
    """What a tenant's cost was in the baseline, and its part of the difference."""
    if row.delta is None:
        return "not to be compared with the baseline"
    part = f"{money(row.delta, '', signed=True)} of {money(told.delta, currency, signed=True)}"
    return f"{money(row.before, '')} by the baseline: {part}"


def signal_refs(facts: Facts, name: str, since: pd.Timestamp) -> tuple[EvidenceRef, ...]:
    """Rows behind the signals of a driver from an instant on."""
    amounts = facts.cost_amounts
    own = amounts[amounts["signal"].str.startswith(f"{name}/") & (amounts["timestamp"] >= since)]
    return pair_refs(zip(own["pull"].astype("str"), own["row"], strict=True))
