"""Audit exports as psql and DuckDB write them, whole and damaged: every value as it stands, every loss named."""

import gzip
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from builders import at, window

from ddms_ops.coverage import Coverage, Status
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.sources.base import AuditQuery
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.recorded import RecordedSource
from ddms_ops.window import EVER, Window

HOUR = window("10:00", "11:00")
COLUMNS = ("id", "created_at", "details")
HEADER = "id,created_at,details\n"
ROWS = "".join(f"{n},2026-03-04 10:0{n}:00+00,x\n" for n in range(5))
MORE = "".join(f"{n},2026-03-04 10:0{n}:00+00,y\n" for n in range(5, 9))


def put(root: Path, content: str | bytes, name: str = "audit_logs.csv") -> Path:
    """One file below audit/; the export's root."""
    path = root / "audit" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def fetch(
    root: Path, *columns: str, table: str = "audit_logs", asked: Window = HOUR
) -> tuple[list[tuple[object, ...]], Coverage]:
    """Rows, in the order of the columns, and coverage."""
    query = AuditQuery(asked, table, columns or COLUMNS, "created_at")
    source = FilesSource(root)
    pull = source.fetch_audit_rows(query, pull="audit/audit_logs")
    assert pull.table.schema.equals(query.schema)
    return [tuple(row.values()) for row in pull.table.to_pylist()], pull.coverage


def ids(root: Path, **given: str) -> list[object]:
    """Ids of the hour's rows."""
    return [row[0] for row in fetch(root, **given)[0]]


def test_null_and_empty_text_are_told_apart(tmp_path: Path):
    """An empty field is null, a quoted one is empty text; nothing else is changed."""
    put(tmp_path, HEADER + '1,2026-03-04 10:00:00+00,\n2,2026-03-04 10:01:00+00,""\n3,2026-03-04 10:02:00+00, NULL\n')
    assert [row[2] for row in fetch(tmp_path)[0]] == [None, "", " NULL"]


@pytest.mark.parametrize(
    "text", ["a,b", 'say "hi"', "one\ntwo\r\n3,2026-03-04 10:00:00+00,x", "größer 日本 🚀", "0010.0", "t"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_values_are_the_text_of_the_file(tmp_path: Path, text: str, end: str, is_zipped: bool):
    """Commas, quotes, line ends inside of them, a byte-order mark, either line end, gzipped or not."""
    quoted = '"' + text.replace('"', '""') + '"'
    content = end.join(["\ufeffid,created_at,details", f"1,2026-03-04 10:00:00+00,{quoted}", ""]).encode()
    put(
        tmp_path,
        gzip.compress(content) if is_zipped else content,
        "audit_logs.csv.gz" if is_zipped else "audit_logs.csv",
    )
    rows, coverage = fetch(tmp_path)
    assert rows == [("1", at("10:00"), text)]
    assert (coverage.status, coverage.reason) == (Status.COMPLETE, "")


@pytest.mark.parametrize(
    "text",
    [
        "10:00:00.25+00",
        "12:00:00.25+02",
        "15:30:00.25+05:30",
        "05:00:00.25-05",
        "10:00:00.250000+00:00",
        "10:00:00.25Z",
    ],
)
@pytest.mark.parametrize("between", [" ", "T"])
def test_times_of_any_offset_are_utc(tmp_path: Path, text: str, between: str):
    """As Postgres prints them in any zone, and as ISO 8601."""
    put(tmp_path, f"{HEADER}1,2026-03-04{between}{text},x\n")
    assert fetch(tmp_path)[0] == [("1", at("10:00:00.25"), "x")]


def test_times_without_an_offset_are_utc_and_said(tmp_path: Path):
    """timestamp without time zone."""
    put(tmp_path, HEADER + "1,2026-03-04 10:00:00.5,x\n")
    rows, coverage = fetch(tmp_path)
    assert rows[0][1] == at("10:00:00.5")
    assert (coverage.status, coverage.reason) == (Status.COMPLETE, "times without an offset taken as UTC")


def test_columns_come_as_asked(tmp_path: Path):
    """In the query's order, others left out."""
    put(tmp_path, "details,secret,created_at,id\nd,s,2026-03-04 10:00:00+00,1\n")
    assert fetch(tmp_path)[0] == [("1", at("10:00"), "d")]
    assert fetch(tmp_path, "details", "created_at")[0] == [("d", at("10:00"))]


def test_rows_are_ordered_by_time_and_then_by_every_column(tmp_path: Path):
    """As bytes, nulls last, whatever their order in the file."""
    put(
        tmp_path,
        HEADER + "".join(f"{n},2026-03-04 10:00:00+00,{text}\n" for n, text in [("b", "z"), ("B", ""), ("b", "")]),
    )
    assert [(row[0], row[2]) for row in fetch(tmp_path)[0]] == [("B", None), ("b", "z"), ("b", None)]


def test_one_time_in_two_zones_is_one_time(tmp_path: Path):
    """How a time was written does not order the rows."""
    put(tmp_path, "created_at,id\n2026-03-04 12:00:00+02,a\n2026-03-04 10:00:00+00,b\n")
    assert fetch(tmp_path, "created_at", "id")[0] == [(at("10:00"), "a"), (at("10:00"), "b")]


@pytest.mark.parametrize("name", ["audit_logs.csv", "public.audit_logs.csv", "audit_logs.2.CSV", "audit_logs/a/1.csv"])
def test_a_table_is_found_with_and_without_its_schema(tmp_path: Path, name: str):
    """Also in parts, beside each other or in a folder of its own."""
    put(tmp_path, HEADER + ROWS, name)
    put(tmp_path, HEADER + MORE, "audit_logs_archive.csv")
    assert ids(tmp_path, table="public.audit_logs") == list("01234")


def test_several_files_are_one_table_and_repeated_rows_are_taken_once(tmp_path: Path):
    """Rows alike in every column of two files are one; those alike in one file are two."""
    put(tmp_path, HEADER + ROWS + ROWS.splitlines(keepends=True)[0], "audit_logs.1.csv")
    put(tmp_path, HEADER + ROWS + MORE, "audit_logs.2.csv")
    rows, coverage = fetch(tmp_path)
    assert [row[0] for row in rows] == list("0012345678")
    assert (coverage.status, coverage.reason) == (Status.COMPLETE, "5 repeated rows in the export taken once")


def test_rows_that_differ_in_a_column_not_asked_for_are_two(tmp_path: Path):
    """What is not asked for still tells rows apart."""
    for name in ("1", "2"):
        put(tmp_path, f"id,created_at,details\n{name},2026-03-04 10:00:00+00,x\n", f"audit_logs.{name}.csv")
    assert fetch(tmp_path, "created_at", "details")[0] == [(at("10:00"), "x")] * 2


@pytest.mark.parametrize(
    ("content", "kept", "words"),
    [
        (HEADER + ROWS + "5,2026-03-04 10:05:00+00\n" + MORE, 9, "1 row unreadable (row 7)"),
        (HEADER + ROWS + "5,2026-03-04 10:05:00+00,a,b\n" + MORE, 9, "1 row unreadable (row 7)"),
        (HEADER + ROWS + "5,2026-03-04 10:0", 5, "its last row has no line end: it may be cut"),
        (HEADER + ROWS + "5,2026-03-04 10:05:00+00,x", 6, "its last row has no line end: it may be cut"),
        (HEADER + ROWS + '5,2026-03-04 10:05:00+00,"x', 5, "a quote is never closed: what follows it is left out"),
        (HEADER + ROWS + '5,"2026-03-04 10', 5, "a quote is never closed"),
        (HEADER + ROWS + "5,yesterday,x\n6,,x\n7,infinity,x\n", 5, "3 rows without a usable time in 'created_at'"),
        (gzip.compress((HEADER + ROWS * 20000).encode())[:-700], None, "gzip data ends early"),
        (HEADER + ROWS + "9,2026-03-04 10:05:00+00," + "x" * 9_000_000 + "\n" + MORE, 9, "1 line over 4 MiB left out"),
        (f"{HEADER}{ROWS}".encode() + b"5,2026-03-04 10:05:00+00,\xff\n", 6, "bytes that are no text replaced"),
        (b"", 0, "is empty"),
        (bytes(range(256)) * 100, 0, "is not text"),
        (b"PAR1" + bytes(range(256)) * 100, 0, "could not be read"),
    ],
)  # fmt: skip
def test_damage_is_named_and_the_rest_is_read(tmp_path: Path, content: str | bytes, kept: int | None, words: str):
    """What can be read is read; coverage says what could not, and where."""
    rows, coverage = fetch(put(tmp_path, content))
    assert f"audit/audit_logs.csv {words}" in coverage.reason
    assert coverage.status is (Status.PARTIAL if rows else Status.FAILED)
    assert len(rows) == kept if kept is not None else len(rows) > 1000


def test_mixed_line_ends_lose_no_row(tmp_path: Path):
    """A file put together on two systems."""
    put(tmp_path, HEADER + ROWS.replace("\n", "\r\n") + MORE)
    assert ids(tmp_path) == list("012345678")


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path):
    """The table cannot be read, and nothing is made up."""
    rows, coverage = fetch(put(tmp_path, HEADER + ROWS), "id", "created_at", "user_tenant_id")
    assert (rows, coverage.status) == ([], Status.FAILED)
    assert coverage.reason == "audit/audit_logs.csv has no column 'user_tenant_id'; it has id, created_at, details"


def test_a_file_without_a_header_does_not_tell_its_first_record(tmp_path: Path):
    """A reason never holds a record."""
    _, coverage = fetch(put(tmp_path, "7,2026-03-04 10:00:00+00,secret\n"))
    assert coverage.status is Status.FAILED
    assert coverage.reason.endswith("'details': its first line is no header of column names")
    assert "secret" not in coverage.reason


def test_one_bad_file_does_not_hide_the_good(tmp_path: Path):
    """Files of a table are read one by one."""
    put(tmp_path, HEADER + ROWS, "audit_logs.1.csv")
    rows, coverage = fetch(put(tmp_path, "a,b\n1,2\n", "audit_logs.2.csv"))
    assert len(rows) == 5
    assert coverage.status is Status.PARTIAL


def test_an_absent_table_is_not_configured(tmp_path: Path):
    """With what is there instead."""
    rows, coverage = fetch(put(tmp_path, HEADER, "users.csv"))
    assert (rows, coverage.status) == ([], Status.NOT_CONFIGURED)
    lack = "no table audit_logs (CSV or Parquet) in the export's folder audit"
    assert coverage.reason == f"{lack}; there is audit/users.csv"


@pytest.mark.parametrize("table", ["'; DROP TABLE x; --", "../audit_logs", "audit_logs*", ""])
def test_a_hostile_table_name_finds_nothing(tmp_path: Path, table: str):
    """A name is a name."""
    assert fetch(put(tmp_path, HEADER + ROWS), table=table)[1].status is Status.NOT_CONFIGURED


def test_a_header_alone_is_empty(tmp_path: Path):
    """An export of no rows."""
    rows, coverage = fetch(put(tmp_path, HEADER))
    assert (rows, coverage.status, coverage.reason) == ([], Status.EMPTY, "")


def test_an_empty_window_says_what_there_is(tmp_path: Path):
    """Rows of other times are not missing rows."""
    _, coverage = fetch(put(tmp_path, HEADER + ROWS), asked=window("12:00", "13:00"))
    assert coverage.status is Status.EMPTY
    assert coverage.reason.startswith("the export holds 5 rows, 2026-03-04 10:00")


def test_odd_column_names_are_read(tmp_path: Path):
    """Quotes, spaces and other cases of one name are columns like any other."""
    put(tmp_path, '"Id",id,"a ""b""",created_at\n1,2,3,2026-03-04 10:00:00+00\n')
    assert fetch(tmp_path, "id", "Id", 'a "b"', "created_at")[0] == [("2", "1", "3", at("10:00"))]


def test_parquet_columns_of_any_type_are_text(tmp_path: Path):
    """uuid, times, JSON and numbers as Postgres prints them; a path with marks of a pattern is a path."""
    root = tmp_path / "case [1] *"
    put(root, b"", "audit_logs.parquet")
    select = """SELECT '6e9e982f-3eb1-45b0-ac8f-e29c250e4cfa'::UUID AS id, TIMESTAMPTZ '2026-03-04 10:00:00.25+00' AS
        created_at, 201 AS status, true AS ok, '{"a": 1}'::JSON AS details, NULL::INTEGER AS nothing, '' AS empty"""
    duckdb.sql(f"SET TimeZone = 'UTC'; COPY ({select}) TO '{tmp_path}/rows.parquet'")
    (tmp_path / "rows.parquet").replace(root / "audit" / "audit_logs.parquet")
    [row] = fetch(root, "id", "created_at", "status", "ok", "details", "nothing", "empty")[0]
    assert row[1] == at("10:00:00.25")
    assert (row[0], *row[2:]) == ("6e9e982f-3eb1-45b0-ac8f-e29c250e4cfa", "201", "true", '{"a": 1}', None, "")


def test_a_row_of_csv_and_of_parquet_is_one_row(tmp_path: Path):
    """An export made twice, in two forms."""
    put(tmp_path, HEADER + ROWS)
    duckdb.read_csv(str(tmp_path / "audit" / "audit_logs.csv"), all_varchar=True).write_parquet(
        str(tmp_path / "audit" / "audit_logs.parquet")
    )
    assert ids(tmp_path) == list("01234")


def test_many_rows_keep_their_number_and_order(tmp_path: Path):
    """Values with line ends across the blocks that a file is read in."""
    span = 200_000
    times = pd.Timestamp("2026-03-04T10:00Z") + pd.to_timedelta([n * 7919 % span for n in range(span)], unit="ms")
    rows = (f'{n},{time:%Y-%m-%d %H:%M:%S.%f}+00,"a\n{n},b\n{"z" * (n % 90)}"\n' for n, time in enumerate(times))
    table, coverage = fetch(put(tmp_path, HEADER + "".join(rows)))
    assert (coverage.status, coverage.rows) == (Status.COMPLETE, span)
    assert sorted(int(str(row[0])) for row in table) == list(range(span))
    assert [row[1] for row in table] == sorted(times.to_pydatetime())
    assert all(row[2] == f"a\n{row[0]},b\n{'z' * (int(str(row[0])) % 90)}" for row in table)


def test_the_same_export_gives_the_same_evidence(tmp_path: Path):
    """Byte by byte, and a case answers a shorter window and fewer columns from it."""
    put(tmp_path / "export", HEADER + MORE + ROWS)
    query = AuditQuery(HOUR, "audit_logs", COLUMNS, "created_at")
    for name in ("one", "two"):
        pull = FilesSource(tmp_path / "export").fetch_audit_rows(query, pull="audit/audit_logs")
        EvidenceFolder(tmp_path / name / "evidence", tool="test").record(pull, {"table": "audit_logs"})
    [one], [two] = ([*(tmp_path / name / "evidence").glob("*.parquet")] for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    shorter = AuditQuery(window("10:02", "10:04"), "audit_logs", ("created_at", "id"), "created_at")
    pull = RecordedSource(tmp_path / "one").fetch_audit_rows(shorter, pull="x")
    assert pull.table["id"].to_pylist() == ["2", "3"]


def test_a_case_names_a_column_that_it_did_not_record(tmp_path: Path):
    """Nothing is made up for it."""
    query = AuditQuery(EVER, "audit_logs", COLUMNS, "created_at")
    pull = FilesSource(put(tmp_path / "export", HEADER + ROWS)).fetch_audit_rows(query, pull="audit/audit_logs")
    EvidenceFolder(tmp_path / "evidence", tool="test").record(pull, {"table": "audit_logs"})
    wider = AuditQuery(HOUR, "audit_logs", ("created_at", "ip_address"), "created_at")
    coverage = RecordedSource(tmp_path).fetch_audit_rows(wider, pull="x").coverage
    assert coverage.status is Status.NOT_CONFIGURED
    assert coverage.reason == "without the column 'ip_address', which was not recorded in this case"
