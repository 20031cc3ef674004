"""Small builders that keep a test's input in sight."""

import json
from pathlib import Path

import pandas as pd

from ddms_ops.analysis.groups import with_groups
from ddms_ops.case import Case, open_case
from ddms_ops.schema import LOGS, conform
from ddms_ops.window import Window

DAY = "2026-03-04"


def at(clock: str) -> pd.Timestamp:
    """An instant of the test day, UTC."""
    return pd.Timestamp(f"{DAY}T{clock}", tz="UTC")


def window(start: str, end: str) -> Window:
    """A window of the test day."""
    return Window(at(start), at(end))


def log_frame(*lines: str, **columns: str) -> pd.DataFrame:
    """LOGS frame with groups from `10:01 ERROR text` lines; a column holds for every line."""
    parts = [line.split(" ", 2) for line in lines]
    usual = {"log_group": "api", "pull": "logs/api", "is_parsed": True, **columns}
    rows = [{"timestamp": at(clock), "level": level, "message": text, **usual} for clock, level, text in parts]
    return with_groups(conform(pd.DataFrame(rows).assign(row=range(len(rows))), LOGS))


def envelope(clock: str, message: str | dict) -> str:
    """One line of a log export."""
    text = message if isinstance(message, str) else json.dumps(message)
    return json.dumps({"timestamp": int(at(clock).timestamp() * 1000), "message": text})


def write_logs(root: Path, group: str, *lines: str, name: str = "part-0.jsonl") -> Path:
    """A log export of one group below `root`; each line a JSON line already."""
    folder = root / "logs" / group.replace("/", "__")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return root


def request(
    clock: str, *, status: int = 200, path: str = "/documents/1", tenant: str = "t1", ms: int = 100, version: str = "1"
) -> str:
    """One request of dms as an export line."""
    fields = {"level": "info", "message": "request completed", "requestId": f"r-{clock}-{tenant}-{path}"}
    fields |= {"tenantId": tenant, "version": version, "method": "GET", "path": path}
    return envelope(clock, {**fields, "status": status, "duration": ms})


def failure(
    clock: str, text: str = "boom", *, error: str = "TypeError", tenant: str = "t1", path: str = "/documents/1"
) -> str:
    """The error event of a request of dms as an export line."""
    fields = {
        "level": "error",
        "message": "unhandled",
        "error": error,
        "errorMessage": text,
        "requestId": f"r-{clock}-{tenant}-{path}",
    }
    return envelope(clock, {**fields, "tenantId": tenant, "method": "GET", "path": path, "version": "1"})


def minutes(start: int, end: int, hour: int = 10) -> list[str]:
    """Clock times every 6 seconds of some minutes of an hour."""
    return [f"{hour:02d}:{minute:02d}:{second:02d}" for minute in range(start, end) for second in range(0, 60, 6)]


def open_export(root: Path, **parameters: str) -> Case:
    """A case over the export below `root`, 10:00 to 11:00 against the hour before."""
    given = {"incident_id": "test", "system": "dms", "start": f"{DAY}T10:00Z", "end": f"{DAY}T11:00Z"}
    return open_case(
        **{**given, "source": f"files:{root}", **parameters}, out=str(root / "reports"), clock=lambda: at("12:00")
    )


def report_document(folder: Path) -> dict:
    """The findings.json of a report folder."""
    return json.loads((folder / "findings.json").read_text())
