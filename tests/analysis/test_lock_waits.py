"""Who waited for whom."""

import time

import numpy as np
import pandas as pd
import pytest
from builders import at

from ddms_ops.analysis.lock_chains import joined_waits, lock_chains
from ddms_ops.analysis.lock_waits import COLUMNS, UNKNOWN, Chain, logged_waits, sampled_waits

SAMPLE = ["captured_at", "pid", "blocked_by", "query_start", "xact_start", "statement", "pull", "row"]


def event(clock: str, kind: str, pid: int, *, ms: float = 0.0, holders: tuple[int, ...] = (), text: str = "") -> dict:
    """One event of a log."""
    same = {"server": "a", "lock": "ShareLock on transaction 7", "id": f"s{pid}", "pull": "database_log"}
    return same | {"timestamp": at(clock), "kind": kind, "pid": pid, "wait_ms": ms, "holders": holders, "message": text}


def waits(*events: dict) -> pd.DataFrame:
    """Waits of a log."""
    return logged_waits(pd.DataFrame([each | {"row": row} for row, each in enumerate(events)]), at("11:00"))


def chains(*events: dict) -> list[Chain]:
    """Chains of a log."""
    return lock_chains(waits(*events))


def sampled(*rows: tuple) -> pd.DataFrame:
    """Waits of samples: clock, pid, blocked_by, query_start, xact_start."""
    seen = [
        (at(clock), pid, holders, at(query) if query else pd.NaT, at(xact) if xact else pd.NaT, "s", "statistics", row)
        for row, (clock, pid, holders, query, xact) in enumerate(rows)
    ]
    return sampled_waits(pd.DataFrame(seen, columns=SAMPLE))


def test_a_chain_three_deep_has_one_root():
    """4 waits for 3, 3 for 2, 2 for 1, who waits for nobody."""
    [chain] = chains(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:00:03", "lock_wait", 3, ms=1000, holders=(2,)),
        event("10:00:04", "lock_wait", 4, ms=1000, holders=(3,)),
        event("10:00:09", "lock_acquired", 2, ms=8000),
        event("10:00:09", "lock_acquired", 3, ms=7000),
        event("10:00:10", "lock_acquired", 4, ms=7000),
    )
    assert (chain.root, chain.depth, chain.waiters, chain.waited_ms) == (1, 3, (2, 3, 4), 22_000.0)
    assert chain.start == at("10:00:01")


def test_two_roots_are_two_chains():
    """Whoever does not wait for the other is another matter."""
    found = chains(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:00:05", "lock_acquired", 2, ms=4000),
        event("10:00:02", "lock_wait", 9, ms=1000, holders=(8,)),
        event("10:00:04", "lock_acquired", 9, ms=3000),
    )
    assert [(chain.root, chain.waited_ms) for chain in found] == [(1, 4000.0), (8, 3000.0)]


def test_a_wait_repeated_in_the_log_counts_once():
    """A wait may be told again with a longer queue, and another holder."""
    [chain, _] = chains(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:00:03", "lock_wait", 2, ms=2000, holders=(1, 5)),
        event("10:00:05", "lock_acquired", 2, ms=4000),
    )
    assert (len(chain.spans), chain.waited_ms) == (1, 4000.0)


def test_a_wait_that_nobody_ended_lasts_to_the_end():
    """The log ends before it does."""
    [chain] = chains(event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)))
    assert chain.end == at("11:00")


def test_whoever_waits_for_something_else_waits_no_longer_for_the_first():
    """A wait whose end was not logged ends when its process waits anew."""
    found = chains(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:30:02", "lock_wait", 2, ms=1000, holders=(3,)),
    )
    assert [(chain.root, chain.end) for chain in found] == [(1, at("10:30:01")), (3, at("11:00"))]


@pytest.mark.parametrize(
    "text", ["all server processes terminated; reinitializing", "database system is ready to accept connections"]
)
def test_a_crash_ends_all_waits_of_its_server(text: str):
    """Those of another server go on."""
    other = event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)) | {"server": "b"}
    found = chains(
        other,
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:00:09", "server", 7, text="server process (PID 1) was terminated by signal 9: Killed"),
        event("10:00:10", "server", 7, text=text),
    )
    assert {chain.server: chain.end for chain in found} == {"a": at("10:00:10"), "b": at("11:00")}


def test_an_avoided_deadlock_ends_no_wait():
    """The queue was put into another order, and its process waits on."""
    [chain] = chains(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:00:03", "deadlock", 2, text="process 2 avoided deadlock for ShareLock on relation 5 by rearranging"),
        event("10:00:09", "lock_acquired", 2, ms=8000),
    )
    assert chain.waited_ms == 8000.0


def test_a_wait_without_detail_is_kept():
    """A terse log does not name the holder; samples may."""
    logged = waits(event("10:00:02", "lock_wait", 2, ms=1000), event("10:00:09", "lock_acquired", 2, ms=8000))
    assert logged["holder"].tolist() == [UNKNOWN]
    named = joined_waits(logged, sampled(("10:00:05", 2, [1], "10:00:01", "")))
    assert named[["server", "waiter", "holder"]].to_numpy().tolist() == [["a", 2, 1]]
    assert named["end"].tolist() == [at("10:00:09")]


def test_what_the_log_tells_of_is_not_sampled_again():
    """Another wait of the same two is."""
    logged = waits(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(1,)), event("10:00:09", "lock_acquired", 2, ms=8000)
    )
    both = sampled(("10:00:05", 2, [1], "10:00:01", ""), ("10:40:05", 2, [1], "10:40:01", ""))
    assert [len(chain.spans) for chain in lock_chains(joined_waits(logged, both))] == [1, 1]


def test_a_ring_has_a_root_too():
    """A deadlock: each waits for the other."""
    found = chains(
        event("10:00:02", "lock_wait", 2, ms=1000, holders=(3,)),
        event("10:00:02", "lock_wait", 3, ms=1000, holders=(2,)),
        event("10:00:03", "deadlock", 3, text="deadlock detected"),
        event("10:00:03", "lock_acquired", 2, ms=2000),
    )
    assert [(chain.root, chain.waiters) for chain in found] == [(2, (2, 3))]


def test_a_holder_that_waited_for_a_moment_is_a_root():
    """Of an hour of waiting for 2, that 2 waited for 1 for two seconds explains nothing."""
    found = chains(
        event("10:00:02", "lock_wait", 3, ms=1000, holders=(2,)),
        event("10:20:02", "lock_wait", 2, ms=1000, holders=(1,)),
        event("10:20:03", "lock_acquired", 2, ms=2000),
    )
    assert [(chain.root, chain.waiters) for chain in found] == [(2, (3,)), (1, (2,))]


def test_samples_tell_of_waits_too():
    """Two samples of one wait are one, from when its query began."""
    [chain] = lock_chains(sampled(("10:00:05", 2, [1], "10:00:00", ""), ("10:00:09", 2, [1], "10:00:00", "")))
    assert (chain.root, chain.waited_ms, chain.end) == (1, 9000.0, at("10:00:09"))


def test_a_sampled_wait_is_no_older_than_the_holders_transaction():
    """A query that ran for a minute before the holder began has not waited for it."""
    found = sampled(("10:00:05", 2, [1], "09:59:00", "09:59:00"), ("10:00:05", 1, [], "", "10:00:02"))
    assert found["start"].tolist() == [at("10:00:02")]


def test_a_waiter_without_a_query_waits_from_its_first_sample():
    """A sample in between that does not show it parts two waits."""
    found = sampled(
        ("10:00:05", 2, [0], "", ""),
        ("10:00:10", 2, [0], "", ""),
        ("10:00:15", 2, [], "", ""),
        ("10:00:20", 2, [0], "", ""),
    )
    assert found["start"].tolist() == [at("10:00:05"), at("10:00:20")]


def test_no_waits_no_chains():
    """Nothing waited."""
    names = ["server", "timestamp", "kind", "pid", "wait_ms", "holders", "lock", "id", "pull", "row", "message"]
    logged = logged_waits(pd.DataFrame(columns=names), at("11:00"))
    assert lock_chains(joined_waits(logged, sampled())) == []


def test_many_waits_are_quick():
    """Of very many waits the longest make the chains; 25,000 over 100 processes take seconds at most."""
    number, rng = 25_000, np.random.default_rng(5)
    starts = at("09:00") + pd.to_timedelta(rng.integers(0, 3_600_000, number), unit="ms")
    ends = starts + pd.to_timedelta(rng.integers(1000, 20_000, number), unit="ms")
    pids = rng.integers(1, 100, number)
    values = ["a", pids, pids + rng.integers(1, 3, number), starts, ends, "lock", "s", "database_log", range(number)]
    frame = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    began = time.perf_counter()
    assert sum(len(chain.spans) for chain in lock_chains(frame)) >= 20_000
    assert time.perf_counter() - began < 30
