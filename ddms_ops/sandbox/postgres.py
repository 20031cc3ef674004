"""A real Postgres for drills and tests: in a folder of its own, gone when it is stopped."""

import contextlib
import csv
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from ddms_ops.errors import RunError
from ddms_ops.settings import PACKAGE

LEAST_VERSION = 15
DEBIAN = Path("/usr/lib/postgresql")
NOT_FOUND = "no Postgres server found; install the package postgresql"
DATABASE, SUPERUSER = "dms", "postgres"
ROLES = ("dms_app", "ddms_ops_ro")
TABLES = (  # in the order of their references
    "tenants", "users", "documents", "document_shares", "support_sessions", "audit_logs",
)  # fmt: skip
UNPRIVILEGED = ("postgres", "nobody")
START_S, STOP_S, ATTEMPTS = 30, 20, 3
SETTINGS = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "synchronous_commit": "off",
    "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_connections": "20",
    "shared_buffers": "128MB", "timezone": "UTC", "log_timezone": "UTC",
}  # fmt: skip


class PostgresServer:
    """A Postgres server on a free port of 127.0.0.1, while the `with` block lasts.

    Everybody logs in with `password`. Run as root, the server itself runs as an unprivileged user.

    Args:
        settings: further lines of postgresql.conf, over those of SETTINGS.

    Raises:
        RunError: on entering, where there is no Postgres to start, or it does not start.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.settings = dict(settings or {})
        self.password = secrets.token_urlsafe(16)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._folder = Path()
        self._as_user: dict[str, Any] = {}

    def __enter__(self) -> Self:
        programs = installed_programs()
        self._temporary = tempfile.TemporaryDirectory(prefix="ddms-ops-postgres-", ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name)
        try:
            self._prepare(programs)
            self._start(programs)
            with self._connect(SUPERUSER) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server.

        Raises:
            RunError: it does not run.
        """
        if self._process is None:
            raise RunError("the Postgres server is not running; use it inside its with block")
        return self._process.pid

    @property
    def log(self) -> Path:
        """What the server writes to stderr."""
        return self._folder / "log"

    def dsn(self, user: str = SUPERUSER) -> str:
        """The libpq URL of a user, with the password."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def load(self, statements: str) -> None:
        """Run SQL as the superuser."""
        with self._connect(DATABASE) as connection:
            connection.execute(statements.encode())

    def load_scenario(self, export: Path) -> None:
        """Make the dms schema and its roles, and fill it from the export's audit/*.csv."""
        self.load((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"))
        self.load(_role_script().read_text(encoding="utf-8"))
        with self._connect(DATABASE) as connection:
            for role in ROLES:
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), sql.Literal(self.password)))
            for table in TABLES:
                path = export / "audit" / f"{table}.csv"
                if path.exists():
                    _copy(connection, table, path)
            connection.execute("ANALYZE")

    def stop(self) -> None:
        """End the server, its connections with it, and remove its folder."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # "fast": without waiting for the clients
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=SUPERUSER, password=self.password,
            autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def _prepare(self, programs: Path) -> None:
        """Make the cluster: passwords required, nothing kept safe against a crash."""
        if os.geteuid() == 0:
            user = _unprivileged()
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        secret = self._folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password, encoding="utf-8")
        if self._as_user:
            os.chown(secret, self._as_user["user"], self._as_user["group"])
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={SUPERUSER}"]
        done = self._run([str(programs / "initdb"), "-D", str(self._folder / "data"), f"--pwfile={secret}", *options])
        if done.returncode:
            raise RunError(f"initdb failed: {_last_line(done.stdout)}")
        secret.unlink()
        settings = {**SETTINGS, **_statistics(programs), **self.settings}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        with (self._folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.writelines(lines)

    def _start(self, programs: Path) -> None:
        """Start on a free port; on another where somebody took it meanwhile."""
        log = self.log
        for _ in range(ATTEMPTS):
            self.port = _free_port()
            with log.open("wb") as stream:
                self._process = subprocess.Popen(
                    [programs / "postgres", "-D", self._folder / "data", "-p", str(self.port)],
                    stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=self._folder,
                    start_new_session=True, **self._as_user,
                )  # fmt: skip
            if self._is_answering():
                return
        raise RunError(f"Postgres did not start: {_last_line(log.read_bytes())}")

    def _is_answering(self) -> bool:
        """Wait for the server; False where it ended, or does not answer in time."""
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError), self._connect(SUPERUSER):
                return True
            time.sleep(0.05)
        return False

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self._folder,
            check=False, **self._as_user,
        )  # fmt: skip


def installed_programs() -> Path:
    """The folder of initdb and postgres, the newest version where several are there.

    Raises:
        RunError: none, or only one older than LEAST_VERSION.
    """
    on_path = [Path(found).resolve().parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    folders = {*on_path, *DEBIAN.glob("*/bin")}
    versions = {folder: _version(folder) for folder in folders if (folder / "initdb").exists()}
    newest = max(versions, key=lambda folder: versions[folder], default=None)
    if newest is None or versions[newest] < LEAST_VERSION:
        raise RunError(NOT_FOUND)
    return newest


def _version(folder: Path) -> int:
    """Major version of the server in a folder, 0 without any."""
    if not (folder / "postgres").exists():
        return 0
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _statistics(programs: Path) -> dict[str, str]:
    """The setting that loads pg_stat_statements, where the server has it."""
    has_it = any((programs.parent / "lib").rglob("pg_stat_statements.so"))
    return {"shared_preload_libraries": "pg_stat_statements"} if has_it else {}


def _role_script() -> Path:
    """docs/postgres-role.sql: beside the package in a checkout, inside it when installed."""
    beside = PACKAGE.parent / "docs" / "postgres-role.sql"
    return beside if beside.exists() else PACKAGE / "_assets" / "docs" / "postgres-role.sql"


def _unprivileged() -> pwd.struct_passwd:
    """A user to run the server as; it refuses root.

    Raises:
        RunError: the machine has none.
    """
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RunError("Postgres does not run as root, and there is no user postgres or nobody; run as another user")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _copy(connection: psycopg.Connection[tuple[Any, ...]], table: str, path: Path) -> None:
    """Load a CSV file into the table's columns of the names in its header."""
    with path.open(encoding="utf-8", newline="") as stream:
        columns = next(csv.reader(stream))
    statement = sql.SQL("COPY public.{} ({}) FROM STDIN (FORMAT csv, HEADER)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with path.open("rb") as stream, connection.cursor().copy(statement) as copy:
        while part := stream.read(1 << 20):
            copy.write(part)
