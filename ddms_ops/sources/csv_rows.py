"""Rows of a CSV file, all of them text, as they are in the file; what is no row is counted and placed.

Rows are read by Arrow, which loses none in silence, whatever their line ends.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from ddms_ops.sources.opening import CHUNK, MAX_LINE

SHOWN = 5


def csv_header(path: Path) -> list[str]:
    """Names in the first row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:  # a field over 128 KiB is no name
            return []


class CsvRows:
    """Rows below the header that have as many columns; `faults` is complete when they were read to the end.

    Args:
        path: plain UTF-8, no line over MAX_LINE.
        width: number of columns of the header.
    """

    def __init__(self, path: Path, width: int) -> None:
        self.faults: list[str] = []
        self._path = path
        self._names = [f"x{number}" for number in range(width)]
        self._schema = pa.schema([(name, pa.string()) for name in self._names])
        self._unreadable: list[int] = []

    def reader(self) -> pa.RecordBatchReader:
        """The rows, once; an empty field is null, a quoted empty one is empty text."""
        return pa.RecordBatchReader.from_batches(self._schema, self._rows())

    def _rows(self) -> Iterator[pa.RecordBatch]:
        """Batches of rows, the last row left out where a quote is never closed: it may hold any number of rows."""
        quotes, has_end = _ends(self._path)
        rows, last = 0, None
        for batch in self._batches():
            rows += batch.num_rows
            if last is not None:
                yield last
            last = batch
        is_last_unreadable = self._unreadable[-1:] == [1 + rows + len(self._unreadable)]
        if last is not None:
            yield last.slice(0, last.num_rows - (quotes % 2 and not is_last_unreadable))
        if count := len(self._unreadable):
            places = ", ".join(map(str, self._unreadable[:SHOWN])) + (", …" if count > SHOWN else "")
            self.faults.append(f"{count:,} row{'s' if count > 1 else ''} unreadable (row {places})")
        if quotes % 2:
            self.faults.append("a quote is never closed: what follows it is left out")
        elif not has_end:
            self.faults.append("its last row has no line end: it may be cut")

    def _batches(self) -> Iterator[pa.RecordBatch]:
        def skip(row: pacsv.InvalidRow) -> str:
            self._unreadable.append(row.number)
            return "skip"

        rows = 0
        try:
            with pacsv.open_csv(
                self._path,
                pacsv.ReadOptions(
                    use_threads=False, block_size=2 * MAX_LINE, column_names=self._names, skip_rows_after_names=1
                ),
                pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
                pacsv.ConvertOptions(
                    column_types=self._schema,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            ) as reader:
                for batch in reader:
                    rows += batch.num_rows
                    yield batch
        except pa.ArrowInvalid:  # its own text may quote a record
            self.faults.append(f"not whole CSV: {rows:,} rows read before the damage")


def _ends(path: Path) -> tuple[int, bool]:
    """Number of quotes in a file, and whether it ends in a line end."""
    quotes, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            quotes += chunk.count(b'"')
            last = chunk[-1:]
    return quotes, last in (b"\n", b"\r")
