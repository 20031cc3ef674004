"""The made-up system as the files that psql's \\copy … CSV HEADER prints, and as tables of a Postgres."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from leak_world import DAY, LENGTH, NONE, Kept, World, uuids
from psycopg import sql

from ddms_ops.engine import offline_engine

WHEN = "timestamptz NOT NULL"
AUDIT = {
    "seq": "bigint PRIMARY KEY", "id": "uuid NOT NULL", "created_at": WHEN, "tenant_id": "text",
    "user_tenant_id": "text", "user_id": "uuid", "action": "text NOT NULL", "resource_type": "text NOT NULL",
    "resource_id": "uuid", "request_id": "uuid", "status": "integer", "details": "jsonb",
}  # fmt: skip
STRETCH = {"valid_from": WHEN, "valid_until": "timestamptz"}
TABLES: dict[str, dict[str, str]] = {
    "tenants": {"id": "text PRIMARY KEY", "name": "text NOT NULL", "created_at": WHEN},
    "users": {"id": "uuid PRIMARY KEY", "tenant_id": "text NOT NULL", "created_at": WHEN},
    "user_tenants": {"user_id": "uuid NOT NULL", "tenant_id": "text NOT NULL", **STRETCH},
    "documents": {"id": "uuid PRIMARY KEY", "tenant_id": "text NOT NULL", "created_at": WHEN},
    "document_owners": {"document_id": "uuid NOT NULL", "tenant_id": "text NOT NULL", **STRETCH},
    "document_shares": {
        "id": "uuid PRIMARY KEY", "document_id": "uuid NOT NULL", "tenant_id": "text", "created_at": WHEN,
        "expires_at": "timestamptz", "revoked_at": "timestamptz"},
    "memberships": {
        "id": "uuid PRIMARY KEY", "user_id": "uuid NOT NULL", "tenant_id": "text NOT NULL", "joined_at": WHEN,
        "left_at": "timestamptz"},
    "support_sessions": {
        "id": "uuid PRIMARY KEY", "user_id": "uuid NOT NULL", "tenant_id": "text NOT NULL", "started_at": WHEN,
        "ended_at": "timestamptz", "expires_at": "timestamptz", "ticket": "text"},
    "audit_logs": AUDIT,
}  # fmt: skip
FIRST_NUMBER = 5_000_001
ANCIENT = -400 * LENGTH


def stamps(at: Any) -> pa.Array:
    """Offsets as Postgres prints times."""
    text = np.datetime_as_string(DAY + np.asarray(at, dtype="timedelta64[us]"))
    spaced = pc.replace_substring(pa.array(text.tolist(), pa.string()), "T", " ")
    return pc.binary_join_element_wise(pc.utf8_rtrim(pc.utf8_rtrim(spaced, "0"), "."), "+00", "")


def write_audit(world: World, rows: pd.DataFrame, folder: Path) -> np.ndarray:
    """Write audit/audit_logs.csv; the ids of its rows.

    Args:
        rows: frame as `leak_rows.events` makes it, in the order of time.
    """
    count = len(rows)
    ids = uuids(world.rng, count)
    names, users, documents = (pa.array(each) for each in (world.names, world.users.ids, world.documents.ids))
    columns = {
        "seq": pa.array(np.arange(FIRST_NUMBER, FIRST_NUMBER + count)),
        "id": pa.array(ids),
        "created_at": stamps(rows["at"]),
        "tenant_id": _named(names, rows["row"]),
        "user_tenant_id": _named(names, rows["actor"]),
        "user_id": _named(users, rows["user"]),
        "action": pa.array(rows["action"]),
        "resource_type": pa.array(rows["kind"]),
        "resource_id": _named(documents, rows["document"]),
        "request_id": pa.array(uuids(world.rng, count)),
        "status": pa.array(rows["status"]),
        "details": pa.array(rows["details"], from_pandas=True),
    }
    _print_csv(pa.table(columns), folder / "audit" / "audit_logs.csv")
    return ids


def write_tables(world: World, folder: Path) -> None:
    """Write the other tables as audit/<table>.csv."""
    tenants, users, documents = world.tenants, world.users, world.documents
    ancient = stamps([ANCIENT])[0].as_py()
    tables = {
        "tenants": [(name, f"Tenant {number}", ancient) for number, name in enumerate(tenants)],
        "users": _current(world, users, ancient),
        "user_tenants": _history(world, users, ancient),
        "documents": _current(world, documents, ancient),
        "document_owners": _history(world, documents, ancient),
        "document_shares": _entitlements(world, world.shares, documents),
        "memberships": _entitlements(world, world.members, users),
        "support_sessions": _entitlements(world, world.sessions, users),
    }
    for table, rows in tables.items():
        columns = [pa.array(each, pa.string()) for each in zip(*rows, strict=True)]
        _print_csv(pa.table(columns, names=list(TABLES[table])), folder / "audit" / f"{table}.csv")


def load_postgres(connection_or_dsn: psycopg.Connection | str, folder: Path, *, schema: str = "public") -> None:
    """Make the tables of a written system in a schema, and copy its files into them.

    Raises:
        psycopg.Error: the database refuses, for one because the tables are there.
    """
    if isinstance(connection_or_dsn, str):
        with psycopg.connect(connection_or_dsn) as connection:
            return load_postgres(connection, folder, schema=schema)
    connection_or_dsn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    for table, columns in TABLES.items():
        name = sql.Identifier(schema, table)
        made = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(each)) for each, kind in columns.items())
        connection_or_dsn.execute(sql.SQL("CREATE TABLE {} ({})").format(name, made))
        copy_in = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER)").format(name)
        path = folder / "audit" / f"{table}.csv"
        with path.open("rb") as stream, connection_or_dsn.cursor().copy(copy_in) as copy:
            while part := stream.read(1 << 20):
                copy.write(part)
        connection_or_dsn.execute(sql.SQL("ANALYZE {}").format(name))
    connection_or_dsn.execute(sql.SQL("CREATE INDEX ON {} (created_at)").format(sql.Identifier(schema, "audit_logs")))
    return None


def _named(names: pa.Array, numbers: pd.Series) -> pa.Array:
    values = numbers.to_numpy().astype(np.int64)
    return names.take(pa.array(values, mask=values == NONE))


def _current(world: World, kept: Kept, since: str) -> list[tuple[Any, ...]]:
    return [(each, world.tenants[tenant], since) for each, tenant in zip(kept.ids, kept.now, strict=True)]


def _history(world: World, kept: Kept, since: str) -> list[tuple[Any, ...]]:
    """A stretch for each; of those that moved a second one."""
    moves = dict(zip(kept.moves, stamps(list(kept.moves.values())).to_pylist(), strict=True)) if kept.moves else {}
    rows = [
        (each, world.tenants[tenant], since, moves.get(number))
        for number, (each, tenant) in enumerate(zip(kept.ids, kept.tenant, strict=True))
    ]
    return rows + [(kept.ids[number], world.tenants[kept.now[number]], at, None) for number, at in moves.items()]


def _entitlements(world: World, rows: list[tuple[Any, ...]], kept: Kept) -> list[tuple[Any, ...]]:
    """Rows with ids for numbers, tenants' names, and times as text; a ticket stays as it is."""
    ids = uuids(world.rng, len(rows))
    return [
        (each, kept.ids[number], None if tenant == NONE else world.tenants[tenant], *map(_time, rest))
        for each, (number, tenant, *rest) in zip(ids, rows, strict=True)
    ]


def _time(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return stamps([value])[0].as_py()


def _print_csv(table: pa.Table, path: Path) -> None:
    """As Postgres prints CSV: fields in quotes only where they must be, null is nothing, empty text is two quotes."""
    with offline_engine() as engine:
        engine.from_arrow(table).write_csv(str(path), header=True)
