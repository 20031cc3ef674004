"""The questions and the columns of their answers."""

from dataclasses import dataclass

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(38, 12)  # money and usage: exact sums of lines rounded to 1e-12
TEXT = pa.string()
SUMS = [("billed", MONEY), ("amortised", MONEY), ("list_cost", MONEY), ("usage", MONEY), ("lines", pa.int64())]
KINDS = [("service", TEXT), ("usage_type", TEXT), ("operation", TEXT)]


@dataclass(frozen=True, slots=True)
class CostPart:
    """One question: its name in words, and the columns of its answer."""

    words: str
    schema: pa.Schema


COST_PARTS = {
    "days": CostPart(
        "costs by day",
        pa.schema(
            [
                ("timestamp", TIME), *KINDS, ("account", TEXT), ("region", TEXT), ("category", TEXT), ("unit", TEXT),
                ("currency", TEXT), ("estimated", pa.bool_()), *SUMS,
            ]
        ),
    ),
    "hours": CostPart(
        "costs by hour",
        pa.schema([("timestamp", TIME), ("service", TEXT), ("usage_type", TEXT), ("category", TEXT), *SUMS]),
    ),
    "details": CostPart(
        "costs by resource and tag",
        pa.schema(
            [("side", TEXT), *KINDS, ("category", TEXT), ("resource", TEXT), ("tags", TEXT), ("unit", TEXT), *SUMS]
        ),
    ),
}  # fmt: skip
"""`days`: every day of the query's window, all lines. `hours`: the same by hour, usage only; no rows where the bill is
daily. `details`: the sums of the query's `now` and `before` days by resource and tags; of resources those with the
largest difference, the rest under a null resource. Sums are null where the bill does not say."""
