"""An independent reading of simulated exports: plain json and gzip, nothing of the simulator's."""

import gzip
import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

GROUPS = {
    "api": "__aws__lambda__dms-api-handler-prod",
    "worker": "__aws__lambda__dms-processing-worker-prod",
    "scan": "__ecs__malware-scan-service",
}


def tree(folder: Path) -> dict[str, bytes]:
    """Content of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def text_of(path: Path) -> str:
    """Text of a file, gzipped or not."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def files_of(export: Path, kind: str) -> list[Path]:
    """Files of a log group."""
    return sorted((export / "logs" / GROUPS[kind]).iterdir())


@lru_cache(maxsize=4)
def log_events(export: Path, kind: str) -> tuple[tuple[int, str], ...]:
    """Time (epoch ms) and message of every event of a Lambda's log group."""
    found = []
    for path in files_of(export, kind):
        text = text_of(path)
        events = json.loads(text)["events"] if kind == "api" else map(json.loads, text.splitlines())
        found += [(event["timestamp"], event["message"]) for event in events]
    return tuple(found)


@lru_cache(maxsize=4)
def parsed(export: Path, kind: str) -> list[tuple[int, dict]]:
    """Time and fields of the messages that are whole JSON."""
    found = []
    for stamp, message in log_events(export, kind):
        try:
            found.append((stamp, json.loads(message)))
        except ValueError:
            continue
    return found


def endpoint_of(event: dict) -> str:
    """Method and path of a request, its ids left out."""
    return f"{event['method']} {re.sub('[0-9a-f]{8}-[0-9a-f-]{27}', '{id}', event['path'])}"


def said(event: dict) -> str:
    """What an event says of its error, wherever it says it."""
    error = event.get("error")
    inner = error["message"] if isinstance(error, dict) else ""
    return event.get("errorMessage", "") or inner or event.get("message", "")


def onset_minute(played: Any) -> int:
    """The onset as a place among the 240 points of a metric."""
    onset, stamp = played.truth["onset"], yaml.safe_load(played.case.incident.read_text())["start"]
    times = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (onset, stamp)]
    return 120 + round((times[0] - times[1]).total_seconds() / 60)


def minute(time_ms: int) -> str:
    """The minute of a time, ISO with Z."""
    return datetime.fromtimestamp(time_ms // 60_000 * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def metric(export: Path, name: str) -> list[float]:
    """Values of a metric, oldest first."""
    for path in sorted((export / "metrics").iterdir()):
        for series in json.loads(path.read_text()).get("MetricDataResults", []):
            if series["Id"] == name:
                return series["Values"][::-1]
    raise KeyError(name)


def trail(export: Path) -> list[dict]:
    """CloudTrail records."""
    return [record for path in sorted((export / "trail").iterdir()) for record in json.loads(text_of(path))["Records"]]


def alarms(export: Path) -> list[dict]:
    """Alarm history items."""
    return json.loads((export / "alarms" / "alarm-history.json").read_text())["AlarmHistoryItems"]
