"""An independent reading of simulated exports: plain json and gzip, nothing of the simulator's."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

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


def log_events(export: Path, kind: str) -> Iterator[tuple[int, str]]:
    """Time (epoch ms) and message of every event of a Lambda's log group."""
    for path in files_of(export, kind):
        text = text_of(path)
        events = json.loads(text)["events"] if kind == "api" else map(json.loads, text.splitlines())
        for event in events:
            yield event["timestamp"], event["message"]


def parsed(export: Path, kind: str) -> list[tuple[int, dict]]:
    """Time and fields of the messages that are whole JSON."""
    found = []
    for stamp, message in log_events(export, kind):
        try:
            found.append((stamp, json.loads(message)))
        except ValueError:
            continue
    return found


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
