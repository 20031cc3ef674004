"""The calls of the database's statements: who made them, and how long each took, in microseconds.

A request that is refused before it is looked at, or gets no connection, sends none. What a request waited for besides
(a cold start, another service, a connection) makes its statements no slower.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ENDPOINTS, JOBS
from ddms_ops.simulate.dms.database_statements import EVERY, NUMBERS, STATEMENTS, Statement
from ddms_ops.simulate.dms.draw import SPREAD
from ddms_ops.simulate.dms.jobs import Jobs
from ddms_ops.simulate.dms.requests import SETTLE_MS, Requests
from ddms_ops.simulate.scenario import ErrorKind, Scenario

REFUSED = (400, 401, 403, 413, 415, 429)
NO_SLOTS = "connection slots are reserved"
NO_CONNECTION = (NO_SLOTS, "acquiring a connection from the pool")
CANCELLED = "57014"
VARIES = 0.25  # sigma of the log of a statement's share
MOST_SHARE = 0.9  # of a request's time
SCAN_VARIES, SCAN_MOST_US = 0.3, (3_600_000, 4_900_000)
COLD_READS, COLD_US = 0.008, (215_000, 300_000)  # calls before the index was dropped that had to read it from disk


@dataclass(slots=True)
class Load:
    """What an export's calls follow from.

    `natural_ms` is how long each request would have taken by itself. Of the statement whose index is dropped,
    `scanned` are the requests that call it and `scan_us` how long it took.
    """

    scenario: Scenario
    requests: Requests
    seed: int
    natural_ms: NDArray[np.float32]
    scanned: NDArray[np.int64]
    scan_us: NDArray[np.int64]


@dataclass(slots=True)
class Calls:
    """All calls of a statement by requests, or by jobs: places among these, when they had ended, and how long.

    `is_scan` are those that no longer had their index.
    """

    statement: Statement
    number: int
    is_of_jobs: bool
    place: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    exec_us: NDArray[np.int64]
    is_scan: NDArray[np.bool_]


def draw_load(scenario: Scenario, requests: Requests, seed: int) -> Load:
    """The load of an export; requests that call the statement whose index is dropped take as much longer."""
    rng = np.random.default_rng([seed, 6])
    natural = _natural_ms(scenario, requests, rng)
    nothing = np.zeros(0, dtype=np.int64)
    load = Load(scenario, requests, seed, natural, nothing, nothing)
    dropped = scenario.dropped_index
    if dropped is None or scenario.onset_ms is None:
        return load
    calls = _by_requests(load, NUMBERS[dropped.statement])
    is_scan = requests.time_ms[calls.place] >= scenario.onset_ms + SETTLE_MS
    times = dropped.times * np.exp(SCAN_VARIES * rng.standard_normal(len(is_scan)))
    cold = np.where(rng.random(len(is_scan)) < COLD_READS, rng.integers(*COLD_US, len(is_scan)), 0)
    scans = (calls.exec_us * times).astype(np.int64)
    scans = np.where(scans > SCAN_MOST_US[1], rng.integers(*SCAN_MOST_US, len(scans)), scans)
    load.scanned, load.scan_us = calls.place, np.where(is_scan, scans, calls.exec_us + cold)
    requests.duration_ms[calls.place] += ((load.scan_us - calls.exec_us) // 1000).astype(np.int32)
    return load


def all_calls(load: Load, jobs: Jobs) -> Iterator[Calls]:
    """The calls of every statement, by requests and by jobs."""
    for number, statement in enumerate(STATEMENTS):
        if statement.shares:
            yield _by_requests(load, number)
        if statement.job_shares:
            yield _by_jobs(load, jobs, number)


def kinds_with(kinds: tuple[ErrorKind, ...], *words: str) -> NDArray[np.bool_]:
    """Which errors say some of these words; one more entry for none, so that -1 takes it."""
    return np.array([*(any(word in kind.message for word in words) for kind in kinds), False])


def cancelled(requests: Requests) -> NDArray[np.bool_]:
    """Requests whose longest statement was cancelled; it does not count as called."""
    return np.array([*(kind.code == CANCELLED for kind in requests.kinds), False])[requests.error]


def longest(action: str) -> str:
    """Name of the statement that takes most of the time of an action's requests."""
    return max(STATEMENTS, key=lambda statement: statement.shares.get(action, 0.0)).name


def _natural_ms(scenario: Scenario, requests: Requests, rng: np.random.Generator) -> NDArray[np.float32]:
    median = np.array([endpoint.median_ms for endpoint in ENDPOINTS])[requests.endpoint]
    drawn = median * np.exp(SPREAD * rng.standard_normal(len(median)))
    took = requests.duration_ms.astype(np.float64)
    if scenario.onset_ms is not None:
        took[requests.time_ms >= scenario.onset_ms + SETTLE_MS] /= scenario.slowdown
    waited = np.array([*(kind.took_ms is not None for kind in requests.kinds), False])[requests.error]
    is_odd = requests.is_cold | (requests.attempts > 0) | waited
    return np.where(is_odd, np.minimum(drawn, took), took).astype(np.float32)


def _by_requests(load: Load, number: int) -> Calls:
    statement, requests = STATEMENTS[number], load.requests
    shares = _shares(statement.shares, [endpoint.action for endpoint in ENDPOINTS])
    runs = (shares > 0)[requests.endpoint] & ~np.isin(requests.status, REFUSED)
    runs &= ~kinds_with(requests.kinds, *NO_CONNECTION)[requests.error]
    if statement.is_write or statement.is_ending:
        runs &= (requests.status < 400) == statement.is_write
    ends_early = np.array([longest(endpoint.action) == statement.name for endpoint in ENDPOINTS])[requests.endpoint]
    place = np.flatnonzero(runs & ~(ends_early & cancelled(requests)))
    exec_us = _taken(load.natural_ms[place], shares[requests.endpoint[place]], load.seed, number)
    is_scan = np.zeros(len(place), dtype=bool)
    if len(load.scanned) and NUMBERS[load.scenario.dropped_index.statement] == number:  # type: ignore[union-attr]
        exec_us = load.scan_us
        is_scan = requests.time_ms[place] >= load.scenario.anchor_ms + SETTLE_MS
    return Calls(statement, number, False, place, requests.time_ms[place], exec_us, is_scan)


def _by_jobs(load: Load, jobs: Jobs, number: int) -> Calls:
    statement = STATEMENTS[number]
    shares = _shares(statement.job_shares, [job.name for job in JOBS])
    runs = (shares > 0)[jobs.job_type] & ~kinds_with(jobs.kinds, *NO_CONNECTION)[jobs.error]
    if statement.is_ending:
        runs &= (jobs.error < 0) == statement.is_write
    place = np.repeat(np.flatnonzero(runs), statement.job_calls)
    exec_us = _taken(jobs.usual_ms[place], shares[jobs.job_type[place]], load.seed, number + len(STATEMENTS))
    return Calls(statement, number, True, place, jobs.time_ms[place], exec_us, np.zeros(len(place), dtype=bool))


def _shares(by_name: Mapping[str, float], names: list[str]) -> NDArray[np.float64]:
    return np.array([by_name.get(name, by_name.get(EVERY, 0.0)) for name in names])


def _taken(whole_ms: np.ndarray, share: NDArray[np.float64], seed: int, number: int) -> NDArray[np.int64]:
    """Microseconds of each call, never more than most of the request or job."""
    noise = np.random.default_rng([seed, 7, number]).standard_normal(len(share), dtype=np.float32)
    shares = np.minimum(share * np.exp(VARIES * noise), MOST_SHARE)
    return np.maximum(whole_ms * shares * 1000, 1).astype(np.int64)
