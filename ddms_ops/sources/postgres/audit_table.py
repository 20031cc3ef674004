"""The statement that reads an audit table, made from what the catalog says of it; refused in words where it cannot."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
from psycopg import sql

from ddms_ops.coverage import Status
from ddms_ops.errors import did_you_mean
from ddms_ops.sources.base import AuditQuery
from ddms_ops.sources.postgres.columns import TEXTUAL, printed
from ddms_ops.sources.postgres.faults import DatabaseFault
from ddms_ops.sources.postgres.reader import PostgresReader

RELATIONS = """
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS relkind,
    has_schema_privilege(n.oid, 'USAGE') AS may_enter, row_security_active(c.oid) AS is_filtered
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
"""
NAMED = RELATIONS + " AND (c.relname = $1 OR n.nspname || '.' || c.relname = $1) ORDER BY n.nspname"
COLUMNS = """
SELECT a.attname::text AS name, a.atttypid::int8 AS type, format_type(a.atttypid, a.atttypmod) AS type_name,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_read,
    n.nspname::text AS output_schema, p.proname::text AS output
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_proc AS p ON p.oid = t.typoutput
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE a.attrelid = $1::int8::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
TIMESTAMPTZ = 1184
NAIVE = {1082: "date", 1114: "timestamp without time zone"}  # read as UTC
Row = dict[str, Any]


def audit_statement(reader: PostgresReader, query: AuditQuery) -> tuple[str, Sequence[object]]:
    """SQL and parameters for the rows of the window, ordered by time; every column but the time as text.

    Raises:
        DatabaseFault: NOT_CONFIGURED without such a table, FAILED without such a column or time, NO_PERMISSION where
            the role may not read it, or would see only some of its rows.
    """
    relation, columns = readable_table(reader, query.table, query.columns)
    check_time(relation, columns[query.time_column])
    time = columns[query.time_column]
    stamp = sql.Identifier(query.time_column)
    is_naive = time["type"] in NAIVE
    picked = [
        (sql.SQL("{}::timestamp") if is_naive else sql.SQL("{}")).format(stamp) if name == query.time_column
        else text_of(columns[name])
        for name in query.columns
    ]  # fmt: skip
    statement = sql.SQL("SELECT {} FROM {} WHERE {} >= $1 AND {} < $2 ORDER BY {}").format(
        sql.SQL(", ").join(picked), sql.Identifier(relation["schema"], relation["name"]), stamp, stamp, stamp
    )
    bounds = [bound(moment, is_naive=is_naive) for moment in (query.window.start, query.window.end)]
    return statement.as_string(), bounds


def readable_table(reader: PostgresReader, table: str, names: Sequence[str]) -> tuple[Row, dict[str, Row]]:
    """What the catalog says of a table, and of all its columns by name; these columns of it may be read.

    Raises:
        DatabaseFault: NOT_CONFIGURED without such a table, FAILED without such a column, NO_PERMISSION where the role
            may not read it, or would see only some of its rows.
    """
    relation = _relation(reader, table)
    columns = {row["name"]: row for row in reader.rows(COLUMNS, (relation["oid"],))}
    for name in names:
        if name not in columns:
            words = f"table {relation['name']!r} has no column {name!r}{did_you_mean(name, columns)}"
            raise DatabaseFault(Status.FAILED, words)
    _check_rights(relation, columns, names, user=reader.server.user)
    return relation, columns


def check_time(relation: Row, column: Row) -> None:
    """Refuse a column that is no time.

    Raises:
        DatabaseFault: it is not.
    """
    if column["type"] != TIMESTAMPTZ and column["type"] not in NAIVE:
        words = f"column {column['name']!r} of {relation['name']!r} is of type {column['type_name']}, which is no time"
        raise DatabaseFault(Status.FAILED, words)


def _relation(reader: PostgresReader, table: str) -> Row:
    """The table's row in the catalog, by its name or schema.name."""
    found = reader.rows(NAMED, (table,))
    if not found:
        known = [row["name"] for row in reader.rows(RELATIONS)]
        words = f"the database {reader.server.database} has no table {table!r}{did_you_mean(table, known)}"
        raise DatabaseFault(Status.NOT_CONFIGURED, words)
    if len(found) > 1:
        names = ", ".join(f"{row['schema']}.{row['name']}" for row in found)
        raise DatabaseFault(Status.NOT_CONFIGURED, f"there are several tables {table!r}: write one of {names}")
    return found[0]


def _check_rights(relation: Row, columns: dict[str, Row], asked: Sequence[str], *, user: str) -> None:
    """Words that name the grant to add."""
    role = sql.Identifier(user).as_string()
    schema = sql.Identifier(relation["schema"]).as_string()
    table = sql.Identifier(relation["schema"], relation["name"]).as_string()
    closed = [name for name in asked if not columns[name]["may_read"]]
    if not relation["may_enter"]:
        raise DatabaseFault(Status.NO_PERMISSION, f"not allowed; add: GRANT USAGE ON SCHEMA {schema} TO {role}")
    if closed:
        names = ", ".join(sql.Identifier(name).as_string() for name in closed)
        raise DatabaseFault(Status.NO_PERMISSION, f"not allowed; add: GRANT SELECT ({names}) ON {table} TO {role}")
    if relation["is_filtered"]:
        words = f"rows are hidden by row-level security; the role needs BYPASSRLS: ALTER ROLE {role} BYPASSRLS"
        raise DatabaseFault(Status.NO_PERMISSION, words)


def text_of(column: Row, table: str = "") -> sql.Composable:
    """SQL for a column as the text that Postgres prints.

    Args:
        column: its row of the catalog.
        table: the alias that it is named with.
    """
    name = sql.Identifier(table, column["name"]) if table else sql.Identifier(column["name"])
    return name if column["type"] in TEXTUAL else printed(name, column["output_schema"], column["output"])


def bound(moment: pd.Timestamp, *, is_naive: bool) -> dt.datetime:
    """A bound of the window; Postgres knows microseconds, so a finer one is rounded up, which keeps the same rows."""
    whole: dt.datetime = moment.ceil("us").to_pydatetime()
    return whole.replace(tzinfo=None) if is_naive else whole
