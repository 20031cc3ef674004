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
UNSUPPORTED_PLACE, PLANTED = 1, 2  # places in `kinds`
LONGEST_MS = 880_000  # the worker's time limit is 900 s
MACHINE_MOST = 600


@dataclass(slots=True)
class Jobs:
    """Attempts at jobs, ordered by time; one array element and one log event each.

    `error` is a place in `kinds`, -1 where the attempt completed; `is_final` is False where it is tried again.
    `unfinished` are places among the requests of uploads with a job that is not done before the export ends, `stuck`
    those of them whose work stays at the scenario's step.
    """

    time_ms: NDArray[np.int64]
    request: NDArray[np.int64]  # the upload's place among the requests
    tenant: NDArray[np.int16]
    document: NDArray[np.int32]
    job_type: NDArray[np.int16]
    duration_ms: NDArray[np.int32]
    usual_ms: NDArray[np.int32]  # as long as it takes where its kind is not slow
    attempt: NDArray[np.int16]
    error: NDArray[np.int16]
    is_final: NDArray[np.bool_]
    stream: NDArray[np.int32]
    skew_ms: NDArray[np.int64]
    kinds: tuple[ErrorKind, ...]
    unfinished: NDArray[np.int64]
    stuck: NDArray[np.int64]


def draw_jobs(scenario: Scenario, requests: Requests, rng: np.random.Generator) -> Jobs:
    """Attempts at the jobs of every upload that succeeded, within baseline and window."""
    uploads = np.flatnonzero(requests.does(*UPLOADS) & (requests.status < 400))
    picked = [uploads[rng.random(len(uploads)) < job.share] for job in JOBS]
    request = np.concatenate(picked)
    job_type = np.repeat(np.arange(len(JOBS), dtype=np.int16), [len(p) for p in picked])
    start = requests.time_ms[request] + rng.integers(FIRST_WAIT_MS, 4 * FIRST_WAIT_MS, len(request))
    first, is_given_up = _outcomes(scenario, start, job_type, rng)
    kinds = (THROTTLED, UNSUPPORTED, *([scenario.job_fault.error] if scenario.job_fault else []))
    index, attempt, error, is_final = _attempts(first, is_given_up)
    took = np.array([job.median_ms for job in JOBS])[job_type[index]] * np.exp(0.5 * rng.standard_normal(len(index)))
    took = np.where(error >= 0, np.minimum(took, 900), took)
    usual = took.astype(np.int32) + 1
    took = np.where(error >= 0, took, _slowed(scenario, took, start[index], job_type[index])).astype(np.int32) + 1
    time_ms = start[index] + (attempt - 1) * rng.integers(15_000, 30_000, len(index)) + took.astype(np.int64)
    stuck = _stuck(scenario, requests, request, job_type, start)
    is_done = (time_ms < scenario.end_ms) & ~_is_lost(scenario, stuck, request, job_type)[index]
    keep = np.flatnonzero(is_done)
    unfinished = np.unique(request[index[~is_done]])
    order = keep[np.argsort(time_ms[keep], kind="stable")]
    index = index[order]
    stream, skew_ms = _draw_streams(scenario, time_ms[order], rng, len(took))
    return Jobs(
        time_ms=time_ms[order], request=request[index], tenant=requests.tenant[request[index]],
        document=requests.document[request[index]], job_type=job_type[index],
        duration_ms=took[order], usual_ms=usual[order], attempt=attempt[order],
        error=error[order], is_final=is_final[order],
        stream=stream, skew_ms=skew_ms, kinds=kinds, unfinished=unfinished, stuck=stuck,
    )  # fmt: skip


def _outcomes(
    scenario: Scenario, start: NDArray[np.int64], job_type: NDArray[np.int16], rng: np.random.Generator
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """The error of each job's first attempt (a place in `kinds`, -1 where there is none), and which are given up."""
    first = np.full(len(start), -1, dtype=np.int16)
    for place, kind in enumerate((THROTTLED, UNSUPPORTED)):
        can = np.array([job.name in kind.actions for job in JOBS])[job_type]
        first[can & (rng.random(len(first)) < kind.rate)] = place
    is_given_up = np.zeros(len(start), dtype=bool)
    if scenario.job_fault is not None:
        is_given_up = _hit(scenario, scenario.job_fault, start, job_type, rng)
        first[is_given_up] = PLANTED
    return first, is_given_up


def _slowed(
    scenario: Scenario, took: NDArray[np.float64], start: NDArray[np.int64], job_type: NDArray[np.int16]
) -> NDArray[np.float64]:
    """How long jobs take with the scenario's slow kind, ms; never as long as the worker may run."""
    if scenario.slow_job is None or scenario.onset_ms is None:
        return took
    names = np.array([job.name == scenario.slow_job.job for job in JOBS])
    is_slow = names[job_type] & (start >= scenario.onset_ms + SETTLE_MS)
    return np.where(is_slow, np.minimum(took * scenario.slow_job.times, LONGEST_MS), took)


def _stuck(
    scenario: Scenario,
    requests: Requests,
    request: NDArray[np.int64],
    job_type: NDArray[np.int16],
    start: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Uploads of the state machine that come to the stuck step after the onset, as places among the requests."""
    if scenario.stuck is None or scenario.onset_ms is None:
        return np.zeros(0, dtype=np.int64)
    names = np.array([job.name == scenario.stuck.job for job in JOBS])
    is_its = (
        names[job_type] & (start >= scenario.onset_ms + SETTLE_MS) & (requests.time_ms[request] >= scenario.onset_ms)
    )
    return np.intersect1d(request[is_its], through_machine(requests))


def _is_lost(
    scenario: Scenario, stuck: NDArray[np.int64], request: NDArray[np.int64], job_type: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Jobs that are never done."""
    if scenario.stuck is None:
        return np.zeros(len(request), dtype=bool)
    lost = np.array([job.name in scenario.stuck.lost for job in JOBS])
    return lost[job_type] & np.isin(request, stuck)


def through_machine(requests: Requests) -> NDArray[np.int64]:
    """Uploads whose documents are so large that a state machine sees them through: every n-th, MACHINE_MOST at most."""
    uploads = np.flatnonzero(requests.does(*UPLOADS) & (requests.status < 400))
    return uploads[:: max(1, -(-len(uploads) // MACHINE_MOST))]


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
