"""What the check of lock waits says, how much it weighs, and when it cannot tell."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest
from builders import at, open_export
from database_builders import call, case_of_log, entry

from ddms_ops.checks.blocking import chains_of, unlogged_waits
from ddms_ops.findings import Severity, Verdict

CALLS = [call(f"{hour}:{n:02d}:30", 90, "SELECT 1") for hour in ("09", "10") for n in range(60)]
DOWN = "all server processes terminated; reinitializing"


def wait(start: str, end: str, pid: int = 2, holder: str = "1", *, ms: float | None = None) -> list[str]:
    """A wait from its first second on; without `end` it is not logged; holder "" is a terse log."""
    lock = f"process {pid} {{}} ShareLock on transaction 7 after"
    detail = f"Process holding the lock: {holder}. Wait queue: {pid}."
    told = [entry(start, pid, f"{lock.format('still waiting for')} 1000.000 ms")]
    told += [entry(start, pid, detail, level="DETAIL")] if holder else []
    length = ms or (at(end) - at(start)).total_seconds() * 1000 + 1000 if end else 0
    return told + ([entry(end, pid, f"{lock.format('acquired')} {length:.3f} ms")] if end else [])


def failures(clock: str, number: int, text: str, *, level: str = "ERROR") -> list[str]:
    """The same message of several processes, each with its statement."""
    return [
        line
        for pid in range(10, 10 + number)
        for line in (entry(clock, pid, text, level=level), entry(clock, pid, "UPDATE a SET b = 1", level="STATEMENT"))
    ]


def in_order(*parts: Iterable[str]) -> list[str]:
    """Entries in the order of the log."""
    return sorted(chain.from_iterable(parts), key=lambda line: line[:19])


def findings(root: Path, *entries: str) -> list:
    """Findings about lock waits."""
    return list(case_of_log(root, *in_order(CALLS, entries)).result("blocking").findings)


def test_a_wait_that_began_before_the_window_is_of_the_window(tmp_path: Path):
    """It is one wait, though window and baseline are two pulls."""
    [found] = findings(tmp_path, *wait("09:50:00", "10:10:00"))
    assert (found.subject["root"], found.observed) == ("1", 1201.0)
    assert found.first_seen == at("09:49:59")


def test_a_wait_of_the_baseline_is_not_of_the_window(tmp_path: Path):
    """It is what the window is compared with."""
    case = case_of_log(tmp_path, *in_order(CALLS, wait("09:20:00", "09:30:00")))
    assert (chains_of(case, "now"), [each.root for each in chains_of(case, "before")]) == ([], [1])
    assert case.result("blocking").findings == ()


def test_a_crash_ends_what_waits(tmp_path: Path):
    """Nobody waits after it, though no end was logged."""
    [found] = findings(tmp_path, *wait("10:10:00", ""), entry("10:10:29", 7, DOWN))
    assert found.observed == 30.0


def test_a_short_wait_is_low(tmp_path: Path):
    """2 s in an hour trouble nobody; 400 s do."""
    [short] = findings(tmp_path / "short", *wait("10:10:00", "10:10:01"))
    [long] = findings(tmp_path / "long", *wait("10:10:00", "10:16:40"))
    assert (short.severity, long.severity) == (Severity.LOW, Severity.HIGH)


def test_as_much_waiting_as_before_is_low(tmp_path: Path):
    """All waiting of the window is compared, whoever held the lock."""
    [found] = findings(tmp_path, *wait("10:10:00", "10:16:40"), *wait("09:10:00", "09:15:00", 5, "4"))
    assert (found.severity, found.baseline) == (Severity.LOW, 301.0)


def test_many_short_waits_are_one_finding(tmp_path: Path):
    """It has their sum, the number of bursts and the longest."""
    lines = [wait(f"10:{n:02d}:{s:02d}", f"10:{n:02d}:{s + 1:02d}", ms=1900) for n in range(60) for s in (5, 25, 45)]
    [found] = findings(tmp_path, *(line for part in lines for line in part))
    assert (found.severity, found.observed) == (Severity.HIGH, pytest.approx(342.0))
    assert "in 180 bursts: 342.0 s waited in all, 1.9 s at the longest" in found.statement


def test_many_roots_weigh_together(tmp_path: Path):
    """Each of them alone would be LOW."""
    lines = [wait(f"10:{n:02d}:05", f"10:{n:02d}:14", 100 + n, str(200 + n)) for n in range(40)]
    first = findings(tmp_path, *(line for part in lines for line in part))[0]
    assert first.severity is Severity.HIGH
    assert "all lock waits of the window come to 400.0 s" in first.statement


@pytest.mark.parametrize(
    ("holder", "words", "step"),
    [
        ("0", "A prepared transaction held up", "ROLLBACK PREPARED"),
        ("", "the log names no holder", "log_error_verbosity"),
    ],
)
def test_a_root_that_is_no_process(tmp_path: Path, holder: str, words: str, step: str):
    """It has no pid to be terminated; what waited without a known statement is left out."""
    [found] = findings(tmp_path, *wait("10:10:00", "10:16:40", holder=holder))
    assert words in found.statement
    assert step in found.next_step
    assert "no-text" not in found.statement


def test_only_detected_deadlocks_count(tmp_path: Path):
    """An avoided one is none."""
    avoided = entry("10:10:00", 2, "process 2 avoided deadlock for ShareLock on relation 5 of database 6 after 1 ms")
    assert findings(tmp_path / "avoided", avoided) == []
    [found] = findings(tmp_path / "detected", avoided, entry("10:10:00", 2, "deadlock detected", level="ERROR"))
    assert found.statement == "1 deadlock from 2026-03-04 10:10:00 UTC, 0 expected by the baseline"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("canceling statement due to lock timeout", "lock_timeout"),
        ("terminating connection due to idle-in-transaction timeout", "idle_timeout"),
    ],
)
def test_timeouts_count_where_they_rise(tmp_path: Path, text: str, kind: str):
    """Twice as many as before, and enough of them."""
    [found] = findings(tmp_path / "more", *failures("10:10:00", 20, text))
    assert (found.subject, found.observed) == ({"kind": kind}, 20.0)
    assert "UPDATE a SET b = " in found.statement
    assert findings(tmp_path / "few", *failures("10:10:00", 2, text)) == []
    assert findings(tmp_path / "same", *failures("10:10:00", 20, text), *failures("09:10:00", 20, text)) == []


def test_a_log_of_slow_calls_does_not_say_idle(tmp_path: Path):
    """The root may have run what was not logged."""
    slow = [call(f"{hour}:{n:02d}:30", 90, "SELECT 1", ms=300 + n) for hour in ("09", "10") for n in range(60)]
    root = [call("10:09:00", 1, "SELECT 2", ms=400), call("10:17:00", 1, "COMMIT", ms=400)]
    lines = in_order(slow, root, wait("10:10:00", "10:16:40"))
    [found] = case_of_log(tmp_path, *lines).result("blocking").findings
    assert (found.subject["kind"], found.subject["root_state"]) == ("lock_wait", "unknown")


def test_a_setting_without_a_log_is_no_evidence(tmp_path: Path):
    """Waits are logged, and nobody has the log."""
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "pg_settings.csv").write_text("name,setting\nlog_lock_waits,on\n", encoding="utf-8")
    case = open_export(tmp_path, system="generic")
    assert "log_lock_waits = on" in unlogged_waits(case)
    assert case.result("blocking").status is Verdict.NOT_CHECKED
