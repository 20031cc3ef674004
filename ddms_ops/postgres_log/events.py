"""Events of the Postgres log: what each entry says, with the entries that belong to it, in one table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ddms_ops.engine import offline_engine
from ddms_ops.postgres_log.belonging import NEAR, attached, owners
from ddms_ops.postgres_log.chunks import in_order, register
from ddms_ops.postgres_log.heads import Heads, server_of
from ddms_ops.postgres_log.kinds import EXECUTED, FACTS
from ddms_ops.postgres_log.statements import EFFECTS, PLANS, said
from ddms_ops.progress import Meter

TIME = pa.timestamp("us", tz="UTC")
EVENTS = pa.schema(
    [
        ("timestamp", TIME), ("log", pa.string()), ("line", pa.int64()), ("pid", pa.int64()), ("session", pa.string()),
        ("user", pa.string()), ("database", pa.string()), ("application", pa.string()), ("host", pa.string()),
        ("level", pa.string()), ("kind", pa.string()), ("duration_ms", pa.float64()), ("statement", pa.string()),
        ("comment", pa.string()), ("set_name", pa.string()), ("set_value", pa.string()), ("set_is_local", pa.bool_()),
        ("transaction", pa.string()), ("lock", pa.string()), ("wait_ms", pa.float64()),
        ("holders", pa.list_(pa.int64())), ("waiters", pa.list_(pa.int64())), ("bytes", pa.int64()),
        ("sqlstate", pa.string()), ("query_id", pa.int64()), ("plan", pa.string()), ("message", pa.string()),
        ("detail", pa.string()), ("context", pa.string()), ("pull", pa.string()), ("row", pa.int64()),
    ]
)  # fmt: skip
REPEATING = [
    "log", "session", "user", "database", "application", "host", "level", "kind", "statement", "set_name", "set_value",
    "transaction", "lock", "sqlstate", "pull", "context",
]  # fmt: skip
BATCH = 1 << 18
MEMORY = "1GB"
ENTRIES = "entries"
FOUND = (
    "duration_ms", "sqlstate", "lock", "wait_ms", "holders", "waiters", "bytes", "message", "detail", "context", "plan",
)  # fmt: skip
COPIED = ("pid", "session", "user", "database", "application", "host", "level", "query_id")


@dataclass(frozen=True, slots=True)
class EventCounts:
    """How many entries were read, events and lines without meaning were found, and events by kind."""

    entries: int
    events: int
    garbage: int
    by_kind: dict[str, int]


def write_events(pulls: Sequence[tuple[Path, str]], target: Path, *, batch: int = BATCH) -> EventCounts:
    """Parse pulls of the Postgres log into one Parquet file of events.

    A duration that is not finite, negative or over ten years is null. Kind "fetch" is a portal that is read on: its
    time counts, it is no further call. Only statements that were run have set_* and transaction, not those that failed;
    of a text of several statements `transaction` is null, and set_* are those of a SET at its beginning, `set_value`
    null where what is behind it sets or ends something too.

    Entries that follow an event and belong to it (DETAIL, CONTEXT, STATEMENT …) are attached to it by pid, and are no
    events. A duration without a text becomes the call (kind "statement" or "execute") whose text was logged last by the
    same pid, once; that event stays "log_statement", which is no call.

    Args:
        pulls: Parquet files with the columns of DATABASE_LOG, and their names; rows in the order they stand in.
        target: where to write.
        batch: entries parsed at a time.

    Returns:
        What was read. The file has the columns of EVENTS, rows by pull, then about by position: `row` is that of the
        entry in its pull, from 0. Entries without a prefix are events of kind "garbage".
    """
    counts: Counter[str] = Counter()
    options = {"compression": "zstd", "compression_level": 1, "use_dictionary": REPEATING}
    try:
        with pq.ParquetWriter(target, EVENTS, **options) as writer, ThreadPoolExecutor(1) as pool:
            writing: Future[None] | None = None
            for table in _parsed(pulls, batch, counts):
                if writing:
                    writing.result()
                writing = pool.submit(_write, table, writer, counts)
            if writing:
                writing.result()
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    entries = counts.pop(ENTRIES, 0)
    return EventCounts(entries, sum(counts.values()), counts["garbage"], dict(sorted((+counts).items())))


def _parsed(pulls: Sequence[tuple[Path, str]], batch: int, counts: Counter[str]) -> Iterator[pa.Table]:
    """The events of each batch of each pull; entries are counted."""
    total = sum(pq.read_metadata(path).num_rows for path, _ in pulls)
    meter = Meter("Postgres log, parsed", "entries", total=total)
    with closing(offline_engine(memory_limit=MEMORY)) as engine, meter:
        for path, name in pulls:
            parser = EventParser(engine, name)
            for table in _batches(path, batch):
                counts[ENTRIES] += table.num_rows
                yield parser.parse(table, is_last=False)
                meter.add(table.num_rows)
            yield parser.rest()


def _write(table: pa.Table, writer: pq.ParquetWriter, counts: Counter[str]) -> None:
    if table.num_rows:
        writer.write_table(table)
        for row in pc.value_counts(table["kind"]).to_pylist():
            counts[row["values"]] += row["counts"]


def _batches(path: Path, size: int) -> Iterator[pa.Table]:
    """The entries of a file, some at a time, with their position."""
    place = 0
    with pq.ParquetFile(path) as file:
        for found in file.iter_batches(batch_size=size, use_threads=True):
            table = pa.Table.from_batches([found])
            yield table.append_column("row", pa.array(np.arange(place, place + len(found))))
            place += len(found)


@dataclass(slots=True)
class EventParser:
    """Makes events of the entries of one pull, batch by batch.

    What the last entries of a batch may still be followed by is known with the next one: they are held until then.
    """

    engine: duckdb.DuckDBPyConnection
    pull: str
    _heads: Heads = field(init=False)
    _held: pa.Table | None = None
    _said: dict[int, tuple[str, str]] = field(default_factory=dict)  # text and kind of what a pid logged last
    _servers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._heads = Heads(self.engine)

    def rest(self) -> pa.Table:
        """Events of what is held."""
        return self.parse(self._held.slice(0, 0), is_last=True) if self._held is not None else EVENTS.empty_table()

    def parse(self, raw: pa.Table, *, is_last: bool) -> pa.Table:
        """Events of the entries that are held and of some more, but for those to be held.

        Args:
            raw: columns of DATABASE_LOG and `row`.
            is_last: whether nothing follows.
        """
        raw = raw if self._held is None else pa.concat_tables([self._held, raw])
        raw = raw.combine_chunks()
        places = pa.array(np.arange(raw.num_rows))
        prefix = raw["prefix"].cast(pa.string())
        parts = self._heads.read(pa.table({"place": places, "prefix": prefix, "entry": raw["entry"]}))
        row = raw["row"].to_numpy()
        keys = self._keys(raw, parts)
        owner = owners(parts["level"], row, keys)
        cut = len(row) if is_last else int(np.searchsorted(row, row[-1] - NEAR)) if len(row) else 0
        is_done = np.where(owner >= 0, owner < cut, np.arange(len(row)) < cut)
        self._held = raw.filter(pa.array(~is_done))
        events = np.flatnonzero(is_done & (owner < 0))
        kept = pa.array(events)
        return self._events(raw.take(kept), attached(parts, owner).take(kept), keys[events])

    def _keys(self, raw: pa.Table, parts: pa.Table) -> np.ndarray:
        """A number for each server and pid, -1 where the pid is unknown."""
        if not raw.num_rows:
            return np.zeros(0, np.int64)
        logs = pc.dictionary_encode(raw["log"].combine_chunks())
        logs = logs if isinstance(logs, pa.DictionaryArray) else logs.chunk(0)
        names = server_of(logs.dictionary.to_pylist())
        numbers = [self._servers.setdefault(name, len(self._servers)) for name in names]
        pids = pc.fill_null(parts["pid"], -1).to_numpy()
        return np.where(pids < 0, -1, np.array(numbers, np.int64)[logs.indices.to_numpy()] << 40 | pids)

    def _events(self, raw: pa.Table, parts: pa.Table, keys: np.ndarray) -> pa.Table:
        """The table of events."""
        if not raw.num_rows:
            return EVENTS.empty_table()
        events = self._facts(parts)
        texts, kinds = self._called(events, keys)
        columns = {name: raw[name] for name in ("timestamp", "log", "line", "row")}
        columns |= {name: parts[name] for name in COPIED}
        columns |= {name: events[name] for name in FOUND}
        columns |= said(self.engine, texts, parts["detail"])
        was_run = pc.is_in(kinds, pa.array(EXECUTED))
        columns |= {name: pc.if_else(was_run, columns[name], None) for name in EFFECTS}
        columns |= {"kind": kinds, "pull": pa.array([self.pull]).take(pa.array(np.zeros(len(raw), np.int8)))}
        return pa.table([columns[field.name] for field in EVENTS], schema=EVENTS)

    def _facts(self, parts: pa.Table) -> pa.Table:
        """Kind, text and so on of each event."""
        register(self.engine, "parts", parts.append_column("row", pa.array(np.arange(parts.num_rows))))
        events = in_order(self.engine.sql(FACTS), "row")
        rows = np.flatnonzero(pc.equal(events["kind"], "plan").to_numpy())
        if not len(rows):
            return events
        register(self.engine, "plans", pa.table({"place": rows, "plan": events["plan"].take(pa.array(rows))}))
        found = in_order(self.engine.sql(PLANS), "place")
        mask = np.zeros(events.num_rows, bool)
        mask[rows] = True
        for name in ("text", "plan"):
            whole = pc.replace_with_mask(events[name].combine_chunks(), pa.array(mask), found[name].combine_chunks())
            events = events.set_column(events.column_names.index(name), name, whole)
        return events

    def _called(self, events: pa.Table, keys: np.ndarray) -> tuple[pa.Array, pa.Array]:
        """Texts and kinds; a duration without text has that of what its pid logged last, once."""
        texts, kinds = events["text"].combine_chunks(), events["kind"].combine_chunks()
        is_said = pc.equal(kinds, "log_statement").to_numpy(zero_copy_only=False)
        is_bare = pc.equal(kinds, "duration").to_numpy(zero_copy_only=False)
        rows = np.flatnonzero((is_said | is_bare) & (keys >= 0))
        if not len(rows):
            return texts, kinds
        rows = rows[np.argsort(keys[rows], kind="stable")]
        same = np.append(False, keys[rows[1:]] == keys[rows[:-1]])
        before = np.append(-1, rows[:-1])
        taken = is_bare[rows] & same & is_said[before]
        new_texts = dict(zip(rows[taken].tolist(), texts.take(pa.array(before[taken])).to_pylist(), strict=True))
        form = events["form"].combine_chunks()
        new_kinds = dict(zip(rows[taken].tolist(), form.take(pa.array(before[taken])).to_pylist(), strict=True))
        for row in rows[~same].tolist():
            known = self._said.pop(int(keys[row]), None)
            if known and is_bare[row]:
                new_texts[row], new_kinds[row] = known
        last = rows[np.append(~same[1:], True)]
        for row in last[is_said[last]].tolist():
            self._said[int(keys[row])] = (texts[row].as_py(), form[row].as_py())
        return _replaced(texts, new_texts), _replaced(kinds, new_kinds)


def _replaced(values: pa.Array, new: dict[int, str]) -> pa.Array:
    """The values, those at some places replaced."""
    if not new:
        return values
    rows = np.array(sorted(new))
    mask = np.zeros(len(values), bool)
    mask[rows] = True
    return pc.replace_with_mask(values, pa.array(mask), pa.array([new[row] for row in rows.tolist()], values.type))
