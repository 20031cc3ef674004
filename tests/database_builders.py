"""Postgres logs in sight of the test that reads them."""

from pathlib import Path

from builders import DAY, open_export, window

from ddms_ops.analysis.statement_log import StatementLog
from ddms_ops.case import Case
from ddms_ops.postgres_log.events import write_events
from ddms_ops.sources.base import DatabaseLogQuery
from ddms_ops.sources.database_log import DatabaseLogs


def entry(clock: str, pid: int, text: str, *, level: str = "LOG") -> str:
    """An entry with the prefix that RDS sets."""
    return f"{DAY} {clock} UTC:10.0.0.1(5000):app@dms:[{pid}]:{level}:  {text}"


def call(clock: str, pid: int, sql: str, *, ms: float = 0.5) -> str:
    """A statement with its duration."""
    return entry(clock, pid, f"duration: {ms:.3f} ms  statement: {sql}")


def write_log(root: Path, *entries: str, name: str = "postgresql.log") -> Path:
    """A Postgres log in an export."""
    (root / "database").mkdir(parents=True, exist_ok=True)
    (root / "database" / name).write_text("".join(line + "\n" for line in entries), encoding="utf-8")
    return root


def statement_log(root: Path, *entries: str) -> StatementLog:
    """The log of 10:00 to 11:00, and of the hour before as the baseline."""
    logs = DatabaseLogs(write_log(root, *entries), root)
    windows = {"database_log": window("10:00", "11:00"), "database_log.baseline": window("09:00", "10:00")}
    pulls = {name: logs.fetch(DatabaseLogQuery(span), pull=name).records for name, span in windows.items()}
    write_events([(path, name) for name, path in pulls.items()], root / "events.parquet")
    return StatementLog(root / "events.parquet")


def case_of_log(root: Path, *entries: str) -> Case:
    """A case of an export with this Postgres log, 10:00 to 11:00 against the hour before."""
    return open_export(write_log(root, *entries), system="generic")
