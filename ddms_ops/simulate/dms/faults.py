"""What goes wrong with requests: background errors and the scenario's faults."""

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ZONES
from ddms_ops.simulate.dms.requests import DOCUMENTS, ENDPOINT_NAMES, USERS, Requests, is_near_the_ends, progress
from ddms_ops.simulate.scenario import Fault, Retries, Scenario

SECOND_ATTEMPT = 0.35  # share of retried requests that fail twice before they succeed


def plant(requests: Requests, place: int, fault: Fault, scenario: Scenario, rng: np.random.Generator) -> None:
    """Let the fault, whose error has that place in `kinds`, happen to its share of the requests."""
    hit = _hit(requests, fault, scenario, rng)
    if fault.error.retries is not None:
        hit &= (requests.error < 0) & ~is_near_the_ends(requests.time_ms, scenario)
        is_on = progress(requests.time_ms, scenario, fault) > 0
        hit = _retry(requests, place, hit, np.where(is_on, fault.final, 0.0), fault.error.retries, rng)
    fail(requests, place, hit, rng)


def _hit(requests: Requests, fault: Fault, scenario: Scenario, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Requests that the fault happens to; the first it can happen to is always one, so that a sudden onset shows."""
    come = progress(requests.time_ms, scenario, fault)
    share = np.where(come > 0, fault.share * come, fault.usual)
    can = requests.does(*fault.error.actions) & (share > 0) & ~requests.is_planted
    if fault.endpoint is not None:
        can &= requests.endpoint == ENDPOINT_NAMES.index(fault.endpoint)
    if fault.zone is not None:
        can &= requests.zone[requests.stream] == ZONES.index(fault.zone)
    first = np.flatnonzero(can & (come > 0))[: 0 if fault.is_gradual else 1]
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


def _retry(
    requests: Requests,
    place: int,
    hit: NDArray[np.bool_],
    final: NDArray[np.float64],
    retries: Retries,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Let attempts fail and the requests take longer by it; gives those that fail in the end, a share of each."""
    tried = np.flatnonzero(hit)
    draw = rng.random(len(tried))
    is_last = draw >= 1 - final[tried]
    failed = np.where(is_last, retries.attempts, np.where(draw < SECOND_ATTEMPT, 2, 1))
    requests.attempts[tried] = failed
    requests.retried[tried] = place
    waited = retries.wait_ms * (2.0**failed - 1) * rng.uniform(0.7, 1.4, len(tried))
    requests.duration_ms[tried] += waited.astype(np.int32)
    found = np.zeros(len(hit), dtype=bool)
    found[tried[is_last]] = True
    return found


def fail(requests: Requests, place: int, hit: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Let these requests end in that error; the first and the last, which mark the ends, never do."""
    hit[[0, -1]] = False
    kind = requests.kinds[place]
    requests.error[hit] = place
    requests.status[hit] = kind.status
    if kind.took_ms is not None:
        requests.duration_ms[hit] = kind.took_ms + rng.integers(1, 60, int(hit.sum()))
