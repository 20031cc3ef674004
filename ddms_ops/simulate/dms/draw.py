"""Requests drawn from the catalogue and a scenario; everything else follows from them."""

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import BACKGROUND, ENDPOINTS, TENANTS, ZIPF, ZONES
from ddms_ops.simulate.dms.faults import fail, plant
from ddms_ops.simulate.dms.noise import NOISE, QUIET, Noise, draw_noise
from ddms_ops.simulate.dms.requests import (
    DOCUMENTS,
    ENDPOINT_NAMES,
    LATE_MS,
    SETTLE_MS,
    USERS,
    Requests,
    is_near_the_ends,
)
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario

STREAM_EVENTS = 3_000
LATE_STREAM, SKEWED_STREAM = 1, 2
SPREAD = 0.45  # sigma of the log of a duration
COLD = 0.005  # share of requests that wait for a cold start


def draw_times(scenario: Scenario, count: int, noise: Noise, rng: np.random.Generator) -> NDArray[np.int64]:
    """Times in baseline and window, ordered, along a smooth daily rhythm and the scenario's traffic.

    The first is the baseline's start, the last the window's end, and one is the window's start.
    """
    seconds = np.arange(scenario.first_ms, scenario.end_ms, 1000)
    rate = 1 + 0.15 * np.sin((seconds / 3_600_000 % 24 - 6) / 24 * 2 * np.pi)
    if scenario.onset_ms is not None:
        rate = np.where(seconds < scenario.onset_ms + SETTLE_MS, rate, rate * scenario.traffic_left)
    passed = np.concatenate(([0.0], np.cumsum(rate * noise.traffic(seconds))))
    ends = np.append(seconds, scenario.end_ms)
    times = np.sort(np.interp(rng.random(count) * passed[-1], passed, ends).astype(np.int64))
    times[0], times[-1] = scenario.first_ms, scenario.end_ms
    times[np.searchsorted(times, scenario.start_ms)] = scenario.start_ms
    return times


def draw_requests(scenario: Scenario, count: int, rng: np.random.Generator) -> Requests:
    """So many requests of baseline and window, with background errors and the scenario's faults."""
    noise = draw_noise(scenario, rng) if scenario.is_noisy else QUIET
    time_ms = draw_times(scenario, count, noise, rng)
    tenant, endpoint, names = _draw_who(count, rng)
    is_new = np.zeros(count, dtype=bool)
    if scenario.new_version and scenario.onset_ms is not None:
        is_new = time_ms >= scenario.onset_ms + SETTLE_MS
    stream, skew_ms, zone = _draw_streams(scenario, time_ms, is_new, rng)
    user = (rng.random(count) ** 1.5 * USERS).astype(np.int32) + USERS * tenant
    document = (rng.integers(0, DOCUMENTS, count) + DOCUMENTS * tenant.astype(np.int32)).astype(np.int32)
    duration_ms, is_cold = _draw_durations(scenario, time_ms, endpoint, rng)
    background = (*BACKGROUND, *(NOISE if scenario.is_noisy else ()))
    requests = Requests(
        time_ms=time_ms, tenant=tenant, endpoint=endpoint, user=user, document=document, duration_ms=duration_ms,
        status=np.array([e.ok for e in ENDPOINTS], dtype=np.int16)[endpoint],
        error=np.full(count, -1, dtype=np.int16),
        attempts=np.zeros(count, dtype=np.int8), retried=np.full(count, -1, dtype=np.int16),
        is_new=is_new, is_cold=is_cold, stream=stream, skew_ms=skew_ms, zone=zone,
        kinds=(*background, *(fault.error for fault in scenario.faults)), first_planted=len(background),
        names=names, agents=dict(noise.agents),
    )  # fmt: skip
    for place, kind in enumerate(background):
        rate = kind.rate * noise.errors(place, time_ms)
        fail(requests, place, requests.does(*kind.actions) & (rng.random(count) < rate), rng)
    noise.burst(requests, rng)
    for place, fault in enumerate(scenario.faults, len(background)):
        plant(requests, place, fault, scenario, rng)
    return requests


def _draw_streams(
    scenario: Scenario, time_ms: NDArray[np.int64], is_new: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int8]]:
    """The log stream of each request, and the clock error and the zone of each stream.

    The second half of the streams is the new version's. Near the ends of the export clocks are right.
    """
    count = len(time_ms)
    streams = int(np.clip(count // STREAM_EVENTS, 6, 120))
    skew_ms = rng.integers(-2000, 2001, 2 * streams)
    skew_ms[0], skew_ms[LATE_STREAM] = 0, LATE_MS
    stream = (rng.integers(0, streams, count) + np.where(is_new, streams, 0)).astype(np.int32)
    skew_ms[streams] = 0
    is_exact = (time_ms == scenario.start_ms) | is_near_the_ends(time_ms, scenario)
    if scenario.skew_min:
        skew_ms[SKEWED_STREAM] = round(scenario.skew_min * MINUTE_MS)
        margin_ms = abs(round(scenario.skew_min * MINUTE_MS)) + LATE_MS
        is_exact |= (stream == SKEWED_STREAM) & is_near_the_ends(time_ms, scenario, margin_ms=margin_ms)
    stream[is_exact] = np.where(is_new[is_exact], streams, 0)
    return stream, skew_ms, (np.arange(2 * streams) % streams % len(ZONES)).astype(np.int8)


def _draw_who(count: int, rng: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.int16], tuple[str, ...]]:
    """Tenant (by rank, 0 the greatest) and endpoint of each request, and the tenants' names.

    Tenants use endpoints unevenly: a third of them, never the ten greatest, makes no versions.
    """
    size = 1 / np.arange(1, TENANTS + 1) ** ZIPF
    uses = np.clip(rng.gamma(8.0, 0.125, (TENANTS, len(ENDPOINTS))), 0.6, 1.6)
    for name in ("POST /documents/{id}/versions", "POST /documents/{id}/share", "GET /tenants/me/usage"):
        uses[rng.permutation(np.arange(10, TENANTS))[: TENANTS // 3], ENDPOINT_NAMES.index(name)] = 0
    joint = size[:, None] * uses
    joint *= np.array([endpoint.weight for endpoint in ENDPOINTS]) / joint.sum(axis=0)
    joint *= (size / joint.sum(axis=1))[:, None]
    joint *= np.array([endpoint.weight for endpoint in ENDPOINTS]) / joint.sum(axis=0)
    passed = np.cumsum(joint.ravel())
    cell = np.searchsorted(passed, rng.random(count) * passed[-1], side="right")
    names = tuple(f"tenant-{number + 1:03d}" for number in rng.permutation(TENANTS))
    return (cell // len(ENDPOINTS)).astype(np.int16), (cell % len(ENDPOINTS)).astype(np.int16), names


def _draw_durations(
    scenario: Scenario, time_ms: NDArray[np.int64], endpoint: NDArray[np.int16], rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """How long each request takes, and whether it had to wait for a cold start."""
    median = np.array([e.median_ms for e in ENDPOINTS])[endpoint]
    took = median * np.exp(SPREAD * rng.standard_normal(len(endpoint)))
    is_cold = rng.random(len(endpoint)) < COLD
    took += np.where(is_cold, rng.uniform(350, 900, len(endpoint)), 0)
    if scenario.onset_ms is not None and scenario.slowdown != 1:
        took *= np.where(time_ms < scenario.onset_ms + SETTLE_MS, 1.0, scenario.slowdown)
    return took.astype(np.int32) + 1, is_cold
