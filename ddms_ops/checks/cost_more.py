"""What a total hides, what is not billed yet, what was done again and again, and what changed just before."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd

from ddms_ops.analysis.cost_course import cost_course
from ddms_ops.analysis.cost_course_amounts import kind_of, known, total
from ddms_ops.analysis.cost_drivers import matching
from ddms_ops.analysis.cost_offsets import offsets
from ddms_ops.analysis.cost_rises import Rise
from ddms_ops.analysis.driver_starts import Start
from ddms_ops.analysis.provisional import Estimate
from ddms_ops.analysis.repeated_work import RepeatedWork
from ddms_ops.analysis.suspects import alarms_before, first_seen_versions, suspect_changes
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.changes_before import SHOWN, change_finding
from ddms_ops.checks.cost_basis import first_step, leading_cost, must_have_bill
from ddms_ops.checks.cost_reasons import signal_refs
from ddms_ops.checks.cost_rise import started
from ddms_ops.checks.cost_words import kind_name, money, number
from ddms_ops.checks.refs import counted, pair_refs
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

OFFSETS, PROVISIONAL, REPEATED, CHANGES = "cost_offsets", "provisional_cost", "repeated_work", "cost_changes"
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)
NAMED = 3


def check_cost_offsets(facts: Facts) -> list[Finding]:
    """Rises and falls that cancel, so that the total hides both."""
    must_have_bill(facts)
    return [_offset(facts, *found) for found in offsets(facts.cost_rises, facts.cost_bridge)]


def _offset(facts: Facts, up: tuple[Rise, ...], down: tuple[Rise, ...], net: Decimal) -> Finding:
    risen, fallen = (total(rise.impact for rise in rises) for rises in (up, down))
    rose, fell, left = (money(amount, facts.currency, signed=True) for amount in (risen, fallen, net))
    ups, downs = _named(up), _named(down)
    return Finding(
        check=OFFSETS,
        severity=Severity.MEDIUM,
        statement=f"Rises of {rose} ({ups}) and falls of {fell} ({downs}) cancel: together they moved by {left}",
        subject={"up": ups, "down": downs},
        evidence=(EvidenceRef.of("costs", [row for rise in (*up, *down) for row in rise.rows]),),
        strength=float(risen),
        first_seen=min(rise.start for rise in (*up, *down)),
        observed=float(net),
        unit=facts.currency,
    )


def _named(rises: tuple[Rise, ...]) -> str:
    shown = ", ".join(kind_name(rise.service, rise.usage_type) for rise in rises[:NAMED])
    return f"{shown} and {len(rises) - NAMED} more" if len(rises) > NAMED else shown


def check_provisional_cost(facts: Facts) -> list[Finding]:
    """Drivers whose use, at list price, exceeds what they cost before, in the hours that are not billed yet."""
    if is_absent(facts, "costs"):
        must_have_bill(facts)
    if not facts.costs.drivers:
        raise CannotTell("the profile declares no driver (costs.drivers) to estimate by")
    parts: dict[str, list[Estimate]] = {}
    for each in facts.provisional_costs:
        parts.setdefault(each.driver, []).append(each)
    found = (_provisional(facts, name, estimates) for name, estimates in parts.items())
    return [finding for finding in found if finding is not None]


def unestimated(facts: Facts) -> str:
    """Drivers of which nothing is known for the part of the window that is not billed yet; empty where all is."""
    periods = facts.cost_periods
    last = max(periods.now, default=facts.window.start.floor("D") - DAY) + DAY
    known = {each.driver for each in facts.provisional_costs}
    lacking = [name for name in facts.cost_stories if name not in known]
    if last >= facts.window.end or not lacking:
        return ""
    return f"the bill ends on {last:%Y-%m-%d}, and nothing tells since of {', '.join(lacking[:NAMED])}"


def _provisional(facts: Facts, name: str, parts: list[Estimate]) -> Finding | None:
    """What a driver comes to in the hours not billed yet, where that is beyond what is expected of these days."""
    low, amount, high = (total(getattr(each, part) for each in parts) for part in ("low", "amount", "high"))
    days = sum(((each.end - each.start) / DAY for each in parts), 0.0)
    expected, most = _expected(facts, name, parts)
    start, end = min(each.start for each in parts), max(each.end for each in parts)
    refs = signal_refs(facts, name, start)
    least = max(float(facts.costs.min_amount) * days, expected * facts.costs.min_share)
    is_beyond = float(low) > most and float(amount) - expected >= least  # not where nothing can be expected
    if not (is_beyond and refs):
        return None
    spread = f" ({money(low, '')} to {money(high, '')})" if low != high else ""
    began = facts.signal_start(name)
    return Finding(
        check=PROVISIONAL,
        severity=Severity.MEDIUM,
        statement=(
            f"Provisional, not billed yet: about {money(amount, facts.currency)}{spread} of"
            f" {redact(facts.costs.drivers[name].title)} from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC,"
            f" {money(expected, facts.currency)} expected"
        ),
        subject={"driver": name},
        evidence=refs,
        strength=float(amount) - expected,
        first_seen=began.at if began else start,
        last_seen=end,
        observed=float(amount) / days,
        baseline=expected / days,
        unit=f"{facts.currency} a day, provisional",
        next_step=first_step(facts),
    )


def _expected(facts: Facts, name: str, parts: list[Estimate]) -> tuple[float, float]:
    """What is expected of a driver's lines in the hours of some estimates, and the most of it.

    Of a day that the bill does not reach it is what the same weekday was last expected to cost. The most is that of
    whole days: of some hours nobody knows what share of the day's cost falls into them.
    """
    days = facts.cost_days
    own = days[matching(facts.costs.drivers[name], days) & (days["category"] == "usage")]
    expected = most = 0.0
    for kind in dict.fromkeys(map(kind_of, known(own["service"]), known(own["usage_type"]))):
        course = cost_course(days, facts.cost_periods, measure=facts.costs.measure, kinds=[kind])
        course = course.set_index("timestamp")
        for each in parts:
            day = _weekday_in(course, each.start.floor("D"))
            expected += float(course.at[day, "expected"]) * ((each.end - each.start) / DAY)
            most += float(course.at[day, "high"])
    return expected, most


def _weekday_in(course: pd.DataFrame, day: pd.Timestamp) -> pd.Timestamp:
    """The day, or the last of its weekday that a course has."""
    weeks = max(0, -(-(day - course.index[-1]) // (7 * DAY)))
    return max(day - weeks * 7 * DAY, course.index[0])


def check_repeated_work(facts: Facts) -> list[Finding]:
    """Ids that are worked on more often than the profile calls usual, where the baseline had clearly fewer."""
    if not facts.costs.repeats:
        raise CannotTell("the profile declares no work to count (costs.repeats)")
    told, work, _ = facts.repeated_work
    return [found for each in told if (found := _repeated(facts, each, work)) is not None]


def repeated_doubt(facts: Facts) -> str:
    """Why no repeated work may not mean that there was none."""
    return "; ".join(facts.repeated_work[2])


def _repeated(facts: Facts, each: RepeatedWork, work: pd.DataFrame) -> Finding | None:
    declared = facts.costs.repeats[each.name]
    if each.runs - each.ids * declared.most < declared.least_runs:
        return None
    own = work[work["repeats"] == each.name].sort_values(["times", "id"], ascending=[False, True])
    signs = _signs(facts, declared.driver)
    ids, most = counted(each.ids, "id"), int(own["times"].iloc[0])
    return Finding(
        check=REPEATED,
        severity=Severity.MEDIUM if signs else Severity.LOW,
        statement=(
            f"{ids} more than {declared.most} times since {each.first:%Y-%m-%d %H:%M} UTC, the most {most:,} times"
            f" ({redact(declared.title)}); {number(each.now)} runs an id on average, {number(each.usual)} in the"
            f" baseline{_whose(own)}"
        ),
        subject={
            "repeats": each.name,
            "id": redact(str(own["id"].iloc[0])),
            **({"explains": signs[0]} if signs else {}),
        },
        evidence=pair_refs(zip(own["pull"].astype("str"), own["row"], strict=True)),
        strength=float(each.runs),
        first_seen=each.first,
        observed=each.now,
        baseline=each.usual if each.usual == each.usual else None,
        unit="runs an id",
    )


def _signs(facts: Facts, driver: str) -> list[str]:
    """Ids of the rises that a driver stands behind."""
    return [found.id for found in facts.result("cost_rise").findings if driver and found.subject["driver"] == driver]


def _whose(work: pd.DataFrame) -> str:
    tenants = work["tenant"].dropna().value_counts()
    if tenants.empty:
        return ""
    return f"; {tenants.iloc[0]:,} of {len(work):,} are tenant {redact(str(tenants.index[0]))}'s"


def check_cost_changes(facts: Facts) -> list[Finding]:
    """Changes before what rose most began, within `triage.change_lookback_min` and its uncertainty; coincident.

    An hour more on either side: starts are hours. Those before the likeliest hour ended come first.
    """
    sign = leading_cost(facts)
    if sign is None or sign.first_seen is None:
        return []
    if is_absent(facts, "changes"):
        raise CannotTell("no record of changes (CloudTrail)")
    start = _start_of(facts, sign)
    lookback = facts.profile.triage.change_lookback_min
    until = start.latest + HOUR
    if until <= facts.window.start - pd.Timedelta(minutes=lookback):
        raise CannotTell(
            f"it began on {start.at:%Y-%m-%d}, before the changes that were asked for; begin the window there"
        )
    seen = [first_seen_versions(facts.log_events, facts.baseline_log_events), alarms_before(facts.alarms)]
    table = suspect_changes(
        pd.concat([facts.changes, *(part for part in seen if len(part))], ignore_index=True),
        until,
        lookback_min=lookback + int((until - start.earliest + HOUR) / pd.Timedelta(minutes=1)),
        about=_about(facts, sign),
        system=facts.profile.system,
    )
    is_early = table["first"] < start.at + HOUR
    table = pd.concat([table[is_early], table[~is_early]]).head(SHOWN)
    return [_change(facts, change, sign, start, len(table) - place) for place, change in enumerate(table.itertuples())]


def _change(facts: Facts, change: Any, sign: Finding, start: Start, strength: int) -> Finding:
    """One row of `suspect_changes`, as far before the earliest start as it is, or within the start's uncertainty."""
    minutes = (start.earliest - change.first) / pd.Timedelta(minutes=1)
    until = f"{start.latest + HOUR:%Y-%m-%d %H:%M} UTC"
    when = f"{minutes:,.0f} min before {sign.id} began" if minutes > 0 else f"{sign.id} began by {until}"
    found = change_finding(facts.profile, change, sign, strength, check=CHANGES, when=when)
    return replace(found, next_step="", observed=minutes if minutes > 0 else None)


def _start_of(facts: Facts, sign: Finding) -> Start:
    """The start of what a finding is about, as narrow as it is known."""
    assert sign.first_seen is not None
    if sign.check == PROVISIONAL:
        began = facts.signal_start(sign.subject["driver"])
        return began or Start(sign.first_seen, sign.first_seen, facts.window.end - HOUR)
    if sign.check == OFFSETS:
        return Start(sign.first_seen, sign.first_seen, sign.first_seen + DAY - HOUR)
    named = sign.subject["service"], sign.subject["usage_type"]
    rises = [each for each in (*facts.cost_rises, facts.total_rise) if each is not None]
    return started(facts, next(r for r in rises if (redact(r.service or ""), redact(r.usage_type or "")) == named))


def _about(facts: Facts, sign: Finding) -> str:
    """Words of what drives a rise: its log groups, the dimensions of its metrics, its service."""
    name = sign.subject.get("driver", "")
    driver = facts.costs.drivers.get(name)
    words = [sign.subject.get("service", "")]
    for link in driver.chain.values() if driver else ():
        words += link.logs.groups if link.logs else facts.profile.metrics[link.metric].dimensions.values()
    told = facts.cost_stories.get(name)
    words += {pull for pull, _ in told.refs} if told else ()
    return " ".join(sorted(words))
