"""The frames that analysis works on: every column with its dtype, unit and meaning."""

from dataclasses import dataclass

import pandas as pd

UTC = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, holds and means."""

    name: str
    dtype: str
    doc: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A frame's columns, in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names, in order."""
        return [column.name for column in self.columns]


ROW = Column("row", "int64", "position in the pull's evidence file, from 0")
PULL = Column("pull", "category", "pull the record came with")

LOGS = Schema(
    "LOGS",
    (
        Column("timestamp", UTC, "when the event was logged"),
        Column("level", "category", "TRACE DEBUG INFO WARN ERROR FATAL, or null when it has none"),
        Column("stated_level", "category", "level as a field of the event states it, null without one"),
        Column("message", "str", "first line of the event's text, without its envelope, at most 1,000 characters"),
        Column("error", "str", "exception class or error code, null without one"),
        Column("states_error", "bool", "whether a field of the event, not its text, names that error"),
        Column("trace", "category", "stack trace, at most 8,000 characters, null without one"),
        Column("log_group", "category", "log group"),
        Column("log_stream", "category", "log stream"),
        Column("request_id", "str", "request that logged it"),
        Column("tenant", "category", "tenant whose request it was"),
        Column("user", "str", "user whose request it was"),
        Column("endpoint", "category", "method and route, variable parts of the path masked"),
        Column("status", "str", "HTTP status or job status, as logged"),
        Column("duration_ms", "float64", "duration, ms"),
        Column("version", "category", "version of the code that logged it"),
        Column("job_type", "category", "kind of background job"),
        Column("action", "category", "business action"),
        Column("delay_s", "float32", "from the event to its receipt by the log service, s"),
        Column("is_parsed", "bool", "False where the message began as JSON and was not"),
        PULL,
        ROW,
    ),
)

METRICS = Schema(
    "METRICS",
    (
        Column("timestamp", UTC, "start of the period"),
        Column("metric", "str", "our name, or the label as exported for an undeclared one"),
        Column("value", "float64", "value, in the metric's own unit"),
        PULL,
        ROW,
    ),
)

CHANGES = Schema(
    "CHANGES",
    (
        Column("timestamp", UTC, "when the call was made"),
        Column("name", "str", "API call, e.g. UpdateFunctionCode"),
        Column("service", "str", "AWS service that was called, without .amazonaws.com"),
        Column("resource", "str", "what was changed, null when the record does not say"),
        Column("actor", "str", "who called"),
        Column("is_write", "bool", "False for reads"),
        Column("error", "str", "error code, null when the call succeeded"),
        PULL,
        ROW,
    ),
)

ALARMS = Schema(
    "ALARMS",
    (
        Column("timestamp", UTC, "when the state changed"),
        Column("alarm", "str", "alarm name"),
        Column("old_state", "str", "OK ALARM INSUFFICIENT_DATA"),
        Column("new_state", "str", "OK ALARM INSUFFICIENT_DATA"),
        PULL,
        ROW,
    ),
)


def conform(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The frame with exactly the schema's columns, dtypes and order.

    Args:
        frame: any of the schema's columns; a missing one is filled with null (False for bool).

    Returns:
        A new frame with a RangeIndex; no rows still means all columns.
    """
    columns = {}
    for column in schema.columns:
        if column.name in frame:
            values = frame[column.name].reset_index(drop=True)
        else:
            fill: object = False if column.dtype == "bool" else 0 if column.dtype == "int64" else None
            values = pd.Series([fill] * len(frame), dtype="object")
        columns[column.name] = _cast(values, column.dtype)
    return pd.DataFrame(columns, columns=schema.names)


def _cast(values: pd.Series, dtype: str) -> pd.Series:
    if dtype == "category":
        return values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("str").astype("category")
    if dtype == UTC:
        return pd.to_datetime(values, utc=True).astype(UTC)
    return values.astype(dtype)  # type: ignore[call-overload]
