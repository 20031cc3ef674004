"""From a profile's database section to what libpq connects with."""

import ipaddress
import json
from collections.abc import Callable, Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ddms_ops.coverage import Status
from ddms_ops.deployment import Database
from ddms_ops.errors import DdmsOpsError
from ddms_ops.sources.postgres.faults import CONNECT_TIMEOUT_S, DatabaseFault

EXAMPLE = "postgresql://user@host:5432/database"
PORT = "5432"
IN_CLEAR = ("disable", "allow", "prefer")
# A connection that died under way is noticed after a minute, not after libpq's two hours.
DEFAULTS = {
    "connect_timeout": str(CONNECT_TIMEOUT_S), "keepalives_idle": "30", "keepalives_interval": "10",
    "keepalives_count": "3", "tcp_user_timeout": "60000",
}  # fmt: skip
SecretValue = Callable[[str], str]
Token = Callable[[str, int, str], str]


def connection_string(
    database: Database, *, environ: Mapping[str, str], secret_value: SecretValue | None, token: Token | None
) -> str:
    """The connection string of one connection, with its password; a token is asked for anew each time.

    Raises:
        DatabaseFault: no URL, one that cannot be used, or no password to be had.
    """
    given = _parse(database.dsn_variable, environ)
    host = given.get("hostaddr") or given.get("host") or ""  # where the connection really goes
    if not host:
        raise DatabaseFault(Status.NOT_CONFIGURED, f"{database.dsn_variable} names no host; write {EXAMPLE}")
    loopback = all(map(is_loopback, host.split(",")))
    if not loopback and given.get("sslmode") in IN_CLEAR:
        words = f"{database.dsn_variable}: sslmode={given['sslmode']} may send rows in the clear; write verify-full"
        raise DatabaseFault(Status.NOT_CONFIGURED, words)
    tls = {} if loopback else {"sslmode": "verify-full"}
    secret = _credentials(database, given, secret_value=secret_value, token=token)
    return make_conninfo(**{**DEFAULTS, **tls, **given, **secret})


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine: its name, its addresses, a socket's folder."""
    if host == "localhost" or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parse(variable: str, environ: Mapping[str, str]) -> dict[str, str]:
    url = environ.get(variable, "")
    if not url:
        words = f"the environment variable {variable} is not set; set it to {EXAMPLE}"
        raise DatabaseFault(Status.NOT_CONFIGURED, words)
    try:
        parsed = conninfo_to_dict(url)
    except psycopg.Error:
        raise DatabaseFault(Status.NOT_CONFIGURED, f"{variable} holds no libpq URL; write {EXAMPLE}") from None
    return {name: str(value) for name, value in parsed.items() if value is not None}


def _credentials(
    database: Database, given: Mapping[str, str], *, secret_value: SecretValue | None, token: Token | None
) -> dict[str, str]:
    """User and password from where the profile says; nothing where the URL has them.

    Raises:
        DatabaseFault: they cannot be had.
    """
    try:
        if database.secret and secret_value is not None:
            return _of_secret(secret_value(database.secret))
        if database.iam_token and token is not None:
            place = given.get("host", ""), int(given.get("port", PORT)), given.get("user", "")
            return {"password": token(*place)}
    except DdmsOpsError as fault:
        raise DatabaseFault(Status.FAILED, f"no password for {database.dsn_variable}: {fault}") from None
    return {}


def _of_secret(text: str) -> dict[str, str]:
    try:
        held = json.loads(text)
        return {"user": str(held["username"]), "password": str(held["password"])}
    except (ValueError, TypeError, KeyError):
        raise DatabaseFault(Status.FAILED, "the secret is no JSON object with username and password") from None
