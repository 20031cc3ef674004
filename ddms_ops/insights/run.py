"""Runs a query over log events with DuckDB."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa

from ddms_ops.engine import offline_engine
from ddms_ops.errors import EvidenceError, QueryError
from ddms_ops.files import AGAIN
from ddms_ops.insights.compiler import DEFAULT_LIMIT, compile_query
from ddms_ops.insights.kinds import Kind
from ddms_ops.insights.parser import parse
from ddms_ops.insights.tree import Limit, Query, Stats

COLUMNS = ("timestamp", "log_group", "log_stream", "message", "event_id", "ingestion_time", "row")
_DTYPES = {
    Kind.TEXT: "str",
    Kind.EITHER: "str",
    Kind.NUMBER: "float64",
    Kind.COUNT: "int64",
    Kind.INTEGER: "Int64",
    Kind.BOOLEAN: "Int64",
}


def run_query(
    query: Query | str,
    events: pa.Table | Sequence[Path] | duckdb.DuckDBPyRelation,
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> pd.DataFrame:
    """The rows that a query gives over recorded log events.

    Without `sort`, events come newest first and groups of `stats` by their keys; ties are broken by time (newest
    first), then by row. Missing values sort last. Without `limit` or `stats` there are at most 10,000 rows.

    After `stats count() by action`, `sort count desc` means the column `count()`: a function's bare name stands for its
    unaliased column if there is just one and no column has that name.

    Args:
        query: a parsed query, or its text.
        events: columns timestamp (UTC), log_group, log_stream, message, event_id, ingestion_time (UTC), row; or the
            evidence files that hold them, where row is the position in the file.
        connection: where to run; of need the one that made `events`, if that is a relation. A relation given without
            its connection is copied.

    Returns:
        One column for each that Insights would show, named as Insights names it. Fields are text, @timestamp and bin
        datetime64[us, UTC], counts int64, other whole numbers and conditions (1 or 0) Int64, numbers float64; min and
        max of fields are float64 if every value in the column is a number, else text. No rows still means all columns.

    Raises:
        QueryError: the query is wrong, or means nothing, or the events lack a column.
    """
    tree = parse(query) if isinstance(query, str) else query
    if isinstance(events, Sequence):
        return _over_files(tree, events)
    names = events.column_names if isinstance(events, pa.Table) else events.columns
    if missing := [name for name in COLUMNS if name not in names]:
        raise QueryError(f"query: the events have no column {', '.join(missing)}; needed: {', '.join(COLUMNS)}")
    if connection is not None:
        return _rows(tree, events, connection)
    table = events if isinstance(events, pa.Table) else events.to_arrow_table()
    with offline_engine(enable_external_access=False) as own:
        return _rows(tree, table, own)


def is_cut(query: Query, rows: int) -> bool:
    """Whether these are as many rows of events as there are at most without `limit`: there may be more."""
    return rows == DEFAULT_LIMIT and not any(isinstance(each, Limit | Stats) for each in query.commands)


def _over_files(query: Query, paths: Sequence[Path]) -> pd.DataFrame:
    """The same over evidence files; EvidenceError where one is missing or damaged."""
    names = [str(path) for path in paths]
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    with offline_engine() as own:
        own.execute(f"SET allowed_paths = [{quoted}]")
        own.execute("SET enable_external_access = false")
        try:
            events = own.read_parquet(names, file_row_number=True)
        except duckdb.Error:
            raise EvidenceError(f"{paths[0].parent}: a file of log events is missing or damaged; {AGAIN}") from None
        return _rows(query, events.project("* EXCLUDE (file_row_number), file_row_number AS row"), own)


def _rows(query: Query, events: object, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    relation = f"events_{uuid4().hex}"
    sql, parameters, kinds = compile_query(query, relation)
    connection.register(relation, events)
    try:
        table = connection.sql(sql, params=parameters).to_arrow_table()
    except duckdb.Error as error:
        # DuckDB's message may quote a record, so only its kind is told.
        raise QueryError(f"query: could not be run over these events ({type(error).__name__})") from None
    finally:
        connection.unregister(relation)
    columns = {label: _series(table.column(i), kind) for i, (label, kind) in enumerate(kinds.items())}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _series(column: pa.ChunkedArray, kind: Kind) -> pd.Series:
    if kind is Kind.TIME:
        return column.cast(pa.timestamp("us")).to_pandas().dt.tz_localize("UTC")
    if kind in (Kind.INTEGER, Kind.BOOLEAN):
        return column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    series = column.to_pandas().astype(_DTYPES[kind])
    if kind is not Kind.EITHER:
        return series
    numbers = pd.to_numeric(series, errors="coerce").astype("float64")
    return numbers if numbers.notna().equals(series.notna()) else series
