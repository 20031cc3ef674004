"""Snapshots of the database's statistics as docs/database-snapshot.sql writes them on Postgres 15."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from ddms_ops.simulate.dms.catalog import ENDPOINTS, MAX_CONNECTIONS
from ddms_ops.simulate.dms.database_counters import Counter, Sums
from ddms_ops.simulate.dms.database_statements import TABLE_OF, TABLES, Table, endpoint_of, job_comment, request_comment
from ddms_ops.simulate.dms.database_upkeep import DROP_MS, drop_text
from ddms_ops.simulate.ids import mix, uuids_of
from ddms_ops.simulate.output import write_text
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

Row = Mapping[str, object]
DAY_MS = 86_400_000
RESET_MS, STARTED_MS = 7 * DAY_MS, 31 * DAY_MS  # before the export
DATABASE_ID, FIRST_RELATION = 16_401, 16_420
ROLES = {"dms_app": 16_402, "dms_worker": 16_403, "dms_migrator": 16_404}
QUERY_SALT = 7
ZEROS = {
    "before": ("plans", "total_plan_time", "min_plan_time", "max_plan_time", "mean_plan_time", "stddev_plan_time"),
    "local": ("shared_blks_written", "local_blks_hit", "local_blks_read", "local_blks_dirtied", "local_blks_written",
              "temp_blks_read", "temp_blks_written", "blk_read_time", "blk_write_time", "temp_blk_read_time",
              "temp_blk_write_time"),
    "jit": ("jit_functions", "jit_generation_time", "jit_inlining_count", "jit_inlining_time",
            "jit_optimization_count", "jit_optimization_time", "jit_emission_count", "jit_emission_time"),
}  # fmt: skip
WAL_BYTES = 214
SETTINGS = (
    ("application_name", "psql", "", "client", ""), ("auto_explain.log_analyze", "on", "", "configuration file", "off"),
    ("auto_explain.log_buffers", "on", "", "configuration file", "off"),
    ("auto_explain.log_min_duration", "250", "ms", "configuration file", "-1"),
    ("autovacuum", "on", "", "default", "on"), ("checkpoint_timeout", "300", "s", "default", "300"),
    ("compute_query_id", "auto", "", "default", "auto"), ("deadlock_timeout", "1000", "ms", "default", "1000"),
    ("effective_cache_size", "1572864", "8kB", "configuration file", "524288"),
    ("idle_in_transaction_session_timeout", "0", "ms", "default", "0"),
    ("log_autovacuum_min_duration", "0", "ms", "configuration file", "600000"),
    ("log_checkpoints", "on", "", "default", "on"), ("log_connections", "on", "", "configuration file", "off"),
    ("log_disconnections", "on", "", "configuration file", "off"),
    ("log_line_prefix", "%t:%r:%u@%d:[%p]:", "", "configuration file", "%m [%p] "),
    ("log_lock_waits", "on", "", "configuration file", "off"),
    ("log_min_duration_statement", "250", "ms", "configuration file", "-1"),
    ("log_statement", "ddl", "", "configuration file", "none"),
    ("log_temp_files", "0", "kB", "configuration file", "-1"), ("maintenance_work_mem", "262144", "kB",
    "configuration file", "65536"), ("max_connections", str(MAX_CONNECTIONS), "", "configuration file", "100"),
    ("max_wal_size", "4096", "MB", "configuration file", "1024"), ("random_page_cost", "1.1", "", "configuration file",
    "4"), ("server_version", "15.8", "", "default", "15.8"), ("server_version_num", "150008", "", "default", "150008"),
    ("shared_buffers", "1048576", "8kB", "configuration file", "16384"),
    ("shared_preload_libraries", "pg_stat_statements,auto_explain", "", "configuration file", ""),
    ("superuser_reserved_connections", "3", "", "default", "3"), ("track_activities", "on", "", "default", "on"),
    ("track_io_timing", "on", "", "configuration file", "off"),
    ("work_mem", "16384", "kB", "configuration file", "4096"),
)  # fmt: skip


def stamp(time_ms: int) -> str:
    """A timestamptz as Postgres prints it in UTC."""
    seconds, ms = divmod(time_ms, 1000)
    return str(np.datetime64(seconds, "s")).replace("T", " ") + f".{ms:03d}".rstrip("0").rstrip(".") + "+00"


def label(time_ms: int) -> str:
    """What a snapshot of a time is called."""
    return f"{np.datetime64(time_ms // 1000, 's')}Z".replace("-", "").replace(":", "")


def moments(scenario: Scenario) -> tuple[int, int, int]:
    """When the snapshots are taken: at the baseline's start, the window's, and its end."""
    return scenario.first_ms, scenario.start_ms, scenario.end_ms


def query_id(number: int) -> int:
    """The queryid of a statement, the same in all exports."""
    return int(mix(np.array([number], dtype=np.int64), QUERY_SALT).astype(np.int64)[0])


def write_views(folder: Path, scenario: Scenario, counters: list[Counter], *, one_in: int) -> None:
    """Write all views but that of sessions, at the three moments."""
    for moment, at in enumerate(moments(scenario)):
        views = {
            "pg_stat_statements": list(_statements(scenario, counters, moment)),
            "pg_stat_statements_info": [{"dealloc": 0, "stats_reset": stamp(scenario.first_ms - RESET_MS)}],
            "pg_stat_database": [_database(scenario, counters, moment)],
            "pg_settings": list(_settings(one_in)),
            "pg_stat_user_tables": [_table(scenario, counters, table, moment) for table in TABLES],
            "pg_stat_user_indexes": list(_indexes(scenario, counters, moment)),
            "pg_indexes": list(_definitions(scenario, moment)),
        }
        for view, rows in views.items():
            write_view(folder, view, at, rows)


def write_view(folder: Path, view: str, at_ms: int, rows: list[dict[str, object]]) -> None:
    """Write one view of one moment as COPY … CSV HEADER does; `rows` has at least one."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["captured_at", *rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"captured_at": stamp(at_ms), **row} for row in rows)
    write_text(folder / f"{view}.{label(at_ms)}.csv", text.getvalue())


def _statements(scenario: Scenario, counters: list[Counter], moment: int) -> Iterator[dict[str, object]]:
    for counter in counters:
        sums = counter.until(moment)
        if sums.calls:
            yield _statement(counter.role, counter.number, _first_text(counter), sums, _work(counter, sums))
    if moment == 2 and scenario.dropped_index is not None:
        took = round(DROP_MS * 1000)
        dropped = Sums(1, 0, took, (took / 1000) ** 2, took, took)
        work = {"rows": 0, "hit": 61, "read": 2, "changed": 4}
        yield _statement("dms_migrator", 9_999, drop_text(scenario), dropped, work)


def _first_text(counter: Counter) -> str:
    """The text with the comment of the first call ever, as pg_stat_statements keeps it."""
    statement = counter.statement
    if not statement.table:
        return statement.text
    if counter.role == "dms_worker":
        return f"{statement.text} {job_comment(next(iter(statement.job_shares)))}"
    [request] = uuids_of([counter.number], QUERY_SALT)
    return f"{statement.text} {request_comment(request, endpoint_of(statement) or ENDPOINTS[0].name)}"


def _work(counter: Counter, sums: Sums) -> dict[str, int]:
    """Rows, blocks and changes of a statement's calls."""
    statement = counter.statement
    pages = TABLE_OF[statement.table].pages if statement.table else 0
    blocks = (sums.calls - sums.scans) * statement.blocks
    read = blocks // 50 + sums.scans * (pages - pages // 9)
    is_change = statement.verb in ("INSERT", "UPDATE")
    hit = blocks - blocks // 50 + sums.scans * (pages // 9)
    return {"rows": sums.calls * statement.rows, "hit": hit, "read": read, "changed": 3 * sums.calls * is_change}


def _statement(role: str, number: int, text: str, sums: Sums, work: Mapping[str, int]) -> dict[str, object]:
    return {
        "userid": ROLES[role], "dbid": DATABASE_ID, "toplevel": "t", "queryid": query_id(number), "query": text,
        **dict.fromkeys(ZEROS["before"], 0),
        "calls": sums.calls, "total_exec_time": sums.total_us / 1000, "min_exec_time": sums.min_us / 1000,
        "max_exec_time": sums.max_us / 1000, "mean_exec_time": sums.mean_ms, "stddev_exec_time": sums.stddev_ms,
        "rows": work["rows"], "shared_blks_hit": work["hit"], "shared_blks_read": work["read"],
        "shared_blks_dirtied": work["changed"] // 2, **dict.fromkeys(ZEROS["local"], 0),
        "wal_records": work["changed"], "wal_fpi": work["changed"] // 90, "wal_bytes": work["changed"] * WAL_BYTES,
        **dict.fromkeys(ZEROS["jit"], 0), "rolname": role, "datname": "dms",
    }  # fmt: skip


def _database(scenario: Scenario, counters: list[Counter], moment: int) -> dict[str, object]:
    sums = [(counter, counter.until(moment)) for counter in counters]
    ended = {verb: sum(s.calls for c, s in sums if c.statement.verb == verb) for verb in ("COMMIT", "ROLLBACK")}
    work = [_work(counter, one) for counter, one in sums]
    rows = {verb: sum(one.calls for c, one in sums if c.statement.verb == verb) for verb in ("INSERT", "UPDATE")}
    active_ms = sum(one.total_us for _, one in sums) / 1000
    returned = sum(one["rows"] for one in work)
    scanned = sum(s.scans * TABLE_OF[c.statement.table].rows for c, s in sums if s.scans)
    return {
        "datid": DATABASE_ID, "datname": "dms", "numbackends": 120, "xact_commit": ended["COMMIT"],
        "xact_rollback": ended["ROLLBACK"], "blks_read": sum(one["read"] for one in work),
        "blks_hit": sum(one["hit"] for one in work), "tup_returned": returned + scanned, "tup_fetched": returned,
        "tup_inserted": rows["INSERT"], "tup_updated": rows["UPDATE"], "tup_deleted": 0, "conflicts": 0,
        "temp_files": 0, "temp_bytes": 0, "deadlocks": 0, "checksum_failures": "", "checksum_last_failure": "",
        "blk_read_time": active_ms / 20, "blk_write_time": 0, "session_time": active_ms * 40,
        "active_time": active_ms, "idle_in_transaction_time": active_ms / 9, "sessions": 4_000 + 60 * moment,
        "sessions_abandoned": 0, "sessions_fatal": 0, "sessions_killed": 0, "stats_reset": "",
        "postmaster_start_time": stamp(scenario.first_ms - STARTED_MS),
    }  # fmt: skip


def _settings(one_in: int) -> Iterator[dict[str, object]]:
    rate = ("auto_explain.sample_rate", str(1 / one_in if one_in > 1 else 1), "", "configuration file", "1")
    for name, setting, unit, source, boot in sorted((*SETTINGS, rate)):
        yield {"name": name, "setting": setting, "unit": unit, "source": source, "boot_val": boot,
               "pending_restart": "f"}  # fmt: skip


def _of_table(counters: list[Counter], table: Table, moment: int) -> dict[str, int]:
    """Scans and changes of a table."""
    ours = [(c.statement, c.until(moment)) for c in counters if c.statement.table == table.name]
    found = {verb: sum(sums.calls for s, sums in ours if s.verb == verb) for verb in ("INSERT", "UPDATE")}
    by_index = [(s, sums.calls - sums.scans) for s, sums in ours if s.index]
    return {
        "scans": sum(sums.scans for _, sums in ours), "by_index": sum(calls for _, calls in by_index),
        "fetched": sum(calls * s.rows for s, calls in by_index), "inserted": found["INSERT"],
        "updated": found["UPDATE"],
    }  # fmt: skip


def _table(scenario: Scenario, counters: list[Counter], table: Table, moment: int) -> dict[str, object]:
    did, at = _of_table(counters, table, moment), moments(scenario)[moment]
    vacuumed = stamp(at - 37 * MINUTE_MS - table.pages % 23 * MINUTE_MS)
    return {
        "relid": _relation(table.name), "schemaname": "public", "relname": table.name,
        "seq_scan": 12 + 3 * did["scans"], "seq_tup_read": 12 * table.rows + did["scans"] * table.rows,
        "idx_scan": did["by_index"], "idx_tup_fetch": did["fetched"], "n_tup_ins": did["inserted"],
        "n_tup_upd": did["updated"], "n_tup_del": 0,
        "n_tup_hot_upd": did["updated"] * 4 // 5, "n_live_tup": table.rows, "n_dead_tup": table.rows // 190,
        "n_mod_since_analyze": table.rows // 160, "n_ins_since_vacuum": table.rows // 400, "last_vacuum": "",
        "last_autovacuum": vacuumed, "last_analyze": "", "last_autoanalyze": vacuumed, "vacuum_count": 0,
        "autovacuum_count": 41 + moment, "analyze_count": 0, "autoanalyze_count": 43 + moment,
        "bytes_estimated": table.pages * 8192, "rows_estimated": table.rows,
    }  # fmt: skip


def _kept(scenario: Scenario, moment: int) -> Iterator[tuple[Table, str, str]]:
    """Table, name and definition of each index that is there at a moment."""
    gone = scenario.dropped_index.index if scenario.dropped_index and moment == 2 else ""
    for table in TABLES:
        for name, on in table.indexes.items():
            unique = "UNIQUE " if name.endswith("_pkey") else ""
            if name != gone:
                yield table, name, f"CREATE {unique}INDEX {name} ON public.{table.name} USING btree {on}"


def _indexes(scenario: Scenario, counters: list[Counter], moment: int) -> Iterator[dict[str, object]]:
    for table, name, definition in _kept(scenario, moment):
        ours = [(c.statement, c.until(moment)) for c in counters if c.statement.index == name]
        scans = sum(sums.calls - sums.scans for _, sums in ours)
        rows = sum((sums.calls - sums.scans) * statement.rows for statement, sums in ours)
        is_key = "t" if name.endswith("_pkey") else "f"
        yield {
            "relid": _relation(table.name), "indexrelid": _relation(name), "schemaname": "public",
            "relname": table.name, "indexrelname": name, "idx_scan": scans, "idx_tup_read": rows,
            "idx_tup_fetch": rows, "indisvalid": "t", "indisunique": is_key, "indisprimary": is_key,
            "bytes_estimated": max(table.pages // 4, 1) * 8192, "definition": definition,
        }  # fmt: skip


def _definitions(scenario: Scenario, moment: int) -> Iterator[dict[str, object]]:
    for table, name, definition in _kept(scenario, moment):
        yield {"schemaname": "public", "tablename": table.name, "indexname": name, "tablespace": "",
               "indexdef": definition}  # fmt: skip


def _relation(name: str) -> int:
    names = [found for table in TABLES for found in (table.name, *table.indexes)]
    return FIRST_RELATION + names.index(name)
