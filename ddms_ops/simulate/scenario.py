"""What a scenario declares: when it happens, what fails, what was changed, and for whom.

A scenario is one `Scenario` value; everything that is written follows from it, a seed and a scale.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from zlib import crc32

import numpy as np

from ddms_ops.simulate.work import SlowJob, Sought, StuckStep
from ddms_ops.window import Window, iso, parse_instant

MINUTE_MS = 60_000
LENGTH_MIN = 120
AS_DECLARED = 7
"""The seed that plays every scenario exactly as it is declared; all others vary it."""
ONSET_MOVES_MIN = 8
SHARE_MOVES = 0.2


@dataclass(frozen=True, slots=True)
class Retries:
    """How a failed attempt at a call is logged that is tried again: one line an attempt.

    `message` may also hold {attempt}, which counts from 1.
    """

    message: str
    level: str = "warn"
    attempts: int = 3
    wait_ms: int = 400  # a request takes so much longer by each, about


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of error as the application logs it.

    `message` may hold {n}, {ms}, {wait}, {size}, {hex}, {uuid}, {ip} and {file}, which vary by event.
    """

    name: str
    message: str
    status: int
    level: str = "error"
    code: str = ""
    frames: tuple[str, ...] = ()
    rate: float = 0.0  # background share of the eligible requests
    actions: tuple[str, ...] = ()  # requests it can happen to; () is all
    took_ms: int | None = None  # such a request takes about this long
    retries: Retries | None = None  # most such requests succeed in the end
    in_answer: str = ""  # "nested" or "flat": no line of its own, but fields in the line of a request answered with 200


@dataclass(frozen=True, slots=True)
class Fault:
    """An error planted from the onset on, in a share of the requests it can happen to."""

    error: ErrorKind
    share: float
    contains: str  # words of the message that do not vary
    endpoint: str | None = None  # "POST /documents/{id}/versions"; None is every one
    tenant_rank: int | None = None  # only the tenant with the n-th most requests
    zone: str | None = None  # only instances in this availability zone
    after_min: float = 0.0  # minutes from the scenario's onset to this fault's
    ramp_min: float = 0.0  # minutes until the share is reached
    starts_at: float = 0.5  # how much of the share there is at the beginning of the ramp
    usual: float = 0.0  # share before the onset
    final: float = 1.0  # share of those hit that fail in the end

    @property
    def is_gradual(self) -> bool:
        """Whether it grows from nothing."""
        return self.ramp_min > 0 and self.starts_at == 0


@dataclass(frozen=True, slots=True)
class Call:
    """One CloudTrail call, some minutes from the onset of a fault (negative is before).

    Those before it are the planted change unless they are innocent, those after it explain nothing.
    """

    at_min: float
    service: str
    name: str
    parameters: Mapping[str, object]
    actor: str
    response: Mapping[str, object] | None = None
    error_code: str = ""
    error_message: str = ""
    resource: str = ""  # what it changes, as a person names it
    arn: str = ""
    arn_type: str = ""
    fault: int = 0  # place of the fault from whose onset the minutes count
    is_innocent: bool = False

    @property
    def is_planted(self) -> bool:
        """Whether it belongs to the change that the scenario plants."""
        return self.at_min < 0 and not self.is_innocent


@dataclass(frozen=True, slots=True)
class DroppedIndex:
    """An index that a migration drops just before the onset; a call of the statement that used it takes longer."""

    statement: str  # its name among the database's statements
    index: str
    times: float  # as long as before


@dataclass(frozen=True, slots=True)
class Leak:
    """From the onset on some reads are answered out of another tenant's cache entry, and somebody guesses ids."""

    actors: int  # tenants whose users are given what is not theirs
    owners: int  # tenants whose documents these are
    share: float  # of the actors' reads
    least: int = 45  # such reads, where there are so many
    most: int = 180
    guesses: int = 14  # downloads by guessed ids, of one user
    served: int = 4  # of these; the others are denied


class Planted(Protocol):
    """What an incident file says of a scenario, whatever its system."""

    @property
    def name(self) -> str:
        """Name among the system's scenarios."""

    @property
    def title(self) -> str:
        """One line to say what it is."""

    @property
    def system(self) -> str:
        """Name of the profile."""

    @property
    def incident_title(self) -> str:
        """What people noticed."""

    @property
    def severity(self) -> str:
        """A severity of the profile."""

    @property
    def baseline(self) -> str:
        """What the incident file compares with."""

    @property
    def detected_min(self) -> float | None:
        """Minutes from the onset until somebody noticed, where no alarm goes off."""

    @property
    def start_ms(self) -> int:
        """Start of the incident window, epoch ms."""

    @property
    def end_ms(self) -> int:
        """End of the incident window, epoch ms."""

    @property
    def onset_ms(self) -> int | None:
        """When what is planted begins, epoch ms; None where nothing does."""


class Timed:
    """When an incident happens, by its start, its length and the minutes from the start to its onset."""

    __slots__ = ()
    start: str
    length_min: int
    onset_min: float | None

    @property
    def window(self) -> Window:
        """The incident window."""
        start = parse_instant(self.start)
        return Window(start, start + np.timedelta64(self.length_min, "m"))

    @property
    def start_ms(self) -> int:
        """Start of the incident window, epoch ms."""
        return round(parse_instant(self.start).timestamp() * 1000)

    @property
    def end_ms(self) -> int:
        """End of the incident window, epoch ms."""
        return self.start_ms + self.length_min * MINUTE_MS

    @property
    def first_ms(self) -> int:
        """Start of the baseline (of the same length, just before), epoch ms."""
        return self.start_ms - self.length_min * MINUTE_MS

    @property
    def onset_ms(self) -> int | None:
        """First instant of the onset's minute, epoch ms; None where nothing is planted."""
        return None if self.onset_min is None else self.start_ms + round(self.onset_min * MINUTE_MS)

    @property
    def onset(self) -> str | None:
        """The onset's minute, ISO with Z; None where nothing is planted."""
        return None if self.onset_min is None else iso(self.window.start + np.timedelta64(round(self.onset_min), "m"))

    @property
    def anchor_ms(self) -> int:
        """What the minutes of calls count from: the onset, or 37 minutes into a quiet window."""
        return self.start_ms + 37 * MINUTE_MS if self.onset_ms is None else self.onset_ms


def as_declared(scenario: "Scenario", _rng: np.random.Generator) -> "Scenario":
    """The scenario itself."""
    return scenario


@dataclass(frozen=True, slots=True)
class Scenario(Timed):
    """A planted incident, or a quiet day when nothing is declared.

    `vary` makes another incident of the same kind: another endpoint, tenant or zone.
    """

    name: str
    title: str
    start: str
    system: str = "dms"
    incident_title: str = ""
    severity: str = "P4"
    onset_min: float | None = None  # minutes from start; a whole minute
    detected_min: float | None = None  # minutes from the onset, where no alarm goes off
    kind: str | None = None
    faults: tuple[Fault, ...] = ()
    new_version: str | None = None  # takes all requests from the onset on
    traffic_left: float = 1.0  # share of the usual requests from the onset on
    slowdown: float = 1.0  # durations are multiplied by this from the onset on
    connections_full: bool = False  # the database's connections climb to their maximum
    dropped_index: DroppedIndex | None = None
    leak: Leak | None = None
    job_fault: Fault | None = None
    new_worker: bool = False  # the worker runs as a new version from the onset on
    slow_job: SlowJob | None = None
    stuck: StuckStep | None = None
    consumers_left: float = 1.0  # share of the tasks that work on the queue, from the onset on
    sought: Sought | None = None
    debug_lines: int = 0  # further lines of each request from the onset on
    skew_min: float = 0.0  # one log stream's clock is ahead by so many minutes
    is_noisy: bool = False  # more kinds of errors, bursts, a crawler and a client that is refused
    changes: tuple[Call, ...] = field(default=())  # planted ones first, in order
    vary: Callable[["Scenario", np.random.Generator], "Scenario"] = as_declared
    length_min: int = LENGTH_MIN

    @property
    def baseline(self) -> str:
        """What the incident file compares with."""
        return "previous"

    def begins_ms(self, fault: Fault) -> int:
        """First instant of the minute in which a fault begins, epoch ms."""
        return self.anchor_ms + round(fault.after_min * MINUTE_MS)

    def called_ms(self, call: Call) -> int:
        """When a call is made, epoch ms."""
        since = self.begins_ms(self.faults[call.fault]) if self.faults else self.anchor_ms
        return since + round(call.at_min * MINUTE_MS)


def played(scenario: Scenario, seed: int) -> Scenario:
    """The scenario as a seed plays it: the onset up to 8 minutes and shares up to a fifth away, and what `vary` does.

    Seed 7 plays it as it is declared.
    """
    if seed == AS_DECLARED:
        return scenario
    rng = np.random.default_rng([seed, 5, crc32(scenario.name.encode())])
    varied = scenario.vary(scenario, rng)
    move, factor = int(rng.integers(-ONSET_MOVES_MIN, ONSET_MOVES_MIN + 1)), float(rng.uniform(-1, 1)) * SHARE_MOVES + 1
    job_fault = varied.job_fault
    return replace(
        varied,
        onset_min=None if varied.onset_min is None else varied.onset_min + move,
        faults=tuple(_weighed(fault, factor) for fault in varied.faults),
        job_fault=None if job_fault is None else _weighed(job_fault, factor),
    )


def _weighed(fault: Fault, factor: float) -> Fault:
    """The fault with another share; what hits all still hits all."""
    return fault if fault.share == 1 else replace(fault, share=min(0.95, fault.share * factor))
