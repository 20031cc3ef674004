"""Processing jobs as arrays: every upload that succeeded leads to some."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import JOBS, THROTTLED, UNSUPPORTED, UPLOADS
from ddms_ops.simulate.dms.requests import SETTLE_MS, Requests, is_near_the_ends, progress
from ddms_ops.simulate.scenario import ErrorKind, Fault, Scenario

ATTEMPTS = 3
STREAM_EVENTS = 2_000
FIRST_WAIT_MS = 4_000
PLANTED = 2  # place in `kinds`


@dataclass(slots=True)
class Jobs:
    """Attempts at jobs, ordered by time; one array element and one log event each.

    `error` is a place in `kinds`, -1 where the attempt completed; `is_final` is False where it is tried again.
    """

    time_ms: NDArray[np.int64]
    request: NDArray[np.int64]  # the upload's place among the requests
    tenant: NDArray[np.int16]
    document: NDArray[np.int32]
    job_type: NDArray[np.int16]
    duration_ms: NDArray[np.int32]
    attempt: NDArray[np.int16]
    error: NDArray[np.int16]
    is_final: NDArray[np.bool_]
    stream: NDArray[np.int32]
    skew_ms: NDArray[np.int64]
    kinds: tuple[ErrorKind, ...]


def draw_jobs(scenario: Scenario, requests: Requests, rng: np.random.Generator) -> Jobs:
    """Attempts at the jobs of every upload that succeeded, within baseline and window."""
    uploads = np.flatnonzero(requests.does(*UPLOADS) & (requests.status < 400))
    picked = [uploads[rng.random(len(uploads)) < job.share] for job in JOBS]
    request = np.concatenate(picked)
    job_type = np.repeat(np.arange(len(JOBS), dtype=np.int16), [len(p) for p in picked])
    start = requests.time_ms[request] + rng.integers(FIRST_WAIT_MS, 4 * FIRST_WAIT_MS, len(request))
    first = np.full(len(request), -1, dtype=np.int16)
    for place, kind in enumerate((THROTTLED, UNSUPPORTED)):
        can = np.array([job.name in kind.actions for job in JOBS])[job_type]
        first[can & (rng.random(len(first)) < kind.rate)] = place
    is_given_up = np.zeros(len(request), dtype=bool)
    if scenario.job_fault is not None:
        is_given_up = _hit(scenario, scenario.job_fault, start, job_type, rng)
        first[is_given_up] = PLANTED
    kinds = (THROTTLED, UNSUPPORTED, *([scenario.job_fault.error] if scenario.job_fault else []))
    index, attempt, error, is_final = _attempts(first, is_given_up)
    took = np.array([job.median_ms for job in JOBS])[job_type[index]] * np.exp(0.5 * rng.standard_normal(len(index)))
    took = np.where(error >= 0, np.minimum(took, 900), took).astype(np.int32) + 1
    time_ms = start[index] + (attempt - 1) * rng.integers(15_000, 30_000, len(index)) + took.astype(np.int64)
    keep = np.flatnonzero(time_ms < scenario.end_ms)
    order = keep[np.argsort(time_ms[keep], kind="stable")]
    index = index[order]
    stream, skew_ms = _draw_streams(scenario, time_ms[order], rng, len(took))
    return Jobs(
        time_ms=time_ms[order], request=request[index], tenant=requests.tenant[request[index]],
        document=requests.document[request[index]], job_type=job_type[index], duration_ms=took[order],
        attempt=attempt[order], error=error[order], is_final=is_final[order],
        stream=stream, skew_ms=skew_ms, kinds=kinds,
    )  # fmt: skip


def _hit(
    scenario: Scenario, fault: Fault, start: NDArray[np.int64], job_type: NDArray[np.int16], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Jobs that fail; where nothing else shows the onset, the first that can fail does."""
    come = progress(start, scenario, fault)
    can = np.array([not fault.error.actions or job.name in fault.error.actions for job in JOBS])[job_type]
    hit = can & (rng.random(len(start)) < fault.share * come)
    if not scenario.faults:
        able = np.flatnonzero(can & (come > 0))
        hit[able[np.argsort(start[able], kind="stable")[:1]]] = True
    return hit


def _draw_streams(
    scenario: Scenario, time_ms: NDArray[np.int64], rng: np.random.Generator, attempts: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The log stream of each attempt and each stream's clock error; the second half are a new worker's."""
    streams = int(np.clip(attempts // STREAM_EVENTS, 4, 60))
    skew_ms = rng.integers(-2000, 2001, streams)
    skew_ms[0] = 0
    stream = rng.integers(0, streams, len(time_ms)).astype(np.int32)
    stream[is_near_the_ends(time_ms, scenario)] = 0
    if scenario.new_worker and scenario.onset_ms is not None:
        stream[time_ms >= scenario.onset_ms + SETTLE_MS] += streams
        skew_ms = np.concatenate((skew_ms, -skew_ms))
    return stream, skew_ms


def _attempts(
    first: NDArray[np.int16], is_given_up: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int16], NDArray[np.bool_]]:
    """Job, attempt, error and whether it is the last, for every attempt at every job.

    Throttled jobs complete at the second attempt, unsupported documents are not tried again, planted
    failures last through all attempts.
    """
    again = np.flatnonzero(first == 0)
    given_up = np.flatnonzero(is_given_up)
    index = np.concatenate((np.arange(len(first)), again, *[given_up] * (ATTEMPTS - 1)))
    attempt = np.ones(len(index), dtype=np.int16)
    error = first[index].copy()
    error[len(first) : len(first) + len(again)] = -1
    attempt[len(first) : len(first) + len(again)] = 2
    for number in range(2, ATTEMPTS + 1):
        end = len(first) + len(again) + len(given_up) * (number - 1)
        attempt[end - len(given_up) : end] = number
    is_final = (error == -1) | (error == 1) | ((error == PLANTED) & (attempt == ATTEMPTS))
    return index, attempt, error, is_final
