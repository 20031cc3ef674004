"""Statements of window and baseline side by side, and what that comparison rests on."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.sql_text import shown

LOG, SNAPSHOTS = "log", "snapshots"


@dataclass(frozen=True, slots=True)
class Basis:
    """Statements of window and baseline, and the bridge between them.

    `kind` is `log` or `snapshots`; `now` and `before` are indexed by statement id with calls, total_ms, mean_ms,
    evidence (pull and row) and what else the kind knows; `bridge` is of `analysis.time_bridge`; `seconds` is how long
    `now` is, `scale` what the baseline is multiplied by. `texts` are without literals. `notes` say what the comparison
    leaves open. `is_counted` is False where calls cannot be compared, only the time of one. The log tells of calls over
    `limit_ms`, 0 of all; `known` are statements that the counters held before the window.
    """

    kind: str
    now: pd.DataFrame
    before: pd.DataFrame
    bridge: pd.DataFrame
    seconds: float
    texts: dict[str, str]
    notes: tuple[str, ...]
    is_counted: bool = True
    scale: float = 1.0
    limit_ms: float = 0.0
    known: frozenset[str] = frozenset()

    def text(self, statement: str) -> str:
        """A statement as a report shows it."""
        return shown(self.texts.get(statement, statement))
