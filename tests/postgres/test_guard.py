"""What is never sent to a database in production."""

import psycopg
import pytest

from ddms_ops.sources.postgres import CATALOG, RefusedStatement
from ddms_ops.sources.postgres.guard import bind, check_statement

HARMLESS = (
    "SELECT 1", "select a from b where c = $1 -- it's fine", "WITH a AS (SELECT 1) TABLE a", "VALUES (1), (2)",
    "SHOW work_mem", "EXPLAIN SELECT 1", "EXPLAIN (COSTS off, VERBOSE) SELECT 1", "SELECT 'DELETE; pg_notify(1)'",
    "SELECT $x$ ; it's $y$ $x$", 'SELECT "update" FROM b', "SELECT /* ; /* nested */ ; */ 1", "SELECT 'it''s; x'",
    "SELECT lo_y FROM b",
)  # fmt: skip
REFUSED = (
    "", "DELETE FROM a", "SELECT 1; SELECT 2", "SELECT 1;", "BEGIN", "SET statement_timeout = 0", "NOTIFY a",
    "LOCK TABLE a IN ACCESS SHARE MODE", "COPY a TO STDOUT", "CALL a()", "DO $$ BEGIN END $$", "LISTEN a",
    "EXPLAIN ANALYZE SELECT 1", "EXPLAIN (COSTS off, ANALYZE) SELECT 1", "EXPLAIN DELETE FROM a", "EXPLAIN EXECUTE a",
    "WITH a AS (DELETE FROM b RETURNING 1) SELECT * FROM a", "SELECT 1 INTO a", "SELECT * FROM a FOR UPDATE",
    "SELECT * FROM a FOR KEY SHARE", "SELECT pg_advisory_lock(1)", "SELECT pg_try_advisory_xact_lock_shared(1)",
    "SELECT pg_notify('a', 'b')", "SELECT lo_create(0)", "SELECT lowrite(1, 'a')", "SELECT pg_export_snapshot()",
    "SELECT set_config('a', 'b', false)", "SELECT pg_sleep(9)", "SELECT nextval('a')", "SELECT setval('a', 1)",
    "SELECT pg_terminate_backend(1)", "SELECT pg_cancel_backend(1)", "SELECT * FROM dblink('a', 'b') AS c(d int)",
    "SELECT pg_read_file('a')", "SELECT query_to_xml('DELETE', true, true, '')", "SELECT pg_stat_statements_reset()",
    "SELECT pg_catalog . pg_notify /* */ ('a', 'b')", "SELECT \"pg_catalog\".\"pg_notify\"('a', 'b')",
    "SELECT PG_NOTIFY('a', 'b')", "SELECT E'\\' , pg_notify(1, 2) --'", "SELECT U&\"pg\\005fnotify\"('a', 'b')",
    "SELECT 1 AS 😀$x$, pg_notify('a', 'b') AS y$x$", "SELECT 'a", "SELECT /* a", 'SELECT "a', "SELECT 1 \0",
    "SELECT 'a' -- \n, pg_notify('a', 'b')", "SELECT 1 AS a$x$, pg_notify('a', 'b') AS b$x$",
)  # fmt: skip


@pytest.mark.parametrize("statement", HARMLESS)
def test_reading_passes(statement: str):
    """Names and text that only look dangerous are no reason to refuse."""
    check_statement(statement)


@pytest.mark.parametrize("statement", REFUSED)
def test_everything_else_is_refused(statement: str):
    """Writing, locking, several statements, functions with effects, and ways to hide them."""
    with pytest.raises(RefusedStatement):
        check_statement(statement)


def test_our_own_statements_pass():
    """The catalog reads are sent under the same rule as all others."""
    for statement in CATALOG.values():
        check_statement(statement)


@pytest.mark.parametrize(
    "value", ["it's", "100%", "%s $1", "a\nb", "back\\slash", "😀 日本", "", None, -7, "'; DROP --"]
)
def test_values_arrive_as_they_are(value: object, superuser: psycopg.Connection, reader_of):
    """Quoted for the stream, bound for rows: no value becomes part of a statement."""
    kind = "int" if isinstance(value, int) else "text"
    statement = f"SELECT $1::{kind} AS value, '$1 %s' AS quoted"
    assert superuser.execute(bind(statement, [value], superuser).encode()).fetchone() == (value, "$1 %s")
    assert reader_of().rows(statement, [value]) == [{"value": value, "quoted": "$1 %s"}]
    assert reader_of().read_arrow(statement, [value]).to_pylist() == [{"value": value, "quoted": "$1 %s"}]


def test_a_value_that_is_missing_is_refused(superuser: psycopg.Connection):
    """A $2 with one value given."""
    with pytest.raises(RefusedStatement, match=r"asks for \$2, 1 values were given"):
        bind("SELECT $1, $2", ["a"], superuser)


@pytest.mark.parametrize(
    "statement",
    ["SELECT (7::bigint).pg_advisory_lock", "SELECT (0.5::float8).pg_sleep", "SELECT ('x'::text).\"lo_import\""],
)
def test_a_function_called_as_an_attribute_is_refused(statement: str):
    """Postgres takes (value).name for name(value)."""
    with pytest.raises(RefusedStatement):
        check_statement(statement)
