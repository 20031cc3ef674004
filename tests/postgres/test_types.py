"""Every type arrives in Arrow with the value that is in the table."""

import datetime as dt
import uuid

import psycopg
import pyarrow as pa
import pytest
from pg_builders import table

from ddms_ops.sources.postgres import DatabaseFault
from ddms_ops.sources.postgres.columns import uuid_text

UUID = "c0ffee00-0000-4000-8000-0123456789ab"
# Type, literal, what psycopg reads, and the text that Postgres prints where that is what arrives.
AS_VALUES = (
    ("bool", "t", True), ("int2", "-5", -5), ("int4", "7", 7), ("int8", "9000000000", 9_000_000_000),
    ("oid", "3000000000", 3_000_000_000), ("float8", "0.1", 0.1), ("float4", "0.5", 0.5), ("text", "a😀'b", "a😀'b"),
    ("varchar(9)", "a", "a"), ("char(3)", "a", "a  "), ("name", "a", "a"), ("bytea", "\\x00ff", b"\x00\xff"),
    ("date", "2026-03-04", dt.date(2026, 3, 4)), ("time", "10:00:00.5", dt.time(10, 0, 0, 500_000)),
    ("timestamp", "2026-03-04 10:00:00.123456", dt.datetime(2026, 3, 4, 10, 0, 0, 123456)),
    ("timestamptz", "2026-03-04 12:00:00+02", dt.datetime(2026, 3, 4, 10, tzinfo=dt.UTC)),
)  # fmt: skip
AS_TEXT = (
    ("uuid", UUID, uuid.UUID(UUID)), ("inet", "10.0.0.1", None), ("inet", "10.0.0.0/8", None),
    ("cidr", "10.0.0.0/8", None),
    ("numeric", "1.50", None), ("numeric", "NaN", None), ("numeric", "Infinity", None), ("numeric(30,3)", "1e20", None),
    ("interval", "1 mon 2 days 03:04:05.6", None), ("int4[]", "{{1,2},{3,NULL}}", None), ("text[]", '{a,"b,c"}', None),
    ("uuid[]", f"{{{UUID}}}", None), ("int4range", "[1,5)", None), ("macaddr", "08:00:2b:01:02:03", None),
    ("mood", "so so", None), ("mood[]", '{"so so"}', None), ("pair", "(1,a)", None), ("email", "a@b.c", None),
    ("bit(3)", "101", None), ("money", "$1.00", None), ("xid", "5", None), ("timetz", "10:00:00+02", None),
    ("json", '{"b":1, "a":2}', None), ("jsonb", '{"a": 2, "b": 1}', None), ("point", "(1,2)", None),
    ("xml", "<a/>", None),
    ("tsvector", "'a' 'b'", None), ("pg_lsn", "0/16B3748", None), ("regclass", "pg_class", None),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def types(server):
    """An enum, a composite type and a domain."""
    server.load("CREATE TYPE public.mood AS ENUM ('so so'); CREATE TYPE public.pair AS (a int, b text)")
    server.load("CREATE DOMAIN public.email AS text CHECK (value LIKE '%@%')")


@pytest.mark.parametrize(("kind", "literal", "value"), AS_VALUES)
def test_values_are_those_of_psycopg(kind: str, literal: str, value: object, superuser: psycopg.Connection, reader_of):
    """Types that Arrow has; null is null."""
    table(superuser, f"(v {kind})")
    superuser.execute("INSERT INTO probe VALUES (%s), (NULL)", [literal])
    [(known,), (nothing,)] = superuser.execute("SELECT v FROM probe").fetchall()
    arrived = reader_of("postgres").read_arrow("SELECT v FROM public.probe")["v"].to_pylist()
    assert arrived == [known, nothing] == [value, None]


@pytest.mark.parametrize(("kind", "literal", "value"), AS_TEXT)
def test_other_types_are_what_postgres_prints(kind: str, literal: str, value: object, superuser, reader_of):
    """The same text as COPY writes, also where a cast to text would differ."""
    table(superuser, f"(v {kind})")
    superuser.execute("INSERT INTO probe VALUES (%s), (NULL)", [literal])
    with superuser.cursor().copy("COPY probe TO STDOUT (FORMAT csv, FORCE_QUOTE *)") as copy:
        printed = b"".join(copy).decode().split("\n")[0][1:-1].replace('""', '"')
    arrived = reader_of("postgres").read_arrow("SELECT v FROM public.probe")["v"]
    assert (arrived.type, arrived.to_pylist()) == (pa.string(), [printed, None])
    assert printed == (str(value) if value else printed)


def test_infinity_is_refused(reader_of):
    """Arrow has no such time, and another in its place would be wrong."""
    for kind in ("timestamptz", "timestamp", "date"):
        with pytest.raises(DatabaseFault, match="is infinity"):
            reader_of("postgres").read_arrow(f"SELECT '-infinity'::{kind} AS v")


def test_the_earliest_times_are_not_infinity(reader_of):
    """Postgres' own first day arrives."""
    arrived = reader_of().read_arrow("SELECT '4714-11-24 BC'::timestamptz AS t, '4714-11-24 BC'::date AS d")
    assert arrived["t"].cast(pa.int64()).to_pylist() == [-210_866_803_200_000_000]
    assert arrived["d"].cast(pa.int32()).to_pylist() == [-2_440_588]


def test_uuids_of_a_slice():
    """Conversion starts where the array does, and keeps its nulls."""
    values = [uuid.UUID(int=number) if number % 3 else None for number in range(10)]
    array = pa.array([value.bytes if value else None for value in values], pa.binary(16))
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), array)[2:9]
    assert uuid_text(uuids).to_pylist() == [str(value) if value else None for value in values[2:9]]


def test_names_may_be_the_same_and_order_stays(reader_of):
    """Casting around a statement changes neither its columns nor its order."""
    answer = reader_of().read_arrow(
        "SELECT i AS a, i::numeric AS a FROM generate_series(1, 3) AS i ORDER BY i DESC -- x"
    )
    assert answer.column_names == ["a", "a"]
    assert [column.to_pylist() for column in answer.columns] == [[3, 2, 1], ["3", "2", "1"]]


def test_no_rows_keep_their_columns(reader_of):
    """An empty answer has the schema of a full one."""
    answer = reader_of().read_arrow("SELECT $1::uuid AS u, 1.5 AS n WHERE false", [UUID])
    assert answer.schema == pa.schema([("u", pa.string()), ("n", pa.string())])
