"""`ddms-ops sandbox`: an incident served over real HTTP and a real Postgres, until Ctrl-C."""

import contextlib
import shlex
import sys
import threading
from pathlib import Path

from ddms_ops.errors import RunError
from ddms_ops.incident import read_incident
from ddms_ops.profile import load_profile
from ddms_ops.sandbox.postgres import PostgresServer
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.live import NOW

READER = "ddms_ops_ro"


def serve(export: Path, incident: Path) -> int:
    """Serve an export, print what to set and to run, and wait for Ctrl-C; 0 afterwards."""
    given = read_incident(incident)
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(export))
        environment = {**sandbox.environment, NOW: str(given["end"])}
        database = load_profile(str(given["system"])).database
        if database is not None:
            environment |= {database.dsn_variable: dsn} if (dsn := _database(stack, export)) else {}
        for name, value in environment.items():
            print(f"export {name}={shlex.quote(value)}")
        print(f"ddms-ops run {shlex.quote(str(incident))} --source live", flush=True)
        print("serving until Ctrl-C", file=sys.stderr, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def _database(stack: contextlib.ExitStack, export: Path) -> str:
    """The reader's connection to a Postgres with the incident's tables; empty where there is no Postgres here."""
    try:
        server = stack.enter_context(PostgresServer())
    except RunError as lack:
        print(f"without a database: {lack}", file=sys.stderr)
        return ""
    server.load_scenario(export)
    return server.dsn(READER)
