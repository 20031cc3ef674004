"""What went wrong at Postgres, in words for coverage; never its message, which may hold a password or a row."""

import psycopg
from adbc_driver_manager import Error as AdbcError

from ddms_ops.coverage import Status
from ddms_ops.errors import DdmsOpsError

CONNECT_TIMEOUT_S = 5
CANCELLED = "57014"
# What libpq and the server say while connecting, where there is no SQLSTATE; the first that fits.
REFUSALS = {
    "authentication failed": "the user or the password was refused",
    "no password supplied": "no password was given",
    "pg_hba.conf": "the server does not admit this user from here, or not without TLS",
    "root certificate": "TLS: no CA certificate to check the server by; add sslrootcert=<CA bundle> to the URL",
    "certificate": "TLS: the server's certificate was not accepted; check the host name and sslrootcert",
    "ssl": "TLS: the server does not offer it, or the handshake failed",
    "connection slots": "the server has no connection left",
    "too many": "the server, or the role, has no connection left",
    "starting up": "the server is starting or stopping",
    "shutting down": "the server is starting or stopping",
    "does not exist": "there is no such user or database",
    "refused": "nothing listens at that address",
    "translate host name": "the host is not known",
    "timeout": f"no answer within {CONNECT_TIMEOUT_S} s",
    "timed out": f"no answer within {CONNECT_TIMEOUT_S} s",
}
STATES = {
    "42501": (Status.NO_PERMISSION, "not allowed; grant the role SELECT on what is read (docs/postgres-role.sql)"),
    "42P01": (Status.NOT_CONFIGURED, "there is no such table"),
    "42703": (Status.NOT_CONFIGURED, "there is no such column"),
    "3F000": (Status.NOT_CONFIGURED, "there is no such schema"),
    "55P03": (Status.FAILED, "the table is locked by somebody else; not waited for"),
    "40001": (Status.FAILED, "the replica had to apply changes to these rows and cancelled the query; ask again"),
    "53400": (Status.FAILED, "the query needs more temporary files than the role may have (temp_file_limit)"),
    "53300": (Status.FAILED, "the server, or the role, has no connection left"),
    "25006": (Status.FAILED, "the statement would write; the session is read-only"),
    "57P01": (Status.FAILED, "the server ended the connection"),
}


class DatabaseFault(DdmsOpsError):
    """A read that Postgres did not answer; `status` and `words` are for coverage, `code` is the SQLSTATE if known."""

    def __init__(self, status: Status, words: str, *, code: str = "") -> None:
        self.status, self.words, self.code = status, words, code
        super().__init__(words)


def connect_fault(error: psycopg.Error | AdbcError, variable: str) -> DatabaseFault:
    """Why no connection came to be; `variable` names where the address was found."""
    said = str(error).lower()
    why = next((words for sign, words in REFUSALS.items() if sign in said), "the connection failed")
    return DatabaseFault(Status.FAILED, f"database of {variable}: {why}")


def read_fault(error: psycopg.Error | AdbcError | OSError, *, elapsed_s: float, timeout_s: int) -> DatabaseFault:
    """Why a statement was not answered, or not to its end.

    A statement that was cancelled after its time was over is taken for one that ran out of it: in the middle of an
    answer the driver tells no SQLSTATE.
    """
    code = str(getattr(error, "sqlstate", None) or "")
    if code in STATES:
        status, words = STATES[code]
        return DatabaseFault(status, words, code=code)
    if elapsed_s >= timeout_s and code in ("", CANCELLED):
        words = f"the statement timeout of {timeout_s} s was over; raise database.statement_timeout_s or ask for less"
        return DatabaseFault(Status.FAILED, words, code=CANCELLED)
    if code == CANCELLED:
        return DatabaseFault(Status.FAILED, "the query was cancelled on the server", code=code)
    if code and not code.startswith("08"):
        return DatabaseFault(Status.FAILED, f"Postgres answered with an error (SQLSTATE {code})", code=code)
    return DatabaseFault(
        Status.FAILED, "the answer broke off: the server ended it, or the connection was lost", code=code
    )
