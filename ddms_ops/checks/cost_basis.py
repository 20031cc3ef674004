"""Whether there is a bill that can be compared, and the rises that the checks are about."""

from ddms_ops.analysis.cost_bridge import totals
from ddms_ops.analysis.cost_course_amounts import total
from ddms_ops.analysis.cost_periods import LeftOut
from ddms_ops.analysis.cost_rises import Rise
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.cost_words import money
from ddms_ops.checks.refs import counted
from ddms_ops.coverage import Status
from ddms_ops.findings import Finding, Verdict
from ddms_ops.redact import redact
from ddms_ops.window import Window

SIGNS = ("cost_rise", "provisional_cost", "cost_offsets")
UNREAD = (Status.FAILED, Status.NO_PERMISSION)


def must_have_bill(facts: Facts) -> None:
    """Let pass where the source has a bill with finished days on both sides.

    Raises:
        CannotTell: it has none, none that can be read, or none of the days asked for is finished.
    """
    pulls = facts.pulls("costs")
    if is_absent(facts, "costs") or any(pull.status in UNREAD for pull in pulls):
        raise CannotTell("; ".join(redact(pull.reason) for pull in pulls))
    periods = facts.cost_periods
    if not len(facts.cost_days):
        raise CannotTell("the bill has no line in the days asked for")
    if not periods.now:
        raise CannotTell(f"no day of the window is finished in the bill: {_in_words(_left_out(facts))}")
    if not periods.before:
        raise CannotTell("the bill has no finished day to compare with")


def left_out_words(facts: Facts) -> str:
    """Which days of window and baseline are not part of the comparison, and why; empty where all are."""
    left = _left_out(facts)
    return f"{counted(len(left), 'day')} left out: {_in_words(left)}" if left else ""


def _left_out(facts: Facts) -> list[LeftOut]:
    """Days of window and baseline that are left out; others of the bill matter to nobody."""
    sides = [Window(side.start.floor("D"), side.end.ceil("D")) for side in (facts.window, facts.baseline)]
    return [each for each in facts.cost_periods.left_out if any(side.contains(each.day) for side in sides)]


def _in_words(left: list[LeftOut]) -> str:
    """The days, those that are left out for one reason together."""
    days: dict[str, list[str]] = {}
    for each in left:
        days.setdefault(each.why, []).append(f"{each.day:%Y-%m-%d}")
    return "; ".join(f"{', '.join(named)}: {why}" for why, named in days.items())


def risen(facts: Facts) -> list[Rise]:
    """Kinds of lines that cost more than expected, most money first."""
    must_have_bill(facts)
    return [rise for rise in facts.cost_rises if rise.is_above]


def usual_day(facts: Facts) -> float:
    """What a day of the baseline's usage costs, in the bill's currency."""
    lines = facts.cost_bridge
    return float(total(lines.loc[lines["category"] == "usage", "before"])) / len(facts.cost_periods.now)


def bill_words(facts: Facts) -> str:
    """How much the whole bill differs from the baseline, whatever is usual; empty where there is none to compare."""
    if not (facts.cost_periods.now and facts.cost_periods.before):
        return ""
    before, now, delta = totals(facts.cost_bridge)
    amounts = money(now, facts.currency), money(before, ""), money(delta, "", signed=True)
    return f"The bill has {amounts[0]}, the baseline {amounts[1]} ({amounts[2]}), all charges, as is usual or not"


def first_step(facts: Facts) -> str:
    """First step of the scenario that the profile names for a cost spike."""
    scenario = facts.profile.scenarios.get(facts.costs.scenario)
    return f"{scenario.title}: {scenario.steps[0]}" if scenario else ""


def leading_cost(facts: Facts) -> Finding | None:
    """The strongest sign that something costs more: a rise in the bill, else what is not billed yet; None without any.

    Raises:
        CannotTell: nothing was found, and whether the bill rose could not be judged.
    """
    found = [
        (finding.severity.order, place, -finding.strength, finding.id, finding)
        for place, name in enumerate(SIGNS)
        for finding in facts.result(name).findings
        if finding.severity.is_above_low
    ]
    bill = facts.result(SIGNS[0])
    if not found and bill.status is Verdict.NOT_CHECKED:
        raise CannotTell(bill.reason)
    return min(found)[-1] if found else None
