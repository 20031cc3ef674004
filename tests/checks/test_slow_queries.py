"""What the checks of slow queries say, and when they cannot."""

from pathlib import Path

import pytest
from builders import open_export, request, write_logs
from database_builders import call, case_of_log, entry

from ddms_ops.findings import Severity, Verdict

USUAL = [
    "SELECT name FROM tenants WHERE id = 1", "SELECT id FROM documents WHERE owner = 'a'",
    "UPDATE users SET seen = now() WHERE id = 4", "INSERT INTO audit_logs (action) VALUES ('read')",
]  # fmt: skip


def hour(clock: int, *, times: int = 1, ms: float = 4.0) -> list[str]:
    """Four statements every six seconds of an hour, a little uneven."""
    clocks = [f"{clock:02d}:{n // 10:02d}:{n % 10 * 6:02d}" for n in range(600)]
    return [
        call(stamp, 100 + place % 3, sql, ms=ms * (1 + place % 4 / 10))
        for place, stamp in enumerate(clocks)
        for sql in USUAL
        for _ in range(times)
    ] + [call(f"{clock:02d}:59:59", 1, "SELECT 1", ms=0.1) for _ in range(30 * times)]


def in_order(*logs: list[str]) -> list[str]:
    """Entries of several logs by their time; those of one time stay as they are."""
    return sorted((line for log in logs for line in log), key=lambda line: line[:19])


def test_the_same_hour_twice_is_clear(tmp_path: Path):
    """Nothing is found where nothing moved."""
    result = case_of_log(tmp_path, *hour(9), *hour(10)).result("slow_statements")
    assert (result.status, result.reason) == (Verdict.CLEAR, "")


def test_growth_of_all_is_said_once(tmp_path: Path):
    """Three times the traffic is no fault of one statement."""
    [finding] = case_of_log(tmp_path, *hour(9), *hour(10, times=3)).result("slow_statements").findings
    assert finding.subject == {"statement": "all", "change": "called_more"}


def test_a_slow_database_is_said_once(tmp_path: Path):
    """Every statement five times as slow is no fault of one."""
    [finding] = case_of_log(tmp_path, *hour(9), *hour(10, ms=20.0)).result("slow_statements").findings
    assert finding.subject == {"statement": "all", "change": "slower"}


def test_a_statement_that_becomes_slow_is_dated(tmp_path: Path):
    """From the minute on in which it became slow."""
    late = [call(f"10:{n:02d}:30", 9, "SELECT id FROM jobs WHERE state = 'new'", ms=5.0) for n in range(30)]
    late += [call(f"10:{n:02d}:30", 9, "SELECT id FROM jobs WHERE state = 'new'", ms=900.0) for n in range(30, 60)]
    usual = [call(f"09:{n:02d}:30", 9, "SELECT id FROM jobs WHERE state = 'new'", ms=5.0) for n in range(60)]
    case = case_of_log(tmp_path, *hour(9), *usual, *sorted(hour(10) + late))
    [finding] = case.result("slow_statements").findings
    assert (finding.subject["change"], f"{finding.first_seen:%H:%M}") == ("slower", "10:30")


def test_nothing_of_a_database_cannot_tell(tmp_path: Path):
    """The reason says what would help."""
    case = open_export(write_logs(tmp_path, "api", request("10:00:00")), system="generic")
    result = case.result("slow_statements")
    assert result.status is Verdict.NOT_CHECKED
    assert "log_min_duration_statement = 0" in result.reason
    assert "docs/database-snapshot.sql" in result.reason


def test_a_log_without_durations_says_how_to_have_them(tmp_path: Path):
    """Its entries are counted."""
    entries = [entry(f"{clock}:00", 1, "statement: SELECT 1") for clock in ("09:30", "10:30")]
    result = case_of_log(tmp_path, *entries).result("slow_statements")
    assert result.reason.startswith("cannot tell: none of the log's 2 entries has a statement with its duration")


def test_a_log_of_slow_calls_only_says_so(tmp_path: Path):
    """Nothing found over it is not clear."""
    entries = [call(f"{clock}:{n:02d}:00", 1, USUAL[0], ms=300 + n) for clock in ("09", "10") for n in range(60)]
    result = case_of_log(tmp_path, *entries).result("slow_statements")
    assert result.status is Verdict.NOT_CHECKED
    assert "the log tells of calls over 300 ms only" in result.reason


WAIT = "duration: 9000.000 ms  statement: UPDATE accounts SET balance = 1 WHERE owner = 'a@example.com'"


def chain() -> list[str]:
    """Process 2 waits for 1, 3 for 2; 1 does nothing from its update to its commit."""
    return [
        call("10:20:00", 1, "BEGIN"),
        call("10:20:00", 1, "UPDATE accounts SET balance = 0 WHERE id = 1"),
        entry("10:20:02", 2, "process 2 still waiting for ShareLock on transaction 7 after 1000.123 ms"),
        entry("10:20:02", 2, "Process holding the lock: 1. Wait queue: 2.", level="DETAIL"),
        entry(
            "10:20:03", 3, "process 3 still waiting for ExclusiveLock on tuple (0,1) of relation 5 after 1000.100 ms"
        ),
        entry("10:20:03", 3, "Process holding the lock: 2. Wait queue: 3.", level="DETAIL"),
        call("10:20:10", 1, "COMMIT"),
        entry("10:20:10", 2, "process 2 acquired ShareLock on transaction 7 after 9000.000 ms"),
        entry("10:20:10", 2, WAIT),
        entry("10:20:11", 3, "process 3 acquired ExclusiveLock on tuple (0,1) of relation 5 after 9000.000 ms"),
        entry("10:20:11", 3, WAIT),
    ]


def test_who_waited_for_whom(tmp_path: Path):
    """The root is named with what it did, and no literal is."""
    finding = case_of_log(tmp_path, *hour(9), *in_order(hour(10), chain())).result("blocking").findings[0]
    assert (finding.subject["kind"], finding.subject["root"]) == ("idle_in_transaction", "1")
    assert finding.observed == pytest.approx(18.0, abs=1.5)
    assert "2 waits deep" in finding.statement
    assert "example.com" not in finding.statement


@pytest.mark.parametrize("text", ["sorry, too many clients already", "remaining connection slots are reserved for …"])
def test_refused_connections(tmp_path: Path, text: str):
    """Each way in which Postgres says that all are taken."""
    entries = [entry(f"10:30:{n:02d}", 50 + n, text, level="FATAL") for n in range(10)]
    [finding] = case_of_log(tmp_path, *hour(9), *in_order(hour(10), entries)).result("connections").findings
    assert (finding.subject["kind"], finding.severity, finding.observed) == ("exhausted", Severity.HIGH, 10.0)


def test_the_tenant_of_what_grew(tmp_path: Path):
    """A tenant that takes most of the growth is named with the share that nobody can attribute."""

    def block(clock: str, tenant: str, ms: float) -> list[str]:
        sqls = ("BEGIN", f"SET LOCAL app.tenant_id = '{tenant}'")
        return [*(call(clock, 5, sql) for sql in sqls), call(clock, 5, USUAL[0], ms=ms), call(clock, 5, "COMMIT")]

    before = [line for n in range(50) for line in block(f"09:{n:02d}:00", f"t{n % 5}", 10)]
    now = [line for n in range(50) for line in block(f"10:{n:02d}:00", f"t{n % 5}", 500 if n % 5 == 3 else 10)]
    [finding] = case_of_log(tmp_path, *before, *now).result("tenant_database_time").findings
    assert finding.subject == {"tenant": "t3"}
    assert "cannot be attributed" in finding.statement


def test_slower_and_called_less_for_it_is_slower(tmp_path: Path):
    """A pool that is full calls less: the time of a call tells."""
    sql = "SELECT id FROM jobs WHERE state = 'new'"
    before = [call(f"09:{n // 10:02d}:{n % 10 * 6:02d}", 9, sql, ms=100) for n in range(600)]
    now = [call(f"10:{n:02d}:30", 9, sql, ms=1000 + n) for n in range(60)]
    [finding] = case_of_log(tmp_path, *sorted([*hour(9), *before, *hour(10), *now])).result("slow_statements").findings
    assert finding.subject["change"] == "slower"


def test_a_little_more_and_a_little_slower_is_told(tmp_path: Path):
    """1.9 times the calls of 1.9 times the length."""
    sql = "SELECT id FROM jobs WHERE state = 'new'"
    before = [call(f"09:{n // 10:02d}:{n % 10 * 6:02d}", 9, sql, ms=100 + n % 7) for n in range(300)]
    now = [call(f"10:{n // 10:02d}:{n % 10 * 6:02d}", 9, sql, ms=190 + n % 7) for n in range(570)]
    [finding] = case_of_log(tmp_path, *sorted([*hour(9), *before, *hour(10), *now])).result("slow_statements").findings
    assert finding.severity is Severity.MEDIUM


def test_a_log_that_was_switched_on_cannot_be_compared(tmp_path: Path):
    """Calls over 300 ms before, all calls now."""
    before = [call(f"09:{n:02d}:00", 1, USUAL[0], ms=300 + n) for n in range(60)]
    result = case_of_log(tmp_path, *before, *hour(10)).result("slow_statements")
    assert result.status is Verdict.NOT_CHECKED
    assert "calls of any length in the window, over 300 ms in the baseline" in result.reason


def test_a_statement_that_always_times_out_is_told(tmp_path: Path):
    """It has no duration any more."""
    lines = []
    for n in range(40):
        cancelled = "canceling statement due to statement timeout"
        lines += [entry(f"10:{n:02d}:00", 40, cancelled, level="ERROR"),
                  entry(f"10:{n:02d}:00", 40, "SELECT id FROM jobs WHERE n = 1", level="STATEMENT")]  # fmt: skip
    [finding] = case_of_log(tmp_path, *hour(9), *in_order(hour(10), lines)).result("slow_statements").findings
    assert (finding.subject["change"], finding.observed) == ("cancelled", 40.0)


def test_calls_of_no_time_break_nothing(tmp_path: Path):
    """A mean of 0 ms before."""
    before = [call(f"09:{n:02d}:00", 9, "SELECT id FROM jobs", ms=0.0) for n in range(60)]
    now = [call(f"10:{n:02d}:00", 9, "SELECT id FROM jobs", ms=900.0 + n) for n in range(60)]
    [finding] = case_of_log(tmp_path, *sorted([*hour(9), *before, *hour(10), *now])).result("slow_statements").findings
    assert finding.subject["change"] == "slower"


def test_a_server_that_starts_refuses(tmp_path: Path):
    """Not because its connections were taken."""
    refused = [entry(f"10:30:{n:02d}", 50 + n, "the database system is starting up", level="FATAL") for n in range(9)]
    [finding] = case_of_log(tmp_path, *hour(9), *in_order(hour(10), refused)).result("connections").findings
    assert finding.subject == {"kind": "restart"}


def test_a_log_of_slow_calls_tells_no_tenant(tmp_path: Path):
    """What a session set is not seen."""
    lines = [call(f"{clock}:{n:02d}:00", 1, USUAL[0], ms=300 + n) for clock in ("09", "10") for n in range(60)]
    lines.append(call("10:00:00", 1, "SET app.tenant_id = 'a'", ms=400))
    assert case_of_log(tmp_path, *sorted(lines)).result("tenant_database_time").status is Verdict.NOT_CHECKED
