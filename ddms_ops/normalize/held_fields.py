"""Which of the fields that a profile maps any event of a log group has."""

from contextlib import closing
from pathlib import Path

import pyarrow as pa

from ddms_ops.declaration import Logs
from ddms_ops.engine import literal, offline_engine
from ddms_ops.normalize.json_fields import JsonFields
from ddms_ops.normalize.log_text import payload


def held_fields(records: pa.Table | Path, declared: Logs) -> tuple[int, frozenset[str]]:
    """How many events are JSON, and the names of ours (the keys of `fields`) that at least one of them has a value of.

    Args:
        records: raw log events, or a Parquet file of them.
        declared: how the system's events name things.
    """
    fields = JsonFields(declared)
    values = {name: value for name, value in fields.field.items() if name in declared.fields}
    with closing(offline_engine()) as engine:
        if isinstance(records, pa.Table):
            engine.register("events", records)
        source = "events" if isinstance(records, pa.Table) else f"read_parquet({literal(str(records))})"
        counts = ", ".join(["count(x)", *(f"count({value})" for value in values.values())])
        events = f"(SELECT {payload()} AS json FROM {source})"
        [(number, *found)] = engine.execute(f"SELECT {counts} FROM ({fields.extracted(events)})").fetchall()
    return int(number), frozenset(name for name, count in zip(values, found, strict=True) if count)
