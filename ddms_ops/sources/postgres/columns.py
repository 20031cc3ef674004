"""How each Postgres type arrives in Arrow: as the driver gives it, or as the text that Postgres prints."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql

from ddms_ops.coverage import Status
from ddms_ops.sources.postgres.faults import DatabaseFault

OID = 26
UUID = 2950
# Types that the driver reads right. Not among them: arrays (it flattens those of two dimensions), numeric (NaN),
# interval (no Parquet type), oid (wraps above 2^31), inet and others (raw bytes).
NATIVE = frozenset({16, 17, 19, 20, 21, 23, 25, 114, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, UUID, 3802})
# Those that are, read so, the text that Postgres prints; whole numbers are once they are written out.
TEXTUAL = frozenset({19, 20, 21, 23, 25, 114, 1042, 1043, UUID, 3802})
OUTPUT_FUNCTIONS = """
SELECT t.oid::int8, n.nspname, p.proname
FROM pg_type AS t JOIN pg_proc AS p ON p.oid = t.typoutput JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE t.oid = ANY (%s::oid[])
"""
# Infinity comes as a number far below the first day that Postgres knows, 4714 BC.
INFINITE = {"timestamp": -9_200_000_000_000_000_000, "date32": -2_000_000_000}
HEX = np.frombuffer("".join(f"{number:04x}" for number in range(1 << 16)).encode(), dtype=np.uint32)
GROUPS = ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24))  # digits from, to; place in the text
DASHES = [8, 13, 18, 23]
UUID_CHARS = 36


@dataclass(frozen=True, slots=True)
class Described:
    """A statement that ADBC reads right, and the names of its columns."""

    statement: str
    names: tuple[str, ...]


def describe(connection: Connection, statement: str) -> Described:
    """The statement with casts around the columns that need them; its ORDER BY holds.

    Raises:
        psycopg.Error: the statement is wrong.
    """
    columns = connection.execute(f"SELECT * FROM ({statement}\n) AS q LIMIT 0".encode()).description or []
    names = tuple(column.name for column in columns)
    oids = [column.type_code for column in columns]
    foreign = sorted({oid for oid in oids if oid not in NATIVE and oid != OID})
    if not foreign and OID not in oids:
        return Described(statement, names)
    found = connection.execute(OUTPUT_FUNCTIONS, [foreign]).fetchall() if foreign else []
    functions = {oid: (schema, name) for oid, schema, name in found}
    aliases = [sql.Identifier(f"c{place}") for place in range(len(oids))]
    picked = [_picked(sql.SQL("q.{}").format(alias), oid, functions) for alias, oid in zip(aliases, oids, strict=True)]
    inner = sql.SQL(statement)  # type: ignore[arg-type]
    whole = sql.SQL("SELECT {} FROM ({}\n) AS q ({})").format(
        sql.SQL(", ").join(picked), inner, sql.SQL(", ").join(aliases)
    )
    return Described(whole.as_string(connection), names)


def printed(column: sql.Composable, schema: str, function: str) -> sql.Composable:
    """SQL for the text that Postgres prints for a column: its type's output function, not the cast, which differs."""
    return sql.SQL("textin({}({}))").format(sql.Identifier(schema, function), column)


def plain_batch(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    """The batch under these names, with plain types: uuid and json as text.

    Raises:
        DatabaseFault: a time is infinity, which Arrow cannot say.
    """
    return pa.RecordBatch.from_arrays([_plain(column) for column in batch.columns], names=list(names))


def plain_schema(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """The schema of `plain_batch`."""
    types = [pa.string() if isinstance(kind, pa.BaseExtensionType) else kind for kind in schema.types]
    return pa.schema(list(zip(names, types, strict=True)))


def uuid_text(values: pa.UuidArray) -> pa.StringArray:
    """UUIDs as Postgres prints them."""
    storage, count = values.storage, len(values)
    raw = np.frombuffer(storage.buffers()[1], np.uint8)[storage.offset * 16 : (storage.offset + count) * 16]
    digits = HEX[raw.view(">u2")].view(np.uint8).reshape(count, 32)
    text = np.empty((count, UUID_CHARS), np.uint8)
    text[:, DASHES] = ord("-")
    for start, end, place in GROUPS:
        text[:, place : place + end - start] = digits[:, start:end]
    offsets = np.arange(count + 1, dtype=np.int32) * UUID_CHARS
    written = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
    return pc.if_else(storage.is_valid(), written, None) if storage.null_count else written


def _picked(column: sql.Composable, oid: int, functions: dict[int, tuple[str, str]]) -> sql.Composable:
    if oid in NATIVE:
        return column
    return sql.SQL("{}::int8").format(column) if oid == OID else printed(column, *functions[oid])


def _plain(column: pa.Array) -> pa.Array:
    if isinstance(column.type, pa.UuidType):
        return uuid_text(column)
    if isinstance(column, pa.ExtensionArray):
        return column.storage
    if pa.types.is_timestamp(column.type) or pa.types.is_date32(column.type):
        _refuse_infinity(column)
    return column


def _refuse_infinity(column: pa.Array) -> None:
    is_date = pa.types.is_date32(column.type)
    least = pc.min(column.view(pa.int32() if is_date else pa.int64())).as_py()
    if least is not None and least < INFINITE["date32" if is_date else "timestamp"]:
        words = "a time in the answer is infinity, which Arrow cannot hold; cast the column to text"
        raise DatabaseFault(Status.FAILED, words)
