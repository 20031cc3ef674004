"""The engine that reads records: DuckDB, offline, in UTC and without a word on the screen."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from ddms_ops.interrupts import check_pressed, heed, is_pressed

OFFSET = r"( ?(UTC|GMT)|Z|[+-]\d{2}(:?\d{2}(:\d{2})?)?)"
TIME = rf"\d{{4}}-\d{{2}}-\d{{2}}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,9}})?)?{OFFSET}?)?"


def offline_engine(database: Path | None = None, **config: str | bool) -> duckdb.DuckDBPyConnection:
    """A connection that loads no extension from anywhere, counts in UTC and draws no progress bar.

    Args:
        database: a database file; in memory when None.
        config: further settings of DuckDB.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        **config,
    }
    was_pressed = is_pressed()
    connection = duckdb.connect(":memory:" if database is None else str(database), config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    [(shows,)] = connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    if shows:  # in Jupyter; without ipywidgets it shows none, and refuses the setting
        connection.execute("SET enable_progress_bar = false")
    heed(connection)
    if not was_pressed:
        check_pressed()  # connecting swallows what Ctrl-C raises within it
    return connection


def literal(text: str) -> str:
    """A text as an SQL literal; a backslash in it is one."""
    return "'" + text.replace("'", "''") + "'"


def instant(text: str) -> str:
    """SQL for the UTC TIMESTAMP that an SQL expression of text holds; null where it is no time."""
    parsed = f"CAST(try_cast({text} AS TIMESTAMPTZ) AS TIMESTAMP)"
    return f"CASE WHEN regexp_full_match({text}, '{TIME}') THEN {parsed} END"


@contextlib.contextmanager
def registered(connection: duckdb.DuckDBPyConnection, table: pa.Table | pa.RecordBatchReader) -> Iterator[str]:
    """The name by which the engine reads a table, within the block."""
    connection.register("registered", table)
    try:
        yield "registered"
    finally:
        connection.unregister("registered")
