"""What changed in the database just before something became slow, and what is said where that is not known."""

import json
from pathlib import Path

import pytest
from builders import DAY
from database_builders import call, case_of_log, entry

from ddms_ops.findings import Finding, Verdict

SLOW = "SELECT id FROM app.documents WHERE owner = 'a'"


def slow_from(minute: int = 20) -> list[str]:
    """A statement every six seconds that becomes 300 times as slow in a minute of the window."""
    seconds = [(hour, n // 60, n % 60) for hour in (9, 10) for n in range(0, 3600, 6)]
    return [
        call(f"{hour:02d}:{at:02d}:{second:02d}", 9, SLOW, ms=900.0 if hour == 10 and at >= minute else 3.0)
        for hour, at, second in seconds
    ]


def changes(root: Path, *entries: str) -> list[Finding]:
    """What the check found with these entries in the log."""
    return list(case_of_log(root, *sorted([*slow_from(), *entries])).result("database_changes").findings)


def snapshot(root: Path, view: str, clock: str, *rows: dict[str, object]) -> None:
    """Rows of a view in a snapshot of a time."""
    (root / "database").mkdir(parents=True, exist_ok=True)
    path = root / "database" / f"{view}.{DAY}T{clock.replace(':', '-')}-00Z.json"
    path.write_text(json.dumps(rows), encoding="utf-8")


def index(name: str, table: str = "documents") -> dict[str, object]:
    """A row of pg_indexes."""
    text = f"CREATE INDEX {name} ON app.{table} USING btree (owner)"
    return {"schemaname": "app", "tablename": table, "indexname": name, "indexdef": text}


@pytest.mark.parametrize(
    "text", ["ALTER TABLE app.documents ADD x int", "BEGIN; ALTER TABLE documents ADD x text DEFAULT 'y'; COMMIT"]
)
@pytest.mark.parametrize("kind", ["statement", "execute <unnamed>"])
def test_ddl_that_log_statement_logs_is_seen(tmp_path: Path, text: str, kind: str):
    """Without a duration, alone or among others, related by its table."""
    [found] = changes(tmp_path, entry("10:15:00", 3, f"{kind}: {text}"))
    assert found.subject["change"].startswith("ALTER TABLE")
    assert found.subject["resource"] == "documents"
    assert "it names a table" in found.statement


def test_ddl_logged_twice_counts_once(tmp_path: Path):
    """With log_statement when it begins, and with its duration when it ends."""
    text = "ALTER TABLE documents ADD x int"
    [found] = changes(tmp_path, entry("10:15:00", 3, f"statement: {text}"), call("10:15:02", 3, text, ms=2000.0))
    assert (found.evidence[0].rows, f"{found.last_seen:%H:%M:%S}") == (1, "10:15:00")


def test_temporary_tables_are_no_change(tmp_path: Path):
    """Neither made nor dropped; only the last of these is one."""
    texts = (
        "CREATE TEMP TABLE t (a int)",
        "DROP TABLE IF EXISTS t",
        "TRUNCATE t",
        "DROP TABLE pg_temp.u",
        "DROP TABLE v",
    )
    [found] = changes(tmp_path, *(entry("10:15:00", 3, f"statement: {text}") for text in texts))
    assert found.subject["change"] == "DROP TABLE v"


def test_a_dropped_index_is_about_its_table(tmp_path: Path):
    """Known by a snapshot."""
    snapshot(tmp_path, "pg_indexes", "09:30", index("by_owner"))
    [found] = changes(tmp_path, entry("10:15:00", 3, "statement: DROP INDEX CONCURRENTLY app.by_owner"))
    assert found.subject["resource"] == "documents"
    assert "it names a table" in found.statement


def test_only_the_nearest_of_very_many_are_kept(tmp_path: Path):
    """The last of them is the first finding."""
    many = [entry(f"10:1{n // 60}:{n % 60:02d}", 3, f"statement: CREATE TABLE t{n} (a int)") for n in range(600)]
    found = changes(tmp_path, *many)
    assert (len(found), found[0].subject["change"]) == (5, "CREATE TABLE t599 (a int)")


def test_differences_that_relate_come_first(tmp_path: Path):
    """Of more than are shown, those on the statement's table; a snapshot after the window does not count."""
    others = [index(f"i{n}", "audit") for n in range(6)]
    snapshot(tmp_path, "pg_indexes", "09:30", *others, index("by_owner"))
    snapshot(tmp_path, "pg_indexes", "10:55", index("kept", "audit"))
    snapshot(tmp_path, "pg_indexes", "11:30", index("late"))
    found = changes(tmp_path)
    assert found[0].statement.startswith("Index by_owner on documents was dropped, seen between two snapshots")
    assert (len(found), "late" in str(found)) == (5, False)


def test_a_changed_setting_is_named_without_its_value(tmp_path: Path):
    """A value may be a secret."""
    for clock, value in (("09:30", "host=a password=one"), ("10:55", "host=a password=two")):
        snapshot(tmp_path, "pg_settings", clock, {"name": "primary_conninfo", "setting": value})
    [found] = changes(tmp_path)
    assert found.statement.startswith("Setting primary_conninfo was changed, seen between two snapshots")
    assert "two" not in str(found).replace("two snapshots", "")


def test_what_cannot_be_told_slow_is_not_clear(tmp_path: Path):
    """Without a comparison of statements there is nothing to explain."""
    result = case_of_log(tmp_path, entry("10:10:00", 1, "statement: SELECT 1")).result("database_changes")
    assert result.status is Verdict.NOT_CHECKED
    assert result.reason.startswith("nothing was found slow, but not every check could be made")


def counters(root: Path) -> None:
    """Snapshots that say that a statement became slow, and not when."""
    for clock, calls, total_ms in (("09:00", 0, 0.0), ("10:00", 1000, 3e3), ("11:00", 2000, 9e5)):
        row = {"queryid": 7, "query": SLOW, "calls": calls, "total_exec_time": total_ms}
        snapshot(root, "pg_stat_statements", clock, row)


def test_a_sign_without_a_beginning_says_so(tmp_path: Path):
    """Changes up to the window's end are before something that has no time; no minutes are made up."""
    counters(tmp_path)
    text = "statement: ALTER TABLE documents ADD x int"
    case = case_of_log(tmp_path, entry("09:30:00", 1, "statement: SELECT 1"), entry("10:05:00", 3, text))
    [found] = case.result("database_changes").findings
    assert (found.observed, found.unit) == (None, "")
    assert f"before the window's end; of {found.subject['explains']} its beginning is not known" in found.statement


def test_the_beginning_of_another_sign_is_named(tmp_path: Path):
    """Of the statement nothing is dated, of refused connections it is."""
    counters(tmp_path)
    refused = [entry(f"10:40:{n:02d}", n, "sorry, too many clients already", level="FATAL") for n in range(2)]
    ddl = entry("10:30:00", 3, "statement: ALTER TABLE documents ADD x int")
    case = case_of_log(tmp_path, entry("09:30:00", 1, "statement: SELECT 1"), ddl, *refused)
    [found] = case.result("database_changes").findings
    [other] = case.result("connections").findings
    assert f"10.0 min before {other.id} began; of slow_statements-" in found.statement
