"""The Postgres logs of a folder of exports: `database/**`, stderr, csvlog or jsonlog, each maybe gzipped.

A file is read in pieces, two at a time, and of a large file only the part that the window needs.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ddms_ops.coverage import Coverage, Status
from ddms_ops.engine import offline_engine
from ddms_ops.postgres_log.blocks import PIECE, Block, TimedFile, blocks
from ddms_ops.postgres_log.clock import instant
from ddms_ops.postgres_log.entries import Rows, rows_of
from ddms_ops.postgres_log.shapes import Shape, shape_of
from ddms_ops.postgres_log.tally import Tally
from ddms_ops.postgres_log.twice import Part, parts
from ddms_ops.progress import Meter
from ddms_ops.sources.base import (
    DATABASE_LOG,
    DatabaseLogQuery,
    Provenance,
    Pull,
    no_records,
    relative_paths,
    span_of,
)
from ddms_ops.sources.edges import edge_reason
from ddms_ops.sources.opening import Opened, open_export, scratch_file
from ddms_ops.sources.posture_files import NAME as POSTURE_FILE
from ddms_ops.sources.statistics_files import NAME as SNAPSHOT
from ddms_ops.window import EVER

FOLDER = "database"
NAMES = re.compile(r"(?i)(?:\.log(?:\.\d[\d-]*)?|\.csv|\.json|\.jsonl)(?:\.gz)?$")
SAMPLE = 256 << 10
THREADS = min(2, os.cpu_count() or 1)
ROW_GROUP = 1 << 17
BATCH = 1 << 16
MEMORY = "1GB"


@dataclass(slots=True)
class LogFile:
    """One file of the log, opened; `timed` is None where it cannot be read or its shape is unknown.

    `part` is what is taken of it; None for all.
    """

    name: str
    opened: Opened
    shape: Shape = field(default_factory=lambda: Shape(()))
    timed: TimedFile | None = None
    part: Part | None = None

    @property
    def first(self) -> int:
        """Time of the first entry, microseconds; late where there is none."""
        first = self.timed.first if self.timed else None
        return np.iinfo(np.int64).max if first is None else first


class DatabaseLogs:
    """The log files under `database/` of a folder of exports.

    Args:
        root: the folder of exports.
        scratch: a folder for what is unpacked and for the entries.
        piece: bytes read at a time.
    """

    def __init__(self, root: Path, scratch: Path, *, piece: int = PIECE) -> None:
        self._root, self._scratch, self._piece = root, scratch, piece
        self._files: dict[str, list[LogFile]] = {}

    def paths(self) -> list[Path]:
        """Files that are logs by their name, sorted."""
        folder = self._root / FOLDER
        named = (path for path in folder.rglob("*") if path.is_file() and NAMES.search(path.name))
        others = (SNAPSHOT, POSTURE_FILE)
        return sorted(path for path in named if not any(other.fullmatch(path.name) for other in others))

    def fetch(self, query: DatabaseLogQuery, *, pull: str) -> Pull:
        """Entries in [start, end) by their own time, in the order they stand in; files by their first entry's time.

        What several files of a folder hold is taken once, and the reason says so: copies of a file, and what a csvlog
        or jsonlog has beside stderr (then of those).

        Returns:
            A Parquet file in DATABASE_LOG. Lines that fit no entry are rows without prefix, at the time of the entry
            before; the reason says how many. NOT_CONFIGURED without files, EMPTY with the extent of what there is.
        """
        paths = self.paths()
        provenance = Provenance("files", files=relative_paths(paths, self._root))
        if not paths:
            reason = f"no {FOLDER}/*.log in the export"
            return no_records(pull, query, provenance, DATABASE_LOG, Status.NOT_CONFIGURED, reason)
        found = _pulled(self._opened(paths, query.prefix), query, pull, provenance, self._scratch, self._piece)
        return replace(found, keeper=self)

    def _opened(self, paths: list[Path], stated: str) -> list[LogFile]:
        """The files, opened once for every prefix that is stated, by time."""
        if stated not in self._files:
            known = {file.opened.path: file.opened for files in self._files.values() for file in files}
            folder = self._root / FOLDER
            files = [
                _log_file(
                    path.relative_to(folder).as_posix(), known.get(path) or open_export(path, self._scratch), stated
                )
                for path in paths
            ]
            found = parts({file.name: file.timed for file in files if file.timed})
            for file in files:
                file.part = found.get(file.name)
            self._files[stated] = files
        return self._files[stated]


def log_of_events(
    events: Path | pa.Table, query: DatabaseLogQuery, *, pull: str, scratch: Path, piece: int = PIECE
) -> Pull:
    """The Postgres log that a CloudWatch log group holds, as `DatabaseLogs.fetch` gives it.

    Args:
        events: in LOG_EVENTS, a Parquet file or a table; each message is an entry or a line of one.
        query: the window is that of the entries' own time.
        pull: its name.
        scratch: a folder for the streams and for the entries; the caller's, as is its end.
        piece: bytes read at a time.

    Returns:
        A Parquet file in DATABASE_LOG, `log` being the stream; EMPTY without events. Whether the events are all there
        is the account of their own pull.
    """
    opened = [(name, open_export(path, scratch)) for name, path in _streams(events, scratch)]
    files = [_log_file(name, file, query.prefix) for name, file in opened if file.is_readable]
    return _pulled(files, query, pull, Provenance("log events"), scratch, piece)


def _streams(events: Path | pa.Table, scratch: Path) -> list[tuple[str, Path]]:
    """Each log stream's messages as the lines of a file, in order."""
    found: dict[str, Path] = {}
    with closing(offline_engine(memory_limit=MEMORY, temp_directory=str(scratch / "duckdb"))) as engine:
        source, given = "read_parquet($1, file_row_number = true)", [str(events)]
        if isinstance(events, pa.Table):
            numbered = events.append_column("file_row_number", pa.array(np.arange(events.num_rows)))
            source, given = "numbered", []
            engine.register(source, numbered)
        sorted_events = engine.sql(
            f"""SELECT coalesce(log_stream, '') AS stream, rtrim(message, chr(10)) || chr(10) AS line FROM {source}
            ORDER BY stream, timestamp, event_id, file_row_number""",
            params=given,
        )
        for batch in sorted_events.to_arrow_reader(BATCH):
            for stream in pc.unique(batch["stream"]).to_pylist():
                path = found.setdefault(stream, scratch_file(scratch, ".log") if stream not in found else found[stream])
                lines = batch["line"].filter(pc.equal(batch["stream"], stream))
                with path.open("ab") as out:
                    out.write("".join(lines.to_pylist()).encode())
    return list(found.items())


def _pulled(
    files: list[LogFile], query: DatabaseLogQuery, pull: str, provenance: Provenance, scratch: Path, piece: int
) -> Pull:
    """The entries of some files in the window."""
    target, tally = scratch_file(scratch, ".database_log.parquet"), Tally()
    try:
        with pq.ParquetWriter(target, DATABASE_LOG, **PARQUET) as writer:
            for file in sorted(files, key=lambda file: (file.first, file.name)):
                _read(file, query, tally, writer, piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    held = np.unique(np.concatenate(tally.seconds)) if tally.seconds else np.zeros(0, np.int64)
    is_edge = bool(tally.rows) and query.window != EVER
    edge = edge_reason(held.astype("datetime64[s]"), query.window) if is_edge else ""
    status, reason = tally.account(extent=_extent(files), edge=edge)
    got = span_of(*(None if time is None else instant(time) for time in (tally.first, tally.last)))
    coverage = Coverage(pull, provenance.source, query.text, query.window, got, tally.rows, tally.rows, status, reason)
    return Pull(target, coverage, provenance)


def _read(file: LogFile, query: DatabaseLogQuery, tally: Tally, writer: pq.ParquetWriter, piece: int) -> None:
    """Write the rows of one file that lie in the window, and count them."""
    start, end = (int(edge.value // 1000) for edge in (query.window.start, query.window.end))
    part = file.part or Part(file.opened.plain.stat().st_size)
    if part.note and file.timed and file.timed.meets(start, end):
        tally.notes.append(part.note)
    if not part.until and file.part:
        return
    tally.faults += [f"{file.name} {fault}" for fault in file.opened.faults]
    tally.is_denied = tally.is_denied or file.opened.is_denied
    if not file.opened.is_readable:
        return
    tally.faults += [f"{file.name}: {file.shape.words}"] if file.shape.words else []
    first, last = file.timed.range_of(start, end) if file.timed else (0, file.opened.plain.stat().st_size)
    last = min(last, part.until)
    if first >= last:
        return
    pieces = blocks(file.opened.plain, file.shape, begin=first, end=last, size=piece)
    before = -1 if file.timed else start
    with Meter(f"{file.name} of the Postgres log", "entries", size=last - first) as meter:
        for block, rows in _in_turn(pieces, lambda block: rows_of(block, file.shape)):
            known = rows.times[rows.times >= 0]
            before = int(known[0]) if before < 0 and len(known) else before
            times = np.where(rows.times < 0, before, rows.times)
            before = int(times[-1]) if len(known) else before
            inside = (times >= start) & (times < end)
            twice = inside & part.is_elsewhere(times)
            inside &= ~twice
            tally.twice += int(twice.sum())
            tally.count(rows, times, inside)
            if inside.any():
                writer.write_table(_table(rows, times, file.name, inside), row_group_size=ROW_GROUP)
            meter.add(int(inside.sum()), size=len(block.data))


def _table(rows: Rows, times: np.ndarray, name: str, inside: np.ndarray) -> pa.Table:
    """The rows in the window, as DATABASE_LOG."""
    stamps = pa.array(times, pa.int64()).cast(DATABASE_LOG.field("timestamp").type)
    log = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(times), np.int8)), pa.array([name])).cast(pa.string())
    columns = [stamps, log, pa.array(rows.numbers), rows.prefixes.cast(pa.string()), rows.entries]
    table = pa.Table.from_arrays(columns, schema=DATABASE_LOG)
    return table if inside.all() else table.filter(pa.array(inside))


PARQUET = {
    "compression": "zstd", "compression_level": 1, "use_dictionary": ["log", "prefix"],
    "write_statistics": ["timestamp", "line"], "data_page_size": 1 << 20,
}  # fmt: skip


def _log_file(name: str, opened: Opened, stated: str) -> LogFile:
    if not opened.is_readable:
        return LogFile(name, opened)
    shape = shape_of(_sample(opened.plain), stated)
    return LogFile(name, opened, shape, TimedFile(opened.plain, shape) if shape.prefixes else None)


def _extent(files: list[LogFile]) -> str:
    """Words for the time that the files hold."""
    spans = [file.timed.extent for file in files if file.timed and file.timed.extent]
    if not spans:
        return "the log holds no entry"
    held = span_of(instant(min(first for first, _ in spans)), instant(max(last for _, last in spans)))
    return f"the log holds {held}; nothing in the window"


def _sample(path: Path) -> list[str]:
    """Some whole lines of a file's beginning, middle and end."""
    size, lines = path.stat().st_size, list[str]()
    with path.open("rb") as stream:
        for place in sorted({0, max(0, size // 2 - SAMPLE // 2), max(0, size - SAMPLE)}):
            stream.seek(place)
            text = stream.read(SAMPLE)
            text = text.removeprefix(b"\xef\xbb\xbf") if place == 0 else text[text.find(b"\n") + 1 :]
            found = text.decode("utf-8", errors="replace").split("\n")
            lines += [line + "\n" for line in found[:-1]] + ([found[-1]] if place + SAMPLE >= size else [])
    return lines


def _in_turn(pieces: Iterator[Block], work: Callable[[Block], Rows]) -> Iterator[tuple[Block, Rows]]:
    """Each piece and what was made of it, in order; a few are worked on at a time."""
    waiting: deque[tuple[Block, Future[Rows]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for piece in pieces:
                waiting.append((piece, pool.submit(work, piece)))
                if len(waiting) > THREADS:
                    block, future = waiting.popleft()
                    yield block, future.result()
            while waiting:
                block, future = waiting.popleft()
                yield block, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
