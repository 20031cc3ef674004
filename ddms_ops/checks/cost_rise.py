"""What costs more than expected, since when, and is it more usage or a higher price?"""

from decimal import Decimal

import pandas as pd

from ddms_ops.analysis.cost_rises import Rise, hour_of_start, rise_doubts
from ddms_ops.analysis.driver_starts import Start
from ddms_ops.checks.base import Facts
from ddms_ops.checks.cost_basis import left_out_words, risen, usual_day
from ddms_ops.checks.cost_words import is_told, kind_name, money, since_words
from ddms_ops.checks.refs import counted
from ddms_ops.cost_schemas import BARS
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

CHECK = "cost_rise"
DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
ZERO = Decimal(0)


def check_cost_rise(facts: Facts) -> list[Finding]:
    """Kinds of lines (service and usage type) that cost more than expected, by the profile's `costs` limits.

    HIGH where a rise is `costs.high_share` of what a day of the baseline costs in all, else MEDIUM.
    """
    return [_finding(facts, rise) for rise in risen(facts)]


def rise_note(facts: Facts, _found: list[Finding]) -> str:
    """What is compared with what, and which days are left out."""
    parts = [facts.cost_periods.words, *facts.cost_periods.notes, left_out_words(facts)]
    return "; ".join(part for part in parts if part)


def rise_doubt(facts: Facts) -> str:
    """Why no rise may not mean that nothing rose."""
    doubts = rise_doubts(facts.cost_days, facts.cost_periods, measure=facts.costs.measure)
    return "; ".join(part for part in (left_out_words(facts), *doubts) if part)


def started(facts: Facts, rise: Rise) -> Start:
    """When a rise began: by the hours of the bill and by what the system did, where they agree the narrower of both.

    Without hours the first day; what the system did counts where it is within a day of that.
    """
    hours = hour_of_start(facts.cost_hours, rise)
    told = facts.story_of(rise.service, rise.usage_type)
    start = facts.driver_start(told[0]) if told else None
    if hours is None:
        is_near = start is not None and rise.start - DAY <= start.at < rise.start + 2 * DAY
        return start if start is not None and is_near else Start(rise.start, rise.start, rise.start + DAY - HOUR)
    if start is not None and hours[0] <= start.at <= hours[1]:
        return Start(start.at, max(hours[0], start.earliest), min(hours[1], start.latest))
    return Start(min(max(hours[0], rise.start), hours[1]), hours[0], hours[1])


def bar_amounts(facts: Facts, rise: Rise) -> dict[str, Decimal]:
    """The bars of a kind of lines, against the baseline."""
    lines = facts.cost_bridge
    own = lines[(lines["service"] == rise.service) & (lines["usage_type"].fillna("") == (rise.usage_type or ""))]
    return {bar: sum(own[bar], ZERO) for bar in BARS}


def _finding(facts: Facts, rise: Rise) -> Finding:
    currency, days = facts.currency, len(facts.cost_periods.now)
    bars = bar_amounts(facts, rise)
    told = facts.story_of(rise.service, rise.usage_type)
    start = started(facts, rise)
    more = float(rise.observed) - rise.expected
    is_high = more >= facts.costs.high_share * usual_day(facts)
    parts = ", ".join(f"{bar} {money(value, '', signed=True)}" for bar, value in bars.items() if is_told(value))
    expected = "new" if rise.is_new else f"{money(rise.expected, '')} expected"
    notes = f"; {'; '.join(rise.notes)}" if rise.notes else ""
    return Finding(
        check=CHECK,
        severity=Severity.HIGH if is_high else Severity.MEDIUM,
        statement=(
            f"{kind_name(rise.service, rise.usage_type)}: {money(rise.observed, currency)} a day"
            f" {since_words(rise, facts.window.start)} ({expected}), {money(rise.impact, currency, signed=True)} in"
            f" {counted(days, 'day')}; against the baseline {parts or 'no difference'}{notes}"
        ),
        subject={
            "service": redact(str(rise.service)),
            "usage_type": redact(rise.usage_type or ""),
            "bar": max(bars, key=lambda bar: bars[bar]),
            "driver": told[0] if told else "",
        },
        evidence=(EvidenceRef.of("costs", rise.rows),),
        strength=float(rise.impact),
        first_seen=start.at,
        observed=float(rise.observed),
        baseline=float(rise.expected),
        unit=f"{currency} a day",
        next_step=_next_step(facts),
    )


def _next_step(facts: Facts) -> str:
    """First step of the scenario that the profile names for a cost spike."""
    scenario = facts.profile.scenarios.get(facts.costs.scenario)
    return f"{scenario.title}: {scenario.steps[0]}" if scenario else ""
