"""An independent reading of an export of the invoice pipeline: plain json and Parquet, nothing of the simulator's."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from reading import text_of

GROUP = "__aws__lambda__smart-invoice-prod-"
HOUR_MS = 3_600_000


@lru_cache(maxsize=4)
def messages(export: Path, kind: str) -> tuple[tuple[int, dict], ...]:
    """Time (epoch ms) and fields of every event of a function's log group."""
    lines = [line for path in sorted((export / "logs" / f"{GROUP}{kind}").iterdir())
             for line in text_of(path).splitlines()]  # fmt: skip
    events = map(json.loads, lines)
    return tuple((event["timestamp"], json.loads(event["message"])) for event in events)


def said(export: Path, message: str) -> Iterator[tuple[int, dict]]:
    """Events of the inference function that say this."""
    return (item for item in messages(export, "inference") if item[1]["message"] == message)


def logged_by_hour(export: Path, message: str, field: str) -> Counter:
    """Sum of a field of the events that say this, by hour (epoch ms)."""
    found: Counter = Counter()
    for stamp, event in said(export, message):
        found[stamp // HOUR_MS * HOUR_MS] += event[field]
    return found


@lru_cache(maxsize=4)
def bill(export: Path) -> pa.Table:
    """All lines of the bill."""
    files = sorted((export / "costs").rglob("*.parquet"))
    return pa.concat_tables([pq.read_table(path, partitioning=None) for path in files])


def billed_by_hour(export: Path, usage_type: str, resource: str | None = None) -> Counter:
    """Usage of a usage type by hour (epoch ms), usage lines alone."""
    names = ("line_item_usage_start_date", "line_item_usage_type", "line_item_usage_amount", "line_item_resource_id",
             "line_item_line_item_type")  # fmt: skip
    found: Counter = Counter()
    for start, kind, amount, own, line_type in zip(*(bill(export)[name].to_pylist() for name in names), strict=True):
        if kind == usage_type and line_type == "Usage" and resource in (None, own):
            found[int(start.timestamp() * 1000)] += amount
    return found


def points(export: Path) -> dict[str, dict[str, float]]:
    """Every metric's values by time."""
    series = [one for path in sorted((export / "metrics").iterdir())
              for one in json.loads(path.read_text())["MetricDataResults"]]  # fmt: skip
    return {one["Id"]: dict(zip(one["Timestamps"], one["Values"], strict=True)) for one in series}
