"""All that happens in a scene: its requests, so many that about as many log events are written as were asked for."""

from dataclasses import dataclass

import numpy as np

from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Scene
from ddms_ops.simulate.scene.lines import Strays, draw_strays, logged_lines
from ddms_ops.simulate.scene.requests import Requests, draw_requests

ROUNDS = 4
NEAR = 0.01
LEAST = 0.25  # of the events asked for are requests', however many lines belong to none
REQUESTS, STRAYS = 32, 33


@dataclass(frozen=True, slots=True)
class Drawn:
    """The requests of every stream, and the lines that belong to none."""

    scene: Scene
    requests: tuple[Requests, ...]
    strays: tuple[Strays, ...]


def draw(scene: Scene, seed: int, events: int) -> Drawn:
    """Draw a scene.

    Args:
        scene: as the seed plays it.
        seed: of the random numbers.
        events: log events in baseline and window; lines of no request and of regular streams are among them.
    """
    strays = tuple(
        draw_strays(scene, extra, np.random.default_rng([seed, STRAYS, place]))
        for place, extra in enumerate(scene.extras)
    )
    asked = max(LEAST * events, events - sum(len(each.times_ms) for each in strays))
    per_min, found = asked / 3 * MINUTE_MS / (scene.end_ms - scene.first_ms), list[tuple[float, Drawn]]()
    for _ in range(ROUNDS):
        drawn = Drawn(scene, _requests(scene, seed, per_min), strays)
        lines = [(logged_lines(scene, each), each.stream.every_min is not None) for each in drawn.requests]
        regular, scaled = (sum(count for count, is_dot in lines if is_dot is which) for which in (True, False))
        wanted = max(LEAST * events, asked - regular)
        found.append((abs(scaled / wanted - 1), drawn))
        if found[-1][0] < NEAR or not scaled:
            break
        per_min *= wanted / scaled
    return min(found, key=lambda each: each[0])[1]


def _requests(scene: Scene, seed: int, per_min: float) -> tuple[Requests, ...]:
    shares = sum(stream.share for stream in scene.streams if stream.every_min is None)
    return tuple(
        draw_requests(scene, stream, per_min / (shares or 1), np.random.default_rng([seed, REQUESTS, place]))
        for place, stream in enumerate(scene.streams)
    )
