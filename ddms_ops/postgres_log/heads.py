"""What stands in the head of each entry: pid, user, level and so on, and the message without the head."""

import re
from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.postgres_log.chunks import in_order, register
from ddms_ops.postgres_log.prefix import LEAD, compiled
from ddms_ops.postgres_log.shapes import CSV, JSON

PARTS = pa.schema(
    [
        ("place", pa.int64()), ("pid", pa.int64()), ("session", pa.string()), ("user", pa.string()),
        ("database", pa.string()), ("application", pa.string()), ("host", pa.string()), ("level", pa.string()),
        ("sqlstate", pa.string()), ("query_id", pa.int64()), ("message", pa.string()), ("detail", pa.string()),
        ("context", pa.string()), ("query", pa.string()),
    ]
)  # fmt: skip
"""Columns of what is read of entries; `place` is the position in the batch, `query` the text of the statement."""
TEXTS = ("session", "user", "database", "application", "host", "level", "sqlstate")
REMEMBERED = 100_000
ANY_CLOCK = "2000-01-01 00:00:00"
STDERR = """
    WITH led AS (SELECT place, entry, CASE WHEN substr(entry, 11, 1) = 'T' THEN instr(left(entry, 40), 'Z') + 1
        ELSE 0 END AS lead FROM entries WHERE prefix = $1),
    split AS (SELECT *, instr(entry, ':  ') AS colon, CASE WHEN NOT $2 THEN 1 ELSE lead + 20 +
        CASE WHEN substr(entry, lead + 20, 1) = '.' THEN 4 ELSE 0 END END AS begin FROM led)
    SELECT place, substr(entry, begin, greatest(colon + 3 - begin, 0)) AS head, lead > 0 AS is_led,
        CASE WHEN colon > 0 THEN substr(entry, colon + 3) ELSE '' END AS message FROM split"""
CLEAN = rf"""SELECT place, CASE WHEN NOT contains(message, chr(10)) THEN message ELSE replace(replace(CASE WHEN is_led
    THEN regexp_replace(message, '\n{LEAD}', chr(10), 'g') ELSE message END, chr(13) || chr(10), chr(10)),
    chr(10) || chr(9), chr(10)) END AS message FROM heads"""
Q = r'(?:"(?:[^"]|"")*"?)?'
CSV_NAMES = (
    "time", "user", "database", "pid", "host", "session", "number", "tag", "start", "vxid", "xid", "level", "sqlstate",
    "message", "detail", "hint", "inner_query", "inner_place", "context", "query", "query_place", "location",
    "application", "backend", "leader", "query_id",
)  # fmt: skip
CSV_FIELDS = (
    rf"^([^,]*),({Q}),({Q}),(\d*),({Q}),([^,]*),(\d*),({Q}),([^,]*),([^,]*),([^,]*),(\w+),(\w+),({Q})"
    + "".join(f"(?:,({inner}))?" for inner in (Q, Q, Q, r"\d*", Q, Q, r"\d*", Q, Q, Q, r"\d*", r"-?\d*"))
)
JSON_KEYS = {
    "pid": ("pid", "process_id"), "session": ("session_id",), "user": ("user", "user_name"),
    "database": ("dbname", "database_name"), "application": ("application_name",),
    "host": ("remote_host", "connection_from"), "level": ("error_severity",),
    "sqlstate": ("state_code", "sql_state_code"),
    "query_id": ("query_id",), "message": ("message",), "detail": ("detail",), "context": ("context",),
    "query": ("statement", "query"),
}  # fmt: skip


class Heads:
    """Reads the heads of entries; a head that came before is not parsed again."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine
        self._known: dict[tuple[str, str], dict[str, object] | None] = {}

    def read(self, entries: pa.Table) -> pa.Table:
        """What entries say of themselves.

        Args:
            entries: columns place, prefix (string) and entry.

        Returns:
            PARTS, by place. Of an entry without a prefix, and of one that turns out to be none, all is null.
        """
        register(self._engine, "entries", entries)
        prefixes = [name for name in pc.unique(entries["prefix"]).to_pylist() if name]
        parts = [
            self._csv() if name == CSV else self._json() if name == JSON else self._stderr(name) for name in prefixes
        ]
        left = entries.filter(pc.is_null(entries["prefix"])).select(["place"])
        parts += [_padded(left)] if left.num_rows or not parts else []
        if len(parts) == 1:
            return parts[0]
        return pa.concat_tables(parts).sort_by("place")

    def _stderr(self, template: str) -> pa.Table:
        is_early = template[:2] in ("%t", "%m")
        heads = in_order(self._engine.sql(STDERR, params=[template, is_early]), "place")
        codes = pc.dictionary_encode(heads["head"].combine_chunks())
        texts, indices = codes.dictionary.to_pylist(), codes.indices
        found = [self._parsed(template, (ANY_CLOCK + text if is_early else text)) for text in texts]
        register(self._engine, "heads", heads)
        message = in_order(self._engine.sql(CLEAN), "place")["message"]
        columns = {name: pa.array([head and head.get(name) for head in found], PARTS.field(name).type).take(indices)
                   for name in ("pid", "query_id", *TEXTS)}  # fmt: skip
        table = _padded(heads.select(["place"]).append_column("message", message), columns)
        bad = np.array([head is None for head in found])[indices.to_numpy()]
        return self._mended(table, np.flatnonzero(bad), template) if bad.any() else table

    def _parsed(self, template: str, head: str) -> dict[str, object] | None:
        """The fields of a head; None where it is not all of one."""
        if (template, head) not in self._known:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            match = compiled(template).fullmatch(head)
            self._known[template, head] = None if match is None else _fields(match)
        return self._known[template, head]

    def _mended(self, table: pa.Table, rows: np.ndarray, template: str) -> pa.Table:
        """The table with rows read one by one whose head does not end at the first colon with two spaces."""
        self._engine.register("odd", pa.table({"place": table["place"].take(pa.array(rows))}))
        entries = self._engine.sql("SELECT entry FROM odd JOIN entries USING (place) ORDER BY place").fetchall()
        columns = {name: table[name].to_pylist() for name in ("pid", "query_id", "message", *TEXTS)}
        for row, (entry,) in zip(rows.tolist(), entries, strict=True):
            match = compiled(template).match(entry)
            fields = _fields(match) if match else {}
            fields["message"] = re.sub(rf"\r?\n{LEAD}\t?", "\n", entry[match.end() :]) if match else None
            for name, values in columns.items():
                values[row] = fields.get(name)
        return _padded(
            table.select(["place"]),
            {name: pa.array(values, PARTS.field(name).type) for name, values in columns.items()},
        )

    def _csv(self) -> pa.Table:
        unquoted = ", ".join(
            f"""CASE WHEN starts_with(f.{name}, '"') THEN replace(regexp_replace(f.{name}, '^"|"$', '', 'g'), '""', '"')
            ELSE f.{name} END AS "{name}\""""
            for name in CSV_NAMES
        )
        read = self._engine.sql(
            f"""WITH fields AS (SELECT place, regexp_extract(entry, $1, {list(CSV_NAMES)}) AS f FROM entries
            WHERE prefix = 'csv') SELECT place, {unquoted} FROM fields""",
            params=[CSV_FIELDS],
        )
        return self._cast(read)

    def _json(self) -> pa.Table:
        values = ", ".join(f'{_first_of(keys)} AS "{name}"' for name, keys in JSON_KEYS.items())
        read = self._engine.sql(
            f"""WITH whole AS (SELECT place, TRY_CAST(entry AS JSON) AS j FROM entries WHERE prefix = 'json'),
            records AS (SELECT place, coalesce(json_extract(j, '$.record'), j) AS r FROM whole)
            SELECT place, {values} FROM records"""
        )
        return self._cast(read)

    def _cast(self, read: duckdb.DuckDBPyRelation) -> pa.Table:
        columns = ", ".join(
            f'TRY_CAST("{field.name}" AS BIGINT) AS "{field.name}"' if field.type == pa.int64()
            else f"nullif(\"{field.name}\", '') AS \"{field.name}\"" for field in PARTS
        )  # fmt: skip
        return in_order(read.project(columns), "place").cast(PARTS)


def _first_of(keys: tuple[str, ...]) -> str:
    return "coalesce(" + ", ".join(f"json_extract_string(r, '$.{key}')" for key in keys) + ")"


def _fields(match: re.Match[str]) -> dict[str, object]:
    """The fields of a head, empty ones as None; the pid of a session's id where only that is there."""
    fields: dict[str, object] = {name: value or None for name, value in match.groupdict().items()}
    pid, session, query_id = fields.get("pid"), fields.get("session"), fields.get("query_id")
    if pid is None and isinstance(session, str):
        fields["pid"] = int(session.partition(".")[2], 16)
    elif isinstance(pid, str):
        fields["pid"] = int(pid)
    fields["query_id"] = int(query_id) if isinstance(query_id, str) and query_id not in ("0", "-") else None
    fields["level"] = "DEBUG" if str(fields["level"]).startswith("DEBUG") else fields["level"]
    return fields


def _padded(table: pa.Table, columns: dict[str, pa.Array] | None = None) -> pa.Table:
    """The table as PARTS, what is not there null."""
    given = {name: table[name] for name in table.column_names} | (columns or {})
    return pa.table([given.get(field.name, pa.nulls(table.num_rows, field.type)) for field in PARTS], schema=PARTS)


def server_of(logs: Sequence[str]) -> list[str]:
    """The server that each log is of: the folder of a file, a log stream itself."""
    return [name.rpartition("/")[0] if re.search(r"(?i)\.(log|csv|json)", name) else name for name in logs]
