"""What lies beside findings.json in a report folder: the timeline and the evidence manifest."""

import csv
import json
from pathlib import Path

from ddms_ops.checks.tables import Quiet, Shown, html_table, joined, verdict
from ddms_ops.errors import WindowError
from ddms_ops.window import parse_instant

TIMELINE = "timeline.csv"
TIMELINE_ROWS = 500
HASH_CHARS = 16
UNKNOWN = "unknown"


def timeline_table(folder: Path) -> Shown:
    """Changes, alarms, first errors and people's notes in order of time; or why there is no such table.

    Args:
        folder: of the report.
    """
    try:
        with (folder / TIMELINE).open(encoding="utf-8", newline="") as stream:
            rows = [
                (parse_instant(row["time"]), row["source"], row["event"], row["detail"] or None)
                for row in csv.DictReader(stream)
            ]
    except FileNotFoundError:
        return verdict(f"No {TIMELINE} in this report: no notebook of this run wrote one.")
    except (KeyError, UnicodeDecodeError, csv.Error, WindowError):
        return verdict(f"{TIMELINE} cannot be read; its columns are time, source, event, detail.")
    shown = f"{min(len(rows), TIMELINE_ROWS):,} of {len(rows):,} events; they coincide, no more is said"
    return html_table(("Time", "Source", "Event", "Detail"), rows[:TIMELINE_ROWS], caption=shown)


def ledger_table(folder: Path, digest: str) -> Shown:
    """Every file of the evidence manifest with its rows, source, query and hash.

    Args:
        folder: of the report.
        digest: of the manifest, as findings.json has it.
    """
    manifest = _manifest(folder)
    files = [entry for entry in _list(manifest.get("files")) if isinstance(entry, dict)]
    rows = [
        (
            entry.get("file"), entry.get("rows"), entry.get("source"), entry.get("query"),
            _when(entry.get("clock_start")), Quiet(str(entry.get("sha256") or UNKNOWN)[:HASH_CHARS]),
        )
        for entry in files
    ]  # fmt: skip
    if not rows:
        return verdict("No evidence manifest in this report: no statement can be walked back to records.")
    table = html_table(("File", "Rows", "Source", "Query", "Read at", "SHA-256 (first 16)"), rows)
    return joined(
        verdict(f"{len(rows)} evidence files. Manifest digest {digest or manifest.get('digest') or UNKNOWN}"),
        table,
    )


def _manifest(folder: Path) -> dict[str, object]:
    try:
        loaded = json.loads((folder / "evidence" / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _when(value: object) -> object:
    """The second of a written instant; what is none stays as it is."""
    try:
        return parse_instant(str(value)).floor("s")
    except WindowError:
        return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
