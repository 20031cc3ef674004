"""Logs of one server that several files hold are taken once: copies, beginnings, and stderr beside csvlog."""

import gzip
from pathlib import Path

import pytest
from log_corpus import pulled

from ddms_ops.coverage import Status
from ddms_ops.window import Window


def clock(second: int) -> str:
    """A time from 10:00."""
    return f"2026-03-04 {10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}"


def stderr(first: int, last: int, tag: str = "t") -> bytes:
    """An entry a second, the last not among them."""
    lines = (f"{clock(n)} UTC::a@b:[7]:LOG:  duration: {n}.5 ms  statement: select {n}\n\tfrom {tag}\n"
             for n in range(first, last))  # fmt: skip
    return "".join(lines).encode()


def csvlog(first: int, last: int) -> bytes:
    """The same as csvlog."""
    head = ',"a","b",7,"10.1.2.3:5",65e59a10.47,3,"SELECT",2026-03-04 09:00:00 UTC,4/7,0,LOG,00000,'
    lines = (f'{clock(n)}.250 UTC{head}"duration: {n}.5 ms  statement: select {n}\n\tfrom t",,,,,,,,,"psql"\n'
             for n in range(first, last))  # fmt: skip
    return "".join(lines).encode()


def jsonlog(first: int, last: int) -> bytes:
    """The same as jsonlog."""
    lines = (f'{{"timestamp":"{clock(n)}.250 UTC","pid":7,"error_severity":"LOG","message":"duration: {n}.5 ms"}}\n'
             for n in range(first, last))  # fmt: skip
    return "".join(lines).encode()


WHOLE = stderr(0, 400)
COPIES = {
    "a zipped copy": {"a.log": WHOLE, "a.log.gz": gzip.compress(WHOLE)},
    "a copy without its last end": {"a.log": WHOLE[:-1], "b.log": WHOLE},
    "a copy with it": {"a.log": WHOLE, "b.log": WHOLE[:-1]},
    "its beginning": {"a.log": WHOLE[:9999], "b.log": WHOLE},
    "its beginning, later by name": {"a.log": WHOLE, "b.log": WHOLE[:9999]},
    "its first bytes": {"a.log": WHOLE[:50], "b.log": WHOLE},
    "a truncated gzip of it": {"a.log": WHOLE, "0.log.gz": gzip.compress(WHOLE)[:-400]},
    "its end": {"a.log": WHOLE, "a.log.2026-03-04-10": stderr(300, 400)},
    "a part of it": {"a.log": WHOLE, "a.log.1": stderr(100, 200)},
    "its end, and more": {"a.log": stderr(0, 300), "a.log.1": stderr(200, 400)},
    "its end cut off, and more": {"a.log": stderr(0, 300)[:-20], "a.log.1": stderr(200, 400)},
    "three that overlap": {"1.log": stderr(0, 200), "2.log": stderr(100, 300), "3.log": stderr(150, 400)},
    "three that are the same": {"1.log": WHOLE, "2.log": WHOLE, "3.log": WHOLE},
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_taken_once(name: str, tmp_path: Path):
    """Every entry is there once, in order, the pull is complete, and a note names the file."""
    pull = pulled(tmp_path, COPIES[name])
    whole = pulled(tmp_path / "whole", {"a.log": WHOLE})
    assert pull.table["entry"].to_pylist() == whole.table["entry"].to_pylist()
    assert pull.coverage.status is Status.COMPLETE
    assert "left out: " in pull.coverage.reason or "begins with the same" in pull.coverage.reason


def test_other_servers_and_other_content_are_no_copies(tmp_path: Path):
    """Folders are servers of their own, and what differs anywhere is taken."""
    files = {"a/x.log": WHOLE, "b/x.log": WHOLE, "b/y.log": stderr(0, 399) + stderr(399, 400, "u")}
    pull = pulled(tmp_path, files)
    assert (pull.coverage.rows, pull.coverage.reason) == (1200, "")


def test_files_that_follow_each_other_are_taken_whole(tmp_path: Path):
    """A file that begins in the second in which another ends holds entries of its own."""
    pull = pulled(tmp_path, {"a.log": stderr(0, 200), "b.log": stderr(199, 300, "u")})
    assert (pull.coverage.rows, pull.coverage.reason) == (301, "")


@pytest.mark.parametrize("shape", [csvlog, jsonlog])
def test_stderr_gives_way_to_a_csvlog_or_jsonlog(shape, tmp_path: Path):
    """Where they overlap in time the csvlog or jsonlog is taken, stderr only outside of it; the reason says so."""
    pull = pulled(tmp_path, {"a.log": WHOLE, "a.csv": shape(100, 300)})
    found = list(zip(pull.table["timestamp"].to_pylist(), pull.table["log"].to_pylist(), strict=True))
    seconds = sorted((stamp.minute * 60 + stamp.second, log) for stamp, log in found)
    assert seconds == [(n, "a.csv" if 100 <= n < 300 else "a.log") for n in range(400)]
    assert pull.coverage.status is Status.COMPLETE
    assert pull.coverage.reason == "200 rows left out, of times that a csvlog or jsonlog of the same server holds"


def test_a_csvlog_goes_before_a_jsonlog(tmp_path: Path):
    """Of all three shapes of a time one is taken."""
    pull = pulled(tmp_path, {"a.log": WHOLE, "a.csv": csvlog(0, 400), "a.json": jsonlog(0, 400)})
    assert set(pull.table["log"].to_pylist()) == {"a.csv"}
    assert pull.coverage.rows == 400


def test_the_csvlog_of_another_server_changes_nothing(tmp_path: Path):
    """Each folder is a server of its own."""
    pull = pulled(tmp_path, {"a/x.log": WHOLE, "b/x.csv": csvlog(0, 400)})
    assert (pull.coverage.rows, pull.coverage.reason) == (800, "")


def test_a_copy_outside_of_the_window_is_not_spoken_of(tmp_path: Path):
    """The reason is about what the window holds."""
    late = "2026-03-04 12:00:00 UTC::a@b:[7]:LOG:  duration: 1 ms\n"
    files = {"a.log": WHOLE, "b.log": WHOLE, "c.log": late.encode()}
    pull = pulled(tmp_path, files, window=Window.of("2026-03-04T11:59Z", "2026-03-04T12:01Z"))
    assert (pull.coverage.rows, pull.coverage.reason) == (1, "")
