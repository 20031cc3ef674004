"""An independent reading of a simulated export: plain json, csv and gzip, nothing of the package's."""

import csv
import gzip
import json
import re
from pathlib import Path

import pandas as pd

API = "/aws/lambda/dms-api-handler-prod"
WORKER = "/aws/lambda/dms-processing-worker-prod"
SCAN = "/ecs/malware-scan-service"


def text_of(path: Path) -> str:
    """Text of a file, gzipped or not."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def messages(export: Path, group: str) -> list[tuple[pd.Timestamp, str]]:
    """Time and message of every event of a Lambda's log group, by time."""
    found = []
    for path in sorted((export / "logs" / group.replace("/", "__")).iterdir()):
        text = text_of(path)
        events = json.loads(text)["events"] if group == API else map(json.loads, text.splitlines())
        found += [(pd.Timestamp(event["timestamp"], unit="ms", tz="UTC"), event["message"]) for event in events]
    return sorted(found)


def within(export: Path, group: str, start: pd.Timestamp, end: pd.Timestamp) -> list[tuple[pd.Timestamp, dict]]:
    """Time and fields of the events of a group whose message is JSON, in [start, end)."""
    found = []
    for stamp, message in messages(export, group):
        if start <= stamp < end:
            try:
                found.append((stamp, json.loads(message)))
            except ValueError:
                continue
    return found


def audit_of(export: Path, table: str, start: pd.Timestamp, end: pd.Timestamp, time: str = "created_at") -> list[dict]:
    """Rows of an audit table in [start, end)."""
    with (export / "audit" / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [row for row in rows if start <= pd.Timestamp(row[time]).tz_convert("UTC") < end]


def tagged_statements(export: Path) -> list[tuple[str, str]]:
    """Request id and duration of each statement of the Postgres log that states a request."""
    text = (export / "database" / "postgresql.log").read_text(encoding="utf-8")
    return re.findall(r"duration: ([\d.]+) ms  (?:statement|execute)[^\n]*request_id='([^']+)'", text)
