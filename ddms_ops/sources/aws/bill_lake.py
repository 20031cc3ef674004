"""The bill's table in Athena, summed there to what a question needs: a small bill of the same columns.

Only constant names of columns stand in the SQL; values travel beside it. What comes back is read as a bill's file is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import pyarrow as pa

from ddms_ops.cost_sql import Place, Shape, lines_sql
from ddms_ops.coverage import Status
from ddms_ops.sources.aws.athena import NAME
from ddms_ops.sources.aws.bill_store import months_of
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.queries import CostQuery
from ddms_ops.window import Window

MOST = 100_000  # sums by resource that are taken: they are held in memory
DAY = pd.Timedelta(days=1)
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
LINE_ID = "identity_line_item_id"  # no sum has one
MEMBERS = {
    "product_product_name": ("product", "product_name", ("product_product_name",)),
    "product_region": ("product", "region", ("product_region", "product_region_code")),
}
"""A column that a member of a map is given as: the map, the member, and the columns that it is not needed beside."""
SIDE, LAST = "side", "last"


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


@dataclass(frozen=True, slots=True)
class _Asked(Shape):
    """A table's columns, and which of them a bill's lines are made of; each place is the column's name."""

    names: set[str] = field(default_factory=set)

    def place(self, name: str) -> Place | None:
        """The column's place, remembered."""
        found = Shape.place(self, name)
        self.names.update([found.sql] if found else [])
        return found


def bill_statement(table: Table, query: CostQuery) -> Statement:
    """The SELECT for a question: sums by all that tells lines apart, by day, by hour, or by side and resource.

    Lines that say another set of amounts are summed apart, so that no sum hides what is unknown.

    Raises:
        AwsFault: the table is no bill.
    """
    form, statement = table.form, Statement("")
    start = _time(table, TIMES[form][0])
    amounts = [name for name in AMOUNTS[form] if name in table.columns]
    texts = _texts(table, query) | {"said": " || ".join(map(_is_said, amounts))}
    keys, first = _period(table, query, start, statement)
    texts |= keys
    sums = {name: _shown(f"SUM({_decimal(name)})") for name in amounts}
    where = _where(table, query, start, statement)
    picked = [f'{sql} AS "{name}"' for name, sql in {**texts, **first, **sums}.items()]
    by = ", ".join(str(place + 1) for place in range(len(texts)))
    most = f" ORDER BY ABS(SUM({_decimal(AMOUNTS[form][0])})) DESC LIMIT {MOST + 1}" if query.part == "details" else ""
    statement.sql = f'SELECT {", ".join(picked)} FROM "{table.name}" WHERE {where} GROUP BY {by}{most}'
    return statement


def sides_apart(rows: pa.Table, form: str, query: CostQuery) -> tuple[pa.Table, CostQuery]:
    """Sums of two sides, each side on one day, and the question about them: a sum is of no day in particular.

    The two days are next to each other, and no later than any that was asked for.

    Args:
        rows: the answer to the statement for `details`.
        form: of the table.
        query: the question.
    """
    first = pd.Timestamp(min((*query.now, *query.before)), tz="UTC")
    days = {"now": f"{first:%Y-%m-%d}", "before": f"{first - DAY:%Y-%m-%d}"}
    names = TIMES[form]
    begun = pa.array([days[side] for side in rows[SIDE].to_pylist()], pa.string())
    placed = rows.set_column(rows.column_names.index(names[0]), names[0], begun)
    now, before = (days["now"],) * len(query.now), (days["before"],) * len(query.before)
    return placed, replace(query, window=Window(first - DAY, first + DAY), now=now, before=before, until=None)


def days_of(rows: pa.Table, form: str) -> Window:
    """From the first day to the end of the last that sums of two sides hold lines of."""
    first, last = min(rows[TIMES[form][0]].to_pylist()), max(rows[LAST].to_pylist())
    return Window(pd.Timestamp(first, tz="UTC").floor("D"), pd.Timestamp(last, tz="UTC").floor("D") + DAY)


def _texts(table: Table, query: CostQuery) -> dict[str, str]:
    """What tells lines apart, but for their times: all columns that lines are made of and that are no amount."""
    form = table.form
    is_by_resource = query.part == "details"
    costs = query.costs if is_by_resource else query.costs.model_copy(update={"tags": (), "tenant_tag": ""})
    places = {name: Place(name) for name in table.columns if NAME.fullmatch(name) and name != LINE_ID}
    asked = _Asked(form, places)
    lines_sql(asked, costs, "bill")
    passed = {*AMOUNTS[form], *TIMES[form], *([] if is_by_resource else [RESOURCE[form]])}
    found: dict[str, str] = {}
    for name in sorted(asked.names - passed):
        is_map = table.columns[name].startswith("map")
        if is_map and name != TAGS[form]:
            found |= _members(table, name)
        else:
            found[name] = f'JSON_FORMAT(CAST("{name}" AS JSON))' if is_map else _text(name)
    return found


def _period(table: Table, query: CostQuery, start: str, statement: Statement) -> tuple[dict[str, str], dict[str, str]]:
    """What tells the times of lines apart, and the first and last time of a group where that is none."""
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
    is_now = f"CAST({start} AS DATE) IN ({_places(query.now)})" if query.now else "FALSE"
    side = f"CASE WHEN {is_now} THEN 'now' ELSE 'before' END"
    return {SIDE: side, ends: longer}, {begins: _shown(f"MIN({start})"), LAST: _shown(f"MAX({start})")}


def _where(table: Table, query: CostQuery, start: str, statement: Statement) -> str:
    """The window, or the two sides' days, and their billing months where the table is parted by them."""
    if query.part == "details":
        days = sorted({*query.now, *query.before})
        statement.values += days
        parts = [f"CAST({start} AS DATE) IN ({_places(days)})" if days else "FALSE"]
        months = sorted({day[:7] for day in days})
    else:
        window = query.window
        statement.values += [f"{stamp.tz_convert('UTC'):%Y-%m-%d %H:%M:%S}" for stamp in (window.start, window.end)]
        parts = [f"{start} >= CAST(? AS TIMESTAMP)", f"{start} < CAST(? AS TIMESTAMP)"]
        months = sorted(months_of(window))
    return " AND ".join([*parts, *_months(table, months, statement)])


def _months(table: Table, months: Sequence[str], statement: Statement) -> list[str]:
    if months and "billing_period" in table.partitions:
        statement.values += months
        return [f'"billing_period" IN ({", ".join("?" * len(months))})']
    if months and {"year", "month"} <= set(table.partitions):
        parts = []
        for year, month in (text.split("-") for text in months):
            statement.values += [year, str(int(month)), month]
            parts.append('("year" = ? AND "month" IN (?, ?))')
        return [f"({' OR '.join(parts)})"]
    return []


def _members(table: Table, column: str) -> dict[str, str]:
    """The members of a map that lines are made of."""
    return {
        name: f"ELEMENT_AT(\"{column}\", '{member}')"
        for name, (whole, member, others) in MEMBERS.items()
        if whole == column and not any(other in table.columns for other in others)
    }


def _time(table: Table, name: str) -> str:
    """SQL for a TIMESTAMP in UTC."""
    if table.columns[name].startswith("timestamp"):
        return f'CAST("{name}" AS TIMESTAMP)'
    return f"CAST(FROM_ISO8601_TIMESTAMP(\"{name}\") AT TIME ZONE 'UTC' AS TIMESTAMP)"


def _shown(sql: str) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _text(name: str) -> str:
    return f'CAST("{name}" AS VARCHAR)'


def _decimal(name: str) -> str:
    return f'TRY_CAST("{name}" AS DECIMAL(38, 12))'


def _is_said(name: str) -> str:
    return f"CASE WHEN {_decimal(name)} IS NULL THEN '-' ELSE '+' END"


def _places(days: Sequence[str]) -> str:
    return ", ".join(["CAST(? AS DATE)"] * len(days))
