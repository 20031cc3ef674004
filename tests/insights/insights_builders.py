"""Log events from lines that a test shows, and what a query makes of them."""

import json

import pandas as pd
import pyarrow as pa

from ddms_ops.insights import run_query

DAY = "2026-03-04"
SCHEMA = pa.schema(
    [
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("log_group", pa.string()),
        ("log_stream", pa.string()),
        ("message", pa.string()),
        ("event_id", pa.string()),
        ("ingestion_time", pa.timestamp("us", tz="UTC")),
        ("row", pa.int64()),
    ]
)


def at(clock: str) -> pd.Timestamp:
    """An instant of the test day, UTC."""
    return pd.Timestamp(f"{DAY}T{clock}", tz="UTC")


def events(*lines: str) -> pa.Table:
    """Log events from "10:00 the message": a clock of the test day, then the message as it is."""
    cut = [line.split(" ", 1) for line in lines]
    rows = [
        {
            "timestamp": at(clock),
            "log_group": "/aws/lambda/api",
            "log_stream": "stream-1",
            "message": message,
            "event_id": None,
            "ingestion_time": at(clock),
            "row": row,
        }
        for row, (clock, message) in enumerate(cut)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def records(*values: dict) -> pa.Table:
    """Log events whose messages are these objects, a second apart."""
    return events(*(f"10:00:{second:02d} {json.dumps(value)}" for second, value in enumerate(values)))


def rows(query: str, log_events: pa.Table) -> list[tuple]:
    """The rows that a query gives, missing values as None."""
    frame = run_query(query, log_events)
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]


def one(expression: str, **record: object) -> object:
    """What an expression gives over one event."""
    [(value,)] = rows(f"fields {expression} as x", records(record))
    return value
