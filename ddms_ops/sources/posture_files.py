"""The posture of tenant isolation out of files, as RECORDS: what `docs/database-posture.sql` writes.

database/posture.csv[.gz]      columns kind, id, record; also posture.<label>.csv, JSON lines or Parquet
"""

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ddms_ops.sources.base import RECORDS
from ddms_ops.sources.json_files import Row, to_table
from ddms_ops.sources.statistics_rows import CannotRead, view_rows

FOLDER = "database"
NAME = re.compile(r"posture(?:[._-].+?)??\.(csv|tsv|json|jsonl|ndjson|parquet)(?:\.gz)?", re.IGNORECASE)
COLUMNS = frozenset({"kind", "id", "record"})
MANY = "more than one file of posture: only the last by name is taken"


@dataclass(frozen=True, slots=True)
class PostureFiles:
    """What the files of an export say of tenant isolation.

    Attributes:
        records: table of RECORDS, without times.
        files: the files that were looked at.
        faults: what could not be read, each with the file's name; never a value of a row.
        is_denied: a file may not be read.
    """

    records: pa.Table
    files: tuple[Path, ...]
    faults: tuple[str, ...]
    is_denied: bool


def read_posture(root: Path, scratch: Path) -> PostureFiles:
    """The posture of an export.

    Args:
        root: the export's folder.
        scratch: the folder for inflated and mended copies.

    Returns:
        The records and the account of them; of several files the last by name. Empty where there is none.
    """
    try:
        paths = sorted(path for path in (root / FOLDER).iterdir() if path.is_file() and NAME.fullmatch(path.name))
    except OSError:
        paths = []
    if not paths:
        return PostureFiles(RECORDS.empty_table(), (), (), is_denied=False)
    chosen = paths[-1]
    rows, faults, is_denied = _read(chosen, scratch)
    named = [f"{chosen.relative_to(root).as_posix()} {fault}" for fault in faults]
    table, _, _ = to_table(rows, RECORDS)
    return PostureFiles(table, tuple(paths), (*named, *([MANY] if len(paths) > 1 else [])), is_denied)


def _read(path: Path, scratch: Path) -> tuple[list[Row], tuple[str, ...], bool]:
    """The file's records, what was wrong, and whether it may not be read."""
    try:
        read = view_rows(path, scratch)
    except CannotRead as fault:
        return [], (str(fault),), fault.is_denied
    except (OSError, EOFError, zlib.error) as fault:
        return [], (f"could not be read ({type(fault).__name__})",), False
    if read.names is not None and (missing := COLUMNS - read.names):
        return [], (f"has no column {', '.join(sorted(missing))}: it is no posture",), False
    rows: list[Row] = []
    damaged = 0
    for row in read.rows:
        if (record := _json(row.get("record"))) is None:
            damaged += 1
            continue
        rows.append({"timestamp": None, "kind": str(row.get("kind")), "id": str(row.get("id", "")), "record": record})
    words = (f"{damaged:,} rows whose record is no JSON object",) if damaged else ()
    if not any(row["kind"] == "session" for row in rows):
        words = (*words, "has no row of kind session: it is not whole")
    return rows, (*read.faults, *words), False


def _json(value: object) -> str | None:
    """The text of a record, None where it is no JSON object."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    try:
        found = json.loads(str(value))
    except (ValueError, RecursionError):
        return None
    return str(value) if isinstance(found, dict) else None
