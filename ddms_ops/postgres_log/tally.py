"""The account of what was read of a log: lines that fit, clipped entries, zones, the time there is."""

from dataclasses import dataclass, field

import numpy as np

from ddms_ops.coverage import Status
from ddms_ops.postgres_log.clock import DOUBTFUL
from ddms_ops.postgres_log.entries import Rows

SECOND_US = 1_000_000
RED = 0.95
SHOWN = 10


@dataclass(slots=True)
class Tally:
    """Counts of the rows in a window; `seconds` are the distinct seconds of all rows read, in the window or not.

    `lines` are those of the rows, `unfit` those of them that are part of no entry, `first` and `last` microseconds.
    `twice` are the rows left out as another shape of the same log has them, `notes` words on files left out.
    """

    rows: int = 0
    lines: int = 0
    unfit: int = 0
    clipped: int = 0
    first: int | None = None
    last: int | None = None
    zones: dict[str, int] = field(default_factory=dict)
    seconds: list[np.ndarray] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    twice: int = 0
    is_denied: bool = False

    def count(self, rows: Rows, times: np.ndarray, inside: np.ndarray) -> None:
        """Add rows.

        Args:
            rows: of a piece.
            times: microseconds of each row.
            inside: which rows lie in the window.
        """
        self.seconds.append(np.unique(times // SECOND_US))
        if not inside.any():
            return
        unfit = rows.prefixes.is_null().to_numpy(zero_copy_only=False)
        self.rows += int(inside.sum())
        self.lines += int(rows.lines[inside].sum())
        self.unfit += int(rows.lines[inside & unfit].sum())
        self.clipped += rows.clipped
        first, last = int(times[inside].min()), int(times[inside].max())
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
        for zone, count in rows.zones.items():
            self.zones[zone] = self.zones.get(zone, 0) + count

    @property
    def share(self) -> float:
        """Share of the lines that are part of an entry, 0..1; 1 without lines."""
        return 1 - self.unfit / self.lines if self.lines else 1.0

    def account(self, *, extent: str, edge: str) -> tuple[Status, str]:
        """Status and reason of a pull.

        Args:
            extent: words for what there is, where nothing lies in the window.
            edge: words for an edge of the window that the log does not reach, or empty.
        """
        faults, notes = self._faults(), self._notes()
        if self.is_denied:
            return Status.NO_PERMISSION, "; ".join([*faults, *notes])
        if faults and not self.rows:
            return Status.FAILED, "; ".join(faults)
        if not self.rows:
            return Status.EMPTY, extent
        if not self.share:
            return Status.FAILED, "; ".join([*faults, *notes])
        is_partial = faults or edge or self.share < RED
        words = "; ".join(part for part in (*faults, *notes, edge) if part)
        return (Status.PARTIAL if is_partial else Status.COMPLETE), words

    def _faults(self) -> list[str]:
        more = len(self.faults) - SHOWN
        unknown = {name: count for name, count in self.zones.items() if name not in DOUBTFUL}
        return [
            *self.faults[:SHOWN],
            *([f"and {more} more faults"] if more > 0 else []),
            *(f"{count:,} times in the unknown zone {name} read as UTC" for name, count in sorted(unknown.items())),
        ]

    def _notes(self) -> list[str]:
        tenths = min(int(self.share * 1000), 999) / 10  # never rounded up to all
        doubtful = sorted(self.zones.keys() & DOUBTFUL)
        more = len(self.notes) - SHOWN
        twice = f"{self.twice:,} rows left out, of times that a csvlog or jsonlog of the same server holds"
        return [
            *self.notes[:SHOWN],
            *([f"and {more} more files that others hold"] if more > 0 else []),
            *([twice] if self.twice else []),
            *([f"{tenths} % of {self.lines:,} lines parsed"] if self.unfit else []),
            *([f"the first 1 MiB taken of {self.clipped:,} longer entries"] if self.clipped else []),
            *(f"{name} read as one of several zones it may be: set log_timezone to UTC" for name in doubtful),
        ]
