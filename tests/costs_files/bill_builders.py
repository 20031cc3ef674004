"""Bills as AWS writes them, one line a dict, and questions to them."""

import csv
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from ddms_ops.sources.base import Pull
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs
from ddms_ops.window import Window

Line = dict[str, str]
MARCH = Window.of("2026-03-01T00:00Z", "2026-03-08T00:00Z")
CUR_LINE: Line = {
    "identity_line_item_id": "", "bill_invoice_id": "", "line_item_usage_account_id": "123456789012",
    "line_item_line_item_type": "Usage", "line_item_usage_start_date": "2026-03-07T10:00:00Z",
    "line_item_usage_end_date": "2026-03-07T11:00:00Z", "line_item_product_code": "AmazonTextract",
    "line_item_usage_type": "USE1-Pages", "line_item_operation": "Analyze", "line_item_resource_id": "",
    "line_item_usage_amount": "10", "line_item_currency_code": "USD", "line_item_unblended_cost": "1",
    "pricing_unit": "Pages", "pricing_public_on_demand_cost": "1.5", "product_region_code": "us-east-1",
    "resource_tags": "",
}  # fmt: skip
FOCUS_LINE: Line = {
    "BilledCost": "1", "BillingCurrency": "USD", "ChargeCategory": "Usage", "ChargeDescription": "$0.10 per page",
    "ChargePeriodStart": "2026-03-07 10:00:00", "ChargePeriodEnd": "2026-03-07 11:00:00", "ConsumedQuantity": "10",
    "ConsumedUnit": "Pages", "EffectiveCost": "0.5", "ListCost": "1.5", "RegionId": "us-east-1", "ResourceId": "NULL",
    "ServiceName": "Amazon Textract", "SkuId": "ABC", "SubAccountId": "123456789012", "Tags": "NULL",
}  # fmt: skip


def cur(**more: str) -> Line:
    """A line of a CUR; the short names stand for the usual columns."""
    short = {
        "id": "identity_line_item_id", "cost": "line_item_unblended_cost", "type": "line_item_line_item_type",
        "usage": "line_item_usage_amount", "start": "line_item_usage_start_date", "end": "line_item_usage_end_date",
        "kind": "line_item_usage_type", "resource": "line_item_resource_id", "currency": "line_item_currency_code",
        "account": "line_item_usage_account_id", "tags": "resource_tags",
    }  # fmt: skip
    return CUR_LINE | {short.get(name, name): value for name, value in more.items()}


def day(number: int, **more: str) -> Line:
    """A line of a CUR for a whole day of March."""
    return cur(start=f"2026-03-{number:02d}T00:00:00Z", end=f"2026-03-{number + 1:02d}T00:00:00Z", **more)


def focus(**more: str) -> Line:
    """A line of FOCUS."""
    return FOCUS_LINE | more


def period(start: str, end: str, groups: Mapping[tuple[str, ...], str], **more: object) -> dict[str, object]:
    """A period of Cost Explorer's answer: what each group cost."""
    found = [
        {"Keys": list(keys), "Metrics": {"UnblendedCost": {"Amount": cost, "Unit": "USD"}}}
        for keys, cost in groups.items()
    ]
    return {"TimePeriod": {"Start": start, "End": end}, "Total": {}, "Groups": found, "Estimated": False, **more}


def explorer(by: Sequence[str], *periods: dict[str, object], **more: object) -> dict[str, object]:
    """What `aws ce get-cost-and-usage` prints."""
    groups = [
        {"Type": "TAG", "Key": name[4:]} if name[:4] == "TAG:" else {"Type": "DIMENSION", "Key": name} for name in by
    ]
    return {"GroupDefinitions": groups, "ResultsByTime": list(periods), **more}


def put(root: Path, name: str, content: list[Line] | dict[str, object] | bytes) -> Path:
    """One file of an export's bill; the export's root."""
    path = root / "costs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        path.write_text(json.dumps(content))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(content[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(content)
    return root


def ask(
    root: Path,
    part: str = "days",
    *,
    window: Window = MARCH,
    now: Sequence[str] = (),
    before: Sequence[str] = (),
    **costs: object,
) -> Pull:
    """The answer to a question, with a profile's section of costs."""
    query = CostQuery(window, part, Costs.model_validate(costs), tuple(now), tuple(before))
    return FilesSource(root).fetch_cost_answer(query, pull="costs")


def rows(pull: Pull, *names: str) -> list[tuple]:
    """Some columns of an answer."""
    return list(zip(*(pull.table[name].to_pylist() for name in names), strict=True))


def total(pull: Pull, name: str = "billed") -> Decimal:
    """The sum of a column."""
    return sum((value for value in pull.table[name].to_pylist() if value is not None), Decimal(0))
