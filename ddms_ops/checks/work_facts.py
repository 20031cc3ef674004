"""What the checks of the pipeline backlog read."""

from typing import Protocol

import pandas as pd


class WorkFacts(Protocol):
    """Queues, messages and executions; frames as in `ddms_ops.normalize.work`."""

    @property
    def queue_states(self) -> pd.DataFrame:
        """QUEUES as they were when the records were taken."""
        ...

    @property
    def queue_messages(self) -> pd.DataFrame:
        """MESSAGES that were received from queues for an export."""
        ...

    @property
    def executions(self) -> pd.DataFrame:
        """EXECUTIONS of the window, and those that reach into it."""
        ...
