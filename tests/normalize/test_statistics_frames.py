"""Statistics views as frames: every version's columns under one name, what is absent as null or no rows."""

import json

import pandas as pd
import pyarrow as pa
import pytest
from builders import at

from ddms_ops.normalize import statistics as frames
from ddms_ops.normalize import statistics_schemas as schemas
from ddms_ops.sources.base import RECORDS

EVERY = {
    frames.statement_counters: schemas.STATEMENT_COUNTERS,
    frames.counters_info: schemas.COUNTERS_INFO,
    frames.activity: schemas.ACTIVITY,
    frames.locks: schemas.LOCKS,
    frames.table_statistics: schemas.TABLE_STATISTICS,
    frames.index_statistics: schemas.INDEX_STATISTICS,
    frames.settings_of: schemas.SETTINGS,
    frames.database_counters: schemas.DATABASE_COUNTERS,
    frames.foreign_keys: schemas.FOREIGN_KEYS,
}
OLD = {"userid": 10, "dbid": 5, "queryid": 7, "query": "q", "calls": 4, "total_time": 8.0, "min_time": 1, "rows": 4}
V13 = {"queryid": 7, "query": "q", "calls": 4, "total_exec_time": 8.0, "mean_exec_time": 2.0, "plans": 4,
       "total_plan_time": 0.5, "wal_bytes": "12345678901234567890", "rolname": "app", "datname": "dms"}  # fmt: skip
V15 = {**V13, "toplevel": False, "jit_generation_time": 1.0, "jit_inlining_time": 2, "jit_optimization_time": 0,
       "jit_emission_time": 0.5, "temp_blks_read": 3, "temp_blks_written": 9}  # fmt: skip
V17 = {**V15, "jit_deform_time": 10, "stats_since": "2026-03-04T09:00:00.5+00:00", "shared_blk_read_time": 1}


def records(view: str, *rows: dict | str, label: str = "before", clock: str | None = "10:00") -> pa.Table:
    """A table of records of one view in one snapshot."""
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    usual = {"timestamp": at(clock) if clock else None, "kind": view, "id": label}
    return pa.Table.from_pylist([{**usual, "record": text} for text in texts], schema=RECORDS)


@pytest.mark.parametrize("normalize", list(EVERY))
def test_absent_views_are_empty_frames(normalize):
    """With all columns and their dtypes, which are those of a frame with rows."""
    empty, schema = normalize(RECORDS.empty_table(), "p"), EVERY[normalize]
    assert (list(empty.columns), len(empty)) == (schema.names, 0)
    assert [str(kind) for kind in empty.dtypes] == [column.dtype for column in schema.columns]


@pytest.mark.parametrize("row", [OLD, V13, V15, V17])
def test_columns_of_every_version(row: dict):
    """Times of execution by either name; a mean that is not there is total over calls."""
    [found] = frames.statement_counters(records("pg_stat_statements", row), "p").to_dict("records")
    assert (found["query_id"], found["calls"], found["total_ms"], found["mean_ms"]) == ("7", 4, 8, 2)
    assert (found["captured_at"], found["snapshot"], found["pull"], found["row"]) == (at("10:00"), "before", "p", 0)


def test_what_a_version_adds():
    """Names over oids, JIT times summed, a queryid as text, counters beyond 2^63."""
    table = records("pg_stat_statements", OLD, V15, V17)
    found = frames.statement_counters(table, "p")
    assert found["user"].tolist() == ["10", "app", "app"]
    assert found["toplevel"].tolist() == [True, False, False]
    assert found["jit_ms"].isna().tolist() == [True, False, False]
    assert found["jit_ms"].tolist()[1:] == [3.5, 13.5]
    assert found["wal_bytes"].tolist()[1] == pytest.approx(12345678901234567890)
    assert found["stats_since"].tolist()[2] == at("09:00:00.5")


def test_a_rounded_queryid_is_none():
    """Some tools write it as a float, which many statements may share."""
    table = records("pg_stat_statements", {**V13, "queryid": 1.25e18}, {**V13, "queryid": "-7"})
    assert frames.statement_counters(table, "p")["query_id"].fillna("").tolist() == ["", "-7"]


def test_rows_keep_their_place():
    """`row` is the record's position in the pull, also among other views and rows that are no JSON object."""
    table = pa.concat_tables([records("pg_locks", {"pid": 1}), records("pg_stat_statements", "[1]", "{", V13)])
    assert frames.statement_counters(table, "p")["row"].tolist() == [3]


def test_resets_and_evictions():
    """As psql prints a time, with a zone of hours only."""
    [found] = frames.counters_info(
        records("pg_stat_statements_info", {"dealloc": 3, "stats_reset": "2026-03-04 09:30:00.25+00"}), "p"
    ).to_dict("records")
    assert (found["dealloc"], found["stats_reset"]) == (3, at("09:30:00.25"))


def test_sessions_and_whom_they_wait_for():
    """A session is there once; who blocks it comes from `blocking`, as a list or as Postgres prints an array."""
    session = {"pid": 7, "usename": "app", "state": "active", "wait_event_type": "Lock", "query": "select 1"}
    table = pa.concat_tables(
        [
            records("pg_stat_activity", session, {"pid": 8, "state": "idle in transaction"}),
            records("blocking", {**session, "blocked_by": [8, 9]}, {"pid": 10, "blocked_by": "{8}"}),
        ]
    )
    found = frames.activity(table, "p")
    assert found[["pid", "blocked_by"]].to_numpy().tolist() == [[7, (8, 9)], [8, ()], [10, (8,)]]
    assert found["wait_type"].tolist()[0] == "Lock"


def test_locks_on_one_thing_share_a_target():
    """Holder and waiter are found by it; t and f are truth values."""
    same = {"locktype": "relation", "database": 5, "relation": 16384}
    table = records(
        "pg_locks", {"pid": 7, "granted": "f", **same}, {"pid": 8, "granted": True, "relation_name": "t", **same}
    )
    found = frames.locks(table, "p")
    assert found["target"].tolist() == ["relation/5/16384"] * 2
    assert found["is_granted"].tolist() == [False, True]
    assert found["relation"].tolist() == ["16384", "t"]


def test_the_last_vacuum_is_that_of_either_kind():
    """By hand or by itself; null where there was none."""
    rows = [
        {"relname": "a", "last_vacuum": "2026-03-04T08:00:00Z", "last_autovacuum": "2026-03-04 09:00:00+00"},
        {"relname": "b", "last_vacuum": "2026-03-04T08:00:00Z"},
        {"relname": "c", "n_live_tup": 3},
    ]
    found = frames.table_statistics(records("pg_stat_user_tables", *rows), "p")
    assert found["last_vacuum"].tolist()[:2] == [at("09:00"), at("08:00")]
    assert (pd.isna(found["last_vacuum"][2]), found["rows_live"][2]) == (True, 3)


def test_an_index_is_told_by_all_views():
    """Its scans, its definition by name, its flags by oid; one that only pg_indexes knows has no scans."""
    indexes = records(
        "pg_indexes",
        {"schemaname": "s", "tablename": "t", "indexname": "i", "indexdef": "CREATE UNIQUE INDEX i ON s.t (a)"},
        {"schemaname": "s", "tablename": "t", "indexname": "j", "indexdef": "CREATE INDEX j ON s.t (b)"},
    )
    scans = {"schemaname": "s", "relname": "t", "indexrelname": "i", "indexrelid": 9, "idx_scan": 4}
    flags = records("pg_index", {"indexrelid": 9, "indisvalid": "f"}, label="")
    found = frames.index_statistics(pa.concat_tables([indexes, records("pg_stat_user_indexes", scans), flags]), "p")
    told = found.set_index("index")[["scans", "is_valid", "is_unique"]].astype("object")
    assert told.loc["i"].tolist() == [4, False, True]
    assert (pd.isna(told.loc["j", "scans"]), told.loc["j"].tolist()[1:]) == (True, [True, False])
    assert found["definition"].notna().all()


def test_settings_database_and_foreign_keys():
    """Values are text; the server's start and a key's columns come along."""
    settings = frames.settings_of(records("pg_settings", {"name": "work_mem", "setting": 4096, "unit": "kB"}), "p")
    assert settings[["name", "value", "unit"]].to_numpy().tolist() == [["work_mem", "4096", "kB"]]
    row = {"datname": "dms", "numbackends": 3, "postmaster_start_time": "2026-03-04 01:00:00+00"}
    assert frames.database_counters(records("pg_stat_database", row), "p")["server_started"].tolist() == [at("01:00")]
    keys = [{"conname": "k", "contype": kind, "conrelid": 5, "conkey": "{1,2}"} for kind in "fp"]
    assert frames.foreign_keys(records("pg_constraint", *keys), "p")["columns"].tolist() == [("1", "2")]


def test_snapshots_without_a_time_have_none():
    """Null, and the label stays."""
    [found] = frames.settings_of(records("pg_settings", {"name": "a"}, clock=None), "p").to_dict("records")
    assert (pd.isna(found["captured_at"]), found["snapshot"]) == (True, "before")
