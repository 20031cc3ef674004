"""What was planted, and what the files of an export hold.

scenario, system, kind, is_quiet   kind is what was changed; quiet is where no rise of spending may be found
bar                                usage | price | new | gone | commitment | credits | fees, null without any
service, service_name, usage_type, operation   the kind of line that moved, as CUR and Cost Explorer name the service
driver, step                       key in the profile's costs.drivers; the step of its chain that moved, or price or
                                   billed (usage billed per unit of the chain's last step)
tenant                             whose work it is, null where everybody's
onset                              its hour, null where nothing begins
daily_impact                       amortised cost of that kind of line a day: hours of the window from the onset on,
                                   less the same hours of the baseline (whole windows where nothing begins)
planted_daily_impact               the part of those hours' cost that the factor made, a day
also                               other drivers whose lines moved as much as 5 USD a day, with their daily impact
offsets                            what rises and what falls, each with its daily impact
change, changes                    the planted call, as CloudTrail has it; all of them
finding, instead                   what is to be found, or what a careful person says where there is no rise
as_of                              when the export was made, the clock to judge it by
total                              whole amortised cost of window and baseline
work                               sums of the log events of window and baseline
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from ddms_ops.simulate.bill import Line, Product
from ddms_ops.simulate.bill.lines import USAGE, plain
from ddms_ops.simulate.invoice.catalog import CHARGES, CUSTOMERS, EC2, SAGEMAKER, TEXTRACT, Charge
from ddms_ops.simulate.invoice.extras import ENDPOINT, FLEET
from ddms_ops.simulate.invoice.scenario import DAY_MS, CostScenario, moment
from ddms_ops.simulate.invoice.series import DEBUG_MORE
from ddms_ops.simulate.invoice.trail import told
from ddms_ops.simulate.invoice.work import Work
from ddms_ops.window import Window

Told = dict[str, object]
CENT = Decimal("0.01")
LEAST = Decimal(5)
FOLLOW = {
    "repeats": ("lambda", "log_ingestion"),
    "uploads": ("bedrock_input", "bedrock_output", "lambda", "log_ingestion", "nat", "table", "bucket"),
    "cache": ("bedrock_output",),
}
"""What rises with the driver that is named."""
STEPS = {
    "documents": "more invoices", "calls": "more calls per invoice", "pages": "more pages per call",
    "tokens": "more tokens per call", "misses": "more calls that the cache did not answer", "bytes": "more bytes",
    "billed": "more billed per second of run time", "price": "a higher price at flat usage",
}  # fmt: skip


def truth_of(scenario: CostScenario, lines: Sequence[Line], work: Work) -> Told:
    """The truth about an export; the module says what is in it."""
    charge = CHARGES.get(scenario.driver)
    first = min(scenario.before.start, scenario.window.start).to_pydatetime()
    lines = [line for line in lines if line.start >= first]
    changes = [told(scenario, call) for call in scenario.changes]
    return {
        "scenario": scenario.name,
        "system": scenario.system,
        "kind": scenario.effect or None,
        "is_quiet": bool(scenario.instead),
        "bar": scenario.bar or None,
        "driver": scenario.driver or None,
        "step": scenario.step or None,
        "tenant": CUSTOMERS[scenario.customer] if scenario.effect == "uploads" else None,
        "onset": scenario.onset,
        "factor": scenario.factor,
        **_line(scenario, lines, charge),
        "also": _also(scenario, lines),
        "offsets": _offsets(scenario, lines),
        "change": changes[-1] if changes else None,
        "changes": changes,
        "instead": scenario.instead or None,
        "baseline": scenario.baseline,
        "as_of": scenario.as_of,
        "total": {
            name: plain(_cost(lines, window, lambda _line: True))
            for name, window in (("window", scenario.window), ("baseline", scenario.before))
        },
        "work": {"window": _work(work, scenario.window), "baseline": _work(work, scenario.before)},
    }


def _line(scenario: CostScenario, lines: Sequence[Line], charge: Charge | None) -> Told:
    """The kind of line that moved, by how much, and what is to be said of it."""
    names = ("service", "service_name", "usage_type", "operation", "daily_impact", "planted_daily_impact", "finding")
    kind = (charge.product, charge.usage_type, charge.operation) if charge else _uncharged(scenario)
    if kind is None:
        return dict.fromkeys(names)
    product, usage_type, operation = kind
    impact = _impact(scenario, lines, product.code, usage_type)
    now = _a_day(scenario, lines, scenario.window, product.code, usage_type)
    times = scenario.factor * (DEBUG_MORE if scenario.effect == "debug" else 1)
    made = (now * (1 - 1 / Decimal(str(times)))).quantize(CENT) if charge else impact
    service = product.explorer or product.name
    what = STEPS.get(scenario.step, "new")
    finding = f"{service} {usage_type}: {impact:+} USD a day from {scenario.onset} on: {what}"
    said = None if scenario.instead else finding
    return dict(zip(names, (product.code, service, usage_type, operation or None, str(impact), str(made), said),
                    strict=True))  # fmt: skip


def _uncharged(scenario: CostScenario) -> tuple[Product, str, str] | None:
    if scenario.effect == "offsets":
        return SAGEMAKER, ENDPOINT, "CreateEndpoint"
    if scenario.effect == "credit":
        return TEXTRACT, CHARGES["textract"].usage_type, ""
    return None


def _since(scenario: CostScenario, window: Window) -> tuple[datetime, datetime]:
    """The hours that count of window or baseline: those from the onset on, or the same of the baseline."""
    since = 0 if scenario.onset_ms is None else scenario.onset_ms - scenario.start_ms
    start = round(window.start.timestamp() * 1000) + since
    return moment(start), moment(round(window.end.timestamp() * 1000))


def _a_day(scenario: CostScenario, lines: Sequence[Line], window: Window, code: str, usage_type: str) -> Decimal:
    first, end = _since(scenario, window)
    types = ("Credit",) if scenario.effect == "credit" else USAGE
    spent = sum(
        (line.amortised for line in lines
         if line.product.code == code and line.usage_type == usage_type and line.type in types
         and first <= line.start < end),
        Decimal(0),
    )  # fmt: skip
    length = Decimal((end - first).total_seconds()) * 1000 / DAY_MS
    return spent / length


def _impact(scenario: CostScenario, lines: Sequence[Line], code: str, usage_type: str) -> Decimal:
    now, before = (_a_day(scenario, lines, window, code, usage_type) for window in (scenario.window, scenario.before))
    return (now - before).quantize(CENT)


def _also(scenario: CostScenario, lines: Sequence[Line]) -> Told:
    found: Told = {}
    for driver in FOLLOW.get(scenario.effect, ()):
        impact = _impact(scenario, lines, CHARGES[driver].product.code, CHARGES[driver].usage_type)
        if impact >= LEAST:
            found[driver] = str(impact)
    return found


def _offsets(scenario: CostScenario, lines: Sequence[Line]) -> list[Told]:
    if scenario.effect != "offsets":
        return []
    return [
        {"bar": bar, "service": product.code, "service_name": product.explorer or product.name,
         "usage_type": usage_type, "daily_impact": str(_impact(scenario, lines, product.code, usage_type))}
        for bar, product, usage_type in (("new", SAGEMAKER, ENDPOINT), ("gone", EC2, FLEET))
    ]  # fmt: skip


def _cost(lines: Sequence[Line], window: Window, is_counted: Callable[[Line], bool]) -> Decimal:
    start, end = (stamp.to_pydatetime() for stamp in (window.start, window.end))
    return sum((line.amortised for line in lines if start <= line.start < end and is_counted(line)), Decimal(0))


def _work(work: Work, window: Window) -> Told:
    start, end = (round(stamp.timestamp() * 1000) for stamp in (window.start, window.end))
    read = (work.read_ms >= start) & (work.read_ms < end)
    asked = (work.asked_ms >= start) & (work.asked_ms < end) & work.is_last
    began = (work.started_ms >= start) & (work.started_ms < end)
    sums = {
        "attempts": began,
        "documents": began & (work.attempt == 1),
        "calls": read,
        "bedrock_calls": asked,
        "misses": asked & ~work.is_cached,
    }
    customers = np.bincount(work.customer[work.invoice[read]], weights=work.pages[work.invoice[read]],
                            minlength=len(CUSTOMERS)).astype(np.int64)  # fmt: skip
    return {
        **{name: int(where.sum()) for name, where in sums.items()},
        "pages": int(work.pages[work.invoice[read]].sum()),
        "input_tokens": int(work.input_tokens[asked].sum()),
        "output_tokens": int(work.output_tokens[asked].sum()),
        "pages_by_tenant": dict(zip(CUSTOMERS, customers.tolist(), strict=True)),
    }
