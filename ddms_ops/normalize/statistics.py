"""Snapshots of statistics views as frames: the columns of every version of Postgres, 9.4 to 18, under one name.

Each function takes a table of records (`timestamp kind id record`) and the name of its pull, and returns the rows of
its views in the table's order, as its schema in `statistics_schemas` says; no such view means no rows, all columns.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.normalize.statistics_schemas import (
    ACTIVITY,
    COUNTERS_INFO,
    DATABASE_COUNTERS,
    FOREIGN_KEYS,
    INDEX_STATISTICS,
    LOCKS,
    SETTINGS,
    STATEMENT_COUNTERS,
    TABLE_STATISTICS,
)
from ddms_ops.schema import UTC, Schema, conform

Record = dict[str, Any]
Names = Mapping[str, tuple[str, ...]]
# Our name, and what views, versions and usual aliases call it; the first that is there counts.
STATEMENT: Names = {
    "query_id": ("queryid", "query_id"), "user": ("rolname", "usename", "role", "user", "userid"),
    "database": ("datname", "database", "dbid"), "toplevel": ("toplevel",), "text": ("query",), "calls": ("calls",),
    "total_ms": ("total_exec_time", "total_time", "total_ms"), "mean_ms": ("mean_exec_time", "mean_time", "mean_ms"),
    "min_ms": ("min_exec_time", "min_time", "min_ms"), "max_ms": ("max_exec_time", "max_time", "max_ms"),
    "stddev_ms": ("stddev_exec_time", "stddev_time", "stddev_ms"), "rows": ("rows",),
    "blocks_hit": ("shared_blks_hit",), "blocks_read": ("shared_blks_read",),
    "blocks_dirtied": ("shared_blks_dirtied",), "temp_read": ("temp_blks_read",),
    "temp_written": ("temp_blks_written",), "wal_bytes": ("wal_bytes",), "plan_ms": ("total_plan_time",),
    "stats_since": ("stats_since",),
}  # fmt: skip
JIT = ("jit_generation_time", "jit_inlining_time", "jit_optimization_time", "jit_emission_time", "jit_deform_time")
INFO: Names = {"stats_reset": ("stats_reset",), "dealloc": ("dealloc",)}
SESSION: Names = {
    "pid": ("pid", "procpid"), "user": ("usename", "role", "user"), "database": ("datname", "database"),
    "application": ("application_name",), "state": ("state",), "wait_type": ("wait_event_type",),
    "wait_event": ("wait_event",), "backend_start": ("backend_start",), "xact_start": ("xact_start",),
    "query_start": ("query_start",), "state_change": ("state_change",), "query_id": ("query_id", "queryid"),
    "text": ("query", "current_query"), "blocked_by": ("blocked_by",),
}  # fmt: skip
LOCK: Names = {
    "pid": ("pid",), "lock_type": ("locktype",), "mode": ("mode",), "is_granted": ("granted",),
    "wait_start": ("waitstart",), "relation": ("relation_name", "relname", "relation"),
}  # fmt: skip
LOCKED = ("locktype", "database", "relation", "page", "tuple", "virtualxid", "transactionid", "classid", "objid",
          "objsubid")  # fmt: skip
TABLE: Names = {
    "schema": ("schemaname", "schema"), "table": ("relname", "table"), "bytes_estimated": ("bytes_estimated",),
    "rows_live": ("n_live_tup", "rows_live"), "rows_dead": ("n_dead_tup", "rows_dead"),
    "changed_since_analyze": ("n_mod_since_analyze",), "sequential_scans": ("seq_scan",),
    "sequential_rows": ("seq_tup_read",), "index_scans": ("idx_scan",), "inserted": ("n_tup_ins", "inserted"),
    "updated": ("n_tup_upd", "updated"), "deleted": ("n_tup_del", "deleted"),
}  # fmt: skip
INDEX: Names = {
    "schema": ("schemaname", "schema"), "table": ("relname", "tablename", "table"),
    "index": ("indexrelname", "indexname", "index"), "definition": ("definition", "indexdef"),
    "is_valid": ("indisvalid", "is_valid"), "is_unique": ("indisunique", "is_unique"), "scans": ("idx_scan",),
    "rows_read": ("idx_tup_read",), "bytes_estimated": ("bytes_estimated",),
}  # fmt: skip
SETTING: Names = {
    "name": ("name",), "value": ("setting",), "unit": ("unit",), "default": ("boot_val", "default_setting"),
    "source": ("source",),
}  # fmt: skip
DATABASE: Names = {
    "database": ("datname", "database", "datid"), "connections": ("numbackends",), "commits": ("xact_commit",),
    "rollbacks": ("xact_rollback",), "blocks_hit": ("blks_hit",), "blocks_read": ("blks_read",),
    "temp_files": ("temp_files",), "temp_bytes": ("temp_bytes",), "deadlocks": ("deadlocks",),
    "stats_reset": ("stats_reset",), "server_started": ("postmaster_start_time", "pg_postmaster_start_time"),
}  # fmt: skip
KEY: Names = {
    "name": ("conname",), "schema": ("schema", "schemaname", "nspname"), "table": ("table", "relname", "conrelid"),
    "columns": ("columns", "conkey"), "referenced_table": ("referenced_table", "confrelid"),
}  # fmt: skip
TRUE = frozenset({"t", "true", "1", "yes", "on"})


def statement_counters(table: pa.Table, pull: str) -> pd.DataFrame:
    """Rows of pg_stat_statements as STATEMENT_COUNTERS; a missing mean is total over calls."""
    rows = []
    for where, record in _records(table, "pg_stat_statements"):
        jit = [_number(record[name]) for name in JIT if record.get(name) is not None]
        row = {**_named(record, STATEMENT), **where, "jit_ms": sum(jit) if jit else None}
        is_whole = re.fullmatch(r"-?\d+", str(row["query_id"])) is not None  # some tools round it to a float
        rows.append({**row, "query_id": row["query_id"] if is_whole else None})
    frame = _frame(rows, STATEMENT_COUNTERS, pull, unknown={"toplevel": True})
    mean = frame["total_ms"] / frame["calls"].where(frame["calls"] > 0)
    return frame.assign(mean_ms=frame["mean_ms"].fillna(mean))


def counters_info(table: pa.Table, pull: str) -> pd.DataFrame:
    """Rows of pg_stat_statements_info, which Postgres 14 and later have, as COUNTERS_INFO."""
    rows = [{**_named(record, INFO), **where} for where, record in _records(table, "pg_stat_statements_info")]
    return _frame(rows, COUNTERS_INFO, pull)


def activity(table: pa.Table, pull: str) -> pd.DataFrame:
    """Sessions as ACTIVITY, each once a snapshot: of pg_stat_activity, with whom they wait for out of `blocking`."""
    sessions: dict[tuple[object, object, int], Record] = {}
    for view in ("pg_stat_activity", "blocking"):
        for where, record in _records(table, view):
            row = {**_named(record, SESSION), **where}
            row["pid"], row["blocked_by"] = int(_number(row["pid"]) or 0), _whole_numbers(row["blocked_by"])
            known = sessions.setdefault((where["captured_at"], where["snapshot"], row["pid"]), row)
            known["blocked_by"] = known["blocked_by"] or row["blocked_by"]
    rows = sorted(sessions.values(), key=lambda row: row["row"])
    return _frame(rows, ACTIVITY, pull)


def locks(table: pa.Table, pull: str) -> pd.DataFrame:
    """Rows of pg_locks as LOCKS."""
    rows = []
    for where, record in _records(table, "pg_locks"):
        target = "/".join(str(record[name]) for name in LOCKED if record.get(name) is not None)
        row = {**_named(record, LOCK), **where, "target": target}
        rows.append({**row, "pid": int(_number(row["pid"]) or 0)})
    return _frame(rows, LOCKS, pull)


def table_statistics(table: pa.Table, pull: str) -> pd.DataFrame:
    """Rows of pg_stat_user_tables, or of pg_stat_all_tables, as TABLE_STATISTICS."""
    records = list(_records(table, "pg_stat_user_tables", "pg_stat_all_tables"))
    frame = _frame([{**_named(record, TABLE), **where} for where, record in records], TABLE_STATISTICS, pull)
    for what in ("vacuum", "analyze"):
        by_hand, by_itself = (
            _times([record.get(name) for _, record in records]) for name in (f"last_{what}", f"last_auto{what}")
        )
        frame[f"last_{what}"] = by_hand.where(by_itself.isna() | (by_hand >= by_itself), by_itself)
    return frame


def index_statistics(table: pa.Table, pull: str) -> pd.DataFrame:
    """Indexes as INDEX_STATISTICS: of pg_stat_user_indexes, with what pg_indexes and pg_index say of each.

    A definition of another snapshot serves where its own has none.
    """
    definitions = [(where, _named(record, INDEX)) for where, record in _records(table, "pg_indexes")]
    flags = {str(record.get("indexrelid")): _named(record, INDEX) for _, record in _records(table, "pg_index")}
    by_index = {(row["schema"], row["index"]): row for _, row in definitions}
    rows, seen = [], set()
    for where, record in _records(table, "pg_stat_user_indexes", "pg_stat_all_indexes"):
        row = _named(record, INDEX)
        known = (by_index.get((row["schema"], row["index"]), {}), flags.get(str(record.get("indexrelid")), {}))
        for name in ("definition", "is_valid", "is_unique"):
            row[name] = next((given[name] for given in (row, *known) if given.get(name) is not None), None)
        rows.append({**row, **where})
        seen.add((where["snapshot"], row["schema"], row["index"]))
    rows += [
        {**row, **where} for where, row in definitions if (where["snapshot"], row["schema"], row["index"]) not in seen
    ]
    for row in rows:
        is_unique = str(row["definition"] or "").startswith("CREATE UNIQUE INDEX")
        row["is_unique"] = is_unique if row["is_unique"] is None else row["is_unique"]
    rows.sort(key=lambda row: row["row"])
    return _frame(rows, INDEX_STATISTICS, pull, unknown={"is_valid": True})


def settings_of(table: pa.Table, pull: str) -> pd.DataFrame:
    """Rows of pg_settings as SETTINGS."""
    return _frame([{**_named(r, SETTING), **where} for where, r in _records(table, "pg_settings")], SETTINGS, pull)


def database_counters(table: pa.Table, pull: str) -> pd.DataFrame:
    """Rows of pg_stat_database as DATABASE_COUNTERS."""
    rows = [{**_named(record, DATABASE), **where} for where, record in _records(table, "pg_stat_database")]
    return _frame(rows, DATABASE_COUNTERS, pull)


def foreign_keys(table: pa.Table, pull: str) -> pd.DataFrame:
    """Foreign keys of pg_constraint as FOREIGN_KEYS."""
    rows = []
    for where, record in _records(table, "pg_constraint"):
        if record.get("contype", "f") == "f":
            row = _named(record, KEY)
            rows.append({**row, **where, "columns": _list(row["columns"])})
    return _frame(rows, FOREIGN_KEYS, pull)


def _records(table: pa.Table, *views: str) -> Iterator[tuple[Record, Record]]:
    """Where each record of some views stands, and its columns."""
    chosen = pc.is_in(table["kind"], value_set=pa.array(views, pa.string())).to_numpy(zero_copy_only=False)
    kept = table.filter(pa.array(chosen))
    columns = (kept[name].to_pylist() for name in ("timestamp", "id", "record"))
    for row, stamp, label, text in zip(chosen.nonzero()[0], *columns, strict=True):
        try:
            record = json.loads(text or "")
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield {"captured_at": stamp, "snapshot": label or "", "row": int(row)}, record


def _named(record: Record, names: Names) -> Record:
    """The record's values under our names, None where it has none."""
    return {ours: next((record[name] for name in theirs if record.get(name) not in (None, "")), None)
            for ours, theirs in names.items()}  # fmt: skip


def _frame(rows: list[Record], schema: Schema, pull: str, *, unknown: Mapping[str, bool] | None = None) -> pd.DataFrame:
    """The rows in a schema; `unknown` is what a truth value is where it is not told, else False."""
    frame = pd.DataFrame(rows, columns=schema.names, dtype="object").assign(pull=pull)
    for column in schema.columns:
        values = frame[column.name]
        if column.dtype == "float64":
            frame[column.name] = pd.to_numeric(values, errors="coerce").astype("float64")
        elif column.dtype == UTC:
            frame[column.name] = _times(values)
        elif column.dtype == "bool":
            default = bool((unknown or {}).get(column.name, False))
            frame[column.name] = [default if value is None else _is_true(value) for value in values]
        elif column.dtype == "str":
            frame[column.name] = values.map(str, na_action="ignore")
    return conform(frame, schema)


def _times(values: pd.Series | list[object]) -> pd.Series:
    """Times in UTC; null for what is none. Postgres prints a zone as `+00`."""
    texts = pd.Series(values, dtype="object").map(str, na_action="ignore").astype("str")
    texts = texts.str.replace(r" ?(UTC|GMT)$", "Z", regex=True).str.replace(r"([+-]\d\d)$", r"\1:00", regex=True)
    texts = texts.where(texts.str.len() > len("2026-03-04"))
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601").astype(UTC)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() in TRUE


def _list(value: object) -> tuple[str, ...]:
    """The members of a list, or of an array as Postgres prints it."""
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    return tuple(part.strip('"') for part in str(value or "").strip("{}").split(",") if part)


def _whole_numbers(value: object) -> tuple[int, ...]:
    """Process ids of a list, or of an array as Postgres prints it."""
    return tuple(int(part) for part in _list(value) if re.fullmatch(r"\d{1,18}", part.strip()))
