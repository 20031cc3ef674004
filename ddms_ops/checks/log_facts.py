"""What a check may read of log events."""

from typing import Protocol

import pandas as pd

from ddms_ops.analysis.contrast import Contrast


class LogFacts(Protocol):
    """Log events of window and baseline and what is counted of them; frames are in LOGS, also `with_groups`."""

    @property
    def log_events(self) -> pd.DataFrame:
        """LOGS of the window."""
        ...

    @property
    def baseline_log_events(self) -> pd.DataFrame:
        """LOGS of the baseline."""
        ...

    @property
    def not_compared(self) -> frozenset[str]:
        """Log pulls of log groups of which nothing was read in the window, or nothing in the baseline."""
        ...

    @property
    def groups(self) -> pd.DataFrame:
        """`group_table` of both."""
        ...

    @property
    def requests(self) -> pd.DataFrame:
        """`requests` of the window."""
        ...

    @property
    def baseline_requests(self) -> pd.DataFrame:
        """`requests` of the baseline."""
        ...

    @property
    def outcomes(self) -> pd.DataFrame:
        """`outcomes` of the window."""
        ...

    @property
    def baseline_outcomes(self) -> pd.DataFrame:
        """`outcomes` of the baseline."""
        ...

    @property
    def attributes(self) -> tuple[str, ...]:
        """Columns of the log frames beyond LOGS."""
        ...

    @property
    def attributes_left_out(self) -> dict[str, str]:
        """Fields of the events that are not compared, and why."""
        ...

    @property
    def differences(self) -> dict[tuple[str, ...], Contrast]:
        """Contrasts made so far, by the groups they are about."""
        ...

    @property
    def sample(self) -> tuple[int, int, int] | None:
        """1 in how many events by time was read, and the counted totals of window and baseline; None where all were."""
        ...

    @property
    def has_requests(self) -> bool:
        """Whether any event of either window carries an HTTP status."""
        ...
