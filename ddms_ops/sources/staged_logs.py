"""The log files of one log group, read once into one file in order of time; little of it is ever in memory."""

from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.engine import offline_engine
from ddms_ops.progress import Meter, report_progress
from ddms_ops.sampling import MINUTE_US, sample_bounds
from ddms_ops.sources.base import LOG_COUNTS, LogCountQuery, LogQuery, span_of
from ddms_ops.sources.log_files import THREADS, FileAccount, drop_repeated, stage_log_files
from ddms_ops.sources.opening import scratch_file
from ddms_ops.window import Window

TABLE = "log_group"
MEMORY = "1GB"  # of the engine; what needs more is written to its temporary folder
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
ORDER = "ORDER BY timestamp, log_stream, message, event_id"


class StagedLogs:
    """Every export file of a log group, read.

    Args:
        paths: its files.
        root: the folder of log groups.
        scratch: a folder for what is unpacked, and for the events.
    """

    def __init__(self, group: str, paths: list[Path], root: Path, scratch: Path) -> None:
        self._group = group
        self._file = scratch_file(scratch, ".events.parquet")
        self.accounts: list[FileAccount] = []
        with closing(_engine_over(scratch)) as engine:
            size = sum(path.stat().st_size for path in paths)
            with Meter(group, "events", size=size, parts=len(paths)) as meter:
                for account in stage_log_files(engine, TABLE, paths, root, scratch):
                    meter.add(account.events, size=account.path.stat().st_size, parts=1)
                    self.accounts.append(account)
            report_progress(f"{group}: {meter.done:,} events to be put in order")
            self.repeated = drop_repeated(engine, TABLE)
            engine.execute(f"COPY (SELECT * FROM {TABLE} {ORDER}) TO '{self._file}' (FORMAT parquet, COMPRESSION lz4)")
        self._engine = _engine_over(scratch)  # the one that read the files holds on to their memory

    def write(self, query: LogQuery, file: Path) -> tuple[int, int, Window | None]:
        """Write the events that a query asks for as Parquet, by time, stream and message.

        Returns:
            How many were written, how many match without the query's limit and share, and the time they span.
        """
        where, values = _where(query)
        limit = f" LIMIT {int(query.limit)}" if query.limit is not None else ""
        events = self._sample(query) if query.one_in > 1 else f"'{self._file}'"
        self._engine.execute(
            f"""COPY (SELECT CAST(timestamp AS TIMESTAMPTZ) AS timestamp, ? AS log_group, log_stream, message,
            event_id, CAST(ingestion_time AS TIMESTAMPTZ) AS ingestion_time FROM {events}
            WHERE {where}{limit}) TO '{file}' ({PARQUET})""",
            [self._group, *values],
        )
        stamps = "CAST(min(timestamp) AS TIMESTAMP), CAST(max(timestamp) AS TIMESTAMP)"
        [(rows, first, last)] = self._engine.execute(f"SELECT count(*), {stamps} FROM '{file}'").fetchall()
        return int(rows), self.total(query), span_of(first, last)

    def total(self, query: LogQuery | LogCountQuery) -> int:
        """How many events match, without a query's limit and share."""
        where, values = _where(query)
        [(count,)] = self._engine.execute(f"SELECT count(*) FROM '{self._file}' WHERE {where}", values).fetchall()
        return int(count)

    def counts(self, query: LogCountQuery) -> pa.Table:
        """Events by minute, as LOG_COUNTS."""
        where, values = _where(query)
        return self._engine.sql(
            f"""SELECT CAST(date_trunc('minute', timestamp) AS TIMESTAMPTZ) AS timestamp, ? AS log_group,
            count(*) AS events FROM '{self._file}' WHERE {where} GROUP BY 1 ORDER BY 1""",
            params=[self._group, *values],
        ).to_arrow_table().cast(LOG_COUNTS)  # fmt: skip

    def times(self) -> np.ndarray:
        """Times of all events of the export, in order (datetime64)."""
        found = self._engine.sql(f"SELECT timestamp FROM '{self._file}'").to_arrow_table()
        return found["timestamp"].to_numpy()

    def _sample(self, query: LogQuery) -> str:
        """SQL of the events in the blocks of a sample, in order; a minute has one block at most."""
        starts, ends = sample_bounds(query.window, query.one_in)
        self._engine.register("blocks", pa.table({"minute": starts // MINUTE_US, "begin": starts, "until": ends}))
        return f"""(SELECT events.* FROM '{self._file}' AS events JOIN blocks
            ON epoch_us(timestamp) // {MINUTE_US} = minute
            WHERE epoch_us(timestamp) >= begin AND epoch_us(timestamp) < until {ORDER})"""


def _engine_over(scratch: Path) -> duckdb.DuckDBPyConnection:
    """An engine that works in a scratch folder."""
    engine = offline_engine(memory_limit=MEMORY, threads=str(THREADS), temp_directory=str(scratch / "duckdb"))
    engine.execute("SET disabled_optimizers = 'statistics_propagation'")  # it writes what has no null as not null
    return engine


def _where(query: LogQuery | LogCountQuery) -> tuple[str, list[object]]:
    where = "timestamp >= CAST(? AS TIMESTAMP) AND timestamp < CAST(? AS TIMESTAMP)"
    values: list[object] = [_naive(query.window.start), _naive(query.window.end)]
    if isinstance(query, LogQuery) and query.contains:
        where, values = f"{where} AND contains(message, ?)", [*values, query.contains]
    return where, values


def _naive(stamp: pd.Timestamp) -> str:
    return stamp.tz_convert("UTC").tz_localize(None).isoformat()
