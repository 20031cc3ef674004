"""Rows that come in order of time, written to Parquet in one order that is always the same."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.sources.ordering import in_order, stamps
from ddms_ops.window import Window


class OrderedFile:
    """A Parquet file of rows ordered by time, and rows of one time by their other columns.

    Rows of the last time are held until a later time, or the end, so that their order does not hang on where one
    batch ends.
    """

    def __init__(self, path: Path, schema: pa.Schema, time: str) -> None:
        self.path, self.rows = path, 0
        self.got: Window | None = None
        self._schema, self._time = schema, time
        self._held: list[pa.Table] = []
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)

    def add(self, rows: pa.Table) -> None:
        """Rows that are no earlier than those before."""
        self._held.append(rows)
        if self._stamp(self._held[0], 0) == self._stamp(rows, -1):
            return
        whole = pa.concat_tables(self._held)
        times = stamps(whole, self._time)
        cut = int(np.searchsorted(times, times[-1]))
        self._held = [whole.slice(cut)]
        self._write(whole.slice(0, cut))

    def close(self) -> None:
        """Write what is held, and end the file."""
        if self._held:
            self._write(pa.concat_tables(self._held))
            self._held = []
        self._writer.close()

    def _write(self, rows: pa.Table) -> None:
        rows = in_order(rows, self._time)
        self._writer.write_table(rows)
        first, last = self._stamp(rows, 0), self._stamp(rows, -1)
        self.got = Window(self.got.start if self.got else first, last + pd.Timedelta(microseconds=1))
        self.rows += rows.num_rows

    def _stamp(self, rows: pa.Table, place: int) -> pd.Timestamp:
        return pd.Timestamp(rows[self._time][place].as_py())
