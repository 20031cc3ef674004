"""Requests that reach another tenant's document: leaked, denied, or allowed by a share or a support session.

A document has a number within its tenant; the cache's key is tenant and number. Where a scenario's key loses the
tenant, a read is answered with the document that has this number elsewhere. The trail takes such a read for the
reader's own; of all other crossings it names the owner's tenant and the user's.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.requests import DOCUMENTS, SETTLE_MS, USERS, Requests, is_near_the_ends
from ddms_ops.simulate.scenario import MINUTE_MS, ErrorKind, Leak, Scenario

OWN, CACHED, GUESSED, BLOCKED, SHARED, SUPPORTED, FILLING, TAKEN = range(8)
NAMES = {CACHED: "cached", GUESSED: "guessed", BLOCKED: "blocked", SHARED: "shared", SUPPORTED: "supported"}
DISCLOSED = (CACHED, GUESSED)
READS, DOWNLOAD = ("document.view", "document.versions"), "document.download"
GREATEST = 12  # tenants with most requests: only these are reached, and only these leak
VERY_GREATEST = 3
VENDOR = 14  # the tenant (by rank) whose users are support staff
SHARES, SESSIONS = (6, 14), (3, 6)  # those that are used, usually and where something leaks
DENIALS = 3  # usually
FILLED = 5  # documents of an owner that are in the cache
DAY_MS = 86_400_000
TICKET = 48_210
FORBIDDEN = ErrorKind("ForbiddenError", "user has no permission document:download on {uuid}", 403, "warn")


@dataclass(frozen=True, slots=True)
class Share:
    """A document shared with a tenant, with everybody where that is None; times are epoch ms."""

    document: int
    tenant: int | None
    age: float  # of the share, as a part of the document's age
    expires_ms: int | None = None
    revoked_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One of the vendor's users let into a customer's tenant; times are epoch ms."""

    user: int
    tenant: int
    ticket: str
    start_ms: int
    end_ms: int


@dataclass(slots=True)
class Crossings:
    """What each request is, OWN for nearly all, and what allows some of the others.

    A FILLING read is an owner's whose answer stays in the cache.
    """

    kind: NDArray[np.int8]
    shares: list[Share] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    def places(self, *kinds: int) -> NDArray[np.int64]:
        """The requests of these kinds, in order."""
        return np.flatnonzero(np.isin(self.kind, kinds))

    def asked(self, requests: Requests, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The document in the path of these requests: from the cache came another with the same number."""
        own = requests.tenant[places].astype(np.int64) * DOCUMENTS + requests.document[places] % DOCUMENTS
        return np.where(self.kind[places] == CACHED, own, requests.document[places])


def draw_crossings(scenario: Scenario, requests: Requests, seed: int) -> Crossings:
    """Let a few of the requests reach another tenant's document; changes the requests."""
    return _Drawing(scenario, requests, np.random.default_rng([seed, 8])).crossings()


class _Drawing:
    """The requests while some of them are given another tenant's document."""

    def __init__(self, scenario: Scenario, requests: Requests, rng: np.random.Generator) -> None:
        self._scenario, self._requests, self._rng = scenario, requests, rng
        is_free = (requests.status == 200) & (requests.error < 0) & (requests.attempts == 0)
        is_free &= ~is_near_the_ends(requests.time_ms, scenario)
        self._drawn = Crossings(np.where(is_free, OWN, TAKEN).astype(np.int8))
        self._made = requests.document[requests.does("document.create")]
        self._forbidden = _forbidden(requests)

    def crossings(self) -> Crossings:
        """All of them."""
        leak, onset_ms = self._scenario.leak, self._scenario.onset_ms
        if leak is not None and onset_ms is not None:
            since = self._requests.time_ms >= onset_ms + SETTLE_MS
            tenants = self._tenants()
            self._leak_by_cache(leak, since, tenants)
            self._guess(leak, since, tenants)
        else:
            tried = self._some(self._requests.does(DOWNLOAD), DENIALS)
            self._reach(tried, BLOCKED, self._strangers(tried))
            self._deny(tried)
        self._share(SHARES[leak is not None])
        self._support(SESSIONS[leak is not None])
        self._drawn.kind[self._drawn.kind == TAKEN] = OWN
        return self._drawn

    def _tenants(self) -> NDArray[np.int64]:
        """The greatest tenants in any order, but one of the very greatest first."""
        drawn = self._rng.permutation(GREATEST)
        return np.concatenate((first := drawn[drawn < VERY_GREATEST][:1], drawn[drawn != first]))

    def _some(self, can: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
        """At most so many of the free requests, in order."""
        places = np.flatnonzero(can & (self._drawn.kind == OWN))
        return np.sort(self._rng.choice(places, min(count, len(places)), replace=False))

    def _leak_by_cache(self, leak: Leak, since: NDArray[np.bool_], tenants: NDArray[np.int64]) -> None:
        """Answer a share of the actors' reads with a document that one of its owner's users read before."""
        requests, drawn = self._requests, self._drawn
        actors, owners = tenants[: leak.actors], tenants[leak.actors : leak.actors + leak.owners]
        reads = requests.does(*READS) & since & (drawn.kind == OWN)
        filling = [np.flatnonzero(reads & (requests.tenant == owner))[:FILLED] for owner in owners]
        filled = np.sort(np.concatenate(filling))
        drawn.kind[filled] = FILLING
        can = reads & np.isin(requests.tenant, actors)
        can[: filled[0] if len(filled) else None] = False
        places = self._some(can, min(leak.most, max(leak.least, round(leak.share * int(can.sum())))))
        before = np.searchsorted(filled, places)
        chosen = (self._rng.random(len(places)) * before).astype(np.int64)
        requests.document[places] = requests.document[filled[chosen]]
        drawn.kind[places] = CACHED

    def _guess(self, leak: Leak, since: NDArray[np.bool_], tenants: NDArray[np.int64]) -> None:
        """Let one user try ids of two tenants' documents on the download's path."""
        left = np.sort(tenants[leak.actors + leak.owners :])
        requests, actor = self._requests, int(left[0])
        can = requests.does(DOWNLOAD) & since & (requests.tenant == actor)
        places = self._some(can, leak.guesses)
        requests.user[places] = USERS * actor + int(self._rng.integers(0, USERS))
        self._reach(places, BLOCKED, self._rng.choice(tenants[:2], len(places)))
        served = self._rng.permutation(places)[: min(leak.served, len(places) // 3)]
        self._drawn.kind[served] = GUESSED
        self._deny(np.setdiff1d(places, served))

    def _share(self, count: int) -> None:
        """Shares that are used, one of them with everybody, and as many that are not: open, expired, revoked."""
        requests, first_ms, end_ms = self._requests, self._scenario.first_ms, self._scenario.end_ms
        places = self._some(requests.does(*READS, DOWNLOAD), 2 * count)
        used, unused = places[::2], places[1::2]
        self._reach(used, SHARED, self._strangers(used))
        for number, place in enumerate(used.tolist()):
            expires_ms = end_ms + (number + 1) * DAY_MS if number % 3 else None
            tenant = int(requests.tenant[place]) if number else None
            share = Share(int(requests.document[place]), tenant, float(self._rng.random()), expires_ms)
            self._drawn.shares.append(share)
        for number, (place, owner) in enumerate(zip(unused, self._strangers(unused), strict=True)):
            tenant, ended_ms = int(requests.tenant[place]), first_ms - 60 * MINUTE_MS
            expires_ms, revoked_ms = ((None, None), (ended_ms, None), (None, ended_ms))[number % 3]
            self._drawn.shares.append(Share(self._document(int(owner)), tenant, 0.9, expires_ms, revoked_ms))

    def _support(self, count: int) -> None:
        """Sessions with a ticket in which support staff read one document, and one that was never used and has none."""
        requests, rng = self._requests, self._rng
        places = self._some(requests.does(*READS) & (requests.tenant == VENDOR), count)
        self._reach(places, SUPPORTED, rng.integers(0, GREATEST, len(places)))
        for number, place in enumerate(places.tolist()):
            start_ms = int(requests.time_ms[place]) - int(rng.integers(2, 12)) * MINUTE_MS
            end_ms = start_ms + int(rng.integers(15, 45)) * MINUTE_MS
            tenant, ticket = int(requests.document[place]) // DOCUMENTS, f"SUP-{TICKET + 7 * number}"
            self._drawn.sessions.append(Session(int(requests.user[place]), tenant, ticket, start_ms, end_ms))
        user, start_ms = USERS * VENDOR + int(rng.integers(0, USERS)), self._scenario.first_ms - 3 * DAY_MS
        tenant = int(rng.integers(0, GREATEST))
        self._drawn.sessions.append(Session(user, tenant, "", start_ms, start_ms + 20 * MINUTE_MS))

    def _strangers(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Another of the greatest tenants for each request."""
        own = self._requests.tenant[places].astype(np.int64)
        other = self._rng.integers(0, GREATEST, len(places))
        return np.where(other == own, (own + 1) % GREATEST, other)

    def _reach(self, places: NDArray[np.int64], kind: int, owners: NDArray[np.int64]) -> None:
        """Let requests reach documents of these tenants."""
        self._requests.document[places] = [self._document(int(owner)) for owner in owners]
        self._drawn.kind[places] = kind

    def _document(self, owner: int) -> int:
        """A tenant's document that is older than the export."""
        drawn = owner * DOCUMENTS + self._rng.integers(0, DOCUMENTS, 40)
        return int(drawn[~np.isin(drawn, self._made)][0])

    def _deny(self, places: NDArray[np.int64]) -> None:
        self._requests.error[places], self._requests.status[places] = self._forbidden, FORBIDDEN.status


def _forbidden(requests: Requests) -> int:
    """Place among the kinds of the error of a denied download, which is put before the planted ones."""
    place = requests.first_planted
    requests.kinds = (*requests.kinds[:place], FORBIDDEN, *requests.kinds[place:])
    requests.first_planted += 1
    requests.error[requests.error >= place] += 1
    requests.retried[requests.retried >= place] += 1
    return place
