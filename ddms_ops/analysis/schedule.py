"""Work that must run at intervals: which runs are missing, and which came late."""

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

LATE = 1 / 2  # of the interval: a run that comes later than that counts as missing


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without a run, longer than the interval.

    `due` is when the first run in it should have been, `end` when the next one came or the last moment that is known,
    `missing` how many did not come (0: late, or not yet), `is_open` whether none has come since. `after` is the run
    before it, None where none is known.
    """

    after: pd.Timestamp | None
    due: pd.Timestamp
    end: pd.Timestamp
    missing: int
    is_open: bool

    def due_times(self, every: pd.Timedelta) -> list[pd.Timestamp]:
        """When each missing run should have been."""
        return [self.due + place * every for place in range(self.missing)]


def gaps_of(
    runs: pd.Series, *, start: pd.Timestamp, end: pd.Timestamp, every: pd.Timedelta, step: pd.Timedelta
) -> list[Gap]:
    """Stretches longer than an interval without a run, by time.

    A run counts as missing where none comes within half an interval after it was due.

    Args:
        runs: how many by interval start (UTC), any order; an absent interval is none.
        start: since when runs are known: the first may come as late as an interval after it.
        end: until when they are known.
        every: how often it must run.
        step: length of one interval of `runs`; a run stands somewhere in it, so what is later by less is not late.
    """
    at = sorted(stamp for stamp, value in runs.items() if value > 0 and start <= stamp < end)
    if not at:
        missing = max(int((end - start) / every - LATE), 0)
        return [Gap(None, start + every, end, missing, True)] if missing else []
    head = at[0] - start
    missing = max(int(head / every - LATE), 0)
    found = [Gap(None, at[0] - missing * every, at[0], missing, False)] if missing else []
    for after, before in pairwise(at):
        if before - after > every + min(step, every * LATE):
            found.append(Gap(after, after + every, before, int((before - after) / every + LATE) - 1, False))
    overdue = end - (at[-1] + every)
    if overdue > min(step, every * LATE):
        missing = int(overdue / every - LATE) + 1 if overdue >= every * LATE else 0
        found.append(Gap(at[-1], at[-1] + every, end, missing, True))
    return found
