"""Audit rows out of CSV and Parquet files: each file is read once, into a database in the scratch folder.

CSV is read as `psql \\copy … CSV HEADER` writes it: an empty field is null, a quoted empty one is empty text, and every
value but the time is the text in the file. A Parquet column of another type becomes the text that DuckDB prints: that
of Postgres for uuids, times, integers and JSON; `true` and `false` where Postgres says t and f.
"""

import glob
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.engine import OFFSET, instant, offline_engine, registered
from ddms_ops.interrupts import check_pressed
from ddms_ops.sources.base import AuditQuery
from ddms_ops.sources.csv_rows import CsvRows, csv_header
from ddms_ops.sources.opening import open_export, without_long_lines
from ddms_ops.window import EVER, Window

PARQUET_MAGIC = b"PAR1"
SUFFIX = r"\.(csv(\.gz)?|parquet)"
COLUMN_NAME = re.compile(r"[^\W\d][\w$ ]*")
MEMORY, THREADS = "300MB", 2  # every thread needs its share of the memory
BATCH = 50_000
HELD = 100_000  # rows that are handed over in memory
HAS_OFFSET = rf":\d{{2}}(\.\d+)?{OFFSET}$"
PARQUET_TEXTS = "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(?, hive_partitioning=false)"
NAIVE = "times without an offset taken as UTC"


@dataclass(frozen=True, slots=True)
class TableFile:
    """What became of one file: its rows with a time, and words for what is wrong with it."""

    path: Path
    rows: int = 0
    faults: tuple[str, ...] = ()
    is_naive: bool = False
    is_denied: bool = False


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one window in the query's schema, many of them in a Parquet file, and the account of their files.

    `span` is from the first to just after the last of all rows that the files hold, None without any.
    """

    records: pa.Table | Path
    rows: int
    got: Window | None
    held: int
    span: Window | None
    repeated: int
    files: tuple[TableFile, ...]


def table_files(folder: Path, table: str) -> list[Path]:
    """Files of a table below a folder, sorted: `<table>.csv`, `<table>.1.csv.gz`, `<table>/*.parquet` …

    A table that is named with its schema is also found without it.
    """
    names = sorted({table, table.rpartition(".")[2]})
    named = re.compile(rf"({'|'.join(map(re.escape, names))})(\.[^/]+)?{SUFFIX}", re.IGNORECASE)
    inside = re.compile(rf"({'|'.join(map(re.escape, names))})/.*[^/.][^/]*{SUFFIX}", re.IGNORECASE)
    found = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    places = [(path, path.relative_to(folder).as_posix()) for path in found]
    return sorted(path for path, place in places if named.fullmatch(place) or inside.fullmatch(place))


class Tables:
    """Rows of an export's tables; whatever is read is staged in `scratch`, and little of it held in memory."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._connection = offline_engine(
            scratch / "tables.duckdb",
            memory_limit=MEMORY,
            threads=str(THREADS),
            temp_directory=str(scratch / "tables.tmp"),
        )
        self._staged: dict[AuditQuery, tuple[str, tuple[TableFile, ...]]] = {}

    def read(self, query: AuditQuery, paths: list[Path]) -> TableRows:
        """Rows of the window, in order of time, then of every column as bytes, nulls last.

        A row that two files hold, alike in every column of theirs, is taken once.
        """
        table, files = self._stage(replace(query, window=EVER), paths)
        start, end = (naive(stamp) for stamp in (query.window.start, query.window.end))
        within = "time >= CAST(? AS TIMESTAMP) AND time < CAST(? AS TIMESTAMP)"
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE repeats AS SELECT key, min(file) AS first FROM {table}
            WHERE {within} AND {len(files) > 1} GROUP BY key HAVING min(file) < max(file)""",
            [start, end],
        )
        kept = f"FROM {table} LEFT JOIN repeats USING (key) WHERE {within}"
        [(repeated, held, first, last)] = self._connection.execute(
            f"""SELECT (SELECT count(*) {kept} AND file > first), count(*),
            epoch_us(min(time)), epoch_us(max(time)) FROM {table}""",
            [start, end],
        ).fetchall()
        columns = _staged_columns(query)
        order = ", ".join(f"{name} NULLS LAST" for name in ["time", *columns])
        rows = self._connection.sql(
            f"SELECT {', '.join(['time', *columns])} {kept} AND (first IS NULL OR file = first) ORDER BY {order}",
            params=[start, end],
        ).to_arrow_reader(BATCH)
        records, count, got = self._write(rows, query)
        return TableRows(records, count, got, held, _window(first, last), repeated, files)

    def minutes(self, query: AuditQuery, paths: list[Path]) -> np.ndarray:
        """The minutes in which the files hold any row, in and out of the window (naive UTC datetime64), by time."""
        table, _ = self._stage(replace(query, window=EVER), paths)
        found = self._connection.sql(
            f"SELECT DISTINCT date_trunc('minute', time) AS minute FROM {table} WHERE time IS NOT NULL ORDER BY minute"
        )
        return found.to_arrow_table()["minute"].to_numpy().astype("datetime64[us]")

    def _write(self, rows: pa.RecordBatchReader, query: AuditQuery) -> tuple[pa.Table | Path, int, Window | None]:
        """The rows, many of them in a Parquet file; their number; from the first to just after the last."""
        path = Path(tempfile.mkdtemp(dir=self._scratch)) / "rows.parquet"
        count, ends = 0, []
        with pq.ParquetWriter(path, query.schema, compression="zstd", compression_level=1) as writer:
            for batch in rows:
                if not batch.num_rows:
                    continue
                time, *columns = batch.columns
                columns.insert(query.columns.index(query.time_column), time)
                writer.write_table(pa.table(columns, names=query.columns).cast(query.schema))
                micros = time.cast(pa.timestamp("us")).cast(pa.int64())
                ends += [micros[0].as_py(), micros[-1].as_py()]
                count += batch.num_rows
        records = path if count > HELD else pq.read_table(path)
        return records, count, _window(ends[0], ends[-1]) if ends else None

    def _stage(self, query: AuditQuery, paths: list[Path]) -> tuple[str, tuple[TableFile, ...]]:
        if query not in self._staged:
            table = f"rows_{len(self._staged)}"
            columns = [f"{name} VARCHAR" for name in _staged_columns(query)]
            known = ["file INTEGER", "key UBIGINT", "time TIMESTAMP", "is_naive BOOLEAN"]
            self._connection.execute(f"CREATE OR REPLACE TABLE {table} ({', '.join([*known, *columns])})")
            files = tuple(self._stage_file(table, place, path, query) for place, path in enumerate(paths))
            self._staged[query] = table, files
        return self._staged[query]

    def _stage_file(self, table: str, place: int, path: Path, query: AuditQuery) -> TableFile:
        is_columnar = is_parquet(path)
        with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
            opened = open_export(path, Path(scratch)) if not is_columnar else None
            if opened is not None and not opened.is_readable:
                return TableFile(path, faults=opened.faults, is_denied=opened.is_denied)
            try:
                if opened is None:
                    faults = self._insert_parquet(table, place, path, query)
                else:
                    opened = without_long_lines(opened, Path(scratch))
                    faults = [*opened.faults, *self._insert_csv(table, place, opened.plain, query)]
            except duckdb.Error as fault:  # its own text may quote a record
                check_pressed()
                return TableFile(path, faults=(f"could not be read ({type(fault).__name__})",))
        [(rows, timeless, naive)] = self._connection.execute(
            f"SELECT count(time), count(*) - count(time), count(*) FILTER (is_naive) FROM {table} WHERE file = ?",
            [place],
        ).fetchall()
        words = [timeless_words(timeless, query.time_column)] if timeless else []
        return TableFile(path, rows, (*faults, *words), naive > 0)

    def _insert_csv(self, table: str, place: int, path: Path, query: AuditQuery) -> list[str]:
        names = csv_header(path)
        if words := _lacking(names, query):
            return [words]
        rows = CsvRows(path, len(names))
        with registered(self._connection, rows.reader()) as source:
            self._insert(table, place, f"SELECT * FROM {source}", [], names, query)
        return rows.faults

    def _insert_parquet(self, table: str, place: int, path: Path, query: AuditQuery) -> list[str]:
        names = parquet_names(self._connection, path)
        if words := _lacking(names, query):
            return [words]
        self._insert(table, place, PARQUET_TEXTS, [glob.escape(str(path))], names, query)
        return []

    def _insert(
        self, table: str, place: int, source: str, values: list[str], names: list[str], query: AuditQuery
    ) -> None:
        """The rows of `source`, all columns text, into the table; `key` is alike for rows alike in every column."""
        given = [f"x{number}" for number in range(len(names))]
        text = given[names.index(query.time_column)]
        others = [column for _, column in sorted(zip(names, given, strict=True)) if column != text]
        asked = [given[names.index(name)] for name in query.columns if name != query.time_column]
        is_naive = f"time IS NOT NULL AND {states_no_zone(text)}"
        staged = [str(place), f"hash({', '.join(['time', *others])})", "time", is_naive, *asked]
        self._connection.execute(
            f"""INSERT INTO {table} SELECT {", ".join(staged)} FROM (
            SELECT *, {instant(text)} AS time
            FROM ({source}) AS source({", ".join(given)}))""",
            values,
        )


def parquet_names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Names of a Parquet file's columns.

    Raises:
        duckdb.Error: it cannot be read.
    """
    described = connection.execute(f"{PARQUET_TEXTS} LIMIT 0", [glob.escape(str(path))]).description
    return [name for name, *_ in described or []]


def states_no_zone(text: str) -> str:
    """SQL for whether a text that holds a time names no zone."""
    return f"NOT regexp_matches({text}, '{HAS_OFFSET}')"


def timeless_words(rows: int, column: str) -> str:
    """What is wrong with rows whose time cannot be read."""
    return f"{rows:,} row{'s' if rows > 1 else ''} without a usable time in {column!r}"


def _staged_columns(query: AuditQuery) -> list[str]:
    """What the columns but the time are called where they are staged."""
    return [f"c{place}" for place, name in enumerate(query.columns) if name != query.time_column]


def _lacking(names: list[str], query: AuditQuery) -> str:
    """Words for asked columns that a file does not have once; its own columns are only told where they are names."""
    missing = [name for name in query.columns if names.count(name) != 1]
    if not missing:
        return ""
    if not all(COLUMN_NAME.fullmatch(name) for name in names):
        return f"has no column {', '.join(map(repr, missing))}: its first line is no header of column names"
    if twice := [name for name in missing if names.count(name) > 1]:
        return f"has more than one column {', '.join(map(repr, twice))}"
    return f"has no column {', '.join(map(repr, missing))}; it has {', '.join(names)}"


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError:
        return False


def naive(stamp: pd.Timestamp) -> str:
    """An instant in UTC as DuckDB reads a TIMESTAMP."""
    return stamp.tz_convert("UTC").tz_localize(None).isoformat()


def _window(first: int | None, last: int | None) -> Window | None:
    """From the first to just after the last, both in microseconds since 1970."""
    if first is None or last is None:
        return None
    return Window(pd.Timestamp(first, unit="us", tz="UTC"), pd.Timestamp(last + 1, unit="us", tz="UTC"))
