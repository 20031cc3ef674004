"""Log events by group, in DuckDB: each group a table in order of time, so that a page is a range of rows."""

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import pyarrow as pa

from ddms_ops.engine import offline_engine
from ddms_ops.sandbox.refusal import Refusal

OVERHEAD = 26  # bytes that AWS counts for an event besides its message
POINTER = re.compile(r"sandbox-(\d+)-(\d+)")
NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
CREATE = """CREATE TABLE "{table}" ("row" BIGINT, seq BIGINT, ms BIGINT, stream VARCHAR, message VARCHAR,
    event_id VARCHAR, ingested BIGINT)"""
Rows: TypeAlias = Sequence[Mapping[str, object]] | pa.Table | duckdb.DuckDBPyRelation


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group: its table, and what is in it."""

    name: str
    table: str
    number: int
    events: int = 0
    bytes: int = 0
    first_ms: int = 0


class LogStore:
    """All log groups of an account; threads may share it."""

    def __init__(self) -> None:
        self._connection = offline_engine(enable_external_access=False)
        self._lock = threading.Lock()
        self._groups: dict[str, LogGroup] = {}

    @property
    def groups(self) -> tuple[LogGroup, ...]:
        """The groups by name."""
        return tuple(group for _, group in sorted(self._groups.items()))

    def group(self, identifier: str) -> LogGroup:
        """The group of a name or an ARN.

        Raises:
            Refusal: there is none.
        """
        name = identifier.split(":log-group:")[-1].removesuffix(":*")
        if name not in self._groups:
            raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
        return self._groups[name]

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own; close it."""
        cursor = self._connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def add(self, name: str) -> LogGroup:
        """The group of that name, made empty if it is not there.

        Raises:
            ValueError: AWS allows no such name.
        """
        if not NAME.fullmatch(name):
            raise ValueError(f"log group {name!r}: a name has letters, digits and . - _ / # only")
        with self._lock:
            if name not in self._groups:
                number = len(self._groups)
                table = f"group_{number}"
                with self.cursor() as cursor:
                    cursor.execute(CREATE.format(table=table))
                self._groups[name] = LogGroup(name, table, number)
            return self._groups[name]

    def put(self, name: str, rows: Rows) -> None:
        """More events of a group.

        Args:
            name: of the group, made if it is not there.
            rows: timestamp (milliseconds, or a time) and message; if need be also stream, event_id, ingestion_time.
        """
        group = self.add(name)
        arriving = pa.Table.from_pylist([dict(row) for row in rows]) if isinstance(rows, Sequence) else rows
        arriving = arriving if isinstance(arriving, pa.Table) else arriving.to_arrow_table()
        if not arriving.num_rows:
            return
        with self._lock, self.cursor() as cursor:
            cursor.register("arriving", arriving)
            cursor.execute(
                f"""CREATE OR REPLACE TABLE "{group.table}" AS
                SELECT row_number() OVER (ORDER BY ms, seq) - 1 AS "row", * FROM (
                    SELECT seq, ms, stream, message, event_id, ingested FROM "{group.table}"
                    UNION ALL SELECT {_columns(arriving.schema, group.events)} FROM arriving) ORDER BY "row" """
            )
            [(events, size, first)] = cursor.execute(
                f'SELECT count(*), sum(strlen(message)) + count(*) * {OVERHEAD}, min(ms) FROM "{group.table}"'
            ).fetchall()
            self._groups[name] = LogGroup(name, group.table, group.number, events, int(size), first)

    def rows_between(self, group: LogGroup, first_ms: int, last_ms: int) -> tuple[int, int]:
        """Rows [from, to) of the events with a timestamp from the first to the last, both inclusive."""
        with self.cursor() as cursor:
            [(start, count)] = cursor.execute(
                f'SELECT min("row"), count(*) FROM "{group.table}" WHERE ms BETWEEN ? AND ?', [first_ms, last_ms]
            ).fetchall()
        return (start or 0), (start or 0) + count

    def record(self, pointer: str) -> dict[str, str]:
        """The system fields of the event that an @ptr points at.

        Raises:
            Refusal: it points at none.
        """
        found = POINTER.fullmatch(pointer)
        groups = [group for group in self._groups.values() if found and group.number == int(found[1])]
        if not found or not groups:
            raise Refusal("InvalidParameterException", "Invalid log record pointer")
        with self.cursor() as cursor:
            rows = cursor.execute(
                f'SELECT stream, message, ms, ingested FROM "{groups[0].table}" WHERE seq = ?', [int(found[2])]
            ).fetchall()
        if not rows:
            raise Refusal("ResourceNotFoundException", "There is no such log record")
        stream, message, ms, ingested = rows[0]
        told = {"@message": message, "@timestamp": str(ms), "@ingestionTime": str(ingested), "@ptr": pointer}
        return {**told, "@logStream": stream, "@log": groups[0].name}


def pointer_sql(group: LogGroup) -> str:
    """SQL of the @ptr of an event of a group's table."""
    return f"concat('sandbox-{group.number}-', seq)"


def _columns(schema: pa.Schema, before: int) -> str:
    """SQL of a group's columns out of rows that arrive after so many others."""
    place = f"row_number() OVER () - 1 + {before}"
    stamp = _milliseconds(schema, "timestamp")
    stream = "CAST(stream AS VARCHAR)" if "stream" in schema.names else "NULL"
    known = "CAST(event_id AS VARCHAR)" if "event_id" in schema.names else "NULL"
    ingested = _milliseconds(schema, "ingestion_time") if "ingestion_time" in schema.names else "NULL"
    made = f"lpad(CAST({stamp} AS VARCHAR), 32, '3') || lpad(CAST({place} AS VARCHAR), 24, '0')"
    return f"""{place}, {stamp}, coalesce({stream}, 'stream'), CAST(message AS VARCHAR), coalesce({known}, {made}),
        coalesce({ingested}, {stamp})"""


def _milliseconds(schema: pa.Schema, name: str) -> str:
    is_time = pa.types.is_timestamp(schema.field(name).type)
    return f"epoch_ms({name})" if is_time else f"CAST({name} AS BIGINT)"
