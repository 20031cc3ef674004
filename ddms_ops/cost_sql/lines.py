"""One SELECT that brings the lines of a bill, of whatever form, to one shape: LINE.

Amounts are cast to decimals with 12 places, line by line, before anything is added up. What a line costs amortised is,
for a Cost and Usage Report, what AWS's own query says (CUR Query Library, "Amortized cost by charge type",
catalog.workshops.aws/cur-query-library): the effective cost of what a reservation or savings plan covers; of recurring
fees the unused part; of negations and upfront fees nothing; of anything else what is billed. For FOCUS it is its own
EffectiveCost. Usage that lasts longer than a day (a hosted zone, billed for its month) is a fee: no day can have it.
"""

from ddms_ops.cost_sql.kinds import DISCOUNTS, category_sql
from ddms_ops.cost_sql.names import CUR, Place, Shape
from ddms_ops.spending import Costs

AMOUNT = "DECIMAL(38, 12)"
DAY = "INTERVAL 1 DAY"
EXACT_BELOW = 4096  # a double times 1e12 is still whole below
OFFSET = r"( ?(UTC|GMT)|Z|[+-]\d{2}(:?\d{2}(:\d{2})?)?)"
TIME = rf"\d{{4}}-\d{{2}}-\d{{2}}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,9}})?)?{OFFSET}?)?"
PRICE = r"^([$€£]|USD ?)?[0-9][0-9.,]* (USD )?per "  # a description that changes with the price names no usage
KIND_COLUMNS = ("service", "usage_type", "operation", "account", "region", "category", "unit", "currency")
LINE = (
    "begun", "ended", *KIND_COLUMNS, "estimated", "billed", "amortised", "list_cost", "usage", "resource",
    "is_ours", "has_id", "key",
)  # fmt: skip
"""`begun` and `ended` are TIMESTAMP in UTC; `is_ours` is whether the profile's filters keep the line; `key` is alike
for lines that are the same line, `has_id` says that it is so by the bill's own id."""


def lines_sql(shape: Shape, costs: Costs, source: str) -> str:
    """A SELECT of the columns of lines.

    Args:
        shape: the columns that `source` has.
        costs: the profile's section; its tags and filters.
        source: what stands after FROM.
    """
    cells = _cur(shape) if shape.form == CUR else _focus(shape)
    cells["category"] = f"""CASE WHEN {cells["ended"]} > {cells["begun"]} + {DAY} AND ({cells["category"]}) = 'usage'
        THEN 'fee' ELSE {cells["category"]} END"""
    cells |= {
        f"tag_{number}": _tag(shape, name) or "CAST(NULL AS VARCHAR)" for number, name in enumerate(tag_names(costs))
    }
    cells["is_ours"] = _ours(shape, costs, cells["account"])
    cells |= _identity(shape, cells)
    picked = ", ".join(f"{cells[name]} AS {name}" for name in line_columns(costs))
    return f"SELECT {picked} FROM {source}"


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def text(shape: Shape, *names: str) -> str:
    """SQL for the first of some columns that says anything; the text NULL says nothing in FOCUS."""
    found = [_bare(place, shape.form) for name in names if (place := shape.place(name))]
    return "CAST(NULL AS VARCHAR)" if not found else found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def amount(shape: Shape, name: str) -> str:
    """SQL for an amount of money or usage; null where there is none, or none that can be read."""
    place = shape.place(name)
    if place is None:
        return f"CAST(NULL AS {AMOUNT})"
    if place.type not in ("DOUBLE", "FLOAT"):
        return f"try_cast({place.sql} AS {AMOUNT})"
    exactly = f"try_cast(CAST({place.sql} AS VARCHAR) AS {AMOUNT})"
    return f"CASE WHEN abs({place.sql}) < {EXACT_BELOW} THEN CAST({place.sql} AS {AMOUNT}) ELSE {exactly} END"


def time(shape: Shape, name: str) -> str:
    """SQL for a TIMESTAMP in UTC; a text without a zone is in UTC."""
    place = shape.place(name)
    if place is None:
        return "CAST(NULL AS TIMESTAMP)"
    if place.type == "TIMESTAMP":
        return place.sql
    if place.type != "VARCHAR":
        return f"CAST({place.sql} AS TIMESTAMP)"
    parsed = f"CAST(try_cast({place.sql} AS TIMESTAMPTZ) AS TIMESTAMP)"
    return f"CASE WHEN regexp_full_match({place.sql}, '{TIME}') THEN {parsed} END"


def _cur(shape: Shape) -> dict[str, str]:
    line_type = text(shape, "line_item_line_item_type")
    arn = text(shape, "reservation_reservation_a_r_n", "reservation_reservation_arn")
    category = (
        f"CASE WHEN {line_type} = 'Fee' AND {arn} IS NOT NULL THEN 'commitment' ELSE {category_sql(line_type)} END"
    )
    names = [text(shape, "product_product_name")] if shape.has("product_product_name") else [product_name(shape)]
    named = ", ".join([name for name in names if name] + [text(shape, "line_item_product_code")])
    regions = [text(shape, "product_region_code", "product_region")]
    if not shape.has("product_region_code") and (member := _member(shape, "product", "region")):
        regions.append(member)
    invoice = shape.has("bill_invoice_id")
    return {
        "begun": time(shape, "line_item_usage_start_date"),
        "ended": time(shape, "line_item_usage_end_date"),
        "service": f"coalesce({named})",
        "usage_type": text(shape, "line_item_usage_type"),
        "operation": text(shape, "line_item_operation"),
        "account": text(shape, "line_item_usage_account_id"),
        "region": f"coalesce({', '.join(regions)}, NULL)",
        "category": category,
        "unit": text(shape, "pricing_unit"),
        "currency": text(shape, "line_item_currency_code"),
        "estimated": f"{text(shape, 'bill_invoice_id')} IS NULL" if invoice else "CAST(NULL AS BOOLEAN)",
        "billed": amount(shape, "line_item_unblended_cost"),
        "amortised": _amortised(shape, line_type, arn),
        "list_cost": amount(shape, "pricing_public_on_demand_cost"),
        "usage": _used(line_type, amount(shape, "line_item_usage_amount")),
        "resource": text(shape, "line_item_resource_id"),
    }


def product_name(shape: Shape) -> str:
    """SQL for the product's name where a bill has it among other attributes only; else the empty string."""
    return _member(shape, "product", "product_name")


def _used(line_type: str, quantity: str) -> str:
    """SQL for an amount of usage; a discount adds none to what it lowers, a credit or the like has none."""
    counted = dict.fromkeys(("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "Fee"), quantity)
    counted |= dict.fromkeys(DISCOUNTS, f"CAST(0 AS {AMOUNT})")
    return f"CASE {line_type} {' '.join(f'WHEN {literal(name)} THEN {value}' for name, value in counted.items())} END"


def _amortised(shape: Shape, line_type: str, arn: str) -> str:
    """SQL for the amortised cost of a line of a CUR; null where a column that it takes is absent or says nothing."""
    upfront = amount(shape, "reservation_unused_amortized_upfront_fee_for_billing_period")
    recurring = amount(shape, "reservation_unused_recurring_fee")
    committed = amount(shape, "savings_plan_total_commitment_to_date")
    used = amount(shape, "savings_plan_used_commitment")
    return f"""CASE {line_type}
        WHEN 'DiscountedUsage' THEN {amount(shape, "reservation_effective_cost")}
        WHEN 'SavingsPlanCoveredUsage' THEN {amount(shape, "savings_plan_savings_plan_effective_cost")}
        WHEN 'RIFee' THEN {upfront} + {recurring}
        WHEN 'SavingsPlanRecurringFee' THEN {committed} - {used}
        WHEN 'SavingsPlanNegation' THEN CAST(0 AS {AMOUNT})
        WHEN 'SavingsPlanUpfrontFee' THEN CAST(0 AS {AMOUNT})
        ELSE CASE WHEN {line_type} = 'Fee' AND {arn} IS NOT NULL THEN CAST(0 AS {AMOUNT})
        ELSE {amount(shape, "line_item_unblended_cost")} END END"""


def _focus(shape: Shape) -> dict[str, str]:
    category, billed = text(shape, "ChargeCategory"), amount(shape, "BilledCost")
    described = f"regexp_replace({text(shape, 'ChargeDescription')}, '{PRICE}', 'per ')"
    meters = text(shape, "x_UsageType", "SkuMeter", "x_SkuMeterName")
    commitment = f"{text(shape, 'CommitmentDiscountId')} IS NOT NULL"
    invoice = shape.has("InvoiceId")
    return {
        "begun": time(shape, "ChargePeriodStart"),
        "ended": time(shape, "ChargePeriodEnd"),
        "service": text(shape, "ServiceName"),
        "usage_type": f"coalesce({meters}, {described}, {text(shape, 'SkuId', 'PricingUnit')})",
        "operation": text(shape, "x_Operation"),
        "account": text(shape, "SubAccountId", "BillingAccountId"),
        "region": text(shape, "RegionId", "RegionName"),
        "category": f"""CASE WHEN lower({text(shape, "ChargeClass")}) = 'correction'
            THEN CASE WHEN {billed} < 0 THEN 'refund' ELSE 'adjustment' END
            WHEN lower({text(shape, "CommitmentDiscountStatus")}) = 'unused' THEN 'commitment'
            WHEN lower({category}) = 'usage' THEN 'usage'
            WHEN lower({category}) = 'purchase' THEN CASE WHEN {commitment} THEN 'commitment' ELSE 'fee' END
            WHEN lower({category}) IN ('tax', 'credit') THEN lower({category}) ELSE 'adjustment' END""",
        "unit": text(shape, "ConsumedUnit", "PricingUnit"),
        "currency": text(shape, "BillingCurrency"),
        "estimated": f"{text(shape, 'InvoiceId')} IS NULL" if invoice else "CAST(NULL AS BOOLEAN)",
        "billed": billed,
        "amortised": amount(shape, "EffectiveCost"),
        "list_cost": amount(shape, "ListCost"),
        "usage": f"coalesce({amount(shape, 'ConsumedQuantity')}, {amount(shape, 'PricingQuantity')})",
        "resource": text(shape, "ResourceId"),
    }


def tag_names(costs: Costs) -> tuple[str, ...]:
    """The profile's tags, sorted; a line has one column for each, tag_0, tag_1, …"""
    return tuple(sorted({*costs.tags, *([costs.tenant_tag] if costs.tenant_tag else [])}))


def line_columns(costs: Costs) -> tuple[str, ...]:
    """The columns of a line: LINE, and the tags."""
    return (*LINE, *(f"tag_{number}" for number in range(len(tag_names(costs)))))


def tags_json(costs: Costs) -> str:
    """SQL for the tags of a line, or of lines grouped by them, as JSON with sorted keys; null without any."""
    names = enumerate(tag_names(costs))
    members = [f"{literal(_json_key(name))} || CAST(to_json(tag_{number}) AS VARCHAR)" for number, name in names]
    if not members:
        return "CAST(NULL AS VARCHAR)"
    return f"'{{' || nullif(concat_ws(', ', {', '.join(members)}), '') || '}}'"


def _tag(shape: Shape, name: str) -> str:
    """SQL for the value of a tag, the empty string where the bill has no tags at all."""
    if shape.form != CUR:
        return _member(shape, "Tags", name, f"user:{name}", f"user_{name}")
    plain = name.lower()
    columns = [f"resource_tags_user_{plain}", f"resource_tags_{plain}"]
    if any(shape.has(column) for column in columns):
        return text(shape, *columns)
    return _member(shape, "resource_tags", f"user_{plain}", f"user_{name}", f"user:{name}", name)


def _member(shape: Shape, column: str, *names: str) -> str:
    """SQL for the first of some members of a map, or of an object in JSON; the empty string without the column."""
    place = shape.place(column)
    if place is None:
        return ""
    if place.type.startswith("MAP"):
        found = [f"nullif({place.sql}[{literal(name)}], '')" for name in dict.fromkeys(names)]
    else:
        json = f"CASE WHEN json_valid({place.sql}) THEN {place.sql} END"
        paths = [literal('$."' + name.replace('"', "") + '"') for name in dict.fromkeys(names)]
        found = [f"nullif(json_extract_string({json}, {path}), '')" for path in paths]
    return f"coalesce({', '.join([*found, 'NULL'])})"


def _ours(shape: Shape, costs: Costs, account: str) -> str:
    """SQL for whether a line is this system's."""
    kept = [
        f"coalesce({_tag(shape, name) or 'NULL'} = {literal(value)}, FALSE)"
        for name, value in sorted(costs.only_tags.items())
    ]
    if costs.only_accounts:
        listed = ", ".join(map(literal, costs.only_accounts))
        kept.append(f"coalesce({account} IN ({listed}), FALSE)")
    return " AND ".join(kept) or "TRUE"


def _identity(shape: Shape, cells: dict[str, str]) -> dict[str, str]:
    """What makes two lines the same one: the bill's id, time and kind, or, without an id, every column.

    AWS's ids are unique within a part of one report only, so that time and kind have to agree as well.
    """
    alike = f"hash({', '.join(place.sql for place in shape.places.values())})"
    if shape.form != CUR or not shape.has("identity_line_item_id"):
        return {"has_id": "FALSE", "key": alike}
    line_id = text(shape, "identity_line_item_id")
    known = f"hash({line_id}, {cells['begun']})"
    return {"has_id": f"{line_id} IS NOT NULL", "key": f"CASE WHEN {line_id} IS NOT NULL THEN {known} END"}


def _bare(place: Place, form: str) -> str:
    value = place.sql if place.type == "VARCHAR" else f"CAST({place.sql} AS VARCHAR)"
    return f"nullif({value}, '')" if form == CUR else f"nullif(nullif({value}, ''), 'NULL')"


def _json_key(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '": '
