"""Log events out of export files, in any of the shapes people have them.

    document     {"events": [...]} as filter-log-events and get-log-events print, {"logEvents": [...]} as
                 a subscription delivers, also several in one file, or a bare array of events
    envelope     one JSON object a line, {"timestamp", "message", …} as the service gives it
    json         one JSON object a line, the application's own; the line is the message
    s3           S3 export lines, "<ISO time> <message>", further lines of a message below it
    text         lines that begin with a time; the line is the message

The shape is found in the content. A line that no event can be had from is unreadable: counted
and placed, never dropped in silence.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ddms_ops.interrupts import check_pressed, heed
from ddms_ops.sources.log_documents import EVENT_KEYS, read_documents
from ddms_ops.sources.opening import MAX_LINE, open_export, without_long_lines
from ddms_ops.sources.times import HAS_OFFSET, ISO, LEADING, S3_EXPORT, time_of

ENVELOPE = frozenset(
    [
        "timestamp",
        "message",
        "logStreamName",
        "logStream",
        "logGroupName",
        "logGroup",
        "ingestionTime",
        "eventId",
        "ptr",
        "@timestamp",
        "@message",
        "id",
    ]
)
OWN_TIMES = ("timestamp", "@timestamp", "time", "ts", "datetime", "date", "eventTime", "asctime", "created")
THREADS = min(4, os.cpu_count() or 1)  # files read at a time; each needs its share of the engine's memory
SAMPLE = 1 << 16
SHOWN = 5
CREATE = """CREATE OR REPLACE TABLE "{table}" (
    timestamp TIMESTAMP, log_stream VARCHAR, message VARCHAR, event_id VARCHAR, ingestion_time TIMESTAMP)"""
IS_EVENT = "timestamp IS NOT NULL AND message IS NOT NULL"
INSERT = f"""INSERT INTO "{{table}}" SELECT timestamp, coalesce(log_stream, ?), message, event_id, ingestion_time
    FROM {{reading}} WHERE {IS_EVENT}"""


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What became of one file: its shape, events read, and words for what was not."""

    path: Path
    shape: str
    events: int
    size: int
    faults: tuple[str, ...] = ()
    note: str = ""
    is_denied: bool = False


def stage_log_files(
    connection: duckdb.DuckDBPyConnection, table: str, paths: list[Path], root: Path, scratch: Path
) -> Iterator[FileAccount]:
    """Read every file of a log group into a DuckDB table, side by side; one account a file, in their order.

    The table has timestamp, log_stream, message, event_id, ingestion_time. A file in a folder of its own below
    its log group's folder in `root` gives the stream that folder's name.
    """
    connection.execute(CREATE.format(table=table))

    def stage(path: Path) -> FileAccount:
        with tempfile.TemporaryDirectory(dir=scratch) as own, connection.cursor() as cursor:
            heed(cursor)
            cursor.execute("SET TimeZone = 'UTC'")
            stream = path.parent.name if len(path.relative_to(root).parts) > 2 else None
            try:
                return _stage(cursor, table, path, stream, Path(own))
            except duckdb.Error as fault:  # its own text may quote a record
                check_pressed()
                return FileAccount(path, "unknown", 0, 0, (f"could not be read ({type(fault).__name__})",))

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        yield from pool.map(stage, paths)


def _stage(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, stream: str | None, scratch: Path
) -> FileAccount:
    opened = open_export(path, scratch)
    if not opened.is_readable:
        return FileAccount(path, "unknown", 0, opened.size, opened.faults, is_denied=opened.is_denied)
    with opened.plain.open("rb") as file:
        head = file.read(SAMPLE)
        head += file.readline(MAX_LINE) if b"\n" not in head else b""
    sample = head.decode("utf-8", errors="replace")
    shape, note = shape_of(sample), ""
    if shape == "document":
        events, faults = _stage_document(connection, table, opened.plain, stream, scratch)
    else:
        opened = without_long_lines(opened, scratch)
        events, faults = _stage_lines(connection, table, opened.plain, stream, shape)
        note = _zone_note(sample) if shape in ("text", "json") else ""
    return FileAccount(path, shape, events, opened.size, (*opened.faults, *faults), note)


def drop_repeated(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Keep one of the events alike in id, stream, time and text (an export made twice); how many were dropped.

    Events without an id are all kept: an application may well log the same line twice.
    """
    alike = "log_stream, event_id, timestamp, hash(message)"
    [(repeated,)] = connection.execute(
        f'SELECT count(*) - count(DISTINCT ({alike})) FROM "{table}" WHERE event_id IS NOT NULL'
    ).fetchall()
    if repeated:
        connection.execute(
            f"""CREATE OR REPLACE TABLE "{table}" AS SELECT * FROM "{table}" QUALIFY event_id IS NULL
            OR row_number() OVER (PARTITION BY {alike}) = 1"""
        )
    return int(repeated)


def shape_of(sample: str) -> str:
    """The shape that the beginning of a file shows; see the module docstring."""
    text = sample.lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        after = text[1:].lstrip()
        return "document" if after.startswith(("{", "]")) else "text"
    if not text.startswith("{"):
        return "s3" if re.search(S3_EXPORT, sample, re.MULTILINE) else "text"
    lines = [found for line in text.splitlines()[:20] if (found := _json_object(line)) is not None]
    if not lines or {"events", "logEvents"} & lines[0].keys():
        return "document"
    wrapped = sum(1 for line in lines if {"timestamp", "message"} <= line.keys() <= ENVELOPE)
    return "envelope" if wrapped * 2 > len(lines) else "json"


def _json_object(line: str) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _zone_note(sample: str) -> str:
    """Words about times that name no offset from UTC, empty where they do."""
    named = rf'"(?:{"|".join(OWN_TIMES)})"\s*:\s*"({ISO})"'
    times = [
        found[1] for line in sample.splitlines()[:50] if (found := re.match(LEADING, line) or re.search(named, line))
    ]
    naive = [text for text in times if not re.search(HAS_OFFSET, text)]
    return "times without an offset taken as UTC" if naive else ""


def _lines_of(path: Path) -> tuple[str, list[str]]:
    """SQL for the lines of a file, numbered from 1, blank ones as '', and its parameters."""
    with path.open("rb") as file:
        newline = r"\r\n" if file.readline(SAMPLE).endswith(b"\r\n") else r"\n"
    sql = f"""(SELECT row_number() OVER () AS n, line FROM read_csv(?, columns={{'line': 'VARCHAR'}}, delim='\x01',
        quote='', escape='', header=false, auto_detect=false, new_line='{newline}',
        max_line_size={MAX_LINE + 1024}, buffer_size={4 * MAX_LINE + 8192}, strict_mode=false,
        force_not_null=['line']))"""
    return sql, [str(path)]


def _stage_document(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, stream: str | None, scratch: Path
) -> tuple[int, list[str]]:
    faults: list[str] = []
    events, lost, numbers = 0, 0, []
    for found in read_documents(connection, path, scratch, faults):
        numbered = f"""SELECT row_number() OVER () + {events + lost} AS n, {time_of("x.timestamp")} AS timestamp,
            x.logStreamName AS log_stream, x.message AS message, x.eventId AS event_id,
            {time_of("x.ingestionTime")} AS ingestion_time FROM (SELECT unnest(events) AS x FROM reading_documents)"""
        [(inserted,)] = connection.execute(INSERT.format(table=table, reading=f"({numbered})"), [stream]).fetchall()
        if inserted < found:
            numbers += _not_events(connection, f"({numbered})")
        events, lost = events + int(inserted), lost + found - int(inserted)
    return events, [*faults, *([_unreadable("event", lost, numbers)] if lost else [])]


def _stage_lines(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, stream: str | None, shape: str
) -> tuple[int, list[str]]:
    lines, parameters = _lines_of(path)
    if shape in ("envelope", "json"):
        select = _json_lines(lines, is_envelope=shape == "envelope")
    else:
        select = _text_lines(lines, is_export=shape == "s3")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE reading AS {select}", parameters)
    why = _untimed(connection) if shape == "json" else ""
    events, faults = _insert(connection, table, stream)
    return events, [f"{fault}{why}" for fault in faults]


def _untimed(connection: duckdb.DuckDBPyConnection) -> str:
    """How many JSON lines name no time that can be read, and under which names it is looked for; empty if none."""
    query = "SELECT count(*) FROM reading WHERE timestamp IS NULL AND json_valid(message)"
    [(count,)] = connection.execute(query).fetchall()
    return f", {count:,} of them JSON without a time under {', '.join(OWN_TIMES)}" if count else ""


def _json_lines(lines: str, *, is_envelope: bool) -> str:
    keys = EVENT_KEYS if is_envelope else OWN_TIMES
    shape = json.dumps(dict.fromkeys(keys, "VARCHAR"))
    parsed = f"SELECT n, line, CASE WHEN json_valid(line) THEN json_transform(line, '{shape}') END AS x FROM {lines}"
    if is_envelope:
        columns = f"""{time_of("x.timestamp")} AS timestamp, x.logStreamName AS log_stream, x.message AS message,
            x.eventId AS event_id, {time_of("x.ingestionTime")} AS ingestion_time"""
    else:
        first = "coalesce(" + ", ".join(f'x."{key}"' for key in OWN_TIMES) + ")"
        columns = f"""{time_of(first)} AS timestamp, NULL AS log_stream, line AS message, NULL AS event_id,
            NULL::TIMESTAMP AS ingestion_time"""
    return f"SELECT n, {columns} FROM ({parsed}) WHERE trim(line) <> ''"


def _text_lines(lines: str, *, is_export: bool) -> str:
    """Events that begin where a line begins with a time; lines without one belong to the event above."""
    head = S3_EXPORT if is_export else LEADING
    text = f"regexp_replace(line, '{head}', '')" if is_export else "line"
    return f"""
        WITH marked AS (
            SELECT n, line, regexp_extract(line, '{head}', 1) AS head FROM {lines}),
        numbered AS MATERIALIZED (
            SELECT *, sum(CASE WHEN head <> '' THEN 1 ELSE 0 END) OVER (ORDER BY n) AS event FROM marked),
        whole AS (
            SELECT min(n) AS n, max(head) AS head, rtrim(string_agg({text}, chr(10) ORDER BY n), chr(10)) AS message
            FROM numbered WHERE event > 0 GROUP BY event
            UNION ALL SELECT n, NULL, NULL FROM numbered WHERE event = 0 AND trim(line) <> '')
        SELECT n, {time_of("head")} AS timestamp, NULL AS log_stream, message, NULL AS event_id,
            NULL::TIMESTAMP AS ingestion_time FROM whole"""


def _insert(connection: duckdb.DuckDBPyConnection, table: str, stream: str | None) -> tuple[int, list[str]]:
    """Move what is an event from `reading` to the table; how many there are, and words for the rest."""
    [(events,)] = connection.execute(INSERT.format(table=table, reading="reading"), [stream]).fetchall()
    [(lines,)] = connection.execute("SELECT count(*) FROM reading").fetchall()
    lost = int(lines) - int(events)
    words = [_unreadable("line", lost, _not_events(connection, "reading"))] if lost else []
    connection.execute("DROP TABLE reading")
    return int(events), words


def _not_events(connection: duckdb.DuckDBPyConnection, reading: str) -> list[int]:
    """Numbers of the first rows that are no events."""
    found = connection.execute(f"SELECT n FROM {reading} WHERE NOT ({IS_EVENT}) ORDER BY n LIMIT {SHOWN + 1}")
    return [int(n) for (n,) in found.fetchall()]


def _unreadable(what: str, count: int, numbers: list[int]) -> str:
    places = ", ".join(map(str, numbers[:SHOWN])) + (", …" if count > SHOWN else "")
    return f"{count:,} {what}{'s' if count > 1 else ''} unreadable ({what} {places})"
