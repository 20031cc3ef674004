"""Log events as texts: those of requests, and those that belong to none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template

import numpy as np

from ddms_ops.simulate.ids import hexes, mix, uuids
from ddms_ops.simulate.scene.declared import Extra, Scene
from ddms_ops.simulate.scene.requests import Requests
from ddms_ops.simulate.scene.timing import Numbers, Times, at_random, come, on_the_dot

APART_MS = 2  # the lines of a failure follow each other
ADDRESSES = 250
OK = 200
EXTRA_USERS = 60
EXTRA_STREAMS = 2
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One log event; `stream` is the number of the log stream within its group."""

    time_ms: int
    stream: int
    message: str


@dataclass(frozen=True, slots=True)
class Strays:
    """The events of an Extra, by time."""

    extra: Extra
    times_ms: Times


def draw_strays(scene: Scene, extra: Extra, rng: np.random.Generator) -> Strays:
    """When lines of an Extra are logged: so many a minute on average, or on the dot wherever there are any."""
    then = extra.per_min if extra.then_per_min is None else extra.then_per_min

    def per_min(times_ms: Times) -> Numbers:
        far = come(scene, times_ms, after_min=extra.after_min, until_min=extra.until_min)
        return extra.per_min + (then - extra.per_min) * far

    if extra.every_min is None:
        return Strays(extra, at_random(rng, scene.first_ms, scene.end_ms, per_min))
    dots = on_the_dot(rng, scene.first_ms, scene.end_ms, extra.every_min)
    return Strays(extra, dots[per_min(dots) > 0])


def address(number: int) -> str:
    """Somebody's address; the same number has the same."""
    return f"192.0.2.{number % ADDRESSES + 2}"


def iso_ms(time_ms: int) -> str:
    """A time with its milliseconds, ISO with Z."""
    return f"{np.datetime64(time_ms, 'ms')}Z"


def logged_lines(scene: Scene, requests: Requests) -> int:
    """How many lines requests lead to inside the export."""
    return len(_lines(scene, requests).time_ms)


def request_events(scene: Scene, requests: Requests, salt: int) -> Iterator[Event]:
    """The lines of requests that lie inside the export, request by request."""
    stream, numbers = requests.stream, np.arange(len(requests.ended_ms))
    texts = [*(failure.lines for failure in scene.failures), *(route.lines for route in stream.routes)]
    templates = [_templates(each) for each in texts]
    own = _own_values(scene, requests, numbers, salt)
    log_streams = requests.log_stream.tolist()
    lines = _lines(scene, requests)
    moments = _moments(scene, stream.group, stream.version, lines.time_ms, salt + 7)
    columns = (each.tolist() for each in (lines.time_ms, lines.request, lines.part, lines.line))
    for moment, time_ms, place, part, line in zip(moments, *columns, strict=True):
        yield Event(time_ms, log_streams[place], templates[part][line].substitute(own[place], **moment))


def _own_values(scene: Scene, requests: Requests, numbers: Times, salt: int) -> list[dict[str, object]]:
    """What each request says of itself in each of its lines."""
    stream = requests.stream
    tenants, names = stream.tenants or ("",), [_named(route.name) for route in stream.routes]
    statuses = [*(failure.status for failure in scene.failures), OK]
    columns = (uuids(numbers, salt), uuids(numbers, salt + 3), hexes(numbers, salt + 5), requests.user.tolist(),
               requests.tenant.tolist(), requests.failure.tolist(), requests.took_ms.tolist(),
               requests.route.tolist())  # fmt: skip
    return [
        {"request": request, "uuid": uuid, "hex": digits, "user": f"user-{user:04d}", "tenant": tenants[tenant],
         "ip": address(user), "status": statuses[failure], "ms": took, "s": f"{took / 1000:.3f}", **names[route]}
        for request, uuid, digits, user, tenant, failure, took, route in zip(*columns, strict=True)
    ]  # fmt: skip


def stray_events(scene: Scene, strays: Strays, salt: int) -> Iterator[Event]:
    """The lines of an Extra."""
    extra, numbers = strays.extra, np.arange(len(strays.times_ms))
    versions = {stream.group: stream.version for stream in reversed(scene.streams)}
    ids = (uuids(numbers, salt), uuids(numbers, salt + 3), hexes(numbers, salt + 5))
    draws = mix(numbers, salt + 9).tolist()
    templates, version = _templates(extra.lines), versions.get(extra.group, "1.0.0")
    moments = _moments(scene, extra.group, version, strays.times_ms, salt + 7)
    for number, (time_ms, draw, moment) in enumerate(zip(strays.times_ms.tolist(), draws, moments, strict=True)):
        users = extra.users or (f"user-{draw // 7 % EXTRA_USERS:04d}",)
        took = 20 + draw // 11 % 400
        values: dict[str, object] = {
            "request": ids[0][number], "uuid": ids[1][number], "hex": ids[2][number],
            "user": users[draw // 13 % len(users)], "tenant": "",
            "ip": extra.addresses[draw // 17 % len(extra.addresses)] if extra.addresses else address(draw // 7),
            "route": extra.name, "method": "", "path": "", "status": OK, "ms": took, "s": f"{took / 1000:.3f}",
            **moment,
        }  # fmt: skip
        yield Event(time_ms, draw // 19 % EXTRA_STREAMS, templates[draw // 23 % len(templates)].substitute(values))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines inside the export: `part` is the failure that ends a request, or the number of failures and its route."""

    time_ms: Times
    request: Times
    part: Times
    line: Times


def _lines(scene: Scene, requests: Requests) -> _Lines:
    """When each line of each request is logged: those of a route over its duration, a failure's at its end."""
    failures = len(scene.failures)
    lengths = np.array([len(route.lines) for route in requests.stream.routes])[requests.route]
    endings = np.array([*(len(failure.lines) for failure in scene.failures), 1])[requests.failure]
    counts = lengths - 1 + endings
    place = np.repeat(np.arange(len(counts)), counts)
    line = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    ended, took, last = requests.ended_ms[place], requests.took_ms[place], lengths[place] - 1
    is_end = line >= last
    spread = ended - took + took * line // np.maximum(1, last)
    at_end = np.maximum(ended - took, ended - APART_MS * (counts[place] - 1 - line))
    time_ms = np.where(is_end, at_end, spread)
    is_failure = is_end & (requests.failure[place] >= 0)
    part = np.where(is_failure, requests.failure[place], failures + requests.route[place])
    line = np.where(is_failure, line - last, line)
    inside = (time_ms >= scene.first_ms) & (time_ms < scene.end_ms)
    return _Lines(time_ms[inside], place[inside], part[inside], line[inside])


def _templates(lines: Texts) -> list[Template]:
    return [Template(line) for line in lines]


def _named(route: str) -> Mapping[str, str]:
    """A route's name, and its method and path where it has two words."""
    method, _, path = route.rpartition(" ")
    return {"route": route, "method": method, "path": path}


def _moments(scene: Scene, group: str, version: str, times_ms: Times, salt: int) -> Iterator[Mapping[str, object]]:
    """What each line says of its own moment."""
    onset_ms = scene.end_ms if scene.onset_ms is None else scene.onset_ms
    later = (scene.versions or {}).get(group, version)
    stamps = np.datetime_as_string(times_ms.astype("datetime64[ms]")).tolist()
    draws = mix(np.arange(len(times_ms)), salt).tolist()
    for time_ms, stamp, draw in zip(times_ms.tolist(), stamps, draws, strict=True):
        yield {
            "iso": f"{stamp}Z", "time_ms": time_ms, "version": later if time_ms >= onset_ms else version,
            "n": draw % 10, "m": draw // 10 % 1_000, "k": draw // 10_000 % 1_000_000,
        }  # fmt: skip
