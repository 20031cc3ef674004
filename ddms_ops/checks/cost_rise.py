"""What costs more than expected, since when, and is it more usage or a higher price?"""

from decimal import Decimal

import pandas as pd

from ddms_ops.analysis.cost_course_amounts import is_kind, total
from ddms_ops.analysis.cost_rises import Rise, hour_of_start, rise_doubts
from ddms_ops.analysis.driver_starts import Start
from ddms_ops.checks.base import Facts
from ddms_ops.checks.cost_basis import first_step, left_out_words, risen, usual_day
from ddms_ops.checks.cost_words import is_told, kind_name, money, since_words
from ddms_ops.checks.refs import counted
from ddms_ops.cost_schemas import BARS
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

CHECK = "cost_rise"
DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
NEAR = 3 * HOUR  # starts so near each other are one: at night both are seen late


def check_cost_rise(facts: Facts) -> list[Finding]:
    """Kinds of lines (service and usage type) that cost more than expected, by the profile's `costs` limits.

    HIGH where a rise is `costs.high_share` of what a day of the baseline's usage costs in all, else MEDIUM. Where no
    kind rose by itself and all usage together did, that is the finding.
    """
    rises = risen(facts) or [each for each in (facts.total_rise,) if each is not None and each.is_above]
    return [_finding(facts, rise) for rise in rises]


def rise_note(facts: Facts, _found: list[Finding]) -> str:
    """What is unequal about the days compared, and which are left out."""
    return "; ".join(part for part in (*facts.cost_periods.notes, left_out_words(facts)) if part)


def rise_doubt(facts: Facts) -> str:
    """Why no rise may not mean that nothing rose."""
    doubts = rise_doubts(facts.cost_days, facts.cost_periods, measure=facts.costs.measure)
    return "; ".join(part for part in (left_out_words(facts), *doubts) if part)


def started(facts: Facts, rise: Rise) -> Start:
    """When a rise began: by the hours of the bill and by what the system did, where they agree the narrower of both.

    Where they nearly agree it lies somewhere in both. Of a range of hours the middle, or midnight where it holds that:
    prices change by the day. Without hours the first day; what the system did counts where it is within a day of that.
    """
    hours = hour_of_start(facts.cost_hours, rise, measure=facts.costs.measure)
    told = facts.story_of(rise.service, rise.usage_type)
    is_inside = rise.start >= facts.window.start.floor("D")  # what the system did is known of the window only
    start = facts.driver_start(told[0]) if told and is_inside else None
    if hours is None:
        is_near = start is not None and rise.start - DAY <= start.at < rise.start + 2 * DAY
        return start if start is not None and is_near else Start(rise.start, rise.start, rise.start + DAY - HOUR)
    if start is not None and hours[0] <= start.at <= hours[1]:
        return Start(start.at, max(hours[0], start.earliest), min(hours[1], start.latest))
    if start is not None and start.earliest - NEAR <= hours[1] and hours[0] <= start.latest + NEAR:
        hours = min(hours[0], start.earliest), max(hours[1], start.latest)
    middle = (hours[0] + (hours[1] - hours[0]) / 2).floor("h")
    return Start(rise.start if hours[0] <= rise.start <= hours[1] else middle, hours[0], hours[1])


def bar_amounts(facts: Facts, rise: Rise) -> dict[str, Decimal]:
    """The bars of a kind's usage, or of all usage, against the baseline."""
    lines = facts.cost_bridge
    own = lines[lines["category"] == "usage"]
    own = own if rise.service is None else own[is_kind(own, rise.service, rise.usage_type)]
    return {bar: total(own[bar]) for bar in BARS}


def _finding(facts: Facts, rise: Rise) -> Finding:
    currency, days = facts.currency, counted(len(facts.cost_periods.now), "day")
    bars = bar_amounts(facts, rise)
    told = facts.story_of(rise.service, rise.usage_type)
    start = started(facts, rise)
    is_high = float(rise.observed) - rise.expected >= facts.costs.high_share * usual_day(facts)
    expected = "new" if rise.is_new else f"{money(rise.expected, '')} expected"
    notes = f"; {'; '.join(rise.notes)}" if rise.notes else ""
    return Finding(
        check=CHECK,
        severity=Severity.HIGH if is_high else Severity.MEDIUM,
        statement=(
            f"{kind_name(rise.service, rise.usage_type)} costs {money(rise.observed, currency)} a day"
            f" {since_words(rise, facts.window.start)} ({expected}), {money(rise.impact, currency, signed=True)} in"
            f" {days}; against the baseline {_parts(bars)}{notes}"
        ),
        subject={
            "service": redact(rise.service or ""),
            "usage_type": redact(rise.usage_type or ""),
            "bar": _leading_bar(bars),
            "driver": told[0] if told else "",
        },
        evidence=(EvidenceRef.of("costs", rise.rows),),
        strength=float(rise.impact),
        first_seen=start.at,
        observed=float(rise.observed),
        baseline=float(rise.expected),
        unit=f"{currency} a day",
        next_step=first_step(facts),
    )


def _parts(bars: dict[str, Decimal]) -> str:
    told = [f"{bar} {money(value, '', signed=True)}" for bar, value in bars.items() if is_told(value)]
    return ", ".join(told) or "no difference"


def _leading_bar(bars: dict[str, Decimal]) -> str:
    """The bar that rose most; none where the baseline was no lower."""
    bar = max(bars, key=lambda name: bars[name])
    return bar if bars[bar] > 0 else ""
