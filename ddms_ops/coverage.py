"""What was asked of a source, what came back, and why the two differ."""

from dataclasses import dataclass
from enum import StrEnum

from ddms_ops.window import Window


class Status(StrEnum):
    """How much of what was asked a pull holds."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    FAILED = "failed"
    NO_PERMISSION = "no_permission"
    NOT_CONFIGURED = "not_configured"


ALL_THERE = frozenset({Status.COMPLETE, Status.EMPTY})
FAULTY = frozenset({Status.PARTIAL, Status.TRUNCATED, Status.FAILED, Status.NO_PERMISSION})


@dataclass(frozen=True, slots=True)
class Coverage:
    """The account of one pull.

    `rows` came back; `matched` is how many records the source says lie in the window (None: it
    does not say). `got` spans the first to the last record, None without any. `reason` is empty
    for a complete pull. EMPTY means the source was read to its end and holds nothing in the window.
    """

    pull: str
    source: str
    query: str
    asked: Window
    got: Window | None
    rows: int
    matched: int | None
    status: Status
    reason: str = ""

    @property
    def is_all_there(self) -> bool:
        """Whether "found nothing" may be said over this pull."""
        return self.status in ALL_THERE

    def as_dict(self) -> dict[str, object]:
        """The row of findings.json and of the manifest."""
        return {
            "pull": self.pull,
            "source": self.source,
            "query": self.query,
            "asked": self.asked.as_dict(),
            "got": self.got.as_dict() if self.got else None,
            "rows": self.rows,
            "matched": self.matched,
            "status": str(self.status),
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, row: dict) -> "Coverage":
        """Inverse of `as_dict`."""
        got = row["got"]
        return cls(
            pull=row["pull"],
            source=row["source"],
            query=row["query"],
            asked=Window.of(**row["asked"]),
            got=Window.of(**got) if got else None,
            rows=row["rows"],
            matched=row["matched"],
            status=Status(row["status"]),
            reason=row["reason"],
        )
