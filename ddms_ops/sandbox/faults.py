"""Faults on demand: what the next calls of an operation meet instead of their answer, or before it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ddms_ops.sandbox.canned import check_shape


@dataclass(frozen=True, slots=True)
class Error:
    """An error answer."""

    code: str
    status: int = 400
    words: str = "as the test asked"


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer, so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is closed: without any answer, or half-way through the body."""

    half_way: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """The answer begins, with its headers, and never goes on; it ends with the sandbox."""


Answer = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]
Fault = Error | Delay | Drop | Stall | Answer


@dataclass(slots=True)
class _Planned:
    fault: Fault
    after: int
    times: int


class Faults:
    """Faults by operation, each used up in the order in which they were added; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[tuple[str, str], list[_Planned]] = {}

    def add(self, service: str, operation: str, fault: Fault, *, times: int = 1, after: int = 0) -> None:
        """Let calls of an operation meet a fault.

        Args:
            service, operation: as boto3's clients name them, e.g. "logs", "FilterLogEvents".
            fault: an Error, Delay, Drop or Stall; or the answer to give, or a function of the parameters that makes it.
            times: how many calls meet it.
            after: how many calls are let through before, counted from when the faults before are used up.

        Raises:
            BadInput: the answer is not of the operation's shape.
        """
        if isinstance(fault, dict):
            check_shape(service, operation, fault)
        with self._lock:
            self._planned.setdefault((service, operation), []).append(_Planned(fault, after, times))

    def clear(self) -> None:
        """Forget what was not used up."""
        with self._lock:
            self._planned.clear()

    def take(self, service: str, operation: str) -> Fault | None:
        """What this call meets, None for nothing; each call counts once."""
        with self._lock:
            waiting = self._planned.get((service, operation))
            if not waiting:
                return None
            planned = waiting[0]
            if planned.after > 0:
                planned.after -= 1
                return None
            planned.times -= 1
            if planned.times <= 0:
                waiting.pop(0)
            return planned.fault
