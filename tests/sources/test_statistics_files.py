"""Snapshots of statistics out of files: whichever tool wrote them, every row is read or counted."""

import csv
import gzip
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddms_ops.sources.base import RECORDS
from ddms_ops.sources.statistics_files import StatisticsFiles, read_statistics, snapshot_time

HEADER = "queryid,calls,total_exec_time,query"
HOSTILE = 'select "a;b" ,\n\'it\'\'s\', "x""y"\tfrom t -- \u2028 </script>'
AT = "2026-03-04T10:00:00+00:00"


@pytest.fixture
def read(tmp_path: Path):
    """What is read of files given by name and content."""

    def read(**files: str | bytes) -> StatisticsFiles:
        (tmp_path / "database").mkdir(exist_ok=True)
        for name, content in files.items():
            path = tmp_path / "database" / name.replace("__", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_statistics(tmp_path, tmp_path)

    return read


def rows(found: StatisticsFiles) -> list[dict]:
    """The records' columns."""
    assert found.records.schema == RECORDS
    return [json.loads(text) for text in found.records["record"].to_pylist()]


def written(separator: str = ",", **columns: object) -> str:
    """A CSV file with one row."""
    file = io.StringIO()
    table = csv.DictWriter(file, list(columns), delimiter=separator)
    table.writeheader()
    table.writerow(columns)
    return file.getvalue()


STATEMENT = {"queryid": "-42", "calls": 3, "total_exec_time": 1.5, "query": HOSTILE}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pg_stat_statements__before__csv", written(**STATEMENT)),
        ("pg_stat_statements__before__csv", written("\t", **STATEMENT)),
        ("PG_STAT_STATEMENTS__before__csv", written(";", **STATEMENT)),
        ("pg_stat_statements__before__csv", "\ufeff" + written(**STATEMENT)),
        ("pg_stat_statements__before__csv__gz", gzip.compress(written(**STATEMENT).encode())),
        ("pg_stat_statements__before__json", json.dumps([STATEMENT], indent=2)),
        ("pg_stat_statements__before__jsonl", json.dumps(STATEMENT) + "\n"),
    ],
)
def test_each_form_gives_the_same(read, name: str, content: str | bytes):
    """Numbers as numbers, ids and texts untouched with their newlines, quotes and separators."""
    found = read(**{name: content})
    assert (rows(found), found.faults, found.notes) == ([STATEMENT], (), ())
    assert found.records.select(["timestamp", "kind", "id"]).to_pylist() == [
        {"timestamp": None, "kind": "pg_stat_statements", "id": "before"}
    ]


def test_parquet(read, tmp_path: Path):
    """Also inflated; its times and decimals are as JSON has them, its nulls left out."""
    table = pa.table({
        "calls": pa.array([3], pa.decimal128(20, 0)), "query": ["q"], "plans": pa.array([None], pa.int64()),
        "captured_at": [pd.Timestamp(AT)],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    packed = (tmp_path / "t.parquet").read_bytes()
    for name, content in {"parquet": packed, "parquet__gz": gzip.compress(packed)}.items():
        [row] = rows(read(**{f"pg_stat_statements__{name}": content}))
        assert row == {"calls": 3, "query": "q", "captured_at": AT}
    assert read(pg_locks__parquet=packed[:200]).faults == ("database/pg_locks.parquet is no whole Parquet file",)


def test_unaligned_output_of_psql(read):
    """psql -A quotes nothing: a statement of several lines is put together again; the count of rows is no row."""
    text = 'calls\tquery\tqueryid\n3\tselect\n1 as "a"\t7\n4\tselect 2\t8\n(2 rows)\n'
    found = read(pg_stat_statements__csv=text)
    assert [row["query"] for row in rows(found)] == ['select\n1 as "a"', "select 2"]
    assert found.faults == ()


@pytest.mark.parametrize(
    "label", ["2026-03-04T10:00:00Z", "20260304T100000Z", "2026-03-04T10-00-00Z", "2026-03-04T11:00+01:00"]
)
def test_a_label_may_be_a_time(label: str):
    """In each of the shapes that a file's name may have."""
    assert snapshot_time(label) == pd.Timestamp(AT)


def test_other_labels_are_no_times():
    """A word, a number, a day that is none."""
    assert [snapshot_time(label) for label in ("before", "2", "2026-02-31T10:00Z")] == [None, None, None]


def test_one_file_may_hold_many_snapshots(read):
    """A column says when each was taken; that goes before the label, and names them."""
    text = f"captured_at,{HEADER}\n2026-03-04 10:00:00+00,1,1,1,a\n2026-03-04 12:30:00.5+02,1,5,5,a\n"
    found = read(pg_stat_statements__load__csv=text)
    assert found.records["timestamp"].to_pylist() == [pd.Timestamp(AT), pd.Timestamp("2026-03-04T10:30:00.5Z")]
    assert found.records["id"].to_pylist() == [AT, "2026-03-04T10:30:00.500000+00:00"]
    one = read(pg_stat_statements__load__csv=text.rsplit("\n", 2)[0] + "\n")
    assert one.records["id"].to_pylist() == ["load"]


def test_a_clock_that_ticks_is_one_snapshot(read):
    """clock_timestamp() differs from row to row; the first row's time is the snapshot's."""
    text = "clock_timestamp,calls,query\n2026-03-04 10:00:00.001+00,1,a\n2026-03-04 10:00:00+00,1,b\n"
    found = read(pg_stat_statements__csv=text)
    assert set(found.records["timestamp"].to_pylist()) == {pd.Timestamp(AT)}


def test_times_without_a_zone_are_told(read):
    """They are taken as UTC; a row without any is counted."""
    found = read(pg_stat_statements__csv=f"now,{HEADER}\n2026-03-04 10:00:00,1,1,1,a\n,2,1,1,b\n")
    assert found.notes == ("times without an offset taken as UTC",)
    assert found.faults == ("database/pg_stat_statements.csv 1 rows without a usable time",)


def test_hidden_texts_are_a_fault(read):
    """Where the role may not see what ran, the file says nothing of it."""
    rest = "".join(f"{number},1,1,<insufficient privilege>\n" for number in range(1_193))
    found = read(pg_stat_statements__csv=f"{HEADER}\n{rest},1,1,<insufficient privilege>\n")
    assert found.faults == (
        "database/pg_stat_statements.csv query texts of 1,194 of 1,194 rows are hidden: the role needs "
        "pg_read_all_stats",
    )


def test_what_to_switch_on_is_said(read):
    """Other views without pg_stat_statements."""
    [note] = read(pg_locks__csv="pid,mode\n1,ShareLock\n").notes
    assert "set shared_preload_libraries = 'pg_stat_statements'" in note
    assert "CREATE EXTENSION pg_stat_statements" in note
    assert read(pg_stat_statements__csv=f"{HEADER}\n").notes == ()


def test_other_files_are_left_alone(read):
    """Logs, policies and what is named otherwise are another reader's."""
    found = read(postgresql__log="a", pg_policies__csv="a\n", pg_stat_replication__csv="a\n", pg_locks__txt="a")
    assert (found.files, found.records.num_rows, found.notes) == ((), 0, ())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1,3,1.5,select 1\n2,3,1.5,select 2\n", "has no header"),
        ("", "is empty"),
        (" calls | query \n-------+------\n 1     | a\n", "export it with psql --csv"),
        ("pid,state\n1,idle\n", "has no column calls, query or queryid: it is no pg_stat_statements"),
        (f'{HEADER}\n1,1,1,a\n2,1,1,"b\n', "not whole CSV: 1 rows read before the damage"),
        (f"{HEADER}\n1,1,1,a\n2,1,1,b,c\n", "1 rows do not have as many fields as the header"),
        ('[{"calls": 1, "query": "a"}, {"calls": 2, "que', "1 places are no JSON object"),
        (b"\x00\xff\x00\xfe" * 99, "is not text"),
        (b"queryid,calls,total_exec_time,query\n1,1,1,a\x00b\n", "bytes that are no text replaced"),
        (gzip.compress((HEADER + "\n1,1,1,a" * 9999).encode())[:-40], "gzip data ends early"),
        ('[{"calls": "many", "query": "a"}]', "1 rows whose calls are no number"),
        ("calls,calls,query\n1,1,a\n", "has more than one column of one name"),
    ],
)
def test_damage_is_told_and_the_rest_is_read(read, content: str | bytes, words: str):
    """In words that quote nothing of a row."""
    found = read(pg_stat_statements__csv=content)
    assert words in " ".join(found.faults)
    assert all(row["calls"] in (1, "many") for row in rows(found))


def test_a_statement_of_a_megabyte(read):
    """It is read whole, and the limit of the csv module is put back."""
    limit, text = csv.field_size_limit(), "select '" + "x" * (1 << 20) + "'"
    [row] = rows(read(pg_stat_statements__csv=written(calls=1, query=text)))
    assert (row["query"] == text, csv.field_size_limit()) == (True, limit)


def test_texts_that_look_like_numbers_stay_texts(read):
    """A setting's value and an application's name are what they are."""
    [row] = rows(read(pg_settings__csv='name,setting,pending_restart\nsearch_path,"007",f\n'))
    assert row == {"name": "search_path", "setting": "007", "pending_restart": "f"}
