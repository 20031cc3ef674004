"""How a seed plays a scene: a little earlier or later, a little stronger or weaker, and as the scene varies."""

from dataclasses import replace
from zlib import crc32

import numpy as np

from ddms_ops.simulate.scenario import AS_DECLARED, ONSET_MOVES_MIN, SHARE_MOVES
from ddms_ops.simulate.scene.declared import Api, Extra, Failure, Gauge, Scene, Slower, Traffic

MOST_SHARE = 0.95
ROOM_MIN = 10  # between the onset and either end of the window


def played(scene: Scene, seed: int) -> Scene:
    """The scene as a seed plays it: the onset up to 8 minutes and what goes wrong up to a fifth away, then its `vary`.

    Seed 7 plays it as it is declared. What hits all, ends all, or is as usual stays so.
    """
    if seed == AS_DECLARED:
        return scene
    rng = np.random.default_rng([seed, 31, crc32(scene.name.encode())])
    move, factor = int(rng.integers(-ONSET_MOVES_MIN, ONSET_MOVES_MIN + 1)), float(rng.uniform(-1, 1)) * SHARE_MOVES + 1
    moved = replace(
        scene,
        onset_min=_moved(scene, move),
        failures=tuple(_failing(failure, factor) for failure in scene.failures),
        slower=tuple(_slower(slower, factor) for slower in scene.slower),
        traffic=tuple(_busier(traffic, factor) for traffic in scene.traffic),
        extras=tuple(_more(extra, factor) for extra in scene.extras),
        gauges=tuple(_level(gauge, factor) for gauge in scene.gauges),
        apis=tuple(_called(api, factor) for api in scene.apis),
    )
    return scene.vary(moved, rng)


def _moved(scene: Scene, move: int) -> float | None:
    """The onset so many minutes later; no nearer to an end of the window than it was or may be."""
    if scene.onset_min is None:
        return None
    least, most = min(ROOM_MIN, scene.onset_min), max(scene.length_min - ROOM_MIN, scene.onset_min)
    return min(max(scene.onset_min + move, least), most)


def _failing(failure: Failure, factor: float) -> Failure:
    if failure.share in (0, 1, failure.usual):
        return failure
    return replace(failure, share=min(MOST_SHARE, failure.usual + (failure.share - failure.usual) * factor))


def _slower(slower: Slower, factor: float) -> Slower:
    return replace(slower, times=1 + (slower.times - 1) * factor)


def _busier(traffic: Traffic, factor: float) -> Traffic:
    return replace(traffic, times=1 + (traffic.times - 1) * factor) if traffic.times > 1 else traffic


def _more(extra: Extra, factor: float) -> Extra:
    if not extra.then_per_min:
        return extra
    return replace(extra, then_per_min=max(0.0, extra.per_min + (extra.then_per_min - extra.per_min) * factor))


def _level(gauge: Gauge, factor: float) -> Gauge:
    """The gauge with another level; a ratio stays one, none becomes negative, and what falls to nothing does."""
    if not gauge.then:
        return gauge
    then = max(0.0, gauge.usual + (gauge.then - gauge.usual) * factor)
    return replace(gauge, then=min(1.0, then) if max(gauge.usual, gauge.then) <= 1 else then)


def _called(api: Api, factor: float) -> Api:
    if not api.then_per_hour:
        return api
    return replace(api, then_per_hour=max(0.0, api.per_hour + (api.then_per_hour - api.per_hour) * factor))
