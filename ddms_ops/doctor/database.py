"""The profile's Postgres: whether it answers, as whom, and whether that role sees what reports need."""

import importlib.util
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ddms_ops.deployment import Database
from ddms_ops.doctor.lines import LACKING, NOT_OK, OK, Line
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import AuditQuery
from ddms_ops.window import Window

if TYPE_CHECKING:
    from ddms_ops.sources.postgres import PostgresReader

NEEDED = ("psycopg", "adbc_driver_postgresql")
ROLE = "docs/postgres-role.sql makes one"
IS_MONITOR = "SELECT pg_has_role(current_user, 'pg_monitor', 'MEMBER') AS is_member"


def database_lines(
    database: Database, session: AwsSession, *, now: pd.Timestamp, environ: Mapping[str, str]
) -> Iterator[Line]:
    """The connection, the role's rights, row-level security, statistics; no row of a table is read.

    Args:
        database: the profile's section.
        session: the account that has its secret, or makes its token.
        now: any moment.
        environ: where the connection is looked up.
    """
    if not all(map(importlib.util.find_spec, NEEDED)):
        yield LACKING, "database: psycopg and adbc-driver-postgresql are missing; pip install 'ddms-ops[live]'"
        return
    from ddms_ops.sources.postgres import DatabaseFault, PostgresReader

    reader = PostgresReader(
        database, environ=environ, secret_value=session.secret_value, token=session.database_token
    )  # fmt: skip
    try:
        with reader:
            yield from _role(reader)
            for table in database.audit:
                yield _audit(reader, database, table, now)
            yield from _row_security(reader, database)
            yield _statistics(reader)
    except DatabaseFault as fault:
        yield LACKING, f"database: {fault.words}; nothing of the database will be in a report"


def _role(reader: "PostgresReader") -> Iterator[Line]:
    server = reader.server
    kind = "" if server.is_reader else "; a reader would spare the system's own work"
    yield OK, f"database: {server.words}{kind}"
    if server.is_superuser:
        yield NOT_OK, f"database: {server.user} is a superuser, which reading does not need; {ROLE}"
    if not reader.rows(IS_MONITOR)[0]["is_member"]:
        lost = "statements and activity of others will read as insufficient privilege"
        yield LACKING, f"database: {lost}; add: GRANT pg_monitor TO {server.user}"


def _audit(reader: "PostgresReader", database: Database, table: str, now: pd.Timestamp) -> Line:
    from ddms_ops.sources.postgres import DatabaseFault
    from ddms_ops.sources.postgres.audit_table import audit_statement

    declared = database.audit[table]
    query = AuditQuery(Window(now - pd.Timedelta(minutes=1), now), table, declared.columns, declared.time_column)
    try:
        audit_statement(reader, query)
    except DatabaseFault as fault:
        return LACKING, f"audit table {table}: {fault.words}"
    return OK, f"audit table {table}: may be read, all its rows"


def _row_security(reader: "PostgresReader", database: Database) -> Iterator[Line]:
    from ddms_ops.sources.postgres import CATALOG

    tables: dict[str, dict[str, object]] = {}
    policies: dict[str, int] = {}
    for row in reader.rows(CATALOG["row_security"]) if database.row_security else []:
        for name in (row["table"], f"{row['schema']}.{row['table']}"):
            tables[name] = row
            policies[name] = policies.get(name, 0) + (row["policy"] is not None)
    for name in database.row_security:
        what = f"row-level security of {name}"
        if name not in tables:
            yield LACKING, f"{what}: there is no such table; correct database.row_security in the profile"
        elif not tables[name]["is_enabled"]:
            yield NOT_OK, f"{what}: is off, nothing keeps tenants apart"
        elif tables[name]["filters_this_role"]:
            yield LACKING, f"{what}: hides rows from us, so that a leak would not be seen; the role needs BYPASSRLS"
        else:
            forced = "forced" if tables[name]["is_forced"] else "not forced: the table's owner sees all rows"
            yield OK, f"{what}: on ({forced}), {policies[name]} policies, hides no row from us"


def _statistics(reader: "PostgresReader") -> Line:
    from ddms_ops.sources.postgres import CATALOG

    if any(row["name"] == "pg_stat_statements" for row in reader.rows(CATALOG["extensions"])):
        return OK, "database: pg_stat_statements is there"
    lost = "statements that became slow will not be named"
    return LACKING, f"database: pg_stat_statements is not there, {lost}; add: CREATE EXTENSION pg_stat_statements"
