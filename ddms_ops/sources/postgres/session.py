"""Connections that can only read, and say so when asked back."""

from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
from adbc_driver_manager import Error as AdbcError
from adbc_driver_manager.dbapi import Connection as AdbcConnection

from ddms_ops import __version__
from ddms_ops.coverage import Status
from ddms_ops.sources.postgres.faults import DatabaseFault, connect_fault

# As pg_settings prints them; times in milliseconds. Set after connecting: RDS Proxy refuses startup options.
SETTINGS = {
    "default_transaction_read_only": "on",
    "lock_timeout": "500",
    "idle_in_transaction_session_timeout": "30000",
    "row_security": "off",  # rows that a policy would hide are an error, not an empty answer
    "search_path": "pg_catalog",
    "standard_conforming_strings": "on",  # what the statement filter goes by
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "application_name": f"ddms_ops/{__version__}",
}


def open_session(address: str, variable: str, timeout_s: int) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection for small reads, each its own read-only transaction.

    Raises:
        DatabaseFault: no connection, or it did not take the settings.
    """
    wanted = _wanted(timeout_s)
    try:
        connection = psycopg.connect(address, autocommit=True)
    except psycopg.Error as error:
        raise connect_fault(error, variable) from None
    try:
        connection.execute(_set(wanted))
        found: dict[str, str] = dict(connection.execute(_show(wanted)).fetchall())
        _compare(wanted, found)
    except psycopg.Error as error:
        connection.close()
        raise connect_fault(error, variable) from None
    except DatabaseFault:
        connection.close()
        raise
    return connection


def open_stream(address: str, variable: str, timeout_s: int) -> AdbcConnection:
    """A connection for one long read.

    Raises:
        DatabaseFault: no connection, or it did not take the settings.
    """
    wanted = _wanted(timeout_s)
    try:
        connection = adbc.connect(address, autocommit=True)
    except AdbcError as error:
        raise connect_fault(error, variable) from None
    try:
        with connection.cursor() as cursor:
            cursor.execute(_set(wanted)).fetchall()
            found = dict(cursor.execute(_show(wanted)).fetchall())
        _compare(wanted, found)
    except AdbcError as error:
        connection.close()
        raise connect_fault(error, variable) from None
    except DatabaseFault:
        connection.close()
        raise
    return connection


def _wanted(timeout_s: int) -> dict[str, str]:
    return {**SETTINGS, "statement_timeout": str(timeout_s * 1000)}


def _set(wanted: dict[str, str]) -> str:
    calls = ", ".join(f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in wanted.items())
    return f"SELECT {calls}"


def _show(wanted: dict[str, str]) -> str:
    names = ", ".join(f"'{name}'" for name in wanted)
    return f"SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ({names})"


def _compare(wanted: dict[str, str], found: dict[str, str]) -> None:
    """Raises DatabaseFault where a setting is not what was asked for."""
    for name, value in wanted.items():
        if found.get(name) != value:
            words = f"the session refused a setting: {name} is {found.get(name)!r}, {value!r} was asked for"
            raise DatabaseFault(Status.FAILED, words)
