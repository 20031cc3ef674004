"""What is spent: the course, the bridge, what drives it, whose it is, what is still to come and what could be saved."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from ddms_ops.analysis.cost_bridge import bars, detail_rows, period_totals, residual, totals
from ddms_ops.analysis.cost_course import run_rate, set_aside
from ddms_ops.analysis.cost_course_amounts import total
from ddms_ops.analysis.cost_drivers import Story
from ddms_ops.analysis.tenant_cost import tagged_cost, tenant_totals
from ddms_ops.case import Case
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.cost_basis import left_out_words, must_have_bill
from ddms_ops.checks.cost_reasons import factor_words
from ddms_ops.checks.cost_words import is_told, kind_name, money, number
from ddms_ops.checks.refs import counted
from ddms_ops.checks.tables import Quiet, Shown, html_table, joined
from ddms_ops.checks.tables import verdict as sentence
from ddms_ops.cost_schemas import BARS
from ddms_ops.panels.tables import check_panel
from ddms_ops.redact import redact
from ddms_ops.tenancy import is_folded

MOST, LISTED, KINDS = 20, 12, 3


def _lacking(case: Case) -> Shown | None:
    """What to say instead of a table; None where there is a bill to compare."""
    try:
        must_have_bill(case)
    except CannotTell as lack:
        return sentence(f"Cannot be told: {lack}.")
    return None


def bridge_table(case: Case) -> Shown:
    """How the baseline's cost becomes the window's: bar by bar, then kind by kind; the parts sum to the difference."""
    if lack := _lacking(case):
        return lack
    lines, currency = case.cost_bridge, case.currency
    before, now, delta = totals(lines)
    parts = bars(lines)
    summary = [("baseline", _money(before)), *((bar, _signed(parts[bar])) for bar in BARS), ("window", _money(now))]
    used = ("delta", *(bar for bar in BARS if any(is_told(value) for value in lines[bar])))
    shown = lines[[is_told(delta) for delta in lines["delta"]]].head(MOST)
    rows = [_line(row, used) for row in shown.itertuples()]
    rest = lines.drop(shown.index)
    rows += [_sum(f"{counted(len(rest), 'more kind')} of lines", rest, used)] if len(rest) else []
    rows.append(_sum("all", lines, used))
    left = residual(lines, *period_totals(case.cost_days, case.cost_periods, measure=case.costs.measure))
    caption = (
        f"{currency}, {case.costs.measure}: {case.cost_periods.words}; Δ {money(delta, currency, signed=True)},"
        f" the parts miss {money(left, currency)} of it"
    )
    columns = ("kind of lines", "mostly", "Δ", *used[1:])
    return joined(
        html_table(("bar", "amount"), summary, caption=f"Bridge, {currency}", align="lr"),
        html_table(columns, rows, caption=caption, align=f"ll{'r' * len(used)}"),
        *(sentence(f"{note}.") for note in case.cost_periods.notes),
    )


def _line(row: Any, used: Sequence[str]) -> tuple[object, ...]:
    name = kind_name(row.service, row.usage_type)
    operation = "" if pd.isna(row.operation) else redact(str(row.operation))
    return ((name, Quiet(operation)) if operation else name, str(row.bar), *(_signed(getattr(row, n)) for n in used))


def _sum(name: str, lines: pd.DataFrame, used: Sequence[str]) -> tuple[object, ...]:
    return (Quiet(name), "", *(_signed(total(lines[amount])) for amount in used))


def details_table(case: Case) -> Shown:
    """Within the kinds of lines that rose most: which resources and tags moved."""
    if lack := _lacking(case):
        return lack
    kinds = [(rise.service or "", rise.usage_type) for rise in case.cost_rises][:KINDS]
    if not kinds:
        return sentence("Nothing rose or fell beyond what is usual.")
    lacking = [pull for pull in case.pulls("costs_details") if not pull.is_all_there]
    said = [
        sentence(f"{pull.pull} is {str(pull.status).replace('_', ' ')}: {redact(pull.reason)}.") for pull in lacking
    ]
    return joined(*said, *(_details(case, service, usage_type) for service, usage_type in kinds))


def _details(case: Case, service: str, usage_type: str | None) -> Shown:
    found = detail_rows(
        case.cost_details, service=service, usage_type=usage_type, scale=case.cost_periods.scale,
        measure=case.costs.measure, most=LISTED,
    )  # fmt: skip
    rows = [
        (_text(row.resource), _text(row.tags), _money(row.before), _money(row.now), _signed(row.delta))
        for row in found.itertuples()
    ]
    columns = ("resource", "tags", "before", "now", "Δ")
    return html_table(columns, rows, caption=f"{kind_name(service, usage_type)}, {case.currency}", align="llrrr")


def drivers_table(case: Case) -> Shown:
    """For each driver of the profile what its cost went from and to, and which step of its chain moved."""
    if lack := _lacking(case):
        return lack
    stories = sorted(case.cost_stories.items(), key=lambda item: (-abs(item[1].delta), item[0]))
    if not stories:
        return sentence("No declared driver (costs.drivers of the profile) has lines in the bill.")
    rows = [_driver(case, told) for _, told in stories[:MOST]]
    columns = ("driver", "before", "now", "Δ", "of it", "in doubt")
    caption = f"What the system did, {case.currency}, {case.cost_periods.words}"
    return joined(check_panel(case, "cost_drivers"), html_table(columns, rows, caption=caption, align="lrrrll"))


def _driver(case: Case, told: Story) -> tuple[object, ...]:
    factors = tuple(factor_words(each, case.currency) for each in told.factors)
    doubts = tuple(Quiet(redact(doubt)) for doubt in told.doubts) or None
    return redact(told.title), _money(told.before), _money(told.now), _signed(told.delta), factors, doubts


def repeated_table(case: Case) -> Shown:
    """What was worked on most often in the window."""
    found = check_panel(case, "repeated_work")
    _, work, _ = case.repeated_work
    if work.empty:
        return found
    top = work.sort_values(["times", "id"], ascending=[False, True]).head(LISTED)
    rows = [
        (redact(case.costs.repeats[str(row.repeats)].title), redact(str(row.id)), _text(row.tenant), int(row.times),
         row.first, row.last, Quiet(f"{row.pull}:{row.row}"))
        for row in top.itertuples()
    ]  # fmt: skip
    more = f", the first {LISTED} of {len(work):,}" if len(work) > LISTED else ""
    columns = ("work", "id", "tenant", "times", "first", "last", "evidence")
    return joined(found, html_table(columns, rows, caption=f"Worked on more often than usual{more}", align="lllrlll"))


def tenant_costs_table(case: Case) -> Shown:
    """Cost by tenant over all drivers, with what is not allocated; the rows sum to the bill."""
    if lack := _lacking(case):
        return lack
    tag = case.costs.tenant_tag
    if tag:
        folded = is_folded(case.profile.tenants)
        table = tagged_cost(case.cost_details, case.cost_bridge, case.costs, case.cost_periods, is_folded=folded)
    else:
        table = tenant_totals(case.tenant_costs, case.cost_bridge)
    known, rest = table[table["tenant"].notna()], table[table["tenant"].isna()]
    shown = known.head(LISTED)
    rows = [_tenant(redact(str(row.tenant)), row) for row in shown.itertuples()]
    if len(known) > LISTED:
        others = known.iloc[LISTED:]
        sums = [_sum_of(others[name]) for name in ("before", "now", "delta")]
        rows.append((Quiet(f"{len(others):,} more tenants"), *map(_amount, sums[:2]), _change(sums[2]), "", ""))
    rows += [_tenant(Quiet("not allocated"), row) for row in rest.itertuples()]
    columns = ("tenant", "before", "now", "Δ", "now between", "share")
    by = f"the tag {redact(tag)}" if tag else "the key of each driver"
    caption = f"Cost by tenant, {case.currency}, by {by}; the rows sum to the bill"
    return joined(check_panel(case, "tenant_costs"), html_table(columns, rows, caption=caption, align="lrrrrr"))


def _tenant(name: object, row: Any) -> tuple[object, ...]:
    between = f"{_money(row.low)} – {_money(row.high)}"
    share = "–" if row.share != row.share else f"{row.share:.1%}"
    return name, _amount(row.before), _money(row.now), _change(row.delta), between, share


def _sum_of(values: pd.Series) -> Decimal | None:
    """Their sum, None where one of them is not known."""
    return None if any(value is None for value in values) else total(values)


def outlook_table(case: Case) -> Shown:
    """What is not billed yet, where the month ends at this pace, and what is set aside from the comparison."""
    found = check_panel(case, "provisional_cost")
    if lack := _lacking(case):
        return joined(found, lack)
    parts = [found]
    if case.provisional_costs:
        rows = [
            (redact(case.costs.drivers[each.driver].title), each.start, each.end, number(each.usage), _money(each.low),
             _money(each.amount), _money(each.high), Quiet(redact(each.words)))
            for each in case.provisional_costs
        ]  # fmt: skip
        columns = ("driver", "from", "to", "used", "at least", "about", "at most", "how")
        caption = f"Provisional: not billed yet, {case.currency}"
        parts.append(html_table(columns, rows, caption=caption, align="lllrrrrl"))
    if rate := run_rate(case.cost_days, case.cost_periods, measure=case.costs.measure):
        words = (
            f"At {money(rate.per_day, case.currency)} a day, {rate.month} ends at about"
            f" {money(rate.month_end, case.currency)} ({_money(rate.low)} to {_money(rate.high)});"
            f" {money(rate.so_far, case.currency)} so far."
        )
        parts.append(sentence(words))
    return joined(*parts, _set_aside(case))


def _set_aside(case: Case) -> Shown:
    aside = set_aside(case.cost_days, case.cost_periods, measure=case.costs.measure)
    rows = [
        (f"{row.day:%Y-%m-%d}", _text(row.category), kind_name(row.service, row.usage_type), _amount(row.amount),
         Quiet(row.why))
        for row in aside.head(MOST).itertuples()
    ]  # fmt: skip
    more = f", the first {MOST} of {len(aside):,}" if len(aside) > MOST else ""
    left = left_out_words(case)
    table = html_table(("day", "what", "of", case.currency, "why"), rows, caption=f"Set aside{more}", align="lllrl")
    return joined(table, sentence(f"{left}.")) if left else table


def savings_table(case: Case) -> Shown:
    """The runbook's actions, each with what it would have saved over the window; people decide."""
    if lack := _lacking(case):
        return lack
    rows = [(redact(each.title), _money(each.amount), Quiet(redact(each.words))) for each in case.cost_savings]
    days = counted(len(case.cost_periods.now), "day")
    caption = f"Would have saved in {days}, {case.currency}; each by itself, they overlap; to be reviewed"
    return html_table(("action", "saving", "how"), rows, caption=caption, align="lrl")


def _money(amount: Decimal | float) -> str:
    return money(amount, "")


def _signed(amount: Decimal) -> str:
    """With its sign; `0.00` of less than half a cent."""
    return money(amount, "", signed=True) if is_told(amount) else "0.00" if amount else "0"


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else _money(amount)


def _change(amount: Decimal | None) -> str | None:
    return None if amount is None else _signed(amount)


def _text(value: object) -> str | None:
    return None if pd.isna(value) else redact(str(value))
