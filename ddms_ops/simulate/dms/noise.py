"""The noise of a noisy day: many kinds of errors in clumps, uneven traffic, and clients that are refused in bursts.

Errors of the system's own making clump in baseline and window alike; bursts of refused requests come at any time.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.catalog import BACKGROUND, BOTS, ENDPOINTS, UPLOADS
from ddms_ops.simulate.dms.faults import fail
from ddms_ops.simulate.dms.requests import DOCUMENTS, ENDPOINT_NAMES, USERS, Requests
from ddms_ops.simulate.scenario import LENGTH_MIN, MINUTE_MS, ErrorKind, Scenario

BLOCK_MIN = 5
CLUMPS = 0.8  # shape of the gamma distribution of an error's rate by block
UNEVEN = 40.0  # shape of the gamma distribution of the traffic by minute
BURSTS_MOST = 3  # of each kind
MOST_TRAFFIC = 0.7  # further requests of bursts at one time, as a share of the usual ones


def _refused(name: str, message: str, status: int) -> ErrorKind:
    return ErrorKind(name, message, status, "warn", rate=0.0004)


def _failed(name: str, message: str, status: int, *actions: str, rate: float = 0.0008) -> ErrorKind:
    frames = ("process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
              "Runtime.handler (/var/task/src/handler.js:64:20)")  # fmt: skip
    return ErrorKind(name, message, status, frames=frames, rate=rate, actions=actions)


NOT_THERE = _refused("NotFoundError", "document {uuid} not found", 404)
TOO_MANY = ErrorKind("TooManyRequestsError", "rate limit of 60 requests a minute, retry in {n} ms", 429, "warn",
                     rate=0.0004, took_ms=2)  # fmt: skip
NO_TOKEN = _refused("JsonWebTokenError", "invalid signature", 401)
BAD_IMPORT = _refused("ValidationError", '"folderId" must be a valid GUID in row {n} of the import', 400)
NOISE = (
    NOT_THERE, TOO_MANY, NO_TOKEN, BAD_IMPORT,
    _refused("ForbiddenError", "user has no permission document:share on {uuid}", 403),
    _refused("PayloadTooLargeError", "request entity too large: {size} bytes", 413),
    _refused("UnsupportedMediaTypeError", "content type of '{file}' is not allowed", 415),
    _failed("RequestAbortedError", "client closed the connection after {n} ms", 502, "document.download", rate=0.003),
    _failed("PostgresError", "deadlock detected: process {n} waits for ShareLock on transaction {size}", 500,
            "document.update", "document.upload"),
    _failed("PostgresError", "could not serialize access due to concurrent update of document {uuid}", 500,
            "document.update", "document.share", "document.create"),
    _failed("RangeError", "Invalid time value in 'expiresAt' of share {uuid}", 500, "document.share", rate=0.01),
    _failed("TypeError", "Cannot read properties of null (reading 'ownerId')", 500, "folder.view"),
    _failed("MalformedPDFError", "xref table of '{file}' not found at {size}", 500, "document.view", rate=0.0005),
    _failed("EPIPE", "write EPIPE {ip}:443", 502, *UPLOADS, rate=0.0006),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Burst:
    """Further requests of one user for some minutes, most of them refused."""

    start_ms: int
    end_ms: int
    extra: float  # requests, as a share of all others
    user: int
    endpoint: str
    kind: ErrorKind
    refused: float  # share of its requests


@dataclass(frozen=True, slots=True)
class Noise:
    """How uneven traffic and errors are; of a usual day not at all."""

    first_ms: int = 0
    by_minute: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    by_block: NDArray[np.float64] = field(default_factory=lambda: np.ones((1, 1)))  # kind, block
    bursts: tuple[Burst, ...] = ()
    agents: tuple[tuple[int, int], ...] = ()

    def traffic(self, time_ms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Factor of the requests at each time."""
        extra = np.zeros(len(time_ms))
        for burst in self.bursts:
            extra += np.where((time_ms >= burst.start_ms) & (time_ms < burst.end_ms), burst.extra, 0.0)
        return _at(self.by_minute, (time_ms - self.first_ms) // MINUTE_MS) * (1 + np.minimum(extra, MOST_TRAFFIC))

    def errors(self, place: int, time_ms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Factor of a background error's rate at each time."""
        return _at(self.by_block[place % len(self.by_block)], (time_ms - self.first_ms) // (BLOCK_MIN * MINUTE_MS))

    def burst(self, requests: Requests, rng: np.random.Generator) -> None:
        """Give the further requests of bursts to those who make them, and refuse most."""
        for burst in self.bursts:
            is_inside = (requests.time_ms >= burst.start_ms) & (requests.time_ms < burst.end_ms)
            is_its = is_inside & (rng.random(len(is_inside)) < burst.extra / (1 + burst.extra))
            is_its[[0, -1]] = False
            places = np.flatnonzero(is_its)
            route = ENDPOINT_NAMES.index(burst.endpoint)
            requests.tenant[places], requests.user[places] = burst.user // USERS, burst.user
            requests.document[places] = burst.user // USERS * DOCUMENTS + rng.integers(0, DOCUMENTS, len(places))
            requests.endpoint[places], requests.error[places] = route, -1
            requests.status[places] = ENDPOINTS[route].ok
            requests.duration_ms[places] = ENDPOINTS[route].median_ms * rng.uniform(0.6, 1.8, len(places)) + 1
            is_refused = is_its & (rng.random(len(is_inside)) < burst.refused)
            fail(requests, requests.kinds.index(burst.kind), is_refused, rng)


QUIET = Noise()


def _at(values: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    return values[np.minimum(places, len(values) - 1)]


def draw_noise(scenario: Scenario, rng: np.random.Generator) -> Noise:
    """The noise of one day."""
    minutes, kinds = 2 * LENGTH_MIN, len(BACKGROUND) + len(NOISE)
    bursts, agents = [], []
    for kind, endpoint, refused, extra, length in (
        (NOT_THERE, "GET /documents/{id}", 0.6, 0.25, 14), (TOO_MANY, "GET /search", 0.95, 0.5, 7),
        (NO_TOKEN, "GET /documents", 1.0, 0.2, 5), (BAD_IMPORT, "POST /documents", 0.9, 0.15, 6),
    ):  # fmt: skip
        user = int(rng.integers(0, USERS * 12))
        agents += [(user, int(rng.integers(0, len(BOTS))))] if kind in (NOT_THERE, TOO_MANY) else []
        for _ in range(int(rng.integers(1, BURSTS_MOST + 1))):
            start_ms = scenario.first_ms + int(rng.integers(2, minutes - 25)) * MINUTE_MS + int(rng.integers(0, 60_000))
            lasts_ms = round(length * MINUTE_MS * float(rng.uniform(0.5, 1.5)))
            bursts.append(Burst(start_ms, start_ms + lasts_ms, extra, user, endpoint, kind, refused))
    return Noise(
        scenario.first_ms,
        rng.gamma(UNEVEN, 1 / UNEVEN, minutes),
        rng.gamma(CLUMPS, 1 / CLUMPS, (kinds, minutes // BLOCK_MIN)),
        tuple(bursts),
        tuple(agents),
    )
