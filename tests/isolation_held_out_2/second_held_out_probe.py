"""What the application can really read and write of each object, by trying it as each of its roles.

Rows hold `alder` or `birch`, or the id of one of these two tenants. A role of one tenant's own is that tenant,
whatever is set; the others are Alder where the settings say so, and nobody where they are empty or missing.
"""

from collections.abc import Iterable, Mapping

import psycopg
from psycopg import sql

ALDER, BIRCH = "a11ce000-0000-4000-8000-000000000001", "b0b00000-0000-4000-8000-000000000002"
AS_ALDER = {
    "app.current_tenant": ALDER, "app.current_tenant_id": ALDER, "app.user_id": "ann", "nile.tenant_id": ALDER,
    "request.jwt.claims": f'{{"role": "web_user", "tenant_id": "{ALDER}"}}', "rls.tenant_id": "1",
    "rls.account_id": "1", "hasura.user": f'{{"x-hasura-role": "user", "x-hasura-tenant-id": "{ALDER}"}}',
}  # fmt: skip
SAID_BY_CALLERS = {  # what any caller can say of himself
    "request.headers": f'{{"x-tenant-id": "{BIRCH}"}}', "application_name": BIRCH, "app.bypass_rls": "on",
}  # fmt: skip
EMPTY = dict.fromkeys(AS_ALDER, "")
OF_ALDER, OF_BIRCH = f"alder|{ALDER}", f"birch|{BIRCH}"
OWN_ROLES = {"tenant_alder": OF_BIRCH, "tenant_birch": OF_ALDER}  # and what is foreign to them
TENANT_COLUMNS = ("tenant_id", "tenantId", "account_id")
OTHER = {"text": "birch", "uuid": BIRCH, "bigint": "2", "integer": "2", "name": "tenant_birch"}
READABLE_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
AND has_column_privilege(%s, attrelid, attnum, 'SELECT')
"""
TENANT_COLUMN = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attname = ANY(%s) AND NOT attisdropped
"""


def readable(dsn: str, objects: Iterable[str], roles: Iterable[str]) -> set[str]:
    """Relations and functions that show another tenant's rows, or anybody's where no tenant is set."""
    found, anybody = set(), f"{OF_ALDER}|{OF_BIRCH}"
    for settings, foreign in ((AS_ALDER | SAID_BY_CALLERS, OF_BIRCH), (EMPTY, anybody), ({}, anybody)):
        with psycopg.connect(dsn) as connection:  # a new one each: a setting that was set is never again unset
            _set(connection, settings)
            found |= {
                name for name in objects
                if any(_shows(connection, name, role, OWN_ROLES.get(role, foreign)) for role in roles)
            }  # fmt: skip
    return found


def showing_own(dsn: str, objects: Iterable[str], roles: Iterable[str]) -> set[str]:
    """Relations and functions that show Alder its own rows: protected, not merely closed."""
    with psycopg.connect(dsn) as connection:
        _set(connection, AS_ALDER)
        return {name for name in objects if any(_shows(connection, name, role, OF_ALDER) for role in roles)}


def writable(dsn: str, tables: Iterable[str], roles: Iterable[str]) -> set[str]:
    """Tables in which Alder can make a row Birch's."""
    roles = [role for role in roles if role != "tenant_birch"]
    with psycopg.connect(dsn) as connection:
        _set(connection, AS_ALDER)
        return {name for name in tables if any(_gives(connection, name, role) for role in roles)}


def _set(connection: psycopg.Connection, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))


def _named(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _shows(connection: psycopg.Connection, name: str, role: str, words: str) -> bool:
    columns = connection.execute(READABLE_COLUMNS, (name, role)).fetchall()
    wanted = sql.SQL(", ").join(sql.Identifier(column) for (column,) in columns)
    statement = sql.SQL("SELECT row({})::text AS found FROM {}").format(wanted, _named(name))
    if connection.execute("SELECT to_regproc(%s) IS NOT NULL", (name,)).fetchone() == (True,):
        statement = sql.SQL("SELECT found::text FROM {}() AS found").format(_named(name))
    count = sql.SQL("SELECT count(*) FROM ({}) AS all_ WHERE found ~ %s").format(statement)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            return connection.execute(count, (words,)).fetchone() != (0,)
    except psycopg.Error:  # refused
        return False


def _gives(connection: psycopg.Connection, name: str, role: str) -> bool:
    found = connection.execute(TENANT_COLUMN, (name, list(TENANT_COLUMNS))).fetchall()
    for column, kind in found:
        parts = (_named(name), sql.Identifier(column), sql.Literal(OTHER[kind]))
        insert, update = sql.SQL("INSERT INTO {} ({}) VALUES ({})"), sql.SQL("UPDATE {} SET {} = {}")
        if any(_does(connection, role, statement.format(*parts)) for statement in (insert, update)):
            return True
    return False


def _does(connection: psycopg.Connection, role: str, statement: sql.Composed) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            return connection.execute(statement).rowcount > 0
    except psycopg.Error:  # refused
        return False
