"""Requests as arrays: what they are, what became of them, and how far a fault has come at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import ENDPOINTS
from ddms_ops.simulate.scenario import MINUTE_MS, ErrorKind, Fault, Scenario

SETTLE_MS = 3_000  # planted faults begin this long into their minute: no clock is early enough to show them before it
LATE_MS = 20_000
USERS, DOCUMENTS = 90, 20_000  # of each tenant
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
    attempts: NDArray[np.int8]  # at a call that failed, whatever the end
    retried: NDArray[np.int16]  # place in `kinds` of what the attempts failed with; only where there are some
    is_new: NDArray[np.bool_]  # served by the new version
    is_cold: NDArray[np.bool_]
    stream: NDArray[np.int32]
    skew_ms: NDArray[np.int64]  # by stream
    zone: NDArray[np.int8]  # by stream
    kinds: tuple[ErrorKind, ...]
    first_planted: int  # place in `kinds` of the first planted error
    names: tuple[str, ...]  # of tenants
    agents: dict[int, int]  # user agent of users who are no people

    @property
    def is_planted(self) -> NDArray[np.bool_]:
        """Requests that fail because of the scenario, also those answered with 200."""
        return self.error >= self.first_planted

    @property
    def logged_ms(self) -> NDArray[np.int64]:
        """Times by the clocks of the log streams."""
        return self.time_ms + self.skew_ms[self.stream]

    def does(self, *actions: str) -> NDArray[np.bool_]:
        """Requests with one of these actions; all of them where none is given."""
        table = np.array([not actions or endpoint.action in actions for endpoint in ENDPOINTS])
        return table[self.endpoint]


def is_near_the_ends(
    time_ms: NDArray[np.int64], scenario: Scenario, *, margin_ms: int = LATE_MS + 1000
) -> NDArray[np.bool_]:
    """Times so near to either end of the export that a clock must be right to keep them inside."""
    return (time_ms < scenario.first_ms + margin_ms) | (time_ms > scenario.end_ms - margin_ms)


def progress(time_ms: NDArray[np.int64], scenario: Scenario, fault: Fault) -> NDArray[np.float64]:
    """How far a fault has come, 0..1, at each time: 0 before it begins, 1 when its ramp is over."""
    if scenario.onset_ms is None:
        return np.zeros(len(time_ms))
    since = time_ms - (scenario.begins_ms(fault) + SETTLE_MS)
    if fault.ramp_min <= 0:
        return (since >= 0).astype(np.float64)
    climbed = fault.starts_at + (1 - fault.starts_at) * since / (fault.ramp_min * MINUTE_MS)
    return np.where(since < 0, 0.0, np.clip(climbed, 0.0, 1.0))
