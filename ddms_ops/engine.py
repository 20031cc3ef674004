"""The engine that reads records: DuckDB, offline, in UTC and without a word on the screen."""

from pathlib import Path

import duckdb


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
    connection = duckdb.connect(":memory:" if database is None else str(database), config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    [(shows,)] = connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    if shows:  # in Jupyter; without ipywidgets it shows none, and refuses the setting
        connection.execute("SET enable_progress_bar = false")
    return connection
