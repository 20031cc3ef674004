"""A folder with a bill of a few kinds of lines, and a case of the generic system over it."""

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ddms_ops.case import Case, open_case

HEADER = (
    "identity_line_item_id", "line_item_usage_start_date", "line_item_usage_end_date", "line_item_line_item_type",
    "line_item_product_code", "product_product_name", "line_item_usage_type", "line_item_operation",
    "line_item_usage_account_id", "line_item_usage_amount", "pricing_unit", "line_item_unblended_cost",
    "line_item_currency_code", "bill_invoice_id",
)  # fmt: skip
FIRST, LAST = pd.Timestamp("2026-05-01T00:00Z"), pd.Timestamp("2026-06-22T00:00Z")
START, END = "2026-06-15T00:00Z", "2026-06-18T00:00Z"
Cost = Callable[[pd.Timestamp], float]


def flat(cost: float, *, to: float | None = None, since: str = START) -> Cost:
    """The same every day; another from a day on."""
    return lambda day: to if to is not None and day >= pd.Timestamp(since) else cost


def bill_case(folder: Path, kinds: dict[str, Cost], *, types: dict[str, str] | None = None, **given: str) -> Case:
    """A case over a bill of seven weeks in which each kind ("service/usage type") costs so much a day.

    Args:
        folder: where the export and the report go.
        kinds: cost of a day by kind; usage is the cost times 10.
        types: line item type by kind, Usage for the others.
        given: other parameters of the case.
    """
    (folder / "export" / "costs").mkdir(parents=True)
    with (folder / "export" / "costs" / "bill.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for day in pd.date_range(FIRST, LAST, freq="D", inclusive="left"):
            for kind, cost in kinds.items():
                service, _, usage_type = kind.partition("/")
                amount = cost(day)
                if amount:
                    ends = [f"{stamp:%Y-%m-%dT%H:%M:%SZ}" for stamp in (day, day + pd.Timedelta(days=1))]
                    rows.writerow([
                        f"{kind}{day}", *ends, (types or {}).get(kind, "Usage"), service, service, usage_type, "Run",
                        "123456789012", f"{amount * 10:.6f}", "Hrs", f"{amount:.6f}", "USD", "inv-1",
                    ])  # fmt: skip
    parameters = {
        "incident_id": "costs", "system": "generic", "start": START, "end": END, "baseline": "last-week",
        "source": f"files:{folder / 'export'}", **given,
    }  # fmt: skip
    return open_case(**parameters, out=str(folder / "reports"), clock=lambda: LAST)
