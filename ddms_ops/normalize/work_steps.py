"""Where an execution of a state machine stands, or stood when it failed, out of the events of its history."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ddms_ops.normalize.work_errors import said

ENTERED, EXITED = "StateEntered", "StateExited"
AT = "ddms_ops row"  # field of an event: row of the record that holds it
FAILED = ("Failed", "TimedOut", "Aborted")


@dataclass(frozen=True, slots=True)
class Steps:
    """The state that was entered last and not left, when, and the last error and its cause; None what is not told.

    `row` is that of the record that tells the state, else the error.
    """

    step: str | None = None
    entered: object = None
    error: str | None = None
    cause: str | None = None
    row: int | None = None


def steps_of(events: Sequence[dict[str, Any]]) -> Steps:
    """What a history tells, in any order of its events; one that begins late may lack states that were entered before.

    Args:
        events: as get-execution-history gives them; `AT` is the row of the record.
    """
    ordered = sorted(events, key=lambda event: _number(event.get("id")))
    left = Counter(name for event in ordered if (name := _state(event, EXITED)))
    found = Steps()
    entered: list[tuple[str, object, int | None]] = []
    for event in ordered:
        if name := _state(event, ENTERED):
            entered.append((name, event.get("timestamp"), event.get(AT)))
        if str(event.get("type", "")).endswith(FAILED):
            error, cause = _failure(event)
            found = Steps(error=error or found.error, cause=cause or found.cause, row=event.get(AT))
    step, at, row = _last_open(entered, left)
    return Steps(step, at, found.error, found.cause, found.row if row is None else row)


def _last_open(
    entered: list[tuple[str, object, int | None]], left: Counter[str]
) -> tuple[str | None, object, int | None]:
    """The state entered last among those entered oftener than left."""
    opened = Counter(name for name, _, _ in entered)
    for name, at, row in reversed(entered):
        if opened[name] > left[name]:
            return name, at, row
    return None, None, None


def _state(event: dict[str, Any], kind: str) -> str | None:
    """Name of the state that an event of a kind is about."""
    if not str(event.get("type", "")).endswith(kind):
        return None
    details = event.get(f"{kind[0].lower()}{kind[1:]}EventDetails")
    return said(details.get("name")) if isinstance(details, dict) else None


def _failure(event: dict[str, Any]) -> tuple[str | None, str | None]:
    """Error and cause of a failure; of one without an error its type."""
    details: dict[str, Any] = next(
        (held for name, held in event.items() if name.endswith("EventDetails") and isinstance(held, dict)), {}
    )
    return said(details.get("error")) or said(event.get("type")), said(details.get("cause"))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
