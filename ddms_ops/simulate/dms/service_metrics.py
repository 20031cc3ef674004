"""Metrics of what the system runs on: the queue's traffic, executions, functions, tasks and the database's CPU.

Those of executions count what is in the export; the queue's are synthetic and agree with its depth; concurrency, tasks
and CPU are levels with noise, which a scenario moves where it would.
"""

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.executions import FAILED, SUCCEEDED, Executions
from ddms_ops.simulate.dms.jobs import Jobs
from ddms_ops.simulate.dms.metrics import ARRIVALS, Series, since_onset
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

TASKS = 6  # of the scan service
WORKER_CALLS, API_CALLS = 14, 22  # at a time
SLOW_CALLS, SLOW_CLIMB_MIN = 48, 6  # further ones of the worker when a kind of job is slow
USUAL_MS = 14_000  # the longest job of a minute without one
Values = NDArray[np.float64]


def tasks_left(scenario: Scenario) -> int:
    """Tasks of the scan service that are wanted at the end."""
    return max(1, round(TASKS * scenario.consumers_left))


def service_series(scenario: Scenario, series: Series, jobs: Jobs, executions: Executions, seed: int) -> Series:
    """Every further metric's value for each minute of baseline and window, by our name; `series` has the others."""
    rng = np.random.default_rng([seed, 12])
    edges = np.arange(scenario.first_ms, scenario.end_ms + 1, MINUTE_MS)
    count, since = len(edges) - 1, since_onset(scenario, edges)
    is_on = since >= 0
    arrived = rng.poisson(ARRIVALS * np.where(is_on, scenario.traffic_left, 1.0)).astype(np.float64)
    depth = series["queue_depth"]
    worker = WORKER_CALLS + rng.poisson(3, count).astype(np.float64)
    if scenario.slow_job is not None:
        worker += np.round(SLOW_CALLS * np.clip(since / SLOW_CLIMB_MIN, 0, 1))
    busy = np.where(is_on, scenario.traffic_left * scenario.slowdown, 1.0)
    api = np.round((API_CALLS + rng.poisson(4, count)) * busy)
    none, tasks = np.zeros(count), np.where(is_on, tasks_left(scenario), TASKS).astype(np.float64)
    stopped = executions.stop_ms
    status = np.array(executions.status)
    return {
        "queue_age": np.round(depth / ARRIVALS * 60 + rng.poisson(3, count)),
        "queue_arrived": arrived,
        "queue_done": np.maximum(arrived - np.diff(depth, prepend=depth[0]), 0),
        "executions_started": _counted(executions.start_ms, edges),
        "executions_succeeded": _counted(stopped[status == SUCCEEDED], edges),
        "executions_failed": _counted(stopped[status == FAILED], edges),
        "worker_concurrency": worker,
        "worker_throttles": none,
        "worker_max_duration": _longest(jobs, edges),
        "api_concurrency": api,
        "api_throttles": none,
        "lambda_concurrency": api + worker,
        "scan_running": tasks,
        "scan_wanted": tasks,
        "scan_cpu": np.round(np.where(tasks < TASKS, 96.5, 38.0) + rng.normal(0, 1, count), 2),
        "db_cpu": np.round(31 + 15 * (is_on & scenario.connections_full) + rng.normal(0, 2, count), 2),
    }


def _counted(time_ms: NDArray[np.int64], edges: NDArray[np.int64]) -> Values:
    """How many of these times are in each minute."""
    return np.diff(np.searchsorted(np.sort(time_ms), edges)).astype(np.float64)


def _longest(jobs: Jobs, edges: NDArray[np.int64]) -> Values:
    """The longest attempt that ended in each minute, ms."""
    longest = np.zeros(len(edges) - 1)
    np.maximum.at(longest, (jobs.time_ms - edges[0]) // MINUTE_MS, jobs.duration_ms.astype(np.float64))
    return np.where(longest > 0, longest, USUAL_MS)
