"""What a case knows of its queues and state machines, each frame once."""

from abc import abstractmethod
from functools import cached_property

import pandas as pd
import pyarrow as pa

from ddms_ops.normalize.work import executions, messages, queue_states

QUEUES, WORKFLOWS = "queues", "workflows"


class WorkFrames:
    """The frames of a case that come from queues and workflows; a `Case` brings the pulls."""

    @abstractmethod
    def records(self, topic: str) -> pa.Table:
        """Raw records of a topic."""

    @cached_property
    def queue_states(self) -> pd.DataFrame:
        """QUEUES as they were when the records were taken."""
        return queue_states(self.records(QUEUES), QUEUES)

    @cached_property
    def queue_messages(self) -> pd.DataFrame:
        """MESSAGES that were received from queues for an export."""
        return messages(self.records(QUEUES), QUEUES)

    @cached_property
    def executions(self) -> pd.DataFrame:
        """EXECUTIONS of the window, and those that reach into it."""
        return executions(self.records(WORKFLOWS), WORKFLOWS)
