"""Connections are read-only, encrypted unless they stay on this machine, and keep their password to themselves."""

import json

import pytest

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sources.postgres import CATALOG, DatabaseFault, PostgresReader
from ddms_ops.sources.postgres.dsn import connection_string
from ddms_ops.sources.postgres.session import SETTINGS, open_session, open_stream

PLAIN = Database(dsn_variable="URL")
SECRET = "p@ss w'ord/😀"


def address(url: str, database: Database = PLAIN, **sources: object) -> dict[str, str]:
    """What libpq is given, by name."""
    from psycopg.conninfo import conninfo_to_dict

    given = {"secret_value": None, "token": None, **sources}
    return conninfo_to_dict(connection_string(database, environ={"URL": url}, **given))


def fault(database: Database = PLAIN, **environ: str) -> DatabaseFault:
    """Why a reader cannot connect."""
    with pytest.raises(DatabaseFault) as caught, PostgresReader(database, environ=environ) as reader:
        reader.rows("SELECT 1")
    return caught.value


@pytest.mark.parametrize("host", ["db.example.com", "10.0.0.1", "127.0.0.1,db.example.com"])
def test_another_machine_is_verified(host: str):
    """TLS with a verified name, unless the URL asks for less that is still TLS."""
    assert address(f"postgresql://u@{host}/d")["sslmode"] == "verify-full"
    assert address(f"postgresql://u@{host}/d?sslmode=require")["sslmode"] == "require"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_clear_text_to_another_machine_is_refused(mode: str):
    """Also where it would only happen if the server has no TLS."""
    said = fault(URL=f"postgresql://u:hunter2@db.example.com/d?sslmode={mode}")
    assert said.words == f"URL: sslmode={mode} may send rows in the clear; write verify-full"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "%2Fvar%2Frun"])
def test_this_machine_needs_no_tls(host: str):
    """Loopback and sockets."""
    assert "sslmode" not in address(f"postgresql://u@{host}/d")


def test_passwords_come_from_where_the_profile_says():
    """A secret has user and password; a token is made for the host, port and user."""
    secret = Database(dsn_variable="URL", secret="s")
    given = address(
        "postgresql://h/d", secret, secret_value=lambda name: json.dumps({"username": name, "password": SECRET})
    )
    assert (given["user"], given["password"]) == ("s", SECRET)
    given = address("postgresql://u@h/d", Database(dsn_variable="URL", iam_token=True), token=lambda *place: f"{place}")
    assert given["password"] == "('h', 5432, 'u')"


@pytest.mark.parametrize("held", ["", "[]", "{}", '{"username": "u"}', f"{{{SECRET}"])
def test_a_secret_of_another_shape_is_said(held: str):
    """Without printing what it holds."""
    with pytest.raises(DatabaseFault) as caught:
        address("postgresql://h/d", Database(dsn_variable="URL", secret="s"), secret_value=lambda _: held)
    assert caught.value.words == "no password for URL: the secret is no JSON object with username and password"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "the environment variable URL is not set; set it to postgresql://user@host:5432/database"),
        (f"postgresql://u:{SECRET}@[", "URL holds no libpq URL; write postgresql://user@host:5432/database"),
        ("postgresql:///d", "URL names no host; write postgresql://user@host:5432/database"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, words: str):
    """Not configured, in words that hold nothing of the URL."""
    said = fault(URL=url)
    assert (said.status, said.words) == (Status.NOT_CONFIGURED, words)


def test_wrong_passwords_and_closed_ports(server: PostgresServer):
    """Said without the password, the user or the address."""
    wrong = server.dsn("ddms_ops_ro").replace(server.password, "hunter2")
    assert fault(URL=wrong).words == "database of URL: the user or the password was refused"
    closed = "postgresql://u:hunter2@127.0.0.1:1/d"
    assert fault(URL=closed).words == "database of URL: nothing listens at that address"
    assert fault(URL=server.dsn() + "x").words == "database of URL: there is no such user or database"


def test_both_kinds_of_session_have_every_setting(server: PostgresServer):
    """Asked back by us, whatever the drivers do."""
    wanted = {**SETTINGS, "statement_timeout": "7000"}
    ask = "SELECT name, setting FROM pg_catalog.pg_settings"
    with open_session(server.dsn(), "URL", 7) as session:
        assert wanted.items() <= dict(session.execute(ask).fetchall()).items()
    with open_stream(server.dsn(), "URL", 7) as stream, stream.cursor() as cursor:
        assert wanted.items() <= dict(cursor.execute(ask).fetchall()).items()


def test_a_server_without_tls_is_said(server: PostgresServer):
    """Where the URL asks for TLS."""
    assert fault(URL=server.dsn() + "?sslmode=require").words == (
        "database of URL: TLS: the server does not offer it, or the handshake failed"
    )


def test_the_role_is_enough(reader_of):
    """docs/postgres-role.sql suffices for every read of ours; what it does not name is closed."""
    reader = reader_of()
    known = reader.server
    assert (known.user, known.is_reader, known.is_superuser, known.bypasses_row_security) == (
        "ddms_ops_ro", False, False, True,
    )  # fmt: skip
    for statement in CATALOG.values():
        names = reader.read_arrow(statement).column_names
        assert all(list(row) == names for row in reader.rows(statement))
    for table in ("audit_logs", "documents", "users", "tenants"):
        assert reader.rows(f"SELECT count(id) FROM public.{table}")
    with pytest.raises(DatabaseFault, match="not allowed"):
        reader.rows("SELECT email FROM public.users")
    with pytest.raises(DatabaseFault, match="not allowed"):
        reader.rows("SELECT * FROM pg_authid")


def test_postgres_refuses_to_write(server: PostgresServer):
    """Past our own filter, and as a superuser: the session is read-only; as the role, nothing is granted."""
    import psycopg

    with open_session(server.dsn(), "URL", 7) as session, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        session.execute("DELETE FROM public.audit_logs")
    with psycopg.connect(server.dsn("ddms_ops_ro"), autocommit=True) as session:
        session.execute("SET default_transaction_read_only = off")
        for statement in ("DELETE FROM public.audit_logs", "INSERT INTO public.tenants VALUES ('a', 'b', now())"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("CREATE TABLE public.mine (a int)")


def test_statement_texts_are_whole(reader_of):
    """pg_monitor is granted: no '<insufficient privilege>'."""
    rows = reader_of().rows(CATALOG["pg_stat_statements"])
    assert rows
    assert not [row for row in rows if row["query"] == "<insufficient privilege>"]
    [mine] = [row for row in reader_of().rows(CATALOG["row_security"]) if row["policy"] == "documents_of_tenant"]
    assert (mine["is_enabled"], mine["is_forced"], mine["filters_this_role"]) == (True, True, False)


def test_show_and_explain_are_answered(reader_of):
    """Small reads are not only tables."""
    assert reader_of().rows("SHOW row_security") == [{"row_security": "off"}]
    assert "Result" in reader_of().rows("EXPLAIN SELECT 1")[0]["QUERY PLAN"]
