"""A Postgres log of any size, recorded once from a real server, and what is true of it.

The base log (RDS's prefix, every statement, auto_explain with ANALYZE, lock waits, temp files, checkpoints,
connections, errors; simple, extended and prepared protocol) is kept in the system's temporary folder. It is replicated
with its clock shifted, SPACING apart, so that five minutes of the log hold exactly one replica.
"""

import json
import re
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from postgres_log_load import MAKE, TENANTS, run_round

from ddms_ops.sandbox.postgres import PostgresServer

BASE_MB = 100
SPACING = timedelta(minutes=6)
WINDOW = timedelta(minutes=5)
STAMP = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:", re.MULTILINE)
CALL = re.compile(rb"duration: [0-9.]+ ms  (?:statement|execute [^:]+): (.*)", re.DOTALL)
IN_COMMENT, FIRST = re.compile(rb"request_id='r(\d+)'"), re.compile(rb"DETAIL:  parameters: \$1 = '(\d+)'")
LITERAL = re.compile(rb"'[^']*'|\b\d+\b")
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements,auto_explain", "log_line_prefix": "%t:%r:%u@%d:[%p]:",
    "log_min_duration_statement": "0", "log_lock_waits": "on", "deadlock_timeout": "100ms", "log_temp_files": "0",
    "log_checkpoints": "on", "log_connections": "on", "log_disconnections": "on",
    "log_autovacuum_min_duration": "0", "autovacuum_naptime": "5s", "checkpoint_timeout": "30s",
    "auto_explain.log_min_duration": "10ms", "auto_explain.log_analyze": "on", "auto_explain.log_buffers": "on",
    "compute_query_id": "on", "pg_stat_statements.max": "20000", "pg_stat_statements.track_planning": "on",
    "work_mem": "1MB", "max_connections": "40",
}  # fmt: skip
UNSEEN = "-c pg_stat_statements.track=none -c log_min_duration_statement=-1 -c auto_explain.log_min_duration=-1"
# Version 15 does not count BEGIN and COMMIT of the prepared protocol again: it forgets the id of a prepared command.
TRUTH = """
SELECT query, sum(calls)::bigint AS calls, sum(total_exec_time + total_plan_time) AS total_ms
FROM pg_stat_statements WHERE toplevel AND query NOT IN ('BEGIN', 'COMMIT') GROUP BY query
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A log and what is true of one replica.

    `statements` are calls and milliseconds by the text in pg_stat_statements, `tenants` the calls of each tenant by a
    text of the statement, from the request numbers in the log.
    """

    path: Path
    replicas: int
    first: datetime  # of the base log, to the second
    statements: list[dict[str, Any]]
    tenants: dict[str, dict[str, int]]

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Five minutes that hold the replica in the middle, and nothing else."""
        start = (self.first + SPACING * (self.replicas // 2)).replace(microsecond=0)
        return start, start + WINDOW

    @property
    def megabytes(self) -> float:
        """Size of the log."""
        return self.path.stat().st_size / 1e6


def made_log(folder: Path, *, megabytes: int) -> Made:
    """A log of about so many megabytes in an export under `folder`, whole replicas of the base log."""
    base = base_log(min(BASE_MB, megabytes))
    truth = json.loads((base / "truth.json").read_text(encoding="utf-8"))
    first = datetime.fromisoformat(truth["first"])
    size = (base / "base.log").stat().st_size
    replicas = max(1, round(megabytes * 1e6 / size))
    path = folder / f"{megabytes}" / "database" / "postgresql.log"
    if not path.exists() or path.stat().st_size != replicas * size:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replicate(base / "base.log", path, replicas)
    return Made(path, replicas, first, truth["statements"], truth["tenants"])


def base_log(megabytes: int) -> Path:
    """The folder of the base log and its truth.json, recorded where it is not there yet."""
    kept = Path(tempfile.gettempdir()) / f"ddms-ops-postgres-log-{megabytes}"
    if not (kept / "truth.json").exists():
        started = time.perf_counter()
        kept.mkdir(exist_ok=True)
        _record(kept, megabytes * 1_000_000)
        print(f"recorded {(kept / 'base.log').stat().st_size / 1e6:.0f} MB in {time.perf_counter() - started:.0f} s")
    return kept


def _record(kept: Path, size: int) -> None:
    """Put load on a server until its log has the size."""
    with PostgresServer(SETTINGS) as server, tempfile.TemporaryDirectory() as scratch:
        server.load(MAKE.replace("{password}", server.password))
        dsn_of = {user: server.dsn(user) for user in ("api", "worker")}
        with psycopg.connect(server.dsn(), autocommit=True, options=UNSEEN) as unseen:
            unseen.execute("SELECT pg_stat_statements_reset()")
            time.sleep(1.1)
            start = server.log.stat().st_size
            while server.log.stat().st_size - start < size:
                run_round(Path(scratch), dsn_of)
            time.sleep(0.5)
            found = unseen.execute(TRUTH.encode()).fetchall()
        with server.log.open("rb") as stream, (kept / "base.log").open("wb") as copy:
            stream.seek(start)
            shutil.copyfileobj(stream, copy)
    statements = [{"text": text, "calls": calls, "total_ms": total} for text, calls, total in found]
    content = (kept / "base.log").read_bytes()
    first = min(STAMP.findall(content)).decode() + "+00:00"
    truth = {"first": first, "statements": statements, "tenants": _tenants(content)}
    (kept / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


def _tenants(content: bytes) -> dict[str, dict[str, int]]:
    """Calls by statement and tenant; whose a call was is read from its request number, never from a setting."""
    starts = [found.start() for found in STAMP.finditer(content)]
    entries = [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]
    texts: dict[bytes, str] = {}
    found: dict[str, Counter[str]] = {}
    for entry, following in zip(entries, [*entries[1:], b""], strict=True):
        call = CALL.search(entry)
        number = call and (IN_COMMENT.search(call[1]) or (call[1].startswith(b"INSERT") and FIRST.search(following)))
        if call and number:
            text = texts.setdefault(LITERAL.sub(b"?", call[1]), call[1].decode())
            found.setdefault(text, Counter())[str(int(number[1]) % TENANTS)] += 1
    return {text: dict(calls) for text, calls in found.items()}


def _replicate(base: Path, path: Path, replicas: int) -> None:
    """Write the base log so many times, each SPACING later than the one before."""
    content = base.read_bytes()
    stamps = set(STAMP.findall(content))
    extent = datetime.fromisoformat(max(stamps).decode()) - datetime.fromisoformat(min(stamps).decode())
    assert extent < WINDOW, f"the base log takes {extent}; record it on a machine that is less busy"
    with path.open("wb") as stream:
        for replica in range(replicas):
            shifted = {
                stamp: str(datetime.fromisoformat(stamp.decode()) + SPACING * replica).encode() + b" UTC:"
                for stamp in stamps
            }
            stream.write(STAMP.sub(lambda found, to=shifted: to[found[1]], content))
