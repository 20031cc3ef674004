"""A bill as `aws ce get-cost-and-usage` prints it, by day."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from ddms_ops.simulate.bill.lines import USAGE, ZERO, Line, plain
from ddms_ops.simulate.output import write_json

NO_USAGE_TYPE = "NoUsageType"
CALLS: dict[str, tuple[tuple[str, str], Callable[[Line], str]]] = {
    "by-usage-type.json": (("SERVICE", "USAGE_TYPE"), lambda line: line.usage_type or NO_USAGE_TYPE),
    "by-record-type.json": (("SERVICE", "RECORD_TYPE"), lambda line: line.type),
}


def write_cost_explorer(folder: Path, lines: Sequence[Line], *, estimated_from: str = "") -> list[Path]:
    """Write two answers over the same days; a line counts on the day it starts."""
    found = []
    for name, (keys, second) in CALLS.items():
        groups = [{"Type": "DIMENSION", "Key": key} for key in keys]
        answer = {"GroupDefinitions": groups, "ResultsByTime": _days(lines, second, estimated_from),
                  "DimensionValueAttributes": []}  # fmt: skip
        write_json(folder / name, answer)
        found.append(folder / name)
    return found


def _days(lines: Sequence[Line], second: Callable[[Line], str], estimated_from: str) -> list[dict[str, object]]:
    """Every day from the first line's to the last line's, also those without any."""
    sums: dict[str, dict[tuple[str, str], list[Decimal]]] = {}
    units: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        key = ("Tax" if line.type == "Tax" else line.product.explorer or line.product.name, second(line))
        row = sums.setdefault(f"{line.start:%Y-%m-%d}", {}).setdefault(key, [ZERO, ZERO, ZERO])
        units.setdefault(key, set()).add(line.unit or "N/A")
        for place, value in enumerate((line.cost, line.amortised, line.usage if line.type in USAGE else ZERO)):
            row[place] += value
    if not lines:
        return []
    first, last = lines[0].start.date(), lines[-1].start.date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        {
            "TimePeriod": {"Start": f"{day}", "End": f"{day + timedelta(days=1)}"},
            "Total": {},
            "Groups": [_group(key, row, units[key]) for key, row in sorted(sums.get(f"{day}", {}).items())],
            "Estimated": bool(estimated_from) and f"{day}" >= estimated_from,
        }
        for day in days
    ]


def _group(key: tuple[str, str], row: Sequence[Decimal], units: set[str]) -> dict[str, object]:
    billed, amortised, usage = (plain(value) for value in row)
    return {
        "Keys": list(key),
        "Metrics": {
            "AmortizedCost": {"Amount": amortised, "Unit": "USD"},
            "UnblendedCost": {"Amount": billed, "Unit": "USD"},
            "UsageQuantity": {"Amount": usage, "Unit": min(units) if len(units) == 1 else "N/A"},
        },
    }
