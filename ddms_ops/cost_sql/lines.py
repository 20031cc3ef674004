"""One SELECT that brings the lines of a bill, of whatever form, to one shape: LINE.

Amounts are cast to decimals with 12 places, line by line, before anything is added up. What a line costs amortised is,
for a Cost and Usage Report, what AWS's own query says (CUR Query Library, "Amortized cost by charge type",
catalog.workshops.aws/cur-query-library): the effective cost of what a reservation or savings plan covers; of recurring
fees the unused part; of negations and upfront fees nothing; of anything else what is billed. For FOCUS it is its own
EffectiveCost. Usage that lasts longer than a day (a hosted zone, billed for its month) is a fee: no day can have it.
"""

from collections.abc import Sequence

from ddms_ops.cost_sql.kinds import DISCOUNTS, category_sql, is_known_sql
from ddms_ops.cost_sql.names import CUR, Place, Shape, snake
from ddms_ops.engine import instant, literal
from ddms_ops.spending import Costs

AMOUNT = "DECIMAL(38, 12)"
DAY = "INTERVAL 1 DAY"
EXACT_BELOW = 4096  # a double times 1e12 is still whole below
PRICE = r"^([$€£]|USD ?)?[0-9][0-9.,]* (USD )?per "  # a description that changes with the price names no usage
CATEGORIES = ("usage", "purchase", "tax", "credit", "adjustment")  # of FOCUS
KIND_COLUMNS = ("service", "usage_type", "operation", "account", "region", "category", "unit", "currency")
AMOUNTS = ("billed", "amortised", "list_cost", "usage")
LINE = ("begun", "ended", *KIND_COLUMNS, "estimated", *AMOUNTS, "resource", "is_ours", "is_known", "has_id", "key")
"""`begun` and `ended` are TIMESTAMP in UTC; `is_ours` is whether the profile's filters keep the line; `key` is alike
for lines that are the same line, `has_id` says that it is so by the bill's own id; `is_known` is whether AWS's type of
line is one that we know."""


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
    tags = {
        f"tag_{number}": _tag(shape, name) or "CAST(NULL AS VARCHAR)" for number, name in enumerate(tag_names(costs))
    }
    cells |= tags
    cells["is_ours"] = _ours(shape, costs, cells["account"])
    cells |= _identity(shape, cells, list(tags.values()))
    picked = ", ".join(f"{cells[name]} AS {name}" for name in line_columns(costs))
    return f"SELECT {picked} FROM {source}"


def text_sql(shape: Shape, *names: str) -> str:
    """SQL for the first of some columns that says anything; the text NULL says nothing in FOCUS."""
    found = [_bare(place, shape.form) for name in names if (place := shape.place(name))]
    return "CAST(NULL AS VARCHAR)" if not found else found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def amount_sql(shape: Shape, name: str) -> str:
    """SQL for an amount of money or usage; null where there is none, or none that can be read."""
    place = shape.place(name)
    if place is None:
        return f"CAST(NULL AS {AMOUNT})"
    if place.type not in ("DOUBLE", "FLOAT"):
        return f"try_cast({place.sql} AS {AMOUNT})"
    exactly = f"try_cast(CAST({place.sql} AS VARCHAR) AS {AMOUNT})"
    return f"CASE WHEN abs({place.sql}) < {EXACT_BELOW} THEN CAST({place.sql} AS {AMOUNT}) ELSE {exactly} END"


def time_sql(shape: Shape, name: str) -> str:
    """SQL for a TIMESTAMP in UTC; a text without a zone is in UTC."""
    place = shape.place(name)
    if place is None:
        return "CAST(NULL AS TIMESTAMP)"
    if place.type == "TIMESTAMP":
        return place.sql
    if place.type != "VARCHAR":
        return f"CAST({place.sql} AS TIMESTAMP)"
    return instant(place.sql)


def _cur(shape: Shape) -> dict[str, str]:
    line_type = f"lower({text_sql(shape, 'line_item_line_item_type')})"
    arn = text_sql(shape, "reservation_reservation_a_r_n", "reservation_reservation_arn")
    category = (
        f"CASE WHEN {line_type} = 'fee' AND {arn} IS NOT NULL THEN 'commitment' ELSE {category_sql(line_type)} END"
    )
    names = [text_sql(shape, "product_product_name")] if shape.has("product_product_name") else [product_name(shape)]
    named = ", ".join([name for name in names if name] + [text_sql(shape, "line_item_product_code")])
    regions = [text_sql(shape, "product_region_code", "product_region")]
    if not shape.has("product_region_code") and (member := _member(shape, "product", "region")):
        regions.append(member)
    invoice = shape.has("bill_invoice_id")
    return {
        "begun": time_sql(shape, "line_item_usage_start_date"),
        "ended": time_sql(shape, "line_item_usage_end_date"),
        "service": f"coalesce({named})",
        "usage_type": text_sql(shape, "line_item_usage_type"),
        "operation": text_sql(shape, "line_item_operation"),
        "account": _account(text_sql(shape, "line_item_usage_account_id")),
        "region": f"coalesce({', '.join(regions)}, NULL)",
        "category": category,
        "is_known": is_known_sql(line_type),
        "unit": text_sql(shape, "pricing_unit"),
        "currency": text_sql(shape, "line_item_currency_code"),
        "estimated": f"{text_sql(shape, 'bill_invoice_id')} IS NULL" if invoice else "CAST(NULL AS BOOLEAN)",
        "billed": amount_sql(shape, "line_item_unblended_cost"),
        "amortised": _amortised(shape, line_type, arn),
        "list_cost": amount_sql(shape, "pricing_public_on_demand_cost"),
        "usage": _used(line_type, amount_sql(shape, "line_item_usage_amount")),
        "resource": text_sql(shape, "line_item_resource_id"),
    }


def _account(text: str) -> str:
    """SQL for an account; the zeros that a number loses at its front are back."""
    return (
        f"CASE WHEN length({text}) BETWEEN 9 AND 11 AND regexp_full_match({text}, '[0-9]+') "
        f"THEN lpad({text}, 12, '0') ELSE {text} END"
    )


def product_name(shape: Shape) -> str:
    """SQL for the product's name where a bill has it among other attributes only; else the empty string."""
    return _member(shape, "product", "product_name")


def _used(line_type: str, quantity: str) -> str:
    """SQL for an amount of usage; a discount adds none to what it lowers, a credit or the like has none."""
    counted = dict.fromkeys(("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "Fee"), quantity)
    counted |= dict.fromkeys(DISCOUNTS, f"CAST(0 AS {AMOUNT})")
    cases = [f"WHEN {literal(name.lower())} THEN {value}" for name, value in counted.items()]
    return f"CASE {line_type} {' '.join(cases)} END"


def _amortised(shape: Shape, line_type: str, arn: str) -> str:
    """SQL for the amortised cost of a line of a CUR; null where a column that it takes is absent or says nothing."""
    upfront = amount_sql(shape, "reservation_unused_amortized_upfront_fee_for_billing_period")
    recurring = amount_sql(shape, "reservation_unused_recurring_fee")
    committed = amount_sql(shape, "savings_plan_total_commitment_to_date")
    used = amount_sql(shape, "savings_plan_used_commitment")
    effective = "savings_plan_savings_plan_effective_cost"
    negated = f"CAST({0 if shape.has(effective) else 'NULL'} AS {AMOUNT})"
    return f"""CASE {line_type}
        WHEN 'discountedusage' THEN {amount_sql(shape, "reservation_effective_cost")}
        WHEN 'savingsplancoveredusage' THEN {amount_sql(shape, effective)}
        WHEN 'rifee' THEN {upfront} + {recurring}
        WHEN 'savingsplanrecurringfee' THEN {committed} - {used}
        WHEN 'savingsplannegation' THEN {negated}
        WHEN 'savingsplanupfrontfee' THEN CAST(0 AS {AMOUNT})
        ELSE CASE WHEN {line_type} = 'fee' AND {arn} IS NOT NULL THEN CAST(0 AS {AMOUNT})
        ELSE {amount_sql(shape, "line_item_unblended_cost")} END END"""


def _focus(shape: Shape) -> dict[str, str]:
    category, billed = text_sql(shape, "ChargeCategory"), amount_sql(shape, "BilledCost")
    described = f"regexp_replace({text_sql(shape, 'ChargeDescription')}, '{PRICE}', 'per ')"
    meters = text_sql(shape, "x_UsageType", "SkuMeter", "x_SkuMeterName")
    commitment = f"{text_sql(shape, 'CommitmentDiscountId')} IS NOT NULL"
    invoice = shape.has("InvoiceId")
    return {
        "begun": time_sql(shape, "ChargePeriodStart"),
        "ended": time_sql(shape, "ChargePeriodEnd"),
        "service": text_sql(shape, "ServiceName"),
        "usage_type": f"coalesce({meters}, {described}, {text_sql(shape, 'SkuId', 'PricingUnit')})",
        "operation": text_sql(shape, "x_Operation"),
        "account": _account(text_sql(shape, "SubAccountId", "BillingAccountId")),
        "region": text_sql(shape, "RegionId", "RegionName"),
        "category": f"""CASE WHEN lower({text_sql(shape, "ChargeClass")}) = 'correction'
            THEN CASE WHEN {billed} < 0 THEN 'refund' ELSE 'adjustment' END
            WHEN lower({text_sql(shape, "CommitmentDiscountStatus")}) = 'unused' THEN 'commitment'
            WHEN lower({category}) = 'usage' THEN 'usage'
            WHEN lower({category}) = 'purchase' THEN CASE WHEN {commitment} THEN 'commitment' ELSE 'fee' END
            WHEN lower({category}) IN ('tax', 'credit') THEN lower({category}) ELSE 'adjustment' END""",
        "is_known": f"coalesce(lower({category}) IN ({', '.join(map(literal, CATEGORIES))}), FALSE)",
        "unit": text_sql(shape, "ConsumedUnit", "PricingUnit"),
        "currency": text_sql(shape, "BillingCurrency"),
        "estimated": f"{text_sql(shape, 'InvoiceId')} IS NULL" if invoice else "CAST(NULL AS BOOLEAN)",
        "billed": billed,
        "amortised": amount_sql(shape, "EffectiveCost"),
        "list_cost": amount_sql(shape, "ListCost"),
        "usage": f"coalesce({amount_sql(shape, 'ConsumedQuantity')}, {amount_sql(shape, 'PricingQuantity')})",
        "resource": text_sql(shape, "ResourceId"),
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
    """SQL for the value of a tag, the empty string where the bill has no tags at all; AWS writes CostCenter in several
    ways, cost_center is one.
    """
    if shape.form != CUR:
        return _member(shape, "Tags", name, f"user:{name}", f"user_{name}")
    plain = dict.fromkeys((name.lower(), snake(name)))
    columns = [f"{front}{one}" for one in plain for front in ("resource_tags_user_", "resource_tags_")]
    if any(shape.has(column) for column in columns):
        return text_sql(shape, *columns)
    keys = [f"{front}{one}" for one in dict.fromkeys((name, *plain)) for front in ("user_", "user:", "")]
    return _member(shape, "resource_tags", *keys)


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


def _identity(shape: Shape, cells: dict[str, str], tags: Sequence[str]) -> dict[str, str]:
    """What makes two lines the same one: the bill's id, time and type, or, without an id, all that we read of it.

    What is read is the same in every file format and order of columns. A line without an id among others with one has
    no key: it is its own.
    """
    told = [cells[name] for name in ("begun", "ended", *KIND_COLUMNS, *AMOUNTS, "resource")]
    alike = f"hash({', '.join([*told, *tags])})"
    if shape.form != CUR or not shape.has("identity_line_item_id"):
        return {"has_id": "FALSE", "key": alike}
    line_id = text_sql(shape, "identity_line_item_id")
    known = f"hash({line_id}, {cells['begun']}, {text_sql(shape, 'line_item_line_item_type')})"
    return {"has_id": f"{line_id} IS NOT NULL", "key": f"CASE WHEN {line_id} IS NOT NULL THEN {known} END"}


def _bare(place: Place, form: str) -> str:
    value = place.sql if place.type == "VARCHAR" else f"CAST({place.sql} AS VARCHAR)"
    return f"nullif({value}, '')" if form == CUR else f"nullif(nullif({value}, ''), 'NULL')"


def _json_key(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '": '
