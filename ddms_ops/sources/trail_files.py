"""The questions of a tenant audit, put to an export's tables: each file is read once, into a database in scratch."""

import glob
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ddms_ops.coverage import Status
from ddms_ops.engine import instant, offline_engine, registered
from ddms_ops.errors import did_you_mean
from ddms_ops.interrupts import check_pressed
from ddms_ops.progress import report_progress
from ddms_ops.sources.base import Provenance, relative_paths
from ddms_ops.sources.csv_rows import CsvRows, csv_header
from ddms_ops.sources.opening import open_export, without_long_lines
from ddms_ops.sources.queries import TrailQuery
from ddms_ops.sources.tables import (
    MEMORY,
    NAIVE,
    PARQUET_TEXTS,
    THREADS,
    is_parquet,
    naive,
    parquet_names,
    states_no_zone,
    table_files,
    timeless_words,
)
from ddms_ops.sources.trail import TrailFault
from ddms_ops.trail_sql import Field, Kind, Relation, literal

NO_TIME = "infinity"
EVER_AGO, NEVER = "1900-01-01", "9999-01-01"
FAULTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Table:
    """A staged table: its name, what its columns are called there, its files and what is wrong with them."""

    name: str
    places: dict[str, str]
    files: tuple[Path, ...]
    faults: tuple[str, ...]


class TrailTables:
    """An export's tables as the `Engine` of a tenant audit.

    Args:
        root: the export.
        scratch: where the tables are staged.
    """

    dialect = "duckdb"

    def __init__(self, root: Path, scratch: Path) -> None:
        self._root, self._scratch = root, scratch
        self._connection = offline_engine(
            scratch / "trail.duckdb",
            memory_limit=MEMORY,
            threads=str(THREADS),
            temp_directory=str(scratch / "trail.tmp"),
        )
        self._staged: dict[str, _Table] = {}
        self._used: list[_Table] = []
        self._columns: dict[str, list[str]] = {}
        self._times: dict[tuple[str, str], str] = {}
        self._naive: set[str] = set()

    def forget(self) -> None:
        """Begin the next question: what is wrong with its tables is its own."""
        self._used.clear()

    def body(self, relation: Relation, query: TrailQuery) -> str:
        """A SELECT of the relation's fields; see `Engine`."""
        table = self._table(relation.table)
        for column in relation.columns:
            if column not in table.places:
                words = f"audit/{relation.table} has no column {column!r}{did_you_mean(column, table.places)}"
                raise TrailFault(Status.FAILED, "; ".join([words, *table.faults]))
        self._used.append(table)
        picked = ", ".join(f"{self._field(field, table)} AS {field.name}" for field in relation.fields)
        body = f"SELECT {picked} FROM {table.name}"
        if relation.time and query.asked.is_windowed:
            time = self._time(table, relation.time)
            edge = f"INTERVAL '{query.asked.edge_s}' SECOND"
            start, end = (f"CAST('{naive(stamp)}' AS TIMESTAMP)" for stamp in (query.window.start, query.window.end))
            return f"{body} WHERE {time} >= {start} - {edge} AND {time} < {end} + {edge}"
        return body

    def run(self, sql: str, query: TrailQuery) -> pa.Table:
        """The answer, whole; see `Engine`."""
        report_progress(f"{query.table}: {query.asked.words}")
        try:
            return self._connection.sql(sql).to_arrow_table()
        except duckdb.Error as fault:  # its own text may quote a record
            check_pressed()
            raise TrailFault(Status.FAILED, f"could not be answered ({type(fault).__name__})") from None

    def provenance(self) -> Provenance:
        """The files that were read."""
        files = {path for table in self._used for path in table.files}
        return Provenance("files", files=relative_paths(sorted(files), self._root))

    def faults(self) -> tuple[str, ...]:
        """What is wrong with the files of the tables that were used, and with their times."""
        found = {words: None for table in self._used for words in table.faults}
        names = {table.name for table in self._used}
        found |= {words: None for (name, _), words in self._times.items() if words and name in names}
        more = [f"and {len(found) - FAULTS_SHOWN} more faults"] if len(found) > FAULTS_SHOWN else []
        return (*list(found)[:FAULTS_SHOWN], *more)

    def notes(self) -> tuple[str, ...]:
        """That times without a zone were taken as UTC, where there were any."""
        return (NAIVE,) if any(table.name in self._naive for table in self._used) else ()

    def _field(self, field: Field, table: _Table) -> str:
        """SQL for one of our fields; the export's own names never stand in it."""
        places = [table.places[column] for column in field.columns]
        if not places:
            return f"CAST(NULL AS {({Kind.TIME: 'TIMESTAMP', Kind.NUMBER: 'BIGINT'}).get(field.kind, 'VARCHAR')})"
        if field.kind is Kind.TIME:
            times = [self._end(table, column, field.name) for column in field.columns]
            return times[0] if len(times) == 1 else f"least({', '.join(times)})"
        if field.kind is Kind.NUMBER:
            return f"try_cast({places[0]} AS BIGINT)"
        if field.kind in (Kind.MEMBER, Kind.ELEMENTS, Kind.UNREADABLE):
            return _of_json(field, places[0])
        return places[0]

    def _end(self, table: _Table, column: str, field: str) -> str:
        """An instant; of a stretch whose end cannot be read nothing is in force, and infinity has no end."""
        time, place = self._time(table, column), table.places[column]
        if field == "until":
            return f"CASE WHEN {time} IS NULL AND {place} <> '{NO_TIME}' THEN TIMESTAMP '{EVER_AGO}' ELSE {time} END"
        if field == "since":
            return f"CASE WHEN {time} IS NULL AND {place} <> '-{NO_TIME}' THEN TIMESTAMP '{NEVER}' ELSE {time} END"
        return time

    def _time(self, table: _Table, column: str) -> str:
        """The column with the instants of a column of texts, made when first asked for."""
        place = table.places[column]
        time = f"{place}_at"
        if (table.name, column) not in self._times:
            self._connection.execute(f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {time} TIMESTAMP")
            self._connection.execute(f"UPDATE {table.name} SET {time} = {instant(place)}")
            [(zoneless, lost)] = self._connection.execute(
                f"""SELECT count(*) FILTER ({time} IS NOT NULL AND {states_no_zone(place)}),
                count(*) FILTER ({time} IS NULL AND {place} <> '{NO_TIME}') FROM {table.name}"""
            ).fetchall()
            if zoneless:
                self._naive.add(table.name)
            self._times[table.name, column] = timeless_words(lost, column) if lost else ""
        return time

    def _table(self, name: str) -> _Table:
        if name not in self._staged:
            paths = table_files(self._root / "audit", name)
            if not paths:
                lack = f"no table {name} (CSV or Parquet) in the export's folder audit"
                raise TrailFault(Status.NOT_CONFIGURED, lack)
            self._staged[name] = self._stage(f"t{len(self._staged)}", paths)
        return self._staged[name]

    def _stage(self, name: str, paths: list[Path]) -> _Table:
        """The rows of the files; a row that two of them hold is taken once."""
        parts, faults, columns = [], [], None
        with tempfile.TemporaryDirectory(dir=self._scratch) as scratch:
            for place, path in enumerate(paths):
                report_progress(f"{path.name}: file {place + 1:,} of {len(paths):,} of the trail")
                try:
                    names, words = self._stage_file(f"{name}_{place}", path, Path(scratch))
                except duckdb.Error as fault:
                    check_pressed()
                    names, words = [], [f"could not be read ({type(fault).__name__})"]
                faults += [f"{path.relative_to(self._root).as_posix()} {fault}" for fault in words]
                if names:
                    parts.append(f"{name}_{place}")
                    columns = names if columns is None else [column for column in columns if column in names]
        return self._united(name, parts, columns or [], tuple(paths), tuple(faults))

    def _united(
        self, name: str, parts: list[str], columns: list[str], paths: tuple[Path, ...], faults: tuple[str, ...]
    ) -> _Table:
        if not parts:
            raise TrailFault(Status.FAILED, "; ".join(faults))
        places = {column: f"x{number}" for number, column in enumerate(columns)}
        if len(parts) == 1:
            return _Table(parts[0], places, paths, faults)
        selects = []
        for part in parts:
            own = {theirs: f"x{number}" for number, theirs in enumerate(self._columns[part])}
            picked = ", ".join(f"{own[column]} AS {place}" for column, place in places.items())
            selects.append(f"SELECT {picked} FROM {part}")
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {' UNION '.join(selects)}")
        for part in parts:
            self._connection.execute(f"DROP TABLE {part}")
        return _Table(name, places, paths, faults)

    def _stage_file(self, table: str, path: Path, scratch: Path) -> tuple[list[str], list[str]]:
        """Names of a file's columns, and what is wrong with it."""
        if is_parquet(path):
            names = parquet_names(self._connection, path)
            given = ", ".join(f"x{number}" for number in range(len(names)))
            made = f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM ({PARQUET_TEXTS}) AS s({given})"
            self._connection.execute(made, [glob.escape(str(path))])
            self._columns[table] = names
            return names, []
        opened = open_export(path, scratch)
        if not opened.is_readable:
            return [], list(opened.faults)
        opened = without_long_lines(opened, scratch)
        names = csv_header(opened.plain)
        if twice := [name for name in names if names.count(name) > 1]:
            return [], [f"has more than one column {twice[0]!r}"]
        rows = CsvRows(opened.plain, len(names))
        with registered(self._connection, rows.reader()) as source:
            self._connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {source}")
        self._columns[table] = names
        return names, [*opened.faults, *rows.faults]


def _of_json(field: Field, place: str) -> str:
    """SQL for a field out of a column of JSON."""
    path = literal("$." + '"' + field.member.replace('"', "") + '"')
    json = f"CASE WHEN json_valid({place}) THEN {place} END"
    if field.kind is Kind.MEMBER:
        return f"json_extract_string({json}, {path})"
    elements = f"try_cast(json_extract({json}, {path}) AS JSON[])"
    if field.kind is Kind.ELEMENTS:
        return f"unnest(list_transform({elements}, lambda one: one ->> '$'))"
    odd = f"len(list_filter({elements}, lambda one: json_type(one) IN ('OBJECT', 'ARRAY'))) > 0"
    found = f"json_type({json}, {path})" if field.member else "NULL"
    no_list = f"{found} IS NOT NULL AND {found} NOT IN ('NULL', 'ARRAY')"
    wrong = f"NOT json_valid({place}) OR ({no_list}) OR coalesce({odd if field.member else 'FALSE'}, FALSE)"
    return f"CASE WHEN {place} IS NOT NULL AND ({wrong}) THEN 1 ELSE 0 END"
