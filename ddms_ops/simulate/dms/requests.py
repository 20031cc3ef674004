"""Requests as arrays, drawn from the catalogue and a scenario; everything else follows from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import BACKGROUND, ENDPOINTS, TENANTS, ZIPF
from ddms_ops.simulate.scenario import MINUTE_MS, ErrorKind, Fault, Scenario

SETTLE_MS = 3_000  # planted faults begin this long into their minute: no clock is early enough to show them before it
STREAM_EVENTS = 3_000
LATE_STREAM, LATE_MS = 1, 20_000
USERS, DOCUMENTS = 90, 20_000  # of each tenant
SPREAD = 0.45  # sigma of the log of a duration
COLD = 0.005  # share of requests that wait for a cold start
ENDPOINT_NAMES = tuple(endpoint.name for endpoint in ENDPOINTS)


@dataclass(slots=True)
class Requests:
    """API requests ordered by time, one array element each.

    `error` is a place in `kinds`, -1 where nothing went wrong; kinds from `first_planted` on are planted.
    """

    time_ms: NDArray[np.int64]
    tenant: NDArray[np.int16]
    endpoint: NDArray[np.int16]
    user: NDArray[np.int32]
    document: NDArray[np.int32]
    duration_ms: NDArray[np.int32]
    status: NDArray[np.int16]
    error: NDArray[np.int16]
    is_new: NDArray[np.bool_]  # served by the new version
    stream: NDArray[np.int32]
    skew_ms: NDArray[np.int64]  # by stream
    kinds: tuple[ErrorKind, ...]
    names: tuple[str, ...]  # of tenants

    @property
    def first_planted(self) -> int:
        """Place in `kinds` of the first planted error."""
        return len(BACKGROUND)

    @property
    def is_planted(self) -> NDArray[np.bool_]:
        """Requests that fail because of the scenario."""
        return self.error >= self.first_planted

    def does(self, *actions: str) -> NDArray[np.bool_]:
        """Requests with one of these actions; all of them where none is given."""
        table = np.array([not actions or endpoint.action in actions for endpoint in ENDPOINTS])
        return table[self.endpoint]


def draw_times(scenario: Scenario, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Times in baseline and window, ordered, along a smooth daily rhythm and the scenario's traffic.

    The first is the baseline's start, the last the window's end, and one is the window's start.
    """
    seconds = np.arange(scenario.first_ms, scenario.end_ms, 1000)
    rate = 1 + 0.15 * np.sin((seconds / 3_600_000 % 24 - 6) / 24 * 2 * np.pi)
    if scenario.onset_ms is not None:
        rate = np.where(seconds < scenario.onset_ms + SETTLE_MS, rate, rate * scenario.traffic_left)
    passed = np.concatenate(([0.0], np.cumsum(rate)))
    ends = np.append(seconds, scenario.end_ms)
    times = np.sort(np.interp(rng.random(count) * passed[-1], passed, ends).astype(np.int64))
    times[0], times[-1] = scenario.first_ms, scenario.end_ms
    times[np.searchsorted(times, scenario.start_ms)] = scenario.start_ms
    return times


def draw_requests(scenario: Scenario, count: int, rng: np.random.Generator) -> Requests:
    """So many requests of baseline and window, with background errors and the scenario's faults."""
    time_ms = draw_times(scenario, count, rng)
    tenant, endpoint, names = _draw_who(count, rng)
    is_new = np.zeros(count, dtype=bool)
    if scenario.new_version and scenario.onset_ms is not None:
        is_new = time_ms >= scenario.onset_ms + SETTLE_MS
    streams = int(np.clip(count // STREAM_EVENTS, 6, 120))
    skew_ms = rng.integers(-2000, 2001, 2 * streams)
    skew_ms[0], skew_ms[LATE_STREAM] = 0, LATE_MS
    stream = (rng.integers(0, streams, count) + np.where(is_new, streams, 0)).astype(np.int32)
    skew_ms[streams] = 0
    is_exact = (time_ms == scenario.start_ms) | is_near_the_ends(time_ms, scenario)
    stream[is_exact] = np.where(is_new[is_exact], streams, 0)
    requests = Requests(
        time_ms=time_ms, tenant=tenant, endpoint=endpoint,
        user=(rng.random(count) ** 1.5 * USERS).astype(np.int32) + USERS * tenant,
        document=(rng.integers(0, DOCUMENTS, count) + DOCUMENTS * tenant.astype(np.int32)).astype(np.int32),
        duration_ms=_draw_durations(scenario, time_ms, endpoint, rng),
        status=np.array([e.ok for e in ENDPOINTS], dtype=np.int16)[endpoint],
        error=np.full(count, -1, dtype=np.int16),
        is_new=is_new, stream=stream, skew_ms=skew_ms,
        kinds=(*BACKGROUND, *(fault.error for fault in scenario.faults)), names=names,
    )  # fmt: skip
    for place, kind in enumerate(BACKGROUND):
        _fail(requests, place, requests.does(*kind.actions) & (rng.random(count) < kind.rate), rng)
    for place, fault in enumerate(scenario.faults):
        _fail(requests, requests.first_planted + place, _hit(requests, fault, scenario, rng), rng)
    return requests


def is_near_the_ends(time_ms: NDArray[np.int64], scenario: Scenario) -> NDArray[np.bool_]:
    """Times so near to either end of the export that a clock must be right to keep them inside."""
    margin = LATE_MS + 1000
    return (time_ms < scenario.first_ms + margin) | (time_ms > scenario.end_ms - margin)


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
) -> NDArray[np.int32]:
    median = np.array([e.median_ms for e in ENDPOINTS])[endpoint]
    took = median * np.exp(SPREAD * rng.standard_normal(len(endpoint)))
    took += np.where(rng.random(len(endpoint)) < COLD, rng.uniform(350, 900, len(endpoint)), 0)
    if scenario.onset_ms is not None and scenario.slowdown != 1:
        took *= np.where(time_ms < scenario.onset_ms + SETTLE_MS, 1.0, scenario.slowdown)
    return took.astype(np.int32) + 1


def ramp(time_ms: NDArray[np.int64], scenario: Scenario, minutes: float) -> NDArray[np.float64]:
    """How far a fault has come, 0..1, at each time: 0 before the onset, 1 after `minutes`; it starts at 0.5."""
    if scenario.onset_ms is None:
        return np.zeros(len(time_ms))
    since = time_ms - (scenario.onset_ms + SETTLE_MS)
    if minutes <= 0:
        return (since >= 0).astype(np.float64)
    return np.where(since < 0, 0.0, np.clip(0.5 + 0.5 * since / (minutes * MINUTE_MS), 0.0, 1.0))


def _hit(requests: Requests, fault: Fault, scenario: Scenario, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Requests that the fault makes fail; the first it can happen to is always one, so that the onset shows."""
    share = fault.share * ramp(requests.time_ms, scenario, fault.ramp_min)
    can = requests.does(*fault.error.actions) & (share > 0) & ~requests.is_planted
    if fault.endpoint is not None:
        can &= requests.endpoint == ENDPOINT_NAMES.index(fault.endpoint)
    first = np.flatnonzero(can)[:1]
    if fault.tenant_rank is not None:
        _give_to(requests, first, fault.tenant_rank - 1)
        can &= requests.tenant == fault.tenant_rank - 1
    hit = can & (rng.random(len(share)) < share)
    hit[first] = True
    return hit


def _give_to(requests: Requests, places: NDArray[np.int64], tenant: int) -> None:
    """Make these the requests of another tenant."""
    moved = tenant - requests.tenant[places].astype(np.int32)
    requests.user[places] += USERS * moved
    requests.document[places] += DOCUMENTS * moved
    requests.tenant[places] = tenant


def _fail(requests: Requests, place: int, hit: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Let these requests end in that error; the first and the last, which mark the ends, never do."""
    hit[[0, -1]] = False
    kind = requests.kinds[place]
    requests.error[hit] = place
    requests.status[hit] = kind.status
    if kind.took_ms is not None:
        requests.duration_ms[hit] = kind.took_ms + rng.integers(1, 60, int(hit.sum()))
