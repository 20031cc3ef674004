"""The bill's table in Athena, summed there to what a question needs: a small bill of the same columns.

Only constant names of columns stand in the SQL; values travel beside it. What comes back is read as a bill's file is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.athena import NAME
from ddms_ops.sources.aws.bill_store import months_of
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.queries import CostQuery
from ddms_ops.window import Window

MOST = 100_000  # sums by resource that are taken: they are held in memory
TEXTS = {
    "CUR": (
        "bill_invoice_id", "line_item_usage_account_id", "line_item_line_item_type", "line_item_product_code",
        "product_product_name", "line_item_usage_type", "line_item_operation", "product_region_code", "product_region",
        "pricing_unit", "line_item_currency_code", "reservation_reservation_a_r_n",
    ),
    "FOCUS": (
        "invoiceid", "billingaccountid", "subaccountid", "chargecategory", "chargeclass", "servicename",
        "x_usagetype", "x_operation", "skumeter", "chargedescription", "skuid", "regionid", "regionname",
        "pricingunit", "consumedunit", "billingcurrency", "commitmentdiscountid", "commitmentdiscountstatus",
    ),
}  # fmt: skip
AMOUNTS = {
    "CUR": (
        "line_item_unblended_cost", "line_item_usage_amount", "pricing_public_on_demand_cost",
        "reservation_effective_cost", "reservation_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_recurring_fee", "savings_plan_savings_plan_effective_cost",
        "savings_plan_total_commitment_to_date", "savings_plan_used_commitment",
    ),
    "FOCUS": ("billedcost", "effectivecost", "listcost", "consumedquantity", "pricingquantity"),
}  # fmt: skip
TIMES = {
    "CUR": ("line_item_usage_start_date", "line_item_usage_end_date"),
    "FOCUS": ("chargeperiodstart", "chargeperiodend"),
}
RESOURCE = {"CUR": "line_item_resource_id", "FOCUS": "resourceid"}
TAGS = {"CUR": "resource_tags", "FOCUS": "tags"}
NAMED = ("product", "product_name", "product_product_name")  # a map's member, and the column that it is given as


@dataclass(slots=True)
class Statement:
    """A SELECT with a `?` for each value, and the values in order."""

    sql: str
    values: list[str | int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the data lake: types of its columns and of its partitions' keys, by name."""

    name: str
    columns: Mapping[str, str]
    partitions: Mapping[str, str]

    @property
    def form(self) -> str:
        """CUR or FOCUS.

        Raises:
            AwsFault: it is neither.
        """
        for form, times in TIMES.items():
            if times[0] in self.columns and AMOUNTS[form][0] in self.columns:
                return form
        needed = " or ".join(f"{TIMES[form][0]} and {AMOUNTS[form][0]} ({form})" for form in TIMES)
        raise AwsFault(Status.FAILED, f"costs.bill.athena_table is no bill: it has no columns {needed}")


def bill_statement(table: Table, query: CostQuery) -> Statement:
    """The SELECT for a question: sums by all that tells lines apart, by day, by hour, or by side and resource.

    Raises:
        AwsFault: the table is no bill.
    """
    form, statement = table.form, Statement("")
    start = _time(table, TIMES[form][0])
    texts = {name: _text(name) for name in TEXTS[form] if name in table.columns}
    texts |= _members(table)
    keys, first = _period(table, query, start, statement)
    if query.part == "details" and RESOURCE[form] in table.columns:
        texts[RESOURCE[form]] = _text(RESOURCE[form])
    texts |= _tags(table, query)
    texts |= keys
    sums = {name: _sum(name) for name in AMOUNTS[form] if name in table.columns}
    where = _where(table, query, start, statement)
    picked = [f'{sql} AS "{name}"' for name, sql in {**texts, **first, **sums}.items()]
    by = ", ".join(str(place + 1) for place in range(len(texts)))
    most = f" ORDER BY ABS({_decimal_sum(AMOUNTS[form][0])}) DESC LIMIT {MOST + 1}" if query.part == "details" else ""
    statement.sql = f'SELECT {", ".join(picked)} FROM "{table.name}" WHERE {where} GROUP BY {by}{most}'
    return statement


def _period(table: Table, query: CostQuery, start: str, statement: Statement) -> tuple[dict[str, str], dict[str, str]]:
    """What tells the times of lines apart, and a time that stands for all of a group where that is none."""
    begins, ends = TIMES[table.form]
    end = _time(table, ends) if ends in table.columns else "CAST(NULL AS TIMESTAMP)"
    longer = _shown(f"CASE WHEN {end} > {start} + INTERVAL '1' DAY THEN {end} END")
    if query.part == "hours":
        is_hour = f"{end} > {start} AND {end} <= {start} + INTERVAL '1' HOUR"
        hour = f"DATE_TRUNC('hour', {start})"
        one = f"CASE WHEN {is_hour} THEN {hour} + INTERVAL '1' HOUR ELSE {hour} + INTERVAL '24' HOUR END"
        return {begins: _shown(hour), ends: _shown(one)}, {}
    if query.part == "days":
        return {begins: _shown(f"DATE_TRUNC('day', {start})"), ends: longer}, {}
    statement.values += list(query.now)
    side = f"CASE WHEN CAST({start} AS DATE) IN ({_places(query.now)}) THEN 1 ELSE 0 END" if query.now else "0"
    return {"side": side, ends: longer}, {begins: _shown(f"MIN({start})")}


def _where(table: Table, query: CostQuery, start: str, statement: Statement) -> str:
    """The window, its billing months where the table is parted by them, and the two sides' days."""
    window = query.window
    texts = [f"{stamp.tz_convert('UTC'):%Y-%m-%d %H:%M:%S}" for stamp in (window.start, window.end)]
    statement.values += texts
    parts = [f"{start} >= CAST(? AS TIMESTAMP)", f"{start} < CAST(? AS TIMESTAMP)"]
    if query.part == "details":
        days = (*query.now, *query.before)
        parts.append(f"CAST({start} AS DATE) IN ({_places(days)})" if days else "FALSE")
        statement.values += list(days)
    return " AND ".join([*parts, *_months(table, window, statement)])


def _months(table: Table, window: Window, statement: Statement) -> list[str]:
    months = sorted(months_of(window))
    if "billing_period" in table.partitions:
        statement.values += months
        return [f'"billing_period" IN ({", ".join("?" * len(months))})']
    if {"year", "month"} <= set(table.partitions):
        parts = []
        for year, month in (text.split("-") for text in months):
            statement.values += [year, str(int(month)), month]
            parts.append('("year" = ? AND "month" IN (?, ?))')
        return [f"({' OR '.join(parts)})"]
    return []


def _members(table: Table) -> dict[str, str]:
    """A product's name, where it is a member of a map."""
    column, member, name = NAMED
    if name in table.columns or not table.columns.get(column, "").startswith("map"):
        return {}
    return {name: f"ELEMENT_AT(\"{column}\", '{member}')"}


def _tags(table: Table, query: CostQuery) -> dict[str, str]:
    """The columns of tags that the profile asks for."""
    costs = query.costs
    names = {*costs.only_tags}
    if query.part == "details":
        names |= {*costs.tags, *([costs.tenant_tag] if costs.tenant_tag else [])}
    if not names:
        return {}
    whole = TAGS[table.form]
    plain = [f"resource_tags_user_{name.lower()}" for name in sorted(names)]
    found = {name: _text(name) for name in plain if name in table.columns and NAME.fullmatch(name)}
    if whole in table.columns:
        is_map = table.columns[whole].startswith("map")
        found[whole] = f'JSON_FORMAT(CAST("{whole}" AS JSON))' if is_map else _text(whole)
    return found


def _time(table: Table, name: str) -> str:
    """SQL for a TIMESTAMP in UTC."""
    if table.columns[name].startswith("timestamp"):
        return f'CAST("{name}" AS TIMESTAMP)'
    return f"CAST(FROM_ISO8601_TIMESTAMP(\"{name}\") AT TIME ZONE 'UTC' AS TIMESTAMP)"


def _shown(sql: str) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _text(name: str) -> str:
    return f'CAST("{name}" AS VARCHAR)'


def _decimal_sum(name: str) -> str:
    return f'SUM(TRY_CAST("{name}" AS DECIMAL(38, 12)))'


def _sum(name: str) -> str:
    return _shown(_decimal_sum(name))


def _places(days: Sequence[str]) -> str:
    return ", ".join(["CAST(? AS DATE)"] * len(days))
