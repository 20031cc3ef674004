"""Snapshots of Postgres' statistics views out of files, as RECORDS: one for each row of a view.

    database/<view>[.<label>].csv|tsv|json|jsonl|parquet      each may end in .gz

The label is `before`, `after`, a time (2026-03-04T10:00:00Z, 20260304T100000Z, 2026-03-04T10-00-00Z) or any word. A
snapshot's time is what a column of TIME_COLUMNS says, which lets one file hold many, else its label where that is a
time, else null. The snapshots of all times are handed over: one from before the window is what it is counted from.
Files of other names are another reader's. `docs/database-snapshot.sql` writes such files.
"""

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.sources.base import RECORDS
from ddms_ops.sources.json_files import Row, to_table
from ddms_ops.sources.statistics_rows import CannotRead, ViewRow, ViewRows, view_rows

FOLDER = "database"
STATEMENTS = "pg_stat_statements"
# The columns without which a file is not what its name says; one of each group.
VIEWS: dict[str, tuple[frozenset[str], ...]] = {
    STATEMENTS: (frozenset({"calls"}), frozenset({"query", "queryid"})),
    "pg_stat_statements_info": (frozenset({"dealloc", "stats_reset"}),),
    "pg_stat_activity": (frozenset({"pid"}),),
    "pg_locks": (frozenset({"locktype", "mode"}),),
    "blocking": (frozenset({"pid"}), frozenset({"blocked_by"})),
    "pg_stat_user_tables": (frozenset({"relname"}),),
    "pg_stat_all_tables": (frozenset({"relname"}),),
    "pg_stat_user_indexes": (frozenset({"indexrelname"}),),
    "pg_stat_all_indexes": (frozenset({"indexrelname"}),),
    "pg_indexes": (frozenset({"indexname"}),),
    "pg_index": (frozenset({"indexrelid"}),),
    "pg_settings": (frozenset({"name"}), frozenset({"setting"})),
    "pg_stat_database": (frozenset({"datname", "datid"}),),
    "pg_class": (frozenset({"relname"}),),
    "pg_stats": (frozenset({"attname"}),),
    "pg_constraint": (frozenset({"conname"}),),
    "pg_stat_bgwriter": (frozenset({"stats_reset"}),),
    "pg_stat_io": (frozenset({"backend_type"}),),
    "pg_stat_wal": (frozenset({"wal_bytes", "wal_records"}),),
}
TIME_COLUMNS = ("captured_at", "snapshot_at", "collected_at", "now", "clock_timestamp")
TICK = pd.Timedelta(milliseconds=100)  # clock_timestamp() differs from row to row of one snapshot
VIEW = "|".join(sorted(VIEWS, key=len, reverse=True))
NAME = re.compile(rf"({VIEW})(?:[._-](.+?))??\.(csv|tsv|json|jsonl|ndjson|parquet)(?:\.gz)?", re.IGNORECASE)
LABEL_TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[T_ -]?(\d\d)[:.-]?(\d\d)(?:[:.-]?(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d\d(?::?\d\d)?)?"
)
OFFSET = re.compile(r":\d\d(\.\d+)? ?(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$")
HIDDEN = "<insufficient privilege>"
HIDDEN_WORDS = "query texts of {hidden:,} of {rows:,} rows are hidden: the role needs pg_read_all_stats"
NAIVE = "times without an offset taken as UTC"
SWITCH_ON = (
    "no pg_stat_statements, so no statement's calls and time; to have it set shared_preload_libraries = "
    "'pg_stat_statements' (Amazon RDS: in the parameter group), restart, and run CREATE EXTENSION pg_stat_statements"
)


@dataclass(frozen=True, slots=True)
class StatisticsFiles:
    """What the files of an export say of the database.

    Attributes:
        records: table of RECORDS, ordered by time, view, label and row; those without a time first.
        files: the files that were looked at.
        faults: what could not be read, each with the file's name; never a value of a row.
        notes: what one should know and is no lack.
        is_denied: a file may not be read.
    """

    records: pa.Table
    files: tuple[Path, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    is_denied: bool


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    view: str
    label: str


def read_statistics(root: Path, scratch: Path) -> StatisticsFiles:
    """All snapshots of an export.

    Args:
        root: the export's folder; the files are those of its folder database/ that are named after a view.
        scratch: the folder for inflated and mended copies.

    Returns:
        The records of all files and the account of them. Empty where the folder has none of them.
    """
    files = _files(root / FOLDER)
    rows: list[Row] = []
    faults: list[str] = []
    seen, is_naive, is_denied = set(), False, False
    for file in files:
        found, words, file_is_naive = _read(file, scratch)
        faults += [f"{file.path.relative_to(root).as_posix()} {fault}" for fault in words.faults]
        rows += found
        seen |= {file.view} if words.is_readable else set()
        is_naive, is_denied = is_naive or file_is_naive, is_denied or words.is_denied
    table, _, repeated = to_table(rows, RECORDS)
    notes = [SWITCH_ON] if files and STATEMENTS not in seen else []
    notes += [NAIVE] if is_naive else []
    notes += [f"{repeated:,} repeated rows in the export taken once"] if repeated else []
    return StatisticsFiles(table, tuple(file.path for file in files), tuple(faults), tuple(notes), is_denied)


def snapshot_time(label: str) -> pd.Timestamp | None:
    """The time in UTC that a snapshot's label says, None for a word; without a zone it is taken as UTC."""
    found = LABEL_TIME.fullmatch(label)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{fraction or '0'}{zone or 'Z'}"
    stamp = pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    return stamp if isinstance(stamp, pd.Timestamp) else None


def hidden_words(records: list[ViewRow]) -> str:
    """Words for rows whose query text the role may not see; empty where it sees all."""
    hidden = sum(record.get("query") == HIDDEN for record in records)
    return HIDDEN_WORDS.format(hidden=hidden, rows=len(records)) if hidden else ""


def _files(folder: Path) -> list[_File]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []
    named = [(path, NAME.fullmatch(path.name)) for path in paths]
    return [_File(path, found[1].lower(), found[2] or "") for path, found in named if found]


def _read(file: _File, scratch: Path) -> tuple[list[Row], ViewRows, bool]:
    """The file's records, what was wrong, and whether times had no zone."""
    try:
        read = view_rows(file.path, scratch)
    except CannotRead as fault:
        return [], ViewRows([], (str(fault),), is_readable=False, is_denied=fault.is_denied), False
    except (OSError, EOFError, zlib.error) as fault:
        return [], ViewRows([], (f"could not be read ({type(fault).__name__})",), is_readable=False), False
    if lack := _lack(file.view, read):
        return [], ViewRows([], (*read.faults, lack), is_readable=False), False
    faults = [*read.faults, *filter(None, [hidden_words(read.rows)])]
    stamps, timeless, is_naive = _stamps(file, read.rows)
    faults += [f"{timeless:,} rows without a usable time"] if timeless else []
    uncounted = sum(not _is_number(row.get("calls")) for row in read.rows) if file.view == STATEMENTS else 0
    faults += [f"{uncounted:,} rows whose calls are no number"] if uncounted else []
    texts = [_json(row) for row in read.rows]
    several = len(set(stamps)) > 1
    rows: list[Row] = [
        {"timestamp": stamp, "kind": file.view, "id": _name(file.label, stamp, several=several), "record": text}
        for stamp, text in zip(stamps, texts, strict=True)
    ]
    return rows, ViewRows(read.rows, tuple(faults)), is_naive


def _lack(view: str, read: ViewRows) -> str:
    """Words for a file whose columns are not those of its view; the names it has may be a row, so they are not told."""
    names = read.names or {name for row in read.rows for name in row}
    missing = [" or ".join(sorted(group)) for group in VIEWS[view] if not group & names]
    if not missing or (read.names is None and not read.rows):
        return ""
    return f"has no column {', '.join(missing)}: it is no {view}"


def _is_number(value: object) -> bool:
    """Whether it is one, or reads as one: some tools write counters as text."""
    return isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdecimal())


def _stamps(file: _File, rows: list[ViewRow]) -> tuple[list[str | None], int, bool]:
    """ISO time of each row's snapshot, how many rows lack theirs, and whether a zone was."""
    of_label = snapshot_time(file.label)
    column = next((name for name in TIME_COLUMNS if any(name in row for row in rows)), None)
    if column is None:
        stated = of_label.isoformat() if of_label else None
        is_naive = of_label is not None and not LABEL_TIME.fullmatch(file.label)[8]  # type: ignore[index]
        return [stated] * len(rows), 0, is_naive
    texts = pd.Series([row.get(column) for row in rows], dtype="object").map(_text, na_action="ignore").astype("str")
    stamps = pd.to_datetime(texts.str.strip(), utc=True, errors="coerce", format="ISO8601")
    has_zone = texts.dropna().map(lambda text: OFFSET.search(text.strip()) is not None)
    stamps = _without_ticks(stamps)
    written = [None if pd.isna(stamp) else stamp.isoformat() for stamp in stamps]
    return written, int(stamps.isna().sum()), not has_zone.all()


def _without_ticks(stamps: pd.Series) -> pd.Series:
    """Times that follow each other within a tick made one: the first of them."""
    ordered = stamps.dropna().sort_values()
    snapshot = (ordered.diff() > TICK).cumsum()
    return ordered.groupby(snapshot).transform("first").reindex(stamps.index)


def _text(value: object) -> str:
    """A time as text in a form that pandas knows: `+00` has its minutes."""
    return re.sub(r"([+-]\d\d)$", r"\1:00", re.sub(r" ?(UTC|GMT)$", "Z", str(value).strip())) if value else ""


def _name(label: str, stamp: str | None, *, several: bool) -> str:
    """What a snapshot is called: by its label, or by its time where it has none, or not one of its own."""
    return label if stamp is None or (label and not several) else stamp


def _json(row: ViewRow) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, default=str)
