"""The frames of the cost notebook; see `ddms_ops.schema`.

Money and usage are `decimal.Decimal` in object columns, never summed in float; null is `None`.
"""

from ddms_ops.schema import PULL, ROW, UTC, Column, Schema

CATEGORIES = ("usage", "commitment", "fee", "credit", "refund", "tax", "adjustment")
"""Usage is what running costs, covered by a commitment or not (at its amortised price). Commitment is what a
reservation or savings plan costs beyond what it covers: upfront and recurring fees, what stays unused, negations. Fee
is a one-off or monthly charge that is no usage."""

COSTS = Schema(
    "COSTS",
    (
        Column("timestamp", UTC, "start of the day (or hour) that is charged"),
        Column("service", "str", "product, as the bill names it"),
        Column("usage_type", "str", "usage type (FOCUS: SKU or pricing unit), null where the bill does not say"),
        Column("operation", "str", "operation, null where the bill does not say"),
        Column("account", "str", "account that used it"),
        Column("region", "str", "region"),
        Column("category", "str", "one of CATEGORIES"),
        Column("unit", "str", "unit of usage, null without one"),
        Column("currency", "str", "ISO 4217"),
        Column("estimated", "boolean", "whether AWS calls it estimated; null where the bill does not say"),
        Column("billed", "object", "Decimal, as invoiced (unblended)"),
        Column("amortised", "object", "Decimal, commitments spread over what they cover; None where not known"),
        Column("list_cost", "object", "Decimal, at public on-demand prices; None where not known"),
        Column("usage", "object", "Decimal, in `unit`; None where the bill does not say"),
        Column("lines", "int64", "lines of the bill that were added up"),
        PULL,
        ROW,
    ),
)

DETAILS = Schema(
    "DETAILS",
    (
        Column("side", "str", "now or before"),
        Column("service", "str", "as in COSTS"),
        Column("usage_type", "str", "as in COSTS"),
        Column("operation", "str", "as in COSTS"),
        Column("category", "str", "as in COSTS"),
        Column("resource", "str", "resource id; null where the line has none, or is one of many that moved little"),
        Column("tags", "str", "the profile's tags of the line as JSON with sorted keys, null without any"),
        Column("unit", "str", "as in COSTS"),
        Column("billed", "object", "Decimal, sum over the side's days"),
        Column("amortised", "object", "Decimal or None"),
        Column("usage", "object", "Decimal or None"),
        Column("lines", "int64", "lines of the bill that were added up"),
        PULL,
        ROW,
    ),
)

BRIDGE_KEYS = ("service", "usage_type", "operation")
BARS = ("usage", "price", "new", "gone", "commitment", "credits", "fees")
"""The bars of a bridge, in the order in which they are shown. Credits are credits and refunds; fees are one-off and
monthly charges, taxes and adjustments."""

BRIDGE = Schema(
    "BRIDGE",
    (
        *(Column(name, "str", "as in COSTS") for name in (*BRIDGE_KEYS, "category", "unit")),
        Column("before", "object", "Decimal, cost of the baseline, scaled to the window's number of periods"),
        Column("now", "object", "Decimal, cost of the window"),
        Column("delta", "object", "Decimal, now - before, exactly"),
        Column("usage_before", "object", "Decimal, scaled, or None"),
        Column("usage_now", "object", "Decimal or None"),
        *(Column(name, "object", f"Decimal, part of delta in the bar {name}") for name in BARS),
        Column("bar", "str", "the bar that holds most of delta"),
    ),
)

AMOUNTS = Schema(
    "AMOUNTS",
    (
        Column("timestamp", UTC, "start of the hour"),
        Column("signal", "str", "<driver>/<step>"),
        Column("tenant", "str", "tenant, null where it is not known (a metric, an event without one)"),
        Column("value", "float64", "sum over the hour, in the signal's unit"),
        Column("events", "int64", "log events or metric points behind it"),
        PULL,
        ROW,
    ),
)

WORK = Schema(
    "WORK",
    (
        Column("repeats", "str", "name of the entry in `repeats`"),
        Column("id", "str", "document or request that was worked on"),
        Column("tenant", "str", "tenant, null where no event names one"),
        Column("times", "int64", "how often in the window"),
        Column("first", UTC, "first time"),
        Column("last", UTC, "last time"),
        PULL,
        ROW,
    ),
)
