"""What a scene declares: the streams of a small system, and what goes wrong in them.

A system declares its streams and metrics once, a scene what is unlike usual from its onset on. All that is written
follows from one `Scene`, a seed and a number of events. Lines are texts with `$name` in them (`string.Template`):

    $request $uuid $hex $user $tenant $ip     the request's own, the same in each of its lines
    $route $method $path $status $ms $s       method and path are the two words of the route's name; $s is seconds
    $iso $time_ms                             when the line is logged
    $n $m $k                                  whole numbers that vary by line: 0..9, 0..999, 0..999,999
    $version                                  the stream's
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ddms_ops.simulate.scenario import Call, Timed


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request or job: its lines where it goes well, spread over its duration; the last one ends it."""

    name: str
    weight: float
    ms: float  # median duration
    lines: tuple[str, ...]
    spread: float = 0.35  # of the logarithm of the duration


@dataclass(frozen=True, slots=True)
class Stream:
    """One log group and the requests that it tells of; `every_min` makes them regular instead of random."""

    group: str
    share: float  # of the scene's requests
    routes: tuple[Route, ...]
    tenants: tuple[str, ...] = ()  # the first has most requests; () names none
    users: int = 60
    streams: int = 4  # log streams
    every_min: float | None = None
    version: str = "1.0.0"


@dataclass(frozen=True, slots=True)
class Failure:
    """From the onset on a share of a stream's requests ends with other lines; `usual` is that share before."""

    group: str
    lines: tuple[str, ...]  # instead of the route's last line
    share: float
    status: int = 500
    routes: tuple[str, ...] = ()  # () is every one
    tenants: tuple[str, ...] = ()
    after_min: float = 0.0  # minutes from the onset
    until_min: float | None = None
    ramp_min: float = 0.0
    usual: float = 0.0
    took_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Slower:
    """From the onset on requests take `times` as long."""

    group: str
    times: float
    routes: tuple[str, ...] = ()
    after_min: float = 0.0
    ramp_min: float = 0.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """From the onset on a stream has `times` as many requests; 0 ends them."""

    group: str
    times: float
    routes: tuple[str, ...] = ()
    after_min: float = 0.0


@dataclass(frozen=True, slots=True)
class Extra:
    """Lines that belong to no request: cold starts, an attacker's sign-ins, events of a service.

    `per_min` before the onset, `then_per_min` from it on (None: the same). They do not scale with the events asked for.
    """

    name: str
    group: str
    lines: tuple[str, ...]  # one of them each time
    per_min: float
    then_per_min: float | None = None
    after_min: float = 0.0
    until_min: float | None = None
    every_min: float | None = None  # regular instead of random
    addresses: tuple[str, ...] = ()  # $ip is one of these; () is anybody's
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """What a metric counts in the log events that are written: per period, or a statistic of the durations (ms)."""

    what: Literal["requests", "failed", "extra", "p95", "average", "maximum", "sum"]
    group: str
    name: str = ""  # of the Extra
    routes: tuple[str, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """One metric of the profile, by our name: counted, or a level with noise."""

    metric: str
    usual: float = 0.0
    noise: float = 0.05  # relative
    then: float | None = None  # its level from the onset on
    climb_min: float = 0.0  # minutes until that level is reached
    after_min: float = 0.0
    until_min: float | None = None
    counted: Counted | None = None
    is_whole: bool = False
    is_sparse: bool = False  # no point where it is 0, as throttles are published
    period_s: int = 60


@dataclass(frozen=True, slots=True)
class Alarm:
    """A CloudWatch alarm on a gauge: beyond its limit for so many points."""

    name: str
    metric: str
    above: float | None = None
    below: float | None = None
    points: int = 1


@dataclass(frozen=True, slots=True)
class Api:
    """API calls as CloudTrail records them: `at_min` from the onset, or `per_hour` over baseline and window.

    `then_per_hour` from the onset on (None: the same). Calls that explain the scene are in `Scene.changes`.
    """

    service: str
    name: str
    actor: str
    kind: Literal["IAMUser", "AssumedRole", "Root", "AWSService"] = "AssumedRole"
    parameters: Mapping[str, object] | None = None
    response: Mapping[str, object] | None = None
    at_min: float | None = None
    per_hour: float = 0.0
    then_per_hour: float | None = None
    until_min: float | None = None
    source_ip: str = "10.0.12.18"
    user_agent: str = "aws-sdk-js/3.523.0"
    error_code: str = ""
    error_message: str = ""
    mfa: bool | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a report must say first: the notebook that asks, words its first finding holds (whatever the case)."""

    notebook: str
    says: tuple[str, ...]
    bucket_s: int = 60
    change: str = ""  # call that is the first suspect, empty where there is none
    is_gradual: bool = False


def no_documents(_scene: "Scene") -> Mapping[str, object]:
    """No further files."""
    return {}


def as_declared(scene: "Scene", _rng: np.random.Generator) -> "Scene":
    """The scene itself."""
    return scene


@dataclass(frozen=True, slots=True)
class Scene(Timed):
    """A planted incident of a small system, or a quiet day where `onset_min` is None.

    `documents` gives further files of the export by their path in it (`queues/dlq.json`), as the AWS CLI prints them.
    """

    name: str
    title: str
    system: str
    start: str
    streams: tuple[Stream, ...]
    gauges: tuple[Gauge, ...] = ()
    incident_title: str = ""
    severity: str = "P3"
    onset_min: float | None = None
    detected_min: float | None = None
    length_min: int = 120
    baseline: str = "previous"
    failures: tuple[Failure, ...] = ()
    slower: tuple[Slower, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    extras: tuple[Extra, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    changes: tuple[Call, ...] = ()  # the planted change first; minutes from the onset
    apis: tuple[Api, ...] = ()
    documents: Callable[["Scene"], Mapping[str, object]] = no_documents
    versions: Mapping[str, str] | None = None  # version of a stream from the onset on
    region: str = "us-east-1"
    expected: Expected | None = None
    vary: Callable[["Scene", np.random.Generator], "Scene"] = as_declared

    def with_gauges(self, *gauges: Gauge) -> "Scene":
        """The scene with these gauges in the place of those of the same metrics."""
        named = {gauge.metric: gauge for gauge in gauges}
        kept = tuple(named.pop(gauge.metric, gauge) for gauge in self.gauges)
        return replace(self, gauges=(*kept, *named.values()))
