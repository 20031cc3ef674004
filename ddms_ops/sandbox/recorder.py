"""Every call that came in, by the names that boto3's clients use."""

import threading
from dataclasses import dataclass

UNANSWERED = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `at` is seconds since 1970, `status` the HTTP status or UNANSWERED, `code` that of an error answer."""

    service: str
    operation: str
    at: float
    status: int
    code: str = ""


class Recorder:
    """The calls in order of their answers; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """One more call."""
        with self._lock:
            self._calls.append(call)

    @property
    def all(self) -> tuple[Call, ...]:
        """The calls so far."""
        with self._lock:
            return tuple(self._calls)

    def operations(self) -> set[tuple[str, str]]:
        """Service and operation of what was called at least once, e.g. ("logs", "FilterLogEvents")."""
        return {(call.service, call.operation) for call in self.all}

    def count(self, service: str, operation: str, *, code: str | None = None) -> int:
        """How often an operation was called; with a code, how often it was answered with that error."""
        same = [call for call in self.all if (call.service, call.operation) == (service, operation)]
        return len(same) if code is None else sum(1 for call in same if call.code == code)
