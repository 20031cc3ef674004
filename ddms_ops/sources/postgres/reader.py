"""Reading from one Postgres: small answers as rows, long ones as Arrow."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg
import pyarrow as pa
from psycopg.rows import dict_row

from ddms_ops.deployment import Database
from ddms_ops.sources.postgres.columns import Described, describe
from ddms_ops.sources.postgres.dsn import SecretValue, Token, connection_string
from ddms_ops.sources.postgres.faults import read_fault
from ddms_ops.sources.postgres.guard import bind, check_statement
from ddms_ops.sources.postgres.session import open_session, open_stream
from ddms_ops.sources.postgres.stream import BatchStream

WHO = """
SELECT current_setting('server_version') AS version, current_database()::text AS database, current_user::text AS user,
    pg_is_in_recovery() AS is_reader, rolsuper AS is_superuser, rolbypassrls AS bypasses_row_security
FROM pg_roles WHERE rolname = current_user
"""


@dataclass(frozen=True, slots=True)
class Server:
    """What answers, and as whom it is asked."""

    version: str
    database: str
    user: str
    is_reader: bool
    is_superuser: bool
    bypasses_row_security: bool

    @property
    def words(self) -> str:
        """One line, for provenance."""
        kind = "reader" if self.is_reader else "writer"
        return f"{self.user} on {self.database}, PostgreSQL {self.version}, {kind}"


class PostgresReader:
    """One database, read-only: `with PostgresReader(…) as reader`, or `close` it; it connects when first asked.

    Args:
        database: the profile's section; its variable holds the libpq URL.
        environ: where that variable is looked up.
        secret_value: the text of a Secrets Manager secret by name, where the profile names one.
        token: an IAM token for host, port and user, where the profile asks for one.

    Every method raises DatabaseFault where Postgres cannot be reached or does not answer to the end, and its kind
    RefusedStatement for a statement that does more than read.
    """

    def __init__(
        self,
        database: Database,
        *,
        environ: Mapping[str, str],
        secret_value: SecretValue | None = None,
        token: Token | None = None,
    ) -> None:
        self.database = database
        self._environ, self._secret_value, self._token = environ, secret_value, token
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def server(self) -> Server:
        """What answers, and as whom it is asked."""
        [row] = self.rows(WHO)
        return Server(**row)

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """A small answer, row by row, with Python's types; `$1` … are bound on the server."""
        check_statement(statement)
        connection, started = self._session(), time.monotonic()
        try:
            cursor = psycopg.RawCursor(connection, row_factory=dict_row)
            return cursor.execute(statement.encode(), parameters).fetchall()
        except psycopg.Error as error:
            raise self._fault(error, started) from None

    def stream(self, statement: str, parameters: Sequence[object] = ()) -> BatchStream:
        """A long answer, batch by batch, on a connection of its own.

        uuid and json arrive as text, oid as int64; numeric, interval, arrays, inet, enums and all other types as the
        text that Postgres prints.
        """
        check_statement(statement)
        described = self._describe(statement, parameters)
        connection = open_stream(self._address(), self.database.dsn_variable, self.database.statement_timeout_s)
        return BatchStream(connection, described, self.database.statement_timeout_s)

    def read_arrow(self, statement: str, parameters: Sequence[object] = ()) -> pa.Table:
        """A long answer, whole; types as `stream` has them."""
        with self.stream(statement, parameters) as batches:
            return pa.Table.from_batches(batches, batches.schema)

    def close(self) -> None:
        """End the connection; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _describe(self, statement: str, parameters: Sequence[object]) -> Described:
        connection, started = self._session(), time.monotonic()
        try:
            return describe(connection, bind(statement, parameters, connection))
        except psycopg.Error as error:
            raise self._fault(error, started) from None

    def _session(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            variable, timeout_s = self.database.dsn_variable, self.database.statement_timeout_s
            self._connection = open_session(self._address(), variable, timeout_s)
        return self._connection

    def _address(self) -> str:
        return connection_string(
            self.database, environ=self._environ, secret_value=self._secret_value, token=self._token
        )

    def _fault(self, error: psycopg.Error, started: float) -> Exception:
        elapsed_s = time.monotonic() - started
        return read_fault(error, elapsed_s=elapsed_s, timeout_s=self.database.statement_timeout_s)
