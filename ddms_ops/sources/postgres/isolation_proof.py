"""The live proof of tenant isolation: as the application's role, may a tenant see a row that is not its own?

Each question is a transaction of its own, read-only and rolled back, on a connection of its own, for here the policies
must hold: the sessions that read records switch them off.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.sources.postgres.dsn import SecretValue, Token, connection_string
from ddms_ops.sources.postgres.faults import DatabaseFault, read_fault
from ddms_ops.sources.postgres.session import open_session
from ddms_ops.tenancy import Isolation

NONE = "none"
TIMEOUT_S, LONGEST_S = 2, 60
MOST_TABLES, MOST_ROWS, ROW_BYTES = 200, 1_000_000, 100
REFUSED, NO_ROLE, CANCELLED = "42501", "22023", "57014"
NO_TENANT_ERRORS = frozenset({"42704", "22P02"})  # the setting is not known, or '' is no value of the column's type
# Tables with a tenant column that the role may read; where there are several such columns, the first that is declared.
TABLES = """
SELECT DISTINCT ON (c.oid) n.nspname AS schema, c.relname AS name, t.attname AS column,
    EXISTS (SELECT FROM pg_index AS i
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indkey[0] = t.attnum) AS has_index,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 ELSE coalesce((SELECT sum(pg_relation_size(p.relid))
        FROM pg_partition_tree(c.oid) AS p), pg_relation_size(c.oid))::int8 / $4 END AS rows
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS t ON t.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND t.attnum > 0 AND NOT t.attisdropped AND t.attname = ANY ($2::text[])
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relname <> ALL ($3::text[]) AND n.nspname || '.' || c.relname <> ALL ($3::text[])
    AND has_schema_privilege($1, n.oid, 'USAGE') AND has_column_privilege($1, c.oid, t.attnum, 'SELECT')
    AND NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation = c.oid)
ORDER BY c.oid, array_position($2::text[], t.attname::text) LIMIT $5
"""
FOREIGN = sql.SQL("SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} IS DISTINCT FROM $1)")
SET = "SELECT set_config($1, $2, true)"


@dataclass(frozen=True, slots=True)
class Proof:
    """What one question showed; `shows_foreign` is None where there is no answer, and `words` say why."""

    table: str
    role: str
    tenant: str
    shows_foreign: bool | None
    words: str


def prove_isolation(
    database: Database, isolation: Isolation, *, role: str, setting: str, tenants: Sequence[str],
    environ: Mapping[str, str], secret_value: SecretValue | None = None, token: Token | None = None,
) -> list[Proof]:  # fmt: skip
    """Whether the role sees a row of another tenant, for the first, the last and no tenant, table by table.

    Args:
        database: the profile's section; its user must be a member of the role.
        isolation: tenant columns, and shared tables, which are left out.
        role: one that the application connects as.
        setting: the one that holds the tenant, such as app.tenant_id.
        tenants: ids as the tenant columns hold them; none of them: only a session without tenant is tried.
        environ, secret_value, token: as PostgresReader has them.

    Returns:
        Three rows for each table that the role may read and that has a tenant column, in the tables' order; `tenant`
        is "none" where the session states none, and any row of a tenant is foreign then. Empty: there is no such table.

    Raises:
        DatabaseFault: no connection, no such role, or the user may not become it.
    """
    address = connection_string(database, environ=environ, secret_value=secret_value, token=token)
    started = time.monotonic()
    asked = [None, *dict.fromkeys([*tenants[:1], *tenants[-1:]])]
    found: list[Proof] = []
    with open_session(address, database.dsn_variable, TIMEOUT_S) as connection:
        _check_role(connection, role)
        tables = _tables(connection, isolation, role)
        for tenant in asked:  # none first: a setting that was set once is '' from then on
            for table in tables:
                is_over = time.monotonic() - started > LONGEST_S
                lack = f"not asked: the proof's {LONGEST_S} s were over" if is_over else _unasked(table)
                answer = (None, lack) if lack else _asked(connection, table, role=role, setting=setting, tenant=tenant)
                found.append(Proof(_name(table), role, NONE if tenant is None else tenant, *answer))
    places = [_name(table) for table in tables]
    return sorted(found, key=lambda proof: places.index(proof.table))


def _name(table: Mapping[str, Any]) -> str:
    return f"{table['schema']}.{table['name']}"


def _unasked(table: Mapping[str, Any]) -> str:
    """Why a table is not asked about; empty where it is."""
    is_heavy = not table["has_index"] and table["rows"] >= MOST_ROWS
    return f"not asked: about {table['rows']:,} rows and no index on {table['column']}" if is_heavy else ""


def _tables(connection: psycopg.Connection[Any], isolation: Isolation, role: str) -> list[dict[str, Any]]:
    """The tables to ask about."""
    given = (role, list(isolation.columns), list(isolation.shared), ROW_BYTES, MOST_TABLES)
    started = time.monotonic()
    try:
        return psycopg.RawCursor(connection, row_factory=dict_row).execute(TABLES.encode(), given).fetchall()
    except psycopg.Error as error:
        raise read_fault(error, elapsed_s=time.monotonic() - started, timeout_s=TIMEOUT_S) from None


def _check_role(connection: psycopg.Connection[Any], role: str) -> None:
    """Raises DatabaseFault where the user may not become the role."""
    user = connection.info.user
    try:
        _begin(connection, role)
    except psycopg.Error as error:
        if error.sqlstate == REFUSED:
            words = f"role {user} may not SET ROLE {role}: GRANT {role} TO {user}"
            raise DatabaseFault(Status.NO_PERMISSION, words, code=REFUSED) from None
        if error.sqlstate == NO_ROLE:
            raise DatabaseFault(Status.NOT_CONFIGURED, f"there is no role {role}", code=NO_ROLE) from None
        raise read_fault(error, elapsed_s=0, timeout_s=TIMEOUT_S) from None
    finally:
        _roll_back(connection)


def _begin(connection: psycopg.Connection[Any], role: str, schema: str = "public") -> None:
    """A read-only transaction as the role, whose policies hold and whose functions find their tables."""
    connection.execute("BEGIN READ ONLY")
    connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(f"{TIMEOUT_S}s")))
    connection.execute("SET LOCAL row_security = on")
    path = sql.SQL('SET LOCAL search_path = "$user", public, {}').format(sql.Identifier(schema))
    connection.execute(path)
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))


def _roll_back(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error):
        connection.execute("ROLLBACK")


def _asked(
    connection: psycopg.Connection[Any], table: Mapping[str, Any], *, role: str, setting: str, tenant: str | None
) -> tuple[bool | None, str]:
    """Whether a foreign row is seen, and in words what was."""
    place = sql.Identifier(table["schema"], table["name"])
    question = FOREIGN.format(table=place, column=sql.Identifier(table["column"]))
    stated = "a session without tenant" if tenant is None else "a session of that tenant"
    started = time.monotonic()
    try:
        _begin(connection, role, table["schema"])
        cursor = psycopg.RawCursor(connection)
        if tenant is not None:
            cursor.execute(SET.encode(), (setting, tenant))
        [(shows,)] = cursor.execute(question.as_bytes(connection), (tenant,)).fetchall()
    except psycopg.Error as error:
        if error.sqlstate == CANCELLED:
            return None, f"no answer within {TIMEOUT_S} s"
        if error.sqlstate in NO_TENANT_ERRORS and tenant is None:
            return False, f"{stated} is answered with an error (SQLSTATE {error.sqlstate}), not with rows"
        fault = read_fault(error, elapsed_s=time.monotonic() - started, timeout_s=TIMEOUT_S)
        if connection.closed:
            raise fault from None
        return None, fault.words
    finally:
        _roll_back(connection)
    return bool(shows), f"{stated} sees {'rows' if shows else 'no row'} of {'tenants' if tenant is None else 'others'}"
