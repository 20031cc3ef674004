"""What a scenario declares: when it happens, what fails, what was changed, and for whom.

A scenario is one `Scenario` value; everything that is written follows from it, a seed and a scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ddms_ops.window import Window, iso, parse_instant

MINUTE_MS = 60_000
LENGTH_MIN = 120


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of error as the application logs it.

    `message` may hold {n}, {ms}, {size}, {hex}, {uuid}, {ip}, {file} and {key}, which vary by event.
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


@dataclass(frozen=True, slots=True)
class Fault:
    """An error planted from the onset on, in a share of the requests it can happen to."""

    error: ErrorKind
    share: float
    contains: str  # words of the message that do not vary
    endpoint: str | None = None  # "POST /documents/{id}/versions"; None is every one
    tenant_rank: int | None = None  # only the tenant with the n-th most requests
    ramp_min: float = 0.0  # minutes until the share is reached


@dataclass(frozen=True, slots=True)
class Call:
    """One CloudTrail call, some minutes from the onset (negative is before)."""

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


@dataclass(frozen=True, slots=True)
class Scenario:
    """A planted incident, or a quiet day when nothing is declared."""

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
    job_fault: Fault | None = None
    changes: tuple[Call, ...] = field(default=())  # the change before, first call first, then innocent ones

    @property
    def window(self) -> Window:
        """The incident window."""
        start = parse_instant(self.start)
        return Window(start, start + np.timedelta64(LENGTH_MIN, "m"))

    @property
    def start_ms(self) -> int:
        """Start of the incident window, epoch ms."""
        return round(parse_instant(self.start).timestamp() * 1000)

    @property
    def first_ms(self) -> int:
        """Start of the baseline, epoch ms."""
        return self.start_ms - LENGTH_MIN * MINUTE_MS

    @property
    def end_ms(self) -> int:
        """End of the incident window, epoch ms."""
        return self.start_ms + LENGTH_MIN * MINUTE_MS

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
