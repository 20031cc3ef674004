"""What the system's Postgres leaves behind: its log and three snapshots of its statistics, which fit all the rest."""

from pathlib import Path

import numpy as np

from ddms_ops.simulate.cloudtrail import event_time
from ddms_ops.simulate.dms.catalog import ENDPOINTS
from ddms_ops.simulate.dms.database_counters import Counter, counter_of
from ddms_ops.simulate.dms.database_load import NO_SLOTS, Calls, Load, all_calls, cancelled, kinds_with, longest
from ddms_ops.simulate.dms.database_log import (
    API_USER,
    SLOW_US,
    WORKER_USER,
    Line,
    Sent,
    cancelled_lines,
    refused_lines,
    slow_lines,
    write_lines,
)
from ddms_ops.simulate.dms.database_sessions import write_sessions
from ddms_ops.simulate.dms.database_statements import NUMBERS, STATEMENTS, endpoint_of
from ddms_ops.simulate.dms.database_upkeep import DROPPED_MS, migration_lines, upkeep_lines
from ddms_ops.simulate.dms.database_views import write_views
from ddms_ops.simulate.dms.jobs import Jobs
from ddms_ops.simulate.dms.requests import Requests

MANY = 100_000  # requests from which on auto_explain takes a sample
ONE_IN = 10
LATEST = 0.4  # how much of a request's remaining time may pass after a statement
Told = dict[str, object]


def write_database(folder: Path, load: Load, jobs: Jobs, salt: int) -> Told:
    """Write the folder `database/` of an export; returns what is true of it.

    Returns:
        `calls` and `total_ms` (of baseline and window), `log_lines`, `slow_calls`, `cancelled`, `refused`, `sessions`
        (at the end), and `slow`: None, or what a dropped index did.
    """
    scenario, requests = load.scenario, load.requests
    rng = np.random.default_rng([load.seed, 8])
    one_in = ONE_IN if len(requests.time_ms) > MANY else 1
    sent, counters, lines = Sent(load, jobs, salt), list[Counter](), list[Line]()
    slow_calls, slow = 0, None
    for calls in all_calls(load, jobs):
        role = (WORKER_USER if calls.is_of_jobs else API_USER).partition("@")[0]
        counters.append(counter_of(calls, scenario.start_ms, role=role))
        lines += slow_lines(sent, calls, _ends_us(calls, load, jobs, rng), one_in=one_in)
        slow_calls += int((calls.exec_us >= SLOW_US).sum())
        if scenario.dropped_index and calls.number == NUMBERS[scenario.dropped_index.statement]:
            slow = _slow(load, calls)
    places = np.flatnonzero(cancelled(requests))
    longest_of = [STATEMENTS[NUMBERS[longest(endpoint.action)]] for endpoint in ENDPOINTS]
    lines += cancelled_lines(sent, load, places, [longest_of[route] for route in requests.endpoint[places].tolist()])
    refused = [requests.time_ms[kinds_with(requests.kinds, NO_SLOTS)[requests.error]],
               jobs.time_ms[kinds_with(jobs.kinds, NO_SLOTS)[jobs.error]]]  # fmt: skip
    lines += [*refused_lines(refused[0], user=API_USER), *refused_lines(refused[1], user=WORKER_USER)]
    lines += [*upkeep_lines(scenario, rng), *migration_lines(scenario)]
    write_views(folder, scenario, counters, one_in=one_in)
    return {
        **_sums(counters),
        "log_lines": write_lines(folder / "postgresql.log", lines),
        "slow_calls": slow_calls,
        "cancelled": len(places),
        "refused": sum(map(len, refused)),
        "sessions": write_sessions(folder, scenario, requests.names, rng),
        "slow": slow,
    }


def _ends_us(calls: Calls, load: Load, jobs: Jobs, rng: np.random.Generator) -> np.ndarray:
    """When each call ended: somewhat before its request or job."""
    took_ms = (jobs if calls.is_of_jobs else load.requests).duration_ms[calls.place].astype(np.int64)
    left_us = np.maximum(took_ms * 1000 - calls.exec_us, 0)
    return calls.time_ms * 1000 - (left_us * LATEST * rng.random(len(left_us), dtype=np.float32)).astype(np.int64)


def _sums(counters: list[Counter]) -> Told:
    names = ("baseline", "window")
    calls = {name: sum(c.periods[place].calls for c in counters) for place, name in enumerate(names)}
    spent = {name: sum(c.periods[place].total_us for c in counters) / 1000 for place, name in enumerate(names)}
    return {"calls": calls, "total_ms": spent}


def _by_tenant(requests: Requests, places: np.ndarray) -> dict[str, int]:
    counts = np.bincount(requests.tenant[places], minlength=len(requests.names))
    return dict(sorted((requests.names[place], int(count)) for place, count in enumerate(counts) if count))


def _slow(load: Load, calls: Calls) -> Told:
    """What became of the statement whose index was dropped."""
    scenario, requests = load.scenario, load.requests
    dropped = scenario.dropped_index
    if dropped is None:
        raise ValueError(f"{scenario.name} drops no index")
    quick, scans = calls.exec_us[~calls.is_scan] / 1000, calls.exec_us[calls.is_scan] / 1000
    is_window = calls.time_ms >= scenario.start_ms
    return {
        "statement": calls.statement.text,
        "change": "slower",
        "endpoint": endpoint_of(calls.statement),
        "table": calls.statement.table,
        "index": dropped.index,
        "dropped_at": event_time(scenario.anchor_ms + DROPPED_MS),
        "onset": scenario.onset,
        "calls": {"baseline": int((~is_window).sum()), "window": int(is_window.sum())},
        "slow_calls": len(scans),
        "slow_by_tenant": _by_tenant(requests, calls.place[calls.is_scan]),
        "mean_before_ms": round(float(quick.mean()), 3) if len(quick) else None,
        "mean_after_ms": round(float(scans.mean()), 3) if len(scans) else None,
    }
