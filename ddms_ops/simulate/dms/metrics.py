"""CloudWatch metrics of the simulated system, computed from the same requests and jobs as the logs.

`api_requests` and `api_5xx` count exactly the requests in the logs, minute by minute. Latencies, success rates
and processing time are over the minute too, and where it holds fewer than AT_LEAST samples over the last
AT_LEAST of them (at the very beginning: the first AT_LEAST), as a service would publish them: so that a small
export does not cross a threshold by a single slow request. A job that is tried again is not a failure, only
its last attempt counts. Queue depth and database connections are synthetic.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import MAX_CONNECTIONS, UPLOADS
from ddms_ops.simulate.dms.jobs import PLANTED, Jobs
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

Series = dict[str, NDArray[np.float64]]
AT_LEAST = 300
QUIET_CONNECTIONS = 120
CLIMB_MIN = 6
FILES = {
    "api-gateway.json": ("api_requests", "api_5xx", "api_p95_latency"),
    "dms.json": ("upload_success_rate", "processing_success_rate", "search_p95_latency", "processing_p95_duration"),
    "sqs-and-rds.json": ("dlq_messages", "queue_depth", "db_connections"),
    "services.json": (
        "queue_age", "queue_arrived", "queue_done", "executions_started", "executions_succeeded", "executions_failed",
        "worker_concurrency", "worker_throttles", "worker_max_duration", "api_concurrency", "api_throttles",
        "lambda_concurrency", "scan_running", "scan_wanted", "scan_cpu", "db_cpu",
    ),
}  # fmt: skip
ARRIVALS = 60  # messages a minute that come into the queue


def minute_series(scenario: Scenario, requests: Requests, jobs: Jobs, rng: np.random.Generator) -> Series:
    """Every metric's value for each minute of baseline and window, by our name."""
    edges = np.arange(scenario.first_ms, scenario.end_ms + 1, MINUTE_MS)
    is_5xx = requests.status >= 500
    uploads, searches = requests.does(*UPLOADS), requests.does("document.search")
    last = jobs.is_final
    return {
        "api_requests": _per_minute(requests.time_ms, edges),
        "api_5xx": _per_minute(requests.time_ms[is_5xx], edges),
        "api_p95_latency": _published(requests.time_ms, requests.duration_ms, edges, _p95),
        "upload_success_rate": _published(requests.time_ms[uploads], ~is_5xx[uploads], edges, np.mean),
        "search_p95_latency": _published(requests.time_ms[searches], requests.duration_ms[searches], edges, _p95),
        "processing_success_rate": _published(jobs.time_ms[last], jobs.error[last] < 0, edges, np.mean),
        "processing_p95_duration": _published(jobs.time_ms, jobs.duration_ms / 1000, edges, _p95),
        "dlq_messages": np.cumsum(_per_minute(jobs.time_ms[last & (jobs.error == PLANTED)], edges)),
        "queue_depth": _queue_depth(scenario, edges, rng),
        "db_connections": _connections(scenario, edges, rng),
    }


def error_rate(series: Series) -> NDArray[np.float64]:
    """Share of requests that ended in 5xx, per minute; 0 where there were none."""
    return series["api_5xx"] / np.maximum(series["api_requests"], 1)


def _per_minute(time_ms: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.diff(np.searchsorted(time_ms, edges)).astype(np.float64)


def _p95(values: NDArray[np.float64]) -> float:
    return float(np.percentile(values, 95))


def _published(
    time_ms: NDArray[np.int64], values: np.ndarray, edges: NDArray[np.int64], of: Callable[[np.ndarray], float]
) -> NDArray[np.float64]:
    """A statistic for each minute; see the module docstring for which samples it is over."""
    places = np.searchsorted(time_ms, edges)
    found = []
    for start, end in zip(places[:-1], places[1:], strict=True):
        end = max(end, min(AT_LEAST, len(values)))
        found.append(float(of(values[max(0, min(start, end - AT_LEAST)) : end])))
    return np.round(np.array(found), 6)


def _since_change(scenario: Scenario, edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Minutes since the planted change at each minute, negative before it."""
    return (edges[:-1] - scenario.called_ms(scenario.changes[0])) / MINUTE_MS


def since_onset(scenario: Scenario, edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Minutes since the onset at each minute, negative before it, and all before it on a quiet day."""
    onset_ms = scenario.end_ms if scenario.onset_ms is None else scenario.onset_ms
    return (edges[:-1] - onset_ms) / MINUTE_MS


def _connections(scenario: Scenario, edges: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    count = len(edges) - 1
    usual = QUIET_CONNECTIONS + 8 * np.sin(np.arange(count) / 37) + rng.integers(-5, 6, count)
    if not scenario.connections_full:
        return np.round(usual)
    climbed = np.clip(_since_change(scenario, edges) / CLIMB_MIN, 0, 1)
    full = MAX_CONNECTIONS - rng.integers(0, 3, count)
    return np.round(usual + climbed * (full - usual))


def _queue_depth(scenario: Scenario, edges: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    usual = rng.poisson(9, len(edges) - 1).astype(np.float64)
    if scenario.consumers_left < 1:
        left = ARRIVALS * (1 - scenario.consumers_left)
        return np.round(usual + left * np.maximum(since_onset(scenario, edges), 0))
    if not scenario.connections_full:
        return usual
    return np.round(usual + np.clip(_since_change(scenario, edges) * 9, 0, 640))


def write_metrics(folder: Path, scenario: Scenario, series: Series) -> None:
    """Write get-metric-data answers, newest point first, and 5XXError also as get-metric-statistics output."""
    count = len(series["api_requests"])
    starts = pd.DatetimeIndex((scenario.first_ms + MINUTE_MS * np.arange(count)).astype("datetime64[ms]"))
    stamps = starts.strftime("%Y-%m-%dT%H:%M:%S+00:00").tolist()
    for name, metrics in FILES.items():
        results = [
            {"Id": metric, "Label": metric, "Timestamps": stamps[::-1], "Values": series[metric].tolist()[::-1],
             "StatusCode": "Complete"}
            for metric in metrics
        ]  # fmt: skip
        write_json(folder / name, {"MetricDataResults": results, "Messages": []})
    order = np.argsort([stamp[::-1] for stamp in stamps], kind="stable").tolist()  # AWS returns no order either
    points = [{"Timestamp": stamps[n], "Sum": float(series["api_5xx"][n]), "Unit": "Count"} for n in order]
    write_json(folder / "api-5xx-statistics.json", {"Label": "5XXError", "Datapoints": points})
