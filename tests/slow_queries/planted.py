"""A scenario played on a real Postgres in two phases, recorded as an export folder, with what was planted.

A scenario is a generator over a `Stage`: what stands before its `yield` belongs to the baseline, what follows to the
window. Both phases carry the same ordinary traffic, of a fixed number of statements. The tenant of a request is its
number modulo TENANTS, so that a test knows it without reading any setting.
"""

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
from planted_schema import CARD, EMAIL, ORDINARY, SCHEMA, SNAPSHOTS, WATCHED

from ddms_ops.sandbox.postgres import PostgresServer

TENANTS = 20
RDS_PREFIX, STAMPED_PREFIX = "%t:%r:%u@%d:[%p]:", "%m [%p] %q%u@%d "
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements,auto_explain", "log_line_prefix": RDS_PREFIX,
    "log_min_duration_statement": "0", "log_lock_waits": "on", "deadlock_timeout": "200ms", "log_temp_files": "0",
    "log_checkpoints": "on", "log_connections": "on", "log_disconnections": "on", "log_autovacuum_min_duration": "0",
    "autovacuum_naptime": "1s", "auto_explain.log_min_duration": "1ms", "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on", "compute_query_id": "on", "max_connections": "40",
    "max_parallel_workers_per_gather": "0",
}  # fmt: skip
UNSEEN = "-c pg_stat_statements.track=none -c log_min_duration_statement=-1 -c auto_explain.log_min_duration=-1"
CLIENTS, ROUNDS = 2, 60
PHASE = pd.Timedelta(seconds=3)  # both phases are as long, unless the machine is too slow
LAST = pd.Timedelta(milliseconds=300)  # the last snapshot is taken so long before the end of the window
SECRETS = (CARD, EMAIL)

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Truth:
    """What was planted: its kind, the statement's text, its calls in baseline and window, and further facts by name."""

    kind: str
    statement: str = ""
    calls: tuple[int, int] = (0, 0)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planted:
    """A recorded scenario: its export folder, baseline and window as (start, end), and the truth."""

    folder: Path
    baseline: tuple[pd.Timestamp, pd.Timestamp]
    window: tuple[pd.Timestamp, pd.Timestamp]
    truth: Truth

    def variant(self, name: str, folder: Path) -> "Planted":
        """The same with its "logs" only, its "snapshots" only, or "both", as a copy."""
        for path in self.folder.rglob("*"):
            is_log = path.suffix == ".log"
            if path.is_file() and (is_log and name != "snapshots" or not is_log and name != "logs"):
                copy = folder / path.relative_to(self.folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        return Planted(folder, self.baseline, self.window, self.truth)

    @property
    def parameters(self) -> dict[str, str]:
        """What `open_case` is asked with."""
        (since, until), (start, end) = (tuple(map(pd.Timestamp.isoformat, at)) for at in (self.baseline, self.window))
        asked = {"incident_id": f"slow-{self.truth.kind}", "system": "dms", "start": start, "end": end}
        return {**asked, "baseline": f"{since}/{until}", "source": f"files:{self.folder}"}


class Stage:
    """The running server, and what a scenario may do on it."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.truth = Truth("")
        self._requests = 0

    def connect(self, user: str = "dms_app", options: str = "", *, autocommit: bool = True) -> Connection:
        """A connection of a user."""
        return psycopg.connect(self.server.dsn(user), autocommit=autocommit, options=options or None)

    def plant(self, kind: str, statement: str = "", *, calls: tuple[int, int] = (0, 0), **facts: object) -> None:
        """State the truth."""
        text = statement.replace("%s", "$1")
        self.truth = Truth(kind, text, calls, {name: str(value) for name, value in facts.items()})

    def call(self, statement: str, *, times: int) -> None:
        """Send a statement so often, each in a transaction of its own tenant; a parameter is the number of the call."""
        with self.connect(autocommit=False) as connection:
            for n in range(times):
                self.send(connection, statement, (n,) if "%s" in statement else ())
                connection.commit()

    def send(self, connection: Connection, statement: str, parameters: tuple[object, ...] = ()) -> None:
        """Send a statement as the next request, in the transaction that is open; its tenant is set first."""
        self._requests += 1
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (tenant_of(f"r{self._requests}"),))
        text = f"{statement} /*request_id='r{self._requests}',route='GET /search'*/"
        connection.execute(text.encode(), parameters or None).fetchall()  # without parameters: the simple protocol

    def run(self, *statements: str) -> None:
        """Run SQL as the superuser, as a migration or an administrator would."""
        with self.connect("postgres") as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def snapshot(self) -> None:
        """Write what a collector reads at this moment: counters, activity, locks, statistics, settings."""
        self._copy(SNAPSHOTS)

    def watch(self, *, for_s: float) -> None:
        """Sample who waits for whom, once a second."""
        end = time.monotonic() + for_s
        while time.monotonic() < end:
            self._copy(WATCHED)
            time.sleep(min(1.05, max(0.0, end - time.monotonic())))

    def traffic(self, *, rounds: int = ROUNDS) -> None:
        """Ordinary traffic of CLIENTS clients, each so many transactions."""
        if shutil.which("pgbench"):
            self._pgbench(rounds)
            return
        with self.connect() as connection:
            for request in range(1, CLIENTS * rounds + 1):
                for statement in ORDINARY:
                    connection.execute(statement.format(request=request, tenant=request % TENANTS).encode())

    def _pgbench(self, rounds: int) -> None:
        script = self.folder.parent / "ordinary.sql"
        lines = [statement.format(request=":request", tenant=":tenant") + ";\n" for statement in ORDINARY]
        drawn = f"\\set request random(1, 1000000)\n\\set tenant :request % {TENANTS}\n"
        script.write_text(drawn + "".join(lines), encoding="utf-8")
        sizes = ["-n", "--random-seed=7", "-c", str(CLIENTS), "-t", str(rounds)]
        command = ["pgbench", *sizes, "-f", str(script), self.server.dsn("dms_app")]
        subprocess.run(command, check=True, capture_output=True)

    def _copy(self, views: dict[str, str]) -> None:
        label = f"{pd.Timestamp.now(tz='UTC'):%Y-%m-%dT%H-%M-%S.%fZ}"
        with self.connect("postgres", UNSEEN) as connection:
            for view, query in views.items():
                path = self.folder / "database" / f"{view}.{label}.csv"
                with (
                    path.open("wb") as stream,
                    connection.cursor().copy(f"COPY ({query}) TO STDOUT CSV HEADER") as copy,
                ):
                    for part in copy:
                        stream.write(part)


Scenario = Callable[[Stage], Iterator[None]]


def tenant_of(request_id: str) -> str:
    """Whose request it was."""
    return f"t{int(request_id.removeprefix('r')) % TENANTS}"


def record(scenario: Scenario, folder: Path, settings: dict[str, str] | None = None) -> Planted:
    """Play a scenario on a server of its own, and keep what it leaves in `folder`.

    Args:
        settings: of the server, over SETTINGS.
    """
    (folder / "database").mkdir(parents=True)
    with PostgresServer({**SETTINGS, **(settings or {})}) as server:
        server.load(SCHEMA.replace("{password}", server.password))
        stage = Stage(server, folder)
        stage.run("VACUUM ANALYZE")
        stage.traffic(rounds=10)
        acts = scenario(stage)
        moments = [_second_after(pd.Timestamp.now(tz="UTC"))]
        for _ in range(2):
            stage.snapshot()
            stage.traffic()
            next(acts, None)
            if len(moments) == 2:
                _wait_until(moments[-1] + PHASE - LAST)
                stage.snapshot()
            moments.append(_second_after(moments[-1] + PHASE))
        shutil.copyfile(server.log, folder / "database" / "postgresql.log")
    return Planted(folder, (moments[0], moments[1]), (moments[1], moments[2]), stage.truth)


def backend(connection: Connection) -> int:
    """Process id of a connection's server process."""
    return connection.info.backend_pid


def refusals(stage: Stage, *, times: int) -> int:
    """How many of so many attempts to connect are refused."""
    refused = 0
    for _ in range(times):
        with contextlib.suppress(psycopg.OperationalError):
            stage.connect().close()
            continue
        refused += 1
    return refused


def request_ids(text: str) -> list[str]:
    """The request ids in a statement's comments."""
    return re.findall(r"request_id='(r\d+)'", text)


def _second_after(moment: pd.Timestamp) -> pd.Timestamp:
    """Wait until the whole second that follows a moment, or has come since; that second."""
    at = max(moment, pd.Timestamp.now(tz="UTC")).ceil("s")
    _wait_until(at)
    time.sleep(0.02)
    return at


def _wait_until(moment: pd.Timestamp) -> None:
    time.sleep(max(0.0, (moment - pd.Timestamp.now(tz="UTC")).total_seconds()))
