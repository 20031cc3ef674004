"""What the application can really read and write of each object, by trying it as each of its roles."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

ACME, GLOBEX = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CLAIMS = (
    '{"sub": "aaaaaaaa-0000-4000-8000-000000000001", "role": "authenticated", '
    f'"app_metadata": {{"tenant_id": "{ACME}"}}, "user_metadata": {{"tenant_id": "{GLOBEX}"}}}}'
)
AS_ACME = {
    "app.tenant_id": "acme", "app.tenant_ids": "acme", "app.current_org": ACME, "request.jwt.claims": CLAIMS,
    "rails.account_id": "1", "hasura.user": '{"x-hasura-tenant-id": "acme", "x-hasura-role": "user"}',
    "django.tenant": "1", "app.user_id": "ann",
    "app.requested_tenant": "globex", "app.maintenance": "on",  # what any caller can say of himself
}  # fmt: skip
EMPTY = dict.fromkeys(AS_ACME, "")
FOREIGN, ANYBODY = f"globex|{GLOBEX}", f"globex|acme|{GLOBEX}|{ACME}"
TENANT_COLUMNS = {"tenant_id", "org_id", "account_id", "company_id"}
OTHER = {"text": "globex", "uuid": GLOBEX, "bigint": "2", "integer": "2"}
COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


def readable(dsn: str, objects: Iterable[str], roles: Iterable[str]) -> set[str]:
    """Relations and functions that show another tenant's rows, or anybody's where no tenant is set."""
    found = set()
    for settings, words in ((AS_ACME, FOREIGN), (EMPTY, ANYBODY), ({}, ANYBODY)):
        with psycopg.connect(dsn) as connection:  # a new one each: a setting that was set is never again unset
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            found |= {each for each in objects if any(_shows(connection, each, role, words) for role in roles)}
    return found


def showing_own(dsn: str, objects: Iterable[str], roles: Iterable[str]) -> set[str]:
    """Relations and functions that show acme its own rows: protected, not merely closed."""
    with psycopg.connect(dsn) as connection:
        for name, value in AS_ACME.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        return {each for each in objects if any(_shows(connection, each, role, f"acme|{ACME}") for role in roles)}


def writable(dsn: str, tables: Iterable[str], roles: Iterable[str]) -> set[str]:
    """Tables in which acme can make a row globex's."""
    with psycopg.connect(dsn) as connection:
        for name, value in AS_ACME.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        return {each for each in tables if any(_gives(connection, each, role) for role in roles)}


def _named(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _shows(connection: psycopg.Connection, name: str, role: str, words: str) -> bool:
    is_function = connection.execute("SELECT to_regproc(%s) IS NOT NULL", (name,)).fetchone() == (True,)
    columns = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
        "AND has_column_privilege(%s, attrelid, attnum, 'SELECT')", (name, role),
    ).fetchall()  # fmt: skip
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            if is_function:
                statement = sql.SQL("SELECT found::text FROM {}() AS found").format(_named(name))
            else:
                wanted = sql.SQL(", ").join(sql.Identifier(column) for (column,) in columns)
                statement = sql.SQL("SELECT row({})::text AS found FROM {}").format(wanted, _named(name))
            count = sql.SQL("SELECT count(*) FROM ({}) AS all_ WHERE found ~ %s").format(statement)
            return connection.execute(count, (words,)).fetchone() != (0,)
    except psycopg.Error:
        return False


def _gives(connection: psycopg.Connection, name: str, role: str) -> bool:
    columns = dict(connection.execute(COLUMNS, (name,)).fetchall())
    [column] = set(columns) & TENANT_COLUMNS
    values = {column: sql.Literal(OTHER[columns[column]])}
    values |= {"created_by": sql.Literal("ann")} if "created_by" in columns else {}
    statements = (
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            _named(name), sql.SQL(", ").join(map(sql.Identifier, values)), sql.SQL(", ").join(values.values())
        ),
        sql.SQL("UPDATE {} SET {} = {}").format(_named(name), sql.Identifier(column), values[column]),
    )
    return any(_does(connection, role, statement) for statement in statements)


def _does(connection: psycopg.Connection, role: str, statement: sql.Composed) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            return connection.execute(statement).rowcount > 0
    except psycopg.Error:
        return False
