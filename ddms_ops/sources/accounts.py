"""Status and reason of a pull out of an export's files."""

from collections.abc import Callable

from ddms_ops.coverage import Status
from ddms_ops.window import EVER, Window

SHOWN_FILES = 10


def account(rows: int, matched: int, faults: list[str], notes: list[str], is_denied: bool) -> tuple[Status, str]:
    """Status and reason of what was read."""
    shown = [
        *faults[:SHOWN_FILES],
        *([f"and {len(faults) - SHOWN_FILES} more faults"] if len(faults) > SHOWN_FILES else []),
    ]
    reason = "; ".join([*shown, *notes])
    if is_denied:
        return Status.NO_PERMISSION, reason
    if faults:
        return (Status.PARTIAL if matched else Status.FAILED), reason
    if rows < matched:
        return Status.TRUNCATED, "; ".join([f"{rows:,} of {matched:,} taken, as asked", *notes])
    return (Status.COMPLETE if rows else Status.EMPTY), reason


def edged(status: Status, reason: str, window: Window, edge: Callable[[], str]) -> tuple[Status, str]:
    """The same, PARTIAL where all seems to be there but for what lies beyond an edge of the export.

    Args:
        status, reason: of what was read.
        window: what was asked; all there is has no edge.
        edge: words for such an edge, empty where there is none; see `sources.edges`.
    """
    words = edge() if status in (Status.COMPLETE, Status.EMPTY) and window != EVER else ""
    return (Status.PARTIAL, "; ".join(part for part in (reason, words) if part)) if words else (status, reason)
