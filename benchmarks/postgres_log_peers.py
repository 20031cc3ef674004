"""One way to read a Postgres log, for `postgres_log.py`, which runs this file with the way's name and measures it.

python postgres_log_peers.py NAME EXPORT SCRATCH [START END]
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from measuring import report_cost

from ddms_ops.analysis.statement_log import NOW, StatementLog
from ddms_ops.analysis.tenant_time import tenant_time
from ddms_ops.postgres_log.events import write_events
from ddms_ops.sources.base import DatabaseLogQuery
from ddms_ops.sources.files import FilesSource
from ddms_ops.window import EVER, Window

OURS, PGBADGER = "ours: fetch, events, statements", "pgBadger -j 2"
OURS_WINDOW, PGBADGER_WINDOW = "ours, 5 minutes of it", "pgBadger -j 2 -b -e, 5 minutes of it"
PULL = "database_log"
SETTING = "app.tenant_id"
PREFIX = "%t:%r:%u@%d:[%p]:"


def ours(export: Path, scratch: Path, window: Window) -> tuple[StatementLog, pd.DataFrame]:
    """Entries of the window, their events, and each statement's calls, times and percentiles."""
    source = FilesSource(export)  # its files end with it
    pull = source.fetch_database_log(DatabaseLogQuery(window), pull=PULL)
    records = pull.records
    assert isinstance(records, Path), "the records are held in memory"
    write_events([(records, PULL)], scratch / "events.parquet")
    log = StatementLog(scratch / "events.parquet")
    return log, log.stats(NOW)


def told(answer: tuple[StatementLog, pd.DataFrame]) -> dict[str, Any]:
    """Calls and time by statement, and events."""
    log, stats = answer
    counts = log.counts().loc[NOW]
    return {
        "rows": int(counts.sum()),
        "statements": {name: [int(row.calls), float(row.total_ms)] for name, row in stats.iterrows()},
        "kinds": {str(kind): int(count) for kind, count in counts.items()},
    }


def told_with_tenants(answer: tuple[StatementLog, pd.DataFrame]) -> dict[str, Any]:
    """The same, and calls by statement and tenant, with the seconds that took."""
    started = time.perf_counter()
    tenants: dict[str, dict[str, int]] = {}
    for row in tenant_time(answer[0], settings=(SETTING,)).itertuples():
        tenants.setdefault(str(row.statement), {})[str(row.tenant)] = int(row.calls)
    return {**told(answer), "tenants": tenants, "tenants_s": time.perf_counter() - started}


def pgbadger(export: Path, scratch: Path, window: Window) -> Path:
    """Its report as JSON."""
    out = scratch / "pgbadger.json"
    times = [] if window == EVER else ["-b", _local(window.start), "-e", _local(window.end - pd.Timedelta(seconds=1))]
    command = ["pgbadger", "-j", "2", "-q", "-f", "stderr", "-p", PREFIX, "-x", "json", "-o", str(out), *times]
    subprocess.run([*command, *map(str, export.glob("database/*.log"))], check=True, capture_output=True)
    return out


def pgbadger_told(report: Path) -> dict[str, Any]:
    """Calls and time by its own text of a statement, up to the first literal."""
    found = json.loads(report.read_text(encoding="utf-8", errors="replace"))["normalyzed_info"]
    statements: dict[str, list[float]] = {}
    for database in found.values():
        for text, numbers in database.items():
            of = statements.setdefault(beginning(text), [0, 0.0])
            of[0] += int(numbers["count"])
            of[1] += float(numbers["duration"])
    return {"rows": sum(int(calls) for calls, _ in statements.values()), "beginnings": statements}


def beginning(text: str) -> str:
    """A statement up to its first literal, in small letters, without comments."""
    plain = " ".join(re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).lower().split())
    return re.split(r"\$\d|\?|'|\b\d", plain)[0].rstrip("; ")


WAYS: dict[str, tuple[Callable[..., Any], Callable[..., dict[str, Any]]]] = {
    OURS: (ours, told),
    OURS_WINDOW: (ours, told_with_tenants),
    PGBADGER: (pgbadger, pgbadger_told),
    PGBADGER_WINDOW: (pgbadger, pgbadger_told),
}


def is_there(name: str) -> bool:
    """Whether a way can be gone on this machine."""
    return not name.startswith("pgBadger") or shutil.which("pgbadger") is not None


def _local(stamp: pd.Timestamp) -> str:
    return f"{stamp:%Y-%m-%d %H:%M:%S}"


if __name__ == "__main__":
    name, export, scratch, *times = sys.argv[1:]
    work, check = WAYS[name]
    window = Window.of(*times) if times else EVER
    report_cost(lambda: work(Path(export), Path(scratch), window), check)
