"""The requests of each stream: when they end, how long they take, whose they are, and how they end."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Failure, Scene, Stream
from ddms_ops.simulate.scene.timing import SETTLE_MS, Numbers, Times, at_random, busy, come, on_the_dot

UNEVEN = 0.8  # exponent of the tenants' weights by rank
LONGEST_TAIL_MS = 60 * MINUTE_MS
TAIL = 3.0  # times the longest route: what ends later is not begun before the export's end
SOON_MS = 30_000  # what rises shows so soon
LATER_MS = 60  # a failure that takes its time ends up to so much later

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one stream ordered by their end, some of which lies after the export's."""

    stream: Stream
    ended_ms: Times
    took_ms: Times
    route: Places
    tenant: Places  # 0 where the stream names none
    user: Places
    log_stream: Places
    failure: Places  # place among the scene's failures, -1 where it goes well

    def of(self, routes: tuple[str, ...]) -> NDArray[np.bool_]:
        """Requests of these routes; all where none is named."""
        return np.isin(self.route, places_of(self.stream, routes))


def places_of(stream: Stream, routes: tuple[str, ...]) -> list[int]:
    """Places of these routes among the stream's; all where none is named."""
    return [place for place, route in enumerate(stream.routes) if not routes or route.name in routes]


def draw_requests(scene: Scene, stream: Stream, per_min: float, rng: np.random.Generator) -> Requests:
    """The requests of a stream.

    Args:
        scene: the scene that it belongs to.
        stream: one of the scene's.
        per_min: requests of the whole scene a minute, of which the stream has its share unless it is regular.
        rng: random numbers of this stream.
    """
    times, route = _times(scene, stream, per_min, rng)
    count = len(times)
    medians = np.array([each.ms for each in stream.routes])[route]
    spreads = np.array([each.spread for each in stream.routes])[route]
    took = medians * np.exp(spreads * rng.standard_normal(count)) * _slowed(scene, stream, times, route)
    weights = 1 / np.arange(1, max(1, len(stream.tenants)) + 1) ** UNEVEN
    tenant = rng.choice(len(weights), count, p=weights / weights.sum())
    user = tenant * stream.users + rng.integers(0, stream.users, count)
    ended = times + took.astype(np.int64) if stream.every_min else times
    failure = _failures(scene, stream, ended, route, tenant, rng)
    fixed = np.array([np.nan, *(np.nan if each.took_ms is None else each.took_ms for each in scene.failures)])
    lasted = np.where(np.isnan(fixed[failure + 1]), took, fixed[failure + 1] + rng.integers(1, LATER_MS, count))
    took_ms = np.maximum(1, lasted).astype(np.int64)
    ended = times + took_ms if stream.every_min else times
    order = np.argsort(ended, kind="stable")
    log_stream = rng.integers(0, stream.streams, count)
    return Requests(stream, *(each[order] for each in (ended, took_ms, route, tenant, user, log_stream, failure)))


def _times(scene: Scene, stream: Stream, per_min: float, rng: np.random.Generator) -> tuple[Times, Places]:
    """When requests end (of regular ones: begin), and their routes."""
    weights = np.array([route.weight for route in stream.routes])
    weights = weights / weights.sum()
    tail = round(min(LONGEST_TAIL_MS, TAIL * max(route.ms for route in stream.routes)))
    if stream.every_min is not None:
        dots = on_the_dot(rng, scene.first_ms - tail, scene.end_ms, stream.every_min)
        drawn = rng.choice(len(weights), len(dots), p=weights)
        times = np.array([_traffic(scene, stream, place, dots) for place in range(len(weights))])
        repeat = np.round(times[drawn, np.arange(len(dots))]).astype(np.int64)
        return np.repeat(dots, repeat), np.repeat(drawn, repeat)
    found = []
    for place, usual in enumerate((per_min * stream.share * weights).tolist()):
        rate = partial(_rate, scene, stream, place, usual)
        found.append(at_random(rng, scene.first_ms, scene.end_ms + tail, rate))
        found[-1] = np.append(found[-1], _more_at_once(scene, stream, place, rng))
    return np.concatenate(found), np.repeat(np.arange(len(found)), [len(times) for times in found])


def _rate(scene: Scene, stream: Stream, route: int, usual: float, times_ms: Times) -> Numbers:
    """Requests of a route a minute at each time."""
    return usual * busy(times_ms) * _traffic(scene, stream, route, times_ms)


def _more_at_once(scene: Scene, stream: Stream, route: int, rng: np.random.Generator) -> Times:
    """One request within the first minute of each rise of a named route, so that its onset shows."""
    rises = [
        traffic for traffic in scene.traffic
        if traffic.group == stream.group and traffic.times > 1 and stream.routes[route].name in traffic.routes
    ]  # fmt: skip
    if scene.onset_ms is None:
        return np.empty(0, dtype=np.int64)
    begins = np.array([scene.onset_ms + round(rise.after_min * MINUTE_MS) for rise in rises], dtype=np.int64)
    return begins + rng.integers(SETTLE_MS, SOON_MS, len(begins))


def _traffic(scene: Scene, stream: Stream, route: int, times_ms: Times) -> Numbers:
    """Factor of a route's requests at each time."""
    factor = np.ones(len(times_ms))
    for traffic in scene.traffic:
        if traffic.group == stream.group and route in places_of(stream, traffic.routes):
            factor *= 1 + (traffic.times - 1) * come(scene, times_ms, after_min=traffic.after_min)
    return factor


def _slowed(scene: Scene, stream: Stream, times_ms: Times, route: Places) -> Numbers:
    """Factor of each request's duration."""
    factor = np.ones(len(times_ms))
    for slower in scene.slower:
        if slower.group == stream.group:
            is_its = np.isin(route, places_of(stream, slower.routes))
            far = come(scene, times_ms, after_min=slower.after_min, ramp_min=slower.ramp_min)
            factor *= np.where(is_its, 1 + (slower.times - 1) * far, 1.0)
    return factor


def _failures(
    scene: Scene, stream: Stream, ended_ms: Times, route: Places, tenant: Places, rng: np.random.Generator
) -> Places:
    """How each request ends; one that fails in one way does not in those declared later."""
    found = np.full(len(ended_ms), -1)
    for place, failure in enumerate(scene.failures):
        if failure.group != stream.group:
            continue
        far = come(scene, ended_ms, after_min=failure.after_min, until_min=failure.until_min,
                   ramp_min=failure.ramp_min)  # fmt: skip
        can = (found < 0) & np.isin(route, places_of(stream, failure.routes))
        if failure.tenants:
            can &= np.isin(tenant, [n for n, name in enumerate(stream.tenants) if name in failure.tenants])
        hit = can & (rng.random(len(found)) < failure.usual + (failure.share - failure.usual) * far)
        hit[_first(failure, ended_ms, can & (far > 0))] = True
        found[hit] = place
    return found


def _first(failure: Failure, ended_ms: Times, can: NDArray[np.bool_]) -> Places:
    """The first request that a sudden failure can happen to is always one, so that its onset shows."""
    if failure.ramp_min > 0 or failure.share <= failure.usual or not can.any():
        return np.empty(0, dtype=np.int64)
    places = np.flatnonzero(can)
    return places[[np.argmin(ended_ms[places])]]
