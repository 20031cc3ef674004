"""`ddms-ops sandbox`: an incident served over real HTTP and a real Postgres, until Ctrl-C."""

import contextlib
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ddms_ops.errors import RunError
from ddms_ops.incident import read_incident
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.live import NOW

READER = "ddms_ops_ro"
WAKE_S = 0.5


def serve(export: Path, incident: Path) -> int:
    """Serve an export, print what to set and to run, and wait for Ctrl-C; 0 afterwards."""
    given = read_incident(incident)
    with served(export, str(given["system"]), now=str(given["end"])) as environment:
        wait_for_end(environment, f"ddms-ops run {shlex.quote(str(incident))} --source live")
    return 0


@contextlib.contextmanager
def served(export: Path, system: str, *, now: str) -> Iterator[dict[str, str]]:
    """Serve an export while the block lasts; the variables that lead `--source live` there.

    Args:
        export: a folder in the layout that `files:` reads.
        system: whose profile names the variable of the database.
        now: the moment to work at, ISO.
    """
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(export))
        environment = {**sandbox.environment, NOW: now}
        database = load_profile(system).database
        if database is not None:
            environment |= {database.dsn_variable: dsn} if (dsn := _database(stack, export)) else {}
        yield environment


def wait_for_end(environment: dict[str, str], command: str) -> None:
    """Print what to set and to run, and wait for Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        for name, value in environment.items():
            print(f"export {name}={shlex.quote(value)}")
        print(command, flush=True)
        print("serving until Ctrl-C", file=sys.stderr, flush=True)
        while True:  # a signal that another thread is given wakes nobody who waits without an end
            time.sleep(WAKE_S)


def _database(stack: contextlib.ExitStack, export: Path) -> str:
    """The reader's connection to a Postgres with the incident's tables; empty where there is no Postgres here."""
    try:
        server = stack.enter_context(PostgresServer())
    except RunError as lack:
        print(f"without a database: {lack}", file=sys.stderr)
        return ""
    server.load_scenario(export)
    return server.dsn(READER)
