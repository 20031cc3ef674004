"""Slices of log events written to one Parquet file in order of time, whichever is there first."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.sources.base import LOG_EVENTS
from ddms_ops.sources.ordering import in_order
from ddms_ops.window import Window

DICTIONARIES = ["log_group", "log_stream"]
ROW_GROUP = 20_000


class Spool:
    """A Parquet file of LOG_EVENTS, ordered by time, stream, message and event id.

    Slices are numbered in order of time; one is written as soon as all before it are, so that only what ran ahead
    is held. `taken` counts what was handed over, `rows` what is written.
    """

    def __init__(self, path: Path, log_group: str) -> None:
        self.path, self.rows, self.taken = path, 0, 0
        self.got: Window | None = None
        self._log_group = log_group
        self._waiting: dict[int, pa.Table] = {}
        self._buffer: list[pa.Table] = []
        self._next = 0
        self._writer = pq.ParquetWriter(
            path,
            LOG_EVENTS,
            compression="zstd",
            compression_level=1,
            use_dictionary=DICTIONARIES,
            write_statistics=["timestamp"],
        )

    def add(self, place: int, events: pa.Table) -> None:
        """One slice's events, trimmed to it, as `log_pages.COLUMNS`."""
        self.taken += events.num_rows
        self._waiting[place] = events
        while self._next in self._waiting:
            self._take(self._waiting.pop(self._next))
            self._next += 1

    def close(self) -> None:
        """Write what is left, also of slices that lack one before them."""
        for place in sorted(self._waiting):
            self._take(self._waiting[place])
        self._flush()
        self._writer.close()
        self.rows = pq.read_metadata(self.path).num_rows

    def _take(self, events: pa.Table) -> None:
        if not events.num_rows:
            return
        events = in_order(events, "timestamp")
        self._buffer.append(events)
        if sum(table.num_rows for table in self._buffer) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._buffer:
            return
        table = pa.concat_tables(self._buffer)
        self._buffer = []
        group = pa.repeat(pa.scalar(self._log_group), table.num_rows)
        columns = {**{name: table[name] for name in table.column_names}, "log_group": group}
        self._writer.write_table(pa.table({name: columns[name] for name in LOG_EVENTS.names}).cast(LOG_EVENTS))
        first, last = (pd.Timestamp(table["timestamp"][place].as_py()) for place in (0, -1))
        start = self.got.start if self.got else first
        self.got = Window(start, last + pd.Timedelta(microseconds=1))
        self.rows += table.num_rows
